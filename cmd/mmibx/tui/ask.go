package tui

import (
	"cmp"
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
	line := copyLine(q.cli())
	if strings.TrimSpace(q.line.Text) == "" {
		answer.why = "type something first, or leave by esc"
		line.why = answer.why
	}
	return []action{
		answer,
		{name: "give up", keys: []string{"esc"}, label: "leave it", help: "leave it", to: func() tea.Msg { return pop{} }},
		line,
	}
}

// cli is the command line that does what the answer so far would do.
func (q *ask) cli() string { return q.act(cmp.Or(strings.TrimSpace(q.line.Text), "TEXT")).cli }

// Draw implements screen.
func (q *ask) Draw(c widget.Canvas) {
	cli := shellLines(q.cli(), min(62, c.W()-6))
	in := popup(c, centre(c, 66, 4+len(cli)), []widget.Span{{Text: q.question, Ink: widget.Focus}})
	q.line.Draw(in.In(widget.Rect{X: 0, Y: 0, W: in.W(), H: 1}))
	for y, l := range cli {
		in.Print(0, 2+y, faint(l))
	}
}

// mostLines is how much of a command line is shown. One about many runs is longer.
const mostLines = 4

// shellLines are the lines that show a command line, none where there is none.
func shellLines(cli string, w int) []string {
	if cli == "" {
		return nil
	}
	return cut(wrap("$ "+cli, w-2), mostLines)
}

// copyLine takes a command line to where it can be run, all of it.
func copyLine(cli string) action {
	a := action{name: "copy line", keys: []string{"ctrl+y"}, label: "copy line", help: "copy the command line that does the same to the clipboard (OSC 52)", run: func() tea.Cmd {
		return send(clip{cli})
	}}
	if cli == "" {
		a.why = "no command line does the same"
	}
	return a
}
