package tui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Draw implements screen: two columns where there is room for two, else one with
// the panel that has the focus below.
func (b *board) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	var workers []widget.Span
	if b.data.Live {
		workers = []widget.Span{faint("   " + plural(b.data.Workers, "worker"))}
	}
	header(c.In(top), b.env, []string{b.sweep}, b.status(), workers)
	if !b.loaded {
		drawUnread(c.In(rest), "board", b.poll.trouble())
		return
	}
	if c.W() >= 100 && c.H() >= 28 {
		b.drawWide(c, rest)
	} else {
		b.drawNarrow(c, rest)
	}
}

func (b *board) drawWide(c widget.Canvas, r widget.Rect) {
	left, right := b.across(c, "board.left", r, r.W*9/20)
	_, h := b.gridSize()
	lanes := max(1, min(len(b.data.Lanes), r.H/3))

	plan, left := left.Top(4)
	grid, curve := b.down(c, "board.grid", left, min(h+3+widget.HeatHead, left.H-8))
	workers, right := b.down(c, "board.workers", right, lanes+3)
	leaders, last := b.down(c, "board.leaders", right, max(6, min(len(b.leaders)+3, right.H*11/20)))

	b.drawPlan(c.In(plan))
	b.drawGrid(c.In(grid))
	b.curve.draw(c.In(curve), b.metric, b.label())
	b.drawLanes(c.In(workers))
	b.drawLeaders(c.In(leaders))
	if b.focus == onRuns {
		b.drawRuns(c.In(last))
	} else {
		b.drawEvents(c.In(last))
	}
}

func (b *board) drawNarrow(c widget.Canvas, r widget.Rect) {
	plan, r := r.Top(1)
	workers, r := r.Top(max(1, min(len(b.data.Lanes), 4)) + 3)
	_, h := b.gridSize()
	upper, lower := b.down(c, "board.upper", r, min(h+3+widget.HeatHead, r.H*5/8))
	grid, curve := b.across(c, "board.curve", upper, max(upper.W/2, min(upper.W*3/5, 44)))

	b.drawCounts(c.In(plan))
	b.drawLanes(c.In(workers))
	b.drawGrid(c.In(grid))
	b.curve.draw(c.In(curve), b.metric, b.label())
	switch b.focus {
	case onRuns:
		b.drawRuns(c.In(lower))
	case onEvents:
		b.drawEvents(c.In(lower))
	default:
		b.drawLeaders(c.In(lower))
	}
}

func (b *board) status() []widget.Span {
	if t := b.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if !b.loaded {
		return []widget.Span{faint("reading …")}
	}
	d := b.data
	finished := over(d.Counts) == d.Total
	spans := []widget.Span{liveSign(d.Live, d.Paused, finished, true)}
	if d.Live && !d.Started.IsZero() {
		spans = append(spans, plain(" "+clock(b.clock().Sub(d.Started))))
	}
	if !d.Live && !d.Ended.IsZero() {
		spans = append(spans, plain(" "+ago(d.Ended, b.clock())))
	}
	if !d.Live && d.Spent > 0 {
		spans = append(spans, faint("   runs took "), plain(rough(d.Spent)))
	}
	if d.Remaining > 0 && d.Live {
		spans = append(spans, faint("   eta "), plain(rough(d.Remaining)))
	}
	if d.Notice != "" {
		spans = append(spans, widget.Span{Text: "   " + d.Notice, Ink: widget.Warn})
	}
	return spans
}

func (b *board) drawPlan(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("plan")}, nil, false)
	in.Print(0, 0, b.counts(in.W() > 64)...)
	in.Print(0, 1, b.progress(max(4, min(in.W()-26, 60)))...)
}

// drawCounts is the plan on one line, where there is no room for a panel.
func (b *board) drawCounts(c widget.Canvas) {
	x := c.Print(1, 0, b.counts(false)...)
	if bar := b.progress(10); x+widget.Width(bar...) < c.W() {
		c.Right(c.W()-1, 0, bar...)
	}
}

func (b *board) counts(named bool) []widget.Span {
	return append([]widget.Span{strong(plural(b.data.Total, "run")), plain("   ")}, tally(b.data.Counts, named)...)
}

