package plots

import (
	"slices"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx/reports/stats"
)

// Distances, in points.
const (
	gap       vg.Length = 7  // between panels
	tickMark  vg.Length = 2  // length of a tick
	inset     vg.Length = 5  // from the frame to the first and last place on the x axis
	zeroSlot  vg.Length = 18 // width of the place of 0
	nameAir   vg.Length = 9  // around a name that stands apart
	titleSkip vg.Length = labelSize + 4
	labelSkip vg.Length = labelSize + 3 // of a y label
	narrow    vg.Length = 85            // a panel below this width is not readable
	lineSkip  vg.Length = 9.5           // between lines of the legend
	rightEdge vg.Length = 2
)

// page is a figure with its places: first measured, then drawn.
type page struct {
	*Figure
	pen
	width, height vg.Length
	x             xScale
	y             [][]yScale      // per row and panel of the figure
	looks         map[string]look // of series and lines, by kind and name
	legend        [][]entry
	// tall pages put benchmarks below each other and metrics side by side, where
	// a column is too narrow for the other way round.
	tall                bool
	gutters             []vg.Length // for the y tick labels of each column of the page
	boxWidth, boxHeight vg.Length
}

// box is the area of one panel's data.
type box struct{ x0, y0, x1, y1 vg.Length }

func newPage(f *Figure, width vg.Length) *page {
	p := &page{Figure: f, width: width, x: newXScale(f), looks: map[string]look{}}
	p.assignLooks()
	for _, row := range f.Rows {
		scales := make([]yScale, len(row.Panels))
		for i := range row.Panels {
			scales[i] = newYScale(p.heights(&row.Panels[i], row.Limits), row.Limits)
		}
		p.y = append(p.y, scales)
	}
	if p.arrange(); p.boxWidth < narrow && len(f.Rows[0].Panels) > len(f.Rows) {
		p.tall = true
		p.arrange()
	}
	p.legend = wrap(p.entries(), width-4)
	rows, _ := p.grid()
	p.height = p.bottom() + p.boxHeight + vg.Length(rows-1)*p.rowSkip() + p.top()
	return p
}

// grid counts the page's rows and columns of panels.
func (p *page) grid() (rows, columns int) {
	if p.tall {
		return len(p.Rows[0].Panels), len(p.Rows)
	}
	return len(p.Rows), len(p.Rows[0].Panels)
}

// cell finds the figure's row and panel for a place on the page.
func (p *page) cell(row, column int) (r, c int) {
	if p.tall {
		return column, row
	}
	return row, column
}

// arrange shares the width out among gutters, labels and boxes.
func (p *page) arrange() {
	rows, columns := p.grid()
	p.gutters = make([]vg.Length, columns)
	used := rightEdge + gap*vg.Length(columns-1)
	for c := range columns {
		for r := range rows {
			i, j := p.cell(r, c)
			for _, t := range p.y[i][j].ticks {
				p.gutters[c] = max(p.gutters[c], tickWidth(t)+tickMark+2.5)
			}
		}
		if c == 0 || p.tall {
			p.gutters[c] += labelSkip
		}
		used += p.gutters[c]
	}
	p.boxWidth = (p.width - used) / vg.Length(columns)
	p.boxHeight = min(max(0.72*p.boxWidth, 64), 110)
	if p.tall || rows > 2 {
		p.boxHeight = min(p.boxHeight, 74)
	}
}

func (p *page) titled() bool {
	return slices.ContainsFunc(p.Rows[0].Panels, func(panel Panel) bool { return panel.Title != "" })
}

// rowSkip is the distance from one row of boxes to the next.
func (p *page) rowSkip() vg.Length {
	if p.tall && p.titled() {
		return p.boxHeight + titleSkip + 3
	}
	return p.boxHeight + gap + 2
}

