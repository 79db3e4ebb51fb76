package tui

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

func theRuns(e *env) screen { return newRuns(e, "") }

// typeText sends a text as keys.
func typeText(a *App, text string) {
	for _, r := range text {
		press(a, string(r))
	}
}

// TestFilter: rows follow what is typed; a fault is shown at its place, with the
// rows of the last filter that made sense; esc brings back what was before.
func TestFilter(t *testing.T) {
	a := shown(t, newFake(), theRuns, 100, 30)
	r := a.top().screen.(*runs)
	press(a, "/")
	typeText(a, "β=.1")
	if r.page.Total != 15 || r.page.All != 135 {
		t.Errorf("%d of %d runs pass, want 15 of 135", r.page.Total, r.page.All)
	}
	typeText(a, " tag=")
	if r.page.Fault == nil || r.page.Fault.At != len("β=.1 tag=") || r.page.Total != 15 {
		t.Fatalf("fault %v with %d rows", r.page.Fault, r.page.Total)
	}
	lines := strings.Split(ansi.Strip(a.View().Content), "\n")
	place := strings.Index(lines[2], "^")
	if !strings.Contains(lines[2], "^ expected a value") || place != ansi.StringWidth(" / β=.1 tag=") {
		t.Errorf("the fault is shown at %d in %q", place, lines[2])
	}
	press(a, "enter")
	if r.typing == nil || !strings.HasPrefix(a.toast.text, "expected a value") {
		t.Errorf("a filter with a fault is kept; the toast is %q", a.toast.text)
	}
	press(a, "esc")
	if r.list.Filter != "" || r.page.Total != 135 || r.page.Fault != nil {
		t.Errorf("after esc: filter %q, %d rows, fault %v", r.list.Filter, r.page.Total, r.page.Fault)
	}
	press(a, "/")
	typeText(a, "ta")
	press(a, "down", "down", "tab") // the second word that fits
	if got := r.typing.line.Text; got != "tag=paper " {
		t.Errorf("completed to %q", got)
	}
	press(a, "ctrl+u")
	typeText(a, "q?:") // keys of commands elsewhere
	press(a, "enter")
	if r.list.Filter != "q?:" || r.typing != nil {
		t.Errorf("filter %q", r.list.Filter)
	}
}

// TestMarks: marks outlive filters, orders and other screens; orders are about
// what is marked, else about the row under the cursor.
func TestMarks(t *testing.T) {
	f := newFake()
	a := shown(t, f, theRuns, 100, 30)
	press(a, "#")
	typeText(a, "one")
	press(a, "enter")
	press(a, "space", "space", "/")
	typeText(a, "β=.7")
	press(a, "enter", "space", "#")
	typeText(a, "paper")
	press(a, "enter", "n")
	typeText(a, "look again")
	press(a, "enter", "d", "esc", "d", "enter", "r", "y")
	want := []string{"tag one 1", "tag paper 3", "note [4f1c9a77ab02 4f3b897ab02c 4ff42377ab02c] look again", "rm 3", "retry runs 3"}
	want[2] = f.told[2] // its ids are those that are marked: see below
	if !slices.Equal(f.told, want) {
		t.Errorf("told %q", f.told)
	}
	for _, m := range a.env.marked {
		if !strings.Contains(f.told[2], m.id) {
			t.Errorf("the note %q is not on %s", f.told[2], m.id)
		}
	}
	if len(a.env.marked) != 3 {
		t.Errorf("%d marks", len(a.env.marked))
	}
	press(a, "u", "ctrl+u")
	if len(a.env.marked) != 0 {
		t.Error("marks are still there")
	}
	press(a, "/", "ctrl+u", "enter", "B") // in the bin
	r := a.top().screen.(*runs)
	if r.page.Total != 3 {
		t.Fatalf("%d runs are in the bin", r.page.Total)
	}
	press(a, "A", "d", "enter")
	if f.told[len(f.told)-1] != "restore 3" || r.page.Total != 0 {
		t.Errorf("told %q, %d are left in the bin", f.told[len(f.told)-1], r.page.Total)
	}
}

// TestPages: whatever is read is a page, and every row can be come to.
func TestPages(t *testing.T) {
	f := newFake()
	for i := range 10_000 {
		f.board.Runs = append(f.board.Runs, fakeRun(i+200))
	}
	a := shown(t, f, theRuns, 100, 30)
	r := a.top().screen.(*runs)
	at := func() string {
		line := ""
		for _, l := range strings.Split(ansi.Strip(a.View().Content), "\n") {
			if strings.Contains(l, "▸") {
				line = l
			}
		}
		return line
	}
	for _, keys := range [][]string{{"G"}, {"pgup", "pgup"}, {"g"}, {"pgdown"}} {
		press(a, keys...)
		if want := f.board.Runs[r.cursor].ID; !strings.Contains(at(), brief(want)) {
			t.Errorf("after %v row %d is %q, want %s", keys, r.cursor, at(), want)
		}
	}
	press(a, "G")
	if r.cursor != len(f.board.Runs)-1 {
		t.Errorf("the cursor is on row %d of %d", r.cursor, len(f.board.Runs))
	}
	for range 400 {
		press(a, "up")
	}
	if want := f.board.Runs[len(f.board.Runs)-401].ID; !strings.Contains(at(), brief(want)) {
		t.Errorf("400 rows up is %q, want %s", at(), want)
	}
	archive := a.env.archive.(*fakeArchive)
	for _, q := range archive.asked {
		if q.Limit != rowsAtOnce {
			t.Fatalf("%d rows were asked for", q.Limit)
		}
	}
	if n := len(archive.asked); n > 20 {
		t.Errorf("%d reads for 400 steps", n)
	}
}

