package reports

import (
	"fmt"
	"strings"
)

// siunitxSetup makes columns of siunitx (3 or later) print as others do: bold and
// italic, by the font of the text, ± with its deviation.
const siunitxSetup = `\sisetup{mode=text,reset-text-series=false,reset-text-shape=false,uncertainty-mode=separate,retain-zero-uncertainty=true}`

// column is what a column of numbers must hold, for LaTeX.
type column struct {
	spread string // the longest deviation, "" where there is none
	// Of a column of siunitx: the figures before the point and of the deviation, a
	// sign, and the widest of the raised signs.
	siunitx          bool
	whole, uncertain int
	signed           bool
	raised           string
}

// measure goes through the columns.
func (t *Table) measure(usual int) []column {
	columns := make([]column, len(t.Columns))
	for j := range columns {
		c := &columns[j]
		c.siunitx = t.SIunitx && budgets[t.Columns[j].Metric] == ""
		for _, row := range t.rows() {
			p := t.parts(&row.Cells[j], j, usual)
			if len(p.spread) > len(c.spread) {
				c.spread = p.spread
			}
			c.uncertain = max(c.uncertain, len(strings.TrimLeft(strings.ReplaceAll(p.spread, ".", ""), "0")), min(len(p.spread), t.digits(j)))
			if raised := p.raised(); typeset(raised, 1) > typeset(c.raised, 1) {
				c.raised = raised
			}
			if row.Cells[j].summary().HasMean() {
				whole, _, _ := strings.Cut(p.mean, ".")
				unsigned := strings.TrimPrefix(whole, "-")
				c.signed = c.signed || unsigned != whole
				c.whole = max(c.whole, len(unsigned))
			}
		}
	}
	return columns
}

// format is the column's letter and what siunitx keeps room for.
func (c *column) format(digits int) string {
	if !c.siunitx {
		return "r"
	}
	sign, uncertain := "", ""
	if c.signed {
		sign = "-"
	}
	if c.spread != "" {
		uncertain = fmt.Sprintf("(%d)", max(1, c.uncertain))
	}
	return fmt.Sprintf("S[table-format=%s%d.%d%s%s]", sign, max(1, c.whole), digits, uncertain, braced(raise(c.raised)))
}

// siunitxCell is a cell of such a column: what is no number stands in braces. Signs
// are raised where the number ends, into the room of a deviation that is not there.
func (c *column) siunitxCell(p parts, place standing) string {
	raised := raise(p.raised())
	if !p.number {
		return "{" + EscapeLaTeX(p.mean) + raised + "}"
	}
	number, style := p.mean, map[standing]string{best: `\bfseries `, second: `\itshape `}[place]
	if raised != "" && style != "" {
		raised = `\normalfont` + raised
	}
	switch {
	case p.spread != "":
		number += " +- " + p.spread
	case raised != "" && c.spread != "":
		raised = `\llap{\rlap{` + raised + `}\hphantom{\,$\pm$\,` + c.spread + `}}`
	}
	return style + number + braced(raised)
}

func braced(s string) string {
	if s == "" {
		return ""
	}
	return "{" + s + "}"
}

// secondStyle says how the second of a column is set: siunitx underlines no number.
func (t *Table) secondStyle() string {
	if t.SIunitx {
		return "italic"
	}
	return "underlined"
}
