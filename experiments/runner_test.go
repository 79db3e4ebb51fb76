package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

func newStore(t testing.TB) mmibx.Store {
	t.Helper()
	return mmibx.Store(filepath.Join(t.TempDir(), "store"))
}

func mustRun(t *testing.T, r *Runner, plan *Plan) Summary {
	t.Helper()
	s, err := r.Run(context.Background(), plan)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSweepDoesEveryRunOnce(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "all", 12)
	var lanes sync.Map
	r := fakeRunnerOf(store, 3)
	r.Report = func(e Event) {
		if e.Kind == Started {
			lanes.Store(e.Lane, true)
		}
	}
	s := mustRun(t, r, plan)
	if s.Counts[mmibx.Done] != 12 || len(s.Counts) != 1 || s.Attempts != 12 {
		t.Errorf("summary %+v", s)
	}
	if n := verify(t, store, plan); n != 12 {
		t.Errorf("%d attempts", n)
	}
	pids := map[int]int{}
	for _, run := range plan.IDs() {
		_, err := journal.Read(store.Journal(run, 1), 0, func(r journal.Record) error {
			if r.Header != nil {
				pids[r.Header.Env.PID]++
				if r.Header.Env.Threads != threads(3) {
					t.Errorf("threads %d", r.Header.Env.Threads)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.ReadFile(store.Output(run, 1))
		if err != nil || string(out) != "output of "+run+" attempt 1\n" {
			t.Errorf("output.log: %q, %v", out, err)
		}
	}
	if len(pids) != 3 {
		t.Errorf("12 runs on 3 workers used %d processes: a worker should take one run after another", len(pids))
	}
	for lane := range 3 {
		if _, ok := lanes.Load(lane + 1); !ok {
			t.Errorf("lane %d did nothing", lane+1)
		}
	}
	if s := mustRun(t, fakeRunnerOf(store, 3), plan); s.Attempts != 0 {
		t.Errorf("a second sweep made %d attempts at runs that are done", s.Attempts)
	}
}

func TestGrowingASweepRunsTheRest(t *testing.T) {
	store := newStore(t)
	mustRun(t, fakeRunnerOf(store, 2), testPlan(t, "grow", 2))
	larger := testPlan(t, "grow", 5)
	r := fakeRunnerOf(store, 2)
	var warned []string
	r.Report = func(e Event) {
		if e.Kind == Warned {
			warned = append(warned, e.Text)
		}
	}
	if s := mustRun(t, r, larger); s.Attempts != 3 {
		t.Errorf("%d attempts for 3 new runs", s.Attempts)
	}
	if want := "the plan of sweep grow has changed: 3 runs more, 0 runs no longer in it"; !slices.Equal(warned, []string{want}) {
		t.Errorf("warned %q, want %q", warned, want)
	}
	verify(t, store, larger)
	if _, err := os.Stat(filepath.Join(store.Sweep("grow"), "plan-1.json")); err != nil {
		t.Error("the earlier plan was not kept:", err)
	}
	back, err := ReadPlan(store, "grow")
	if err != nil || back.Hash != larger.Hash || !slices.Equal(back.IDs(), larger.IDs()) || back.Cells[4].Spec != larger.Cells[4].Spec {
		t.Errorf("ReadPlan: %v, %v", back, err)
	}
	if _, err := ReadPlan(store, "grew"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "did you mean grow?") {
		t.Errorf("ReadPlan of no sweep: %v", err)
	}
}

func TestRetryByClass(t *testing.T) {
	for _, c := range []struct {
		class    mmibx.FailureClass
		times    int // attempts that fail, 0: all
		want     mmibx.State
		attempts int
	}{
		{mmibx.FailIO, 2, mmibx.Done, 3},
		{mmibx.FailIO, 0, mmibx.Failed, 3},
		{mmibx.FailSignal, 1, mmibx.Done, 2},
		{mmibx.FailSignal, 0, mmibx.Lost, 3},
		{mmibx.FailMemory, 1, mmibx.Failed, 1},
		{mmibx.FailDiverged, 1, mmibx.Diverged, 1},
		{mmibx.FailSpec, 1, mmibx.Failed, 1},
		{mmibx.FailDevice, 1, mmibx.Failed, 1},
		{mmibx.FailError, 1, mmibx.Failed, 1},
	} {
		store, plan := newStore(t), testPlan(t, "retry", 2)
		fault(t, store, plan.Cells[0].Run, c.class, c.times)
		r := fakeRunnerOf(store, 1)
		r.Tries, r.Alike = 0, 0
		s := mustRun(t, r, plan)
		if s.Attempts != c.attempts+1 || s.Counts[c.want] < 1 || s.Counts[mmibx.Done] < 1 {
			t.Errorf("%s in %d attempts: %+v", c.class, c.times, s)
		}
		if c.want != mmibx.Done {
			if len(s.Failures) != 1 || s.Failures[0].Class != c.class {
				t.Errorf("%s: failures %+v", c.class, s.Failures)
			}
			if c.class == mmibx.FailSignal && !strings.Contains(s.Failures[0].Text, "output of "+plan.Cells[0].Run) {
				t.Errorf("the failure lacks the last lines of output: %q", s.Failures[0].Text)
			}
		}
	}
}

func TestAbortShowsWhatWasSaidBeforeTheStacks(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "abort", 1)
	fault(t, store, plan.Cells[0].Run, "abort", 0)
	r := fakeRunnerOf(store, 1)
	r.Tries = 1
	s := mustRun(t, r, plan)
	if len(s.Failures) != 1 || !strings.Contains(s.Failures[0].Text, "expected 8 but got 64\nSIGABRT") {
		t.Errorf("failures %+v", s.Failures)
	}
}

func TestADamagedRunStopsNoOther(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "damaged", 3)
	bad := plan.Cells[0].Run
	if err := writeFile(store.Journal(bad, 1), []byte("this is no journal")); err != nil {
		t.Fatal(err)
	}
	r := fakeRunnerOf(store, 1)
	r.Tries = 0
	r.Tracker = ignorant{}
	s := mustRun(t, r, plan)
	if s.Counts[mmibx.Done] != 2 || len(s.Failures) != 1 || s.Failures[0].Run != bad || !strings.Contains(s.Failures[0].Text, "not a journal") {
		t.Errorf("summary %+v", s)
	}
}

// A journal that cannot be read, of a run that is not even in the plan, keeps no
// sweep from starting, nor from ending.
func TestAnUnreadableJournalStopsNoSweep(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "beside", 2)
	r := fakeRunnerOf(store, 1)
	r.Tracker = shortsighted{fakeTracker{store: store}}
	began := time.Now()
	s := mustRun(t, r, plan)
	if s.Counts[mmibx.Done] != 2 {
		t.Errorf("summary %+v", s)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the sweep took %s: it waited for what does not change", took)
	}
}

// shortsighted is a tracker that always finds a journal that it cannot read.
type shortsighted struct{ fakeTracker }

func (shortsighted) Sync(context.Context) error {
	return fmt.Errorf("%w: runs/000000000000/1/journal: not a journal", mmibx.ErrUnread)
}

// ignorant is a tracker whose database was deleted.
type ignorant struct{}

func (ignorant) Sync(context.Context) error { return nil }
func (ignorant) Priorities(context.Context, []string) (map[string]int, error) {
	return nil, nil
}
func (ignorant) Spent(context.Context, []string) (map[string]time.Duration, error) {
	return nil, nil
}
func (ignorant) Values(context.Context, []string, string) (map[string]float64, error) {
	return nil, nil
}
func (ignorant) States(context.Context, []string) (map[string]mmibx.State, error) {
	return nil, nil
}

func TestIdenticalFailuresStopTheSweep(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "alike", 20)
	for _, run := range plan.IDs() {
		fault(t, store, run, mmibx.FailError, 0)
	}
	r := fakeRunnerOf(store, 1)
	r.Alike = 4
	s, err := r.Run(context.Background(), plan)
	if err == nil || !strings.Contains(err.Error(), "4 runs in a row failed alike: told to fail: error") {
		t.Errorf("Run: %v", err)
	}
	if s.Attempts != 4 || s.Counts[mmibx.Queued] != 16 {
		t.Errorf("summary %+v", s)
	}
}

