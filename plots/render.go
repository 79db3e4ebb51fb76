package plots

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"

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
	return f.render(w, format, width, f.Caption(), func(width vg.Length) (sheet, error) {
		if err := f.check(); err != nil {
			return sheet{}, err
		}
		p := newPage(f, width)
		if p.boxWidth < 30 {
			return sheet{}, fmt.Errorf("%d panels do not fit in %g inches", len(f.Rows[0].Panels), width/vg.Inch)
		}
		return sheet{p.width, p.height, p.draw}, nil
	})
}

func (s sheet) encode(format Format, title, description string) ([]byte, error) {
	var blob bytes.Buffer
	switch format {
	case PDF:
		canvas := newPDF(s.width, s.height, title, description)
		s.draw(canvas)
		_, err := canvas.WriteTo(&blob)
		return blob.Bytes(), err
	case SVG:
		canvas := newSVG(s.width, s.height, title, description)
		s.draw(canvas)
		_, err := canvas.WriteTo(&blob)
		return blob.Bytes(), err
	case PNG:
		canvas := vgimg.NewWith(vgimg.UseWH(s.width, s.height), vgimg.UseDPI(300))
		s.draw(canvas)
		return encodePNG(canvas.Image(), title, description)
	}
	return nil, fmt.Errorf("unknown format %q", format)
}
