package tui

import (
	"fmt"
	"math"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Draw implements screen: the charts, and below them what each line is, with its
// values at the cursor or its best ones.
func (c *curves) Draw(at widget.Canvas) {
	top, rest := at.Bounds().Top(1)
	header(at.In(top), c.env, []string{"curves"}, c.status(), nil)
	charts, legend := c.down(at, "curves.charts", rest, rest.H-min(len(c.of)+3, rest.H/3))
	columns := 1
	if at.W() >= 110 && len(c.metrics) > 1 {
		columns = 2
	}
	rows := (len(c.metrics) + columns - 1) / columns
	for y := range rows {
		line, below := charts.Top(charts.H / max(1, rows-y))
		charts = below
		for x := range columns {
			box, beside := line.Left(line.W / (columns - x))
			line = beside
			if i := y*columns + x; i < len(c.metrics) {
				c.drawChart(at.In(box), c.metrics[i])
			}
		}
	}
	c.drawLegend(at.In(legend))
}

func (c *curves) status() []widget.Span {
	if t := c.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	spans := []widget.Span{faint(fmt.Sprintf("%s by step", plural(len(c.of), "line")))}
	if w := smoothings[c.smooth]; w > 0 {
		spans = append(spans, faint(fmt.Sprintf(", smoothed %g", w)))
	}
	if c.log {
		spans = append(spans, faint(", log"))
	}
	if c.to > c.from {
		spans = append(spans, faint(fmt.Sprintf(", steps %.0f to %.0f", c.from, c.to)))
	}
	if !math.IsNaN(c.cursor) {
		spans = append(spans, plain(fmt.Sprintf("   at step %.0f", c.cursor)))
	}
	return spans
}

func (c *curves) drawChart(at widget.Canvas, metric string) {
	in := widget.Panel(at, []widget.Span{strong(metric)}, nil, false)
	from, to := c.shown()
	ch := widget.Chart{Name: "chart", From: from, To: to, Log: c.log, Cursor: c.cursor, HasCursor: !math.IsNaN(c.cursor), Empty: "no point yet"}
	if c.to > c.from {
		ch.Empty = "no point between these steps"
	}
	for _, l := range c.lines[metric] {
		ch.Series = append(ch.Series, l.Series)
	}
	ch.Draw(in)
}

// drawLegend says of each line what it is and its value of each metric: at the
// cursor, else the best, else the last.
func (c *curves) drawLegend(at widget.Canvas) {
	what := "at ◆, the best of each line, else the last"
	if !math.IsNaN(c.cursor) {
		what = "at the cursor"
	}
	in := widget.Panel(at, []widget.Span{strong("lines")}, []widget.Span{faint(what + ", ± deviation of runs")}, false)
	columns := []widget.Column{{Width: 1}, {Title: "", Width: 14, Grow: true, Most: 80}, {Title: "runs", Width: 4, Right: true}}
	for _, m := range c.metrics {
		columns = append(columns, widget.Column{Title: m, Width: max(16, len(m))})
	}
	widget.Table{
		Name: "lines", Len: len(c.of), Cursor: -1, Columns: columns, Empty: "nothing is marked",
		Row: func(i int) [][]widget.Span {
			ink := sideInk(i)
			row := [][]widget.Span{{{Text: signOf(i), Ink: ink}}, {{Text: c.of[i].label, Ink: ink}}, {faint(fmt.Sprint(len(c.of[i].runs)))}}
			for _, m := range c.metrics {
				row = append(row, c.value(m, i))
			}
			return row
		},
	}.Draw(in)
}

func (c *curves) value(metric string, i int) []widget.Span {
	if i >= len(c.lines[metric]) {
		return nil
	}
	l := c.lines[metric][i]
	k, ok := len(l.X)-1, len(l.X) > 0
	mark := ""
	switch {
	case !math.IsNaN(c.cursor):
		k, ok = l.valueAt(c.cursor)
	case l.HasBest:
		k, mark = l.Best, "◆ "
	}
	if !ok {
		return []widget.Span{faint("–")}
	}
	spans := []widget.Span{faint(mark), strong(fmt.Sprintf("%.4g", l.Y[k]))}
	if k < len(l.Low) && !math.IsNaN(l.Low[k]) {
		spans = append(spans, faint(fmt.Sprintf(" ±%.2g", l.Y[k]-l.Low[k])))
	}
	if l.n[k] < len(c.of[i].runs) {
		spans = append(spans, faint(fmt.Sprintf(" n %d", l.n[k])))
	}
	return spans
}
