package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/scoring"
)

func theErrors(e *env) screen { return newErrors(e, "4f1c9a77ab02") }

func theRelations(e *env) screen { return newErrors(e, "4f3b897ab02c") }

// TestErrors goes through errors by kind and by type.
func TestErrors(t *testing.T) {
	a := shown(t, newFake(), theErrors, 120, 40)
	s := a.top().screen.(*errorsScreen)
	ids := func() string {
		var list []string
		for _, i := range s.shown {
			list = append(list, strings.TrimPrefix(s.data.Examples[i].Example.ID, "dev:"))
		}
		return strings.Join(list, " ")
	}
	if ids() != "0 1 2 4" {
		t.Fatalf("with errors are %s", ids())
	}
	press(a, "n", "n", "n", "n", "p")
	if s.cursor != 2 || s.picture.of != "2.jpg" {
		t.Errorf("example %d with the picture %q", s.cursor, s.picture.of)
	}
	for _, c := range []struct{ kind, want string }{
		{string(scoring.Missed), "1 2"}, {string(scoring.Spurious), "1"}, {string(scoring.WrongType), "0"},
		{string(scoring.WrongBoundary), "0 4"}, {everyAnswer, "0 1 2 3 4"}, {everyMistake, "0 1 2 4"},
	} {
		press(a, "f")
		for a.top().screen.(*pick).found()[a.top().screen.(*pick).cursor].Name != c.kind {
			press(a, "down")
		}
		press(a, "enter")
		if ids() != c.want {
			t.Errorf("%s: %s, want %s", c.kind, ids(), c.want)
		}
	}
	press(a, "t")
	typeText(a, "LOC")
	press(a, "enter")
	if ids() != "0 1 2" {
		t.Errorf("with LOC are %s", ids())
	}
	if act, _ := find(a.actions(), "f"); act.cli != "mmibx runs errors 4f1c9a77ab02 --type LOC" {
		t.Errorf("the command line is %q", act.cli)
	}
}

// TestErrorsSealed: test is read after a question, by the method that writes the
// ledger, and the screen says which split it shows.
func TestErrorsSealed(t *testing.T) {
	f := newFake()
	a := shown(t, f, theErrors, 120, 40)
	press(a, "T", "esc")
	if len(f.told) > 0 {
		t.Fatalf("told %q before the answer", f.told)
	}
	press(a, "T", "enter")
	s := a.top().screen.(*errorsScreen)
	if !slices.Equal(f.told, []string{"unseal 4f1c9a77ab02"}) || s.data.Split != mmibx.Test {
		t.Errorf("told %q, shows %s", f.told, s.data.Split)
	}
	if text := ansi.Strip(a.View().Content); !strings.Contains(text, "TEST, the ledger knows") {
		t.Errorf("\n%s", text)
	}
	press(a, "T")
	if len(f.told) != 1 {
		t.Error("test was looked at twice")
	}
}

// TestTweetsObeyed: nothing of what tweets hold reaches the terminal but as text.
func TestTweetsObeyed(t *testing.T) {
	a := shown(t, newFake(), theErrors, 100, 30)
	for range tweets {
		view := a.View().Content
		for _, bad := range []string{"\x1b[2J", "\x1b]", "\a", "\u202e", "\u200d"} {
			if strings.Contains(view, bad) {
				t.Errorf("the view holds %q", bad)
			}
		}
		press(a, "n")
	}
}
