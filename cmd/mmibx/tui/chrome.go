package tui

import (
	"cmp"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/shell"
)

const footerSpot = "footer"

// actions is all that can be done now: on the screen on top, and everywhere.
// Under an overlay only the overlay listens; where text is typed, only the screen.
func (a *App) actions() []action {
	acts := a.top().Actions()
	if m, ok := a.top().screen.(modal); isOverlay(a.top().screen) || ok && m.modal() {
		return acts
	}
	return append(acts, a.everywhere()...)
}

func (a *App) everywhere() []action {
	back := action{
		name: "back", keys: []string{"esc"}, label: "back", help: "the screen before",
		to: func() tea.Msg { return pop{} },
	}
	if len(a.stack) == 1 {
		back.label, back.why = "", "this is the first screen; q leaves"
	}
	return []action{
		back,
		a.runsAction(),
		a.screenAction("data list", "D", "data", "the benchmarks", func() screen { return newBenchmarks(a.env) }),
		a.screenAction("machine", "M", "machine", "processors, memory, disk, GPUs and what runs on them", func() screen { return newMachine(a.env) }),
		a.undoAction(), a.themeAction(), a.usualAction(),
		{
			name: "palette", keys: []string{":"}, label: "command", help: "every action by its name in the CLI",
			to: func() tea.Msg { return push{newPalette(append(a.actions(), a.commands()...))} },
		},
		{
			name: "quit", keys: []string{"q"}, label: "leave", help: "close the UI; sweeps go on",
			run: func() tea.Cmd { return tea.Quit },
		},
		{
			name: "help", keys: []string{"?", "f1"}, label: "all keys", help: "every key of this screen",
			to: func() tea.Msg { return push{newHelp(a.top().Title(), a.actions())} },
		},
	}
}

// runsAction lists all runs of the store, or those that the screen is about.
func (a *App) runsAction() action {
	filter, help := "", "all runs of the store"
	if s, ok := a.top().screen.(scoped); ok {
		filter, help = s.scope(), "these runs as a list to filter, sort and mark"
	}
	act := a.screenAction("runs list", "L", "runs", help, func() screen { return newRuns(a.env, filter) })
	if r, ok := a.top().screen.(*runs); ok && r.list.Filter != "" {
		act.why = ""
	}
	if filter != "" {
		act.cli = a.env.cli("runs list", shell.Word(filter))
	}
	return act
}

// screenAction opens a screen that is there wherever one is.
func (a *App) screenAction(name, key, title, help string, open func() screen) action {
	act := action{name: name, keys: []string{key}, spare: title, help: help, cli: a.env.cli(name), to: func() tea.Msg { return push{open()} }}
	if a.top().Title() == title {
		act.why = "it is on the screen"
	}
	return act
}

// draw paints screen, overlays, footer and toast.
func (a *App) draw() widget.Canvas {
	c := widget.NewCanvas(a.env.w, a.env.h).Painted(a.painter())
	body := c.In(widget.Rect{X: 0, Y: 0, W: a.env.w, H: a.env.h - 1})
	for i, l := range a.stack[a.base():] {
		if i > 0 {
			c.Forget() // what an overlay covers is out of reach
		}
		l.Draw(body)
	}
	a.drawFooter(c.In(widget.Rect{X: 0, Y: a.env.h - 1, W: a.env.w, H: 1}))
	if a.toast.text != "" {
		drawToast(body, a.toast)
	}
	return c
}

// dress chooses the theme for a terminal.
func (a *App) dress(dark, colours bool) {
	a.dark, a.colours, a.theme = dark, colours, themeOf(a.env.theme, dark, colours)
}

// A footer has so many keys, where the terminal is wide enough and as many can be
// pressed.
const leastKeys, mostKeys = 6, 8

// footer picks the actions whose keys are shown in w cells: of those that can be
// done now the way back, the palette and help, the first of the screen's own, and
// where these are few what leads to other screens. They stand in their order.
func footer(acts []action, w int) []action {
	room, shown := w-1, map[int]bool{}
	take := func(most int, wanted func(action) bool) {
		for i, a := range acts {
			if a.why != "" || shown[i] || len(shown) >= most || !wanted(a) {
				continue
			}
			if n := footerWidth(a); n <= room {
				shown[i] = true
				room -= n
			}
		}
	}
	always := []string{"back", "palette", "help"}
	take(mostKeys, func(a action) bool { return slices.Contains(always, a.name) && a.label != "" })
	take(mostKeys, func(a action) bool { return a.label != "" })
	take(leastKeys, func(a action) bool { return a.spare != "" })
	var list []action
	for i, a := range acts {
		if shown[i] {
			list = append(list, a)
		}
	}
	return list
}

func footerWidth(a action) int { return len([]rune(keyName(a.keys[0])+" "+a.shown())) + 3 }

