package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

var update = flag.Bool("update", false, "rewrite the golden tables")

// madeUpRuns are runs with made-up scores: three seeds, one that diverged, one
// that still runs and one arm that has a benchmark without any result.
func madeUpRuns(t *testing.T) ([]Run, Values) {
	t.Helper()
	var runs []Run
	values := Values{}
	add := func(settings map[string]any, state mmibx.State, scores ...float64) {
		for seed, score := range scores {
			s := map[string]any{"seed": seed}
			for k, v := range settings {
				s[k] = v
			}
			spec, err := mmibx.Resolve(s)
			if err != nil {
				t.Fatal(err)
			}
			r := Run{ID: fmt.Sprintf("%012x", 1+len(runs)), Arm: spec.Arm(mmibx.Inputs{}), Names: []string{spec.Model.Name}, Spec: spec, State: state}
			if state == mmibx.Done {
				values[r.ID] = map[string]float64{"f1": score}
			}
			runs = append(runs, r)
		}
	}
	for i, b := range []string{"mini-twitter2015", "mini-twitter2017", "mini-mnre"} {
		d := float64(i)
		add(map[string]any{"benchmark": b, "model": "text"}, mmibx.Done, 74.21-d, 73.4-d, 74.95-d)
		add(map[string]any{"benchmark": b, "model": "concat"}, mmibx.Done, 88.9-d, 89.42-d, 88.17-d)
		add(map[string]any{"benchmark": b, "model": "mmib"}, mmibx.Done, 92.31-d, 91.87-d, 93.02-d)
		add(map[string]any{"benchmark": b, "model": "mmib", "ib.beta": 1}, mmibx.Done, 73.2-d, 72.9-d, 74.1-d)
	}
	ten := map[string]any{"model": "mmib", "ib.beta_image": 10}
	ten["benchmark"] = "mini-twitter2015"
	add(ten, mmibx.Diverged, 0, 0, 0)
	ten["benchmark"] = "mini-mnre"
	add(ten, mmibx.Done, 70.5, math.NaN())
	point := map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "ib.beta_image": 0.1}
	add(point, mmibx.Running, 0, 0)
	runs[len(runs)-1].State = mmibx.Done
	values[runs[len(runs)-1].ID] = map[string]float64{"f1": 91.5}
	add(point, mmibx.Pruned, 0, 0, 0)
	return runs, values
}

