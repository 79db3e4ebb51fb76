package experiments

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// records reads the journal of an attempt, which must be whole.
func records(t *testing.T, store mmibx.Store, run string, n int) (all []journal.Record) {
	t.Helper()
	path := store.Journal(run, n)
	if _, err := journal.Read(path, 0, func(r journal.Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if d, err := journal.Check(path); err != nil || d.Lost+d.Tail > 0 || len(all) == 0 || all[0].Header == nil {
		t.Fatalf("%s: %+v, %v, %d records", path, d, err, len(all))
	}
	return all
}

// A run that fails before its worker has a journal is in the store with its reason,
// stays failed as its class says, and a retry goes on from the checkpoint of the
// attempt before: no step was made.
func TestFailureBeforeTheJournal(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", untilTold)
	store, plan := newStore(t), testPlan(t, "early", 1)
	run := plan.Cells[0].Run
	if !runStopped(t, store, plan) {
		t.Fatal("the first attempt was not stopped")
	}
	t.Setenv("MMIBX_TEST_PACE", "")
	fault(t, store, run, "early-device", 2)
	s := mustRun(t, fakeRunnerOf(store, 1), plan)
	if s.Counts[mmibx.Failed] != 1 || s.Attempts != 1 {
		t.Fatalf("summary %+v", s)
	}
	all := records(t, store, run, 2)
	h, last := all[0].Header, all[len(all)-1].Trailer
	if h.Run != run || h.Arm != plan.Cells[0].Arm || h.Sweep != "early" || h.Spec["seed"] != 0 || h.Started.IsZero() || h.Env.Device != "cpu" || h.ResumeAttempt != 1 || h.ResumeStep != 2 {
		t.Errorf("header %+v", h)
	}
	if last == nil || last.State != mmibx.Failed || last.Class != mmibx.FailDevice || last.Error != "no such device: cuda:7" || !slices.Equal(last.Output, []string{"looking for the device"}) {
		t.Errorf("trailer %+v", last)
	}
	if s := mustRun(t, fakeRunnerOf(store, 1), plan); s.Attempts != 0 {
		t.Errorf("it was tried again unasked: %+v", s)
	}
	r := fakeRunnerOf(store, 1)
	r.Tracker = asked{fakeTracker{store: store}, run}
	if s := mustRun(t, r, plan); s.Counts[mmibx.Done] != 1 {
		t.Errorf("after a retry: %+v", s)
	}
	if h := records(t, store, run, 3)[0].Header; h.ResumeAttempt != 1 || h.ResumeStep != 2 {
		t.Errorf("the retry did not go on: %+v", h)
	}
	verify(t, store, plan)
}

// runStopped stops the only run of a plan when it has logged two steps.
func runStopped(t *testing.T, store mmibx.Store, plan *Plan) bool {
	t.Helper()
	run := plan.Cells[0].Run
	go func() {
		waitFor(t, "the run to log", func() bool { return len(chain(t, store, run, 1)) == 2 })
		if err := Tell(store, plan.Sweep, Order{Verb: Stop, Runs: []string{run}}); err != nil {
			t.Error(err)
		}
	}()
	return mustRun(t, fakeRunnerOf(store, 1), plan).Counts[mmibx.Stopped] == 1
}

// What may pass by itself is tried again; each try is an attempt with its reason.
func TestEarlyFailureThatPasses(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "passes", 1)
	run := plan.Cells[0].Run
	fault(t, store, run, "early-io", 2)
	if s := mustRun(t, fakeRunnerOf(store, 1), plan); s.Counts[mmibx.Done] != 1 || s.Attempts != 3 {
		t.Errorf("summary %+v", s)
	}
	for n := 1; n <= 2; n++ {
		all := records(t, store, run, n)
		if last := all[len(all)-1].Trailer; last == nil || last.Class != mmibx.FailIO {
			t.Errorf("attempt %d: %+v", n, last)
		}
	}
	verify(t, store, plan)
}

// A worker that dies before it begins leaves lost attempts, which the next sweep
// takes up, with what it printed.
func TestWorkerThatDoesNotBegin(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	store, plan := newStore(t), testPlan(t, "broken", 1)
	r := fakeRunnerOf(store, 1)
	r.Tries, r.Worker = 2, []string{"env", roleEnv + "=broken", self}
	if s := mustRun(t, r, plan); s.Counts[mmibx.Lost] != 1 || s.Attempts != 2 {
		t.Fatalf("summary %+v", s)
	}
	run := plan.Cells[0].Run
	for n := 1; n <= 2; n++ {
		all := records(t, store, run, n)
		if e := all[len(all)-1]; len(all) != 2 || e.Kind != journal.NotBegun || !strings.Contains(e.Text, "exit status 127") {
			t.Errorf("attempt %d: %+v", n, e)
		}
		if words := journal.LastWords(store.Output(run, n), 2); len(words) != 1 || !strings.Contains(words[0], "libtorch_cpu.so") {
			t.Errorf("attempt %d printed %q", n, words)
		}
	}
	if s := mustRun(t, fakeRunnerOf(store, 1), plan); s.Counts[mmibx.Done] != 1 || s.Attempts != 1 {
		t.Errorf("the next sweep: %+v", s)
	}
}

// A failure holds the last 50 lines of what its worker said, no more and no fewer.
func TestFailureHasFiftyLines(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "wordy", 1)
	r := fakeRunnerOf(store, 1)
	r.Worker, r.Tries = []string{"sh", "-c", "seq 80 >&2; exit 3"}, 1
	s := mustRun(t, r, plan)
	if len(s.Failures) != 1 {
		t.Fatalf("%+v", s)
	}
	want := "the worker died: exit status 3"
	for i := 31; i <= 80; i++ {
		want += "\n" + itoa(i)
	}
	if s.Failures[0].Text != want {
		t.Errorf("it says %q", s.Failures[0].Text)
	}
	if kept := journal.LastWords(store.Output(plan.Cells[0].Run, 1), 99); len(kept) != 50 || kept[0] != "31" || kept[49] != "80" {
		t.Errorf("kept are %d lines, %q", len(kept), kept)
	}
}
