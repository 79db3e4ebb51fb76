package tui

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/shell"
)

// These tests are points of docs/reference/ui-acceptance.md.

// TestDisabledSaysWhy: on every screen, read or not, each key that cannot be used
// now says why, in words.
func TestDisabledSaysWhy(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	said := 0
	for _, s := range allScreens(e) {
		for _, loaded := range []bool{false, true} {
			a := newApp(t.Context(), e, s)
			a.env.w, a.env.h = 120, 40
			if loaded {
				fill(t.Context(), a)
			}
			for _, act := range a.actions() {
				if act.why == "" {
					continue
				}
				said++
				if a.Update(keyPress(act.keys[0])); a.toast.text != act.why || len(strings.Fields(act.why)) < 2 {
					t.Errorf("%s: %s (%s) cannot be used and says %q, want %q", s.Title(), act.name, act.keys[0], a.toast.text, act.why)
				}
			}
		}
	}
	if said < 50 {
		t.Errorf("only %d keys were disabled", said)
	}
}

// TestEscGoesBack: esc leads from every screen to the one before, and from what lies
// over it.
func TestEscGoesBack(t *testing.T) {
	for i, s := range allScreens(fakeEnv(newFake())) {
		if s.Title() == "home" {
			continue
		}
		for _, over := range []string{"", "?", ":", "ctrl+t"} {
			f := newFake()
			a := shown(t, f, func(e *env) screen { return newHome(e) }, 120, 40)
			follow(a, a.push(allScreens(a.env)[i]))
			if over != "" {
				press(a, over)
				if len(a.stack) != 3 {
					t.Fatalf("%s: %s opens nothing", s.Title(), over)
				}
				press(a, "esc")
			}
			if len(a.stack) != 2 {
				t.Errorf("%s: esc after %q leaves %d screens", s.Title(), over, len(a.stack))
			}
			if press(a, "esc"); a.top().Title() != "home" {
				t.Errorf("%s: esc leads to %s", s.Title(), a.top().Title())
			}
		}
	}
}

// TestShell: what an action does in the CLI it is called there; those without a
// command line are about the screen alone.
func TestShell(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	e.marked = fakeMarks(f, 2)
	screenOnly := []string{ // what moves the cursor, chooses what is shown, or lives in the terminal
		"down", "up", "page down", "page up", "first", "last", "left", "right", "next list", "list before", "panel", "panel back", "next", "before",
		"next error", "error before", "all", "columns", "rows", "benchmark", "mark", "mark all", "unmark", "reverse", "by arm", "saved list", "save list", "bin", "sort",
		"metric", "metric back", "metrics", "cursor right", "cursor left", "zoom in", "zoom out", "all steps", "smoothing", "log axis", "pan left", "pan right",
		"copy", "cancel", "again", "type", "change", "save", "edit", "start from", "more workers", "fewer workers", "new sweep", "baseline",
		"back", "palette", "help", "quit", "theme", "usual panels", "undo", "curves", "compare",
	}
	for _, s := range allScreens(e) {
		a := newApp(t.Context(), e, s)
		fill(t.Context(), a)
		for _, act := range a.actions() {
			if act.why == "" && act.cli == "" && !slices.Contains(screenOnly, act.name) {
				t.Errorf("%s: %s (%s) has no command line", s.Title(), act.name, act.keys[0])
			}
			if act.cli != "" && !strings.HasPrefix(act.cli, "mmibx ") {
				t.Errorf("%s: %s has the command line %q", s.Title(), act.name, act.cli)
			}
		}
	}
}

// TestPaletteCommands: the palette has the commands that are no key here, and runs
// one with the rest of its line.
func TestPaletteCommands(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	press(a, ":")
	typeText(a, "doctor")
	press(a, "enter")
	typeText(a, "--json")
	press(a, "enter")
	if want := []string{"run mmibx doctor --json"}; !slices.Equal(f.told, want) {
		t.Errorf("told %q, want %q", f.told, want)
	}
	press(a, ":")
	typeText(a, "machine")
	if p := a.top().screen.(*palette); len(p.found()) != 1 || p.found()[0].keys == nil {
		t.Errorf("%d ways to the machine", len(p.found()))
	}
}

