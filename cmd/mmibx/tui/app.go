package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// App is the stack of screens with what they share: theme, footer, toast.
// It routes messages and knows nothing of what the screens show.
type App struct {
	env           *env
	ctx           context.Context
	stack         []*layer
	ids           int // given out so far
	theme         *widget.Theme
	dark, colours bool // the terminal's
	toast         notice
	toasts        int // shown so far, so that an old timer does not end a new toast
	undos         []*reversal
	last          struct {
		hit widget.Hit
		at  time.Time
	}
	album       *widget.Album    // images that the terminal holds; nil: it knows none
	beside      outbox           // what holds and shows them
	grip        *widget.Grip     // border that is held, nil when none is
	moved       bool             // it was moved
	interrupted bool             // left by ctrl+c
	crash       func(reason any) // takes a panic and ends the program
}

// layer is a screen on the stack. Its generation counts how often it came to the
// top: a message to an earlier generation, or to a screen that is gone, is stale.
type layer struct {
	screen
	id, generation int
	cancel         context.CancelFunc
}

// letter is a message on its way to the screen that asked for it.
type letter struct {
	id, generation int
	msg            tea.Msg
}

type toastOver struct{ number int }

func newApp(ctx context.Context, e *env, first screen) *App {
	e.w, e.h = 80, 24 // until it is known
	a := &App{env: e, ctx: ctx, dark: true, colours: true, theme: widget.Dark()}
	a.stack = []*layer{{screen: first}}
	return a
}

// Init implements tea.Model.
func (a *App) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, tea.RequestTerminalVersion, a.wake())
}

// Update implements tea.Model.
func (a *App) Update(msg tea.Msg) (m tea.Model, cmd tea.Cmd) {
	defer a.guard()
	m = a // stands when update panics
	cmd = a.update(msg)
	if show := a.present(); show != nil {
		cmd = tea.Batch(show, cmd)
	}
	return m, cmd
}

func (a *App) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.env.w, a.env.h = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		a.dress(msg.IsDark(), a.colours)
	case tea.TerminalVersionMsg:
		return a.meet(msg.Name)
	case throughTmux:
		return a.tmuxed(msg.terminal)
	case tea.ColorProfileMsg:
		a.dress(a.dark, msg.Profile > colorprofile.ASCII)
	case tea.KeyPressMsg:
		return a.key(msg)
	case tea.PasteMsg:
		return a.tell(a.top(), msg)
	case clicked:
		return a.click(msg)
	case wheeled:
		return a.tell(a.top(), msg)
	case gripped:
		a.grip, a.moved = &msg.Grip, false
	case dragged:
		return a.drag(msg)
	case dropped:
		return a.drop()
	case themed:
		return a.wear(msg.name)
	case letter:
		if l := a.awake(msg.id, msg.generation); l != nil {
			return a.tell(l, msg.msg)
		}
	case push:
		return a.push(msg.screen)
	case swap:
		return a.swap(msg.screen)
	case pop:
		return a.pop()
	case chosen:
		a.pop()
		return a.do(msg.act)
	case notice:
		return a.say(msg)
	case outside:
		l := *a.top()
		return tea.ExecProcess(msg.cmd, func(err error) tea.Msg {
			answer := msg.back(err)
			if said, ok := answer.(notice); ok {
				return returned{said}
			}
			return returned{letter{l.id, l.generation, answer}}
		})
	case returned:
		a.album.Forget() // the other program's screen took the place of the images
		return a.update(msg.msg)
	case clip:
		return tea.Batch(tea.SetClipboard(msg.text), a.say(notice{text: "copied " + copied(msg.text)}))
	case look:
		msg(a)
	case toastOver:
		if msg.number == a.toasts {
			a.toast = notice{}
		}
	}
	return nil
}

