package tui

import (
	"context"
	"math"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// The panels of the board that keys act on, in the order of tab.
const (
	onWorkers = iota
	onGrid
	onLeaders
	onRuns
	onEvents
	numPanels
)

var panelNames = [numPanels]string{"workers", "grid", "leaders", "runs", "events"}

// board shows a sweep while it runs: its state first, then the answer so far,
// then what needs a hand. Scores are on dev.
type board struct {
	*env
	poll      poll
	sweep     string
	data      Board
	loaded    bool
	focus     int
	cursor    [numPanels]int // row; on the grid unused
	gx, gy    int            // cursor on the grid
	benchmark int
	axes      [2]int // shown along the columns and down the rows
	metric    string
	curve     curve
	leaders   []Arm  // of the benchmark, best first
	baseline  string // arm that the others are compared with; "": the judge's choice
	judged    judged
}

type boardRead struct {
	board Board
	curve curve
	err   error
}

func newBoard(e *env, sweep string) *board {
	return &board{env: e, sweep: sweep, metric: mmibx.DevF1, focus: onGrid, axes: [2]int{0, 1}}
}

func (*board) Title() string { return "board" }

func (b *board) scope() string { return "sweep=" + b.sweep }

// Init implements screen.
func (b *board) Init(ctx context.Context) tea.Cmd {
	b.judged.busy = false
	return b.poll.begin(ctx, b.ask)
}

// ask reads the board, and what is new of the selected run's curve.
func (b *board) ask() read {
	reader, sweep, want := b.reader, b.sweep, b.curve.of(b.selected(), b.metric)
	return func(ctx context.Context) tea.Msg {
		data, err := reader.Board(ctx, sweep)
		if err != nil {
			return boardRead{err: err}
		}
		row, err := rowOf(ctx, reader, data.Runs, want.run)
		if err != nil {
			return boardRead{err: err}
		}
		c, err := readOn(ctx, reader, want, row)
		return boardRead{data, c, err}
	}
}

// rowOf is the line of a run: of a large sweep the board does not have all.
func rowOf(ctx context.Context, reader Reader, listed []RunRow, run string) (RunRow, error) {
	if i := slices.IndexFunc(listed, func(r RunRow) bool { return r.ID == run }); i >= 0 {
		return listed[i], nil
	}
	if run == "" {
		return RunRow{}, nil
	}
	rows, err := reader.Rows(ctx, []string{run})
	if err != nil || len(rows) == 0 {
		return RunRow{ID: run}, err
	}
	return rows[0], nil
}

// Update implements screen.
func (b *board) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case boardRead:
		return tea.Batch(b.take(msg), b.judgeNext())
	case marksRead:
		return b.takeMarks(msg)
	case clicked:
		return b.click(msg)
	case wheeled:
		if i := slices.Index(panelNames[:], msg.Name); i >= 0 {
			b.focus = i
			return b.move(msg.by)
		}
	}
	return b.poll.update(msg)
}

// take makes what was read the board that is shown. Cursors stay with the run
// that they are on.
func (b *board) take(msg boardRead) tea.Cmd {
	if msg.err != nil {
		return b.poll.done(false, msg.err)
	}
	changed := msg.board.Version != b.data.Version || msg.curve.last != b.curve.last
	run, event := b.at(onRuns), b.eventAt()
	first := !b.loaded
	b.data, b.loaded = msg.board, true
	b.lead()
	b.follow(run, event)
	if first {
		b.settle()
	}
	wanted := b.selected()
	if msg.curve.run == wanted && msg.curve.metric == b.metric {
		b.curve = msg.curve
	} else {
		b.poll.again = true
	}
	return b.poll.done(changed, nil)
}

// settle puts axes, focus and cursors where a board is best first seen.
func (b *board) settle() {
	b.axes = [2]int{0, min(1, max(0, len(b.data.Axes)-1))}
	b.focus = onWorkers
	if len(b.data.Lanes) == 0 {
		b.focus = onLeaders
	}
	if i := slices.IndexFunc(b.leaders, b.onGrid); i >= 0 {
		b.gx = b.leaders[i].At[b.axes[0]]
		if _, two := b.axis(1); two {
			b.gy = b.leaders[i].At[b.axes[1]]
		}
	}
}

// follow keeps the cursors of lists that grow or change their order on what they
// were on; a cursor on the newest event stays on the newest.
func (b *board) follow(run string, event Event) {
	if i := slices.IndexFunc(b.data.Runs, func(r RunRow) bool { return r.ID == run }); i >= 0 {
		b.cursor[onRuns] = i
	}
	if b.cursor[onEvents] > 0 {
		if i := slices.Index(b.data.Events, event); i >= 0 {
			b.cursor[onEvents] = i
		}
	}
	for p := range numPanels {
		b.cursor[p] = moved(b.cursor[p], 0, b.len(p))
	}
	b.benchmark = moved(b.benchmark, 0, len(b.data.Benchmarks))
}

// lead sorts the arms of the benchmark that is shown: best first, those without
// a score last.
func (b *board) lead() {
	b.leaders = b.leaders[:0:0]
	for _, a := range b.data.Arms {
		if a.Benchmark == b.bench() {
			b.leaders = append(b.leaders, a)
		}
	}
	slices.SortStableFunc(b.leaders, func(x, y Arm) int {
		switch {
		case x.N == 0 || y.N == 0:
			return min(1, y.N) - min(1, x.N)
		case x.Mean > y.Mean:
			return -1
		case x.Mean < y.Mean:
			return 1
		}
		return 0
	})
}

