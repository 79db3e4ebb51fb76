package plots

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"io"
	"math"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas is a vg.Canvas that writes SVG. It stands in for gonum's own, whose files
// are twice as large: this one writes places of the page, relative and to a hundredth
// of a point, says what all have alike once, and paints a sign and its edge in one.
//
// It names the fonts that stand in for Liberation Sans with the same widths, and says
// how wide each string is, so that it fits its place in another font too.
type svgCanvas struct {
	w, h  vg.Length
	head  string
	body  bytes.Buffer
	state svgState
	stack []svgState
	fill  *svgPath // was filled and is not yet written: its edge may follow
	err   error    // the first; vg.Canvas has no way to return one
}

type svgState struct {
	m      matrix
	color  color.NRGBA
	width  float64
	dashes string
}

// svgPath is a path with what it is painted with.
type svgPath struct{ data, paint string }

// svgFont and svgSize are those of text that says nothing else.
const (
	svgFont = "'Liberation Sans',Arial,Helvetica,sans-serif"
	svgSize = tickSize
)

func newSVG(w, h vg.Length, title, description string) *svgCanvas {
	c := &svgCanvas{w: w, h: h}
	wide, high := number(w.Points()), number(h.Points())
	c.head = fmt.Sprintf("<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%spt\" height=\"%spt\" viewBox=\"0 0 %s %s\">\n%s<g font-family=\"%s\" font-size=\"%s\" fill=\"%s\" stroke-linejoin=\"round\">\n",
		wide, high, wide, high, aboutSVG(title, description), svgFont, number(svgSize.Points()), hexOf(ink))
	c.state.m = matrix{1, 0, 0, -1, 0, h.Points()} // SVG counts y from the top
	vg.Initialize(c)
	return c
}

// Size is part of vg.CanvasSizer.
func (c *svgCanvas) Size() (w, h vg.Length)   { return c.w, c.h }
func (c *svgCanvas) SetLineWidth(w vg.Length) { c.state.width = w.Points() }
func (c *svgCanvas) Push()                    { c.stack = append(c.stack, c.state) }
func (c *svgCanvas) Rotate(rad float64)       { c.state.m.rotate(rad) }
func (c *svgCanvas) Translate(p vg.Point)     { c.state.m.translate(p) }
func (c *svgCanvas) Scale(x, y float64)       { c.state.m.scale(x, y) }
func (c *svgCanvas) SetColor(col color.Color) { c.state.color = nrgba(col) }

func (c *svgCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *svgCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.state.dashes = ""
	for _, d := range pattern {
		c.state.dashes += " " + number(d.Points())
	}
	if offset != 0 {
		c.fail(errors.New("plots draws no dashes with an offset"))
	}
}

// Fill waits for an edge of the same path.
func (c *svgCanvas) Fill(p vg.Path) {
	c.flush()
	c.fill = &svgPath{c.data(p), paintOf("fill", c.state.color)}
}

func (c *svgCanvas) Stroke(p vg.Path) {
	if c.state.width <= 0 {
		return
	}
	data, paint := c.data(p), paintOf("stroke", c.state.color)
	if c.state.width != 1 {
		paint += fmt.Sprintf(` stroke-width="%s"`, number(c.state.width))
	}
	if c.state.dashes != "" {
		paint += fmt.Sprintf(` stroke-dasharray="%s"`, c.state.dashes[1:])
	}
	if c.fill != nil && c.fill.data == data {
		c.fill.paint += paint
		c.flush()
		return
	}
	c.flush()
	c.write(svgPath{data, ` fill="none"` + paint})
}

func (c *svgCanvas) flush() {
	if c.fill != nil {
		c.write(*c.fill)
		c.fill = nil
	}
}

func (c *svgCanvas) write(p svgPath) { fmt.Fprintf(&c.body, "<path d=\"%s\"%s/>\n", p.data, p.paint) }

func (c *svgCanvas) FillString(face font.Face, pt vg.Point, text string) {
	c.flush()
	bold, size := face.Font.Weight >= xfont.WeightBold, face.Font.Size
	fmt.Fprintf(&c.body, `<text textLength="%s" lengthAdjust="spacingAndGlyphs"`, number(textWidth(text, size, bold).Points()))
	x, y := c.state.m.at(pt)
	if m := c.state.m; m[1] == 0 && m[2] == 0 {
		fmt.Fprintf(&c.body, ` x="%s" y="%s"`, number(x), number(y))
	} else { // letters stand upright in this system, so y is turned back
		fmt.Fprintf(&c.body, ` transform="matrix(%s %s %s %s %s %s)"`, number(m[0]), number(m[1]), number(-m[2]), number(-m[3]), number(x), number(y))
	}
	if size != svgSize {
		fmt.Fprintf(&c.body, ` font-size="%s"`, number(size.Points()))
	}
	if bold {
		c.body.WriteString(` font-weight="700"`)
	}
	if c.state.color != ink {
		c.body.WriteString(paintOf("fill", c.state.color))
	}
	fmt.Fprintf(&c.body, ">%s</text>\n", html.EscapeString(text))
}

