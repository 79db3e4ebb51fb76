package experiments

import (
	"os/exec"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Of runners that are started at once one works, and the others are refused or find
// all done: no run is made twice.
func TestRunnersStartedAtOnce(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "at-once", 6)
	command := runnerCommand(t, store, plan, 2)
	runners := make([]*exec.Cmd, 5)
	for i := range runners {
		runners[i] = exec.Command(command[0], command[1:]...)
		if err := runners[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	worked := 0
	for _, r := range runners {
		_ = r.Wait() // its exit code says it
		switch code := r.ProcessState.ExitCode(); code {
		case 0:
			worked++
		case 7: // ErrHeld
		default:
			t.Errorf("a runner left with exit code %d", code)
		}
	}
	if worked == 0 {
		t.Error("every runner was refused")
	}
	if attempts := verify(t, store, plan); attempts != len(plan.Cells) {
		t.Errorf("%d attempts at %d runs", attempts, len(plan.Cells))
	}
}

// Where the clock goes back between events the story keeps its order: what a worker is
// at, and how the runs stand, is what was said last.
func TestStatusWhenTheClockGoesBack(t *testing.T) {
	store := newStore(t)
	w, err := journal.OpenAppend(eventsPath(store, "back"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i, e := range []Event{
		{Kind: Began, Counts: map[mmibx.State]int{mmibx.Queued: 2}},
		{Kind: Started, Run: "one", Lane: 1, Counts: map[mmibx.State]int{mmibx.Queued: 1, mmibx.Running: 1}},
		{Kind: Ended, Run: "one", Lane: 1, State: mmibx.Done, Counts: map[mmibx.State]int{mmibx.Queued: 1, mmibx.Done: 1}},
		{Kind: Started, Run: "two", Lane: 1, Counts: map[mmibx.State]int{mmibx.Running: 1, mmibx.Done: 1}},
	} {
		e.At = at.Add(-time.Duration(i) * time.Hour)
		if err := w.Entry(string(e.Kind), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Abandon(); err != nil {
		t.Fatal(err)
	}
	lock, err := hold(store, "back", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	s, err := Follow(store, "back")
	if err != nil || len(s.Last) != 4 || s.Last[3].Run != "two" || len(s.Lanes) != 1 || s.Lanes[0].Run != "two" || s.Counts[mmibx.Done] != 1 || s.Counts[mmibx.Running] != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
}
