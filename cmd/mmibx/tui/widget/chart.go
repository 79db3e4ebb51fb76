package widget

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Series is one line of a Chart. Points that are not finite break it.
type Series struct {
	X, Y      []float64 // X rising
	Low, High []float64 // of the band around it, as long as Y or empty; where one is not finite there is no band
	Ink       Ink
	Sign      string // one character behind the line, which tells it from others without colour; "": none
	Best      int    // index of a point to mark
	HasBest   bool
}

// Chart is a line chart in braille dots, two by four to a cell.
type Chart struct {
	Name      string // what the mouse hits, with one of ChartParts parts of the X axis; "": nothing
	Series    []Series
	From, To  float64 // ends of the X axis; equal: those of the points
	Log       bool    // Y is logarithmic; values that are not positive are left out
	Cursor    float64 // an X to mark
	HasCursor bool
	Empty     string // shown where there is no point
}

// mostTicks is how many parts the Y axis of a tall chart has.
const mostTicks = 8

// ChartParts is how finely the mouse divides the X axis.
const ChartParts = 200

// frame is where points lie on a chart.
type frame struct {
	from, to, low, high float64
	log                 bool
	w, h                int // dots
	ticks               int // of the Y axis, besides the uppermost
}

// Draw paints the axes, the bands, the lines and the cursor.
func (ch Chart) Draw(c Canvas) {
	f, ok := ch.frame()
	if !ok || c.H() < 3 || c.W() < 12 {
		c.Print(0, c.H()/2, Span{ch.Empty, Faint})
		return
	}
	f.ticks = max(1, min((c.H()-2)/3, mostTicks))
	label := max(len(f.label(f.low)), len(f.label(f.high))) + 1
	plot := c.In(Rect{label + 1, 0, c.W() - label - 1, c.H() - 1})
	if slices.ContainsFunc(ch.Series, func(s Series) bool { return s.Sign != "" }) {
		var ends Rect
		ends, plot = Rect{c.W() - 1, 0, 1, c.H() - 1}, c.In(Rect{label + 1, 0, c.W() - label - 2, c.H() - 1})
		f.w, f.h = plot.W()*2, plot.H()*4
		f.signs(c.In(ends), ch.Series)
	}
	f.w, f.h = plot.W()*2, plot.H()*4
	for _, s := range ch.Series {
		f.band(plot, s)
	}
	if ch.HasCursor && ch.Cursor >= f.from && ch.Cursor <= f.to {
		plot.Fill(Rect{f.x(ch.Cursor) / 2, 0, 1, plot.H()}, "│", Focus)
	}
	d := newDots(plot.W(), plot.H())
	for _, s := range ch.Series {
		f.line(&d, s)
	}
	d.draw(plot)
	for _, s := range ch.Series {
		f.best(plot, s)
	}
	f.axes(c, label)
	if ch.Name != "" {
		plot.SpotAcross(plot.Bounds(), ch.Name, ChartParts)
	}
}

// frame finds the ends of the axes; ok is false where there is no point.
func (ch Chart) frame() (f frame, ok bool) {
	f = frame{from: ch.From, to: ch.To, log: ch.Log}
	if f.to <= f.from {
		f.from, f.to = math.Inf(1), math.Inf(-1)
		for _, s := range ch.Series {
			low, high := extent(s.X)
			f.from, f.to = min(f.from, low), max(f.to, high)
		}
		if f.to <= f.from {
			f.to = f.from + 1
		}
	}
	f.low, f.high = math.Inf(1), math.Inf(-1)
	for _, s := range ch.Series {
		for i, x := range s.X {
			if x < f.from || x > f.to {
				continue
			}
			for _, list := range [][]float64{s.Y, s.Low, s.High} {
				if i < len(list) && f.shows(list[i]) {
					f.low, f.high = min(f.low, list[i]), max(f.high, list[i])
				}
			}
		}
	}
	if f.low > f.high {
		return f, false
	}
	if f.log {
		f.low, f.high = math.Log10(f.low), math.Log10(f.high)
	}
	if f.high-f.low < 1e-9 {
		f.low, f.high = f.low-0.5, f.high+0.5
	}
	return f, true
}

// shows says whether a value has a place on the Y axis.
func (f frame) shows(y float64) bool {
	return !math.IsNaN(y) && !math.IsInf(y, 0) && (!f.log || y > 0)
}

// x and y are dots of the plot.
func (f frame) x(v float64) int { return int((v-f.from)/(f.to-f.from)*float64(f.w-1) + 0.5) }

func (f frame) y(v float64) int {
	if f.log {
		v = math.Log10(v)
	}
	return int((f.high-v)/(f.high-f.low)*float64(f.h-1) + 0.5)
}

// line sets the dots of a series, from point to point as far as they lie between
// the ends of the X axis.
func (f frame) line(d *dots, s Series) {
	last := -1
	for i, y := range s.Y {
		if !f.shows(y) {
			last = -1
			continue
		}
		if x := s.X[i]; x >= f.from && x <= f.to {
			d.set(f.x(x), f.y(y), s.Ink)
		}
		if last >= 0 && s.X[i] >= f.from && s.X[last] <= f.to {
			x0, y0 := f.clip(s, last, i)
			x1, y1 := f.clip(s, i, last)
			d.line(f.x(x0), f.y(y0), f.x(x1), f.y(y1), s.Ink)
		}
		last = i
	}
}

