package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker/journal"
)

// TestMain makes the test binary another program where a test starts it as one.
func TestMain(m *testing.M) {
	var err error
	switch os.Getenv("MMIBX_PLAY") {
	case "worker":
		err = play()
	case "logger":
		err = playLogger()
	case "chaos":
		err = playChaos()
	case "reader":
		err = playReader(mmibx.Store(os.Args[1]))
	case "mmibx":
		main()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// play does nothing in each run but log a score; seed 7 diverges, seed 99 goes on until
// it is stopped.
func play() error {
	return experiments.Serve(context.Background(), os.Stdin, os.Stdout, func(ctx context.Context, job mmibx.Job) mmibx.Outcome {
		w, err := journal.Create(job.Store.Journal(job.Run, job.Attempt), journal.Header{Run: job.Run, Arm: job.Arm, Attempt: job.Attempt, Spec: job.Spec, Sweep: job.Sweep, Started: time.Now(),
			Env: journal.Environment{Commit: job.Commit, Diff: job.Diff}})
		if err != nil {
			panic(err)
		}
		o := mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: mmibx.Done}
		if job.Spec["seed"] == 7.0 {
			o.State, o.Class, o.Error = mmibx.Diverged, mmibx.FailDiverged, "train.loss is NaN at step 3"
		}
		if job.Spec["seed"] == 99.0 {
			<-ctx.Done()
			o.State = mmibx.Stopped
		}
		if err := errors.Join(w.Log(1, mmibx.Metric{Name: mmibx.DevF1, Value: 80}), w.Close(journal.Trailer{State: o.State, Class: o.Class, Error: o.Error, Finished: time.Now()})); err != nil {
			panic(err)
		}
		return o
	})
}

// playWorker makes $MMIBX_WORKER a program that plays one.
func playWorker(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), workerName)
	script := fmt.Sprintf("#!/bin/sh\nMMIBX_PLAY=worker exec '%s'\n", self)
	if err := os.WriteFile(path, []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MMIBX_WORKER", path)
}

// mmibxIn runs a command line on a store and returns its standard output.
func mmibxIn(t *testing.T, store string, args ...string) (string, error) {
	t.Helper()
	root := newRoot()
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	root.SetArgs(append([]string{"--store", store}, args...))
	err := root.ExecuteContext(context.Background())
	return out.String(), err
}

func TestSweepFromPlanToStatus(t *testing.T) {
	playWorker(t)
	store := filepath.Join(t.TempDir(), "store")
	sweep := []string{"baselines", "--benchmarks", "mini-mnre", "--seeds", "2"}

	out, err := mmibxIn(t, store, append([]string{"plan"}, sweep...)...)
	if err != nil || !strings.Contains(out, "6 runs: 6 queued\n") {
		t.Errorf("plan before: %v\n%s", err, out)
	}
	if _, err := os.Stat(store); !errors.Is(err, os.ErrNotExist) {
		t.Error("plan made a store")
	}
	out, err = mmibxIn(t, store, append([]string{"sweep", "-q", "-j", "2"}, sweep...)...)
	if err != nil || !strings.Contains(out, "baselines: 6 done, in ") || !strings.Contains(out, "mmibx runs list 'sweep=baselines'") {
		t.Errorf("sweep: %v\n%s", err, out)
	}
	out, err = mmibxIn(t, store, append([]string{"plan", "--json"}, sweep...)...)
	var plan planJSON
	if err := errors.Join(err, json.Unmarshal([]byte(out), &plan)); err != nil || plan.Counts[mmibx.Done] != 6 || plan.Cells[0].State != mmibx.Done {
		t.Errorf("plan after: %v\n%s", err, out)
	}
	out, err = mmibxIn(t, store, "plan", "baselines", "--benchmarks", "mini-mnre", "--seeds", "3", "--arms", "text,mmib")
	if err != nil || !strings.Contains(out, "6 runs: 2 queued, 4 done") || !strings.Contains(out, "since the last plan of this sweep: 2 runs more, 2 runs no longer in it") ||
		!strings.Contains(out, "for 2 runs, 1 at once with") {
		t.Errorf("plan of more seeds: %v\n%s", err, out)
	}
	out, err = mmibxIn(t, store, append([]string{"plan", "--save", "--set", "train.epochs=2"}, sweep...)...)
	if err != nil || !strings.Contains(out, "0 runs more, 0 runs no longer in it, 6 changed") || !strings.Contains(out, "train.epochs 7 -> 2") {
		t.Errorf("plan of fewer epochs: %v\n%s", err, out)
	}
	if out, err = mmibxIn(t, store, append([]string{"plan", "--set", "train.epochs=2"}, sweep...)...); err != nil || strings.Contains(out, "since the last plan") {
		t.Errorf("plan after it was saved: %v\n%s", err, out)
	}
	if err := os.Remove(mmibx.Store(store).Database()); err != nil { // the journals are the truth
		t.Fatal(err)
	}
	out, err = mmibxIn(t, store, append([]string{"sweep", "-q", "--json"}, sweep...)...)
	var again sweepJSON
	if err := errors.Join(err, json.Unmarshal([]byte(out), &again)); err != nil || again.Attempts != 0 || again.Counts[mmibx.Done] != 6 {
		t.Errorf("sweep after the database was deleted: %v\n%s", err, out)
	}
	out, err = mmibxIn(t, store, "sweep", "status")
	if err != nil || !strings.Contains(out, "baselines  idle    6 done") {
		t.Errorf("status: %v\n%s", err, out)
	}
	if _, err := mmibxIn(t, store, "sweep", "stop", "baselines"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "`mmibx continue baselines --store "+store+"` starts one") {
		t.Errorf("stop without a runner: %v", err)
	}
}

