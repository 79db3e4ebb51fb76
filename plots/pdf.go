package plots

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pdfCanvas is a vg.Canvas that writes PDF. It stands in for gonum's own, which
// embeds whole fonts through the code page 1252 (410 KB, and no β or −): this
// one embeds only the glyphs that were drawn, as Unicode, and writes the same
// bytes each time.
//
// It keeps the transformation itself and writes page coordinates, so that the
// page has no nested graphics states but around a string.
type pdfCanvas struct {
	doc   *fpdf.Fpdf
	w, h  vg.Length
	state pdfState
	stack []pdfState
	fonts map[string][]rune // drawn, by style
	err   error             // the first; vg.Canvas has no way to return one
}

type pdfState struct {
	m      matrix
	color  color.NRGBA
	width  float64
	dashes string
}

// family is what fpdf knows the font by. Its length leaves room for the name
// that a subset must have, since offsets depend on it.
const family = "liberationsans-of-a-figure"

// epoch dates every file, because a date of today would change its bytes.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func newPDF(w, h vg.Length, title, subject string) *pdfCanvas {
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: w.Points(), Ht: h.Points()}})
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.SetCatalogSort(true)
	doc.SetCreationDate(epoch)
	doc.SetModificationDate(epoch)
	doc.SetProducer("mmibx", true)
	doc.SetTitle(title, true)
	doc.SetSubject(subject, true)
	doc.AddPage()
	doc.RawWriteStr("1 j 1 J")
	c := &pdfCanvas{doc: doc, w: w, h: h, fonts: map[string][]rune{}}
	c.state.m = matrix{1, 0, 0, 1, 0, 0}
	vg.Initialize(c)
	return c
}

func (c *pdfCanvas) Size() (w, h vg.Length)   { return c.w, c.h }
func (c *pdfCanvas) SetLineWidth(w vg.Length) { c.state.width = w.Points() }
func (c *pdfCanvas) Push()                    { c.stack = append(c.stack, c.state) }
func (c *pdfCanvas) Rotate(rad float64)       { c.state.m.rotate(rad) }
func (c *pdfCanvas) Translate(p vg.Point)     { c.state.m.translate(p) }
func (c *pdfCanvas) Scale(x, y float64)       { c.state.m.scale(x, y) }
func (c *pdfCanvas) SetColor(col color.Color) { c.state.color = nrgba(col) }

func (c *pdfCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	parts := make([]string, len(pattern))
	for i, d := range pattern {
		parts[i] = number(d.Points())
	}
	c.state.dashes = fmt.Sprintf("[%s] %s d", strings.Join(parts, " "), number(offset.Points()))
}

func (c *pdfCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *pdfCanvas) Stroke(p vg.Path) {
	if c.state.width > 0 {
		c.paint(p, "S")
	}
}

func (c *pdfCanvas) Fill(p vg.Path) { c.paint(p, "f") }

func (c *pdfCanvas) paint(p vg.Path, operator string) {
	c.alpha()
	col := c.state.color
	r, g, b := number(float64(col.R)/255), number(float64(col.G)/255), number(float64(col.B)/255)
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s %s RG %s %s %s rg %s w %s\n", r, g, b, r, g, b, number(c.state.width), c.state.dashes)
	for i, comp := range p {
		switch comp.Type {
		case vg.MoveComp:
			out.WriteString(c.at(comp.Pos) + " m\n")
		case vg.LineComp:
			out.WriteString(c.at(comp.Pos) + " l\n")
		case vg.CurveComp:
			out.WriteString(c.curve(comp))
		case vg.ArcComp:
			out.WriteString(c.arc(comp, i == 0))
		case vg.CloseComp:
			out.WriteString("h\n")
		}
	}
	c.doc.RawWriteStr(out.String() + operator)
}

// curve writes a cubic; a quadratic, which PDF lacks, is not drawn by this package.
func (c *pdfCanvas) curve(comp vg.PathComp) string {
	if len(comp.Control) != 2 {
		c.fail(fmt.Errorf("a curve with %d control points", len(comp.Control)))
		return ""
	}
	return c.at(comp.Control[0]) + " " + c.at(comp.Control[1]) + " " + c.at(comp.Pos) + " c\n"
}

