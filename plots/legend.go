package plots

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot/vg"
)

// entry is one item of the legend: a sample and its name.
type entry struct {
	name string
	kind entryKind
	look look
	band bool
}

type entryKind int

const (
	entrySeries entryKind = iota
	entryLine
	entryBest
	entryCross
)

const (
	sampleWidth vg.Length = 15
	entryGap    vg.Length = 9
)

func (e entry) width() vg.Length {
	return sampleWidth + 3 + textWidth(e.name, tickSize, false) + entryGap
}

// assignLooks gives equal names equal looks over all panels: methods the ones
// that they have in every figure, others what is left, ceilings grey.
func (p *page) assignLooks() {
	var names []string
	for s := range p.points() {
		names = append(names, s.Name)
	}
	for _, l := range p.lines() {
		if !l.Ceiling {
			names = append(names, l.Name)
		}
	}
	looks := looksOf(names)
	for s := range p.points() {
		p.looks[key(s.Name, false)] = looks[s.Name]
	}
	bounds := 0
	for _, l := range p.lines() {
		k := key(l.Name, true)
		if _, ok := p.looks[k]; ok {
			continue
		}
		if l.Ceiling {
			p.looks[k] = ceilingLook(bounds)
			bounds++
			continue
		}
		thin := looks[l.Name]
		thin.width = 0.8
		p.looks[k] = thin
	}
}

// lines lists the lines of all panels, baselines first.
func (p *page) lines() []Line {
	var all []Line
	for _, row := range p.Rows {
		for _, panel := range row.Panels {
			all = append(all, panel.Lines...)
		}
	}
	slices.SortStableFunc(all, func(a, b Line) int {
		switch {
		case !a.Ceiling && !b.Ceiling:
			return cmp.Compare(methodOrder(a.Name), methodOrder(b.Name))
		case a.Ceiling == b.Ceiling:
			return 0
		case b.Ceiling:
			return -1
		}
		return 1
	})
	return all
}

// entries lists what the figure holds, each name once.
func (p *page) entries() []entry {
	var list []entry
	seen := map[string]bool{}
	add := func(k string, e entry) {
		if !seen[k] && e.name != "" {
			seen[k] = true
			list = append(list, e)
		}
	}
	c := p.census()
	short := func(name string) string { return shorten(name, tickSize, false, p.width-sampleWidth-8) }
	for s := range p.points() {
		k := key(s.Name, false)
		add(k, entry{name: short(s.Name), look: p.looks[k], band: c.maxN > 1 && p.Look != Path})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(methodOrder(a.name), methodOrder(b.name)) })
	for _, l := range p.lines() {
		k := key(l.Name, true)
		add(k, entry{name: short(l.Name), kind: entryLine, look: p.looks[k], band: len(l.Values) > 1 && !p.bareLevels()})
	}
	if c.best {
		add("best", entry{name: "best on dev", kind: entryBest})
	}
	if c.crosses > 0 {
		add("cross", entry{name: "no finite value", kind: entryCross, look: look{color: ink}})
	}
	return list
}

// wrap breaks the legend into lines no wider than the figure.
func wrap(entries []entry, width vg.Length) [][]entry {
	var lines [][]entry
	var used vg.Length
	for _, e := range entries {
		if len(lines) == 0 || used+e.width()-entryGap > width {
			lines, used = append(lines, nil), 0
		}
		lines[len(lines)-1] = append(lines[len(lines)-1], e)
		used += e.width()
	}
	return lines
}

func (p *page) drawLegend() {
	for i, line := range p.legend {
		y := p.height - 3 - tickSize*0.72 - vg.Length(i)*lineSkip
		total := -entryGap
		for _, e := range line {
			total += e.width()
		}
		x := max(2, (p.width-total)/2)
		for _, e := range line {
			p.sample(e, x, y+0.36*tickSize)
			p.text(x+sampleWidth+3, y, e.name, tickSize, false, 0)
			x += e.width()
		}
	}
}

func (p *page) sample(e entry, x, y vg.Length) {
	mid := vg.Point{X: x + sampleWidth/2, Y: y}
	switch e.kind {
	case entryBest:
		p.ring(mid)
		return
	case entryCross:
		p.cross(e.look.color, mid)
		return
	}
	if e.band {
		p.rect(tint(e.look.color, 0x30), x, y-3, x+sampleWidth, y+3)
	}
	if e.kind == entryLine || p.lined(e.name) {
		p.stroke(e.look.color, e.look.width, e.look.dashes, vg.Point{X: x, Y: y}, vg.Point{X: x + sampleWidth, Y: y})
	}
	if e.kind == entrySeries && p.Look != Training {
		p.marker(e.look, mid)
	}
}
