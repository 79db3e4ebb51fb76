package tui

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Habits keeps what people like: the theme, the sizes of panels. It is kept in the
// store, beside the columns that they chose.
type Habits interface {
	// Habits are the values that were kept, by name.
	Habits(ctx context.Context) (map[string]string, error)
	// Keep keeps a value; "" gives it up.
	Keep(ctx context.Context, name, value string) error
}

const (
	themeHabit = "theme"
	panelHabit = "panel." // and the name of the border
)

// learn reads the habits before the first view. Where they cannot be read all is as
// usual: the screens say what is wrong with the store.
func (e *env) learn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	kept, err := e.habits.Habits(ctx)
	if err != nil {
		return
	}
	e.theme = kept[themeHabit]
	for name, value := range kept {
		if border, ok := strings.CutPrefix(name, panelHabit); ok {
			if share, err := strconv.ParseFloat(value, 64); err == nil && share > 0 && share < 1 {
				e.shares[border] = share
			}
		}
	}
}

// keep keeps a habit, and says why where it cannot: then it holds until the UI is left.
func (e *env) keep(name, value, say string) tea.Cmd {
	habits := e.habits
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		if err := habits.Keep(ctx, name, value); err != nil {
			return notice{text: say + ", until you leave: " + err.Error()}
		}
		return notice{text: say}
	}
}

// themes are the themes that can be chosen.
var themes = []Pair{
	{"auto", "dark or light as the terminal is"}, {"dark", "for a dark background"}, {"light", "for a light background"},
	{"safe", "for colour-blind eyes: blue, yellow and lightness alone"}, {"mono", "no colour"},
}

// themeOf makes a theme by its name for a terminal.
func themeOf(name string, dark, colours bool) *widget.Theme {
	var t *widget.Theme
	switch {
	case name == "mono":
		return widget.Mono()
	case name == "safe":
		t = widget.Safe(dark)
	case name == "dark", name != "light" && dark:
		t = widget.Dark()
	default:
		t = widget.Light()
	}
	if !colours {
		return t.Colourless()
	}
	return t
}

// themeAction chooses a theme and keeps it.
func (a *App) themeAction() action {
	return action{name: "theme", keys: []string{"ctrl+t"}, spare: "theme", help: "dark, light, no colour, or for colour-blind eyes; it is kept", to: func() tea.Msg {
		now := a.env.theme
		if now == "" {
			now = themes[0].Name
		}
		return push{newPick("theme", themes, []string{now}, func(names []string) action {
			return action{name: "theme", to: func() tea.Msg { return themed{names[0]} }}
		})}
	}}
}

// themed is a theme that was chosen.
type themed struct{ name string }

func (a *App) wear(name string) tea.Cmd {
	a.env.theme = name
	a.dress(a.dark, a.colours)
	if name == themes[0].Name {
		return a.env.keep(themeHabit, "", "the theme follows the terminal")
	}
	return a.env.keep(themeHabit, name, "theme "+name)
}

// The least that a panel is made by dragging.
const (
	leastAcross = 16
	leastDown   = 3
)

// across divides a part of a canvas into two panels side by side whose border can
// be dragged; the first one is n columns wide until somebody did.
func (e *env) across(c widget.Canvas, name string, r widget.Rect, n int) (left, right widget.Rect) {
	n = e.shared(name, r.W, n, leastAcross)
	c.Grip(name, r, n, false)
	return r.Left(n)
}

// down does the same with two panels one below the other.
func (e *env) down(c widget.Canvas, name string, r widget.Rect, n int) (upper, lower widget.Rect) {
	n = e.shared(name, r.H, n, leastDown)
	c.Grip(name, r, n, true)
	return r.Top(n)
}

func (e *env) shared(name string, size, usual, least int) int {
	share, ok := e.shares[name]
	if !ok || size < 2*least {
		return max(0, min(usual, size))
	}
	return max(least, min(int(math.Round(share*float64(size))), size-least))
}

// Messages from the mouse about a border.
type (
	gripped struct{ widget.Grip }
	dragged struct{ x, y int }
	dropped struct{}
)

// drag moves the border that is held.
func (a *App) drag(msg dragged) tea.Cmd {
	if a.grip != nil {
		a.env.shares[a.grip.Name] = a.grip.Share(msg.x, msg.y)
		a.moved = true
	}
	return nil
}

// drop keeps where a border was put.
func (a *App) drop() tea.Cmd {
	if a.grip == nil || !a.moved {
		a.grip = nil
		return nil
	}
	name := a.grip.Name
	a.grip = nil
	return a.env.keep(panelHabit+name, fmt.Sprintf("%.3f", a.env.shares[name]), "the panels are kept so; ctrl+o makes all as usual")
}

// usualAction gives all panels their usual sizes.
func (a *App) usualAction() action {
	act := action{name: "usual panels", keys: []string{"ctrl+o"}, help: "all panels in their usual sizes", run: func() tea.Cmd {
		var cmds []tea.Cmd
		for name := range a.env.shares {
			cmds = append(cmds, a.env.keep(panelHabit+name, "", "all panels are as usual"))
		}
		clear(a.env.shares)
		return tea.Batch(cmds...)
	}}
	if len(a.env.shares) == 0 {
		act.why = "they are: a border is dragged by the mouse"
	}
	return act
}
