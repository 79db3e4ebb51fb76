package reports

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
)

// HTML writes the table as a fragment: a table with a caption, and the runs
// behind each cell as its title, which a browser shows where the mouse rests.
func (t *Table) HTML(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, "table", t.page()); err != nil {
		return fmt.Errorf("table %q: %w", t.Name, err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// tablePage is a table as the template wants it.
type tablePage struct {
	Caption, Corner string
	Columns         []string
	Groups          []groupPage
}

type groupPage struct {
	Title string
	Apart bool
	Span  int
	Rows  []rowPage
}

type rowPage struct {
	Title string
	Cells []cellPage
}

type cellPage struct {
	Mean, Spread, Marks string
	N                   int
	Class, Title        string
	Sort                string // the mean in full, to sort by
}

func (t *Table) page() tablePage {
	places, usual := t.standings(), t.usualN()
	p := tablePage{Caption: oneWay(t.caption("Bold", "underlined")), Corner: oneWay(t.Corner)}
	for _, c := range t.Columns {
		p.Columns = append(p.Columns, oneWay(strings.ReplaceAll(c.head(), "\n", " ")))
	}
	for g := range t.Groups {
		group := groupPage{Title: oneWay(t.Groups[g].Title), Apart: t.Groups[g].Apart, Span: len(t.Columns) + 1}
		for r := range t.Groups[g].Rows {
			row := &t.Groups[g].Rows[r]
			out := rowPage{Title: oneWay(row.Title)}
			for j := range row.Cells {
				c := &row.Cells[j]
				cell := t.parts(c, j, usual)
				page := cellPage{
					Mean: cell.mean, Spread: cell.spread, Marks: cell.marks, N: cell.n,
					Class: placeNames[places[c]],
				}
				if len(c.Runs) > 0 {
					page.Title = "runs " + strings.Join(c.Runs, " ")
				}
				if s := c.summary(); s.HasMean() {
					page.Sort = fmt.Sprint(s.Mean)
				}
				out.Cells = append(out.Cells, page)
			}
			group.Rows = append(group.Rows, out)
		}
		p.Groups = append(p.Groups, group)
	}
	return p
}

// oneWay takes out the characters that turn the direction of what follows, and
// those that no page may hold.
func oneWay(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return ' '
		}
		return r
	}, s)
}

// pages are the templates of HTML. What they print is escaped where it stands:
// names come from files that people wrote.
var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"page":   func(t *Table) tablePage { return t.page() },
	"vector": func(svg []byte) template.HTML { return inlineSVG(svg) },
}).ParseFS(templates, "report.html"))
