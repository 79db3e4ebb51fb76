package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// roleEnv makes the test binary play another program.
const roleEnv = "MMIBX_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "worker":
		ctx, leave := context.WithCancel(context.Background())
		if err := Serve(ctx, os.Stdin, os.Stdout, func(ctx context.Context, job mmibx.Job) mmibx.Outcome {
			o := fakeRun(ctx, job)
			if o.Error == spoiltDevice {
				leave()
			}
			return o
		}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case "runner":
		os.Exit(fakeRunner())
	case "broken":
		fmt.Fprintln(os.Stderr, "libtorch_cpu.so: cannot open shared object file")
		os.Exit(127)
	}
	os.Exit(m.Run())
}

// spoiltDevice is what fakeRun's failures of the class "spoilt" say, after which the
// worker leaves.
const spoiltDevice = "CUDA error: device-side assert triggered"

// fakeSteps is how long a fake run is; it checkpoints after every third step.
const fakeSteps = 8

// fakeRun logs a few points and sleeps. How it fails stands in the file
// `fake/RUN` of the store: a class, after early- where it fails before it has a
// journal, and of how many attempts.
func fakeRun(ctx context.Context, job mmibx.Job) mmibx.Outcome {
	if class, early := strings.CutPrefix(string(fakeFault(job)), "early-"); early {
		fmt.Fprintln(os.Stderr, "looking for the device")
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: mmibx.Failed, Class: mmibx.FailureClass(class), Error: "no such device: cuda:7"}
	}
	from := fakeResume(job)
	h := journal.Header{Run: job.Run, Arm: job.Arm, Attempt: job.Attempt, Spec: job.Spec, Inputs: job.Inputs, Sweep: job.Sweep, ResumeAttempt: job.Resume, ResumeStep: from, Started: time.Now()}
	h.Env.Threads, h.Env.PID, h.Env.Device, h.Env.GPU = job.Threads, os.Getpid(), job.Device, job.GPU
	w, err := journal.Create(job.Store.Journal(job.Run, job.Attempt), h)
	if err != nil {
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: mmibx.Failed, Class: mmibx.FailIO, Error: err.Error()}
	}
	end := func(s mmibx.State, c mmibx.FailureClass, text string) mmibx.Outcome {
		if err := w.Close(journal.Trailer{State: s, Class: c, Error: text, Finished: time.Now()}); err != nil {
			panic(err)
		}
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: s, Class: c, Error: text}
	}
	fmt.Fprintln(os.Stderr, "output of", job.Run, "attempt", job.Attempt)
	if job.Sweep == "beside" {
		fmt.Fprintf(os.Stderr, "sees GPUs %q\n", os.Getenv("CUDA_VISIBLE_DEVICES"))
		if exec.Command("sh", "-c", "true >&3").Run() == nil {
			fmt.Fprintln(os.Stderr, "what it starts has its claim")
		}
	}
	if class := fakeFault(job); class == mmibx.FailSignal {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	} else if class == "abort" { // as a C++ exception that nobody catches
		fmt.Fprintln(os.Stderr, "terminate called: expected 8 but got 64")
		_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
		select {}
	} else if class == mmibx.FailDiverged {
		return end(mmibx.Diverged, class, "train.loss is NaN at step 3")
	} else if class == "spoilt" { // as a kernel that failed
		return end(mmibx.Failed, mmibx.FailError, spoiltDevice)
	} else if class != "" {
		return end(mmibx.Failed, class, "told to fail: "+string(class))
	}
	for step := from + 1; step <= fakeSteps; step++ {
		if ctx.Err() != nil {
			fakeCheckpoint(w, job, step-1)
			if why := context.Cause(ctx); errors.Is(why, mmibx.ErrPruned) {
				return end(mmibx.Pruned, "", why.Error())
			}
			return end(mmibx.Stopped, "", "")
		}
		if err := w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: float64(step)}, mmibx.Metric{Name: mmibx.DevF1, Value: fakeScore(job)}); err != nil {
			panic(err)
		}
		fakePace(ctx, job, step)
		if step%3 == 0 {
			fakeCheckpoint(w, job, step)
		}
	}
	return end(mmibx.Done, "", "")
}

