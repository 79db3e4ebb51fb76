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

// paths draws the series of a panel, then names beside points where there is
// room.
func (p *page) paths(panel *Panel, b box, y *yScale) {
	place := func(x, v float64) vg.Point {
		lo, hi := p.proper(b)
		return vg.Point{X: lo + vg.Length(p.x.norm(x))*(hi-lo), Y: p.up(v, b, y)}
	}
	means := func(s *Series) []vg.Point {
		var at []vg.Point
		for _, pt := range s.Points {
			if _, mean, _, ok := p.spread(pt.Values); ok {
				at = append(at, place(pt.X, mean))
			}
		}
		return at
	}
	for i := range panel.Series {
		s := &panel.Series[i]
		look := p.looks[key(s.Name, false)]
		p.stroke(look.color, look.width, look.dashes, means(s)...)
		var single []vg.Point
		for _, pt := range s.Points {
			xLo, _, xHi, okX := p.spread(pt.Xs)
			yLo, mean, yHi, okY := p.spread(pt.Values)
			if !okX || !okY {
				continue
			}
			p.stroke(look.color, 0.6, nil, place(p.clamp(xLo, pt.X), mean), place(p.clamp(xHi, pt.X), mean))
			p.stroke(look.color, 0.6, nil, place(pt.X, yLo), place(pt.X, yHi))
			for j := range pt.Values {
				if len(pt.Values) > 1 && mmibx.Finite(pt.Values[j]) {
					single = append(single, place(pt.Xs[j], pt.Values[j]))
				}
			}
		}
		p.dots(tint(look.color, 0x90), single, 0.9)
	}
	var taken []box
	for i := range panel.Series {
		s := &panel.Series[i]
		for _, at := range means(s) {
			p.marker(p.looks[key(s.Name, false)], at)
			taken = append(taken, box{at.X - 2, at.Y - 2, at.X + 2, at.Y + 2})
		}
	}
	for i := range panel.Series {
		for _, pt := range panel.Series[i].Points {
			if _, mean, _, ok := p.spread(pt.Values); ok && pt.Name != "" {
				taken = p.nameBeside(place(pt.X, mean), pt.Name, b, taken)
			}
			if _, mean, _, ok := p.spread(pt.Values); ok && pt.Best {
				p.ring(place(pt.X, mean))
			}
		}
	}
}

// clamp keeps the end of a bar on the axis.
func (p *page) clamp(x, mean float64) float64 {
	if p.x.log && x <= 0 {
		return mean
	}
	return min(max(x, p.x.min), p.x.max)
}

// nameBeside prints a name at one of four places around a point, if it hits
// nothing there and stays in the box.
func (p *page) nameBeside(at vg.Point, name string, b box, taken []box) []box {
	w := textWidth(name, powerSize, false)
	const h, air = 0.72 * powerSize, 3.2
	for _, corner := range []vg.Point{{X: air, Y: air - 1}, {X: -air - w, Y: air - 1}, {X: air, Y: -air - h + 1}, {X: -air - w, Y: -air - h + 1}, {X: -w / 2, Y: air + 1}, {X: -w / 2, Y: -air - h - 1}} {
		c := box{at.X + corner.X, at.Y + corner.Y, at.X + corner.X + w, at.Y + corner.Y + h}
		hit := slices.ContainsFunc(taken, func(t box) bool { return c.x0 < t.x1 && t.x0 < c.x1 && c.y0 < t.y1 && t.y0 < c.y1 })
		if !hit && c.x0 > b.x0+1 && c.x1 < b.x1+rightEdge && c.y0 > b.y0+1 && c.y1 < b.y1 {
			p.text(c.x0, c.y0, name, powerSize, false, 0)
			return append(taken, c)
		}
	}
	return taken
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
// their places.
func (f *Figure) gather(runs []Run, names []string, series func(*Run) (string, bool), pairs func(*Run, func(at, x, y float64)), label func(float64) string) {
	for _, b := range benchmarks(runs) {
		panel := Panel{Title: b.Title}
		for _, name := range names {
			s := Series{Name: name}
			places := map[float64]*Point{}
			for i := range runs {
				r := &runs[i]
				if own, ok := series(r); r.Spec.Benchmark != b.Name || r.State != mmibx.Done || !ok || own != name {
					continue
				}
				pairs(r, func(at, x, y float64) {
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
		f.Note = strings.TrimSpace(fmt.Sprintf("%d values are not finite and were left out. %s", dropped, f.Note))
	}
	if left == 0 {
		return nil, fmt.Errorf("figure %s: %w: no run gave numbers for both axes", f.Title, mmibx.ErrNotFound)
	}
	return f, nil
}
