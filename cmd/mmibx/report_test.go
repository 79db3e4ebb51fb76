package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/tracker/journal"
)

// The report of a store with two arms: written twice to the same bytes, tested
// against MMIB, without a look at test unless it is asked for.
func TestReport(t *testing.T) {
	store := storeOfTwo(t)
	write := func(args ...string) (dir, said string) {
		t.Helper()
		dir = t.TempDir()
		said, err := mmibxSays(t, append([]string{"report", "two", "-o", dir, "--store", string(store)}, args...)...)
		if err != nil {
			t.Fatal(err, said)
		}
		return dir, said
	}
	first, said := write()
	if !strings.Contains(said, "report.html") {
		t.Errorf("said %s", said)
	}
	page := contents(t, filepath.Join(first, "report.html"))
	for _, want := range []string{"against MMIB", ">Text only<", "worse", "mmibx report two --baseline MMIB", "mmibx table --sweep two --split dev", "figure-cases", "Nobody has looked", "name = &#34;two&#34;"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := looks(t, store); n != 0 {
		t.Errorf("a report on dev left %d looks", n)
	}
	second, _ := write()
	err := filepath.WalkDir(first, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(first, path)
		if err == nil && !bytes.Equal(contents(t, path), contents(t, filepath.Join(second, name))) {
			t.Errorf("%s differs between two writings", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	third, _ := write("--split", "test", "--baseline", "text only")
	page = contents(t, filepath.Join(third, "report.html"))
	if !bytes.Contains(page, []byte("on test")) || !bytes.Contains(page, []byte("1 look at test scores")) || !bytes.Contains(page, []byte("against Text only")) {
		t.Error("the report on test lacks the table, the look or the baseline")
	}
	if n := looks(t, store); n != 1 {
		t.Errorf("a report on test left %d looks, want 1", n)
	}
}

// What the report says of test is of the predictions on test: MMIB is the better one
// on dev there, and the worse one on test.
func TestReportTestsEachSplit(t *testing.T) {
	store, dir := plannedStore(t, `
name = "turned"
benchmarks = ["mini-mnre"]
seeds = 3
[[arm]]
name = "words"
model = "text"
[[arm]]
name = "mmib"
model = "mmib"
`, func(store mmibx.Store, w *journal.Writer, _ int, c *experiments.Cell) mmibx.State {
		logged(t, w, 1, map[string]float64{"text": 80, "mmib": 94}[c.Spec.Model.Name])
		for split, worse := range map[mmibx.Split]string{mmibx.Dev: "text", mmibx.Test: "mmib"} {
			every := 9
			if c.Spec.Model.Name == worse {
				every = 3
			}
			list := gold(t, "mini-mnre", split)
			for i := range list {
				if (i+c.Spec.Seed)%every == 0 {
					list[i].Relation = mmibx.NoRelation
				}
			}
			predicted(t, store, w, split, list)
		}
		return mmibx.Done
	}), t.TempDir()
	if said, err := mmibxSays(t, "report", "turned", "-o", dir, "--figures", "curves", "--split", "test", "--store", string(store)); err != nil {
		t.Fatal(err, said)
	}
	page := string(contents(t, filepath.Join(dir, "report.html")))
	verdict := regexp.MustCompile(`(?s)mini MNRE, (dev|test): against MMIB</h3>.*?<td>Text only</td>.*?>(better|worse)<`)
	got := map[string]string{}
	for _, found := range verdict.FindAllStringSubmatch(page, -1) {
		got[found[1]] = found[2]
	}
	if got["dev"] != "worse" || got["test"] != "better" {
		t.Errorf("Text only against MMIB is %v, want worse on dev and better on test", got)
	}
	alone := filepath.Join(dir, "turned-test.tex")
	if said, err := mmibxSays(t, "table", "--sweep", "turned", "--split", "test", "--baseline", "MMIB", "-o", alone, "--store", string(store)); err != nil {
		t.Fatal(err, said)
	}
	comment := regexp.MustCompile(`(?m)^%.*\n`) // has the command
	if want := comment.ReplaceAll(contents(t, alone), nil); !bytes.Equal(want, comment.ReplaceAll(contents(t, filepath.Join(dir, "tables", "turned-test.tex")), nil)) {
		t.Errorf("the table of the report is not that of mmibx table:\n%s", want)
	}
}

// Tables that are declared stand before that of all settings, each with its tests,
// and of the figures only those that are asked for are drawn.
func TestReportOfChosenParts(t *testing.T) {
	store, dir := storeOfTwo(t), t.TempDir()
	ours := filepath.Join(dir, "ours.toml")
	if err := os.WriteFile(ours, []byte("name = \"ours\"\ncaption = \"Ours first\"\nbaseline = \"Without\"\n[[group]]\nrows = [{ arm = \"mmib\" }, { arm = \"words\", title = \"Without\" }]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	args := []string{"report", "two", "-o", out, "--table", ours, "--figures", "curves,cases", "--store", string(store)}
	if said, err := mmibxSays(t, args...); err != nil {
		t.Fatal(err, said)
	}
	want := []string{
		"figures/cases.pdf", "figures/cases.svg", "figures/curves.pdf", "figures/curves.svg", "report.html", "report.tex",
		"tables/ours.cells.json", "tables/ours.tex", "tables/ours.values.tex", "tables/two-dev.cells.json", "tables/two-dev.tex", "tables/two-dev.values.tex",
	}
	if got := filesIn(t, out); !slices.Equal(got, want) {
		t.Errorf("files %v", got)
	}
	page := string(contents(t, filepath.Join(out, "report.html")))
	first, second := strings.Index(page, "Ours first"), strings.Index(page, "Micro F1 (%) on dev")
	if first < 0 || second < first {
		t.Errorf("the tables' captions stand at %d and %d", first, second)
	}
	for _, want := range []string{"Table ours, mini MNRE, dev: against Without", "Table two-dev, mini MNRE, dev: against MMIB", "--table " + ours + " --figures curves,cases", "mmibx table " + ours + " --sweep two --split dev -o ours.tex"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if said, err := mmibxSays(t, append(args, "--split", "test")...); err != nil {
		t.Fatal(err, said)
	}
	if page := contents(t, filepath.Join(out, "report.html")); !bytes.Contains(page, []byte("Table ours-test, mini MNRE, test: against Without")) || !bytes.Contains(page, []byte("1 look at test scores")) {
		t.Error("the report on test lacks the declared table or the look")
	}
	if n := looks(t, store); n != 1 {
		t.Errorf("two tables of a report on test left %d looks, want 1", n)
	}
	if said, err := mmibxSays(t, append(args, "--table", ours)...); exitCode(err) != 2 || !strings.Contains(err.Error(), "two tables named ours") {
		t.Errorf("twice the same table: %v %s", err, said)
	}
}

// Of one seed nothing is tested, and bold is the best alone.
func TestReportOfOneSeed(t *testing.T) {
	store, dir := plannedStore(t, `
name = "once"
benchmarks = ["mini-mnre"]
[[arm]]
name = "methods"
[arm.grid]
model = ["text", "mmib"]
`, func(store mmibx.Store, w *journal.Writer, _ int, c *experiments.Cell) mmibx.State {
		logged(t, w, 1, map[string]float64{"text": 80, "mmib": 94}[c.Spec.Model.Name])
		predicted(t, store, w, mmibx.Dev, gold(t, "mini-mnre", mmibx.Dev))
		return mmibx.Done
	}), t.TempDir()
	if said, err := mmibxSays(t, "report", "once", "-o", dir, "--store", string(store)); err != nil {
		t.Fatal(err, said)
	}
	page := string(contents(t, filepath.Join(dir, "report.html")))
	if !strings.Contains(page, "Nothing was tested: there is one seed") || strings.Count(page, `class="best"`) != 1 {
		t.Errorf("%d cells are best; tests:\n%s", strings.Count(page, `class="best"`), page[strings.Index(page, `id="tests"`):][:300])
	}
}

func TestReportCompilesByOneFlag(t *testing.T) {
	needs.Program(t, "pdflatex")
	store, dir := storeOfTwo(t), t.TempDir()
	if out, err := mmibxSays(t, "report", "two", "-o", dir, "--pdf", "--store", string(store)); err != nil {
		t.Fatal(err, out)
	}
	if pdf := contents(t, filepath.Join(dir, "report.pdf")); !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("report.pdf starts with %.20q", pdf)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "report.[alo]*")); len(left) != 0 {
		t.Errorf("pdflatex left %v", left)
	}
}

// What cannot be tested is reported all the same, and says so.
func TestReportWithoutPredictions(t *testing.T) {
	store, dir := sealedStore(t), t.TempDir()
	if out, err := mmibxSays(t, "report", "small", "-o", dir, "--store", string(store)); err != nil {
		t.Fatal(err, out)
	}
	page := contents(t, filepath.Join(dir, "report.html"))
	for _, want := range []string{"Nothing was tested: ", "predictions.dev", "Deviation: ", "diverged"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"report", "nowhere"}, 3},
		{[]string{"report"}, 2},
		{[]string{"report", "small", "--split", "train"}, 2},
		{[]string{"report", "small", "--width", "acm"}, 2},
		{[]string{"report", "small", "--figures", "betas"}, 2},
		{[]string{"report", "small", "--figures", "heatmap", "-o", t.TempDir()}, 3}, // asked for, and cannot be drawn
		{[]string{"report", "small", "--table", "nowhere.toml"}, 3},
		{[]string{"report", "small", "--baseline", "nobody"}, 2},
	} {
		if out, err := mmibxSays(t, append(c.args, "--store", string(store))...); exitCode(err) != c.code {
			t.Errorf("%v: exit %d, want %d: %v %s", c.args, exitCode(err), c.code, err, out)
		}
	}
}

func contents(t *testing.T, file string) []byte {
	t.Helper()
	blob, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}