func (b *board) progress(n int) []widget.Span {
	d := b.data
	share := float64(over(d.Counts)) / float64(max(1, d.Total))
	ink := widget.Busy
	if share == 1 {
		ink = widget.Good
	}
	spans := append(widget.Bar(share, n, ink), strong(fmt.Sprintf("  %d %%", int(100*share))))
	return append(spans, faint(pace(d.RunsPerMinute)))
}

// pace is runs per minute, or per hour where they are long.
func pace(perMinute float64) string {
	switch {
	case perMinute <= 0:
		return ""
	case perMinute < 1:
		return fmt.Sprintf("   %.1f runs/h", perMinute*60)
	}
	return fmt.Sprintf("   %.1f runs/min", perMinute)
}

func (b *board) drawLanes(c widget.Canvas) {
	var use []widget.Span
	if b.data.Utilisation > 0 {
		use = []widget.Span{faint(fmt.Sprintf("busy %.0f %%", 100*b.data.Utilisation))}
	}
	in := widget.Panel(c, []widget.Span{strong("workers")}, use, b.focus == onWorkers)
	widget.Table{
		Name: panelNames[onWorkers], Len: len(b.data.Lanes), Cursor: b.cursor[onWorkers], Focused: b.focus == onWorkers,
		Empty: "no worker is at work",
		Columns: []widget.Column{
			{Title: "worker", Width: 6},
			{Title: "run", Width: 16, Grow: true, Most: 72},
			{Title: "epoch", Width: 5, Right: true},
			{Title: "loss", Width: 6},
			{Title: "", Width: 5, Right: true},
			{Title: "dev", Width: 4, Right: true},
			{Title: "left", Width: 8, Right: true},
			{Title: "steps/s", Width: 7, Right: true},
		},
		Row: func(i int) [][]widget.Span { return laneRow(b.data.Lanes[i]) },
	}.Draw(in)
}

func laneRow(l Lane) [][]widget.Span {
	if l.Run == "" {
		return [][]widget.Span{{faint(l.Worker)}, {faint("waits")}}
	}
	dev, left, speed := faint("–"), faint("–"), faint("–")
	epoch := fmt.Sprintf("%d/%d", l.Epoch, l.Epochs)
	if l.Epochs == 0 {
		epoch = "" // it has not said a word yet
	}
	if !math.IsNaN(l.Dev) {
		dev = strong(score(l.Dev))
	}
	if l.Remaining > 0 {
		left = plain(rough(l.Remaining))
	}
	if l.StepsPerSecond > 0 {
		speed = faint(fmt.Sprintf("%.1f", l.StepsPerSecond))
	}
	return [][]widget.Span{
		{{Text: l.Worker, Ink: widget.Busy}},
		{plain(l.Label)},
		{plain(epoch)},
		{{Text: widget.Spark(l.Losses, 6), Ink: widget.Line}},
		{plain(loss(l.Loss))},
		{dev}, {left}, {speed},
	}
}

func (b *board) drawGrid(c widget.Canvas) {
	columns, ok := b.axis(0)
	rows, two := b.axis(1)
	title := []widget.Span{strong("dev F1"), faint(", mean of seeds  "), strong(b.bench())}
	in := widget.Panel(c, title, nil, b.focus == onGrid)
	if !ok {
		in.Print(0, 0, faint("the sweep varies no key but the seed"))
		return
	}
	rowTitle := ""
	if two {
		rowTitle = rows.Label + " ↓"
	}
	low, high := b.ramp()
	body, foot := in.Bounds().Top(in.H() - 1)
	widget.HeatMap{
		Name: panelNames[onGrid], RowTitle: rowTitle, ColumnTitle: columns.Label + " →", Note: b.hidden(), Rows: rows.Values, Columns: columns.Values,
		X: b.gx, Y: b.gy, Focused: b.focus == onGrid, Low: low, High: high,
		Cell: func(x, y int) widget.HeatCell {
			cell := b.cell(x, y).heat()
			cell.Best = cell.Text != "" && cell.Value == high
			return cell
		},
	}.Draw(in.In(body))
	in.In(foot).Print(0, 0, b.readout()...)
}

