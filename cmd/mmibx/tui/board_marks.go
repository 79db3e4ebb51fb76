package tui

import (
	"context"
	"fmt"
	"math"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/reports/stats"
)

// judged is what a board knows of its arms against the baseline. It is computed
// arm by arm, beside the reading of the board.
type judged struct {
	Marks
	of   question
	busy bool
	err  error
}

// question is what was asked of the judge.
type question struct {
	benchmark, baseline string
	done                int // runs that were
}

type marksRead struct {
	of    question
	marks Marks
	err   error
}

// question is what the board would ask now.
func (b *board) question() question {
	q := question{benchmark: b.bench(), baseline: b.baseline}
	for _, a := range b.leaders {
		q.done += a.N
	}
	return q
}

// also is the next piece of judging, nil when nothing is due.
func (b *board) also() read {
	want := b.question()
	if want.done == 0 || want == b.judged.of && b.judged.Left == 0 {
		return nil
	}
	judge, sweep := b.judge, b.sweep
	return func(ctx context.Context) tea.Msg {
		marks, err := judge.Against(ctx, sweep, want.benchmark, want.baseline)
		return marksRead{want, marks, err}
	}
}

// judgeNext starts a piece of judging where one is due and none is under way.
func (b *board) judgeNext() tea.Cmd {
	look := b.also()
	if look == nil || b.judged.busy || b.poll.ctx == nil {
		return nil
	}
	b.judged.busy = true
	ctx := b.poll.ctx
	return func() tea.Msg { return look(ctx) }
}

func (b *board) takeMarks(msg marksRead) tea.Cmd {
	b.judged.busy = false
	if now := b.question(); msg.of.benchmark == now.benchmark && msg.of.baseline == now.baseline {
		b.judged = judged{Marks: msg.marks, of: msg.of, err: msg.err}
	}
	return b.judgeNext()
}

// marks are those of the benchmark that is shown.
func (b *board) marks() Marks {
	if b.judged.of.benchmark != b.bench() {
		return Marks{}
	}
	return b.judged.Marks
}

// versus names the column of differences.
func (b *board) versus() string {
	m := b.marks()
	switch {
	case b.judged.err != nil || m.Label == "":
		return ""
	case m.Left > 0:
		return fmt.Sprintf("… %d left", m.Left)
	}
	return "vs " + m.Label
}

// verdictNote says why arms are not compared, else that test plays no part.
func (b *board) verdictNote() []widget.Span {
	if b.judged.err != nil {
		return []widget.Span{{Text: "✗ not compared: " + b.judged.err.Error(), Ink: widget.Bad}}
	}
	if a, ok := b.armAt(); ok {
		if why := b.marks().Of[a.ID].Why; why != "" {
			return []widget.Span{faint("not compared: " + why)}
		}
	}
	return []widget.Span{faint("test is sealed")}
}

// mark is an arm's difference from the baseline and what it is worth.
func (b *board) mark(a Arm) []widget.Span {
	m := b.marks()
	mark, ok := m.Of[a.ID]
	switch {
	case a.ID == m.Baseline:
		return []widget.Span{faint("base")}
	case !ok || math.IsNaN(mark.Difference):
		return nil
	}
	return append([]widget.Span{plain(fmt.Sprintf("%+.1f", mark.Difference))}, verdictSign(mark.Verdict)...)
}

// verdictSign is what a difference is worth: * told apart, ? too little data to
// tell, nothing: not told apart.
func verdictSign(v stats.Verdict) []widget.Span {
	switch v {
	case stats.Better:
		return []widget.Span{{Text: " *", Ink: widget.Good}}
	case stats.Worse:
		return []widget.Span{{Text: " *", Ink: widget.Bad}}
	case stats.CouldNotSay:
		return []widget.Span{faint(" ?")}
	}
	return nil
}

// armAt is the arm under the cursor of the leader board or of the grid.
func (b *board) armAt() (Arm, bool) {
	if b.focus == onGrid {
		c := b.cell(b.gx, b.gy)
		return c.arm, c.exist
	}
	if i := b.cursor[onLeaders]; b.focus == onLeaders && i < len(b.leaders) {
		return b.leaders[i], true
	}
	return Arm{}, false
}

// baselineAction makes the arm under the cursor what the others are compared with.
func (b *board) baselineAction() action {
	act := action{
		name: "baseline", keys: []string{"v"}, label: "versus", help: "compare the others with the selected arm",
		run: func() tea.Cmd {
			a, _ := b.armAt()
			b.baseline = a.ID
			return b.judgeNext()
		},
	}
	a, ok := b.armAt()
	switch {
	case !ok:
		act.why = "no arm is selected: tab leads to the leader board and to the grid"
	case a.ID == b.marks().Baseline:
		act.why = "it is the baseline"
	default:
		act.cli = b.cli("table", "--sweep", b.sweep, "--baseline", shell.Word(a.Title))
	}
	return act
}

// markOfArm marks an arm by its finished runs.
func markOfArm(a Arm) mark { return mark{id: a.ID, arm: true, label: a.Label, runs: a.Runs} }

// markAction marks the arm or the run under the cursor, to be compared or drawn
// with others.
func (b *board) markAction() action {
	act := action{name: "mark", keys: []string{"space"}, label: "mark", help: "mark the arm or the run under the cursor, or take its mark away"}
	m := mark{}
	if a, ok := b.armAt(); ok && len(a.Runs) > 0 {
		m = markOfArm(a)
	} else if row, ok := b.row(b.at(b.focus)); ok && !(b.focus == onGrid || b.focus == onLeaders) {
		m = mark{id: row.ID, label: fmt.Sprintf("%s s%d", row.Label, row.Seed), runs: []string{row.ID}}
	}
	if m.id == "" {
		act.why = "no arm with finished runs and no run is selected"
		return act
	}
	act.run = func() tea.Cmd {
		b.toggle(m)
		return b.move(1)
	}
	return act
}

// markSign is the sign of an arm or a run that is marked.
func (b *board) markSign(id string, arm bool) widget.Span {
	if b.markOf(id, arm) >= 0 {
		return widget.Span{Text: "●", Ink: widget.Key}
	}
	return plain(" ")
}
