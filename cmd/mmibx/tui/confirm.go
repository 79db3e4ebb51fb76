package tui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// confirm asks before what is hard to reverse.
type confirm struct {
	question string
	detail   string
	act      action // asked about; run on yes
}

func (*confirm) overlay()                     {}
func (*confirm) Init(context.Context) tea.Cmd { return nil }
func (*confirm) Update(tea.Msg) tea.Cmd       { return nil }
func (*confirm) Title() string                { return "confirm" }

func (q *confirm) Actions() []action {
	return []action{
		{name: "yes", keys: []string{"enter", "y"}, label: "yes", help: q.question, to: func() tea.Msg { return chosen{q.act} }},
		{name: "no", keys: []string{"esc", "n", "q"}, label: "no", help: "leave it", to: func() tea.Msg { return pop{} }},
		copyLine(q.act.cli),
	}
}

// Draw implements screen.
func (q *confirm) Draw(c widget.Canvas) {
	w := min(62, c.W()-6)
	lines, cli := wrap(q.detail, w), shellLines(q.act.cli, w)
	in := popup(c, centre(c, 66, len(lines)+len(cli)+4), []widget.Span{{Text: q.question, Ink: widget.Focus}})
	for y, l := range lines {
		in.Print(0, y, plain(l))
	}
	for y, l := range cli {
		in.Print(0, len(lines)+1+y, faint(l))
	}
	in.Right(in.W(), len(lines)+1+len(cli),
		widget.Span{Text: "enter", Ink: widget.Key}, faint(" yes   "), widget.Span{Text: "esc", Ink: widget.Key}, faint(" no"))
}
