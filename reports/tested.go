package reports

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// Tested is what the default comparison of a cell with another says.
type Tested struct {
	Verdict stats.Verdict `json:"verdict"` // of the cell
	P       float64       `json:"p"`       // by randomisation, adjusted over the column, as Table.Correction says
	Seeds   []int         `json:"seeds"`   // that both have
}

// CompareCells makes the default comparison of two cells of one column.
type CompareCells func(a, b *Cell) (*stats.Comparison, error)

// Test compares the cells of every column with the column's best and with those
// of the baseline, a row by its key or title; Holm adjusts within a column, for
// each of the two on its own, unless t.Correction says otherwise. Bold then means the best and all that are not told
// apart from it. Cells without runs are not tested; those that share no seed with
// the other are not either, and the caption counts them.
func (t *Table) Test(baseline string, compare CompareCells) error {
	base, err := t.Row(baseline)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.LowerIsBetter && !c.Untested }); i >= 0 {
		return fmt.Errorf("column %s: the comparison is of F1, of which more is better", t.Columns[i].Key)
	}
	t.Baseline = base.Title
	untested := 0
	for j, column := range t.Columns {
		cells := slices.DeleteFunc(t.comparable(j), func(c *Cell) bool { return len(c.Runs) == 0 })
		if len(cells) == 0 || column.Untested {
			continue
		}
		top := slices.MaxFunc(cells, func(a, b *Cell) int { return cmp.Compare(a.summary().Mean, b.summary().Mean) })
		against := func(to *Cell, into func(c *Cell, tested *Tested)) error {
			others := slices.DeleteFunc(slices.Clone(cells), func(c *Cell) bool { return c == to })
			found, err := t.testAll(others, to, compare)
			for i, c := range others {
				switch {
				case err != nil:
				case found[i] == nil:
					untested++
				default:
					into(c, found[i])
				}
			}
			return err
		}
		if err := against(top, func(c *Cell, tested *Tested) { c.VsBest = tested }); err != nil {
			return fmt.Errorf("%s: %w", column.Key, err)
		}
		if b := &base.Cells[j]; len(b.Runs) > 0 {
			if err := against(b, func(c *Cell, tested *Tested) { c.VsBaseline = tested }); err != nil {
				return fmt.Errorf("%s: %w", column.Key, err)
			}
		}
	}
	if untested > 0 {
		t.Notes = append(t.Notes, notMade(untested))
	}
	return nil
}

// notMade says how many comparisons there are not.
func notMade(n int) string {
	if n == 1 {
		return "1 comparison was not made for want of a common seed"
	}
	return fmt.Sprintf("%d comparisons were not made for want of a common seed", n)
}

// Comparisons counts those that Test would make.
func (t *Table) Comparisons(baseline string) int {
	n := 0
	for j, column := range t.Columns {
		cells := slices.DeleteFunc(t.comparable(j), func(c *Cell) bool { return len(c.Runs) == 0 })
		if len(cells) == 0 || column.Untested {
			continue
		}
		n += len(cells) - 1
		if base, err := t.Row(baseline); err == nil && len(base.Cells[j].Runs) > 0 {
			n += len(cells) - 1
		}
	}
	return n
}

// testAll compares cells with one; nil for those that share no seed with it.
func (t *Table) testAll(cells []*Cell, to *Cell, compare CompareCells) ([]*Tested, error) {
	comparisons := make([]*stats.Comparison, len(cells))
	var ps []float64
	for i, c := range cells {
		found, err := compare(c, to)
		if errors.Is(err, ErrNoCommonSeed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		comparisons[i] = found
		ps = append(ps, found.Randomisation.P)
	}
	adjusted := ps
	if t.Correction != NoCorrection {
		var err error
		if adjusted, err = stats.Holm(ps); err != nil {
			return nil, err
		}
	}
	tested := make([]*Tested, len(cells))
	for i, c := range comparisons {
		if c != nil {
			tested[i] = &Tested{Verdict: c.VerdictAt(adjusted[0]), P: adjusted[0], Seeds: c.Seeds}
			adjusted = adjusted[1:]
		}
	}
	return tested, nil
}

// Row finds a row that is compared, by its key or its title.
func (t *Table) Row(name string) (*Row, error) {
	var keys, names []string
	for g := range t.Groups {
		if t.Groups[g].Apart {
			continue
		}
		for r := range t.Groups[g].Rows {
			row := &t.Groups[g].Rows[r]
			if row.Key == name || strings.EqualFold(row.Title, name) {
				return row, nil
			}
			keys, names = append(keys, row.Key), append(names, row.Key, row.Title)
		}
	}
	fault := &mmibx.InputError{Key: "baseline", Found: fmt.Sprintf("%q", name), Expected: "a row of the table: " + strings.Join(keys, ", ")}
	if near := mmibx.Nearest(name, names); near != "" {
		fault.Cure = "did you mean " + near + "?"
	}
	return nil, fault
}

// unsure says that a cell is bold only because the data are too few.
func (c *Cell) unsure() bool { return c.VsBest != nil && c.VsBest.weak() }

// weak says that the data could hardly have told the cells apart.
func (t *Tested) weak() bool { return t.Verdict == stats.CouldNotSay || t.Verdict == stats.OneSeed }

// arrow is the sign of a cell that is told apart from the baseline.
func (c *Cell) arrow() string {
	if c.VsBaseline == nil {
		return ""
	}
	return map[stats.Verdict]string{stats.Better: markAbove, stats.Worse: markBelow}[c.VsBaseline.Verdict]
}
