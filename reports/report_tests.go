package reports

import (
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// Recorder keeps the comparisons that Table.Test asks for, so that a report can
// print what a table only marks.
type Recorder struct {
	made map[[2]*Cell]*stats.Comparison
}

// Watch returns a comparer that remembers what it found.
func (k *Recorder) Watch(compare CompareCells) CompareCells {
	if k.made == nil {
		k.made = map[[2]*Cell]*stats.Comparison{}
	}
	return func(a, b *Cell) (*stats.Comparison, error) {
		c, err := compare(a, b)
		if err == nil {
			k.made[[2]*Cell{a, b}] = c
		}
		return c, err
	}
}

// Against lists the comparisons of every column of a tested table with its
// baseline.
func (k *Recorder) Against(t *Table, split mmibx.Split) []Tests {
	rows := t.rows()
	at := slices.IndexFunc(rows, func(r *Row) bool { return r.Title == t.Baseline })
	if at < 0 {
		return nil
	}
	var list []Tests
	for j, column := range t.Columns {
		tests := Tests{Column: column.Title, Baseline: t.Baseline, Split: split}
		for _, row := range rows {
			cell := &row.Cells[j]
			c := k.made[[2]*Cell{cell, &rows[at].Cells[j]}]
			if c == nil || cell.VsBaseline == nil {
				continue
			}
			tests.Rows = append(tests.Rows, TestRow{
				Title: row.Title, Seeds: len(c.Seeds), Delta: c.Difference, P: c.Randomisation.P, Holm: cell.VsBaseline.P,
				Power: c.Power, At: c.Target.Difference, Verdict: cell.VsBaseline.Verdict, Warnings: c.Warnings,
			})
		}
		if len(tests.Rows) > 0 {
			list = append(list, tests)
		}
	}
	return list
}
