package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/reports/stats"
)

// The panels of the compare screen, in the order of tab.
const (
	onSides = iota
	onDiffer
	onTests
	onExamples
	numParts
)

var partNames = [numParts]string{"sides", "spec", "tests", "examples"}

// mostCompared is how many runs or arms stand side by side.
const mostCompared = 5

// examplesShown are the disagreements that are listed of a benchmark.
const examplesShown = 100

// compare puts two to five runs or arms side by side. The first is what the others
// are measured by. Scores and predictions are of dev.
type compare struct {
	*env
	poll     poll
	of       []mark
	curves   *curves
	sides    []sideRead
	specs    []specRow
	tests    [][]Versus // of each with the first; nil: not made yet
	examples []Disagreement
	learned  bool // the examples
	asked    int  // pieces of judging under way
	turn     int  // of the first: answers to an earlier one are dropped
	trouble  error
	loaded   bool
	focus    int
	cursor   [numParts]int
}

// sideRead is what the store knows of one that is compared.
type sideRead struct {
	spec    []Pair // of its first run
	runs    []RunRow
	scores  []float64 // of those that are done
	summary stats.Summary
}

// specRow is a key and its value on each side.
type specRow struct {
	key    string
	values []string
	same   bool
}

type (
	sidesRead struct {
		turn   int
		sides  []sideRead
		curves tea.Msg
		err    error
	}
	testsRead struct {
		turn, side int
		tests      []Versus
		err        error
	}
	examplesRead struct {
		turn int
		list []Disagreement
		err  error
	}
)

func newCompare(e *env, of []mark) *compare {
	return &compare{env: e, of: slices.Clone(of), curves: newCurves(e, of), tests: make([][]Versus, len(of))}
}

func (*compare) Title() string { return "compare" }

// Init implements screen.
func (c *compare) Init(ctx context.Context) tea.Cmd {
	c.asked = 0
	return c.poll.begin(ctx, c.ask)
}

// ask reads where the runs of all sides stand, what is new of their curves, and
// each spec once: it never changes.
func (c *compare) ask() read {
	reader, of, turn, more := c.reader, slices.Clone(c.of), c.turn, c.curves.ask()
	specs := make([][]Pair, len(of))
	for i := range c.sides {
		specs[i] = c.sides[i].spec
	}
	return func(ctx context.Context) tea.Msg {
		rows, err := reader.Rows(ctx, runsOf(of))
		if err != nil {
			return sidesRead{turn: turn, err: err}
		}
		sides := make([]sideRead, len(of))
		for i, m := range of {
			if sides[i], err = readSide(ctx, reader, m, rows, specs[i]); err != nil {
				return sidesRead{turn: turn, err: err}
			}
		}
		return sidesRead{turn: turn, sides: sides, curves: more(ctx)}
	}
}

// readSide gathers the rows of a mark; its spec is read where it is not known.
func readSide(ctx context.Context, reader Reader, m mark, rows []RunRow, spec []Pair) (sideRead, error) {
	s := sideRead{spec: spec}
	for _, r := range rows {
		if !slices.Contains(m.runs, r.ID) {
			continue
		}
		s.runs = append(s.runs, r)
		if r.State == mmibx.Done && mmibx.Finite(r.Dev) {
			s.scores = append(s.scores, r.Dev)
		}
	}
	s.summary = stats.Summarize95(s.scores...)
	if s.spec == nil && len(m.runs) > 0 {
		r, err := reader.Run(ctx, m.runs[0])
		if err != nil {
			return s, err
		}
		s.spec = r.Spec
	}
	return s, nil
}

// Update implements screen.
func (c *compare) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case sidesRead:
		return tea.Batch(c.take(msg), c.judgeNext())
	case testsRead:
		c.asked--
		if msg.turn != c.turn {
			return c.judgeNext()
		}
		if c.trouble = msg.err; msg.err == nil {
			c.tests[msg.side] = msg.tests
		}
		return c.judgeNext()
	case examplesRead:
		c.asked--
		if msg.turn != c.turn {
			return c.judgeNext()
		}
		if c.trouble = msg.err; msg.err == nil {
			c.examples, c.learned = msg.list, true
			c.cursor[onExamples] = max(0, moved(c.cursor[onExamples], 0, len(msg.list)))
		}
	case clicked:
		if i := slices.Index(partNames[:], msg.Name); i >= 0 {
			c.focus, c.cursor[i] = i, max(0, moved(msg.Row, 0, c.len(i)))
		}
	case wheeled:
		if i := slices.Index(partNames[:], msg.Name); i >= 0 {
			c.focus = i
			return c.move(msg.by)
		}
	}
	return c.poll.update(msg)
}