// Who attaches sees a live sweep to its end, with its outcome; without a runner
// there is nothing to follow. Priorities stay in the store.
func TestSweepAttachAndPriority(t *testing.T) {
	playWorker(t)
	slow := filepath.Join(t.TempDir(), workerName)
	if err := os.WriteFile(slow, []byte("#!/bin/sh\nsleep 1\nexec '"+os.Getenv("MMIBX_WORKER")+"' \"$@\"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MMIBX_WORKER", slow)
	store := filepath.Join(t.TempDir(), "store")
	ran := make(chan error, 1)
	go func() {
		_, err := mmibxIn(t, store, "sweep", "baselines", "--benchmarks", "mini-mnre", "--seeds", "0,7", "-q")
		ran <- err
	}()
	for alive := false; !alive; {
		select {
		case err := <-ran:
			t.Fatalf("the sweep ended before it was attached to: %v", err)
		case <-time.After(5 * time.Millisecond):
		}
		var err error
		if _, alive, err = experiments.Running(mmibx.Store(store), "baselines"); err != nil {
			t.Fatal(err)
		}
		if _, err := experiments.ReadPlan(mmibx.Store(store), "baselines"); err != nil {
			alive = false
		}
	}
	out, err := mmibxIn(t, store, "sweep", "attach", "baselines")
	if !strings.Contains(out, "baselines: 3 done, 3 diverged, in ") || err == nil || !strings.Contains(err.Error(), "not all runs are done") {
		t.Errorf("attach: %v\n%s", err, out)
	}
	if err := <-ran; err == nil {
		t.Error("the sweep itself calls diverged runs done")
	}
	if _, err := mmibxIn(t, store, "sweep", "attach", "baselines"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("attach without a runner: %v", err)
	}

	plan, err := experiments.ReadPlan(mmibx.Store(store), "baselines")
	if err != nil {
		t.Fatal(err)
	}
	last := plan.IDs()[5]
	if _, err := mmibxIn(t, store, "sweep", "priority", "baselines", "3", last[:8]); err != nil {
		t.Fatal(err)
	}
	if out, err := mmibxIn(t, store, "runs", "list", "priority>0", "--json"); err != nil || strings.Count(out, `"id"`) != 1 || !strings.Contains(out, last) {
		t.Errorf("runs of a priority: %v\n%s", err, out)
	}
	for _, args := range [][]string{{"baselines", "high", last}, {"baselines", "1", "ffffffffffff"}, {"nothing", "1", last}} {
		if _, err := mmibxIn(t, store, append([]string{"sweep", "priority"}, args...)...); err == nil {
			t.Errorf("priority %v was taken", args)
		}
	}
}

func TestSweepThatDiverges(t *testing.T) {
	playWorker(t)
	store := filepath.Join(t.TempDir(), "store")
	out, err := mmibxIn(t, store, "train", "-q", "benchmark=mini-mnre", "model=text", "seed=[0,7]")
	if err == nil || exitCode(err) != 1 || !strings.Contains(err.Error(), "not all runs are done: 1 done, 1 diverged") {
		t.Errorf("train: %v\n%s", err, out)
	}
	if !strings.Contains(out, "text, mini-mnre, seed 7: train.loss is NaN at step 3") || !strings.Contains(out, "mmibx sweep retry train-") {
		t.Errorf("train says:\n%s", out)
	}
	name := strings.Fields(out)[0]
	name = strings.TrimSuffix(name, ":")
	if _, err := mmibxIn(t, store, "sweep", "retry", name); err != nil {
		t.Errorf("retry: %v", err)
	}
	out, err = mmibxIn(t, store, "sweep", "status", name, "--json")
	var s experiments.Status
	if err := errors.Join(err, json.Unmarshal([]byte(out), &s)); err != nil || s.Live || s.Counts[mmibx.Queued] != 1 || s.Counts[mmibx.Done] != 1 {
		t.Errorf("status after retry: %v\n%s", err, out)
	}
}

func TestSweepErrors(t *testing.T) {
	t.Setenv("MMIBX_WORKER", "")
	t.Setenv("PATH", t.TempDir())
	bad := filepath.Join(t.TempDir(), "bad.toml")
	if err := os.WriteFile(bad, []byte("name = \"bad\"\nbenchmarks = [\"mini-mnre\"]\n\n[base]\nmodel = \"mmib\"\n\"ib.beta_txt\" = 1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"plan", 2, "accepts 1 arg(s)"},
		{"plan bta", 3, "did you mean beta?"},
		{"plan no/such.toml", 3, "sweep file no/such.toml: not found"},
		{"plan " + bad, 2, "bad.toml:6: ib.beta_txt: found an unknown key, expected a field of the spec; did you mean ib.beta_text?"},
		{"plan beta --set ib.size=many", 2, `--set: ib.size: found "many", expected a number from 0 to 768`},
		{"plan beta --benchmarks mnr", 2, "did you mean mnre?"},
		{"plan beta --arms imag", 2, "did you mean image?"},
		{"plan beta --benchmarks mnre --data nowhere", 3, "--data or $MMIBX_DATA"},
		{"sweep beta", 3, "run `make build`"},
		{"sweep beta --device tpu", 2, "expected cpu or cuda"},
		{"sweep beta -j 0", 2, "expected 1 or more"},
		{"sweep status nothing", 3, "no sweep was started"},
		{"sweep jobs beta many", 2, "expected 1 or more"},
		{"train model=text", 2, "benchmark: found nothing"},
		{"train benchmark=mini-mnre model=text ib.size=4", 2, "ib.size: found a key that no cell reads"},
		{"fields model", 2, "expected KEY=VALUE"},
		{"fields modle=mmib", 2, "modle: found an unknown key"},
		{"fields model=mmbi", 2, "did you mean mmib?"},
		{"fields model=mmib", 2, "benchmark: found nothing"},
		{"plo beta", 2, "did you mean `mmibx plot`?"},
		{"plo beta --sweep demo", 2, "did you mean `mmibx plot`?"},
		{"plot bta --sweep demo", 2, "did you mean `mmibx plot beta`?"},
		{"runs", 0, "nil"},
		{"plan beta --seed 3", 2, "unknown flag: --seed; see mmibx plan --help"},
		{"data stats mini-mner", 2, "did you mean mini-mnre?"},
		{"runs list --limit -1", 2, "--limit: found -1, expected 0 or more"},
		{"studies nothing", 3, "not found"},
	} {
		_, err := mmibxIn(t, filepath.Join(t.TempDir(), "store"), strings.Fields(c.args)...)
		if exitCode(err) != c.code || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("mmibx %s: exit code %d, %v; want %d, %s", c.args, exitCode(err), err, c.code, c.want)
		}
	}
}

func TestWorkerNotThere(t *testing.T) {
	t.Setenv("MMIBX_WORKER", filepath.Join(t.TempDir(), "gone"))
	_, err := mmibxIn(t, filepath.Join(t.TempDir(), "store"), "sweep", "beta")
	if exitCode(err) != 3 || !strings.Contains(err.Error(), "$MMIBX_WORKER names ") {
		t.Errorf("exit code %d, %v", exitCode(err), err)
	}
}

func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, total: 72}
	run := experiments.Event{Run: "0123456789ab", Label: "mmib", Benchmark: "mini-mnre", Seed: 1, Counts: map[mmibx.State]int{mmibx.Done: 12, mmibx.Failed: 1, mmibx.Queued: 59}}
	e := run
	e.Kind, e.State, e.Took, e.Left = experiments.Ended, mmibx.Done, 3140*time.Millisecond, 80*time.Second
	p.report(e)
	e = run
	e.Kind, e.State, e.Text = experiments.Retrying, mmibx.Lost, "the worker died: signal: killed\noutput"
	p.report(e)
	want := "[13/72] done 0123456789ab mmib, mini-mnre, seed 1 in 3.1s, about 1m20s left\n" +
		"[13/72] lost 0123456789ab mmib, mini-mnre, seed 1, will be tried again: the worker died: signal: killed\n"
	if out.String() != want {
		t.Errorf("plain lines:\n%swant:\n%s", out.String(), want)
	}
	out.Reset()
	p.width = 30
	p.report(run)
	if got := out.String(); got != "\r\x1b[K[13/72] 59 queued, 12 done, …" {
		t.Errorf("terminal line %q", got)
	}
}

