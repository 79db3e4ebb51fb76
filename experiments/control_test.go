package experiments

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

func TestControl(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "5ms")
	store, plan := newStore(t), testPlan(t, "control", 8)
	if err := Tell(store, "control", Order{Verb: Stop}); err != nil { // for an earlier runner
		t.Fatal(err)
	}
	fault(t, store, plan.Cells[0].Run, mmibx.FailError, 1)
	tell := func(o Order) {
		if err := Tell(store, "control", o); err != nil {
			t.Error(err)
		}
	}
	r := fakeRunnerOf(store, 1)
	var told []string
	widest := 0
	r.Report = func(e Event) {
		widest = max(widest, e.Lane)
		switch {
		case e.Kind == Ended && e.State == mmibx.Failed:
			tell(Order{Verb: Pause})
		case e.Kind == Told:
			told = append(told, e.Text)
			switch e.Text {
			case "pause":
				tell(Order{Verb: Jobs, Jobs: 3})
				tell(Order{Verb: Retry})
				tell(Order{Verb: Resume})
			}
		}
	}
	s := mustRun(t, r, plan)
	if got := strings.Join(told, ", "); got != "pause, jobs 3, retry, resume" {
		t.Errorf("told %q", got)
	}
	if s.Counts[mmibx.Done] != 8 || widest < 3 {
		t.Errorf("widest %d, %+v", widest, s)
	}
	verify(t, store, plan)

	var story []EventKind
	if _, err := Events(store, "control", 0, func(e Event) { story = append(story, e.Kind) }); err != nil {
		t.Fatal(err)
	}
	if len(story) < 20 || story[0] != Began || story[len(story)-1] != Finished {
		t.Errorf("events %v", story)
	}
}

// Priorities that stand before the runner starts, and those that come while it
// runs, decide what is next; runs of one priority keep the plan's order.
func TestPriority(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "40ms") // a run is longer than a tick
	store, plan := newStore(t), testPlan(t, "priority", 6)
	ids := plan.IDs()
	r := fakeRunnerOf(store, 1)
	r.Tracker = fakeTracker{store: store, priority: map[string]int{ids[3]: 1, ids[0]: -1}}
	fault(t, store, ids[3], mmibx.FailSignal, 1) // its second try keeps its place
	var order []string
	r.Report = func(e Event) {
		if e.Kind != Started {
			return
		}
		order = append(order, e.Run)
		if e.Run == ids[1] {
			if err := Tell(store, "priority", Order{Verb: First, Runs: ids[4:], Priority: 2}); err != nil {
				t.Error(err)
			}
		}
	}
	mustRun(t, r, plan)
	// The order is read at the next tick, when the run after may have begun.
	want := []string{ids[3], ids[3], ids[1], ids[4], ids[5], ids[2], ids[0]}
	late := []string{ids[3], ids[3], ids[1], ids[2], ids[4], ids[5], ids[0]}
	if !slices.Equal(order, want) && !slices.Equal(order, late) {
		t.Errorf("started %v, want %v", order, want)
	}
}

// Runs under way keep a checkpoint, those in the queue do not begin, and what no
// runner has is left out; the sweep goes on with the others.
func TestStopRuns(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", untilTold)
	store, plan := newStore(t), testPlan(t, "stop-some", 4)
	ids := plan.IDs()
	sweeps := []string{plan.Sweep, "never-ran"}
	if halts, err := StopRuns(t.Context(), store, sweeps, ids, false); err != nil || halts != nil {
		t.Errorf("without a runner: %v, %v", halts, err)
	}
	var s Summary
	ran := make(chan error, 1)
	go func() {
		var err error
		s, err = fakeRunnerOf(store, 1).Run(context.Background(), plan)
		ran <- err
	}()
	waitFor(t, "the first run to log", func() bool { return len(chain(t, store, ids[0], 1)) > 0 })
	t.Setenv("MMIBX_TEST_PACE", "") // of the next worker
	halts, err := StopRuns(t.Context(), store, sweeps, []string{ids[2], ids[0], "feedfeedfeed"}, false)
	want := []Halt{{Run: ids[2], Sweep: plan.Sweep, State: mmibx.Stopped}, {Run: ids[0], Sweep: plan.Sweep, State: mmibx.Stopped, ran: true}}
	if err != nil || !slices.Equal(halts, want) {
		t.Errorf("stopped %+v, %v; want %+v", halts, err, want)
	}
	if a, err := readAttempt(store, ids[0], 1); err != nil || a.state != mmibx.Stopped || !a.checkpoint {
		t.Errorf("the run under way: %+v, %v", a, err)
	}
	if err := <-ran; err != nil || s.Counts[mmibx.Stopped] != 2 || s.Counts[mmibx.Done] != 2 || s.Attempts != 3 {
		t.Errorf("summary %+v, %v", s, err)
	}
}

