package tui

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// curves draws metrics of what was marked, one chart for each metric, all over the
// same steps. Of an arm it is the mean of its runs with a band of one deviation.
type curves struct {
	*env
	poll     poll
	of       []mark
	metrics  []string
	names    []Pair // metrics that the runs have logged
	read     map[runMetric]curve
	lines    map[string][]curveLine // by metric, made of what was read
	cursor   float64                // step; NaN: none
	from, to float64                // steps that are shown; equal: all
	log      bool
	smooth   int // index of smoothings
}

type runMetric struct{ run, metric string }

// curveLine is a mark's curve in a chart.
type curveLine struct {
	widget.Series
	n []int // runs behind each point
}

// smoothings are the weights that a point gives to those before it.
var smoothings = []float64{0, 0.6, 0.9}

// curvesFor bounds a read of many curves; what it did not come to is read next.
const curvesFor = 150 * time.Millisecond

type curvesRead struct {
	curves []curve
	names  []string
	more   bool
	err    error
}

func newCurves(e *env, of []mark) *curves {
	return &curves{env: e, of: slices.Clone(of), metrics: []string{mmibx.DevF1, mmibx.Loss}, read: map[runMetric]curve{}, cursor: math.NaN()}
}

func (*curves) Title() string { return "curves" }

// Init implements screen.
func (c *curves) Init(ctx context.Context) tea.Cmd { return c.poll.begin(ctx, c.ask) }

// ask reads on in all curves, first in those that have been read least.
func (c *curves) ask() read {
	reader := c.reader
	var want []curve
	for _, m := range c.metrics {
		for _, run := range runsOf(c.of) {
			want = append(want, c.read[runMetric{run, m}].of(run, m))
		}
	}
	slices.SortStableFunc(want, func(x, y curve) int { return len(x.x) - len(y.x) })
	var first []string // a run of each mark, whose metrics are offered
	for _, m := range c.of {
		if len(c.names) == 0 && len(m.runs) > 0 {
			first = append(first, m.runs[0])
		}
	}
	return func(ctx context.Context) tea.Msg {
		var msg curvesRead
		for _, id := range first {
			run, err := reader.Run(ctx, id)
			if err != nil {
				return curvesRead{err: err}
			}
			msg.names = append(msg.names, run.Names...)
		}
		stop := time.Now().Add(curvesFor)
		for i, w := range want {
			grown, err := readCurve(ctx, reader, w)
			if err != nil {
				return curvesRead{err: err}
			}
			msg.more = msg.more || len(grown.x)-len(w.x) >= pointsAtOnce
			if grown.last != w.last {
				msg.curves = append(msg.curves, grown)
			}
			if time.Now().After(stop) && i+1 < len(want) {
				msg.more = true
				break
			}
		}
		return msg
	}
}

// Update implements screen.
func (c *curves) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case curvesRead:
		if msg.err != nil {
			return c.poll.done(false, msg.err)
		}
		c.take(msg)
		c.poll.again = c.poll.again || msg.more
		return c.poll.done(len(msg.curves) > 0, nil)
	case clicked:
		if from, to := c.shown(); msg.Name == "chart" && to > from {
			c.cursor = from + (to-from)*float64(msg.Row)/widget.ChartParts
		}
	case wheeled:
		return c.zoom(math.Pow(1.25, float64(msg.by)))()
	}
	return c.poll.update(msg)
}

// take makes lines of what was read.
func (c *curves) take(msg curvesRead) {
	for _, grown := range msg.curves {
		c.read[runMetric{grown.run, grown.metric}] = grown
	}
	c.learn(msg.names)
	if len(msg.curves) > 0 || c.lines == nil {
		c.draw()
	}
}

