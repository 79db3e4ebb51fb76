package plots

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Bars are scores of groups, such as types of entities, with a bar per method.
// They lie, since the names of relations are long, and start at 0.
type Bars struct {
	Meta
	Metric string // label of the axis
	Spread Spread
	Panels []BarPanel
}

// BarPanel is one benchmark.
type BarPanel struct {
	Title  string
	Groups []BarGroup // from above
}

// BarGroup is one type.
type BarGroup struct {
	Name string
	Bars []Bar
}

// Bar holds the values of all seeds of one method.
type Bar struct {
	Name   string
	Values []float64 // from 0 to 100
}

func (f *Bars) check() error {
	groups := 0
	for _, p := range f.Panels {
		groups += len(p.Groups)
	}
	if groups == 0 {
		return fmt.Errorf("bars without groups")
	}
	return nil
}

// Caption implements Drawing.
func (f *Bars) Caption() string {
	least, most, missing := 0, 0, 0
	for _, p := range f.Panels {
		for _, g := range p.Groups {
			for _, b := range g.Bars {
				n := len(finite(b.Values))
				if n == 0 {
					missing++
					continue
				}
				if most == 0 || n < least {
					least = n
				}
				most = max(most, n)
			}
		}
	}
	parts := []string{fmt.Sprintf("Bars are means over %s.", seedCount(least, most))}
	if most > 1 {
		what := "one sample standard deviation to both sides"
		if f.Spread == Interval95 {
			what = "Student's 95 % intervals of the mean"
		}
		parts = append(parts, "Whiskers are "+what+"; small dots are single seeds.")
	}
	if missing > 0 {
		parts = append(parts, fmt.Sprintf("%d bars are missing for want of a run that is done.", missing))
	}
	if f.Note != "" {
		parts = append(parts, strings.TrimSuffix(f.Note, ".")+".")
	}
	return strings.Join(parts, " ")
}

// Render implements Drawing.
func (f *Bars) Render(w io.Writer, format Format, width Width) error {
	return f.render(w, format, width, f.Caption(), func(width vg.Length) (sheet, error) {
		if err := f.check(); err != nil {
			return sheet{}, err
		}
		p := newBarPage(f, width)
		return sheet{width, p.height, p.draw}, nil
	})
}

// barPage is a figure of bars with its places.
type barPage struct {
	*Bars
	pen
	width, height vg.Length
	looks         map[string]look
	legend        [][]barEntry
	perRow        int
	gutters       []vg.Length // of the panels
	bar           vg.Length   // height of one
}

type barEntry struct {
	name  string
	width vg.Length
}

const (
	groupGap vg.Length = 4
	barFoot  vg.Length = labelSize + tickSize + 8
	swatch   vg.Length = 8
)

func newBarPage(f *Bars, width vg.Length) *barPage {
	p := &barPage{Bars: f, width: width}
	var names []string
	most := 0
	for _, panel := range f.Panels {
		var gutter vg.Length
		for _, g := range panel.Groups {
			gutter = max(gutter, textWidth(g.Name, tickSize, false)+4)
			most = max(most, len(g.Bars))
			for _, b := range g.Bars {
				if !slices.Contains(names, b.Name) {
					names = append(names, b.Name)
				}
			}
		}
		p.gutters = append(p.gutters, min(gutter, 0.4*width))
	}
	p.bar = 7
	if most > 3 {
		p.bar = 5
	}
	p.looks = looksOf(names)
	if p.perRow = len(f.Panels); p.boxWidth(0) < 0.8*narrow {
		p.perRow = 1
	}
	p.wrap(names)
	p.height = p.legendHeight()
	for i := 0; i < len(f.Panels); i += p.perRow {
		p.height += p.rowHeight(i)
	}
	return p
}

// wrap breaks the legend into lines.
func (p *barPage) wrap(names []string) {
	var used vg.Length
	for _, name := range names {
		e := barEntry{name, swatch + 3 + textWidth(name, tickSize, false) + entryGap}
		if len(p.legend) == 0 || used+e.width > p.width {
			p.legend, used = append(p.legend, nil), 0
		}
		p.legend[len(p.legend)-1] = append(p.legend[len(p.legend)-1], e)
		used += e.width
	}
}

func (p *barPage) legendHeight() vg.Length { return 4 + lineSkip*vg.Length(len(p.legend)) }

// rowHeight is what the panels from i on need that stand side by side.
func (p *barPage) rowHeight(i int) vg.Length {
	var high vg.Length
	for _, panel := range p.Panels[i:min(i+p.perRow, len(p.Panels))] {
		high = max(high, p.panelHeight(&panel))
	}
	return titleSkip + high + barFoot
}

func (p *barPage) panelHeight(panel *BarPanel) vg.Length {
	high := groupGap
	for _, g := range panel.Groups {
		high += vg.Length(len(g.Bars))*p.bar + groupGap
	}
	return high
}