func TestDigestCache(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "model.bin")
	old := time.Now().Add(-time.Hour)
	write := func(text string, at time.Time) {
		if err := errors.Join(os.WriteFile(file, []byte(text), 0o666), os.Chtimes(file, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	write("one", old)
	c := newDigestCache(filepath.Join(dir, "cache"))
	one, err := c.file(file)
	if err != nil {
		t.Fatal(err)
	}
	write("two", old) // same size and time: the cache is what answers
	if again, err := c.file(file); err != nil || again != one {
		t.Errorf("the digest was computed again: %v", err)
	}
	write("two", old.Add(time.Minute))
	if two, err := c.file(file); err != nil || two == one {
		t.Errorf("a changed file kept its digest: %v", err)
	}
}

// A sweep runs on the device that its file asks for, or one of its arms, or not at all.
func TestDeviceOfTheSweepFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CUDA_VISIBLE_DEVICES", "") // so no GPU
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("MMIBX_WORKER", filepath.Join(dir, "arm"))
	for name, text := range map[string]string{"sweep": "device = \"cuda\"\nbenchmarks = [\"mini-mnre\"]\n", "arm": "benchmarks = [\"mini-mnre\"]\n[[arm]]\nname = \"large\"\ndevice = \"cuda\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("name = \"on-cuda\"\nbase.model = \"text\"\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for args, want := range map[string]string{
		"sweep --device cpu": "--device: found cpu, expected cuda, which sweep on-cuda asks for",
		"sweep --quiet":      "device: found a sweep with runs for cuda, and no GPU that this program may use",
		"arm --device cpu":   `--device: found cpu, expected cuda, which arm "large" asks for; leave --device out`,
		"arm --quiet":        "device: found a sweep with runs for cuda, and no GPU that this program may use",
	} {
		_, err := mmibxSays(t, append([]string{"sweep", "--store", t.TempDir()}, strings.Fields(filepath.Join(dir, args))...)...)
		if exitCode(err) != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
}

// A sweep that ends names what can be done now: a retry where runs stay failed, the same
// command where some would begin by themselves, and neither where all is done.
func TestSummarySaysWhatIsNext(t *testing.T) {
	const retry, again = "mmibx sweep retry two", "the same command again"
	lost := experiments.Event{Run: "0123456789ab", State: mmibx.Lost}
	for _, c := range []struct {
		summary      experiments.Summary
		hours        float64
		retry, again bool
	}{
		{experiments.Summary{Counts: map[mmibx.State]int{mmibx.Done: 2}}, 0, false, false},
		{experiments.Summary{Counts: map[mmibx.State]int{mmibx.Done: 1, mmibx.Failed: 1}}, 0, true, false},
		{experiments.Summary{Counts: map[mmibx.State]int{mmibx.Queued: 1, mmibx.Lost: 1}, Failures: []experiments.Event{lost}}, 0, false, true},
		{experiments.Summary{Counts: map[mmibx.State]int{mmibx.Stopped: 1, mmibx.Diverged: 1}}, 0, true, true},
		{experiments.Summary{Counts: map[mmibx.State]int{mmibx.Done: 1, mmibx.Queued: 1}, Spent: 2 * time.Hour}, 1, false, false},
	} {
		var b strings.Builder
		(&app{}).printSummary(&b, &experiments.Plan{Sweep: "two", Hours: c.hours, Cells: make([]experiments.Cell, 2)}, c.summary)
		if out := b.String(); strings.Contains(out, retry) != c.retry || strings.Contains(out, again) != c.again || strings.Contains(out, "runs show") != (c.summary.Failures != nil) {
			t.Errorf("%v:\n%s", c.summary.Counts, out)
		}
	}
}
