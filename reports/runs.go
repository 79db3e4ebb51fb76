package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// Run is what a table needs to know of a run.
type Run struct {
	ID     string
	System string     // whose predictions were imported; "" for a run of our own
	Spec   mmibx.Spec // of an imported one benchmark, seed and, as the model's name, the system
	State  mmibx.State
	Score  *float64 // of the metric that the table shows; nil where the run has none
}

// ByBenchmark lays runs out as methods by benchmarks: a row per arm, a group for
// the models that have one arm and one for each that has several. Cells know how
// many seeds were planned and how many failed. Pruned runs never enter. Systems
// whose predictions were imported stand in a group of their own below.
func ByBenchmark(name string, runs []Run) *Table {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.State == mmibx.Pruned })
	t := &Table{Name: Key(name), Corner: "Method", Digits: 2}
	var benchmarks []string
	for _, b := range mmibx.BenchmarksOf(runs, func(r Run) string { return r.Spec.Benchmark }) {
		benchmarks = append(benchmarks, b.Name)
		t.Columns = append(t.Columns, Column{Key: Key(b.Name), Title: headOf(b.Title)})
	}
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(
			cmp.Compare(a.System, b.System),
			cmp.Compare(modelOrder(a.Spec), modelOrder(b.Spec)),
			naturalCompare(armLabel(a.Spec), armLabel(b.Spec)),
			cmp.Compare(a.Spec.Seed, b.Spec.Seed),
			cmp.Compare(a.ID, b.ID),
		)
	})
	own := slices.IndexFunc(runs, func(r Run) bool { return r.System != "" })
	if own < 0 {
		own = len(runs)
	}
	arms := chunks(runs[:own], func(r Run) string { return armLabel(r.Spec) })
	singles := Group{}
	for _, model := range chunks(arms, func(arm []Run) string { return arm[0].Spec.Model.Name }) {
		var rows []Row
		for _, arm := range model {
			rows = append(rows, rowOf(arm, benchmarks))
		}
		if len(rows) == 1 {
			singles.Rows = append(singles.Rows, rows...)
		} else {
			t.Groups = append(t.Groups, Group{Rows: rows})
		}
	}
	if len(singles.Rows) > 0 {
		t.Groups = slices.Insert(t.Groups, 0, singles)
	}
	imported := Group{}
	for _, system := range chunks(runs[own:], func(r Run) string { return r.System }) {
		imported.Rows = append(imported.Rows, rowOf(system, benchmarks))
	}
	if len(imported.Rows) > 0 {
		t.Groups = append(t.Groups, imported)
	}
	return t
}

// headOf breaks the long titles of the miniature benchmarks.
func headOf(title string) string { return strings.Replace(title, "mini ", "mini\n", 1) }

func rowOf(arm []Run, benchmarks []string) Row {
	row := Row{Key: Key(armLabel(arm[0].Spec)), Title: ArmTitle(arm[0].Spec)}
	if system := arm[0].System; system != "" {
		row.Key, row.Title = Key("imported "+system), system
	}
	for _, b := range benchmarks {
		var c Cell
		for _, r := range arm {
			if r.Spec.Benchmark == b {
				c.add(r)
			}
		}
		row.Cells = append(row.Cells, c)
	}
	return row
}

func (c *Cell) add(r Run) {
	c.Planned++
	switch {
	case r.State == mmibx.Failed || r.State == mmibx.Diverged:
		c.Failed++
	case r.State == mmibx.Done && r.Score != nil:
		c.Values = append(c.Values, *r.Score)
		c.Runs = append(c.Runs, r.ID)
		c.Imported = c.Imported || r.System != ""
		c.OnTest = c.OnTest || r.Spec.Train.SelectOn == string(mmibx.Test)
	}
}

// UsualBaseline is the title of the row that an ablation is held against: MMIB in
// its usual setting, or the first row where there is no such.
func (t *Table) UsualBaseline() string {
	m, _ := mmibx.LookupModel("mmib")
	rows := t.rows()
	for _, r := range rows {
		if r.Title == m.Title {
			return r.Title
		}
	}
	return rows[0].Title
}

// Bound is a score that is known without a run.
type Bound struct {
	Title  string
	Scores map[string]float64 // by benchmark
	Errors map[string]float64 // one standard error, where there is one
}

// AddBounds puts a group of known bounds above the others.
func (t *Table) AddBounds(title string, bounds []Bound) {
	group := Group{Title: title, Apart: true}
	for _, b := range bounds {
		row := Row{Key: Key("bound " + b.Title), Title: b.Title}
		for _, c := range t.Columns {
			var cell Cell
			for name, v := range b.Scores {
				if Key(name) == c.Key {
					cell.Values, cell.Error = []float64{v}, b.Errors[name]
				}
			}
			row.Cells = append(row.Cells, cell)
		}
		group.Rows = append(group.Rows, row)
	}
	t.Groups = slices.Insert(t.Groups, 0, group)
}

// AddPlan notes in the caption how many runs stand behind the table and how
// many of them gave no score.
func (t *Table) AddPlan(runs []Run) {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.System != "" }) // nobody planned those
	count := map[mmibx.State]int{}
	for _, r := range runs {
		count[r.State]++
	}
	var parts []string
	for _, s := range mmibx.States {
		if n := count[s]; n > 0 && s != mmibx.Done {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("Of %d runs, %s", len(runs), strings.Join(parts, ", ")))
	}
}

func modelOrder(s mmibx.Spec) int {
	return slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Name == s.Model.Name })
}

// naturalCompare orders labels part by part, numbers by value.
func naturalCompare(a, b string) int {
	as, bs := strings.Fields(a), strings.Fields(b)
	for i := range min(len(as), len(bs)) {
		ka, va, _ := strings.Cut(as[i], "=")
		kb, vb, _ := strings.Cut(bs[i], "=")
		x, errX := strconv.ParseFloat(va, 64)
		y, errY := strconv.ParseFloat(vb, 64)
		c := cmp.Compare(va, vb)
		if errX == nil && errY == nil {
			c = cmp.Compare(x, y)
		}
		if c = cmp.Or(cmp.Compare(ka, kb), c); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// chunks splits a sorted list where the key changes.
func chunks[T any](list []T, key func(T) string) [][]T {
	var out [][]T
	for i, x := range list {
		if i == 0 || key(x) != key(list[i-1]) {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], x)
	}
	return out
}
