package tui

import (
	"os"
	"strings"
	"testing"
)

// TestDocs: the page about the UI names every screen and every key of its footers.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reference/tui.md")
	if err != nil {
		t.Fatal(err)
	}
	e := fakeEnv(newFake())
	for _, s := range allScreens(e) {
		a := newApp(t.Context(), e, s)
		fill(t.Context(), a)
		if !strings.Contains(string(page), "| "+s.Title()+" |") {
			t.Errorf("the page has no line for the screen %s", s.Title())
		}
		for _, act := range a.actions() {
			if act.label != "" && !strings.Contains(string(page), "`"+keyName(act.keys[0])+"`") {
				t.Errorf("the page lacks the key %s of %s (%s)", act.keys[0], s.Title(), act.name)
			}
		}
	}
}

// TestGuide: the guide shows every screen, by the command that prints it.
func TestGuide(t *testing.T) {
	page, err := os.ReadFile("../../../docs/guide/terminal-ui.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Screens {
		if name != "palette" && !strings.Contains(string(page), "\n`mmibx --snapshot "+name+" ") {
			t.Errorf("the guide does not show the screen %s", name)
		}
	}
}
