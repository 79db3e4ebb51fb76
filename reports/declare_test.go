package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func parsed(t *testing.T, text string) *Declaration {
	t.Helper()
	d, err := ParseDeclaration("x.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStandardTablesAreValid(t *testing.T) {
	if len(StandardTables()) != 6 {
		t.Errorf("they are %v", StandardTables())
	}
	for _, name := range StandardTables() {
		text, err := StandardTable(name)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := ParseDeclaration(name+".toml", text); err != nil || d.Name != name || len(d.Sweeps) == 0 {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	if _, err := StandardTable("mian"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "did you mean main?") {
		t.Error(err)
	}
}

func TestDeclarationDefaults(t *testing.T) {
	d := parsed(t, "name = \"t\"\nsweeps = [\"s\"]\n")
	if d.Split != mmibx.Dev || d.Digits != 2 || d.Correction != Holm || d.Corner != "Method" || !d.Scored() || !d.WantsSweeps() {
		t.Errorf("%+v", d)
	}
}

// Every fault has its line, its key, what there is instead, and the nearest of it.
func TestDeclarationFaults(t *testing.T) {
	const head = "name = \"t\"\n"
	for _, c := range []struct{ text, want string }{
		{"name = \"T a\"\n", `x.toml:1: name: found "T a", expected a name of lower-case`},
		{head + "captoin = \"x\"\n", "x.toml:2: captoin: found an unknown key, expected one of name, caption"},
		{head + "captoin = \"x\"\n", "did you mean caption?"},
		{head + "split = \"tset\"\n", `x.toml:2: split: found "tset", expected one of dev, test; did you mean test?`},
		{head + "digits = 7\n", "x.toml:2: digits: found 7"},
		{head + "digits = \"two\"\n", "x.toml:2: digits: found a value of type string, expected integer"},
		{head + "venue = \"iee\"\n", "did you mean ieee?"},
		{head + "correction = \"hulm\"\n", "did you mean holm?"},
		{head + "[[column]]\nbenchmarks = [\"mini-mnra\"]\n", `x.toml:3: column[1].benchmarks: found "mini-mnra"`},
		{head + "[[column]]\n[[column]]\nmetrics = [\"f1\", \"precison\"]\n", `x.toml:4: column[2].metrics: found "precison", expected one of f1, f1_strict`},
		{head + "[[column]]\nmetrics = [\"f1\", \"precison\"]\n", "did you mean precision?"},
		{head + "[[column]]\nmetrics = [\"trials\"]\nbenchmarks = [\"mnre\"]\n", "it is of the whole row"},
		{head + "[[column]]\nmetrics = [\"f1.*\"]\ntitle = \"x\"\n", "one title of several columns"},
		{head + "[[column]]\nmetric = \"f1\"\n", "x.toml:3: column[1].metric: found an unknown key, expected one of title, benchmarks, task, metrics, digits; did you mean metrics?"},
		{head + "[[group]]\ntitle = \"x\"\n", "x.toml:2: group[1]: found a group without rows"},
		{head + "[[group]]\nrows = [\n { arm = \"a\" },\n { title = \"b\" },\n]\n", "x.toml:5: group[1].rows[2]: found none of arm, filter, system, published"},
		{head + "[[group]]\nrows = [{ arm = \"a\", filter = \"seed=1\" }]\n", "found arm and filter, expected one of these"},
		{head + "[[group]]\nrows = [\n { published = \"UTM\" },\n]\n", "x.toml:4: group[1].rows[1].published: found \"UTM\""},
		{head + "[[group]]\nrows = [\n { published = \"HVPNet\" },\n]\n", "did you mean HVPNeT?"},
		{head + "[[group]]\nrows = [{ arm = \"a\", pool = \"seed\" }]\n", `pool: found "seed", expected one of model`},
		{head + "[[group]]\nrows = [{ arm = \"a\", variant = \"b\" }]\n", "variant or source of no published method"},
		{head + "[[group]]\n[[group.rows]]\ntitel = \"b\"\n", "x.toml:4: group[1].rows[1].titel: found an unknown key"},
		{"name = \n", "x.toml:1"},
	} {
		_, err := ParseDeclaration("x.toml", []byte(c.text))
		if err == nil || !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s%v\nwant %s", c.text, err, c.want)
		}
	}
	two := head + "split = \"a\"\ndigits = 9\n"
	if _, err := ParseDeclaration("x.toml", []byte(two)); err == nil || strings.Count(err.Error(), "x.toml:") != 2 {
		t.Errorf("two faults: %v", err)
	}
}

func TestDeclaredRows(t *testing.T) {
	runs, values := madeUpRuns(t)
	theirs := Run{ID: "ffffffffffff", Arm: "theirs", System: "Theirs", State: mmibx.Done, Spec: mmibx.Spec{Benchmark: "mini-mnre", Model: mmibx.ModelSpec{Name: "Theirs"}}}
	values[theirs.ID] = map[string]float64{"f1": 40, "precision": 41}
	runs = append(runs, theirs)
	d := parsed(t, `
name = "t"
sweeps = ["s"]
digits = 1
average = true
[[column]]
benchmarks = ["mini-mnre", "mini-twitter2015", "mnre"]
[[group]]
rows = [
  { arm = "text", title = "Words" },
  { filter = "the others", title = "With pictures" },
]
[[group]]
title = "Others"
apart = true
rows = [{ system = "Theirs" }, { published = "PG-MRE" }]
`)
	l, err := d.Lay(runs, func(filter string) (map[string]bool, error) {
		if filter != "the others" {
			t.Errorf("filter %q", filter)
		}
		arms := map[string]bool{}
		for _, r := range runs {
			arms[r.Arm] = arms[r.Arm] || r.Spec.Model.Name == "concat"
		}
		return arms, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if l.LeftOut == 0 || len(l.Runs()) != 3*6+1 {
		t.Errorf("%d methods left out, %d runs in rows", l.LeftOut, len(l.Runs()))
	}
	got := write(t, l.Table(values), "md")
	for _, want := range []string{
		"| Method | mini MNRE | mini Twitter-2015 | MNRE | Average |",
		"| Words | *72.2* ± 0.8 | *74.2* ± 0.8 | – | – |",
		"| With pictures | **86.8** ± 0.6 | **88.8** ± 0.6 | – | – |",
		"| Theirs | 40.0 (n=1)¶ | – | – | – |",
		"| PG-MRE [B] | – | – | 91.8 | – |", "[B] table in the paper of PG-MRE.",
	} {
		if !strings.Contains(strings.ReplaceAll(got, `\`, ""), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if !strings.Contains(got, "Published scores are of test, as they were printed") {
		t.Errorf("published scores beside those of dev say nothing:\n%s", got)
	}
}

// A row without a title leaves out methods that have a row: the usual setting of
// a model lies on the grids of several arms.
func TestNoMethodHasTwoRows(t *testing.T) {
	runs, values := madeUpRuns(t)
	d := parsed(t, "name = \"t\"\n[[group]]\nrows = [{ arm = \"text\", title = \"Words\" }]\n[[group]]\nrows = [{ arm = \"*\" }]\n")
	got := write(t, laid(t, d, runs, values), "txt")
	if strings.Contains(got, "Text only") || strings.Count(got, "Words") != 1 || strings.Count(got, "MMIB") != 4 {
		t.Error(got)
	}
}

func TestDeclaredRowsRefuse(t *testing.T) {
	runs, _ := madeUpRuns(t)
	all := func(string) (map[string]bool, error) {
		arms := map[string]bool{}
		for _, r := range runs {
			arms[r.Arm] = true
		}
		return arms, nil
	}
	for rows, want := range map[string]string{
		`{ arm = "txet" }`:              `x.toml:3: group[1].rows[1].arm: found "txet", which no run of the table's sweeps stands for, expected one of text, concat, mmib; did you mean text?`,
		`{ arm = "mmib", title = "M" }`: "x.toml:3: group[1].rows[1].arm: found several methods on mini-",
		`{ filter = "x", title = "M" }`: "found several methods on mini-",
		`{ system = "nobody" }`:         `system: found "nobody"`,
		`{ published = "PG-MRE" }`:      "expected a method with a score on",
	} {
		d := parsed(t, "name = \"t\"\n[[group]]\nrows = ["+rows+"]\n[[column]]\nbenchmarks = [\"twitter2017\"]\n")
		if _, err := d.Lay(runs, all); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", rows, err, want)
		}
	}
	d := parsed(t, "name = \"t\"\n\nbaseline = \"Concta\"\n")
	if _, err := d.Lay(runs, nil); err == nil || !strings.Contains(err.Error(), "x.toml:3: baseline: found \"Concta\"") || !strings.Contains(err.Error(), "did you mean Concat?") {
		t.Errorf("a baseline that is no row: %v", err)
	}
}

// A seed that one benchmark lacks is in no average, and a row that lacks a
// benchmark has none.
func TestAverage(t *testing.T) {
	cells := []Cell{
		{Values: []float64{10, 20, 30}, Seeds: []int{0, 1, 2}, Runs: []string{"a0", "a1", "a2"}, Planned: 3},
		{Values: []float64{40, 60}, Seeds: []int{2, 1}, Runs: []string{"b2", "b1"}, Planned: 3},
	}
	mean := averageOf(cells, []int{0, 1})
	if fmt.Sprint(mean.Values, mean.Seeds, mean.Planned, len(mean.Runs)) != "[40 35] [1 2] 3 5" || !strings.Contains(mean.marks(), markFewer) {
		t.Errorf("%+v, marks %s", mean, mean.marks())
	}
	var one, other Cell // each fails on another seed
	for seed := range 3 {
		state := []mmibx.State{mmibx.Failed, mmibx.Diverged, mmibx.Done}[seed]
		one.add(&Run{Spec: mmibx.Spec{Seed: seed}, State: map[bool]mmibx.State{true: state, false: mmibx.Done}[seed == 0]}, 50, true)
		other.add(&Run{Spec: mmibx.Spec{Seed: seed}, State: map[bool]mmibx.State{true: state, false: mmibx.Done}[seed == 1]}, 70, true)
	}
	if mean := averageOf([]Cell{one, other}, []int{0, 1}); mean.Failed != 2 || mean.marks() != markFailed {
		t.Errorf("two seeds that failed on one benchmark each: %+v, marks %s", mean, mean.marks())
	}
	if mean := averageOf(append(cells, Cell{Planned: 3}), []int{0, 2}); !mean.missing() || mean.marks() != "" {
		t.Errorf("without a benchmark: %+v", mean)
	}
	if mean := averageOf([]Cell{{Values: []float64{70}}, {Values: []float64{80}}}, []int{0, 1}); mean.summary().Mean != 75 {
		t.Errorf("published: %+v", mean)
	}
}

// A table of published scores alone is of test, and of no split of ours.
func TestPublishedAlone(t *testing.T) {
	d := parsed(t, "name = \"t\"\n[[column]]\nbenchmarks = [\"twitter2017\", \"mnre\"]\n[[group]]\nrows = [{ published = \"*\" }]\n")
	got := write(t, laid(t, d, nil, nil), "md")
	if strings.Contains(got, "on dev") || !strings.Contains(got, "Published scores are of test") || !strings.Contains(got, "80.17∗") || !strings.Contains(got, "?") || d.WantsSweeps() {
		t.Error(got)
	}
}

// Ranges are of what varies on one benchmark; presets differ between benchmarks.
func TestBudgets(t *testing.T) {
	runs, values := madeUpRuns(t)
	for i := range runs {
		if values[runs[i].ID] == nil {
			values[runs[i].ID] = map[string]float64{}
		}
		values[runs[i].ID]["hours"] = 0.5
		if runs[i].Spec.Benchmark == "mini-mnre" {
			runs[i].Spec.Train.Epochs++
		}
	}
	d := parsed(t, "name = \"t\"\nsweeps = [\"s\"]\n[[column]]\nmetrics = [\"trials\", \"runs\", \"total_hours\", \"ranges\"]\n[[group]]\nrows = [{ arm = \"*\", pool = \"model\" }]\n")
	got := write(t, laid(t, d, runs, values), "md")
	for _, want := range []string{"| Text only | 1 | 9 | 4.50 | none |", "| MMIB | 3 | 28 | 14.00 | text β 0.001, 1; image β 0.001, 0.1, 1, 10 |", "1 running, 3 diverged, 3 pruned"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "±") || strings.Contains(got, "**") {
		t.Errorf("a total is ranked:\n%s", got)
	}
}

// A trial that was pruned was tuning too: budgets count it and its time, whether
// other seeds of its setting went on or none did. Scores do not.
func TestBudgetsCountPrunedTrials(t *testing.T) {
	var runs []Run
	values := Values{}
	for i, x := range []struct {
		beta  float64
		state mmibx.State
	}{{0.1, mmibx.Done}, {0.1, mmibx.Pruned}, {1, mmibx.Pruned}, {10, mmibx.Pruned}} {
		spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.beta_image": x.beta, "seed": i})
		if err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("%012x", i)
		runs = append(runs, Run{ID: id, Arm: fmt.Sprint("arm", x.beta), Names: []string{"all"}, Spec: spec, State: x.state})
		values[id] = map[string]float64{"f1": 80, "hours": 0.25}
	}
	const columns = "name = \"t\"\nsweeps = [\"s\"]\n[[column]]\nmetrics = [\"trials\", \"runs\", \"total_hours\", \"ranges\"]\n[[column]]\nmetrics = [\"f1\"]\n"
	match := func(string) (map[string]bool, error) { return map[string]bool{"arm1": true, "arm10": true}, nil }
	for rows, want := range map[string]string{
		`{ arm = "*", pool = "model" }`:                   "| MMIB | 3 | 4 | 1.00 | image β 0.1, 1, 10 | – |",
		`{ arm = "*" }`:                                   "| MMIB, image β = 0.1 | 1 | 2 | 0.50 | none | 80.00",
		`{ filter = "ib.beta_image>=1", pool = "model" }`: "| MMIB | 2 | 2 | 0.50 | image β 1, 10 |",
	} {
		d := parsed(t, columns+"[[group]]\nrows = ["+rows+"]\n")
		l, err := d.Lay(runs, match)
		if err != nil {
			t.Fatal(err)
		}
		table := l.Table(values)
		if got := write(t, table, "md"); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", rows, want, got)
		}
		cell := table.Groups[0].Rows[0].Cells[2]
		tried, ok := l.Tried(table.Groups[0].Rows[0].Key)
		if !ok || !slices.Equal(tried, cell.Runs) || len(l.Runs()) != len(cell.Runs) {
			t.Errorf("%s: hours are of %v, the store says %v, and %v are read", rows, cell.Runs, tried, l.Runs())
		}
	}
}

func TestMixedVersionsAreSaid(t *testing.T) {
	runs, values := madeUpRuns(t)
	table := laid(t, NewDeclaration("t"), runs, values)
	table.Versions = map[string]Version{}
	for i, r := range runs {
		table.Versions[r.ID] = Version{PyTorch: "2.11.0", Data: "aaaa"}
		if i == 0 {
			table.Versions[r.ID] = Version{PyTorch: "2.9.1", Data: "bbbb"}
		}
	}
	got := table.caption("Bold", "underlined")
	for _, want := range []string{"Runs on mini-twitter2015 read different versions of its files: aaaa (11 runs), bbbb (1 run).", "different versions of PyTorch: 2.11.0 (", "2.9.1 (1 run)."} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	delete(table.Versions, runs[0].ID)
	if got := table.caption("Bold", "underlined"); strings.Contains(got, "different versions") {
		t.Errorf("of one version: %s", got)
	}
}

// The example of the reference is a declaration.
func TestDocumentedDeclaration(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "reference", "tables.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "```toml\n")
	example, _, ok := strings.Cut(after, "```")
	if d := parsed(t, example); !ok || d.Name != "ours" || len(d.Groups) != 2 {
		t.Errorf("%+v", d)
	}
	for _, m := range metricNames() {
		if !strings.Contains(string(page), "`"+m+"`") {
			t.Errorf("the page does not say what %s is", m)
		}
	}
	for _, key := range slices.Concat(tableKeys, columnKeys, groupKeys, rowKeys) {
		if !strings.Contains(string(page), "`"+key) && !strings.Contains(string(page), "`[["+key+"]]`") {
			t.Errorf("the page does not name the key %s", key)
		}
	}
}
