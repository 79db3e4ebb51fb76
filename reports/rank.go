package reports

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/mmibx/mmibx/reports/stats"
)

// standing is the place of a cell within its column.
type standing int

const (
	unranked standing = iota
	second
	best
)

// standings ranks the cells of every column over all groups that are not Apart.
// Means that print alike are alike: several may be best, and then none is
// second. Alone in its column nothing is best.
//
// This is the one place that decides what is bold. Where Test has compared the
// cells, "best" is also all that are not told apart from the best mean.
func (t *Table) standings() map[*Cell]standing {
	places := map[*Cell]standing{}
	for j, column := range t.Columns {
		type placed struct {
			*Cell
			mean    float64
			printed string
		}
		var ranked []placed
		for _, c := range t.comparable(j) {
			mean := c.summary().Mean
			ranked = append(ranked, placed{c, mean, number(mean, t.digits(j))})
		}
		if len(ranked) < 2 {
			continue
		}
		slices.SortStableFunc(ranked, func(a, b placed) int {
			if column.LowerIsBetter {
				a, b = b, a
			}
			return cmp.Compare(b.mean, a.mean)
		})
		for _, c := range ranked {
			if c.printed == ranked[0].printed || c.VsBest != nil && c.VsBest.Verdict != stats.Worse {
				places[c.Cell] = best
			}
		}
		next := slices.IndexFunc(ranked, func(c placed) bool { return places[c.Cell] != best })
		if next != 1 {
			continue
		}
		for _, c := range ranked[next:] {
			if c.printed == ranked[next].printed {
				places[c.Cell] = second
			}
		}
	}
	return places
}

// comparable lists a column's cells that have a mean and stand in a group that
// is compared.
func (t *Table) comparable(column int) []*Cell {
	var cells []*Cell
	for g := range t.Groups {
		if t.Groups[g].Apart {
			continue
		}
		for r := range t.Groups[g].Rows {
			if c := &t.Groups[g].Rows[r].Cells[column]; c.summary().HasMean() {
				cells = append(cells, c)
			}
		}
	}
	return cells
}

// digits are the decimals of a column.
func (t *Table) digits(column int) int {
	if d := t.Columns[column].Digits; d != nil {
		return *d
	}
	return t.Digits
}

func number(v float64, digits int) string { return strconv.FormatFloat(v, 'f', digits, 64) }