func (c *compare) take(msg sidesRead) tea.Cmd {
	if msg.err != nil {
		return c.poll.done(false, msg.err)
	}
	if msg.turn != c.turn { // of another order
		return c.poll.done(true, nil)
	}
	changed := !slices.EqualFunc(c.sides, msg.sides, func(x, y sideRead) bool { return slices.Equal(x.scores, y.scores) })
	if c.loaded && changed { // another run is done
		c.anew()
	}
	c.sides, c.loaded = msg.sides, true
	c.specs = sideBySide(msg.sides)
	more, _ := msg.curves.(curvesRead)
	if more.err != nil {
		return c.poll.done(false, more.err)
	}
	c.curves.take(more)
	c.poll.again = c.poll.again || more.more
	return c.poll.done(changed, nil)
}

// anew forgets what was judged.
func (c *compare) anew() {
	c.turn++
	c.tests, c.examples, c.learned, c.trouble = make([][]Versus, len(c.of)), nil, false, nil
}

// sideBySide lists the keys of all specs, those that differ first.
func sideBySide(sides []sideRead) []specRow {
	var rows []specRow
	for _, key := range mmibx.FieldKeys() {
		row := specRow{key: key, same: true}
		read := false
		for i, s := range sides {
			value := "–"
			if k := slices.IndexFunc(s.spec, func(p Pair) bool { return p.Name == key }); k >= 0 {
				value, read = s.spec[k].Value, true
			}
			row.values = append(row.values, value)
			row.same = row.same && value == row.values[0] || i == 0
		}
		if read && key != "seed" {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(x, y specRow) int {
		switch {
		case x.same == y.same:
			return 0
		case x.same:
			return 1
		}
		return -1
	})
	return rows
}

// also is the next piece of judging, nil when all is done: each side with the
// first, then the examples.
func (c *compare) also() read {
	if !c.loaded || c.trouble != nil {
		return nil
	}
	judge, turn := c.judge, c.turn
	for i := 1; i < len(c.of); i++ {
		if c.tests[i] == nil {
			runs, with := c.of[i].runs, c.of[0].runs
			return func(ctx context.Context) tea.Msg {
				tests, err := judge.Compare(ctx, runs, with)
				if tests == nil {
					tests = []Versus{}
				}
				return testsRead{turn, i, tests, err}
			}
		}
	}
	if c.learned {
		return nil
	}
	systems := make([][]string, len(c.of))
	for i := range c.of {
		systems[i] = c.of[i].runs
	}
	return func(ctx context.Context) tea.Msg {
		list, err := judge.Disagree(ctx, systems, examplesShown)
		return examplesRead{turn, list, err}
	}
}

func (c *compare) judgeNext() tea.Cmd {
	look := c.also()
	if look == nil || c.asked > 0 || c.poll.ctx == nil {
		return nil
	}
	c.asked++
	ctx := c.poll.ctx
	return func() tea.Msg { return look(ctx) }
}

func (c *compare) len(part int) int {
	n := 0
	switch part {
	case onSides:
		n = len(c.of)
	case onDiffer:
		n = len(c.specs)
	case onTests:
		n = len(c.versus())
	case onExamples:
		n = len(c.examples)
	}
	return n
}

func (c *compare) move(by int) tea.Cmd {
	c.cursor[c.focus] = max(0, moved(c.cursor[c.focus], by, c.len(c.focus)))
	return nil
}

// tested is one comparison of those that are shown, with its verdict adjusted by
// Holm over the comparisons with the first on its benchmark.
type tested struct {
	side int
	Versus
	verdict stats.Verdict
	p       float64
}

// versus lists the comparisons that were made; verdicts are adjusted for how many
// there are, when there are all.
func (c *compare) versus() []tested {
	var list []tested
	ps := map[string][]float64{}
	for i, tests := range c.tests {
		for _, v := range tests {
			list = append(list, tested{side: i, Versus: v})
			if v.Comparison != nil {
				ps[v.Benchmark] = append(ps[v.Benchmark], v.Randomisation.P)
			}
		}
	}
	if slices.ContainsFunc(c.tests[1:], func(tests []Versus) bool { return tests == nil }) {
		return list
	}
	adjusted := map[string][]float64{}
	for name, raw := range ps {
		if a, err := stats.Holm(raw); err == nil {
			adjusted[name] = a
		}
	}
	for i := range list {
		if rest := adjusted[list[i].Benchmark]; list[i].Comparison != nil && len(rest) > 0 {
			list[i].p, list[i].verdict = rest[0], list[i].VerdictAt(rest[0])
			adjusted[list[i].Benchmark] = rest[1:]
		}
	}
	return list
}

// Actions implements screen.
func (c *compare) Actions() []action {
	first := action{name: "baseline", keys: []string{"v"}, label: "versus", help: "measure the others by the selected one", run: func() tea.Cmd {
		at := c.cursor[onSides]
		c.of[0], c.of[at] = c.of[at], c.of[0]
		c.curves.of = slices.Clone(c.of)
		c.sides[0], c.sides[at] = c.sides[at], c.sides[0]
		c.specs = sideBySide(c.sides)
		c.cursor[onSides] = 0
		c.curves.trace()
		c.anew()
		return c.judgeNext()
	}}
	switch {
	case !c.loaded:
		first.why = "the runs are still being read"
	case c.cursor[onSides] == 0:
		first.why = "it is the first already; the cursor chooses another"
	}
	turn := func(by int) func() tea.Cmd {
		return func() tea.Cmd { c.focus = (c.focus + by + numParts) % numParts; return nil }
	}
	acts := []action{
		{name: "panel", keys: []string{"tab"}, label: "panel", help: "the next panel", run: turn(1)},
		{name: "panel back", keys: []string{"shift+tab"}, help: "the panel before", run: turn(-1)},
		first, curvesAction(c.env, c.of), c.metricAction(),
	}
	q := PaperQuery{Runs: runsOf(c.of)}
	acts = append(acts, tableAction(c.env, q), figureAction(c.env, q), c.exportAction(Listing{Filter: filterOf(runsOf(c.of))}), c.copyAction(strings.Join(runsOf(c.of), " ")))
	return append(acts, moves(c.move)...)
}

func (c *compare) metricAction() action {
	return action{name: "metric", keys: []string{"m"}, label: "metric", help: "dev score or loss in the curves", run: func() tea.Cmd {
		c.curves.metrics = []string{c.curves.metrics[1], c.curves.metrics[0]}
		return nil
	}}
}

// compareAction opens what is marked side by side.
func compareAction(e *env, of []mark) action {
	a := action{
		name: "compare", keys: []string{"="}, label: "compare", help: "specs, curves, test and examples of two to five marked runs or arms, side by side",
		to: func() tea.Msg { return push{newCompare(e, of)} },
	}
	switch n := len(of); {
	case n < 2:
		a.why = fmt.Sprintf("%d marked: space marks two to %d runs or arms", n, mostCompared)
	case n > mostCompared:
		a.why = fmt.Sprintf("%d are marked, and at most %d fit side by side", n, mostCompared)
	case n == 2:
		a.cli = e.cli("compare", of[1].id, of[0].id)
	}
	return a
}

// curvesAction draws the curves of what is marked.
func curvesAction(e *env, of []mark) action {
	a := action{
		name: "curves", keys: []string{"C"}, label: "curves", help: "any metrics of the marked runs or arms, one chart for each",
		to: func() tea.Msg { return push{newCurves(e, of)} },
	}
	if len(of) == 0 {
		a.why = "nothing is marked: space marks"
	} else if ids := runsOf(of); len(ids) == 1 {
		a.cli = e.cli("runs curve", ids[0], mmibx.DevF1)
	}
	return a
}

// sideInk is the ink of a side everywhere.
func sideInk(i int) widget.Ink { return widget.Series0 + widget.Ink(i%widget.NumSeries) }
