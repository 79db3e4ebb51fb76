// Package widget paints tables, charts, heat maps, bars and logs on a grid of
// terminal cells. It knows no domain: its callers hand it text and numbers.
//
// Everything is painted on a Canvas, which clips. A picture therefore has
// exactly the size it was asked for, whatever is painted and however wide its
// characters are; no widget pads or measures to stay in shape.
package widget

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Rect is a part of a grid, in cells.
type Rect struct{ X, Y, W, H int }

// Top cuts n rows off the top of r.
func (r Rect) Top(n int) (top, rest Rect) {
	n = max(0, min(n, r.H))
	return Rect{r.X, r.Y, r.W, n}, Rect{r.X, r.Y + n, r.W, r.H - n}
}

// Left cuts n columns off the left of r.
func (r Rect) Left(n int) (left, rest Rect) {
	n = max(0, min(n, r.W))
	return Rect{r.X, r.Y, n, r.H}, Rect{r.X + n, r.Y, r.W - n, r.H}
}

// has says whether the cell lies in r.
func (r Rect) has(x, y int) bool {
	return x >= r.X && y >= r.Y && x < r.X+r.W && y < r.Y+r.H
}

// within is the part of r that lies in outer.
func (r Rect) within(outer Rect) Rect {
	x, y := max(r.X, outer.X), max(r.Y, outer.Y)
	return Rect{
		x, y,
		max(0, min(r.X+r.W, outer.X+outer.W)-x),
		max(0, min(r.Y+r.H, outer.Y+outer.H)-y),
	}
}

// Span is text in one ink.
type Span struct {
	Text string
	Ink  Ink
}

// cell is one place of the grid. A character two cells wide stands in the first
// and leaves the second with no text.
type cell struct {
	text  string
	ink   Ink
	lit   bool   // under the cursor
	above uint32 // of a picture: the colours of the cell's halves, with picture set
	below uint32
}

// grid is what all canvases of one picture share.
type grid struct {
	w, h  int
	cells []cell
	spots []spot
	grips []Grip

	painter Painter
	placed  []Placed
}

// Canvas is a window on a grid. Its origin is its own upper left corner, and
// nothing painted on it shows outside it.
type Canvas struct {
	grid *grid
	r    Rect // on the grid
	clip Rect // the part of r that shows
}

// NewCanvas returns an empty canvas of w x h cells.
func NewCanvas(w, h int) Canvas {
	w, h = max(0, w), max(0, h)
	g := &grid{w: w, h: h, cells: make([]cell, w*h), painter: HalfBlocks{}}
	for i := range g.cells {
		g.cells[i].text = " "
	}
	all := Rect{0, 0, w, h}
	return Canvas{grid: g, r: all, clip: all}
}

// W is the canvas's width.
func (c Canvas) W() int { return c.r.W }

// H is the canvas's height.
func (c Canvas) H() int { return c.r.H }

// Bounds is the whole canvas in its own coordinates.
func (c Canvas) Bounds() Rect { return Rect{0, 0, c.r.W, c.r.H} }

// In is the part r of the canvas.
func (c Canvas) In(r Rect) Canvas {
	r.X, r.Y = r.X+c.r.X, r.Y+c.r.Y
	return Canvas{grid: c.grid, r: r, clip: r.within(c.clip)}
}

// Print paints spans from x on in row y and returns the column after them. What
// does not fit is cut, the last cell then shows an ellipsis.
func (c Canvas) Print(x, y int, spans ...Span) int {
	for i, s := range spans {
		var whole bool
		if x, whole = c.print(x, y, s); !whole {
			return x
		}
		if x >= c.r.W && Width(spans[i+1:]...) > 0 {
			c.set(c.r.W-1, y, "…", s.Ink)
			return x
		}
	}
	return x
}

// print paints one span and says whether all of it fitted.
func (c Canvas) print(x, y int, s Span) (int, bool) {
	text := Clean(s.Text)
	for len(text) > 0 {
		glyph, w := next(text)
		text = text[len(glyph):]
		if w == 0 { // a mark that belongs to the cell before
			c.join(x-1, y, glyph)
			continue
		}
		if x+w > c.r.W {
			c.set(c.r.W-1, y, "…", s.Ink)
			return c.r.W, false
		}
		c.set(x, y, glyph, s.Ink)
		if w == 2 {
			c.set(x+1, y, "", s.Ink)
		}
		x += w
	}
	return x, true
}

