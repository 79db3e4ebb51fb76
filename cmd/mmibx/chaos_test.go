package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// chaos is a sweep under fire.
type chaos struct {
	runs, workers int
	kills         int                            // at most; the sweep ends in peace
	pause         func(*rand.Rand) time.Duration // between two kills
	pace          time.Duration                  // of a step
}

// Whatever is killed, a worker, the runner or a reader of the database, and whenever:
// each run is done exactly once, no point is lost that a log call returned for, and the
// database is whole and the same when it is made again. With MMIBX_CHAOS set there are
// 300 runs of 8 workers, and a kill every second for as long as they take, twice.
func TestChaos(t *testing.T) {
	random := needs.Random(t)
	c, rounds := chaos{runs: 16, workers: 3, kills: 8, pace: 5 * time.Millisecond}, 1
	c.pause = func(r *rand.Rand) time.Duration { return time.Duration(50+r.IntN(250)) * time.Millisecond }
	if os.Getenv("MMIBX_CHAOS") != "" {
		c, rounds = chaos{runs: 300, workers: 8, kills: 1 << 30, pace: 150 * time.Millisecond}, 2
		c.pause = func(*rand.Rand) time.Duration { return time.Second }
	}
	for round := range rounds {
		t.Run(strconv.Itoa(round+1), func(t *testing.T) { c.run(t, random) })
	}
}

// chaosSteps is how long a run is; it checkpoints after every third step.
const chaosSteps = 8

func (c chaos) run(t *testing.T, random *rand.Rand) {
	dir := t.TempDir()
	store, file, ledger := filepath.Join(dir, "store"), filepath.Join(dir, "chaos.toml"), filepath.Join(dir, "ledger")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	worker := filepath.Join(dir, workerName)
	err = errors.Join(os.Mkdir(store, 0o777),
		os.WriteFile(file, fmt.Appendf(nil, "name = \"chaos\"\nbenchmarks = [\"mini-mnre\"]\nseeds = %d\nbase.model = \"text\"\n", c.runs), 0o666),
		os.WriteFile(worker, fmt.Appendf(nil, "#!/bin/sh\nMMIBX_PLAY=chaos exec '%s'\n", self), 0o777))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("MMIBX_WORKER", worker)
	t.Setenv("MMIBX_LEDGER", ledger)
	t.Setenv("MMIBX_PACE", c.pace.String())

	begin := func(role string, args ...string) *victim {
		v := &victim{cmd: exec.Command(self, args...), ended: make(chan error, 1)}
		v.cmd.Env, v.cmd.Stderr = append(os.Environ(), "MMIBX_PLAY="+role), &v.said
		if err := v.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			v.ended <- v.cmd.Wait()
			close(v.ended)
		}()
		t.Cleanup(func() { // after a failure it lives, and a reader for ever
			v.kill()
			for range v.ended {
			}
		})
		return v
	}
	sweep := []string{"--store", store, "sweep", file, "-q", "--give-up", "1000000", "-j", strconv.Itoa(c.workers)}
	runner, reader := begin("mmibx", sweep...), begin("reader", store)
	killed, starts := map[string]int{}, 1
	began := time.Now()
	for over := false; !over; {
		select {
		case err := <-runner.ended:
			if over = err == nil; over {
				break
			}
			if !runner.killed && exitCodeOf(err) != 1 { // 1: not all are done, for a run was killed too often
				t.Fatalf("the runner: %v\n%s", err, &runner.said)
			}
			runner = begin("mmibx", sweep...)
			starts++
		case err := <-reader.ended:
			if !reader.killed {
				t.Errorf("the reader: %v\n%s", err, &reader.said)
			}
			reader = begin("reader", store)
		case <-time.After(c.pause(random)):
			if c.kills--; c.kills >= 0 {
				killed[strike(t, random, runner, reader)]++
			}
		}
	}
	took := time.Since(began)
	reader.kill()
	<-reader.ended
	attempts, points := verifyChaos(t, store, ledger, c.runs)
	t.Logf("%d runs by %d workers in %s: killed %d workers, %d runners, %d readers; %d runners started, %d attempts, %d points logged",
		c.runs, c.workers, took.Round(time.Second), killed["worker"], killed["runner"], killed["reader"], starts, attempts, points)
}

// victim is a process that may be killed.
type victim struct {
	cmd    *exec.Cmd
	said   bytes.Buffer
	ended  chan error
	killed bool
}

func (v *victim) kill() {
	v.killed = true
	_ = v.cmd.Process.Kill() // it may have ended
}

// strike kills a worker, the runner or the reader, and says which.
func strike(t *testing.T, random *rand.Rand, runner, reader *victim) string {
	t.Helper()
	workers := childrenOf(t, runner.cmd.Process.Pid)
	switch which := random.IntN(3); {
	case which == 0 && len(workers) > 0:
		if p, err := os.FindProcess(workers[random.IntN(len(workers))]); err == nil {
			_ = p.Kill() // it may have ended
		}
		return "worker"
	case which == 1:
		reader.kill()
		return "reader"
	}
	runner.kill()
	return "runner"
}

// childrenOf lists the living processes whose parent is pid, by Linux's /proc.
func childrenOf(t *testing.T, pid int) (children []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Fatalf("no process stands in /proc, which Linux has: %v", err)
	}
	for _, path := range stats {
		blob, _ := os.ReadFile(path) // it may have ended
		_, after, _ := strings.Cut(string(blob), ") ")
		fields := strings.Fields(after)
		if len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(pid) {
			continue
		}
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			children = append(children, child)
		}
	}
	return children
}

