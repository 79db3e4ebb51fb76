package tui

import (
	"slices"
	"strings"
	"testing"
)

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
