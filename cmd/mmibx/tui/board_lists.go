package tui

import (
	"fmt"
	"slices"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// tabs is the title of a panel that two lists share.
func (b *board) tabs() []widget.Span {
	runs, events := faint("runs"), strong("events")
	if b.focus == onRuns {
		runs, events = strong("runs"), faint("events")
	}
	return []widget.Span{events, faint(" · "), runs}
}

func (b *board) drawEvents(c widget.Canvas) {
	in := widget.Panel(c, b.tabs(), nil, b.focus == onEvents)
	cursor := -1
	if b.focus == onEvents {
		cursor = b.cursor[onEvents]
	}
	drawHappened(in, panelNames[onEvents], b.data.Events, cursor, b.clock())
}

// drawHappened lists events, the newest first, with their times, and the days too
// where some are of other days. A cursor below 0 is none.
func drawHappened(in widget.Canvas, name string, events []Event, cursor int, now time.Time) {
	when := time.TimeOnly
	if n := len(events); n > 0 && events[n-1].At.Format(time.DateOnly) != now.Format(time.DateOnly) {
		when = dayTime
	}
	widget.Table{
		Name: name, Len: len(events), Cursor: cursor, Focused: cursor >= 0, Bare: true, Empty: "nothing has happened yet",
		Columns: []widget.Column{{Width: len(when)}, {Width: 6}, {Width: 11}, {Width: 12, Grow: true}},
		Row:     func(i int) [][]widget.Span { return eventRow(events[i], when) },
	}.Draw(in)
}

func eventRow(e Event, when string) [][]widget.Span {
	mark := sign(mmibx.State(e.Kind))
	if mark.Text == sign(mmibx.Queued).Text {
		mark = widget.Span{Text: "›", Ink: widget.Busy}
	}
	return [][]widget.Span{
		{faint(e.At.Format(when))}, {plain(brief(e.Run))},
		{mark, widget.Span{Text: " " + e.Kind, Ink: mark.Ink}}, {plain(e.Text)},
	}
}

func (b *board) drawRuns(c widget.Canvas) {
	in := widget.Panel(c, b.tabs(), []widget.Span{faint(fmt.Sprintf("%d of %d", len(b.data.Runs), b.data.Total))}, b.focus == onRuns)
	widget.Table{
		Name: panelNames[onRuns], Len: len(b.data.Runs), Cursor: b.cursor[onRuns], Focused: b.focus == onRuns,
		Empty: "no run yet",
		Columns: []widget.Column{
			{Width: 2},
			{Title: "run", Width: 6},
			{Title: "", Width: 16, Grow: true, Most: 72},
			{Title: "benchmark", Width: 16},
			{Title: "seed", Width: 4, Right: true},
			{Title: "dev", Width: 5, Right: true},
			{Title: "took", Width: 9, Right: true},
		},
		Row: func(i int) [][]widget.Span {
			r := b.data.Runs[i]
			return runRow(r, b.markSign(r.ID, false))
		},
	}.Draw(in)
}

func runRow(r RunRow, mark widget.Span) [][]widget.Span {
	note := plain(r.Label)
	if r.Error != "" {
		note = widget.Span{Text: r.Error, Ink: widget.Bad}
	}
	if r.Priority != 0 {
		note.Text += fmt.Sprintf("  %s%d", map[bool]string{true: "▲", false: "▼"}[r.Priority > 0], max(r.Priority, -r.Priority))
	}
	took := ""
	if r.Took > 0 {
		took = rough(r.Took)
	}
	return [][]widget.Span{
		{sign(r.State), mark}, {plain(brief(r.ID))}, {note}, {faint(r.Benchmark)},
		{faint(fmt.Sprint(r.Seed))}, {strong(score(r.Dev))}, {faint(took)},
	}
}

// label is what the run of the curve is called.
func (b *board) label() string {
	if r, ok := b.row(b.curve.run); ok {
		return fmt.Sprintf("%s  seed %d", r.Label, r.Seed)
	}
	if i := slices.IndexFunc(b.data.Arms, func(a Arm) bool { return a.Run == b.curve.run }); i >= 0 {
		return b.data.Arms[i].Label
	}
	return ""
}