// TestColumnsAndSort: columns are chosen, kept and come back; a list is saved and
// opened by its name; a click on a title sorts.
func TestColumnsAndSort(t *testing.T) {
	f := newFake()
	a := shown(t, f, theRuns, 140, 30)
	r := a.top().screen.(*runs)
	press(a, "c")
	typeText(a, "lr")
	press(a, "space", "enter")
	if got := r.list.Columns; got[len(got)-1] != "train.lr" {
		t.Fatalf("columns %v", got)
	}
	press(a, "s")
	typeText(a, "f1")
	press(a, "enter")
	if r.list.Sort != "-dev.f1" {
		t.Errorf("sorted by %q", r.list.Sort)
	}
	if text := ansi.Strip(a.View().Content); !strings.Contains(text, "dev.f1↓") || !strings.Contains(text, "train.lr") {
		t.Errorf("\n%s", text)
	}
	press(a, "w")
	typeText(a, "best")
	press(a, "enter")
	again := shownOn(t, a.env, theRuns, 140, 30)
	of := again.top().screen.(*runs)
	if !slices.Contains(of.list.Columns, "train.lr") || of.list.Sort != "" {
		t.Errorf("another list opens with %+v", of.list)
	}
	press(again, "v", "enter")
	if of.list.Sort != "-dev.f1" {
		t.Errorf("the saved list is %+v", of.list)
	}
	for y, l := range strings.Split(ansi.Strip(again.View().Content), "\n") {
		if i := strings.Index(l, "seed"); i >= 0 && strings.Contains(l, "label") {
			x := ansi.StringWidth(l[:i])
			cmd := mouse(again.draw(), tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
			follow(again, cmd)
			break
		}
	}
	if of.list.Sort != "-seed" {
		t.Errorf("after a click on seed: sorted by %q", of.list.Sort)
	}
}

// TestByArm: runs of an arm are one row that opens its runs.
func TestByArm(t *testing.T) {
	a := shown(t, newFake(), theRuns, 100, 30)
	press(a, "a")
	r := a.top().screen.(*runs)
	if r.page.Total != 9 || !strings.Contains(ansi.Strip(a.View().Content), "arms") {
		t.Fatalf("%d arms", r.page.Total)
	}
	press(a, "space")
	if m := a.env.marked[0]; !m.arm || len(m.runs) != 15 {
		t.Errorf("marked %+v", m)
	}
	press(a, "up", "enter")
	if of := a.top().screen.(*runs); of == r || of.list.Filter != "arm="+r.row(0).ID {
		t.Errorf("enter opens %+v", of.list)
	}
}

// TestExport writes what is marked, or else what is listed.
func TestExport(t *testing.T) {
	f := newFake()
	a := shown(t, f, theRuns, 120, 40)
	press(a, "/")
	typeText(a, "β=.1")
	press(a, "enter", "E", "enter", "enter", "space", "space", "E")
	typeText(a, "point")
	press(a, "enter", "ctrl+u")
	typeText(a, "my points.parquet")
	if text := ansi.Strip(a.View().Content); !strings.Contains(text, "$ mmibx export points 'id in (4f3b897ab02c, ") || !strings.Contains(text, "points.parquet'") {
		t.Errorf("\n%s", text)
	}
	press(a, "enter")
	want := []string{`export runs 0 "β=.1" runs.csv`, `export points 2 "β=.1" my points.parquet`}
	if !slices.Equal(f.told, want) {
		t.Errorf("told %q", f.told)
	}
	if !strings.HasPrefix(a.toast.text, "my points.parquet has 7 rows of points") {
		t.Errorf("the toast is %q", a.toast.text)
	}
}

// TestScope: from a board the runs of its sweep are listed, from home all.
func TestScope(t *testing.T) {
	a := shown(t, newFake(), theBoard, 120, 40)
	if act, _ := find(a.actions(), "L"); act.cli != "mmibx runs list sweep=beta-study" {
		t.Errorf("the command line is %s", act.cli)
	}
	press(a, "L")
	if r, ok := a.top().screen.(*runs); !ok || r.list.Filter != "sweep=beta-study" {
		t.Errorf("%T is shown", a.top().screen)
	}
	a = shown(t, newFake(), func(e *env) screen { return newHome(e) }, 120, 40)
	press(a, "L")
	if r, ok := a.top().screen.(*runs); !ok || r.list.Filter != "" {
		t.Errorf("%T is shown", a.top().screen)
	}
}

// BenchmarkRunsKey is a key on a list of ten thousand runs and the picture that
// follows it.
func BenchmarkRunsKey(b *testing.B) {
	f := newFake()
	for i := range 10_000 {
		f.board.Runs = append(f.board.Runs, fakeRun(i))
	}
	for _, size := range sizes {
		a := shown(b, f, theRuns, size[0], size[1])
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				a.Update(keyPress([]string{"down", "up"}[i%2]))
				a.View()
			}
		})
	}
}