// Right paints spans so that they end before column x and returns where they
// begin.
func (c Canvas) Right(x, y int, spans ...Span) int {
	start := x - Width(spans...)
	c.Print(max(0, start), y, spans...)
	return start
}

// next is the first character of a clean text, with its width in cells.
func next(text string) (string, int) {
	if b := text[0]; b < 0x80 && (len(text) == 1 || text[1] < 0x80) {
		return text[:1], 1
	}
	return ansi.FirstGraphemeCluster(text, ansi.GraphemeWidth)
}

// Width counts the cells that spans take when nothing cuts them.
func Width(spans ...Span) int {
	n := 0
	for _, s := range spans {
		n += ansi.StringWidth(Clean(s.Text))
	}
	return n
}

// set writes one cell and repairs the wide character that it may cut in two.
func (c Canvas) set(x, y int, text string, ink Ink) {
	x, y = x+c.r.X, y+c.r.Y
	if !c.clip.has(x, y) {
		return
	}
	row := c.grid.cells[y*c.grid.w : (y+1)*c.grid.w]
	if row[x].text == "" && text != "" && x > 0 {
		row[x-1].text = " "
	}
	if x+1 < len(row) && row[x+1].text == "" {
		row[x+1].text = " "
	}
	if text == "" && (x == 0 || !c.clip.has(x-1, y)) {
		text = " "
	}
	row[x].text, row[x].ink, row[x].above, row[x].below = text, ink, 0, 0
}

// join hangs a combining mark on a cell.
func (c Canvas) join(x, y int, mark string) {
	x, y = x+c.r.X, y+c.r.Y
	if !c.clip.has(x, y) {
		return
	}
	at := &c.grid.cells[y*c.grid.w+x]
	if at.text != "" && len(at.text) < 16 {
		at.text += mark
	}
}

// Fill paints every cell of r with one character of width 1.
func (c Canvas) Fill(r Rect, glyph string, ink Ink) {
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			c.set(x, y, glyph, ink)
		}
	}
}

// Wipe empties the canvas.
func (c Canvas) Wipe() {
	c.Fill(c.Bounds(), " ", Plain)
	for y := c.clip.Y; y < c.clip.Y+c.clip.H; y++ {
		for x := c.clip.X; x < c.clip.X+c.clip.W; x++ {
			c.grid.cells[y*c.grid.w+x].lit = false
		}
	}
}

// Light marks the cells of r as lying under the cursor, whatever their ink.
func (c Canvas) Light(r Rect) {
	r.X, r.Y = r.X+c.r.X, r.Y+c.r.Y
	r = r.within(c.clip)
	for y := r.Y; y < r.Y+r.H; y++ {
		for x := r.X; x < r.X+r.W; x++ {
			c.grid.cells[y*c.grid.w+x].lit = true
		}
	}
}

// String is the whole picture in the theme's colours: exactly its height in
// lines of exactly its width.
func (c Canvas) String(t *Theme) string {
	var b strings.Builder
	b.Grow(len(c.grid.cells) * 2)
	for y := range c.grid.h {
		if y > 0 {
			b.WriteByte('\n')
		}
		var ink Ink
		var lit bool
		for _, cell := range c.grid.cells[y*c.grid.w : (y+1)*c.grid.w] {
			if cell.above&picture != 0 {
				b.WriteString(t.pixels(cell.above, cell.below))
				ink, lit = numInks, false // whatever comes next says its own
				continue
			}
			if cell.above&placeholder != 0 {
				b.WriteString(imageCell(cell))
				ink, lit = numInks, false
				continue
			}
			if cell.ink != ink || cell.lit != lit {
				ink, lit = cell.ink, cell.lit
				b.WriteString(t.sequence(ink, lit))
			}
			b.WriteString(cell.text)
		}
		if ink != Plain || lit {
			b.WriteString(reset)
		}
	}
	return b.String()
}
