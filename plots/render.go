package plots

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/mmibx/mmibx"
)

// Format is a kind of file.
type Format string

// The formats that Render writes.
const (
	PDF Format = "pdf" // with the glyphs that it uses embedded
	SVG Format = "svg" // text as text, in Liberation Sans, Arial or Helvetica
	PNG Format = "png" // 300 dots per inch
)

// FormatOf reads the format off the name of a file.
func FormatOf(file string) (Format, error) {
	f := Format(strings.ToLower(strings.TrimPrefix(filepath.Ext(file), ".")))
	if !slices.Contains([]Format{PDF, SVG, PNG}, f) {
		return "", &mmibx.InputError{File: file, Found: fmt.Sprintf("the extension %q", filepath.Ext(file)), Expected: ".pdf, .svg or .png"}
	}
	return f, nil
}

// Width is a column width in inches.
type Width float64

// Venues names the column widths of venues; "-wide" spans both columns.
var Venues = []struct {
	Name  string
	Width Width
}{
	{"acl", 3.03}, {"acl-wide", 6.30}, {"ieee", 3.5}, {"ieee-wide", 7.16}, {"neurips", 5.5},
}

// ParseWidth takes the name of a venue, or a number of inches.
func ParseWidth(s string) (Width, error) {
	var names []string
	for _, v := range Venues {
		if v.Name == s {
			return v.Width, nil
		}
		names = append(names, v.Name)
	}
	var w float64
	if n, err := fmt.Sscanf(s, "%fin", &w); err == nil && n == 1 && s == fmt.Sprintf("%gin", w) && w >= minWidth && w <= maxWidth {
		return Width(w), nil
	}
	return 0, &mmibx.InputError{
		Key: "width", Found: fmt.Sprintf("%q", s),
		Expected: fmt.Sprintf("one of %s, or inches such as 4.5in (%g to %g)", strings.Join(names, ", "), minWidth, maxWidth),
	}
}

const minWidth, maxWidth = 2.0, 20.0

// Render draws the figure at a width that fits a column; the height follows.
// The same figure gives the same bytes.
func (f *Figure) Render(w io.Writer, format Format, width Width) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("figure %q: %w", f.Title, err)
	}
	if !(width >= minWidth && width <= maxWidth) {
		return fmt.Errorf("figure %q: a width of %v inches", f.Title, width)
	}
	p := newPage(f, vg.Length(width)*vg.Inch)
	if p.boxWidth < 30 {
		return fmt.Errorf("figure %q: %d panels do not fit in %g inches", f.Title, len(f.Rows[0].Panels), width)
	}
	blob, err := p.encode(format)
	if err != nil {
		return fmt.Errorf("figure %q: %w", f.Title, err)
	}
	_, err = w.Write(blob)
	return err
}

func (p *page) encode(format Format) ([]byte, error) {
	var blob bytes.Buffer
	switch format {
	case PDF:
		canvas := newPDF(p.width, p.height, p.Title, p.provenance())
		p.draw(canvas)
		_, err := canvas.WriteTo(&blob)
		return blob.Bytes(), err
	case SVG:
		canvas := vgsvg.New(p.width, p.height)
		p.draw(canvas)
		_, err := canvas.WriteTo(&blob)
		return finishSVG(blob.Bytes(), p.Figure), err
	case PNG:
		canvas := vgimg.NewWith(vgimg.UseWH(p.width, p.height), vgimg.UseDPI(300))
		p.draw(canvas)
		return encodePNG(canvas.Image(), p.Title, p.provenance())
	}
	return nil, fmt.Errorf("unknown format %q", format)
}

// provenance is what the file says of itself: the caption and the runs.
func (f *Figure) provenance() string {
	if len(f.Runs) == 0 {
		return f.Caption()
	}
	return f.Caption() + " Runs: " + strings.Join(slices.Sorted(slices.Values(f.Runs)), " ")
}

// finishSVG names the fonts that stand in for Liberation Sans with the same
// widths, and adds title and provenance.
func finishSVG(blob []byte, f *Figure) []byte {
	blob = bytes.ReplaceAll(blob, []byte("font-family:Liberation Sans;font-variant:normal;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	about := fmt.Sprintf("<title>%s</title>\n<desc>%s</desc>\n", html.EscapeString(f.Title), html.EscapeString(f.provenance()))
	if at := bytes.Index(blob, []byte("<g ")); at >= 0 {
		blob = slices.Insert(blob, at, []byte(about)...)
	}
	return blob
}