// titleHeight is the room above a box for its title, on pages that are not tall.
func (p *page) titleHeight() vg.Length {
	lines := 1
	for _, panel := range p.Rows[0].Panels {
		lines = max(lines, len(broken(panel.Title, labelSize, p.boxWidth+gap)))
	}
	return titleSkip + vg.Length(lines-1)*(labelSize+1)
}

func (p *page) bottom() vg.Length { return labelSize + tickSize + tickMark + 4 }

func (p *page) top() vg.Length {
	h := 4 + vg.Length(len(p.legend))*lineSkip
	switch {
	case p.titled() && p.tall:
		h += titleSkip
	case p.titled():
		h += p.titleHeight()
	}
	return h
}

// heights lists everything on a panel that its y axis must reach.
func (p *page) heights(panel *Panel, limits Limits) []float64 {
	var all []float64
	take := func(values []float64) {
		lo, mean, hi, ok := spread(p.Spread, values, limits)
		if ok {
			all = append(all, lo, mean, hi)
		}
		if p.Look != Training {
			all = append(all, stats.NewSample(values...).Values...)
		}
	}
	for _, s := range panel.Series {
		for _, pt := range s.Points {
			take(pt.Values)
		}
	}
	for _, l := range panel.Lines {
		take(l.Values)
	}
	return all
}

func (p *page) spread(values []float64, y *yScale) (lo, mean, hi float64, ok bool) {
	return spread(p.Spread, values, y.limits)
}

// spread is the mean of the finite values and what the band around it reaches within
// the limits; one value has no band: all three are the same.
func spread(kind Spread, values []float64, limits Limits) (lo, mean, hi float64, ok bool) {
	s := stats.Summarize95(values...)
	switch {
	case !s.HasMean():
		return 0, 0, 0, false
	case !s.HasSpread():
		return s.Mean, s.Mean, s.Mean, true
	case kind == Interval95:
		lo, hi = limits.within(s.Low, s.High)
	default:
		lo, hi = limits.within(s.Mean-s.SD, s.Mean+s.SD)
	}
	return lo, s.Mean, hi, true
}

func (p *page) draw(canvas vg.Canvas) {
	p.canvas = canvas
	p.rect(paper, 0, 0, p.width, p.height)
	rows, columns := p.grid()
	for row := range rows {
		x := vg.Length(0)
		y1 := p.height - p.top() - vg.Length(row)*p.rowSkip()
		for column := range columns {
			r, c := p.cell(row, column)
			if p.tall || column == 0 {
				p.textUp(x+labelSize-1, y1-p.boxHeight/2, shorten(p.Rows[r].Label, labelSize, false, p.boxHeight+gap), labelSize)
			}
			x += p.gutters[column]
			b := box{x, y1 - p.boxHeight, x + p.boxWidth, y1}
			p.panel(&p.Rows[r].Panels[c], b, &p.y[r][c], row == rows-1)
			if r == 0 && !p.tall {
				p.title(p.Rows[0].Panels[c].Title, b.x0, b.x1, b.y1)
			}
			x = b.x1 + gap
		}
		if p.tall {
			p.title(p.Rows[0].Panels[row].Title, p.gutters[0], p.width-rightEdge, y1)
		}
	}
	p.text((p.gutters[0]+p.width-rightEdge)/2, 2.5, shorten(p.X.Label, labelSize, false, p.width), labelSize, false, 0.5)
	p.drawLegend()
}

// title prints a panel's title over it, centred between x0 and x1.
func (p *page) title(s string, x0, x1, y vg.Length) {
	lines := broken(s, labelSize, x1-x0+gap)
	for i, line := range lines {
		p.text((x0+x1)/2, y+4+vg.Length(len(lines)-1-i)*(labelSize+1), line, labelSize, true, 0.5)
	}
}