// arc writes cubics of a quarter turn at most, which miss the circle by less
// than 0.03 % of its radius.
func (c *pdfCanvas) arc(comp vg.PathComp, first bool) string {
	var out strings.Builder
	on := func(a float64, tangent float64) vg.Point {
		s, k := math.Sincos(a)
		return vg.Point{
			X: comp.Pos.X + comp.Radius*vg.Length(k-tangent*s),
			Y: comp.Pos.Y + comp.Radius*vg.Length(s+tangent*k),
		}
	}
	join := " l\n"
	if first {
		join = " m\n"
	}
	out.WriteString(c.at(on(comp.Start, 0)) + join)
	pieces := max(1, int(math.Ceil(math.Abs(comp.Angle)/(math.Pi/2)-1e-9)))
	step := comp.Angle / float64(pieces)
	k := 4.0 / 3 * math.Tan(step/4)
	for i := range pieces {
		a := comp.Start + float64(i)*step
		out.WriteString(c.at(on(a, k)) + " " + c.at(on(a+step, -k)) + " " + c.at(on(a+step, 0)) + " c\n")
	}
	return out.String()
}

func (c *pdfCanvas) FillString(face font.Face, pt vg.Point, text string) {
	style := ""
	if face.Font.Weight >= xfont.WeightBold {
		style += "B"
	}
	if face.Font.Style != xfont.StyleNormal {
		style += "I"
	}
	if c.fonts[style] == nil {
		var ttf bytes.Buffer
		if _, err := face.Face.WriteSourceTo(nil, &ttf); err != nil {
			c.fail(err)
			return
		}
		c.doc.AddUTF8FontFromBytes(family, style, ttf.Bytes())
	}
	c.fonts[style] = append(c.fonts[style], []rune(text)...)
	c.alpha()
	c.doc.SetFont(family, style, face.Font.Size.Points())
	c.doc.SetTextColor(int(c.state.color.R), int(c.state.color.G), int(c.state.color.B))
	m := c.state.m
	at := c.at(pt)
	c.doc.RawWriteStr(fmt.Sprintf("q %s %s %s %s %s cm", number(m[0]), number(m[1]), number(m[2]), number(m[3]), at))
	c.doc.Text(0, c.h.Points(), text) // fpdf counts y from the top
	c.doc.RawWriteStr("Q")
}

// DrawImage is part of vg.Canvas; no figure here holds a raster.
func (c *pdfCanvas) DrawImage(vg.Rectangle, image.Image) {
	c.fail(fmt.Errorf("plots draws no images into PDF"))
}

func (c *pdfCanvas) alpha() { c.doc.SetAlpha(float64(c.state.color.A)/255, "Normal") }

func (c *pdfCanvas) at(p vg.Point) string {
	x, y := c.state.m.at(p)
	return number(x) + " " + number(y)
}

func (c *pdfCanvas) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// WriteTo ends the document; the canvas cannot be drawn on after it.
func (c *pdfCanvas) WriteTo(w io.Writer) (int64, error) {
	if c.err != nil {
		return 0, fmt.Errorf("pdf: %w", c.err)
	}
	var out bytes.Buffer
	if err := c.doc.Output(&out); err != nil {
		return 0, fmt.Errorf("pdf: %w", err)
	}
	n, err := w.Write(c.nameSubsets(withoutPageGroup(out.Bytes())))
	return int64(n), err
}

// nameSubsets gives the embedded fonts the names of subsets, six capitals and a
// plus before the font's own (ISO 32000-1, 9.6.4): checkers of camera-ready
// papers ask for them, and fpdf embeds a subset under another name. The capitals
// follow from the characters that are drawn.
func (c *pdfCanvas) nameSubsets(blob []byte) []byte {
	for _, style := range []string{"BI", "B", "I", ""} { // the longest name first
		drawn := slices.Compact(slices.Sorted(slices.Values(c.fonts[style])))
		if len(drawn) == 0 {
			continue
		}
		sum := sha256.Sum256([]byte(string(drawn)))
		name := make([]byte, 6)
		for i := range name {
			name[i] = 'A' + sum[i]%26
		}
		name = append(name, "+LiberationSans"+map[string]string{"": "", "B": "-Bold", "I": "-Italic", "BI": "-BoldItalic"}[style]...)
		old := []byte("/utf8" + family + style)
		blob = bytes.ReplaceAll(blob, old, append([]byte("/"), append(name, bytes.Repeat([]byte(" "), len(old)-1-len(name))...)...))
	}
	return blob
}

// withoutPageGroup blanks the transparency group of the page, which is of no use
// to a figure: pdfTeX warns of every second one on a page. The length stays,
// since offsets depend on it.
func withoutPageGroup(blob []byte) []byte {
	group := []byte("/Group <</Type /Group /S /Transparency /CS /DeviceRGB>>")
	return bytes.ReplaceAll(blob, group, bytes.Repeat([]byte(" "), len(group)))
}

// number writes at most three decimals, which is a 72,000th of an inch.
func number(v float64) string {
	s := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}
