package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func theTable(e *env) screen { return newTable(e, PaperQuery{Sweep: "beta-study"}) }

// longPress makes tables of a hundred rows, which have more lines on a narrower
// terminal.
type longPress struct{ *fake }

func (longPress) Table(context.Context, PaperQuery, func(string, int, int)) (Table, error) {
	return Table{Sweep: "beta-study", Row: []string{"MMIB"}, Text: func(w int) []string {
		var lines []string
		for i := range 100 {
			lines = append(lines, fmt.Sprintf("row %d  96.4", i))
		}
		return append(lines, wrap(strings.Repeat("a long caption ", 60), w)...)
	}}, nil
}

// TestTableScrolls: the last line is the lowest that a table goes to, and each key
// moves it.
func TestTableScrolls(t *testing.T) {
	for _, size := range [][2]int{{120, 40}, {80, 24}, {300, 100}} {
		e := fakeEnv(newFake())
		e.press = longPress{newFake()}
		a := shownOn(t, e, theTable, size[0], size[1])
		press(a, "end")
		lowest := ansi.Strip(a.View().Content)
		if rows := strings.Split(lowest, "\n"); !strings.Contains(rows[len(rows)-3], "long caption") {
			t.Errorf("%v: the last line is not shown:\n%s", size, lowest)
		}
		press(a, "down")
		if ansi.Strip(a.View().Content) != lowest {
			t.Errorf("%v: it goes on below its end", size)
		}
		press(a, "up")
		if ansi.Strip(a.View().Content) == lowest {
			t.Errorf("%v: up does nothing", size)
		}
	}
}

// TestTableBefore: where the next table is not made, the one before stays whole, the
// header says why, and another row can be chosen.
func TestTableBefore(t *testing.T) {
	f := newFake()
	a := shown(t, f, theTable, 120, 40)
	rows := func() []string { return strings.Split(ansi.Strip(a.View().Content), "\n") }
	before := rows()[2:7]
	f.err = context.Canceled
	press(a, "v", "down", "enter")
	if now := rows(); !slices.Equal(now[2:7], before) || !strings.Contains(now[0], "it was cancelled") {
		t.Errorf("now:\n%s\nbefore:\n%s", strings.Join(now[:7], "\n"), strings.Join(before, "\n"))
	}
	for _, act := range a.top().screen.Actions() {
		if want := map[string]string{"copy": "the table was not made", "save": "the table was not made"}[act.name]; (act.name == "baseline" || want != "") && act.why != want {
			t.Errorf("%s: %q, want %q", act.name, act.why, want)
		}
	}
}

// TestPaper: t and f are about the whole sweep until something is marked, and y
// copies LaTeX.
func TestPaper(t *testing.T) {
	f := newFake()
	a := shown(t, f, theBoard, 120, 40)
	press(a, "f", "down", "enter")
	if want := []string{"draw curves curves.pdf beta-study 0"}; !slices.Equal(f.told, want) {
		t.Errorf("told %q, want %q", f.told, want)
	}
	if !strings.Contains(a.toast.text, "/papers/curves.pdf") || !strings.Contains(a.toast.cli, "mmibx plot curves --sweep beta-study") {
		t.Errorf("the figure says %+v", a.toast)
	}
	press(a, "t")
	shows := a.top().screen.(*table)
	if shows.q.Sweep != "beta-study" || !shows.loaded {
		t.Fatalf("%+v", shows.q)
	}
	press(a, "v", "down", "enter")
	if shows.q.Baseline != "MMIB" || !strings.Contains(shows.data.LaTeX, `against "MMIB"`) {
		t.Errorf("against %q:\n%s", shows.q.Baseline, shows.data.LaTeX)
	}
	press(a, "y")
	if a.toast.text != "copied 3 lines" {
		t.Errorf("y says %q", a.toast.text)
	}
	press(a, "w", "esc", "tab", "tab", "space", "t", "w")
	if want := "save table beta-study.tex 5"; f.told[len(f.told)-1] != want || !slices.Contains(f.told, "save table beta-study.tex 0") {
		t.Errorf("told %q, want %q last", f.told, want)
	}
}