func exitCodeOf(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// verifyChaos holds the store against the promises.
func verifyChaos(t *testing.T, store, ledger string, runs int) (attempts, logged int) {
	t.Helper()
	var counts []struct {
		Run            string
		Done, Attempts int
	}
	const tries = `SELECT r.name AS Run, sum(a.state = 'done') AS Done, count(*) AS Attempts FROM run r JOIN attempt a ON a.run = r.id GROUP BY r.id ORDER BY r.name`
	before := asked(t, store, tries, &counts)
	if len(counts) != runs {
		t.Errorf("%d runs, want %d", len(counts), runs)
	}
	for _, c := range counts {
		if attempts += c.Attempts; c.Done != 1 {
			t.Errorf("run %s is done %d times in %d attempts", c.Run, c.Done, c.Attempts)
		}
	}
	var points []struct {
		Point string
		Value float64
	}
	const all = `SELECT r.name || '/' || a.number || ' ' || p.step AS Point, p.value AS Value FROM point p JOIN series s ON s.id = p.series
		JOIN metric m ON m.id = s.metric JOIN attempt a ON a.journal = s.attempt JOIN run r ON r.id = a.run WHERE m.name = 'train.loss' ORDER BY 1`
	before += asked(t, store, all, &points)
	stored := map[string]float64{}
	for _, p := range points {
		stored[p.Point] = p.Value
	}
	blob, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(blob)) {
		point := strings.TrimSuffix(line, "\n")
		_, step, _ := strings.Cut(point, " ")
		if v, ok := stored[point]; !ok || strconv.FormatFloat(v, 'f', -1, 64) != step {
			t.Errorf("point %s was logged, and is %g, %v in the database", point, v, ok)
		}
		logged++
	}
	var sound []map[string]string
	if asked(t, store, "PRAGMA integrity_check", &sound); len(sound) != 1 || sound[0]["integrity_check"] != "ok" {
		t.Errorf("integrity: %v", sound)
	}
	if err := os.Remove(mmibx.Store(store).Database()); err != nil {
		t.Fatal(err)
	}
	if after := asked(t, store, tries, &counts) + asked(t, store, all, &points); after != before {
		t.Error("the database made again differs")
	}
	return attempts, logged
}

// asked is the answer of `mmibx sql`, in JSON and as a value.
func asked(t *testing.T, store, query string, into any) string {
	t.Helper()
	out, err := mmibxIn(t, store, "sql", "--json", query)
	if err = errors.Join(err, json.Unmarshal([]byte(out), into)); err != nil {
		t.Fatalf("%s: %v\n%s", query, err, out)
	}
	return out
}

// playReader does what a terminal UI does with a database, without an end.
func playReader(store mmibx.Store) error {
	db, err := tracker.Open(store)
	if err != nil {
		return err
	}
	for ctx := context.Background(); ; time.Sleep(20 * time.Millisecond) {
		if _, err := db.Sync(ctx); err != nil {
			return err
		}
		rows, err := db.Runs(ctx, tracker.Query{})
		if err != nil {
			return err
		}
		for i := range rows {
			if _, err := db.Points(ctx, rows[i].ID, mmibx.Loss, tracker.Start, 100); err != nil {
				return err
			}
		}
	}
}

// playChaos is a worker that writes into the ledger what a log call returned for.
func playChaos() error {
	pace, err := time.ParseDuration(os.Getenv("MMIBX_PACE"))
	if err != nil {
		return err
	}
	ledger, err := os.OpenFile(os.Getenv("MMIBX_LEDGER"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	return experiments.Serve(context.Background(), os.Stdin, os.Stdout, func(ctx context.Context, job mmibx.Job) mmibx.Outcome {
		state, err := chaosRun(ctx, job, ledger, pace)
		if err != nil {
			panic(err)
		}
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: state}
	})
}

func chaosRun(ctx context.Context, job mmibx.Job, ledger *os.File, pace time.Duration) (mmibx.State, error) {
	from := int64(0)
	if job.Resume > 0 {
		blob, err := os.ReadFile(filepath.Join(job.Store.Attempt(job.Run, job.Resume), "last"))
		if err == nil {
			from, err = strconv.ParseInt(string(blob), 10, 64)
		}
		if err != nil {
			return "", err
		}
	}
	w, err := journal.Create(job.Store.Journal(job.Run, job.Attempt), journal.Header{
		Run: job.Run, Arm: job.Arm, Attempt: job.Attempt, Spec: job.Spec, Inputs: job.Inputs, Sweep: job.Sweep, ResumeAttempt: job.Resume, ResumeStep: from, Started: time.Now(),
	})
	if err != nil {
		return "", err
	}
	checkpoint := func(step int64) error {
		path := filepath.Join(job.Store.Attempt(job.Run, job.Attempt), "last")
		return errors.Join(os.WriteFile(path+".new", []byte(strconv.FormatInt(step, 10)), 0o666), os.Rename(path+".new", path), w.Checkpoint(step, "last"))
	}
	state := mmibx.Done
	for step := from + 1; step <= chaosSteps && state == mmibx.Done; step++ {
		if err := w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: float64(step)}, mmibx.Metric{Name: mmibx.DevF1, Value: 80}); err != nil {
			return "", err
		}
		if _, err := fmt.Fprintf(ledger, "%s/%d %d\n", job.Run, job.Attempt, step); err != nil {
			return "", err
		}
		time.Sleep(pace)
		if ctx.Err() != nil && step < chaosSteps {
			state = mmibx.Stopped
		}
		if step%3 == 0 || state == mmibx.Stopped {
			if err := checkpoint(step); err != nil {
				return "", err
			}
		}
	}
	return state, w.Close(journal.Trailer{State: state, Finished: time.Now()})
}