func (p *page) panel(panel *Panel, b box, y *yScale, last bool) {
	p.gridLines(b, y)
	for _, l := range panel.Lines {
		p.level(l, b, y)
	}
	if !panel.hasPoints() {
		p.text((b.x0+b.x1)/2, (b.y0+b.y1)/2, "no data", tickSize, false, 0.5)
	}
	if p.Look == Path {
		p.paths(panel, b, y)
	} else {
		for i := range panel.Series {
			p.band(&panel.Series[i], b, y)
		}
		for i := range panel.Series {
			p.series(&panel.Series[i], b, y)
		}
	}
	p.axes(b, y, last)
}

func (p *page) gridLines(b box, y *yScale) {
	for _, t := range y.ticks {
		at := p.up(t.at, b, y)
		p.stroke(gridGrey, 0.4, nil, vg.Point{X: b.x0, Y: at}, vg.Point{X: b.x1, Y: at})
	}
}

func (p *page) axes(b box, y *yScale, last bool) {
	p.stroke(axisGrey, 0.5, nil, vg.Point{X: b.x0, Y: b.y1}, vg.Point{X: b.x0, Y: b.y0}, vg.Point{X: b.x1, Y: b.y0})
	for _, t := range y.ticks {
		at := p.up(t.at, b, y)
		p.stroke(axisGrey, 0.5, nil, vg.Point{X: b.x0 - tickMark, Y: at}, vg.Point{X: b.x0, Y: at})
		p.text(b.x0-tickMark-1.5, at-0.36*tickSize, t.label, tickSize, false, 1)
	}
	mark := func(at vg.Length, t tick) {
		p.stroke(axisGrey, 0.5, nil, vg.Point{X: at, Y: b.y0}, vg.Point{X: at, Y: b.y0 - tickMark})
		if last {
			p.tick(at, b.y0-tickMark-1.5-0.72*tickSize, t)
		}
	}
	lo, hi := p.proper(b)
	for _, t := range p.x.ticks(hi-lo, tickWidth) {
		mark(lo+vg.Length(p.x.norm(t.at))*(hi-lo), t)
	}
	if p.x.zero {
		mark(b.x0+zeroSlot/2, tick{label: "0"})
		p.breakAt(b.x0+zeroSlot, b.y0)
	}
	for i, name := range p.x.labels {
		mark(p.labelAt(i, b), tick{label: name})
		if i == 0 {
			p.breakAt(hi+inset, b.y0)
		}
	}
}

// breakAt cuts the axis open with two slashes.
func (p *page) breakAt(x, y vg.Length) {
	p.rect(paper, x-1.2, y-1, x+1.2, y+1)
	for _, dx := range []vg.Length{-1.2, 1.2} {
		p.stroke(axisGrey, 0.5, nil, vg.Point{X: x + dx - 1, Y: y - 2.2}, vg.Point{X: x + dx + 1, Y: y + 2.2})
	}
}

// proper is where the axis's own values lie, between the slots of 0 and names.
func (p *page) proper(b box) (lo, hi vg.Length) {
	lo, hi = b.x0+inset, b.x1-inset
	if p.x.zero {
		lo += zeroSlot
	}
	for _, name := range p.x.labels {
		hi -= slot(name)
	}
	return lo, hi
}

func slot(name string) vg.Length { return textWidth(name, tickSize, false) + nameAir }

func (p *page) labelAt(i int, b box) vg.Length {
	x := b.x1
	for _, name := range slices.Backward(p.x.labels[i+1:]) {
		x -= slot(name)
	}
	return x - slot(p.x.labels[i])/2
}

// across is the place of a point, and whether it lies on the axis proper.
func (p *page) across(pt *Point, b box) (x vg.Length, onAxis bool) {
	lo, hi := p.proper(b)
	switch {
	case pt.Label != "":
		return p.labelAt(slices.Index(p.x.labels, pt.Label), b), false
	case p.x.log && pt.X == 0:
		return b.x0 + zeroSlot/2, false
	}
	return lo + vg.Length(p.x.norm(pt.X))*(hi-lo), true
}

