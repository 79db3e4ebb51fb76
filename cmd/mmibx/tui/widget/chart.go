package widget

import (
	"fmt"
	"math"
	"strconv"
)

// Chart is a line chart in braille dots, two by four to a cell.
type Chart struct {
	X, Y     []float64 // of the points, X rising; points that are not finite break the line
	From, To float64   // ends of the X axis; equal: those of the points
	Empty    string
}

// Draw paints the axes and the line.
func (ch Chart) Draw(c Canvas) {
	low, high := extent(ch.Y)
	if low > high || c.H() < 3 || c.W() < 12 {
		c.Print(0, c.H()/2, Span{ch.Empty, Faint})
		return
	}
	if high-low < 1e-9 {
		low, high = low-0.5, high+0.5
	}
	from, to := ch.From, ch.To
	if to <= from {
		if from, to = extent(ch.X); to <= from {
			to = from + 1
		}
	}
	label := max(len(axis(low, high-low)), len(axis(high, high-low))) + 1
	plot := c.In(Rect{label + 1, 0, c.W() - label - 1, c.H() - 1})
	d := newDots(plot.W(), plot.H())
	px := func(x float64) int { return int((x-from)/(to-from)*float64(d.w*2-1) + 0.5) }
	py := func(y float64) int { return int((high-y)/(high-low)*float64(d.h*4-1) + 0.5) }
	last := -1
	for i, y := range ch.Y {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			last = -1
			continue
		}
		if last >= 0 {
			d.line(px(ch.X[last]), py(ch.Y[last]), px(ch.X[i]), py(y))
		} else {
			d.set(px(ch.X[i]), py(y))
		}
		last = i
	}
	d.draw(plot)
	ch.axes(c, label, low, high, from, to)
}

// axes paints labels at the left at every third row or so, and the ends of the
// X axis below.
func (ch Chart) axes(c Canvas, label int, low, high, from, to float64) {
	h := c.H() - 1
	c.Fill(Rect{label, 0, 1, h}, "│", Border)
	c.Fill(Rect{label, h, c.W() - label, 1}, "─", Border)
	c.Print(label, h, Span{"└", Border})
	ticks := max(1, (h-1)/3)
	for i := range ticks + 1 {
		y := i * (h - 1) / ticks
		text := axis(high-(high-low)*float64(y)/float64(max(1, h-1)), high-low)
		c.Right(label-1, y, Span{text, Faint})
		c.Print(label, y, Span{"┤", Border})
	}
	c.Print(label+1, h, Span{short(from), Faint})
	c.Right(c.W(), h, Span{short(to), Faint})
}

// axis prints a number with as many decimals as a range needs.
func axis(v, span float64) string {
	decimals := max(0, min(1-int(math.Floor(math.Log10(span))), 6))
	if span >= 1e6 {
		return fmt.Sprintf("%.1e", v)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// dots is a bitmap of w x h cells.
type dots struct {
	w, h int
	bits []uint8
}

func newDots(w, h int) dots {
	w, h = max(0, w), max(0, h)
	return dots{w, h, make([]uint8, w*h)}
}

// braille[y][x] is the bit of a dot within its cell.
var braille = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (d dots) set(x, y int) {
	if x >= 0 && y >= 0 && x < d.w*2 && y < d.h*4 {
		d.bits[y/4*d.w+x/2] |= braille[y%4][x%2]
	}
}

// line sets the dots between two, ends included.
func (d dots) line(x0, y0, x1, y1 int) {
	n := max(abs(x1-x0), abs(y1-y0))
	for i := range n + 1 {
		d.set(x0+round(x1-x0, i, n), y0+round(y1-y0, i, n))
	}
}

func round(delta, i, n int) int {
	if n == 0 {
		return 0
	}
	return int(math.Round(float64(delta) * float64(i) / float64(n)))
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

func (d dots) draw(c Canvas) {
	for y := range d.h {
		for x := range d.w {
			if b := d.bits[y*d.w+x]; b != 0 {
				c.set(x, y, string('⠀'+rune(b)), Line)
			}
		}
	}
}
