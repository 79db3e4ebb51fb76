package reports

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
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
	var b bytes.Buffer
	err := pages.ExecuteTemplate(&b, "report.html", struct {
		Title, Sweep string
		Sections     []section
	}{r.title(), r.Plan.Sweep, r.sections()})
	if err != nil {
		return fmt.Errorf("report of %s: %w", r.Plan.Sweep, err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// inlineSVG is a figure of ours without what only a file of its own needs. It is
// the one thing that is not escaped: plots has escaped what is in it.
func inlineSVG(svg []byte) template.HTML {
	if at := bytes.Index(svg, []byte("<svg")); at > 0 {
		svg = svg[at:]
	}
	return template.HTML(svg) //nolint:gosec // see above
}