// View implements tea.Model. The terminal's modes stand here only.
func (a *App) View() tea.View {
	defer a.guard()
	c := a.draw()
	v := tea.NewView(c.String(a.theme))
	v.AltScreen = true
	v.MouseMode = tea.MouseModeCellMotion
	v.WindowTitle = "mmibx " + a.top().Title()
	v.OnMouse = func(m tea.MouseMsg) tea.Cmd { return mouse(c, m) }
	return v
}

func (a *App) top() *layer { return a.stack[len(a.stack)-1] }

// base is the index of the screen that fills the view: those above are overlays.
func (a *App) base() int {
	i := len(a.stack) - 1
	for i > 0 && isOverlay(a.stack[i].screen) {
		i--
	}
	return i
}

func isOverlay(s screen) bool { _, ok := s.(overlay); return ok }

// awake finds the layer that a letter is for, nil when it is stale.
func (a *App) awake(id, generation int) *layer {
	for _, l := range a.stack[a.base():] {
		if l.id == id && l.generation == generation {
			return l
		}
	}
	return nil
}

// wake begins a new generation of the screen on top.
func (a *App) wake() tea.Cmd {
	l := a.top()
	if l.id == 0 {
		a.ids++
		l.id = a.ids
	}
	l.generation++
	ctx, cancel := context.WithCancel(a.ctx)
	l.cancel = cancel
	return a.stamp(l, l.Init(ctx))
}

// sleep ends the generation of a screen.
func (l *layer) sleep() {
	l.generation++
	if l.cancel != nil {
		l.cancel()
	}
}

func (a *App) push(s screen) tea.Cmd {
	if !isOverlay(s) {
		for _, l := range a.stack[a.base():] {
			l.sleep()
		}
		a.stack = a.stack[:a.base()+1] // an overlay does not outlive what it led to
	}
	a.stack = append(a.stack, &layer{screen: s})
	return a.wake()
}

func (a *App) swap(s screen) tea.Cmd {
	if base := a.base(); base > 0 {
		for _, l := range a.stack[base:] {
			l.sleep()
		}
		a.stack = a.stack[:base]
	}
	return a.push(s)
}

func (a *App) pop() tea.Cmd {
	if len(a.stack) == 1 {
		return nil
	}
	gone := a.top()
	gone.sleep()
	a.stack = a.stack[:len(a.stack)-1]
	if isOverlay(gone.screen) {
		return nil
	}
	return a.wake()
}

// tell hands a message to a screen.
func (a *App) tell(l *layer, msg tea.Msg) tea.Cmd { return a.stamp(l, l.Update(msg)) }

// stamp addresses the answers of a screen's command to the screen as it is now.
func (a *App) stamp(l *layer, cmd tea.Cmd) tea.Cmd {
	return a.address(l.id, l.generation, cmd)
}

func (a *App) address(id, generation int, cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() tea.Msg {
		defer a.guard()
		switch msg := cmd().(type) {
		case tea.BatchMsg:
			for i := range msg {
				msg[i] = a.address(id, generation, msg[i])
			}
			return msg
		case nil, push, swap, pop, chosen, notice, outside, clip, tea.QuitMsg:
			return msg
		default:
			return letter{id, generation, msg}
		}
	}
}

// key runs the action of a key, on the screen first, then everywhere; what no
// action takes the screen may read as text.
func (a *App) key(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	if key == "ctrl+c" {
		a.interrupted = true
		return tea.Quit
	}
	if act, ok := find(a.actions(), key); ok {
		return a.do(act)
	}
	return a.tell(a.top(), msg)
}

// do runs an action, or says why it cannot be run.
func (a *App) do(act action) tea.Cmd {
	if act.why != "" {
		return a.say(notice{text: act.why})
	}
	if act.to != nil {
		return a.update(act.to())
	}
	return a.stamp(a.top(), act.run())
}

// guard keeps a panic from leaving the terminal in ruins: it goes to crash, which
// reports it and ends the program in good order.
func (a *App) guard() {
	if a.crash == nil {
		return
	}
	if reason := recover(); reason != nil {
		a.crash(reason)
	}
}
