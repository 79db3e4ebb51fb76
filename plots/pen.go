package plots

import (
	"image/color"
	"math"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
)

// pen draws the few things that figures are made of, in points.
type pen struct {
	canvas vg.Canvas
}

// Sizes of text, in points, as venues ask for them.
const (
	tickSize  vg.Length = 7
	labelSize vg.Length = 8
)

var (
	ink       = color.NRGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
	axisGrey  = color.NRGBA{R: 0x55, G: 0x55, B: 0x55, A: 0xff}
	boundGrey = color.NRGBA{R: 0x66, G: 0x66, B: 0x66, A: 0xff}
	gridGrey  = color.NRGBA{R: 0xe6, G: 0xe6, B: 0xe6, A: 0xff}
	paper     = color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
)

// okabeIto is the palette of Okabe and Ito (2008), without its yellow, which is
// too light for a line on white, with its black and a wine red of Tol's last.
var okabeIto = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // bluish green
	{0xcc, 0x79, 0xa7, 0xff}, // reddish purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky blue
	{0x00, 0x00, 0x00, 0xff}, // black
	{0x88, 0x22, 0x55, 0xff}, // wine
}

var dashes = [][]vg.Length{nil, {4, 1.5}, {1.2, 1.2}, {5, 1.3, 1.2, 1.3}, {2.4, 1}, {6, 1.2, 1.2, 1.2, 1.2, 1.2}, {8, 2}, {1.2, 2.4}}

// boundDashes tell ceilings from each other and, being thin and grey, from series.
var boundDashes = [][]vg.Length{{3, 1.8}, {0.8, 1.4}, {6, 1.6}, {4, 1.4, 0.8, 1.4}}

func tint(c color.NRGBA, alpha uint8) color.NRGBA { c.A = alpha; return c }

// face is a cut of Liberation Sans.
func face(size vg.Length, bold bool) font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return faces.Lookup(f, size)
}

var faces = font.NewCache(liberation.Collection())

// printable replaces what the font has no glyph for, so that no PDF carries an
// empty box without anybody noticing.
func printable(s string) string {
	var buf sfnt.Buffer
	glyphs := face(labelSize, false).Face
	return strings.Map(func(r rune) rune {
		if g, err := glyphs.GlyphIndex(&buf, r); err != nil || g == 0 {
			return '?'
		}
		return r
	}, s)
}

func textWidth(s string, size vg.Length, bold bool) vg.Length {
	f := face(size, bold)
	return f.Width(printable(s))
}

