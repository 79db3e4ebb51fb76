package tui

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx/internal/shell"
)

// lineOf is what ctrl+y copies, in words.
func lineOf(t *testing.T, a *App) []string {
	t.Helper()
	act, ok := find(a.actions(), "ctrl+y")
	if !ok || act.why != "" {
		t.Fatalf("ctrl+y on %s: %q", a.top().Title(), act.why)
	}
	words, err := shell.Words(act.run()().(clip).text)
	if err != nil {
		t.Fatal(err)
	}
	return words
}

// TestLinesOfMany: the command line of an order about many runs names every one of
// them, though not all of it is shown, and so does the one that takes it back.
func TestLinesOfMany(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	var ids []string
	for i := range 30 {
		ids = append(ids, f.board.Runs[i].ID)
		e.marked = append(e.marked, mark{id: ids[i], runs: ids[i : i+1]})
	}
	a := shownOn(t, e, theRuns, 80, 24)
	press(a, "d")
	if got := lineOf(t, a); !slices.Equal(got, append([]string{"mmibx", "runs", "rm"}, ids...)) {
		t.Errorf("the line of the bin is %q", got)
	}
	if text := ansi.Strip(a.View().Content); !strings.Contains(text, " …") || !strings.Contains(text, "esc no") {
		t.Errorf("a long line hides the answer, or its end:\n%s", text)
	}
	press(a, "esc", "n")
	typeText(a, "it's late")
	if got := lineOf(t, a); !slices.Equal(got, append(append([]string{"mmibx", "runs", "note"}, ids...), "it's late")) {
		t.Errorf("the line of the note is %q", got)
	}
	press(a, "enter")
	for e.marked = nil; a.top().screen.(*runs).cursor > 0; {
		press(a, "up")
	}
	press(a, "n")
	typeText(a, "one")
	press(a, "enter", "A", "n")
	typeText(a, "all")
	press(a, "enter")
	back := a.undos[len(a.undos)-1].cli
	for _, want := range []string{"'' && mmibx", " 'it'\\''s late' && mmibx", "runs note " + ids[0] + " one"} {
		if !strings.Contains(back, want) {
			t.Errorf("the line that takes the notes back lacks %q:\n%s", want, back)
		}
	}
}

// TestBoardThatEnded says when that was and what its runs took, however often it was
// begun since; events of another day have their day.
func TestBoardThatEnded(t *testing.T) {
	f := newFake()
	f.board.Live, f.board.Started, f.board.Ended, f.board.Spent = false, noon.Add(-3*time.Hour), noon.Add(-3*time.Hour), 77*time.Minute
	f.board.Events[len(f.board.Events)-1].At = noon.Add(-48 * time.Hour)
	text := ansi.Strip(shown(t, f, theBoard, 120, 40).View().Content)
	for _, want := range []string{"◌ unfinished 3 h ago   runs took 1 h 17 m", noon.Add(-48 * time.Hour).Format("01-02 15:04 ")} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestWithoutFolders: of a process the program and what it was told, not where they lie.
func TestWithoutFolders(t *testing.T) {
	for command, want := range map[string]string{
		"/usr/bin/mmibx sweep /home/me/beta.toml -j 2":                "mmibx sweep beta.toml -j 2",
		"bin/mmibx --store=/data/runs --size 120x40 ../x.toml":        "mmibx --store=runs --size 120x40 x.toml",
		"mmibx runs list model=mmib and arm ~ a/b/* ./n.csv --data /": "mmibx runs list model=mmib and arm ~ a/b/* n.csv --data /",
		"": "",
	} {
		if got := withoutFolders(command); got != want {
			t.Errorf("%q is shown as %q, want %q", command, got, want)
		}
	}
}
