package tui

import (
	"context"
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
	ids := runsOf(c.of)
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
		rows, err := reader.Rows(ctx, ids)
		if err != nil {
			return curvesRead{err: err}
		}
		by := map[string]RunRow{}
		for _, r := range rows {
			by[r.ID] = r
		}
		stop := time.Now().Add(curvesFor)
		for i, w := range want {
			grown, err := readOn(ctx, reader, w, by[w.run])
			if err != nil {
				return curvesRead{err: err}
			}
			msg.more = msg.more || len(grown.x)-len(w.x) >= pointsAtOnce
			if grown.last != w.last || grown.over != w.over || grown.attempt != w.attempt {
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
		if msg.Name != "chart" {
			return nil
		}
		from, to := c.shown()
		c.zoomAt(from+(to-from)*(float64(msg.Row)+0.5)/widget.ChartParts, math.Pow(1.25, float64(msg.by)))
		return nil
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
		c.trace()
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

// trace makes the lines of what was read.
func (c *curves) trace() {
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
		at := c.cursor
		if math.IsNaN(at) || at < from || at > to {
			at = (from + to) / 2
		}
		c.zoomAt(at, factor)
		return nil
	}
}

// zoomAt shows more or fewer steps around one, which stays where it is on the
// charts as far as the ends allow.
func (c *curves) zoomAt(at, factor float64) {
	from, to := c.shown()
	first, last := c.ends()
	if to <= from {
		return
	}
	from, to = max(first, math.Floor(at-(at-from)*factor)), min(last, math.Ceil(at+(to-at)*factor))
	if from <= first && to >= last {
		from, to = 0, 0
	} else if to-from < 2 {
		return // two steps are the least that has a line
	}
	c.from, c.to = from, to
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

// Actions implements screen.
func (c *curves) Actions() []action {
	pickMetrics := action{name: "metrics", keys: []string{"m"}, label: "metrics", help: "choose which metrics are drawn", to: func() tea.Msg {
		p := newPick("metrics", c.names, c.metrics, func(names []string) action {
			return action{name: "draw", run: func() tea.Cmd {
				c.metrics = names
				c.trace()
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
			c.trace()
			return nil
		}},
		{name: "log axis", keys: []string{"o"}, label: "log", help: "logarithmic axis of values", run: func() tea.Cmd { c.log = !c.log; return nil }},
		c.compareAction(), c.exportAction(Listing{Filter: filterOf(runsOf(c.of))}), c.copyAction(strings.Join(runsOf(c.of), " ")),
	}, pan...)
}

// compareAction compares what the curves are of.
func (c *curves) compareAction() action { return compareAction(c.env, c.of) }
