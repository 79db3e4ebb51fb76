package reports

import (
	"fmt"
	"slices"
	"strings"
)

// Venue is the page of a venue, in TeX's points.
type Venue struct {
	Name         string
	Column, Text float64 // widths; they are equal where there is one column
	Size         float64 // of the running text
}

// Venues lists the pages that a table can be made for.
var Venues = []Venue{
	{"acl", 219, 455, 11},
	{"ieee", 252, 516, 10},
	{"neurips", 397, 397, 10},
}

func venueNames() []string {
	var names []string
	for _, v := range Venues {
		names = append(names, v.Name)
	}
	return names
}

// sizes are the commands for sizes smaller than the running text, by how many
// points they are smaller.
var sizes = []struct {
	command string
	less    float64
}{{`\small`, 1}, {`\footnotesize`, 2}, {`\scriptsize`, 3}}

// setting says how a table is set.
type setting struct {
	env, size string
	sep       float64 // between columns, half of it, in points
	ranges    float64 // width of the column of ranges
	overflow  float64 // points beyond the page
}

// setting chooses the largest size at which the table fits: a column if it is not
// Wide and at least \footnotesize fits one, else the whole page.
func (t *Table) setting() setting {
	at := slices.IndexFunc(Venues, func(v Venue) bool { return v.Name == t.Venue })
	if at < 0 {
		if t.Wide {
			return setting{env: "table*", size: `\small`, sep: 4, ranges: 160}
		}
		return setting{env: "table", size: `\footnotesize`, sep: 4, ranges: 80}
	}
	v := Venues[at]
	if v.Column == v.Text {
		return t.fit("table", v, v.Text, len(sizes))
	}
	if !t.Wide {
		if p := t.fit("table", v, v.Column, 2); p.overflow == 0 {
			return p
		}
	}
	return t.fit("table*", v, v.Text, len(sizes))
}

// minRanges is the least width of a column of ranges, in points.
const minRanges = 90

func (t *Table) fit(env string, v Venue, width float64, tries int) setting {
	p := setting{env: env}
	for i, s := range sizes[:tries] {
		for _, sep := range []float64{4, 2.5} {
			if sep < 4 && i < tries-1 {
				continue // rather smaller letters than no room between them
			}
			need, flexible := t.estimate(v.Size-s.less, v.Size-3, sep)
			p.size, p.sep, p.overflow = s.command, sep, max(0, need-width)
			if flexible {
				p.ranges = max(minRanges, minRanges+width-need)
			}
			if p.overflow == 0 {
				return p
			}
		}
	}
	return p
}

// Overflow warns of a table that its page cannot hold, "" where it can or where
// no venue is named.
func (t *Table) Overflow() string {
	if p := t.setting(); p.overflow > 0 {
		return fmt.Sprintf("The table is about %.0f points wider than the page of %s: show fewer columns, or shorter titles.", p.overflow, t.Venue)
	}
	return ""
}

// estimate is the width of the table, in points; flexible says that a column of
// ranges is in it, at its least width.
func (t *Table) estimate(size, small, sep float64) (width float64, flexible bool) {
	first := typeset(t.Corner, size)
	widths := make([]float64, len(t.Columns))
	for j, c := range t.Columns {
		for line := range strings.SplitSeq(c.Title, "\n") {
			widths[j] = max(widths[j], typeset(line, size))
		}
	}
	usual := t.usualN()
	columns := t.measure(usual)
	for _, row := range t.rows() {
		first = max(first, typeset(row.Title, size))
		for j := range row.Cells {
			if t.Columns[j].Metric == "ranges" {
				widths[j], flexible = minRanges, true
				continue
			}
			p := t.parts(&row.Cells[j], j, usual)
			cell, raised := typeset(p.mean, size), p.raised()
			switch {
			case columns[j].siunitx: // keeps room for all in every cell
				raised = columns[j].raised
				if columns[j].spread != "" {
					cell += typeset(" ± "+columns[j].spread, size)
				}
			case p.spread != "":
				cell += typeset("±"+p.spread, small)
			}
			widths[j] = max(widths[j], cell+typeset(raised, 0.75*size))
		}
	}
	for _, o := range t.overs() {
		sum := 2 * sep * float64(o.n-1)
		for j := range o.n {
			sum += widths[o.first+j]
		}
		if more := typeset(o.title, size) - sum; more > 0 {
			widths[o.first+o.n-1] += more
		}
	}
	width = first
	for _, w := range widths {
		width += w + 2*sep
	}
	return width, flexible
}

// typeset is about how wide a string is in Times, in points.
func typeset(s string, size float64) float64 {
	em := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune(" .,:;'|!ijlt/", r):
			em += 0.28
		case strings.ContainsRune("fr()-", r):
			em += 0.35
		case strings.ContainsRune("mwMW±=+†‡°↑↓–", r):
			em += 0.78
		case r >= 'A' && r <= 'Z':
			em += 0.7
		case r > 127:
			em += 3.5 // as its code point
			if _, ok := latexRunes[r]; ok || r >= 'À' && r <= 'ÿ' {
				em -= 3
			}
		default:
			em += 0.5
		}
	}
	return em * size
}
