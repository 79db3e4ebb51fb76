package reports

import (
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// Recorder keeps the comparisons that Table.Test asks for, so that a report can
// print what a table only marks. Tables of one split that share one make none twice.
type Recorder struct {
	made  map[[2]*Cell]*stats.Comparison
	known map[string]*stats.Comparison // by the runs of both cells
}

// Watch returns a comparer that remembers what it found.
func (k *Recorder) Watch(compare CompareCells) CompareCells {
	if k.made == nil {
		k.made, k.known = map[[2]*Cell]*stats.Comparison{}, map[string]*stats.Comparison{}
	}
	return func(a, b *Cell) (*stats.Comparison, error) {
		runs := strings.Join(a.Runs, " ") + " against " + strings.Join(b.Runs, " ")
		c, known := k.known[runs]
		if !known {
			var err error
			if c, err = compare(a, b); err != nil {
				return nil, err
			}
			k.known[runs] = c
		}
		k.made[[2]*Cell{a, b}] = c
		return c, nil
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
		tests := Tests{Table: t.Name, Column: column.Title, Baseline: t.Baseline, Split: split}
		for g := range t.Groups {
			for r := range t.Groups[g].Rows {
				row := &t.Groups[g].Rows[r]
				cell := &row.Cells[j]
				c := k.made[[2]*Cell{cell, &rows[at].Cells[j]}]
				if c == nil || cell.VsBaseline == nil {
					continue
				}
				title := row.Title
				if over := t.Groups[g].Title; over != "" { // without which the row may say too little
					title = over + ": " + title
				}
				tests.Rows = append(tests.Rows, TestRow{
					Title: title, Seeds: len(c.Seeds), Delta: c.Difference, P: c.Randomisation.P, Holm: cell.VsBaseline.P,
					Power: c.Power, At: c.Target.Difference, Verdict: cell.VsBaseline.Verdict, Warnings: c.Warnings,
				})
			}
		}
		if len(tests.Rows) > 0 {
			list = append(list, tests)
		}
	}
	return list
}
