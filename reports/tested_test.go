package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/reports/stats"
)

// testedTable has one column: c is best, b close to it, a far below, d without a
// seed in common with anybody. p-values are made up.
func testedTable(t *testing.T, p map[string]float64, power float64) *Table {
	t.Helper()
	table := &Table{Name: "t", Corner: "Method", Digits: 1, Columns: []Column{{Key: "x", Title: "X"}}}
	group := Group{}
	for name, mean := range map[string]float64{"a": 60, "b": 69, "c": 70, "d": 65} {
		group.Rows = append(group.Rows, Row{Key: name, Title: "Row " + name, Cells: []Cell{{Values: []float64{mean - 1, mean + 1}, Runs: []string{name, name}}}})
	}
	slices.SortFunc(group.Rows, func(x, y Row) int { return strings.Compare(x.Key, y.Key) })
	table.Groups = []Group{group}
	compare := func(x, y *Cell) (*stats.Comparison, error) {
		if x.Runs[0] == "d" || y.Runs[0] == "d" {
			return nil, fmt.Errorf("d: %w", ErrNoCommonSeed)
		}
		d := x.summary().Mean - y.summary().Mean
		return &stats.Comparison{
			Seeds: []int{0, 1}, Power: power, Target: stats.DefaultTarget,
			Difference: stats.Estimate{Value: d, Low: d - 0.5, High: d + 0.5}, Randomisation: stats.Test{P: p[x.Runs[0]+y.Runs[0]]},
		}, nil
	}
	if err := table.Test("row A", compare); err != nil {
		t.Fatal(err)
	}
	return table
}

func TestBoldIsWhatIsNotToldApart(t *testing.T) {
	// b against the best is 0.03 alone, 0.03 after Holm with a's 0.001; with a's
	// 0.04 it would be 0.06.
	apart := write(t, testedTable(t, map[string]float64{"ac": 0.001, "bc": 0.03, "ba": 0.001, "ca": 0.02}, 0.9), "md")
	for _, want := range []string{"| Row a | 60.0 ± 1.4 |", "| Row b | *69.0* ± 1.4↑ |", "| Row c | **70.0** ± 1.4↑ |", "| Row d | 65.0 ± 1.4 |", "2 comparisons were not made"} {
		if !strings.Contains(apart, want) {
			t.Errorf("no %q in\n%s", want, apart)
		}
	}
	together := write(t, testedTable(t, map[string]float64{"ac": 0.04, "bc": 0.03, "ba": 0.3, "ca": 0.3}, 0.9), "md")
	for _, want := range []string{"| Row a | **60.0** ± 1.4 |", "| Row b | **69.0** ± 1.4 |", "No other score is told apart from that of Row a"} {
		if !strings.Contains(together, want) {
			t.Errorf("no %q in\n%s", want, together)
		}
	}
	// Without power what is not told apart is no equal: it carries a sign.
	unsure := write(t, testedTable(t, map[string]float64{"ac": 0.001, "bc": 0.6, "ba": 0.001, "ca": 0.001}, 0.2), "tex")
	for _, want := range []string{`\textbf{69.0}{\scriptsize$\pm$1.4}\textsuperscript{$^\circ$$\uparrow$}`, "no evidence that it is as good"} {
		if !strings.Contains(unsure, want) {
			t.Errorf("no %q in\n%s", want, unsure)
		}
	}
}

// What was not compared, or with too little data, is not called equal.
func TestBaselineThatNothingIsComparedWith(t *testing.T) {
	equal := func(_, _ *Cell) (*stats.Comparison, error) {
		return &stats.Comparison{Seeds: []int{0, 1}, Target: stats.DefaultTarget, Randomisation: stats.Test{P: 0.5}}, nil
	}
	apart := func(_, _ *Cell) (*stats.Comparison, error) { return nil, ErrNoCommonSeed }
	row := func(key string, values ...float64) Row {
		return Row{Key: key, Title: key, Cells: []Cell{{Values: values, Runs: make([]string, len(values))}}}
	}
	for _, c := range []struct {
		rows    []Row
		compare CompareCells
		want    string
	}{
		{[]Row{row("a"), row("b", 70, 71), row("c", 60, 61)}, equal, "Nothing was compared with a."},
		{[]Row{row("a", 60, 61), row("b", 70, 71)}, apart, "Nothing was compared with a."},
		{[]Row{row("a", 60, 61), row("b", 70, 71), row("c", 60, 61)}, equal, "2 of 2 comparisons with a had too little data: they would find a difference of 1 F1 less than half of the time."},
		{[]Row{row("a", 60, 61), row("b", 70, 71)}, equal, "Fewer than 5 seeds"},
	} {
		table := &Table{Name: "t", Columns: []Column{{Key: "x"}}, Groups: []Group{{Rows: c.rows}}}
		if err := table.Test("a", c.compare); err != nil {
			t.Fatal(err)
		}
		if caption := table.caption("bold", "underlined"); !strings.Contains(caption, c.want) || strings.Contains(caption, "No other") {
			t.Errorf("no %q in %s", c.want, caption)
		}
	}
}

func TestBaselineMustBeARow(t *testing.T) {
	table := &Table{Groups: []Group{{Apart: true, Rows: []Row{{Key: "bound", Title: "Bound"}}}, {Rows: []Row{{Key: "a", Title: "A"}}}}}
	if err := table.Test("bound", nil); err == nil || !strings.Contains(err.Error(), "a row of the table: a") {
		t.Error(err)
	}
	table.Groups[1].Rows[0].Title = "Concat"
	if err := table.Test("Concta", nil); err == nil || !strings.Contains(err.Error(), "did you mean Concat?") {
		t.Error(err)
	}
	table.Columns = []Column{{Key: "s", LowerIsBetter: true}}
	if err := table.Test("a", nil); err == nil || !strings.Contains(err.Error(), "column s") {
		t.Error(err)
	}
}