// shown is what the footer calls an action.
func (a action) shown() string { return cmp.Or(a.label, a.spare) }

func (a *App) drawFooter(c widget.Canvas) {
	x := 1
	for i, act := range footer(a.actions(), c.W()) {
		if i > 0 {
			x = c.Print(x, 0, widget.Span{Text: " · ", Ink: widget.Border})
		}
		start := x
		x = c.Print(x, 0,
			widget.Span{Text: keyName(act.keys[0]), Ink: widget.Key},
			widget.Span{Text: " " + act.shown(), Ink: widget.Faint})
		c.Spot(widget.Rect{X: start, Y: 0, W: x - start, H: 1}, footerSpot, i)
	}
}

// keyName is a key as people write it.
func keyName(key string) string {
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	case "pgdown":
		return "pgdn"
	case "pgup":
		return "pgup"
	}
	return key
}

// say shows a notice for a few seconds.
func (a *App) say(n notice) tea.Cmd {
	if n.undo != nil {
		a.undos = append(a.undos, n.undo)
		n.text += "; U takes it back"
	}
	a.toast = n
	a.toasts++
	number := a.toasts
	return tick(5*time.Second, func(time.Time) tea.Msg { return toastOver{number} })
}

// toastLines is how much of a notice is shown.
const toastLines = 8

// drawToast paints a notice in the lower right corner, its command line below it; of a
// long one as much as half of the canvas takes.
func drawToast(c widget.Canvas, n notice) {
	sign, ink := "i ", widget.Busy
	if n.bad {
		sign, ink = "✗ ", widget.Bad
	}
	most := max(10, min(c.W()-10, 72))
	said := len(wrap(n.text, most))
	lines := cut(append(wrap(n.text, most), shellLines(n.cli, most)...), min(toastLines, c.H()/2-2))
	w := 0
	for _, l := range lines {
		w = max(w, widget.Width(widget.Span{Text: l}))
	}
	box := widget.Rect{X: c.W() - w - 8, Y: c.H() - len(lines) - 2, W: w + 7, H: len(lines) + 2}
	in := popup(c, box, nil)
	for y, l := range lines {
		if y == 0 {
			in.Print(0, y, widget.Span{Text: sign, Ink: ink})
		}
		line := plain(l)
		if y >= said {
			line = faint(l)
		}
		in.Print(2, y, line)
	}
}

// popup clears a box and frames it.
func popup(c widget.Canvas, box widget.Rect, title []widget.Span) widget.Canvas {
	if box.X < 0 {
		box.X, box.W = 0, min(box.W, c.W())
	}
	if box.Y < 0 {
		box.Y, box.H = 0, min(box.H, c.H())
	}
	in := c.In(box)
	in.Wipe()
	return widget.Panel(in, title, nil, true)
}

// centre is a box of w x h in the middle of the canvas, or as much as fits.
func centre(c widget.Canvas, w, h int) widget.Rect {
	w, h = min(w, c.W()), min(h, c.H())
	return widget.Rect{X: (c.W() - w) / 2, Y: (c.H() - h) / 3, W: w, H: h}
}

// header paints the first line: the program, where one is, what it says of
// itself; at the right the store.
func header(c widget.Canvas, e *env, crumbs []string, status []widget.Span, right []widget.Span) {
	spans := []widget.Span{{Text: " mmibx", Ink: widget.Focus}}
	for _, crumb := range crumbs {
		spans = append(spans, widget.Span{Text: " › ", Ink: widget.Border}, widget.Span{Text: crumb, Ink: widget.Strong})
	}
	spans = append(spans, widget.Span{Text: "   "})
	x := c.Print(0, 0, append(spans, status...)...)
	right = append([]widget.Span{{Text: "store " + e.store, Ink: widget.Faint}}, right...)
	if n := widget.Width(right...) + 1; x+3+n <= c.W() {
		c.Right(c.W()-1, 0, right...)
	}
}

// drawUnread stands for what has not been read: it is read now, or here is in full why
// it cannot be.
func drawUnread(c widget.Canvas, what, trouble string) {
	if trouble == "" {
		widget.Panel(c, []widget.Span{strong(what)}, nil, false).Print(0, 0, faint("reading …"))
		return
	}
	in := widget.Panel(c, []widget.Span{{Text: "the " + what + " cannot be read", Ink: widget.Bad}}, nil, false)
	for y, line := range wrap(trouble, in.W()) {
		in.Print(0, y, plain(line))
	}
}

// cut is as many lines as there is room for; that there are more is said by the last.
func cut(lines []string, most int) []string {
	if most = max(1, most); len(lines) <= most {
		return lines
	}
	lines = append([]string(nil), lines[:most]...)
	lines[most-1] += " …"
	return lines
}

// wrap breaks a text at blanks into lines of at most w cells where its words
// allow it.
func wrap(text string, w int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case widget.Width(widget.Span{Text: line + " " + word}) > w:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
