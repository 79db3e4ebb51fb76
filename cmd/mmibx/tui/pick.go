package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// pick chooses one of some names, or many. What is typed narrows them.
type pick struct {
	title  string
	all    []Pair
	many   bool
	none   bool     // of many, none may be chosen
	picked []string // in the order in which they were picked
	line   widget.Input
	cursor int
	act    func(names []string) action // done with what was chosen
}

// newPick offers names; those that are picked already come first.
func newPick(title string, all []Pair, picked []string, act func([]string) action) *pick {
	p := &pick{title: title, picked: slices.Clone(picked), act: act}
	for _, name := range picked {
		if i := slices.IndexFunc(all, func(a Pair) bool { return a.Name == name }); i >= 0 {
			p.all = append(p.all, all[i])
		}
	}
	for _, a := range all {
		if !slices.Contains(picked, a.Name) {
			p.all = append(p.all, a)
		}
	}
	return p
}

func (*pick) overlay()                     {}
func (*pick) Init(context.Context) tea.Cmd { return nil }
func (*pick) Title() string                { return "pick" }

// found is what holds all that is typed.
func (p *pick) found() []Pair {
	words := strings.Fields(strings.ToLower(p.line.Text))
	var found []Pair
	for _, a := range p.all {
		hay := strings.ToLower(a.Name + " " + a.Value)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(hay, w) }) {
			found = append(found, a)
		}
	}
	return found
}

// Update implements screen.
func (p *pick) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		if !p.line.Key(msg.String()) {
			p.line.Insert(msg.Text)
		}
		p.cursor = 0
	case tea.PasteMsg:
		p.line.Insert(msg.Content)
	case clicked:
		p.cursor = max(0, moved(msg.Row, 0, len(p.found())))
	case wheeled:
		return p.move(msg.by)()
	}
	return nil
}

func (p *pick) move(by int) func() tea.Cmd {
	return func() tea.Cmd {
		p.cursor = max(0, moved(p.cursor, by, len(p.found())))
		return nil
	}
}

// Actions implements screen.
func (p *pick) Actions() []action {
	take := action{name: "take", keys: []string{"enter"}, label: "take", help: "take what is chosen", to: p.take}
	toggle := action{name: "toggle", keys: []string{"space"}, label: "on / off", help: "choose, or choose no more", run: p.toggle}
	acts := []action{take}
	if p.many {
		acts = append(acts, toggle)
		if len(p.picked) == 0 && !p.none {
			acts[0].why = "nothing is chosen: space chooses"
		}
	} else if len(p.found()) == 0 {
		acts[0].why = "there is none"
	}
	return append(acts,
		action{name: "down", keys: []string{"down", "ctrl+n"}, label: "choose", help: "the next", run: p.move(1)},
		action{name: "up", keys: []string{"up", "ctrl+p"}, help: "the one before", run: p.move(-1)},
		action{name: "page down", keys: []string{"pgdown"}, help: "ten on", run: p.move(10)},
		action{name: "page up", keys: []string{"pgup"}, help: "ten back", run: p.move(-10)},
		action{name: "give up", keys: []string{"esc"}, label: "leave it", help: "leave it", to: func() tea.Msg { return pop{} }})
}

func (p *pick) take() tea.Msg {
	if p.many {
		return chosen{p.act(p.picked)}
	}
	return chosen{p.act([]string{p.found()[p.cursor].Name})}
}

func (p *pick) toggle() tea.Cmd {
	found := p.found()
	if p.cursor >= len(found) {
		return nil
	}
	name := found[p.cursor].Name
	if i := slices.Index(p.picked, name); i >= 0 {
		p.picked = slices.Delete(p.picked, i, i+1)
	} else {
		p.picked = append(p.picked, name)
	}
	return nil
}

// Draw implements screen.
func (p *pick) Draw(c widget.Canvas) {
	found := p.found()
	in := popup(c, centre(c, 90, min(len(p.all)+4, 24, c.H()-1)), []widget.Span{{Text: p.title, Ink: widget.Focus}})
	in.Print(0, 0, widget.Span{Text: ": ", Ink: widget.Key})
	p.line.Draw(in.In(widget.Rect{X: 2, Y: 0, W: in.W() - 2, H: 1}))
	empty := "nothing has these words"
	if len(p.all) == 0 {
		empty = "there is none yet"
	}
	widget.Table{
		Name: "pick", Len: len(found), Cursor: p.cursor, Focused: true, Bare: true, Empty: empty,
		Columns: []widget.Column{{Width: 2}, {Width: 24}, {Width: 20, Grow: true}},
		Row: func(i int) [][]widget.Span {
			box := faint("")
			switch on := slices.Contains(p.picked, found[i].Name); {
			case on:
				box = widget.Span{Text: "●", Ink: widget.Key}
			case p.many:
				box = faint("○")
			}
			return [][]widget.Span{{box}, {strong(found[i].Name)}, {faint(found[i].Value)}}
		},
	}.Draw(in.In(widget.Rect{X: 0, Y: 1, W: in.W(), H: in.H() - 1}))
}
