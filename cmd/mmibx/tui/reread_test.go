package tui

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/teatest/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// again answers what the screen on top asks when its next look is due.
func again(a *App) {
	_, cmd := a.Update(refill(a))
	follow(a, cmd)
}

// TestReadOnce: runs that are over are read once, whatever is compared and however
// often it is looked at; another attempt is read from its beginning.
func TestReadOnce(t *testing.T) {
	f := newFake()
	a := shown(t, f, compared(2), 120, 40)
	again(a) // learns that the curves have come to their ends
	whole, curves := len(f.whole), len(f.curves)
	if whole > 6 { // a spec of each side, and the names of its metrics, once
		t.Errorf("%d runs were read as a whole: %q", whole, f.whole)
	}
	for range 5 {
		again(a)
	}
	if len(f.whole) != whole || len(f.curves) != curves {
		t.Errorf("of runs that are over %q and the curves of %q were read again", f.whole[whole:], f.curves[curves:])
	}
	c := a.top().screen.(*compare)
	retried := c.of[0].runs[0]
	i := slices.IndexFunc(f.board.Runs, func(r RunRow) bool { return r.ID == retried })
	f.board.Runs[i].Attempt++
	again(a)
	if got := f.curves[curves:]; len(got) == 0 || slices.ContainsFunc(got, func(id string) bool { return id != retried }) {
		t.Errorf("after another attempt of %s the curves of %q were read", retried, got)
	}
	if n := len(c.curves.read[runMetric{retried, "dev.f1"}].x); n != 24 {
		t.Errorf("the curve of the other attempt has %d points, want its own 24", n)
	}
}

// TestOtherAttempt: after a retry a run and a board show the curve of the new attempt
// from its beginning, and no point of the old one.
func TestOtherAttempt(t *testing.T) {
	for name, s := range map[string]func(*env) screen{"run": theRun, "board": theBoard} {
		f := newFake()
		a := shown(t, f, s, 120, 40)
		again(a)
		of := func() curve {
			if r, ok := a.top().screen.(*runScreen); ok {
				return r.curve
			}
			return a.top().screen.(*board).curve
		}
		before := of()
		i := slices.IndexFunc(f.board.Runs, func(r RunRow) bool { return r.ID == before.run })
		if i < 0 || len(before.y) == 0 {
			t.Fatalf("%s: the curve of %q has %d points", name, before.run, len(before.y))
		}
		f.board.Runs[i].Attempt++
		again(a)
		if after := of(); len(after.y) != len(before.y) || after.y[0] != before.y[0]+1 {
			t.Errorf("%s: after the retry %d points from %g, before %d from %g", name, len(after.y), after.y[0], len(before.y), before.y[0])
		}
	}
}

// TestTableMadeOnce: a table is made again when its runs or its baseline are
// others, and then once.
func TestTableMadeOnce(t *testing.T) {
	f := newFake()
	a := shown(t, f, func(e *env) screen { return newTable(e, PaperQuery{Sweep: "beta-study"}) }, 120, 40)
	for range 3 {
		again(a)
	}
	press(a, "v", "down", "enter")
	for range 3 {
		again(a)
	}
	f.board.Version++ // a run ended
	for range 3 {
		again(a)
	}
	if want := []string{"", "MMIB", "MMIB"}; !slices.Equal(f.tables, want) {
		t.Errorf("tables were made against %q, want %q", f.tables, want)
	}
}

// slowPress makes tables until it is cancelled.
type slowPress struct {
	*fake
	begun chan struct{}
}

func (s slowPress) Table(ctx context.Context, _ PaperQuery, tell func(string, int, int)) (Table, error) {
	tell("comparing", 3, 40)
	close(s.begun)
	<-ctx.Done()
	return Table{}, ctx.Err()
}

// TestTableCancelled: a table that takes long says how far it is, and x ends it;
// it is not begun again by itself.
func TestTableCancelled(t *testing.T) {
	f := newFake()
	e := fakeEnv(f)
	slow := slowPress{f, make(chan struct{})}
	e.press = slow
	tm := teatest.NewTestModel(t, newApp(t.Context(), e, newTable(e, PaperQuery{Sweep: "beta-study"})), teatest.WithInitialTermSize(120, 40))
	seen := func(text string) {
		t.Helper()
		teatest.WaitFor(t, tm.Output(), func(b []byte) bool { return strings.Contains(string(b), text) }, teatest.WithDuration(time.Minute))
	}
	seen("comparing 3/40")
	<-slow.begun
	tm.Send(keyPress("x"))
	seen("it was cancelled")
	tm.Send(keyPress("q"))
	tm.WaitFinished(t, teatest.WithFinalTimeout(time.Minute))
}

// TestWheel: the wheel zooms around the pointer, which stays at its step, wherever
// the cursor is.
func TestWheel(t *testing.T) {
	f := newFake()
	a := shown(t, f, func(e *env) screen { return newCurves(e, fakeMarks(f, 2)) }, 120, 40)
	c := a.top().screen.(*curves)
	press(a, "right", "right") // the cursor is at the left
	step := func(row int) float64 {
		from, to := c.shown()
		return from + (to-from)*(float64(row)+0.5)/200
	}
	before := step(150)
	for range 4 {
		a.Update(wheeled{widget.Hit{Name: "chart", Row: 150}, -1})
	}
	from, to := c.shown()
	if to-from > 1200 || math.Abs(step(150)-before) > 8 { // ends are whole steps
		t.Errorf("the wheel at step %g shows %g to %g, where the pointer is at %g", before, from, to, step(150))
	}
	a.Update(wheeled{widget.Hit{Name: "lines"}, -1})
	if f2, t2 := c.shown(); f2 != from || t2 != to {
		t.Error("the wheel over the legend zooms")
	}
}