// TestSavedViews: w keeps filter, order and columns under a name, and v shows them
// again, on another day too.
func TestSavedViews(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	a := shownOn(t, e, theRuns, 120, 40)
	press(a, "/")
	typeText(a, "β=.1")
	press(a, "enter", "s", "down", "enter", "w")
	typeText(a, "best ones")
	press(a, "enter")
	later := shownOn(t, e, theRuns, 120, 40)
	press(later, "v", "enter")
	r := later.top().screen.(*runs)
	if r.list.Filter != "β=.1" || r.list.Sort == "" || r.page.Total != 15 {
		t.Errorf("shown again: filter %q, order %q, %d rows", r.list.Filter, r.list.Sort, r.page.Total)
	}
}

// clicks are the messages of a click at a cell.
func at(a *App, x, y int, kind func(x, y int) tea.MouseMsg) {
	if cmd := mouse(a.draw(), kind(x, y)); cmd != nil {
		_, next := a.Update(cmd())
		follow(a, next)
	}
}

func clickAt(x, y int) tea.MouseMsg { return tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft} }
func moveTo(x, y int) tea.MouseMsg  { return tea.MouseMotionMsg{X: x, Y: y, Button: tea.MouseLeft} }
func letGo(x, y int) tea.MouseMsg   { return tea.MouseReleaseMsg{X: x, Y: y, Button: tea.MouseLeft} }

// column is where a text begins on the screen.
func column(t *testing.T, a *App, text string) (x, y int) {
	t.Helper()
	for y, line := range strings.Split(ansi.Strip(a.View().Content), "\n") {
		if i := strings.Index(line, text); i >= 0 {
			return ansi.StringWidth(line[:i]), y
		}
	}
	t.Fatalf("no %q on the screen", text)
	return 0, 0
}

// TestDrag: a border follows the mouse, its place is kept, no panel vanishes, and
// ctrl+o makes all as usual.
func TestDrag(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	a := shownOn(t, e, theBoard, 120, 40)
	x0, y := column(t, a, "╭─ workers")
	at(a, x0, y+1, clickAt)
	at(a, x0-20, y+1, moveTo)
	at(a, x0-20, y+1, letGo)
	if x, _ := column(t, a, "╭─ workers"); x != x0-19 && x != x0-20 {
		t.Errorf("the border at %d was dragged to %d and is at %d", x0, x0-20, x)
	}
	at(a, 3, y+1, moveTo) // nothing is held any more
	if x, _ := column(t, a, "╭─ workers"); x < x0-21 {
		t.Errorf("a border that was let go moved to %d", x)
	}
	later := shownOn(t, &env{}, func(*env) screen { return theBoard(e) }, 120, 40)
	later.env = e
	clear(e.shares)
	e.learn(t.Context())
	if x, _ := column(t, later, "╭─ workers"); x != x0-19 && x != x0-20 {
		t.Errorf("later the border is at %d", x)
	}
	x, _ := column(t, a, "╭─ workers")
	at(a, x, y+1, clickAt)
	at(a, 0, y+1, moveTo)
	at(a, 0, y+1, letGo)
	if x, _ := column(t, a, "╭─ workers"); x < leastAcross {
		t.Errorf("the left panels are %d cells wide", x)
	}
	press(a, "ctrl+o")
	if x, _ := column(t, a, "╭─ workers"); x != x0 {
		t.Errorf("as usual is %d, want %d", x, x0)
	}
}

