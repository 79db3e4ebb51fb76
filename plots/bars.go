package plots

import (
	"cmp"
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
	least, most, missing, ends := 0, 0, 0, cut{}
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
				lo, _, hi, _ := spread(f.Spread, b.Values, Limits{})
				ends.add(percent, lo, hi)
			}
		}
	}
	parts := []string{fmt.Sprintf("Bars are means over %s.", seedCount(least, most))}
	if most > 1 {
		what := "one sample standard deviation to both sides"
		if f.Spread == Interval95 {
			what = "Student's 95 % intervals of the mean"
		}
		parts = append(parts, "Whiskers are "+what+"; small squares are single seeds.")
	}
	if text := ends.text("Whiskers"); text != "" {
		parts = append(parts, text)
	}
	if missing > 0 {
		parts = append(parts, fmt.Sprintf("%s missing for want of a run that is done.", counted(missing, "bar is", "bars are")))
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
		p.gutters = append(p.gutters, min(gutter, 0.46*width))
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(methodOrder(a), methodOrder(b)) })
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
	at := func(v float64) vg.Length { return b.x0 + vg.Length(v/percent.High)*(b.x1-b.x0) }
	for v := 0.0; v <= 100; v += 25 {
		p.stroke(gridGrey, 0.4, nil, vg.Point{X: at(v), Y: b.y0}, vg.Point{X: at(v), Y: b.y1})
		p.text(at(v), b.y0-tickSize-1, plain(v), tickSize, false, 0.5)
	}
	y := b.y1 - groupGap
	var names []string
	bars := map[string][]box{}
	var over whiskers
	for _, g := range panel.Groups {
		middle := y - vg.Length(len(g.Bars))*p.bar/2
		p.text(b.x0-3, middle-0.36*tickSize, shorten(g.Name, tickSize, false, gutter-3), tickSize, false, 1)
		for _, bar := range g.Bars {
			at := over.add(bar.Values, p.Spread, box{b.x0, y - p.bar + 0.5, b.x1, y - 0.5}, at)
			if at.x1 < at.x0 {
				p.cross(ink, vg.Point{X: b.x0 + 4, Y: (at.y0 + at.y1) / 2})
			} else {
				if len(bars[bar.Name]) == 0 {
					names = append(names, bar.Name)
				}
				bars[bar.Name] = append(bars[bar.Name], at)
			}
			y -= p.bar
		}
		y -= groupGap
	}
	for _, name := range names {
		p.filled(p.looks[name], bars[name]...)
	}
	over.draw(p.pen)
	p.stroke(axisGrey, 0.5, nil, vg.Point{X: b.x0, Y: b.y1}, vg.Point{X: b.x0, Y: b.y0}, vg.Point{X: b.x1, Y: b.y0})
	p.text((b.x0+b.x1)/2, b.y0-barFoot+4, p.Metric, labelSize, false, 0.5)
}

// whiskers are what stands over the bars of a panel: drawn at once, since a path each
// would make a file large.
type whiskers struct{ lines, seeds vg.Path }

// add notes what stands over a bar, and returns the bar; one that ends before it begins
// has no value.
func (w *whiskers) add(values []float64, kind Spread, b box, at func(float64) vg.Length) box {
	lo, mean, hi, ok := spread(kind, values, percent)
	if !ok {
		b.x1 = b.x0 - 1
		return b
	}
	b.x1 = at(mean)
	if values = finite(values); len(values) < 2 {
		return b
	}
	middle := (b.y0 + b.y1) / 2
	w.lines.Move(vg.Point{X: at(lo), Y: middle})
	w.lines.Line(vg.Point{X: at(hi), Y: middle})
	const r vg.Length = 0.8
	for _, v := range values {
		x := at(v)
		w.seeds.Move(vg.Point{X: x - r, Y: middle - r})
		w.seeds.Line(vg.Point{X: x + r, Y: middle - r})
		w.seeds.Line(vg.Point{X: x + r, Y: middle + r})
		w.seeds.Line(vg.Point{X: x - r, Y: middle + r})
		w.seeds.Close()
	}
	return b
}

func (w *whiskers) draw(p pen) {
	if len(w.lines) == 0 {
		return
	}
	p.canvas.SetColor(ink)
	p.canvas.SetLineWidth(0.7)
	p.canvas.SetLineDash(nil, 0)
	p.canvas.Stroke(w.lines)
	p.canvas.Fill(w.seeds)
}

// filled is the bars of a method in its colour, with its hatching: in grey print
// the slant and the distance of the lines tell methods apart.
func (p *barPage) filled(l look, bars ...box) {
	var sides, lines vg.Path // one for all: a path each would make a file large
	for _, b := range bars {
		sides.Move(vg.Point{X: b.x0, Y: b.y0})
		for _, corner := range []vg.Point{{X: b.x1, Y: b.y0}, {X: b.x1, Y: b.y1}, {X: b.x0, Y: b.y1}} {
			sides.Line(corner)
		}
		sides.Close()
		step, slant := vg.Length(2.4+1.4*float64((l.marker+1)/2)), b.y1-b.y0
		if l.marker%2 == 0 {
			slant = -slant
		}
		for x := b.x0 + step; x < b.x1 && l.marker > 0; x += step {
			if ends, ok := clip(x, x+slant, b); ok {
				lines.Move(ends[0])
				lines.Line(ends[1])
			}
		}
	}
	p.canvas.SetColor(tint(l.color, 0x90)) // so pale that ink stands out, on black too
	p.canvas.Fill(sides)
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
