package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"
)

//go:embed report.html
var templates embed.FS

// HTML writes the report as one file that needs nothing else, no network
// either: figures are vectors inside it.
func (r *Report) HTML(w io.Writer) error {
	for _, t := range r.Tables {
		if err := t.check(); err != nil {
			return err
		}
	}
	sections := r.sections()
	for i := range sections {
		sections[i].oneWay()
	}
	var b bytes.Buffer
	err := pages.ExecuteTemplate(&b, "report.html", struct {
		Title    string
		Sections []section
	}{oneWay(r.title()), sections})
	if err != nil {
		return fmt.Errorf("report of %s: %w", r.Plan.Sweep, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// oneWay cleans all that is printed of a section, as of tables.
func (s *section) oneWay() {
	clean := func(list []string) []string { return each(list, oneWay) }
	s.Text = clean(s.Text)
	for i := range s.Grids {
		g := &s.Grids[i]
		g.Title, g.Foot, g.Head = oneWay(g.Title), oneWay(g.Foot), clean(g.Head)
		for j := range g.Rows {
			g.Rows[j] = clean(g.Rows[j])
		}
	}
	s.Pictures = slices.Clone(s.Pictures) // the report's own
	for i := range s.Pictures {
		p := &s.Pictures[i]
		p.Title, p.Caption = oneWay(p.Title), oneWay(p.Caption)
	}
	for i, code := range s.Code {
		s.Code[i] = strings.Join(clean(strings.Split(code, "\n")), "\n")
	}
}

var svgDescription = regexp.MustCompile(`(?s)<desc>.*?</desc>\n?`)

// inlineSVG is a figure of ours without what only a file of its own needs: what it
// rests on is a section of the report. It is the one thing that is not escaped:
// plots has escaped what is in it.
func inlineSVG(svg []byte) template.HTML {
	if at := bytes.Index(svg, []byte("<svg")); at > 0 {
		svg = svg[at:]
	}
	return template.HTML(svgDescription.ReplaceAll(svg, nil)) //nolint:gosec // see above
}

var gridNumber = regexp.MustCompile(`^[<+−]?[\d.]+$`)

// Classes say of each column how it is set: "n" for numbers, "w" for texts that are
// long and break.
func (g grid) Classes() []string {
	classes := make([]string, len(g.Head))
	for j := range classes {
		longest, numbers := 0, true
		for _, row := range g.Rows {
			longest = max(longest, len([]rune(row[j])))
			numbers = numbers && (row[j] == dash || gridNumber.MatchString(row[j]))
		}
		switch {
		case numbers && len(g.Rows) > 0:
			classes[j] = "n"
		case longest > 40:
			classes[j] = "w"
		}
	}
	return classes
}