// TestDoubleClick: a click chooses a row, a second one soon after opens it, the
// wheel scrolls, and the footer's keys can be pressed.
func TestDoubleClick(t *testing.T) {
	a := shown(t, newFake(), theRuns, 120, 40)
	x, y := column(t, a, "4f3b89")
	at(a, x, y, clickAt)
	r := a.top().screen.(*runs)
	if r.cursor != 1 || a.top().Title() != "runs" {
		t.Fatalf("a click puts the cursor at %d on %s", r.cursor, a.top().Title())
	}
	at(a, x, y, func(x, y int) tea.MouseMsg { return tea.MouseWheelMsg{X: x, Y: y, Button: tea.MouseWheelDown} })
	if r.cursor != 4 {
		t.Errorf("the wheel puts the cursor at %d", r.cursor)
	}
	at(a, x, y, clickAt)
	at(a, x, y, clickAt)
	if a.top().Title() != "run" {
		t.Errorf("a double click leads to %s", a.top().Title())
	}
	x, y = column(t, a, "esc back")
	at(a, x, y, clickAt)
	if a.top().Title() != "runs" {
		t.Errorf("esc of the footer leads to %s", a.top().Title())
	}
}

// TestUndo: what was ordered is taken back by U, the last first, and U says what it
// would take back.
func TestUndo(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	press(a, "U")
	if !strings.Contains(a.toast.text, "nothing was ordered") {
		t.Errorf("U at first says %q", a.toast.text)
	}
	press(a, "s", "enter", "p", "r", "enter")
	if !strings.Contains(a.toast.text, "U takes it back") {
		t.Errorf("after an order the toast says %q", a.toast.text)
	}
	press(a, "U", "U", "U", "U")
	var verbs []string
	for _, told := range f.told {
		verbs = append(verbs, strings.Fields(told)[0])
	}
	if want := []string{"stop", "pause", "retry", "forgo", "resume", "continue"}; !slices.Equal(verbs, want) {
		t.Errorf("told %q, want %q", f.told, want)
	}
	f.told = nil
	f.err = ErrBusy
	press(a, "p", "U")
	if f.err = nil; len(a.undos) != 0 {
		t.Error("an order that failed can be taken back")
	}
	press(a, "p")
	f.err = ErrBusy
	press(a, "U")
	f.err = nil
	press(a, "U") // what could not be taken back can be tried again
	if n := len(f.told); f.told[n-1] != "resume beta-study" || len(a.undos) != 0 {
		t.Errorf("told %q", f.told)
	}
	press(a, "p", "p")
	f.err = mmibx.ErrNotFound
	press(a, "U") // what never can be taken back does not stand before the others
	if !strings.Contains(a.toast.text, "not found") || len(a.undos) != 1 {
		t.Errorf("an undo that failed says %q and leaves %d", a.toast.text, len(a.undos))
	}
}

// TestUndoRuns: tags go from the runs that did not have them, notes are those from
// before, and the bin is emptied of what went in.
func TestUndoRuns(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	archive := e.archive.(*fakeArchive)
	a := shownOn(t, e, theRuns, 120, 40)
	order := func(key, text string) {
		press(a, key)
		typeText(a, text)
		press(a, "enter")
	}
	order("#", "old")
	press(a, "space", "space")
	order("#", "old")
	order("n", "first")
	order("n", "second")
	press(a, "d", "enter", "U", "U")
	first := a.env.marked[0].id
	if archive.notes[first] != "first" || len(archive.bin) != 0 {
		t.Errorf("the note is %q, %d in the bin", archive.notes[first], len(archive.bin))
	}
	press(a, "U", "U")
	if second := a.env.marked[1].id; archive.notes[first] != "" || !slices.Equal(archive.tags[first], []string{"old"}) || len(archive.tags[second]) != 0 {
		t.Errorf("notes %q, tags %q: the first run had the tag before", archive.notes, archive.tags)
	}
}