// learn takes the names of metrics that runs have logged.
func (c *curves) learn(names []string) {
	for _, name := range names {
		if !slices.ContainsFunc(c.names, func(p Pair) bool { return p.Name == name }) {
			c.names = append(c.names, Pair{name, docOf(name)})
		}
	}
	slices.SortFunc(c.names, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
}

func docOf(metric string) string {
	if i := slices.IndexFunc(mmibx.Metrics, func(m mmibx.MetricInfo) bool { return m.Name == metric }); i >= 0 {
		return mmibx.Metrics[i].Doc
	}
	return ""
}

// draw makes the lines of what was read.
func (c *curves) draw() {
	c.lines = map[string][]curveLine{}
	for _, metric := range c.metrics {
		for i, m := range c.of {
			var runs []curve
			for _, run := range m.runs {
				if r := c.read[runMetric{run, metric}]; len(r.x) > 0 {
					runs = append(runs, r)
				}
			}
			l := meanLine(runs, smoothings[c.smooth])
			l.Ink, l.Sign = sideInk(i), signOf(i)
			l.Best, l.HasBest = bestOf(metric, l.Y)
			c.lines[metric] = append(c.lines[metric], l)
		}
	}
}

// signOf is what a mark's line is called: 1 to 9, then a, b, c.
func signOf(i int) string { return string("123456789abcdefghijklmnopqrstuvwxyz"[i%35]) }

// meanLine is the mean of runs at the steps that at least half of them have, each
// smoothed by itself, with a band of one sample deviation where two or more have
// the step.
func meanLine(runs []curve, weight float64) curveLine {
	at := map[float64][]float64{}
	for _, r := range runs {
		for i, y := range smoothed(r.y, weight) {
			at[r.x[i]] = append(at[r.x[i]], y)
		}
	}
	var l curveLine
	for x, ys := range at {
		if 2*len(ys) >= len(runs) {
			l.X = append(l.X, x)
		}
	}
	slices.Sort(l.X)
	for _, x := range l.X {
		mean, sd := meanAndDeviation(at[x])
		l.Y, l.n = append(l.Y, mean), append(l.n, len(at[x]))
		if len(runs) > 1 {
			l.Low, l.High = append(l.Low, mean-sd), append(l.High, mean+sd)
		}
	}
	return l
}

// meanAndDeviation of one value has no deviation.
func meanAndDeviation(ys []float64) (mean, sd float64) {
	for _, y := range ys {
		mean += y / float64(len(ys))
	}
	if len(ys) < 2 {
		return mean, math.NaN()
	}
	for _, y := range ys {
		sd += (y - mean) * (y - mean) / float64(len(ys)-1)
	}
	return mean, math.Sqrt(sd)
}

// smoothed is an exponential mean of the points up to each, corrected for its
// beginning; values that are not finite are kept and do not enter it.
func smoothed(ys []float64, weight float64) []float64 {
	if weight == 0 {
		return ys
	}
	out := make([]float64, len(ys))
	sum, norm := 0.0, 0.0
	for i, y := range ys {
		if !mmibx.Finite(y) {
			out[i] = y
			continue
		}
		sum, norm = weight*sum+(1-weight)*y, weight*norm+(1-weight)
		out[i] = sum / norm
	}
	return out
}

// bestOf finds the best point of a metric that has a better end.
func bestOf(metric string, ys []float64) (int, bool) {
	sign := 0.0
	i := slices.IndexFunc(mmibx.Metrics, func(m mmibx.MetricInfo) bool { return m.Name == metric })
	switch {
	case strings.HasPrefix(metric, mmibx.DevF1), i >= 0 && mmibx.Metrics[i].Better == "higher":
		sign = 1
	case i >= 0 && mmibx.Metrics[i].Better == "lower":
		sign = -1
	default:
		return 0, false
	}
	best, found := 0, false
	for i, y := range ys {
		if mmibx.Finite(y) && (!found || sign*y > sign*ys[best]) {
			best, found = i, true
		}
	}
	return best, found
}

// ends are the first and the last step of all lines.
func (c *curves) ends() (from, to float64) {
	from, to = math.Inf(1), math.Inf(-1)
	for _, lines := range c.lines {
		for _, l := range lines {
			if n := len(l.X); n > 0 {
				from, to = min(from, l.X[0]), max(to, l.X[n-1])
			}
		}
	}
	return from, to
}

// shown are the steps at the ends of the charts.
func (c *curves) shown() (from, to float64) {
	if c.to > c.from {
		return c.from, c.to
	}
	return c.ends()
}

// slide moves the cursor by some parts of what is shown.
func (c *curves) slide(by int) tea.Cmd {
	from, to := c.shown()
	if to <= from {
		return nil
	}
	if math.IsNaN(c.cursor) {
		c.cursor = to
		if by > 0 {
			c.cursor = from
		}
	} else {
		c.cursor = max(from, min(c.cursor+(to-from)*float64(by)/widget.ChartParts, to))
	}
	return nil
}

// zoom shows more or fewer steps around the cursor, or around the middle.
func (c *curves) zoom(factor float64) func() tea.Cmd {
	return func() tea.Cmd {
		from, to := c.shown()
		first, last := c.ends()
		if to <= from {
			return nil
		}
		at := c.cursor
		if math.IsNaN(at) || at < from || at > to {
			at = (from + to) / 2
		}
		from, to = max(first, math.Floor(at-(at-from)*factor)), min(last, math.Ceil(at+(to-at)*factor))
		if from <= first && to >= last {
			from, to = 0, 0
		} else if to-from < 2 {
			return nil // two steps are the least that has a line
		}
		c.from, c.to = from, to
		return nil
	}
}

// pan shows what lies before or behind.
func (c *curves) pan(by float64) func() tea.Cmd {
	return func() tea.Cmd {
		from, to := c.shown()
		first, last := c.ends()
		move := max(first-from, min(math.Round((to-from)*by), last-to))
		c.from, c.to = from+move, to+move
		return nil
	}
}

// valueAt is a line's value at the last of its steps that is not after a step.
func (l curveLine) valueAt(step float64) (i int, ok bool) {
	for i = len(l.X) - 1; i >= 0; i-- {
		if l.X[i] <= step {
			return i, true
		}
	}
	return 0, false
}

// Actions implements screen.
func (c *curves) Actions() []action {
	pickMetrics := action{name: "metrics", keys: []string{"m"}, label: "metrics", help: "choose which metrics are drawn", to: func() tea.Msg {
		p := newPick("metrics", c.names, c.metrics, func(names []string) action {
			return action{name: "draw", run: func() tea.Cmd {
				c.metrics = names
				c.draw()
				return c.poll.now()
			}}
		})
		p.many = true
		return push{p}
	}}
	if len(c.names) == 0 {
		pickMetrics.why = "the runs have logged nothing yet"
	}
	reset := action{name: "all steps", keys: []string{"0"}, help: "no zoom", run: func() tea.Cmd { c.from, c.to = 0, 0; return nil }}
	pan := []action{
		{name: "pan left", keys: []string{"<", ","}, help: "the steps before, after a zoom", run: c.pan(-0.5)},
		{name: "pan right", keys: []string{">", "."}, help: "the steps behind, after a zoom", run: c.pan(0.5)},
	}
	if c.to <= c.from {
		reset.why, pan[0].why, pan[1].why = "all steps are shown", "all steps are shown: + zooms", "all steps are shown: + zooms"
	}
	slide := func(by int) func() tea.Cmd { return func() tea.Cmd { return c.slide(by) } }
	return append([]action{
		pickMetrics,
		{name: "cursor right", keys: []string{"right", "l"}, label: "cursor", help: "read the values further right, in all charts", run: slide(4)},
		{name: "cursor left", keys: []string{"left", "h"}, help: "read the values further left, in all charts", run: slide(-4)},
		{name: "zoom in", keys: []string{"+"}, label: "zoom", help: "fewer steps, around the cursor", run: c.zoom(0.5)},
		{name: "zoom out", keys: []string{"-"}, help: "more steps", run: c.zoom(2)},
		reset,
		{name: "smoothing", keys: []string{"s"}, label: "smooth", help: "exponential mean: off, 0.6, 0.9", run: func() tea.Cmd {
			c.smooth = (c.smooth + 1) % len(smoothings)
			c.draw()
			return nil
		}},
		{name: "log axis", keys: []string{"o"}, label: "log", help: "logarithmic axis of values", run: func() tea.Cmd { c.log = !c.log; return nil }},
		c.compareAction(),
	}, pan...)
}

// compareAction compares what the curves are of.
func (c *curves) compareAction() action { return compareAction(c.env, c.of) }

// Draw implements screen: the charts, and below them what each line is, with its
// values at the cursor or its best ones.
func (c *curves) Draw(at widget.Canvas) {
	top, rest := at.Bounds().Top(1)
	header(at.In(top), c.env, []string{"curves"}, c.status(), nil)
	charts, legend := rest.Top(rest.H - min(len(c.of)+3, rest.H/3))
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
	columns := []widget.Column{{Width: 1}, {Title: "", Width: 14, Grow: true}, {Title: "runs", Width: 4, Right: true}}
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