// A worker that leaves after its device has failed says so in its answer: no run is given
// to it and lost, and the sweep stops where all devices fail alike.
func TestWorkersThatLeaveAfterAFailure(t *testing.T) {
	store, plan := newStore(t), mustPlan(t, strings.Replace(besideText, "model = \"text\"", "device = \"cuda\"\nmodel = \"text\"", 1))
	for _, run := range plan.IDs() {
		fault(t, store, run, "spoilt", 0)
	}
	r := fakeRunnerOf(store, 1)
	r.GPUs, r.Tries, r.Alike = []GPU{fakeGPU(t, "cuda:0", "GPU-aaaa")}, 3, 5
	s, err := r.Run(t.Context(), plan)
	if err == nil || !strings.Contains(err.Error(), "5 runs in a row failed alike: "+spoiltDevice) {
		t.Errorf("Run: %v", err)
	}
	if s.Attempts != 5 || s.Counts[mmibx.Failed] != 5 || s.Counts[mmibx.Queued] != 7 {
		t.Errorf("summary %+v", s)
	}
}

func TestWorkersThatCannotStart(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := fakeRunnerOf(newStore(t), 2)
	r.Alike, r.Worker = 0, []string{"env", roleEnv + "=broken", self}
	s, err := r.Run(context.Background(), testPlan(t, "broken", 20))
	if err == nil || !strings.Contains(err.Error(), "failed alike") {
		t.Errorf("Run: %v", err)
	}
	if len(s.Failures) == 0 || !strings.Contains(s.Failures[0].Text, "libtorch_cpu.so: cannot open") {
		t.Errorf("failures %+v", s.Failures)
	}
	r.Worker = []string{"/no/such/worker"}
	if _, err := r.Run(context.Background(), testPlan(t, "broken", 2)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run without a worker: %v", err)
	}
}