func laid(t *testing.T, d *Declaration, runs []Run, values Values) *Table {
	t.Helper()
	l, err := d.Lay(runs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l.Table(values)
}

func madeUpTable(t *testing.T) *Table {
	t.Helper()
	runs, values := madeUpRuns(t)
	table := laid(t, NewDeclaration("demo"), runs, values)
	table.Caption = "Micro F1 (%) on dev. The values are made up"
	table.AddBounds("Best possible scores", []Bound{
		{Title: "from the text", Scores: map[string]float64{"mini-twitter2015": 74.6, "mini-twitter2017": 75.02, "mini-mnre": 74.8}, Errors: map[string]float64{"mini-twitter2015": 0.8, "mini-twitter2017": 0.81, "mini-mnre": 0.9}},
		{Title: "with pictures", Scores: map[string]float64{"mini-twitter2015": 96.1, "mini-twitter2017": 95.9, "mini-mnre": 96.4}},
	})
	return table
}

var formats = map[string]func(*Table, *bytes.Buffer) error{
	"tex":        func(t *Table, b *bytes.Buffer) error { return t.LaTeX(b) },
	"md":         func(t *Table, b *bytes.Buffer) error { return t.Markdown(b) },
	"txt":        func(t *Table, b *bytes.Buffer) error { return t.Text(b) },
	"csv":        func(t *Table, b *bytes.Buffer) error { return t.CSV(b) },
	"html":       func(t *Table, b *bytes.Buffer) error { return t.HTML(b) },
	"values.tex": func(t *Table, b *bytes.Buffer) error { return t.LaTeXValues(b) },
	"cells.json": func(t *Table, b *bytes.Buffer) error { return t.Sidecar(b) },
}

func write(t *testing.T, table *Table, format string) string {
	t.Helper()
	var b bytes.Buffer
	if err := formats[format](table, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGoldenTables(t *testing.T) {
	for format := range formats {
		sameAsGolden(t, "demo."+format, write(t, madeUpTable(t), format))
	}
}

// sameAsGolden holds what is written against a file of testdata, or writes it.
func sameAsGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what is written now:\n%s", golden, got)
	}
}

// TestTextWithin: names of rows are broken where the columns would not fit otherwise;
// no word of them and no cell is lost.
func TestTextWithin(t *testing.T) {
	table := madeUpTable(t)
	const long = "MMIB by a long name, train.head_lr = 0.0025, that says 所有 of it"
	table.Groups[1].Rows[0].Title = long
	score := regexp.MustCompile(`\b\d\d\.\d\d\b`)
	laidOut := func(within int) (widest int, scores []string) {
		t.Helper()
		var b strings.Builder
		if err := table.TextWithin(&b, within); err != nil {
			t.Fatal(err)
		}
		body, _, _ := strings.Cut(b.String(), "\n\n")
		for _, line := range strings.Split(body, "\n") {
			widest = max(widest, ansi.StringWidth(line))
		}
		for _, word := range strings.Fields(long) {
			if !strings.Contains(body, word) {
				t.Errorf("within %d cells the name has lost %q:\n%s", within, word, body)
			}
		}
		return widest, score.FindAllString(body, -1)
	}
	free, all := laidOut(0)
	for _, within := range []int{free, free - 1, free - 25} {
		if widest, scores := laidOut(within); widest > within || !slices.Equal(scores, all) {
			t.Errorf("within %d cells it takes %d, and has %q of %q", within, widest, scores, all)
		}
	}
}

func TestNothingIsSilent(t *testing.T) {
	text := write(t, madeUpTable(t), "txt")
	for _, want := range []string{
		"† Some runs failed or diverged", "‡ Fewer seeds are finished than were planned", "– No score", "A score of one seed has no deviation",
		"–†", "(n=1)", "3 diverged", "1 running", "3 pruned",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

func TestOneSeedHasNoPlusMinus(t *testing.T) {
	table := &Table{Name: "t", Digits: 1, Columns: []Column{{Key: "a", Title: "A"}}, Groups: []Group{{Rows: []Row{
		{Key: "x", Title: "x", Cells: []Cell{{Values: []float64{70}, Runs: []string{"r"}}}},
	}}}}
	for format := range formats {
		if got := write(t, table, format); strings.Contains(got, "±") || strings.Contains(got, `\pm`) || strings.Contains(got, "NaN") {
			t.Errorf("%s:\n%s", format, got)
		}
	}
}

func TestStandings(t *testing.T) {
	cell := func(v float64) Cell { return Cell{Values: []float64{v}, Runs: []string{"r"}} }
	for _, c := range []struct {
		name   string
		means  []float64
		lower  bool
		places string // b best, s second, - none
	}{
		{"plain", []float64{1, 3, 2}, false, "-bs"},
		{"lower is better", []float64{1, 3, 2}, true, "b-s"},
		{"alike in print", []float64{3.001, 3.004, 2}, false, "bb-"},
		{"two seconds", []float64{3, 2, 2.001}, false, "bss"},
		{"alone", []float64{3}, false, "-"},
		{"missing", []float64{math.NaN(), 1, 2}, false, "-sb"},
		{"all alike", []float64{2, 2}, false, "bb"},
	} {
		table := &Table{Name: "t", Digits: 2, Columns: []Column{{Key: "a", LowerIsBetter: c.lower}}, Groups: []Group{
			{}, {Apart: true, Rows: []Row{{Key: "bound", Cells: []Cell{cell(99)}}}},
		}}
		for i, m := range c.means {
			table.Groups[0].Rows = append(table.Groups[0].Rows, Row{Key: fmt.Sprint(i), Cells: []Cell{cell(m)}})
		}
		places, got := table.standings(), ""
		for i := range c.means {
			got += string("-sb"[places[&table.Groups[0].Rows[i].Cells[0]]])
		}
		if got != c.places || places[&table.Groups[1].Rows[0].Cells[0]] != unranked {
			t.Errorf("%s: %s, want %s", c.name, got, c.places)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	good := func() *Table {
		return &Table{Name: "t", Columns: []Column{{Key: "a"}}, Groups: []Group{{Rows: []Row{{Key: "x", Cells: make([]Cell, 1)}}}}}
	}
	for name, spoil := range map[string]func(*Table){
		"no columns":  func(t *Table) { t.Columns = nil },
		"no rows":     func(t *Table) { t.Groups = nil },
		"ragged":      func(t *Table) { t.Groups[0].Rows[0].Cells = nil },
		"same keys":   func(t *Table) { t.Groups[0].Rows = append(t.Groups[0].Rows, t.Groups[0].Rows[0]) },
		"hostile key": func(t *Table) { t.Groups[0].Rows[0].Key = `x}\input{y` },
		"no name":     func(t *Table) { t.Name = "" },
		"digits":      func(t *Table) { t.Digits = -1 },
	} {
		table := good()
		spoil(table)
		if err := table.LaTeX(&bytes.Buffer{}); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	if err := good().LaTeX(&bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

const hostile = "_ % & # ~ ^ \\ { } $ < > | \" ' ` 🙂 שלום <script> é ß † \n\\input{x} %"

// needed is the line of a table that says what the preamble must load.
var needed = regexp.MustCompile(`(?m)^% Needs (\\usepackage\{[a-z,]+\})( \(siunitx 3\))?\. `)

// compile runs pdflatex on a document of a page and returns its log. The preamble
// loads what the table says that it needs, and no more.
func compile(t *testing.T, name, preamble, text string) string {
	t.Helper()
	pdflatex, dir := needs.Program(t, "pdflatex"), t.TempDir()
	if found := needed.FindStringSubmatch(text); found != nil {
		preamble += found[1] + "\n"
		if found[2] != "" {
			needs.LaTeX(t, "siunitx", 3)
		}
	}
	doc := preamble + "\\usepackage{mathptmx}\n\\begin{document}\n" + text + "\nText.\n\\end{document}\n"
	if err := os.WriteFile(filepath.Join(dir, name+".tex"), []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", name+".tex")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
	if pdf, err := os.ReadFile(filepath.Join(dir, name+".pdf")); err == nil {
		if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".pdf"), pdf, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return string(out)
}

// venuePages are like those of the venues.
var venuePages = map[string]string{
	"acl":     "\\documentclass[11pt,twocolumn]{article}\n\\usepackage[textwidth=6.3in,columnsep=0.24in]{geometry}\n",
	"ieee":    "\\documentclass[10pt,twocolumn]{article}\n\\usepackage[textwidth=7.16in,columnsep=0.16in]{geometry}\n",
	"neurips": "\\documentclass[10pt]{article}\n\\usepackage[textwidth=5.5in]{geometry}\n",
}

func TestLaTeXSaysWhatItNeeds(t *testing.T) {
	table := madeUpTable(t)
	for siunitx, want := range map[bool]string{
		false: "\n% Needs \\usepackage{booktabs}. Each cell's",
		true:  "\n% Needs \\usepackage{booktabs,siunitx} (siunitx 3). Each cell's",
	} {
		table.SIunitx = siunitx
		if tex := write(t, table, "tex"); !strings.Contains(tex, want) {
			t.Errorf("the head lacks %q:\n%.300s", want, tex)
		}
	}
}

// With every special character in every name.
func TestLaTeXCompiles(t *testing.T) {
	wild := madeUpTable(t)
	wild.Name, wild.Caption, wild.Corner, wild.Columns[0].Title = "wild", hostile, "_%", "<&>"
	wild.Columns[1].Over = hostile
	wild.Groups[0].Title, wild.Notes = hostile, []string{hostile}
	wild.Groups[1].Rows[0].Title = `\_{%`
	wild.Groups[1].Rows[0].Cells[0].Runs = []string{"a\n\\bad", "b", "c"}
	wild.Groups[1].Rows[0].Cells[1].Text = hostile
	for _, wild.SIunitx = range []bool{false, true} {
		name := fmt.Sprint("wild-", wild.SIunitx)
		t.Run(name, func(t *testing.T) {
			compile(t, name, venuePages["acl"], write(t, wild, "values.tex")+write(t, wild, "tex"))
		})
	}
}

// At the width of every venue, in a column and across the page; an overfull line
// is a failure.
func TestLaTeXFitsThePage(t *testing.T) {
	runs, values := madeUpRuns(t)
	for id, of := range values {
		for _, kind := range []string{"LOC", "MISC", "ORG", "PER"} {
			of["f1."+kind] = of["f1"] + float64(len(id)%3)
		}
	}
	types := NewDeclaration("types")
	types.Digits, types.Columns = 1, []ColumnDeclaration{{Task: mmibx.MNER, Metrics: []string{"f1", "f1.*"}}}
	budget := NewDeclaration("budget")
	budget.Columns = []ColumnDeclaration{{Metrics: []string{"trials", "runs", "total_hours", "ranges"}}}
	budget.Groups = []GroupDeclaration{{Rows: []RowDeclaration{{Arm: "*", Pool: "model"}}}}
	main := NewDeclaration("main")
	main.Average = true
	for _, v := range Venues {
		for _, d := range []*Declaration{types, budget, main} {
			for _, style := range []struct{ wide, siunitx bool }{{}, {wide: true}, {siunitx: true}, {true, true}} {
				table := laid(t, d, runs, values)
				table.Venue, table.Wide, table.SIunitx = v.Name, style.wide, style.siunitx
				name := fmt.Sprintf("%s-%s-%v-%v", d.Name, v.Name, style.wide, style.siunitx)
				if warning := table.Overflow(); warning != "" {
					if d == types && v.Name == "neurips" || style.siunitx && d == types { // eleven columns
						continue
					}
					t.Errorf("%s: %s", name, warning)
				}
				t.Run(name, func(t *testing.T) {
					if log := compile(t, name, venuePages[v.Name], write(t, table, "tex")); strings.Contains(log, "Overfull") {
						t.Errorf("it does not fit:\n%s", log)
					}
				})
			}
		}
	}
	plain := compile(t, "plain", strings.Replace(venuePages["acl"], "11pt", "10pt", 1), write(t, madeUpTable(t), "tex"))
	if strings.Contains(plain, "Overfull") {
		t.Errorf("without a venue it does not fit a column of ACL:\n%s", plain)
	}
}

// In a column of siunitx the points of bold, italic and plain numbers stand below each
// other, whatever is raised behind them; a cell without a score is there too.
func TestSIunitxAligns(t *testing.T) {
	pdftotext := needs.Program(t, "pdftotext")
	table := madeUpTable(t)
	table.Name, table.SIunitx = "aligned", true
	compile(t, table.Name, venuePages["acl"], write(t, table, "tex"))
	out, err := exec.CommandContext(t.Context(), pdftotext, "-bbox", filepath.Join(t.ArtifactDir(), table.Name+".pdf"), "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	var ends []float64 // of means and deviations
	for _, word := range regexp.MustCompile(`xMax="([\d.]+)" yMax="[\d.]+">\d\d\.\d\d</word>`).FindAllStringSubmatch(string(out), -1) {
		x, err := strconv.ParseFloat(word[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, x)
	}
	slices.Sort(ends)
	places := 0
	for i, x := range ends {
		if i == 0 || x > ends[i-1]+0.7 { // an italic figure leans over by half a point
			places++
		}
	}
	if places != 3 || len(ends) != 20 {
		t.Errorf("the means of three columns end at %d places: %v", places, ends)
	}
}

// \mmibxvalue prints a mean, and stops LaTeX where there is no such cell.
func TestLaTeXValues(t *testing.T) {
	values := write(t, madeUpTable(t), "values.tex")
	compile(t, "values", venuePages["acl"], values+`\def\want{92.40}\edef\got{\mmibxvalue{demo:mmib:mini-twitter2015}}\ifx\want\got\else\errmessage{\got}\fi`)
	if strings.Contains(values, "demo:mmib-ib.beta-image-10:mini-twitter2015") {
		t.Error("a cell without a score has a value")
	}
}

func TestHostileNamesInOtherFormats(t *testing.T) {
	table := madeUpTable(t)
	table.Caption, table.Groups[1].Rows[0].Title, table.Columns[0].Title = hostile, hostile+"\x1b[2J", "a|b"
	table.Columns[1].Over, table.Groups[1].Rows[1].Title = hostile, "a\u202eb\u2066c"
	for _, format := range []string{"md", "txt", "html"} {
		got := write(t, table, format)
		if strings.ContainsAny(got, "\x1b") || format != "txt" && strings.Contains(strings.ReplaceAll(got, `\<`, ""), "<script") || format == "html" && strings.ContainsAny(got, "\u202e\u2066") {
			t.Errorf("%s:\n%s", format, got)
		}
	}
	decoder := xml.NewDecoder(strings.NewReader(strings.NewReplacer("<!doctype html>", "", `<meta charset="utf-8">`, "", `<meta name="viewport" content="width=device-width">`, "").Replace(write(t, table, "html"))))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the HTML is not well formed: %v", err)
		}
	}
	lines, err := csv.NewReader(strings.NewReader(write(t, table, "csv"))).ReadAll()
	if err != nil || len(lines) != 1+3*8 {
		t.Errorf("%d lines of CSV, %v", len(lines), err)
	}
	for i, line := range strings.Split(strings.TrimSpace(write(t, table, "md")), "\n")[2:] {
		if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 5 {
			t.Errorf("line %d of the Markdown has %d bars: %s", i, n, line)
		}
	}
}

func TestArmTitle(t *testing.T) {
	for want, settings := range map[string]map[string]any{
		"Text only":                              {"model": "text"},
		"MMIB":                                   {"model": "mmib"},
		"MMIB, β = 0.1":                          {"model": "mmib", "ib.beta": 0.1},
		"MMIB, image β = 0.1":                    {"model": "mmib", "ib.beta_image": 0.1},
		"MMIB, τ = 5, size = 4":                  {"model": "mmib", "align.tau": 5, "ib.size": 4},
		"Concat, shuffled pictures":              {"model": "concat", "evidence.pictures": "shuffled"},
		"Concat, shuffled pictures, share = 0.5": {"model": "concat", "evidence.pictures": "shuffled", "evidence.shuffle_share": 0.5},
		"MMIB, train.warmup = 0.5":               {"model": "mmib", "train.warmup": 0.5},
		"MMIB, learned τ":                        {"model": "mmib", "align.learn_tau": true},
		"MMIB, official":                         {"model": "mmib", "preset": "official"},
		"MMIB, image β = 0 [no text β]":          {"model": "mmib", "ib.beta_image": 0},
	} {
		want = strings.TrimSuffix(want, " [no text β]")
		settings["benchmark"] = "mini-mnre"
		spec, err := mmibx.Resolve(settings)
		if err != nil {
			t.Fatal(err)
		}
		if got := ArmTitle(spec); got != want {
			t.Errorf("ArmTitle(%v) = %q, want %q", settings, got, want)
		}
	}
	spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-twitter2015", "model": "mmib", "preset": "official"})
	if err != nil {
		t.Fatal(err)
	}
	if got := ArmTitle(spec); got != "MMIB, official" { // one row with that of the other task, whose preset differs
		t.Errorf("official of MNER is %q", got)
	}
	spec, err = mmibx.Resolve(map[string]any{"benchmark": "mnre", "model": "mmib", "align.tau": 5, "ib.beta_image": 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := ArmTitle(spec, "align.tau"); got != "MMIB, image β = 1" {
		t.Errorf("without tau: %q", got)
	}
}

func TestCellLookup(t *testing.T) {
	table := madeUpTable(t)
	c, ok := table.Cell("demo:mmib:mini-mnre")
	if !ok || len(c.Runs) != 3 {
		t.Errorf("Cell = %+v, %v", c, ok)
	}
	if _, ok := table.Cell("demo:mmib:nowhere"); ok {
		t.Error("a cell that does not exist was found")
	}
}

// A benchmark that this program does not know (the user's own, its folder
// elsewhere) has its column behind the others; no run is dropped.
func TestUnknownBenchmarkHasItsColumn(t *testing.T) {
	runs, values := madeUpRuns(t)
	alien := runs[0]
	alien.ID, alien.Spec.Benchmark = "aaaaaaaaaaaa", "alien"
	values[alien.ID] = map[string]float64{"f1": 50}
	table := laid(t, NewDeclaration("demo"), append(runs, alien), values)
	last := len(table.Columns) - 1
	if table.Columns[last].Title != "alien" || last != 3 {
		t.Fatalf("columns %+v", table.Columns)
	}
	var found []string
	for _, g := range table.Groups {
		for _, r := range g.Rows {
			found = append(found, r.Cells[last].Runs...)
		}
	}
	if len(found) != 1 || found[0] != alien.ID {
		t.Errorf("its column holds %v", found)
	}
}

// TestPrunedSeedsArePlanned: a cell whose other seeds were pruned is short of them,
// though their scores never enter it.
func TestPrunedSeedsArePlanned(t *testing.T) {
	var runs []Run
	for seed, state := range []mmibx.State{mmibx.Done, mmibx.Done, mmibx.Pruned} {
		spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "mmib", "seed": seed})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, Run{ID: fmt.Sprintf("%012x", seed), Arm: "a", Names: []string{"mmib"}, Spec: spec, State: state})
	}
	values := Values{runs[0].ID: {"f1": 80}, runs[1].ID: {"f1": 82}, runs[2].ID: {"f1": 10}}
	table := laid(t, NewDeclaration("t"), runs, values)
	cell := &table.Groups[0].Rows[0].Cells[0]
	if cell.Planned != 3 || fmt.Sprint(cell.Values) != "[80 82]" || cell.marks() != markFewer {
		t.Errorf("%+v, marks %s", cell, cell.marks())
	}
}