func (p *barPage) draw(canvas vg.Canvas) {
	p.canvas = canvas
	p.rect(paper, 0, 0, p.width, p.height)
	p.drawLegend()
	top, x := p.height-p.legendHeight(), vg.Length(0)
	for i := range p.Panels {
		if i > 0 && i%p.perRow == 0 {
			top, x = top-p.rowHeight(i-p.perRow), 0
		}
		b := box{x + p.gutters[i], top - titleSkip - p.panelHeight(&p.Panels[i]), x + p.gutters[i] + p.boxWidth(i), top - titleSkip}
		p.text((b.x0+b.x1)/2, b.y1+4, shorten(p.Panels[i].Title, labelSize, true, b.x1-x), labelSize, true, 0.5)
		p.panel(&p.Panels[i], b, p.gutters[i])
		x = b.x1 + gap
	}
}

// boxWidth is what the names leave to the bars of each panel of a row alike.
func (p *barPage) boxWidth(i int) vg.Length {
	first := i - i%p.perRow
	last := min(first+p.perRow, len(p.Panels))
	room := p.width - gap*vg.Length(p.perRow)
	for _, g := range p.gutters[first:last] {
		room -= g
	}
	return room / vg.Length(last-first)
}

func (p *barPage) drawLegend() {
	for i, line := range p.legend {
		total := -entryGap
		for _, e := range line {
			total += e.width
		}
		x, y := max(2, (p.width-total)/2), p.height-3-tickSize*0.72-vg.Length(i)*lineSkip
		for _, e := range line {
			p.filled(p.looks[e.name], box{x, y - 0.5, x + swatch, y + 0.72*tickSize})
			p.text(x+swatch+3, y, e.name, tickSize, false, 0)
			x += e.width
		}
	}
}

func (p *barPage) panel(panel *BarPanel, b box, gutter vg.Length) {
	at := func(v float64) vg.Length { return b.x0 + vg.Length(min(max(v, 0), 100)/100)*(b.x1-b.x0) }
	for v := 0.0; v <= 100; v += 25 {
		p.stroke(gridGrey, 0.4, nil, vg.Point{X: at(v), Y: b.y0}, vg.Point{X: at(v), Y: b.y1})
		p.text(at(v), b.y0-tickSize-1, plain(v), tickSize, false, 0.5)
	}
	y := b.y1 - groupGap
	for _, g := range panel.Groups {
		middle := y - vg.Length(len(g.Bars))*p.bar/2
		p.text(b.x0-3, middle-0.36*tickSize, shorten(g.Name, tickSize, false, gutter-3), tickSize, false, 1)
		for _, bar := range g.Bars {
			p.one(&bar, box{b.x0, y - p.bar + 0.5, b.x1, y - 0.5}, at)
			y -= p.bar
		}
		y -= groupGap
	}
	p.stroke(axisGrey, 0.5, nil, vg.Point{X: b.x0, Y: b.y1}, vg.Point{X: b.x0, Y: b.y0}, vg.Point{X: b.x1, Y: b.y0})
	p.text((b.x0+b.x1)/2, b.y0-barFoot+4, p.Metric, labelSize, false, 0.5)
}

func (p *barPage) one(bar *Bar, b box, at func(float64) vg.Length) {
	lo, mean, hi, ok := spread(p.Spread, bar.Values)
	middle := (b.y0 + b.y1) / 2
	if !ok {
		p.cross(ink, vg.Point{X: b.x0 + 4, Y: middle})
		return
	}
	p.filled(p.looks[bar.Name], box{b.x0, b.y0, at(mean), b.y1})
	if values := finite(bar.Values); len(values) > 1 {
		p.stroke(ink, 0.7, nil, vg.Point{X: at(lo), Y: middle}, vg.Point{X: at(hi), Y: middle})
		single := make([]vg.Point, len(values))
		for i, v := range values {
			single[i] = vg.Point{X: at(v), Y: middle}
		}
		p.dots(tint(ink, 0xa0), single, 0.8)
	}
}

// filled is a bar in the colour of a method, with its hatching: in grey print
// the slant and the distance of the lines tell methods apart.
func (p *barPage) filled(l look, b box) {
	p.rect(tint(l.color, 0xc0), b.x0, b.y0, b.x1, b.y1)
	if l.marker == 0 {
		return
	}
	step, slant := vg.Length(2.4+1.4*float64((l.marker+1)/2)), b.y1-b.y0
	if l.marker%2 == 0 {
		slant = -slant
	}
	var lines vg.Path // one for all: a path each would make a file large
	for x := b.x0 + step; x < b.x1; x += step {
		if ends, ok := clip(x, x+slant, b); ok {
			lines.Move(ends[0])
			lines.Line(ends[1])
		}
	}
	if len(lines) > 0 {
		p.canvas.SetColor(paper)
		p.canvas.SetLineWidth(0.5)
		p.canvas.SetLineDash(nil, 0)
		p.canvas.Stroke(lines)
	}
}

// clip cuts a line that runs from the bottom of a box at x0 to its top at x1 to
// what lies inside.
func clip(x0, x1 vg.Length, b box) ([2]vg.Point, bool) {
	high := b.y1 - b.y0
	if x0 == x1 || high <= 0 {
		return [2]vg.Point{}, false
	}
	y := func(x vg.Length) vg.Length { return b.y0 + (x-x0)/(x1-x0)*high }
	from, to := max(min(x0, x1), b.x0), min(max(x0, x1), b.x1)
	if from >= to {
		return [2]vg.Point{}, false
	}
	return [2]vg.Point{{X: from, Y: y(from)}, {X: to, Y: y(to)}}, true
}
