package tui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
)

func theData(e *env) screen { return newBenchmarks(e) }

func theSamples(e *env) screen { return newSamples(e, "twitter2017") }

// TestBenchmarks: what is there is told from what is not, what is known from what
// is not, and an audit says its verdict.
func TestBenchmarks(t *testing.T) {
	f := newFake()
	a := shown(t, f, theData, 140, 40)
	text := func() string { return ansi.Strip(a.View().Content) }
	for _, want := range []string{"4 of 6 found, 3 as known", "! twitter2015", "✓ twitter2017", "not in data/mnre", "found B-DOG", "published are 5207", "2943"} {
		if !strings.Contains(text(), want) {
			t.Errorf("no %q in\n%s", want, text())
		}
	}
	press(a, "a")
	for _, want := range []string{"audit: LEAK", "✗ crops", "at most +31.4 points (types present from order, p 0.010)", "12 texts, 30 near ones, 7 pictures"} {
		if !strings.Contains(text(), want) {
			t.Errorf("no %q in\n%s", want, text())
		}
	}
	if !slices.Equal(f.told, []string{"audit twitter2015"}) {
		t.Errorf("told %q", f.told)
	}
	press(a, "down", "down", "a", "enter")
	if a.top().Title() != "data" || len(f.told) != 1 {
		t.Errorf("what is not there was opened: %s, %q", a.top().Title(), f.told)
	}
	f.err = errors.New("captions.txt: line 3 is cut off")
	press(a, "up", "a")
	if !strings.Contains(text(), "✗ audit: captions.txt") {
		t.Errorf("\n%s", text())
	}
}

// TestSamples leafs through splits and finds words.
func TestSamples(t *testing.T) {
	a := shown(t, newFake(), theSamples, 120, 40)
	s := a.top().screen.(*samples)
	press(a, "n", "n", "n", "p")
	if s.cursor != 2 || s.picture.of != "2.jpg" {
		t.Errorf("at %d with picture %q", s.cursor, s.picture.of)
	}
	press(a, "x")
	if s.page.Of.Split != mmibx.Dev || s.cursor != 0 {
		t.Errorf("shows %s from %d", s.page.Of.Split, s.cursor)
	}
	press(a, "/")
	typeText(a, "Rosario")
	press(a, "enter", "G")
	if s.page.Total != 200 || s.page.All != 1000 || s.at().Example.ID != "dev:998" {
		t.Errorf("%d of %d hold Rosario, the last is %s", s.page.Total, s.page.All, s.at().Example.ID)
	}
	press(a, "u", "G")
	if s.at().Example.ID != "dev:999" {
		t.Errorf("the last is %s", s.at().Example.ID)
	}
}
