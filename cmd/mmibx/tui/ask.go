package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// ask is a question that a line of text answers.
type ask struct {
	question string
	line     widget.Input
	act      func(text string) action // done with the answer
}

func newAsk(question, text string, act func(string) action) *ask {
	return &ask{question: question, line: widget.Input{Text: text, At: len(text)}, act: act}
}

func (*ask) overlay()                     {}
func (*ask) Init(context.Context) tea.Cmd { return nil }
func (*ask) Title() string                { return "ask" }

// Update implements screen.
func (q *ask) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if !q.line.Key(msg.String()) {
			q.line.Insert(msg.Text)
		}
	case tea.PasteMsg:
		q.line.Insert(msg.Content)
	}
	return nil
}

// Actions implements screen.
func (q *ask) Actions() []action {
	answer := action{name: "answer", keys: []string{"enter"}, label: "go", help: q.question, to: func() tea.Msg {
		return chosen{q.act(strings.TrimSpace(q.line.Text))}
	}}
	if strings.TrimSpace(q.line.Text) == "" {
		answer.why = "type something first, or leave by esc"
	}
	return []action{answer, {name: "give up", keys: []string{"esc"}, label: "leave it", help: "leave it", to: func() tea.Msg { return pop{} }}}
}

// Draw implements screen.
func (q *ask) Draw(c widget.Canvas) {
	var cli []string
	if line := q.act(strings.TrimSpace(q.line.Text)).cli; line != "" {
		cli = wrap("$ "+line, min(62, c.W()-6))
	}
	in := popup(c, centre(c, 66, 4+len(cli)), []widget.Span{{Text: q.question, Ink: widget.Focus}})
	q.line.Draw(in.In(widget.Rect{X: 0, Y: 0, W: in.W(), H: 1}))
	for y, l := range cli {
		in.Print(0, 2+y, faint(l))
	}
}
