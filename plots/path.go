package plots

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// pair puts the numbers of one seed into a point of a path.
func (pt *Point) pair(x, y float64) {
	if !mmibx.Finite(x) || !mmibx.Finite(y) {
		x, y = math.NaN(), math.NaN()
	}
	pt.Xs, pt.Values = append(pt.Xs, x), append(pt.Values, y)
	pt.X = stats.Mean(finite(pt.Xs))
}

func finite(values []float64) []float64 { return stats.NewSample(values...).Values }

// settled drops the points of a path that no seed gave numbers for, and counts
// the seeds that it dropped with them.
func (s *Series) settled() (dropped int) {
	s.Points = slices.DeleteFunc(s.Points, func(pt Point) bool {
		if math.IsNaN(pt.X) {
			dropped += len(pt.Values)
		}
		return math.IsNaN(pt.X)
	})
	return dropped
}

// paths draws the series of a panel, then names beside points.
func (p *page) paths(panel *Panel, b box, y *yScale) {
	f := &names{b: b}
	for i := range panel.Series {
		p.path(&panel.Series[i], y, f)
	}
	for i := range panel.Series {
		s := &panel.Series[i]
		for _, pt := range p.shown(s, b, y) {
			p.marker(p.looks[key(s.Name, false)], pt.at)
			f.marks = append(f.marks, pt.at)
			f.taken = append(f.taken, box{pt.at.X - 2, pt.at.Y - 2, pt.at.X + 2, pt.at.Y + 2})
		}
	}
	for i := range panel.Series {
		for _, pt := range p.shown(&panel.Series[i], b, y) {
			if at, clear, ok := f.beside(pt.at, pt.Name); ok { // in the colour of its series
				if !clear {
					p.rect(tint(paper, 0xd8), at.X-0.6, at.Y-0.6, at.X+textWidth(pt.Name, tickSize, false)+0.6, at.Y+0.72*tickSize+0.6)
				}
				p.textIn(p.looks[key(panel.Series[i].Name, false)].color, at.X, at.Y, pt.Name, tickSize)
			}
			if pt.Best {
				p.ring(pt.at)
			}
		}
	}
}

// shownPoint is a point of a path with its place.
type shownPoint struct {
	*Point
	at vg.Point
}

// place is where two numbers lie in a panel.
func (p *page) place(x, v float64, b box, y *yScale) vg.Point {
	lo, hi := p.proper(b)
	return vg.Point{X: lo + vg.Length(p.x.norm(x))*(hi-lo), Y: p.up(v, b, y)}
}

// shown are the points of a series that have a mean.
func (p *page) shown(s *Series, b box, y *yScale) []shownPoint {
	var list []shownPoint
	for i := range s.Points {
		pt := &s.Points[i]
		if _, mean, _, ok := p.spread(pt.Values, y); ok && len(finite(pt.Xs)) > 0 {
			list = append(list, shownPoint{pt, p.place(pt.X, mean, b, y)})
		}
	}
	return list
}

// path draws the line, bars and seeds of a series, which names keep clear of.
func (p *page) path(s *Series, y *yScale, f *names) {
	look := p.looks[key(s.Name, false)]
	points := p.shown(s, f.b, y)
	var line, single []vg.Point
	for i, pt := range points {
		line = append(line, pt.at)
		if i > 0 {
			f.lines = append(f.lines, [2]vg.Point{points[i-1].at, pt.at})
		}
	}
	p.stroke(look.color, look.width, look.dashes, line...)
	for _, pt := range points {
		lo, _, hi, _ := spread(p.Spread, pt.Xs, p.X.Limits)
		left := vg.Point{X: f.b.x0, Y: pt.at.Y} // on a logarithmic axis 0 is beyond it
		if !p.x.log || lo > 0 {
			left.X = p.place(lo, 0, f.b, y).X
		}
		low, _, high, _ := p.spread(pt.Values, y)
		across := [2]vg.Point{left, {X: p.place(hi, 0, f.b, y).X, Y: pt.at.Y}}
		upwards := [2]vg.Point{{X: pt.at.X, Y: p.up(low, f.b, y)}, {X: pt.at.X, Y: p.up(high, f.b, y)}}
		for _, bar := range [][2]vg.Point{across, upwards} {
			p.stroke(look.color, 0.6, nil, bar[:]...)
			f.lines = append(f.lines, bar)
		}
		for j := range pt.Values {
			if len(pt.Values) > 1 && mmibx.Finite(pt.Values[j]) {
				single = append(single, p.place(pt.Xs[j], pt.Values[j], f.b, y))
			}
		}
	}
	p.dots(tint(look.color, 0x90), single, 0.9)
	f.dots = append(f.dots, single...)
}

// names finds places for names beside points.
type names struct {
	b     box
	marks []vg.Point    // markers
	taken []box         // by markers and names: nothing may lie over them
	lines [][2]vg.Point // that a name rather keeps clear of
	dots  []vg.Point    // also
}

