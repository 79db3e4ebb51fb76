package tui

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
)

// compared is the screen that compares n arms of the fake board.
func compared(n int) func(*env) screen {
	return func(e *env) screen { return newCompare(e, fakeMarks(e.reader.(*fake), n)) }
}

// TestMarksToCompare: two arms that are marked on the board stand side by side,
// each compared with the first once; v measures by another, and an answer about
// the order before is dropped.
func TestMarksToCompare(t *testing.T) {
	f := newFake()
	for i := range f.board.Arms {
		f.board.Arms[i].Runs = fakeMarks(f, i%2+1)[i%2].runs
	}
	a := shown(t, f, theBoard, 120, 40)
	press(a, "=")
	if !strings.Contains(a.toast.text, "space marks two to 5") {
		t.Errorf("compare without marks says %q", a.toast.text)
	}
	press(a, "tab", "tab", "space", "space", "=")
	c, ok := a.top().screen.(*compare)
	if !ok || len(c.of) != 2 {
		t.Fatalf("%T with %d marks", a.top().screen, len(a.env.marked))
	}
	if len(f.judged) != 1 || !c.learned || len(c.examples) == 0 {
		t.Errorf("compared %q, %d examples", f.judged, len(c.examples))
	}
	stale := testsRead{turn: c.turn, side: 1}
	press(a, "down", "v")
	first := strings.Fields(f.judged[0])
	if want := first[2] + " with " + first[0]; len(f.judged) != 2 || f.judged[1] != want {
		t.Errorf("with the other first: %q, want %q", f.judged, want)
	}
	a.Update(letter{a.top().id, a.top().generation, stale})
	if c.tests[1] == nil {
		t.Error("an answer about the order before was taken")
	}
	sides := c.sides
	for _, late := range []tea.Msg{testsRead{turn: stale.turn, err: mmibx.ErrNotFound}, examplesRead{turn: stale.turn, err: mmibx.ErrNotFound}, sidesRead{turn: stale.turn, err: mmibx.ErrNotFound}, sidesRead{turn: stale.turn}} {
		a.Update(letter{a.top().id, a.top().generation, late})
	}
	if c.trouble != nil || c.poll.err != nil || len(c.sides) != len(sides) {
		t.Errorf("trouble of the order before: %v, %v, %d sides", c.trouble, c.poll.err, len(c.sides))
	}
	press(a, "esc")
	if len(a.env.marked) != 2 {
		t.Error("the marks did not stay")
	}
}

// TestVersusWaits: no verdict and no p before all comparisons are made, for what
// Holm makes of one depends on the others.
func TestVersusWaits(t *testing.T) {
	f := newFake()
	one, _ := f.Compare(t.Context(), []string{"a"}, []string{"b"})
	c := &compare{tests: [][]Versus{nil, one, nil}}
	if list := c.versus(); len(list) != 1 || list[0].verdict != "" || testRow(list[0])[4][0].Text != "" {
		t.Errorf("of the first of two: %+v", list)
	}
	c.tests[2] = one
	if list := c.versus(); len(list) != 2 || list[0].p != 0.06 || list[0].verdict == "" {
		t.Errorf("of both: %+v", list)
	}
}

// TestRestAfterFailure: what is read only once is read again when that failed.
func TestRestAfterFailure(t *testing.T) {
	usual := tick
	defer func() { tick = usual }()
	var waits []time.Duration
	tick = func(d time.Duration, _ func(time.Time) tea.Msg) tea.Cmd {
		waits = append(waits, d)
		return nil
	}
	p := poll{seq: 1, busy: true}
	p.rest(mmibx.ErrNotFound, true)
	if !slices.Equal(waits, []time.Duration{pollSlow}) || p.busy || p.err == nil {
		t.Errorf("waits %v, %+v", waits, p)
	}
	if p.rest(nil, false); len(waits) != 1 {
		t.Errorf("waits %v after a good read", waits)
	}
}