// fakeScore is best at a temperature of 0.3 and a size of 8.
func fakeScore(job mmibx.Job) float64 {
	spec, err := mmibx.SpecOf(job.Spec)
	if err != nil {
		panic(err)
	}
	return 90 - 100*math.Pow(spec.Align.Tau-0.3, 2) - 10*math.Pow(math.Log2(float64(max(1, spec.IB.Size)))-3, 2) - float64(spec.Seed)
}

// untilTold is a pace at which a run, once it has logged two steps, goes on only to
// be told to end.
const untilTold = "told"

// badUntilTold is the same for runs with a score below 70, once they have logged three.
const badUntilTold = "bad"

func fakePace(ctx context.Context, job mmibx.Job, step int64) {
	pace := os.Getenv("MMIBX_TEST_PACE")
	if pace == untilTold && step == 2 || pace == badUntilTold && step == 3 && fakeScore(job) < 70 {
		<-ctx.Done()
	}
	d, err := time.ParseDuration(pace)
	if err != nil {
		d = time.Millisecond
	}
	time.Sleep(d)
}

func fakeCheckpoint(w *journal.Writer, job mmibx.Job, step int64) {
	if err := writeFile(filepath.Join(job.Store.Attempt(job.Run, job.Attempt), "last"), []byte(strconv.FormatInt(step, 10))); err != nil {
		panic(err)
	}
	if err := w.Checkpoint(step, "last"); err != nil {
		panic(err)
	}
}

func fakeResume(job mmibx.Job) int64 {
	if job.Resume == 0 {
		return 0
	}
	blob, err := os.ReadFile(filepath.Join(job.Store.Attempt(job.Run, job.Resume), "last"))
	if err != nil {
		panic(err)
	}
	step, err := strconv.ParseInt(string(blob), 10, 64)
	if err != nil {
		panic(err)
	}
	return step
}

func fakeFault(job mmibx.Job) mmibx.FailureClass {
	blob, err := os.ReadFile(filepath.Join(string(job.Store), "fake", job.Run))
	if err != nil {
		return ""
	}
	class, times, _ := strings.Cut(string(blob), " ")
	if n, err := strconv.Atoi(times); err == nil && job.Attempt > n {
		return ""
	}
	return mmibx.FailureClass(class)
}