// shorten cuts a string that is wider than its room and ends it with an ellipsis.
func shorten(s string, size vg.Length, bold bool, room vg.Length) string {
	if textWidth(s, size, bold) <= room {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && textWidth(string(runes)+"…", size, bold) > room {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,") + "…"
}

// broken is a bold string on one line or, where it is wider than its room and has a
// space, on two.
func broken(s string, size, room vg.Length) []string {
	at := -1
	for i, r := range s {
		if r == ' ' && (at < 0 || max(i, len(s)-i) < max(at, len(s)-at)) {
			at = i
		}
	}
	if at < 0 || textWidth(s, size, true) <= room {
		return []string{shorten(s, size, true, room)}
	}
	return []string{shorten(s[:at], size, true, room), shorten(s[at+1:], size, true, room)}
}

// text puts a string with its anchor (0 left, 0.5 middle, 1 right) on the
// baseline at (x, y).
func (p pen) text(x, y vg.Length, s string, size vg.Length, bold bool, anchor float64) {
	if s == "" {
		return
	}
	p.canvas.SetColor(ink)
	x -= vg.Length(anchor) * textWidth(s, size, bold)
	p.canvas.FillString(face(size, bold), vg.Point{X: x, Y: y}, printable(s))
}

// textIn is text in another colour than ink, with its left end at x.
func (p pen) textIn(c color.Color, x, y vg.Length, s string, size vg.Length) {
	p.canvas.SetColor(c)
	p.canvas.FillString(face(size, false), vg.Point{X: x, Y: y}, printable(s))
}

// textUp is text that reads upwards, centred at y.
func (p pen) textUp(x, y vg.Length, s string, size vg.Length) {
	p.canvas.Push()
	p.canvas.Translate(vg.Point{X: x, Y: y})
	p.canvas.Rotate(math.Pi / 2)
	p.text(0, 0, s, size, false, 0.5)
	p.canvas.Pop()
}

// tick prints a tick's label centred at x.
func (p pen) tick(x, y vg.Length, t tick) {
	if !t.power {
		p.text(x, y, t.label, tickSize, false, 0.5)
		return
	}
	base := textWidth("10", tickSize, false)
	x -= tickWidth(t) / 2
	p.text(x, y, "10", tickSize, false, 0)
	p.text(x+base+0.4, y+2.6, t.label, powerSize, false, 0)
}

const powerSize vg.Length = 5.5

func tickWidth(t tick) vg.Length {
	if !t.power {
		return textWidth(t.label, tickSize, false)
	}
	return textWidth("10", tickSize, false) + 0.4 + textWidth(t.label, powerSize, false)
}

func (p pen) stroke(c color.Color, width vg.Length, dash []vg.Length, points ...vg.Point) {
	if len(points) < 2 {
		return
	}
	p.canvas.SetColor(c)
	p.canvas.SetLineWidth(width)
	p.canvas.SetLineDash(dash, 0)
	p.canvas.Stroke(polygon(points))
}

func (p pen) fill(c color.Color, points ...vg.Point) {
	if len(points) < 3 {
		return
	}
	p.canvas.SetColor(c)
	path := polygon(points)
	path.Close()
	p.canvas.Fill(path)
}

func (p pen) rect(c color.Color, x0, y0, x1, y1 vg.Length) {
	p.fill(c, vg.Point{X: x0, Y: y0}, vg.Point{X: x1, Y: y0}, vg.Point{X: x1, Y: y1}, vg.Point{X: x0, Y: y1})
}

func polygon(points []vg.Point) vg.Path {
	var path vg.Path
	path.Move(points[0])
	for _, q := range points[1:] {
		path.Line(q)
	}
	return path
}

func circle(at vg.Point, r vg.Length) vg.Path {
	var path vg.Path
	path.Move(vg.Point{X: at.X + r, Y: at.Y})
	path.Arc(at, r, 0, 2*math.Pi)
	path.Close()
	return path
}

func (p pen) dot(c color.Color, at vg.Point, r vg.Length) {
	p.canvas.SetColor(c)
	p.canvas.Fill(circle(at, r))
}

// dots are many dots in one path.
func (p pen) dots(c color.Color, at []vg.Point, r vg.Length) {
	var path vg.Path
	for _, q := range at {
		path = append(path, circle(q, r)...)
	}
	if len(path) > 0 {
		p.canvas.SetColor(c)
		p.canvas.Fill(path)
	}
}

func (p pen) ring(at vg.Point) {
	p.canvas.SetColor(ink)
	p.canvas.SetLineWidth(0.7)
	p.canvas.SetLineDash(nil, 0)
	p.canvas.Stroke(circle(at, 3.7))
}

func (p pen) cross(c color.Color, at vg.Point) {
	const r = 2
	p.stroke(c, 0.9, nil, vg.Point{X: at.X - r, Y: at.Y - r}, vg.Point{X: at.X + r, Y: at.Y + r})
	p.stroke(c, 0.9, nil, vg.Point{X: at.X - r, Y: at.Y + r}, vg.Point{X: at.X + r, Y: at.Y - r})
}

const numMarkers = 6

// marker draws a filled sign with a thin white edge, so that it stays apart
// from lines and dots under it.
func (p pen) marker(l look, at vg.Point) {
	var path vg.Path
	turn := func(corners int, r vg.Length, start float64) {
		for i := range corners {
			s, c := math.Sincos(start + 2*math.Pi*float64(i)/float64(corners))
			q := vg.Point{X: at.X + r*vg.Length(c), Y: at.Y + r*vg.Length(s)}
			if i == 0 {
				path.Move(q)
			} else {
				path.Line(q)
			}
		}
		path.Close()
	}
	switch l.marker {
	case 0:
		path = circle(at, 1.9)
	case 1:
		turn(4, 2.5, math.Pi/4) // square
	case 2:
		turn(3, 2.7, math.Pi/2) // triangle
	case 3:
		turn(4, 2.6, 0) // diamond
	case 4:
		turn(3, 2.7, -math.Pi/2) // triangle, point down
	case 5:
		turn(5, 2.5, math.Pi/2) // pentagon
	}
	p.canvas.SetColor(l.color)
	p.canvas.Fill(path)
	p.canvas.SetColor(paper)
	p.canvas.SetLineWidth(0.5)
	p.canvas.SetLineDash(nil, 0)
	p.canvas.Stroke(path)
}