// TestSideBySide: what differs comes first, and what a model does not read differs
// from a value.
func TestSideBySide(t *testing.T) {
	rows := sideBySide([]sideRead{
		{spec: []Pair{{"model.name", "mmib"}, {"ib.size", "8"}, {"train.lr", "1e-4"}, {"seed", "0"}}},
		{spec: []Pair{{"model.name", "text"}, {"train.lr", "1e-4"}, {"seed", "1"}}},
	})
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.key)
	}
	if want := []string{"model.name", "ib.size", "train.lr"}; !slices.Equal(keys, want) {
		t.Errorf("keys %v, want %v", keys, want)
	}
	if rows[1].values[1] != "–" || rows[1].same || !rows[2].same {
		t.Errorf("%+v", rows)
	}
}

// TestMeanLine: the mean, the sample deviation and how many runs are behind it; a
// step that less than half of the runs have has no point.
func TestMeanLine(t *testing.T) {
	l := meanLine([]curve{
		{x: []float64{1, 2, 3}, y: []float64{1, 2, 9}}, {x: []float64{1, 2}, y: []float64{3, 6}}, {x: []float64{1}, y: []float64{8}},
	}, 0)
	if !slices.Equal(l.X, []float64{1, 2}) || !slices.Equal(l.Y, []float64{4, 4}) || !slices.Equal(l.n, []int{3, 2}) {
		t.Errorf("%+v", l)
	}
	if sd := l.Y[0] - l.Low[0]; sd < 3.6055 || sd > 3.6056 { // of 1, 3 and 8: the root of 13
		t.Errorf("deviation %g", sd)
	}
	if one := meanLine([]curve{{x: []float64{1}, y: []float64{5}}}, 0); len(one.Low) > 0 {
		t.Error("one run has a band")
	}
	if got := smoothed([]float64{1, 3}, 0.5); got[0] != 1 || got[1] != (0.25*1+0.5*3)/0.75 {
		t.Errorf("smoothed %v", got)
	}
	if i, ok := bestOf(mmibx.Loss, []float64{3, 1, 2}); !ok || i != 1 {
		t.Errorf("the best loss is at %d", i)
	}
	if _, ok := bestOf(mmibx.KLText, []float64{3, 1}); ok {
		t.Error("a KL has a best value")
	}
}

// TestCurves: cursor, zoom and pan move all charts together, and a metric that is
// chosen is drawn.
func TestCurves(t *testing.T) {
	f := newFake()
	a := shown(t, f, func(e *env) screen { return newCurves(e, fakeMarks(f, 2)) }, 120, 40)
	c := a.top().screen.(*curves)
	press(a, "<")
	if c.to != 0 || !strings.Contains(a.toast.text, "all steps") {
		t.Errorf("pan without zoom: %q", a.toast.text)
	}
	press(a, "right", "right", "+", "+")
	from, to := c.shown()
	if from < 10 || to <= from || to > 700 || c.cursor < from || c.cursor > to {
		t.Errorf("zoomed to %g..%g around %g", from, to, c.cursor)
	}
	press(a, ">")
	if f2, t2 := c.shown(); f2 <= from || math.Abs(t2-f2-to+from) > 1e-6 {
		t.Errorf("panned to %g..%g", f2, t2)
	}
	canvas := a.draw() // a click in the middle of the second chart puts the cursor there
	if cmd := mouse(canvas, tea.MouseClickMsg{X: 95, Y: 10, Button: tea.MouseLeft}); cmd == nil {
		t.Error("a chart does not answer to the mouse")
	} else if a.Update(cmd()); math.Abs(c.cursor-(c.from+c.to)/2) > (c.to-c.from)*0.2 {
		t.Errorf("the cursor is at %g of %g..%g", c.cursor, c.from, c.to)
	}
	press(a, "0", "m", "down", "down", "space", "enter", "s", "o")
	view := ansi.Strip(a.View().Content)
	if !slices.Contains(c.metrics, mmibx.KLText) || !strings.Contains(view, "smoothed 0.6, log") {
		t.Errorf("metrics %v\n%s", c.metrics, view)
	}
	if n := len(c.lines[mmibx.KLText]); n != 2 {
		t.Errorf("%d lines of the new metric", n)
	}
}
