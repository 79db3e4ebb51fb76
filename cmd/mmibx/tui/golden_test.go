package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
)

var sizes = [][2]int{{80, 24}, {120, 40}, {200, 60}}

// shown is an App that shows a screen of the fake store, filled.
func shown(t testing.TB, f *fake, s func(*env) screen, w, h int) *App {
	t.Helper()
	return shownOn(t, fakeEnv(f), s, w, h)
}

// shownOn is an App on a screen that shares its env with others.
func shownOn(t testing.TB, e *env, s func(*env) screen, w, h int) *App {
	t.Helper()
	a := newApp(t.Context(), e, s(e))
	a.env.w, a.env.h = w, h
	fill(context.Background(), a)
	return a
}

func theRun(e *env) screen { return newRun(e, "4f1c9a77ab02", "dev.f1") }

func theBoard(e *env) screen { return newBoard(e, "beta-study") }

// press sends keys and follows what they ask for, timers excepted.
func press(a *App, keys ...string) {
	for _, k := range keys {
		_, cmd := a.Update(keyPress(k))
		follow(a, cmd)
	}
}

// follow runs a command and those that follow from it. Reads are answered, timers
// are not.
func follow(a *App, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		for _, c := range msg {
			follow(a, c)
		}
	default:
		_, next := a.Update(msg)
		follow(a, next)
	}
}

func TestScreens(t *testing.T) {
	empty := newFake()
	empty.empty = true
	broken := newFake()
	broken.err = ErrBusy
	for _, c := range []struct {
		name   string
		fake   *fake
		screen func(*env) screen
		keys   []string
	}{
		{"home", newFake(), func(e *env) screen { return newHome(e) }, nil},
		{"home-empty", empty, func(e *env) screen { return newHome(e) }, nil},
		{"new", newFake(), theForm, []string{"down", "down", "down", "down", "enter", "0", ",", "1"}},
		{"new-fault", newFake(), func(e *env) screen { return newNewSweep(e, "beta") }, []string{"enter", "!"}},
		{"plan", newFake(), func(e *env) screen { return newPlan(e, "beta") }, nil},
		{"board", newFake(), theBoard, nil},
		{"board-runs", newFake(), theBoard, []string{"tab", "tab", "down", "down", "m"}},
		{"board-busy", broken, theBoard, nil},
		{"runs", newFake(), theRuns, []string{"down", "space", "down", "down", "space"}},
		{"runs-arms", newFake(), theRuns, []string{"a", "s", "enter"}},
		{"runs-filter", newFake(), theRuns, []string{"/", "t"}},
		{"runs-fault", newFake(), theRuns, []string{"/", "t", "a", "g", "="}},
		{"runs-columns", newFake(), theRuns, []string{"c", "down", "space"}},
		{"runs-tag", newFake(), theRuns, []string{"#", "文", "字"}},
		{"errors", newFake(), theErrors, nil},
		{"errors-escapes", newFake(), theErrors, []string{"n"}},
		{"errors-relations", newFake(), theRelations, nil},
		{"machine", newFake(), theMachine, []string{"down"}},
		{"data", newFake(), theData, nil},
		{"data-audit", newFake(), theData, []string{"a"}},
		{"samples", newFake(), theSamples, []string{"n"}},
		{"run", newFake(), theRun, nil},
		{"run-diagnostics", newFake(), theRun, []string{"tab", "tab"}},
		{"run-attempts", newFake(), theRun, []string{"tab", "tab", "tab"}},
		{"curves", newFake(), func(e *env) screen { return newCurves(e, fakeMarks(e.reader.(*fake), 3)) }, []string{"right", "right", "right", "right", "right"}},
		{"table", newFake(), func(e *env) screen { return newTable(e, PaperQuery{Sweep: "beta-study"}) }, nil},
		{"compare", newFake(), compared(2), nil},
		{"compare-examples", newFake(), compared(3), []string{"shift+tab"}},
		{"help", newFake(), theBoard, []string{"?"}},
		{"palette", newFake(), theBoard, []string{":", "r", "u", "n"}},
		{"confirm", newFake(), theBoard, []string{"s"}},
	} {
		for _, size := range sizes {
			t.Run(fmt.Sprintf("%s-%dx%d", c.name, size[0], size[1]), func(t *testing.T) {
				a := shown(t, c.fake, c.screen, size[0], size[1])
				press(a, c.keys...)
				view := ansi.Strip(a.View().Content)
				exactly(t, view, size[0], size[1])
				golden.RequireEqual(t, trimmed(view))
			})
		}
	}
}

// trimmed drops the blanks at the ends of lines: editors do, and a golden file
// must survive them.
func trimmed(view string) string {
	lines := strings.Split(view, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

// exactly requires a view of w x h cells, for terminals that know grapheme
// clusters and for those that do not.
func exactly(t testing.TB, view string, w, h int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != h {
		t.Fatalf("the view has %d lines, want %d", len(lines), h)
	}
	for i, l := range lines {
		if n, wc := ansi.StringWidth(l), ansi.StringWidthWc(l); n != w || wc != w {
			t.Fatalf("line %d is %d (%d) cells wide, want %d: %q", i, n, wc, w, l)
		}
	}
}