func (p *page) up(v float64, b box, y *yScale) vg.Length {
	return b.y0 + vg.Length((v-y.min)/(y.max-y.min))*(b.y1-b.y0)
}

// level draws a line to compare with across the panel.
func (p *page) level(l Line, b box, y *yScale) {
	lo, mean, hi, ok := p.spread(l.Values, y)
	if !ok {
		return
	}
	look := p.looks[key(l.Name, true)]
	if lo < hi && !p.bareLevels() {
		p.rect(tint(look.color, 0x24), b.x0, p.up(lo, b, y), b.x1, p.up(hi, b, y))
	}
	at := p.up(mean, b, y)
	p.stroke(look.color, look.width, look.dashes, vg.Point{X: b.x0, Y: at}, vg.Point{X: b.x1, Y: at})
}

// sorted returns the series' points on the axis proper, left to right.
func (p *page) sorted(s *Series) []Point {
	var on []Point
	for _, pt := range s.Points {
		if pt.Label == "" && (!p.x.log || pt.X != 0) {
			on = append(on, pt)
		}
	}
	slices.SortStableFunc(on, func(a, b Point) int {
		switch {
		case a.X < b.X:
			return -1
		case a.X > b.X:
			return 1
		}
		return 0
	})
	return on
}

// band shades the spread between neighbours that both have one.
func (p *page) band(s *Series, b box, y *yScale) {
	look := p.looks[key(s.Name, false)]
	var upper, lower []vg.Point
	flush := func() {
		slices.Reverse(lower)
		p.fill(tint(look.color, 0x30), append(upper, lower...)...)
		upper, lower = nil, nil
	}
	for _, pt := range p.sorted(s) {
		lo, _, hi, ok := p.spread(pt.Values, y)
		if !ok {
			flush()
			continue
		}
		x, _ := p.across(&pt, b)
		upper = append(upper, vg.Point{X: x, Y: p.up(hi, b, y)})
		lower = append(lower, vg.Point{X: x, Y: p.up(lo, b, y)})
	}
	flush()
}

// series draws the mean line, the seeds and the marks of one arm.
func (p *page) series(s *Series, b box, y *yScale) {
	look := p.looks[key(s.Name, false)]
	var line []vg.Point
	for _, pt := range p.sorted(s) {
		if _, mean, _, ok := p.spread(pt.Values, y); ok {
			x, _ := p.across(&pt, b)
			line = append(line, vg.Point{X: x, Y: p.up(mean, b, y)})
			continue
		}
		p.stroke(look.color, look.width, look.dashes, line...)
		line = nil
	}
	p.stroke(look.color, look.width, look.dashes, line...)
	for i := range s.Points {
		p.point(&s.Points[i], look, b, y)
	}
	if p.Look == Training && len(line) == 1 {
		p.marker(look, line[0])
	}
}

func (p *page) point(pt *Point, look look, b box, y *yScale) {
	x, onAxis := p.across(pt, b)
	sample := stats.NewSample(pt.Values...)
	lo, mean, hi, ok := p.spread(pt.Values, y)
	if !ok {
		if sample.Dropped > 0 {
			p.cross(look.color, vg.Point{X: x, Y: b.y0 + 4})
		}
		return
	}
	if p.Look == Training {
		return
	}
	if !onAxis && lo < hi {
		p.stroke(look.color, 0.8, nil, vg.Point{X: x, Y: p.up(lo, b, y)}, vg.Point{X: x, Y: p.up(hi, b, y)})
	}
	if len(sample.Values) > 1 {
		for _, v := range sample.Values {
			p.dot(tint(look.color, 0x90), vg.Point{X: x, Y: p.up(v, b, y)}, 0.9)
		}
	}
	at := vg.Point{X: x, Y: p.up(mean, b, y)}
	p.marker(look, at)
	if pt.Best {
		p.ring(at)
	}
}

// key keeps a series and a line of one name apart.
func key(name string, line bool) string {
	if line {
		return "line " + name
	}
	return "series " + name
}
