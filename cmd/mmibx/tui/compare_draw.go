package tui

import (
	"fmt"
	"strings"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Draw implements screen: all panels where there is room, else the sides and the
// panel that has the focus.
func (c *compare) Draw(at widget.Canvas) {
	top, rest := at.Bounds().Top(1)
	header(at.In(top), c.env, []string{"compare"}, c.status(), nil)
	sides, rest := rest.Top(len(c.of) + 3)
	if at.W() < 100 || at.H() < 30 {
		c.drawSides(at.In(sides))
		c.drawPart(at.In(rest), c.focus)
		return
	}
	c.drawSides(at.In(sides))
	upper, lower := c.down(at, "compare.upper", rest, rest.H*11/20)
	spec, chart := c.across(at, "compare.spec", upper, upper.W/2)
	tests, examples := c.across(at, "compare.tests", lower, lower.W/2)
	c.drawSpec(at.In(spec))
	c.drawCurve(at.In(chart))
	c.drawTests(at.In(tests))
	c.drawExamples(at.In(examples))
}

func (c *compare) drawPart(at widget.Canvas, part int) {
	switch part {
	case onDiffer:
		c.drawSpec(at)
	case onTests:
		c.drawTests(at)
	case onExamples:
		c.drawExamples(at)
	default:
		c.drawCurve(at)
	}
}

func (c *compare) status() []widget.Span {
	if t := c.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	switch {
	case c.trouble != nil:
		return []widget.Span{{Text: "✗ not compared: " + c.trouble.Error(), Ink: widget.Bad}}
	case !c.loaded:
		return []widget.Span{faint("reading …")}
	case c.also() != nil:
		return []widget.Span{{Text: "● comparing …", Ink: widget.Busy}}
	}
	return []widget.Span{faint("on dev; test is sealed")}
}

func (c *compare) drawSides(at widget.Canvas) {
	in := widget.Panel(at, []widget.Span{strong("side by side")}, []widget.Span{faint("the first is what the others are measured by")}, c.focus == onSides)
	widget.Table{
		Name: partNames[onSides], Len: len(c.of), Cursor: c.cursor[onSides], Focused: c.focus == onSides,
		Columns: []widget.Column{
			{Width: 1},
			{Title: "", Width: 14, Grow: true, Most: 60},
			{Title: "benchmark", Width: 16},
			{Title: "dev", Width: 5, Right: true},
			{Title: "", Width: 5},
			{Title: "n", Width: 5, Right: true},
			{Title: "each seed", Width: 12, Grow: true},
		},
		Row: c.sideRow,
	}.Draw(in)
}

func (c *compare) sideRow(i int) [][]widget.Span {
	row := [][]widget.Span{{{Text: signOf(i), Ink: sideInk(i)}}, {{Text: c.of[i].label, Ink: sideInk(i)}}}
	if i >= len(c.sides) {
		return row
	}
	s := c.sides[i]
	benchmark := ""
	if len(s.runs) > 0 {
		benchmark = s.runs[0].Benchmark
	}
	if len(s.scores) == 0 {
		return append(row, []widget.Span{plain(benchmark)}, []widget.Span{faint("–")}, nil, []widget.Span{plain(fmt.Sprintf("0/%d", len(s.runs)))})
	}
	var each []string
	for _, v := range s.scores {
		each = append(each, score(v))
	}
	return append(row, []widget.Span{plain(benchmark)}, []widget.Span{strong(score(s.summary.Mean))}, []widget.Span{faint(deviation(s.summary.SD, s.summary.N))},
		[]widget.Span{plain(fmt.Sprintf("%d/%d", len(s.scores), len(s.runs)))}, []widget.Span{faint(strings.Join(each, " "))})
}

func (c *compare) drawSpec(at widget.Canvas) {
	differ := 0
	for _, r := range c.specs {
		if !r.same {
			differ++
		}
	}
	in := widget.Panel(at, []widget.Span{strong("spec")}, []widget.Span{faint(fmt.Sprintf("%d of %d differ", differ, len(c.specs)))}, c.focus == onDiffer)
	columns := []widget.Column{{Width: 16, Grow: true, Most: 24}}
	for i := range c.of {
		columns = append(columns, widget.Column{Title: signOf(i), Width: 7, Grow: true})
	}
	widget.Table{
		Name: partNames[onDiffer], Len: len(c.specs), Cursor: c.cursor[onDiffer], Focused: c.focus == onDiffer, Columns: columns, Empty: "reading …",
		Row: func(i int) [][]widget.Span {
			r := c.specs[i]
			row := [][]widget.Span{{faint(r.key)}}
			for k, v := range r.values {
				span := widget.Span{Text: v, Ink: sideInk(k)}
				if r.same {
					span.Ink = widget.Faint
				}
				row = append(row, []widget.Span{span})
			}
			return row
		},
	}.Draw(in)
}

func (c *compare) drawCurve(at widget.Canvas) {
	c.curves.drawChart(at, c.curves.metrics[0])
}

func (c *compare) drawTests(at widget.Canvas) {
	list := c.versus()
	in := widget.Panel(at, []widget.Span{strong("default test"), faint("  against 1")}, []widget.Span{faint("adjusted by Holm")}, c.focus == onTests)
	rows, detail := in.Bounds().Top(min(len(list)+1, max(2, in.H()/2)))
	empty := "comparing …"
	if c.also() == nil {
		empty = "they have no benchmark in common among their finished runs"
	}
	widget.Table{
		Name: partNames[onTests], Len: len(list), Cursor: c.cursor[onTests], Focused: c.focus == onTests, Empty: empty,
		Columns: []widget.Column{
			{Width: 1},
			{Title: "benchmark", Width: 14, Grow: true, Most: 18},
			{Title: "diff", Width: 8},
			{Title: "95 % interval", Width: 16},
			{Title: "p", Width: 7},
			{Title: "", Width: 8, Grow: true},
		},
		Row: func(i int) [][]widget.Span { return testRow(list[i]) },
	}.Draw(in.In(rows))
	if at := c.cursor[onTests]; at < len(list) {
		drawReasons(in.In(detail), list[at])
	}
}

func testRow(t tested) [][]widget.Span {
	row := [][]widget.Span{{{Text: signOf(t.side), Ink: sideInk(t.side)}}, {plain(t.Benchmark)}}
	if t.Comparison == nil {
		return append(row, []widget.Span{faint("–")}, []widget.Span{faint(t.Why)})
	}
	d := t.Difference
	interval := fmt.Sprintf("[%+.2f, %+.2f]", d.Low, d.High)
	if !d.HasInterval() {
		interval = "–"
	}
	p := fmt.Sprintf("%.4f", t.p)
	switch {
	case t.verdict == "": // others are still being compared
		p = ""
	case t.p < 0.0001:
		p = "< .0001"
	}
	return append(row, append([]widget.Span{strong(fmt.Sprintf("%+.2f", d.Value))}, verdictSign(t.verdict)...), []widget.Span{plain(interval)}, []widget.Span{plain(p)}, []widget.Span{faint(string(t.verdict))})
}

// drawReasons says what a comparison rests on.
func drawReasons(at widget.Canvas, t tested) {
	var text []string
	if t.Comparison == nil {
		text = []string{t.Why}
	} else {
		text = append(text, fmt.Sprintf("over %s and %d units; power to find a difference of %g: %.2f", plural(len(t.Seeds), "common seed"), t.Units, t.Target.Difference, t.Power))
		for _, w := range t.Warnings {
			text = append(text, string(w))
		}
	}
	y := 0
	for _, part := range text {
		for _, line := range wrap(part, at.W()-1) {
			at.Print(1, y, faint(line))
			y++
		}
	}
}

// drawExamples lists what the sides answer differently, and below what each says
// of the one under the cursor.
func (c *compare) drawExamples(at widget.Canvas) {
	in := widget.Panel(at, []widget.Span{strong("where they disagree")}, []widget.Span{faint(fmt.Sprint(len(c.examples)))}, c.focus == onExamples)
	list, detail := in.Bounds().Top(max(2, in.H()-min(in.H()*3/5, 2*len(c.of)+4)))
	empty := "comparing …"
	switch {
	case c.learned:
		empty = "nowhere, or they have no benchmark in common"
	case c.trouble != nil:
		empty = c.trouble.Error()
	}
	columns := []widget.Column{}
	for i := range c.of {
		columns = append(columns, widget.Column{Title: signOf(i), Width: 4, Right: true})
	}
	columns = append(columns, widget.Column{Title: "right, and the text", Width: 20, Grow: true})
	widget.Table{
		Name: partNames[onExamples], Len: len(c.examples), Cursor: c.cursor[onExamples], Focused: c.focus == onExamples, Columns: columns, Empty: empty,
		Row: func(i int) [][]widget.Span {
			d := c.examples[i]
			var row [][]widget.Span
			for k, s := range d.Sides {
				row = append(row, []widget.Span{{Text: fmt.Sprintf("%d/%d", s.Right, s.Runs), Ink: sideInk(k)}})
			}
			return append(row, []widget.Span{plain(strings.Join(d.Example.Tokens, " "))})
		},
	}.Draw(in.In(list))
	if i := c.cursor[onExamples]; i < len(c.examples) {
		drawDisagreement(in.In(detail), c.examples[i])
	}
}

func drawDisagreement(at widget.Canvas, d Disagreement) {
	y := 0
	for _, line := range wrap(strings.Join(d.Example.Tokens, " "), at.W()) {
		if y < 2 {
			at.Print(0, y, strong(line))
			y++
		}
	}
	gold := strings.Join(d.Gold, " · ")
	if gold == "" {
		gold = "nothing to find"
	}
	at.Print(0, y, faint(d.Example.ID+"  gold  "), widget.Span{Text: gold, Ink: widget.Good})
	for i, s := range d.Sides {
		spans := []widget.Span{{Text: signOf(i) + " ", Ink: sideInk(i)}}
		for _, f := range s.Found {
			ink, mark := widget.Good, "✓ "
			if !f.Right {
				ink, mark = widget.Bad, "✗ "
			}
			spans = append(spans, widget.Span{Text: mark + f.What, Ink: ink}, faint(fmt.Sprintf(" %d/%d   ", f.Runs, s.Runs)))
		}
		if len(s.Found) == 0 {
			spans = append(spans, faint("finds nothing"))
		}
		at.Print(0, y+1+i, spans...)
	}
}