// TestUndoBin: what was in the bin before an order stays there when it is taken back,
// and what was out of it stays out; an order that changed nothing leaves nothing to
// be taken back.
func TestUndoBin(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	archive := e.archive.(*fakeArchive)
	var ids []string
	for i := range 3 {
		ids = append(ids, f.board.Runs[i].ID)
		e.marked = append(e.marked, mark{id: ids[i], runs: ids[i : i+1]})
	}
	archive.bin[ids[0]] = true
	a := shownOn(t, e, theRuns, 120, 40)
	bin := func(want ...string) {
		t.Helper()
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(archive.bin)); !slices.Equal(got, want) {
			t.Errorf("in the bin are %q, want %q", got, want)
		}
	}
	press(a, "d", "enter")
	bin(ids...)
	press(a, "U")
	bin(ids[0])
	press(a, "B", "d", "enter")
	bin()
	press(a, "U")
	bin(ids[0])
	if len(a.undos) != 0 {
		t.Fatalf("%d orders are left to be taken back", len(a.undos))
	}
	archive.bin = map[string]bool{}
	press(a, "B", "d", "enter")
	for range 2 { // of a tag that all have nothing is fresh
		press(a, "#")
		typeText(a, "paper")
		press(a, "enter")
	}
	press(a, "d", "enter") // all are there
	if len(a.undos) != 2 {
		t.Errorf("%d orders can be taken back, want the first of each kind", len(a.undos))
	}
}

// TestReorder: a run that waits is let start sooner after a question, the list says
// so, and U puts it back; one that runs cannot be moved.
func TestReorder(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	press(a, "+")
	if !strings.Contains(a.toast.text, "tab leads to the list of runs") {
		t.Errorf("+ without a run says %q", a.toast.text)
	}
	b := a.top().screen.(*board)
	b.focus = onRuns
	press(a, "home", "+")
	if !strings.Contains(a.toast.text, "running") {
		t.Errorf("+ on a run that runs says %q", a.toast.text)
	}
	press(a, "end", "+")
	if len(f.told) > 0 || a.top().Title() != "confirm" {
		t.Fatalf("+ asks nothing: %q", f.told)
	}
	press(a, "enter")
	again(a)
	told := a.toast.text
	a.Update(toastOver{a.toasts}) // it lies over the list
	id := b.at(onRuns)
	if view := ansi.Strip(a.View().Content); f.told[0] != fmt.Sprintf("priority 1 [%s]", id) || !strings.Contains(view, "▲1") || !strings.Contains(told, "U takes it back") {
		t.Errorf("told %q", f.told)
	}
	press(a, "-", "enter", "U", "U")
	want := []string{fmt.Sprintf("priority 1 [%s]", id), fmt.Sprintf("priority 0 [%s]", id), fmt.Sprintf("priority 1 [%s]", id), fmt.Sprintf("priority 0 [%s]", id)}
	if !slices.Equal(f.told, want) {
		t.Errorf("told %q, want %q", f.told, want)
	}
}

// TestClipboard: what is copied goes to the terminal as OSC 52, which works over
// SSH; t, f and e are about what is marked, whatever the filter shows.
func TestClipboard(t *testing.T) {
	f := newFake()
	a := newApp(t.Context(), fakeEnv(f), theRuns(fakeEnv(f)))
	var out seen
	out.look = func(text string) bool {
		return strings.Contains(text, "\x1b]52;c;"+base64.StdEncoding.EncodeToString([]byte("4f1c9a77ab02 4f3b897ab02c")))
	}
	in, hold := newPipe(t)
	defer hold()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := tea.NewProgram(a, tea.WithInput(in), tea.WithOutput(&out), tea.WithWindowSize(100, 30), tea.WithoutSignals(), tea.WithContext(ctx))
	out.then = program.Quit
	go program.Send(clip{"4f1c9a77ab02 4f3b897ab02c"})
	if _, err := program.Run(); err != nil {
		t.Fatalf("no OSC 52 was written: %v", err)
	}
}

// seen is a terminal that does something when it has been shown something.
type seen struct {
	mu   sync.Mutex
	text strings.Builder
	look func(text string) bool
	then func()
}

