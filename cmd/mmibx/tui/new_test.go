package tui

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func theForm(e *env) screen { return newNewSweep(e, "") }

// typed sends a text key by key.
func typed(a *App, text string) {
	for _, r := range text {
		if r == ' ' {
			press(a, "space")
		} else {
			press(a, string(r))
		}
	}
}

// TestForm: what is typed is in the file and in the plan at once, a fault is said
// while it is typed and never gets into the file, and esc brings back what was.
func TestForm(t *testing.T) {
	f := newFake()
	a := shown(t, f, theForm, 120, 40)
	n := a.top().screen.(*newSweep)
	press(a, "down", "down", "down", "down", "enter")
	typed(a, "0, .01")
	if !strings.Contains(n.text, "ib.beta = [0, 0.01]") || n.draft.Plan.Total != 5*(2+2) {
		t.Errorf("%d runs of\n%s", n.draft.Plan.Total, n.text)
	}
	typed(a, ", x")
	if !strings.Contains(ansi.Strip(a.View().Content), "✗ not a sweep yet") || strings.Contains(n.text, "x\"") {
		t.Errorf("a fault:\n%s\n%s", strings.Join(n.faults(), "\n"), n.text)
	}
	press(a, "enter")
	if n.typing == nil {
		t.Error("enter kept a fault")
	}
	press(a, "backspace", "backspace", "backspace", "enter")
	if n.typing != nil || !strings.Contains(n.text, "ib.beta = [0, 0.01]") {
		t.Errorf("the good values were not kept:\n%s", n.text)
	}
	press(a, "enter", "ctrl+u", "7", "esc")
	if n.typing != nil || !strings.Contains(n.text, "ib.beta = [0, 0.01]") || n.draft.Fields[4].Typed != "0, 0.01" {
		t.Errorf("esc did not bring the values back: %q\n%s", n.draft.Fields[4].Typed, n.text)
	}
	press(a, "up", "up", "enter", "space", "enter") // methods: text no longer
	if !strings.Contains(n.text, `model = ["concat", "mmib"]`) {
		t.Errorf("methods chosen from a list:\n%s", n.text)
	}
}

// TestFormStarts: the file is saved before it is started, by the name that the
// sweep has, and another file is replaced only after a yes.
func TestFormStarts(t *testing.T) {
	f := newFake()
	a := shown(t, f, theForm, 120, 40)
	press(a, "enter", "ctrl+u")
	typed(a, "taken")
	press(a, "enter", "+", "S", "esc")
	if len(f.told) > 0 {
		t.Fatalf("told %q", f.told)
	}
	press(a, "S", "enter")
	if len(f.told) != 2 || !strings.HasPrefix(f.told[0], "save taken.toml true\nname = \"taken\"") || f.told[1] != "start /papers/taken.toml 3" {
		t.Errorf("told %q", f.told)
	}
	if _, ok := a.top().screen.(*board); !ok {
		t.Errorf("after the start %T is shown", a.top().screen)
	}
}

// TestFormLocked: what an arm sets is left to the file.
func TestFormLocked(t *testing.T) {
	a := shown(t, newFake(), func(e *env) screen { return newNewSweep(e, "beta") }, 80, 24)
	n := a.top().screen.(*newSweep)
	press(a, "down", "down", "down", "down", "enter")
	if n.typing != nil || !strings.Contains(a.toast.text, `the arm "both" sets it`) {
		t.Errorf("a locked field says %q", a.toast.text)
	}
	a.Update(letter{a.top().id, a.top().generation, written{text: "name = "}})
	_, cmd := a.Update(refill(a))
	follow(a, cmd)
	if save, _ := find(a.actions(), "w"); !strings.Contains(save.why, "a fault") {
		t.Errorf("a file with a fault can be saved: %q", save.why)
	}
	if i := slices.IndexFunc(a.actions(), func(x action) bool { return x.name == "edit" }); a.actions()[i].why != "" {
		t.Error("a file with a fault cannot be edited")
	}
}