// hidden says over which axes the grid shows the best: those on which arms of one
// cell may differ.
func (b *board) hidden() string {
	var names []string
	for i, axis := range b.data.Axes {
		if i == b.axes[0] || i == b.axes[1] {
			continue
		}
		places := map[int]bool{}
		for _, a := range b.leaders {
			if b.onGrid(a) {
				places[a.At[i]] = true
			}
		}
		if len(places) > 1 {
			names = append(names, axis.Label)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "best over " + strings.Join(names, ", ")
}

// ramp is the range of means that the grid's colours spread over: from as far
// below the lower quartile as the best is above it, so that one collapsed cell
// does not make all others look the same.
func (b *board) ramp() (low, high float64) {
	var means []float64
	w, h := b.gridSize()
	for x := range w {
		for y := range h {
			if c := b.cell(x, y); c.arm.N > 0 {
				means = append(means, c.arm.Mean)
			}
		}
	}
	if len(means) == 0 {
		return 0, 0
	}
	slices.Sort(means)
	high, quartile := means[len(means)-1], means[len(means)/4]
	return max(means[0], 2*quartile-high), high
}

// readout is the cell under the cursor in full; without a cursor the best arm.
func (b *board) readout() []widget.Span {
	c := b.cell(b.gx, b.gy)
	if b.focus != onGrid && len(b.leaders) > 0 {
		c = gridCell{b.leaders[0], b.leaders[0].N > 0}
	}
	if !c.exist && b.focus != onGrid {
		return []widget.Span{faint("no run is done yet")}
	}
	if !c.exist {
		return []widget.Span{faint("no run here")}
	}
	a := c.arm
	spans := []widget.Span{plain(a.Label + "   ")}
	if b.focus != onGrid {
		spans = append([]widget.Span{faint("best  ")}, spans...)
	}
	if a.N > 0 {
		spans = append(spans, strong(score(a.Mean)), faint(" "+deviation(a.SD, a.N)+"   "))
	}
	spans = append(spans, faint(fmt.Sprintf("n %d/%d", a.N, a.Planned)))
	for _, s := range []struct {
		state mmibx.State
		n     int
	}{{mmibx.Running, a.Running}, {mmibx.Failed, a.Failed}, {mmibx.Diverged, a.Diverged}} {
		if s.n > 0 {
			spans = append(spans, plain("   "), sign(s.state), plain(" "+strconv.Itoa(s.n)))
		}
	}
	return spans
}

func (b *board) drawLeaders(c widget.Canvas) {
	title := []widget.Span{strong("leader board"), faint("  " + b.bench() + "  dev F1")}
	in := widget.Panel(c, title, b.verdictNote(), b.focus == onLeaders)
	widget.Table{
		Name: panelNames[onLeaders], Len: len(b.leaders), Cursor: b.cursor[onLeaders], Focused: b.focus == onLeaders,
		Empty: "no arm yet",
		Columns: []widget.Column{
			{Title: "", Width: 4, Right: true},
			{Title: "arm", Width: 16, Grow: true, Most: 44},
			{Title: "dev", Width: 5, Right: true},
			{Title: "", Width: 5},
			{Title: "n", Width: 5, Right: true},
			{Title: b.versus(), Width: max(7, min(12, widget.Width(plain(b.versus()))))},
			{Title: "", Width: 3},
		},
		Row: func(i int) [][]widget.Span {
			return leaderRow(i, b.leaders[i], b.mark(b.leaders[i]), b.markSign(b.leaders[i].ID, true))
		},
	}.Draw(in)
}

func leaderRow(i int, a Arm, versus []widget.Span, mark widget.Span) [][]widget.Span {
	rank, mean := strconv.Itoa(i+1), strong(score(a.Mean))
	if a.N == 0 {
		rank, mean = "–", faint("–")
	}
	var open []widget.Span
	if a.Running > 0 {
		open = append(open, sign(mmibx.Running))
	}
	if a.Failed > 0 {
		open = append(open, sign(mmibx.Failed))
	}
	if a.Diverged > 0 {
		open = append(open, sign(mmibx.Diverged))
	}
	return [][]widget.Span{
		{faint(rank), mark}, {plain(a.Label)}, {mean}, {faint(deviation(a.SD, a.N))},
		{plain(fmt.Sprintf("%d/%d", a.N, a.Planned))}, versus, open,
	}
}