// DrawImage is part of vg.Canvas; no figure here holds a raster.
func (c *svgCanvas) DrawImage(vg.Rectangle, image.Image) {
	c.fail(errors.New("plots draws no images into SVG"))
}

func (c *svgCanvas) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// WriteTo ends the document; the canvas cannot be drawn on after it.
func (c *svgCanvas) WriteTo(w io.Writer) (int64, error) {
	if c.err != nil {
		return 0, fmt.Errorf("svg: %w", c.err)
	}
	c.flush()
	n, err := io.WriteString(w, c.head+c.body.String()+"</g>\n</svg>\n")
	return int64(n), err
}

// data is a path as SVG has it: the beginning of each part by its place, what follows
// by how far it goes on.
func (c *svgCanvas) data(p vg.Path) string {
	t := trace{m: c.state.m}
	for i, comp := range p {
		switch {
		case comp.Type == vg.MoveComp:
			t.move(comp.Pos)
		case comp.Type == vg.LineComp:
			t.line(comp.Pos)
		case comp.Type == vg.CloseComp:
			t.close()
		case comp.Type == vg.ArcComp && math.Abs(comp.Angle) == 2*math.Pi && i > 0 && p[i-1].Type == vg.MoveComp:
			t.circle(comp)
		default:
			c.fail(errors.New("plots draws no curves into SVG but whole circles"))
		}
	}
	return t.String()
}

// trace writes a path in hundredths of a point; rounding does not add up, since it is
// the rounded place from which the next one is reached.
type trace struct {
	strings.Builder
	m      matrix
	x, y   int // where it is
	x0, y0 int // where this part of it began
}

func (t *trace) place(p vg.Point) (x, y int) {
	fx, fy := t.m.at(p)
	return int(math.Round(100 * fx)), int(math.Round(100 * fy))
}

func (t *trace) move(p vg.Point) {
	t.x, t.y = t.place(p)
	t.x0, t.y0 = t.x, t.y
	t.WriteString("M" + hundredths(t.x, t.y))
}

func (t *trace) line(p vg.Point) {
	x, y := t.place(p)
	switch dx, dy := x-t.x, y-t.y; {
	case dy == 0:
		t.WriteString("h" + hundredths(dx))
	case dx == 0:
		t.WriteString("v" + hundredths(dy))
	default:
		t.WriteString("l" + hundredths(dx, dy))
	}
	t.x, t.y = x, y
}

func (t *trace) close() {
	t.WriteByte('z')
	t.x, t.y = t.x0, t.y0
}

// circle goes around from where it is by two halves, because an arc that ends where
// it begins is none.
func (t *trace) circle(comp vg.PathComp) {
	x, y := t.place(comp.Pos)
	dx, dy := 2*(x-t.x), 2*(y-t.y)
	r := hundredths(int(math.Round(100 * comp.Radius.Points())))
	fmt.Fprintf(t, "a%s %s 0 1 0 %sa%s %s 0 1 0 %s", r, r, hundredths(dx, dy), r, r, hundredths(-dx, -dy))
}

// hundredths writes numbers as short as they read back.
func hundredths(values ...int) string {
	var b strings.Builder
	for i, v := range values {
		s := number(float64(v) / 100)
		if whole, rest, ok := strings.Cut(s, "."); ok && strings.TrimPrefix(whole, "-") == "0" {
			s = whole[:len(whole)-1] + "." + rest
		}
		if i > 0 && s[0] != '-' {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

// paintOf is the attributes of a colour.
func paintOf(what string, c color.NRGBA) string {
	s := fmt.Sprintf(` %s="%s"`, what, hexOf(c))
	if c.A < 0xff {
		s += fmt.Sprintf(` %s-opacity="%s"`, what, number(float64(c.A)/255))
	}
	return s
}

func hexOf(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// nrgba is a colour as vg.Canvas takes it, black for none.
func nrgba(c color.Color) color.NRGBA {
	if c == nil {
		return color.NRGBA{A: 0xff}
	}
	return color.NRGBAModel.Convert(c).(color.NRGBA)
}
