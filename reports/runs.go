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
	Arm    string
	Names  []string   // of its arm in the sweep files
	System string     // whose predictions were imported; "" for a run of our own
	Spec   mmibx.Spec // of an imported one benchmark, seed and, as the model's name, the system
	State  mmibx.State

	method string // what a row shows, over all benchmarks; Lay sets it
}

// headOf breaks the long titles of the miniature benchmarks.
func headOf(title string) string { return strings.Replace(title, "mini ", "mini\n", 1) }

func (c *Cell) add(r *Run, value float64, scored bool) {
	c.Planned++
	switch {
	case r.State == mmibx.Failed || r.State == mmibx.Diverged:
		c.Failed++
		c.failed = append(c.failed, r.Spec.Seed)
	case r.State == mmibx.Done && scored:
		c.Values = append(c.Values, value)
		c.Runs = append(c.Runs, r.ID)
		c.Seeds = append(c.Seeds, r.Spec.Seed)
		c.Imported = c.Imported || r.System != ""
		c.OnTest = c.OnTest || r.Spec.Train.SelectOn == string(mmibx.Test)
	case r.State == mmibx.Done:
		c.Unscored++
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
			if v, ok := b.Scores[c.Benchmark]; ok && c.Metric == "f1" {
				cell.Values, cell.Error = []float64{v}, b.Errors[c.Benchmark]
			}
			row.Cells = append(row.Cells, cell)
		}
		group.Rows = append(group.Rows, row)
	}
	t.Groups = slices.Insert(t.Groups, 0, group)
}

// planNote says how many runs stand behind the table and how many of them gave no
// score, "" where all did.
func planNote(runs []Run) string {
	count := map[mmibx.State]int{}
	seen := map[string]bool{}
	total := 0
	for i := range runs {
		if r := &runs[i]; r.System == "" && !seen[r.ID] { // nobody planned those of others
			seen[r.ID] = true
			count[r.State]++
			total++
		}
	}
	var parts []string
	for _, s := range mmibx.States {
		if n := count[s]; n > 0 && s != mmibx.Done {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Of %d runs: %s", total, strings.Join(parts, ", "))
}

func modelOrder(s mmibx.Spec) int {
	return slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Name == s.Model.Name })
}

// settingOrder is that of papers: what the bottleneck is about first. Other settings
// follow by their keys.
var settingOrder = []string{"ib.beta_text", "ib.beta_image", "ib.size", "ib.", "align.weight", "align.tau", "align.learn_tau", "align.estimator", "align.", "model.", "evidence.", "encoder."}

func settingRank(key string) int {
	i := slices.IndexFunc(settingOrder, func(prefix string) bool {
		return key == prefix || strings.HasSuffix(prefix, ".") && strings.HasPrefix(key, prefix)
	})
	if i < 0 {
		return len(settingOrder)
	}
	return i
}

// naturalCompare orders labels part by part: settings by their rank, numbers by value.
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
		if ka != kb {
			c = cmp.Or(cmp.Compare(settingRank(ka), settingRank(kb)), cmp.Compare(ka, kb))
		}
		if c != 0 {
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