// beside is a place for a name around a point: of those inside the box that hit no
// marker and no name, and are nearer to no other marker, the one that hits the fewest
// lines and dots, the nearest of equals; clear where that is none, not ok where there is
// no place.
func (f *names) beside(at vg.Point, name string) (best vg.Point, clear, ok bool) {
	if name == "" {
		return best, false, false
	}
	w, least := textWidth(name, tickSize, false), -1
	const h vg.Length = 0.72 * tickSize
	var room box
	for _, air := range []vg.Length{3, 5, 7.5, 10} {
		for _, to := range []vg.Point{
			{X: air, Y: air - 1}, {X: -air - w, Y: air - 1}, {X: air, Y: 1 - air - h}, {X: -air - w, Y: 1 - air - h},
			{X: -w / 2, Y: air + 1}, {X: -w / 2, Y: -air - h - 1}, {X: air + 1, Y: -h / 2}, {X: -air - w - 1, Y: -h / 2},
		} {
			c := box{at.X + to.X, at.Y + to.Y, at.X + to.X + w, at.Y + to.Y + h}
			if c.x0 <= f.b.x0+1 || c.x1 >= f.b.x1+rightEdge || c.y0 <= f.b.y0+1 || c.y1 >= f.b.y1 || slices.ContainsFunc(f.taken, c.hits) ||
				slices.ContainsFunc(f.marks, func(other vg.Point) bool { return c.from(other) < c.from(at) }) { // it would be read as the other's
				continue
			}
			if n := f.crossed(c); least < 0 || n < least {
				best, room, least = vg.Point{X: c.x0, Y: c.y0}, c, n
			}
		}
	}
	if least < 0 {
		return best, false, false
	}
	f.taken = append(f.taken, box{room.x0 - 2, room.y0 - 0.5, room.x1 + 2, room.y1 + 0.5}) // or two numbers would read as one
	return best, least == 0, true
}

// crossed counts the lines and dots in a box with a little air around it.
func (f *names) crossed(c box) (n int) {
	c = box{c.x0 - 0.8, c.y0 - 0.8, c.x1 + 0.8, c.y1 + 0.8}
	for _, l := range f.lines {
		if c.cuts(l[0], l[1]) {
			n++
		}
	}
	for _, d := range f.dots {
		if c.cuts(d, d) {
			n++
		}
	}
	return n
}

// hits says that boxes have something in common.
func (b box) hits(o box) bool { return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 }

// from is how far a point is from a box, squared.
func (b box) from(p vg.Point) vg.Length {
	x, y := max(b.x0-p.X, 0, p.X-b.x1), max(b.y0-p.Y, 0, p.Y-b.y1)
	return x*x + y*y
}

// cuts says that a line between two points has something in the box (Liang and Barsky).
func (b box) cuts(from, to vg.Point) bool {
	enter, leave := vg.Length(0), vg.Length(1)
	d := to.Sub(from)
	for _, side := range [][2]vg.Length{{-d.X, from.X - b.x0}, {d.X, b.x1 - from.X}, {-d.Y, from.Y - b.y0}, {d.Y, b.y1 - from.Y}} {
		switch step, room := side[0], side[1]; {
		case step == 0 && room < 0:
			return false
		case step < 0:
			enter = max(enter, room/step)
		case step > 0:
			leave = min(leave, room/step)
		}
	}
	return enter <= leave
}

// lined says whether the series of a name has a line anywhere.
func (p *page) lined(name string) bool {
	if p.Look != Path {
		return true
	}
	for _, row := range p.Rows {
		for _, panel := range row.Panels {
			if slices.ContainsFunc(panel.Series, func(s Series) bool { return s.Name == name && len(s.Points) > 1 }) {
				return true
			}
		}
	}
	return false
}

// gather makes a panel per benchmark with the series of the names. Points of one
// place of a series hold a pair of numbers per run, and come in the order of
// their places. On says whether a run lies on the series of a name, and where.
func (f *Figure) gather(runs []Run, names []string, on func(r *Run, name string) (at float64, ok bool), pairs func(r *Run, at float64, add func(at, x, y float64)), label func(float64) string) {
	for _, b := range benchmarks(runs) {
		panel := Panel{Title: b.Title}
		for _, name := range names {
			s := Series{Name: name}
			places := map[float64]*Point{}
			for i := range runs {
				r := &runs[i]
				place, ok := on(r, name)
				if r.Spec.Benchmark != b.Name || r.State != mmibx.Done || !ok {
					continue
				}
				pairs(r, place, func(at, x, y float64) {
					if places[at] == nil {
						places[at] = &Point{Name: label(at)}
					}
					places[at].pair(x, y)
					f.ran(r)
				})
			}
			for _, at := range slices.Sorted(maps.Keys(places)) {
				s.Points = append(s.Points, *places[at])
			}
			panel.Series = append(panel.Series, s)
		}
		f.Rows[0].Panels = append(f.Rows[0].Panels, panel)
	}
}

// settle leaves out what is no number, and says so.
func (f *Figure) settle() (*Figure, error) {
	dropped, left := 0, 0
	for _, panel := range f.Rows[0].Panels {
		for i := range panel.Series {
			dropped += panel.Series[i].settled()
			left += len(panel.Series[i].Points)
		}
	}
	if dropped > 0 {
		f.Note = strings.TrimSpace(fmt.Sprintf("%s not finite and left out. %s", counted(dropped, "value is", "values are"), f.Note))
	}
	if left == 0 {
		return nil, fmt.Errorf("figure %s: %w: no run gave numbers for both axes", f.Title, mmibx.ErrNotFound)
	}
	return f, nil
}