// Write takes what a program shows.
func (s *seen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if s.then != nil && s.look(s.text.String()) {
		go s.then()
		s.then = nil
	}
	return len(p), nil
}

// TestMarkedAnywhere: t, f, e and y are about what is marked, whatever the filter
// shows, on the list and on the board.
func TestMarkedAnywhere(t *testing.T) {
	for name, s := range map[string]func(*env) screen{"runs": theRuns, "board": theBoard} {
		f := newFake()
		e := fakeEnv(f)
		e.marked = fakeMarks(f, 2)
		a := shownOn(t, e, s, 120, 40)
		if name == "runs" {
			press(a, "/")
			typeText(a, "nothing")
			press(a, "enter")
		}
		press(a, "t")
		if q := a.top().screen.(*table).q; len(q.Runs) != len(runsOf(e.marked)) {
			t.Errorf("%s: the table is of %d runs", name, len(q.Runs))
		}
		press(a, "esc", "f", "enter")
		press(a, "e", "enter", "enter")
		want := []string{fmt.Sprintf("draw beta beta.pdf  %d", len(runsOf(e.marked))), fmt.Sprintf("export runs %d", len(runsOf(e.marked)))}
		if len(f.told) != 2 || f.told[0] != want[0] || !strings.HasPrefix(f.told[1], want[1]) {
			t.Errorf("%s: told %q, want %q", name, f.told, want)
		}
		press(a, "y")
		if !strings.HasPrefix(a.toast.text, "copied ") {
			t.Errorf("%s: y says %q", name, a.toast.text)
		}
	}
}

// TestMarkedInFull: the command lines of what writes a file name every run that is
// marked, as the CLI's filter reads them; what says so leaves the screen to be seen.
func TestMarkedInFull(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	var ids []string
	for i := range 150 {
		ids = append(ids, fmt.Sprintf("%06x7ab02c", 0x100000+i))
	}
	e.marked = []mark{{id: "a0", arm: true, label: "an arm", runs: ids}}
	want := "id in (" + strings.Join(ids, ", ") + ")"
	for _, line := range []string{e.cliExport(Listing{}, "runs", "runs.csv"), paperCLI(e, "table", PaperQuery{Runs: ids})} {
		words, err := shell.Words(line)
		if err != nil || !slices.Contains(words, want) {
			t.Errorf("%.200s (%v), want the filter %.60s", line, err, want)
		}
	}
	a := shownOn(t, e, theRuns, 120, 40)
	press(a, "e", "enter", "enter")
	if view := ansi.Strip(a.View().Content); !strings.Contains(view, "7 rows of runs") || !strings.Contains(view, "4f1c9a") {
		t.Errorf("the toast covers the list:\n%s", view)
	}
}

// TestThemeKept: a theme is chosen from a list, worn at once, kept, and worn from
// the first view on another day.
func TestThemeKept(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	a := shownOn(t, e, theBoard, 120, 40)
	coloured := a.View().Content
	press(a, "ctrl+t")
	typeText(a, "no colour")
	press(a, "enter")
	if kept := e.habits.(fakeHabits).kept[themeHabit]; kept != "mono" {
		t.Errorf("%q is kept", kept)
	}
	if view := a.View().Content; view == coloured || strings.Contains(view, "38;2;") || strings.Contains(view, "48;2;") || strings.Contains(view, "38;5;") {
		t.Error("without colour there are colours")
	}
	later := opened(t.Context(), &env{reader: f, habits: e.habits, live: f.live, shares: map[string]float64{}, clock: e.clock}, "beta-study")
	if *later.theme != *widget.Mono() {
		t.Error("another day it has another theme")
	}
	press(a, "ctrl+t")
	typeText(a, "auto")
	press(a, "enter")
	if kept := e.habits.(fakeHabits).kept[themeHabit]; kept != "" {
		t.Errorf("%q is kept, want what the terminal is", kept)
	}
}