// fault makes a run fail, in its first n attempts or, with n 0, in all.
func fault(t *testing.T, store mmibx.Store, run string, class mmibx.FailureClass, n int) {
	t.Helper()
	text := string(class)
	if n > 0 {
		text = fmt.Sprintf("%s %d", class, n)
	}
	if err := writeFile(filepath.Join(string(store), "fake", run), []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// fakeTracker answers from the journals alone, as a database that was just made
// again would.
type fakeTracker struct {
	store    mmibx.Store
	priority map[string]int
}

func (f fakeTracker) Priorities(context.Context, []string) (map[string]int, error) {
	return f.priority, nil
}

// Values are those that fakeRun logged as the objective.
func (f fakeTracker) Values(_ context.Context, runs []string, metric string) (map[string]float64, error) {
	values := map[string]float64{}
	for _, run := range runs {
		last, err := journal.LastAttempt(f.store, run)
		if err != nil {
			return nil, err
		}
		if _, err := journal.Read(f.store.Journal(run, last), 0, func(r journal.Record) error {
			for _, m := range r.Metrics {
				if m.Name == metric {
					values[run] = m.Value
				}
			}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Spent is from the header of each attempt to its last record.
func (f fakeTracker) Spent(_ context.Context, runs []string) (map[string]time.Duration, error) {
	spent := map[string]time.Duration{}
	for _, run := range runs {
		last, err := journal.LastAttempt(f.store, run)
		if err != nil {
			return nil, err
		}
		for n := 1; n <= last; n++ {
			var first, latest time.Time
			_, err := journal.Read(f.store.Journal(run, n), 0, func(r journal.Record) error {
				if r.Header != nil {
					first = r.Header.Started
				}
				latest = r.At
				return nil
			})
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			spent[run] += latest.Sub(first)
		}
	}
	return spent, nil
}

func (f fakeTracker) Sync(context.Context) error { return nil }

func (f fakeTracker) States(_ context.Context, runs []string) (map[string]mmibx.State, error) {
	states := map[string]mmibx.State{}
	for _, run := range runs {
		last, err := journal.LastAttempt(f.store, run)
		if err != nil {
			return nil, err
		}
		if last == 0 {
			continue
		}
		a, err := readAttempt(f.store, run, last)
		if err != nil {
			return nil, err
		}
		states[run] = a.state
	}
	return states, nil
}

// fakeRunner is a whole runner as a process: the store, the plan's file and -j
// come from the environment.
func fakeRunner() int {
	store := mmibx.Store(os.Getenv("MMIBX_TEST_STORE"))
	jobs, _ := strconv.Atoi(os.Getenv("MMIBX_TEST_JOBS"))
	blob, err := os.ReadFile(os.Getenv("MMIBX_TEST_PLAN"))
	if err != nil {
		panic(err)
	}
	var plan Plan
	if err := json.Unmarshal(blob, &plan); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	_, err = fakeRunnerOf(store, jobs).Run(ctx, &plan)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, mmibx.ErrInterrupted):
		return 130
	case errors.Is(err, journal.ErrHeld):
		return 7
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func fakeRunnerOf(store mmibx.Store, jobs int) *Runner {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return &Runner{
		Store: store, Tracker: fakeTracker{store: store}, Inputs: noInputs, Jobs: jobs, Tries: 1000, Alike: 1000,
		Worker: []string{"env", roleEnv + "=worker", self},
		Job:    mmibx.Job{Device: "cpu", Command: []string{"mmibx", "sweep", "test"}},
	}
}

// testPlan is a plan of n runs.
func testPlan(t testing.TB, name string, n int) *Plan {
	t.Helper()
	s, err := Parse(name+".toml", fmt.Appendf(nil, "name = %q\nbenchmarks = [\"mini-mnre\"]\nseeds = %d\nbase.model = \"text\"\n", name, n))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(noInputs)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// verify holds the store against the promise: each run done by exactly one
// attempt, each step logged along the chain of attempts that led there, and no
// journal damaged.
func verify(t testing.TB, store mmibx.Store, plan *Plan) (attempts int) {
	t.Helper()
	for _, run := range plan.IDs() {
		last, err := journal.LastAttempt(store, run)
		if err != nil {
			t.Fatal(err)
		}
		done := 0
		for n := 1; n <= last; n++ {
			attempts++
			path := store.Journal(run, n)
			a, err := readAttempt(store, run, n)
			if err != nil {
				t.Fatal(err)
			}
			if a.state != mmibx.Done {
				continue
			}
			done++
			if d, err := journal.Check(path); err != nil || d.Lost+d.Tail > 0 {
				t.Errorf("%s: %+v, %v", path, d, err)
			}
			if steps := chain(t, store, run, n); len(steps) != fakeSteps {
				t.Errorf("run %s: the attempts that led to its end logged the steps %v", run, steps)
			}
		}
		if done != 1 {
			t.Errorf("run %s is done %d times in %d attempts", run, done, last)
		}
	}
	return attempts
}

// chain collects the steps that an attempt and those it went on from logged.
func chain(t testing.TB, store mmibx.Store, run string, n int) map[int64]bool {
	t.Helper()
	steps := map[int64]bool{}
	for before := int64(1 << 62); n > 0; {
		next, from := 0, int64(0)
		_, err := journal.Read(store.Journal(run, n), 0, func(r journal.Record) error {
			switch r.Type {
			case journal.TypeHeader:
				next, from = r.Header.ResumeAttempt, r.Header.ResumeStep
			case journal.TypePoints:
				if r.Step <= before {
					steps[r.Step] = true
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		n, before = next, from
	}
	return steps
}