// clip is point i, or where the line from it to point j comes into sight.
func (f frame) clip(s Series, i, j int) (x, y float64) {
	x = max(f.from, min(s.X[i], f.to))
	if x == s.X[i] || s.X[i] == s.X[j] {
		return s.X[i], s.Y[i]
	}
	return x, s.Y[i] + (s.Y[j]-s.Y[i])*(x-s.X[i])/(s.X[j]-s.X[i])
}

// band fills cells between the bounds of a series.
func (f frame) band(c Canvas, s Series) {
	if len(s.Low) == 0 {
		return
	}
	for i := range s.X {
		if i+1 >= len(s.X) || !f.shows(s.Low[i]) || !f.shows(s.High[i]) || !f.shows(s.Low[i+1]) || !f.shows(s.High[i+1]) {
			continue
		}
		from, to := f.x(s.X[i])/2, f.x(s.X[i+1])/2
		for x := max(0, from); x <= min(c.W()-1, to); x++ {
			share := float64(x-from) / float64(max(1, to-from))
			top := f.y(s.High[i])/4 + int(share*float64(f.y(s.High[i+1])/4-f.y(s.High[i])/4))
			bottom := f.y(s.Low[i])/4 + int(share*float64(f.y(s.Low[i+1])/4-f.y(s.Low[i])/4))
			c.Fill(Rect{x, max(0, top), 1, min(c.H(), bottom+1) - max(0, top)}, "░", s.Ink)
		}
	}
}

// signs names the lines in the column behind the plot, each beside its last point
// or as near as there is room.
func (f frame) signs(c Canvas, all []Series) {
	taken := map[int]bool{}
	for _, s := range all {
		i := len(s.Y) - 1
		for i >= 0 && (!f.shows(s.Y[i]) || s.X[i] > f.to) {
			i--
		}
		if s.Sign == "" || i < 0 {
			continue
		}
		at := f.y(s.Y[i]) / 4
		for away := range c.H() {
			if y := at + away; !taken[y] && y >= 0 && y < c.H() {
				at = y
				break
			}
			if y := at - away; !taken[y] && y >= 0 && y < c.H() {
				at = y
				break
			}
		}
		taken[at] = true
		c.Print(0, at, Span{s.Sign, s.Ink})
	}
}

// best marks a series' best point.
func (f frame) best(c Canvas, s Series) {
	if i := s.Best; s.HasBest && i < len(s.Y) && f.shows(s.Y[i]) && s.X[i] >= f.from && s.X[i] <= f.to {
		c.Print(min(f.x(s.X[i])/2, c.W()-1), f.y(s.Y[i])/4, Span{"◆", s.Ink})
	}
}

// axes paints labels at the left at every third row or so, and the ends of the
// X axis below, with its middle where there is room.
func (f frame) axes(c Canvas, label int) {
	h := c.H() - 1
	c.Fill(Rect{label, 0, 1, h}, "│", Border)
	c.Fill(Rect{label, h, c.W() - label, 1}, "─", Border)
	c.Print(label, h, Span{"└", Border})
	for i := range f.ticks + 1 {
		y := i * (h - 1) / f.ticks
		c.Right(label-1, y, Span{f.label(f.high - (f.high-f.low)*float64(y)/float64(max(1, h-1))), Faint})
		c.Print(label, y, Span{"┤", Border})
	}
	if w := f.w / 2; w > 40 {
		if v := math.Round(f.from + (f.to-f.from)/2); v > f.from && v < f.to {
			middle, at := short(v), int(float64(w)*(v-f.from)/(f.to-f.from))
			c.Right(label+1+at+(len(middle)+1)/2, h, Span{middle, Faint})
		}
	}
	c.Print(label+1, h, Span{short(f.from), Faint})
	c.Right(c.W(), h, Span{short(f.to), Faint})
}

// label prints a value of the Y axis with so many decimals that rounding moves it by
// no more than a tenth of the way to the next label.
func (f frame) label(v float64) string {
	if f.log {
		return strconv.FormatFloat(math.Pow(10, v), 'g', 2, 64)
	}
	span := f.high - f.low
	if span >= 1e6 {
		return fmt.Sprintf("%.1e", v)
	}
	step := span / float64(f.ticks)
	return strconv.FormatFloat(v, 'f', max(0, min(int(math.Ceil(math.Log10(5/step))), 6)), 64)
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// dots is a bitmap of w x h cells. A cell has the ink of the last line through it.
type dots struct {
	w, h int
	bits []uint8
	inks []Ink
}

func newDots(w, h int) dots {
	w, h = max(0, w), max(0, h)
	return dots{w, h, make([]uint8, w*h), make([]Ink, w*h)}
}

// braille[y][x] is the bit of a dot within its cell.
var braille = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (d dots) set(x, y int, ink Ink) {
	if x >= 0 && y >= 0 && x < d.w*2 && y < d.h*4 {
		d.bits[y/4*d.w+x/2] |= braille[y%4][x%2]
		d.inks[y/4*d.w+x/2] = ink
	}
}

// line sets the dots between two, ends included.
func (d dots) line(x0, y0, x1, y1 int, ink Ink) {
	n := max(abs(x1-x0), abs(y1-y0))
	for i := range n + 1 {
		d.set(x0+round(x1-x0, i, n), y0+round(y1-y0, i, n), ink)
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
				c.set(x, y, string('⠀'+rune(b)), d.inks[y*d.w+x])
			}
		}
	}
}
