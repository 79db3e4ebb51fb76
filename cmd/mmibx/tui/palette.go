package tui

import (
	"context"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// palette lists every action by its name in the CLI, then the commands that are
// none, and runs the one chosen.
type palette struct {
	all    []action
	text   string // typed so far
	cursor int
}

func newPalette(all []action) *palette {
	p := &palette{}
	for _, a := range all {
		if a.name != "palette" {
			p.all = append(p.all, a)
		}
	}
	return p
}

func (*palette) overlay()                     {}
func (*palette) Init(context.Context) tea.Cmd { return nil }
func (*palette) Title() string                { return "palette" }

// found is the actions that hold every typed word.
func (p *palette) found() []action {
	var found []action
	for _, a := range p.all {
		hay := strings.ToLower(a.name + " " + a.help + " " + a.cli)
		fits := true
		for _, word := range strings.Fields(strings.ToLower(p.text)) {
			fits = fits && strings.Contains(hay, word)
		}
		if fits {
			found = append(found, a)
		}
	}
	return found
}

// Actions implements screen.
func (p *palette) Actions() []action {
	return []action{
		{name: "run", keys: []string{"enter"}, label: "run", help: "run the action", to: p.run},
		{name: "down", keys: []string{"down", "ctrl+n"}, label: "choose", help: "next action", run: p.move(1)},
		{name: "up", keys: []string{"up", "ctrl+p"}, help: "action before", run: p.move(-1)},
		copyLine(p.at().cli),
		{name: "close", keys: []string{"esc"}, label: "close", help: "back to the screen", to: func() tea.Msg { return pop{} }},
	}
}

func (p *palette) move(by int) func() tea.Cmd {
	return func() tea.Cmd {
		p.cursor = moved(p.cursor, by, len(p.found()))
		return nil
	}
}

// at is the action under the cursor, one that does nothing where there is none.
func (p *palette) at() action {
	if found := p.found(); p.cursor < len(found) {
		return found[p.cursor]
	}
	return action{}
}

func (p *palette) run() tea.Msg {
	if a := p.at(); a.name != "" {
		return chosen{a}
	}
	return nil
}

// Update implements screen: what is typed filters.
func (p *palette) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if msg.String() == "backspace" {
			_, n := utf8.DecodeLastRuneInString(p.text)
			p.text = p.text[:len(p.text)-n]
		} else if len(p.text) < 200 {
			p.text += msg.Text
		}
		p.cursor = 0
	case clicked:
		p.cursor = moved(msg.Row, 0, len(p.found()))
	case wheeled:
		p.cursor = moved(p.cursor, msg.by, len(p.found()))
	}
	return nil
}

// Draw implements screen.
func (p *palette) Draw(c widget.Canvas) {
	found := p.found()
	in := popup(c, centre(c, 96, min(len(p.all)+4, 20, c.H()-2-inFull)+inFull), []widget.Span{{Text: "command", Ink: widget.Focus}})
	in.Print(0, 0, widget.Span{Text: ": ", Ink: widget.Key}, plain(p.text), widget.Span{Text: "▏", Ink: widget.Focus})
	widget.Table{
		Name: "palette", Len: len(found), Cursor: p.cursor, Focused: true, Bare: true, Empty: "no action has these words",
		Columns: []widget.Column{{Width: 14}, {Width: 9}, {Width: 24, Grow: true}, {Width: 20, Grow: true}},
		Row:     func(i int) [][]widget.Span { return paletteRow(found[i]) },
	}.Draw(in.In(widget.Rect{X: 0, Y: 1, W: in.W(), H: in.H() - 1 - inFull}))
	p.at().drawInFull(in.In(widget.Rect{X: 0, Y: in.H() - inFull, W: in.W(), H: inFull}))
}

// inFull is how many lines say all of an action.
const inFull = 4

// drawInFull says all of an action that a list has cut.
func (a action) drawInFull(c widget.Canvas) {
	c.Fill(widget.Rect{W: c.W(), H: 1}, "─", widget.Border)
	text := a.help
	if a.why != "" {
		text = "not now: " + a.why
	}
	lines := cut(wrap(text, c.W()-4), inFull-2)
	for y, line := range lines {
		c.Print(1, 1+y, plain(line))
	}
	for y, line := range cut(shellLines(a.cli, c.W()-2), inFull-1-len(lines)) {
		c.Print(1, 1+len(lines)+y, faint(line))
	}
}

func paletteRow(a action) [][]widget.Span {
	name, note := strong(a.name), plain(a.help)
	if a.why != "" {
		name, note = faint(a.name), faint(a.why)
	}
	line := ""
	if a.cli != "" {
		line = "$ " + a.cli
	}
	key := ""
	if len(a.keys) > 0 {
		key = keyName(a.keys[0])
	}
	return [][]widget.Span{{name}, {{Text: key, Ink: widget.Key}}, {note}, {faint(line)}}
}