// A run that is killed as asked is not tried again, nor a failure that could stop
// the sweep.
func TestStopRunsNow(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "10m") // it never comes to look at its context
	store, plan := newStore(t), testPlan(t, "stop-now", 2)
	ids := plan.IDs()
	r := fakeRunnerOf(store, 1)
	r.Alike = 1
	var s Summary
	ran := make(chan error, 1)
	go func() {
		var err error
		s, err = r.Run(context.Background(), plan)
		ran <- err
	}()
	waitFor(t, "the first run to log", func() bool { return len(chain(t, store, ids[0], 1)) > 0 })
	t.Setenv("MMIBX_TEST_PACE", "")
	halts, err := StopRuns(t.Context(), store, []string{plan.Sweep}, ids[:1], true)
	if err != nil || len(halts) != 1 || halts[0].State != mmibx.Lost {
		t.Errorf("stopped %+v, %v", halts, err)
	}
	if err := <-ran; err != nil || s.Counts[mmibx.Lost] != 1 || s.Counts[mmibx.Done] != 1 || s.Attempts != 2 || len(s.Failures) > 0 {
		t.Errorf("summary %+v, %v", s, err)
	}
}

// testLoop is the loop of a runner that has begun nothing.
func testLoop(t *testing.T, r *Runner, plan *Plan) *loop {
	t.Helper()
	if err := plan.Save(r.Store); err != nil {
		t.Fatal(err)
	}
	orders, err := newControl(r.Store, plan.Sweep)
	if err != nil {
		t.Fatal(err)
	}
	events, err := journal.OpenAppend(eventsPath(r.Store, plan.Sweep))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = events.Abandon() })
	return r.newLoop(plan, orders, events, time.Now())
}

// A run that is stopped while its worker finds out that another process holds it stays
// stopped when that lets go.
func TestStopOfARunThatAnotherProcessTurnsOutToHold(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "stop-held", 1)
	l := testLoop(t, fakeRunnerOf(store, 1), plan)
	if err := l.takeUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	devNull, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer devNull.Close()
	run, w := l.queue[0], &worker{lane: 1, stdin: devNull}
	l.queue = nil
	l.give(w, run, past{next: 1})
	l.workers = []*worker{w}
	l.stopRuns(Order{Verb: Stop, Runs: plan.IDs()})
	l.answered(w, mmibx.Outcome{Run: run.cell.Run, Attempt: 1, State: mmibx.Running})
	if len(l.elsewhere) > 0 || l.counts[mmibx.Stopped] != 1 || l.attempts != 0 {
		t.Errorf("%d runs are waited for, %v, %d attempts", len(l.elsewhere), l.counts, l.attempts)
	}
	var last Event
	if _, err := Events(store, plan.Sweep, 0, func(e Event) { last = e }); err != nil || last.Kind != Ended || last.State != mmibx.Stopped {
		t.Errorf("the last event is %+v, %v", last, err)
	}
	l.retry(plan.IDs())
	l.give(w, l.queue[0], past{next: 1})
	if run.unwanted {
		t.Error("a run that is given out anew is still unwanted")
	}
}

func TestStatus(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "10ms")
	store, plan := newStore(t), testPlan(t, "status", 3)
	if s, err := Follow(store, "status"); err != nil || s.Live || len(s.Last) > 0 {
		t.Fatalf("before the start: %+v, %v", s, err)
	}
	r := fakeRunnerOf(store, 2)
	looks := 0
	var live *Status
	r.Report = func(e Event) {
		var err error
		if live == nil {
			live, err = Follow(store, "status")
		} else {
			err = live.Update()
		}
		if err != nil || e.Kind != Finished && !live.Live {
			t.Errorf("status %+v, %v", live, err)
		}
		if e.Kind == Started && live.Lanes[len(live.Lanes)-1].Lane >= 1 && live.Jobs == 2 && live.Holder.PID == os.Getpid() {
			looks++
		}
	}
	mustRun(t, r, plan)
	if err := live.Update(); err != nil || live.Live || looks != 3 || live.Counts[mmibx.Done] != 3 || len(live.Lanes) > 0 || live.Ended.IsZero() {
		t.Errorf("after the end: %d looks, %+v, %v", looks, live, err)
	}
}

func TestDetachedRunner(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "20ms")
	store, plan := newStore(t), testPlan(t, "away", 3)
	command := runnerCommand(t, store, plan, 1)
	h, err := Start(context.Background(), store, "away", command)
	if err != nil {
		t.Fatal(err)
	}
	if sid, err := unix.Getsid(h.PID); err != nil || sid != h.PID {
		t.Errorf("the runner is in session %d, %v; want its own", sid, err)
	}
	if _, err := Start(context.Background(), store, "away", command); !errors.Is(err, journal.ErrHeld) {
		t.Errorf("a second start: %v", err)
	}
	waitFor(t, "the detached runner to end", func() bool {
		_, alive, err := Running(store, "away")
		return err == nil && !alive
	})
	verify(t, store, plan)
	if _, err := Start(context.Background(), store, "away", []string{"sh", "-c", "echo no data >&2; exit 2"}); err == nil || !strings.Contains(err.Error(), "no data") {
		t.Errorf("a runner that gives up: %v", err)
	}
}