// bench is the benchmark that is shown.
func (b *board) bench() string {
	if b.benchmark < len(b.data.Benchmarks) {
		return b.data.Benchmarks[b.benchmark]
	}
	return ""
}

func (b *board) len(panel int) int {
	switch panel {
	case onWorkers:
		return len(b.data.Lanes)
	case onLeaders:
		return len(b.leaders)
	case onRuns:
		return len(b.data.Runs)
	case onEvents:
		return len(b.data.Events)
	}
	return 0
}

// selected is the run under the cursor of the panel that has the focus, else one
// that runs: its curve is shown.
func (b *board) selected() string {
	if run := b.at(b.focus); run != "" {
		return run
	}
	for _, l := range b.data.Lanes {
		if l.Run != "" {
			return l.Run
		}
	}
	if len(b.leaders) > 0 {
		return b.leaders[0].Run
	}
	return ""
}

// at is the run under a panel's cursor, "" when there is none.
func (b *board) at(panel int) string {
	i := b.cursor[panel]
	switch {
	case panel == onGrid:
		return b.cell(b.gx, b.gy).arm.Run
	case i >= b.len(panel):
		return ""
	case panel == onWorkers:
		return b.data.Lanes[i].Run
	case panel == onLeaders:
		return b.leaders[i].Run
	case panel == onRuns:
		return b.data.Runs[i].ID
	}
	return b.data.Events[i].Run
}

func (b *board) eventAt() Event {
	if i := b.cursor[onEvents]; i < len(b.data.Events) {
		return b.data.Events[i]
	}
	return Event{}
}

// row finds the line of a run.
func (b *board) row(run string) (RunRow, bool) {
	if i := slices.IndexFunc(b.data.Runs, func(r RunRow) bool { return r.ID == run }); i >= 0 {
		return b.data.Runs[i], true
	}
	return RunRow{ID: run, Dev: math.NaN()}, false
}

// move moves the cursor of the focused panel down, or up.
func (b *board) move(by int) tea.Cmd {
	if b.focus == onGrid {
		return b.moveGrid(0, by)
	}
	b.cursor[b.focus] = moved(b.cursor[b.focus], by, b.len(b.focus))
	return b.poll.now()
}

func (b *board) moveGrid(dx, dy int) tea.Cmd {
	w, h := b.gridSize()
	b.gx, b.gy = moved(b.gx, dx, w), moved(b.gy, dy, h)
	return b.poll.now()
}

func (b *board) click(msg clicked) tea.Cmd {
	panel := slices.Index(panelNames[:], msg.Name)
	if panel < 0 {
		return nil
	}
	b.focus = panel
	if panel == onGrid {
		w, _ := b.gridSize()
		b.gx, b.gy = msg.Row%w, msg.Row/w
	} else {
		b.cursor[panel] = moved(msg.Row, 0, b.len(panel))
	}
	return b.poll.now()
}

// turn moves the focus to another panel.
func (b *board) turn(by int) func() tea.Cmd {
	return func() tea.Cmd {
		b.focus = (b.focus + by + numPanels) % numPanels
		return b.poll.now()
	}
}

// gridCell is what the grid shows at one place: the best arm over the axes that
// are not shown.
type gridCell struct {
	arm   Arm
	exist bool
}

// axis is an axis that is shown, ok when the sweep has it.
func (b *board) axis(i int) (Axis, bool) {
	if i == 1 && len(b.data.Axes) < 2 || b.axes[i] >= len(b.data.Axes) {
		return Axis{Values: []string{""}}, false
	}
	return b.data.Axes[b.axes[i]], true
}

func (b *board) gridSize() (w, h int) {
	columns, _ := b.axis(0)
	rows, _ := b.axis(1)
	return max(1, len(columns.Values)), max(1, len(rows.Values))
}

// onGrid says that an arm has a place on the axes that are shown.
func (b *board) onGrid(a Arm) bool {
	_, two := b.axis(1)
	return len(a.At) > max(b.axes[0], b.axes[1]) && a.At[b.axes[0]] >= 0 && (!two || a.At[b.axes[1]] >= 0)
}

func (b *board) cell(x, y int) gridCell {
	var best gridCell
	_, two := b.axis(1)
	for _, a := range b.leaders { // best first
		if !b.onGrid(a) || a.At[b.axes[0]] != x || two && a.At[b.axes[1]] != y {
			continue
		}
		if !best.exist || best.arm.N == 0 && a.Running > best.arm.Running {
			best = gridCell{a, true}
		}
	}
	return best
}

// heat is a cell for the heat map. The mark after a number says that its mean is
// not final.
func (c gridCell) heat() widget.HeatCell {
	if !c.exist {
		return widget.HeatCell{}
	}
	a := c.arm
	state := mmibx.Queued
	switch {
	case a.Running > 0:
		state = mmibx.Running
	case a.Diverged > 0:
		state = mmibx.Diverged
	case a.Failed > 0:
		state = mmibx.Failed
	}
	mark := sign(state)
	if a.N == 0 {
		return widget.HeatCell{Mark: mark.Text, Ink: mark.Ink}
	}
	cell := widget.HeatCell{Value: a.Mean, Text: score(a.Mean), Mark: mark.Text, Ink: mark.Ink}
	if a.N >= a.Planned {
		cell.Mark = ""
	}
	return cell
}
