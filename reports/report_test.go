package reports

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/reports/stats"
)

// tinyPDF is the smallest page that pdflatex includes.
const tinyPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 33]>>endobj\ntrailer<</Root 1 0 R>>\n"

// madeUpReport has everything that a report can hold: a diverged seed, a removed
// run, one that nobody planned, two commits, a look.
func madeUpReport(t *testing.T) *Report {
	t.Helper()
	table := madeUpTable(t)
	r := &Report{
		Plan:     Planned{Sweep: "demo", Title: "Weight of the bottleneck", Question: "How much\ncompression\n\nis good?", Objective: "dev.f1", Hash: "0123456789abcdef", Source: "name = \"demo\"\n[[arm]]\n  model = \"mmib\"", Collapsed: 2},
		Data:     []Benchmarked{{Benchmark: mmibx.Benchmark{Name: "mini-mnre", Title: "mini MNRE", Task: mmibx.MRE}, Sizes: map[mmibx.Split]int{mmibx.Train: 3, mmibx.Dev: 2, mmibx.Test: 1}}},
		Tables:   []*Table{table},
		Figures:  []Picture{{Name: "beta", Title: "Score against β", Caption: "Lines are means.", SVG: []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="99pt" height="33pt" viewBox="0 0 99 33"><title>beta</title><path d="M0,0L99,33"/></svg>`), PDF: []byte(tinyPDF)}},
		Looks:    []LookLine{{When: "2026-01-02 03:04:05", Who: "ann", Split: "test", What: "mmibx table --split test", Runs: 3}},
		Commands: []string{"mmibx sweep demo.toml", "mmibx report demo"},
		Tests: []Tests{{Column: "mini\nMNRE", Baseline: "MMIB", Split: mmibx.Dev, Rows: []TestRow{
			{Title: "Text only", Seeds: 2, Delta: stats.Estimate{Value: -9.5, Low: -11, High: -8}, P: 0.00005, Holm: 0.0001, Power: 0.7, At: 1, Verdict: stats.Worse},
			{Title: "Concat", Seeds: 2, Delta: stats.Estimate{Value: 10.25, Low: -1, High: 2}, P: 0.4, Holm: 0.4, Power: 0.2, At: 1, Verdict: stats.CouldNotSay},
		}}},
	}
	add := func(model string, seed int, state mmibx.State, score float64, more map[string]any) *Ran {
		settings := map[string]any{"benchmark": "mini-mnre", "model": model, "seed": seed}
		for k, v := range more {
			settings[k] = v
		}
		spec, err := mmibx.Resolve(settings)
		if err != nil {
			t.Fatal(err)
		}
		x := Ran{Run: Run{ID: spec.ID(mmibx.Inputs{}), Spec: spec, State: state}, Attempts: 1, Seconds: 1800, Data: "dadadadadadadada", Origin: []Fact{{"commit", "aaaaaaaaaaaa"}, {"PyTorch", "2.11"}}}
		if state == mmibx.Done {
			x.Score = &score
		}
		r.Runs = append(r.Runs, x)
		return &r.Runs[len(r.Runs)-1]
	}
	add("text", 0, mmibx.Done, 70, nil)
	add("text", 1, mmibx.Done, 72, nil).Origin = []Fact{{"commit", "bbbbbbbbbbbb"}, {"PyTorch", "2.11"}}
	add("mmib", 0, mmibx.Done, 90, nil).Attempts = 2
	x := add("mmib", 1, mmibx.Diverged, 0, nil)
	x.Class, x.Error = "diverged", "the loss is NaN\nsecond line"
	add("mmib", 0, mmibx.Done, 80, map[string]any{"ib.size": 2})
	add("mmib", 1, mmibx.Queued, 0, map[string]any{"ib.size": 2})
	add("mmib", 2, mmibx.Done, 99, nil).Removed = true
	add("mmib", 3, mmibx.Done, 99, nil).Unasked = true
	return r
}

func (r *Report) find(t *testing.T, id string) section {
	t.Helper()
	all := r.sections()
	at := slices.IndexFunc(all, func(s section) bool { return s.ID == id })
	if at < 0 {
		t.Fatalf("no section %s", id)
	}
	return all[at]
}

func (s *section) flat() string {
	var b strings.Builder
	b.WriteString(strings.Join(s.Text, "\n") + "\n")
	for _, g := range s.Grids {
		for _, row := range g.Rows {
			b.WriteString(strings.Join(row, "|") + "\n")
		}
	}
	return b.String()
}

func TestReportSaysWhatIsWrong(t *testing.T) {
	r := madeUpReport(t)
	r.Plan.Hours = 2.5
	for id, wants := range map[string][]string{
		"question": {"How much compression\nis good?"},
		"plan": {
			"6 runs of 3 arms", "2 further cells", "2 planned runs of 6 have no score", "1 run in the bin", "1 run of this sweep that its plan does not have", "1 run took more than one attempt",
			"Text only|2\n", "MMIB|1 of 2, 1 diverged", "MMIB, size = 2|1 of 2, 1 queued",
		},
		"method":   {"MMIB|the variational information bottleneck", "size 2, 8"},
		"data":     {"mini MNRE|MRE|3|2|1|dadadadadada"},
		"tests":    {"Text only|2|−9.50|−11.00 to −8.00|<0.0001|0.0001|0.70|worse", "not told apart, and too little data to tell"},
		"failures": {"|MMIB|mini MNRE|1|diverged|diverged|the loss is NaN\n", "MMIB|mini MNRE|2|1|90.00|45.00"},
		"budgets":  {"a budget of 2.5 hours of run time", "3.00 were spent, and 1 run not begun.", "Text only|mini MNRE|1|2|1.00|", "MMIB|mini MNRE|2|2|2.00|size 2, 8"},
		"versions": {"Mixed among the runs that are done: commit.", "commit|aaaaaaaaaaaa|3", "commit|bbbbbbbbbbbb|1", "PyTorch|2.11|4"},
		"looks":    {"1 look at test scores", "2026-01-02 03:04:05|ann|test|3|mmibx table --split test"},
	} {
		s := r.find(t, id)
		for _, want := range wants {
			if got := s.flat(); !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", id, want, got)
			}
		}
	}
	if s := r.find(t, "provenance"); len(s.Grids[0].Rows) != len(r.Runs) {
		t.Errorf("%d of %d runs have their line", len(s.Grids[0].Rows), len(r.Runs))
	}
	if r.OneSeed() {
		t.Error("of two seeds")
	}
	r.Runs, r.Looks, r.Tests = r.Runs[:1], nil, nil
	if !r.OneSeed() {
		t.Error("one run is of several seeds")
	}
	for id, want := range map[string]string{"plan": "No deviation", "failures": "No run failed", "looks": "Nobody has looked", "tests": "Nothing was tested", "versions": "have the same of each"} {
		if s := r.find(t, id); !strings.Contains(s.flat(), want) {
			t.Errorf("%s lacks %q:\n%s", id, want, s.flat())
		}
	}
}

func TestGoldenReport(t *testing.T) {
	for name, write := range map[string]func(*Report, *bytes.Buffer) error{
		"report.html": func(r *Report, b *bytes.Buffer) error { return r.HTML(b) },
		"report.tex":  func(r *Report, b *bytes.Buffer) error { return r.LaTeX(b) },
	} {
		var got bytes.Buffer
		if err := write(madeUpReport(t), &got); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s is not what is written now; go test ./reports -run GoldenReport -update", file)
		}
	}
}

// hostileReport has the worst of names wherever people choose one.
func hostileReport(t *testing.T) *Report {
	r := madeUpReport(t)
	evil := hostile + "</script><img src=x onerror=alert(1)>\u202e\x1b"
	r.Plan.Title, r.Plan.Question, r.Plan.Source, r.Plan.Objective = evil, evil, evil+"\n\n"+evil, evil
	r.Tables[0].Caption, r.Tables[0].Corner, r.Tables[0].Groups[0].Title = evil, evil, evil
	r.Tables[0].Groups[1].Rows[0].Title = evil
	r.Figures[0].Title, r.Figures[0].Caption = evil, evil
	r.Looks[0].Who, r.Looks[0].What = evil, evil
	r.Commands = []string{evil, strings.Repeat("wide", 60)}
	for i := range r.Runs {
		r.Runs[i].Error, r.Runs[i].Class, r.Runs[i].Origin = evil, evil, []Fact{{evil, evil}}
	}
	r.Data[0].Title, r.Tests[0].Column, r.Tests[0].Rows[0].Title = evil, evil, evil
	return r
}

func TestReportCompiles(t *testing.T) {
	pdflatex := needs.Program(t, "pdflatex")
	aligned := madeUpReport(t)
	aligned.Tables[0].SIunitx = true
	for name, r := range map[string]*Report{"plain": madeUpReport(t), "hostile": hostileReport(t), "siunitx": aligned} {
		t.Run(name, func(t *testing.T) {
			if name == "siunitx" {
				needs.LaTeX(t, "siunitx", 3)
			}
			dir := t.TempDir()
			var tex bytes.Buffer
			if err := r.LaTeX(&tex); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Join(dir, "figures"), 0o755); err != nil {
				t.Fatal(err)
			}
			for file, blob := range map[string][]byte{"report.tex": tex.Bytes(), "figures/beta.pdf": r.Figures[0].PDF} {
				if err := os.WriteFile(filepath.Join(dir, file), blob, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", "report.tex")
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out[max(0, len(out)-3000):])
				}
				if wide := regexp.MustCompile(`Overfull \\hbox \((\d+)`).FindSubmatch(out); name == "plain" && wide != nil {
					t.Errorf("a line runs %s points into the margin", wide[1])
				}
			}
		})
	}
}

// browse opens a page with a script at its end and returns the page as it is
// then; what the console said is an error.
func browse(t *testing.T, page []byte, script string) string {
	t.Helper()
	chromium := needs.Browser(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	page = bytes.Replace(page, []byte("</body>"), []byte("<script>"+script+"</script></body>"), 1)
	if err := os.WriteFile(file, page, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir, "--enable-logging=stderr", "--dump-dom", "file://"+file)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.Bytes())
	}
	for line := range strings.Lines(errs.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the console says %s", line)
		}
	}
	return out.String()
}

func TestReportInABrowser(t *testing.T) {
	var page bytes.Buffer
	if err := madeUpReport(t).HTML(&page); err != nil {
		t.Fatal(err)
	}
	dom := browse(t, page.Bytes(), `
const of = (table, column) => [...table.tBodies[0].rows].map(r => r.cells[column].textContent).join(" ");
const tests = document.querySelector("#tests table"), heads = tests.tHead.rows[0].cells, said = [];
said.push(of(tests, 0));
heads[2].click(); said.push(of(tests, 2));
heads[2].click(); said.push(of(tests, 2) + " " + heads[2].getAttribute("aria-sort"));
heads[4].dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"})); said.push(of(tests, 4));
const figure = document.querySelector("figure");
figure.querySelector(".drawing").click(); said.push(figure.className);
document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"})); said.push("[" + figure.className + "]");
document.body.dataset.said = said.join("; ");`)
	want := `data-said="Text only Concat; −9.50 +10.25; +10.25 −9.50 descending; &lt;0.0001 0.4000; near; []"`
	if at := strings.Index(dom, "data-said="); at < 0 || !strings.Contains(dom, want) && !strings.Contains(dom, strings.ReplaceAll(want, "&lt;", "<")) {
		t.Errorf("said %.200s, want %s", dom[max(at, 0):], want)
	}
}

// Nothing that people name runs as a script or becomes an element, and the
// console stays silent.
func TestHostileReportInABrowser(t *testing.T) {
	var page bytes.Buffer
	if err := hostileReport(t).HTML(&page); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(page.Bytes(), []byte("<script>")); n != 1 {
		t.Errorf("%d scripts", n)
	}
	if strings.ContainsAny(page.String(), "\u202e\x1b") {
		t.Error("the page holds a character that turns what follows around, or a control")
	}
	dom := browse(t, page.Bytes(), `document.body.dataset.found = document.querySelectorAll("img, section script").length + " " + document.querySelector("h1").textContent.includes("<script>")`)
	if !strings.Contains(dom, `data-found="0 true"`) {
		t.Errorf("the page has what a name brought: %.300s", dom[max(strings.Index(dom, "data-found"), 0):])
	}
}

func TestReportPrints(t *testing.T) {
	chromium, pdftotext := needs.Browser(t), needs.Program(t, "pdftotext")
	var page bytes.Buffer
	if err := madeUpReport(t).HTML(&page); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "report.html"), page.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	pdf := filepath.Join(dir, "report.pdf")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+dir, "--print-to-pdf="+pdf, "--no-pdf-header-footer", "file://"+dir+"/report.html").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := exec.CommandContext(t.Context(), pdftotext, "-layout", pdf, "-").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Weight of the bottleneck", "Deviation:", "Tuning budgets", "too little data to tell", "mmibx report demo"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the printed report lacks %q", want)
		}
	}
	if bytes.Contains(text, []byte("↕")) {
		t.Error("the arrows for sorting are printed")
	}
}

func TestReportNeedsNoNetwork(t *testing.T) {
	var page bytes.Buffer
	if err := madeUpReport(t).HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?i)(src|href|@import|url)\s*[=(]\s*["']?([^"'\s>)]*)`).FindAllStringSubmatch(page.String(), -1) {
		if !strings.HasPrefix(found[2], "#") {
			t.Errorf("the page reaches out: %s", found[0])
		}
	}
}

func TestRecorderPairsTestsWithTheBaseline(t *testing.T) {
	tableOf := func(names ...string) *Table {
		table := &Table{Name: "t", Corner: "Method", Digits: 1, Columns: []Column{{Key: "x", Title: "X"}}}
		for _, name := range names {
			table.Groups = append(table.Groups, Group{Rows: []Row{{Key: name, Title: name, Cells: []Cell{{Values: []float64{60, 62}, Runs: []string{name, name}}}}}})
		}
		return table
	}
	table, k, made := tableOf("a", "b", "c"), &Recorder{}, 0
	compare := k.Watch(func(x, y *Cell) (*stats.Comparison, error) {
		made++
		if x.Runs[0] == "c" {
			return nil, fmt.Errorf("c: %w", ErrNoCommonSeed)
		}
		return &stats.Comparison{Seeds: []int{0, 1}, Power: 0.9, Target: stats.DefaultTarget, Difference: stats.Estimate{Value: 1, Low: 0.5, High: 1.5}, Randomisation: stats.Test{P: 0.01}}, nil
	})
	if err := table.Test("a", compare); err != nil {
		t.Fatal(err)
	}
	table.Groups[1].Title = "Without"
	tests := k.Against(table, mmibx.Dev)
	if len(tests) != 1 || len(tests[0].Rows) != 1 || tests[0].Rows[0].Title != "Without: b" || tests[0].Rows[0].Seeds != 2 || tests[0].Baseline != "a" {
		t.Errorf("%+v", tests)
	}
	before, again := made, tableOf("a", "b") // of the same runs
	if err := again.Test("a", compare); err != nil {
		t.Fatal(err)
	}
	if tests := k.Against(again, mmibx.Dev); made != before || len(tests) != 1 || len(tests[0].Rows) != 1 {
		t.Errorf("%d comparisons more, tests %+v", made-before, tests)
	}
}

// A table that no page holds breaks over pages, under its head.
func TestLongTableCompiles(t *testing.T) {
	pdflatex, pdftotext := needs.Program(t, "pdflatex"), needs.Program(t, "pdftotext")
	r := madeUpReport(t)
	r.Figures = nil
	last := &r.Tables[0].Groups[len(r.Tables[0].Groups)-1]
	for i := range 2 * pageRows {
		row := last.Rows[0]
		row.Key, row.Title = fmt.Sprintf("row-%d", i), fmt.Sprintf("Row %d of many", i)
		last.Rows = append(last.Rows, row)
	}
	dir := t.TempDir()
	var tex bytes.Buffer
	if err := r.LaTeX(&tex); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "report.tex"), tex.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", "report.tex")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("Overfull")) {
			t.Fatalf("%v\n%s", err, out[max(0, len(out)-3000):])
		}
	}
	text, err := exec.CommandContext(t.Context(), pdftotext, "-layout", filepath.Join(dir, "report.pdf"), "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	heads := 0
	for page := range bytes.SplitSeq(text, []byte("\f")) {
		if bytes.Contains(page, []byte("of many")) {
			if !bytes.Contains(page, []byte("Method")) {
				t.Errorf("a page of rows without heads:\n%s", page)
			}
			heads++
		}
	}
	if heads < 2 || !bytes.Contains(text, []byte("Row 0 of")) || !bytes.Contains(text, []byte(fmt.Sprintf("Row %d of", 2*pageRows-1))) {
		t.Errorf("the rows stand on %d pages:\n%s", heads, text)
	}
}

// TestSurvivorshipCountsAll: seeds that were lost, stopped or pruned are as absent
// from a mean as those that failed; one that is queued still may come.
func TestSurvivorshipCountsAll(t *testing.T) {
	for state, want := range map[mmibx.State]bool{mmibx.Lost: true, mmibx.Stopped: true, mmibx.Pruned: true, mmibx.Running: false} {
		r := madeUpReport(t)
		for i := range r.Runs {
			if r.Runs[i].State == mmibx.Queued {
				r.Runs[i].State = state
			}
		}
		s := r.find(t, "failures")
		if got := s.flat(); strings.Contains(got, "MMIB, size = 2|mini MNRE|2|1|80.00|40.00") != want {
			t.Errorf("%s: %v\n%s", state, !want, got)
		}
	}
}
