package tui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// help shows the table of actions of the screen that it was asked on.
type help struct {
	of     string
	acts   []action
	cursor int
}

func newHelp(of string, acts []action) *help { return &help{of: of, acts: acts} }

func (*help) overlay()                     {}
func (*help) Init(context.Context) tea.Cmd { return nil }
func (*help) Title() string                { return "help" }

// Actions implements screen.
func (h *help) Actions() []action {
	return append(moves(h.move), copyLine(h.acts[h.cursor].cli), action{
		name: "close", keys: []string{"esc", "?", "q"}, label: "close", help: "back to the screen",
		to: func() tea.Msg { return pop{} },
	})
}

func (h *help) move(by int) tea.Cmd {
	h.cursor = moved(h.cursor, by, len(h.acts))
	return nil
}

// Update implements screen.
func (h *help) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case wheeled:
		return h.move(msg.by)
	case clicked:
		h.cursor = moved(msg.Row, 0, len(h.acts))
	}
	return nil
}

// Draw implements screen.
func (h *help) Draw(c widget.Canvas) {
	in := popup(c, centre(c, 110, min(len(h.acts)+3+len(signs)+inFull, c.H())), []widget.Span{{Text: "keys of " + h.of, Ink: widget.Focus}})
	list, legend := in.Bounds().Top(max(3, in.H()-len(signs)))
	list, full := list.Top(list.H - inFull)
	widget.Table{
		Name: "help", Len: len(h.acts), Cursor: h.cursor, Focused: true,
		Columns: []widget.Column{
			{Title: "key", Width: 13},
			{Title: "action", Width: 14},
			{Title: "what it does", Width: 24, Grow: true},
			{Title: "the same in a shell", Width: 24, Grow: true},
		},
		Row: func(i int) [][]widget.Span { return helpRow(h.acts[i]) },
	}.Draw(in.In(list))
	h.acts[h.cursor].drawInFull(in.In(full))
	for y, line := range signs {
		in.In(legend).Print(1, y, line...)
	}
}

func helpRow(a action) [][]widget.Span {
	names := make([]string, len(a.keys))
	for i, k := range a.keys {
		names[i] = keyName(k)
	}
	name, note := strong(a.name), plain(a.help)
	if a.why != "" {
		name, note = faint(a.name), faint("not now: "+a.why)
	}
	return [][]widget.Span{{{Text: strings.Join(names, " "), Ink: widget.Key}}, {name}, {note}, {faint(a.cli)}}
}

// signs explains the signs of states.
var signs = func() [][]widget.Span {
	var line []widget.Span
	for _, s := range countOrder {
		line = append(line, sign(s), faint(" "+string(s)+"   "))
	}
	return [][]widget.Span{nil, line, {faint("Scores are on dev, mean ± deviation over seeds. Test stays sealed until a command asks for it by name.")}}
}()