func TestInterruptCheckpointsAndTheNextSweepGoesOn(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", untilTold)
	store, plan := newStore(t), testPlan(t, "once", 2)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		waitFor(t, "both runs to log", func() bool { return allLogged(t, store, plan) })
	}()
	s, err := fakeRunnerOf(store, 2).Run(ctx, plan)
	if !errors.Is(err, mmibx.ErrInterrupted) || s.Counts[mmibx.Stopped] != 2 {
		t.Fatalf("interrupted: %+v, %v", s, err)
	}
	t.Setenv("MMIBX_TEST_PACE", "")
	s = mustRun(t, fakeRunnerOf(store, 2), plan)
	if s.Counts[mmibx.Done] != 2 {
		t.Errorf("after: %+v", s)
	}
	verify(t, store, plan)
	for _, run := range plan.IDs() {
		if steps := chain(t, store, run, 1); len(steps) == 0 || len(steps) == fakeSteps {
			t.Errorf("the first attempt logged %d steps", len(steps))
		}
		_, err := journal.Read(store.Journal(run, 2), 0, func(r journal.Record) error {
			if r.Header != nil && (r.Header.ResumeAttempt != 1 || r.Header.ResumeStep == 0) {
				t.Errorf("the second attempt started anew: %+v", r.Header)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestSecondInterruptKills(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "1m") // it never comes to look at its context
	store, plan := newStore(t), testPlan(t, "twice", 2)
	ctx, stop := context.WithCancel(context.Background())
	kill := make(chan struct{})
	r := fakeRunnerOf(store, 2)
	r.Kill = kill
	go func() {
		for !allLogged(t, store, plan) {
			time.Sleep(5 * time.Millisecond)
		}
		stop()
		close(kill)
	}()
	s, err := r.Run(ctx, plan)
	if !errors.Is(err, mmibx.ErrInterrupted) || s.Counts[mmibx.Lost] != 2 {
		t.Errorf("killed: %+v, %v", s, err)
	}
}

func TestTwoRunnersOfOneSweep(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "20ms")
	store, plan := newStore(t), testPlan(t, "two", 2)
	first := make(chan error, 1)
	started := make(chan struct{}, 8)
	go func() {
		r := fakeRunnerOf(store, 1)
		r.Report = func(Event) { started <- struct{}{} }
		_, err := r.Run(context.Background(), plan)
		first <- err
	}()
	<-started
	_, err := fakeRunnerOf(store, 1).Run(context.Background(), plan)
	if !errors.Is(err, journal.ErrHeld) || !strings.Contains(err.Error(), "mmibx sweep stop two") {
		t.Errorf("the second runner: %v", err)
	}
	go func() {
		for range started { //nolint:revive // drain
		}
	}()
	if err := <-first; err != nil {
		t.Errorf("the first runner: %v", err)
	}
	verify(t, store, plan)
}

// Two sweeps that share all of their runs work side by side: nothing is done
// twice, and both end with everything done.
func TestTwoSweepsShareRuns(t *testing.T) {
	store := newStore(t)
	a, b := testPlan(t, "left", 10), testPlan(t, "right", 10)
	var wg sync.WaitGroup
	for _, plan := range []*Plan{a, b} {
		wg.Go(func() {
			s, err := fakeRunnerOf(store, 2).Run(context.Background(), plan)
			if err != nil || s.Counts[mmibx.Done] != 10 {
				t.Errorf("%s: %+v, %v", plan.Sweep, s, err)
			}
		})
	}
	wg.Wait()
	verify(t, store, a)
}

func TestWorkerEndsWithItsInput(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleEnv+"=worker", "MMIBX_TEST_PACE="+untilTold)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	job := mmibx.Job{Run: "0123456789ab", Store: newStore(t), Attempt: 1}
	if err := json.NewEncoder(stdin).Encode(job); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the run to log", func() bool { return len(chain(t, job.Store, job.Run, 1)) > 0 })
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	var o mmibx.Outcome
	if err := json.NewDecoder(answers).Decode(&o); err != nil || o.State != mmibx.Stopped {
		t.Errorf("outcome %+v, %v", o, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v", err)
	}
}

func waitFor(t testing.TB, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain for ", what)
		}
	}
}

// runnerCommand starts the test binary as the runner of a plan.
func runnerCommand(t testing.TB, store mmibx.Store, plan *Plan, jobs int) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	blob, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, blob, 0o666); err != nil {
		t.Fatal(err)
	}
	return []string{
		"env", roleEnv + "=runner", "MMIBX_TEST_STORE=" + string(store), "MMIBX_TEST_PLAN=" + path, "MMIBX_TEST_JOBS=" + itoa(jobs), self,
	}
}

// What a sweep costs besides its runs: journal, lock, pipe, events.
func BenchmarkSweepPerRun(b *testing.B) {
	b.Setenv("MMIBX_TEST_PACE", "0s")
	plan := testPlan(b, "bench", 300)
	runs := 0
	for b.Loop() {
		s, err := fakeRunnerOf(mmibx.Store(b.TempDir()), 1).Run(context.Background(), plan)
		if err != nil || s.Counts[mmibx.Done] != 300 {
			b.Fatal(s, err)
		}
		runs += 300
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(runs), "us/run")
}
