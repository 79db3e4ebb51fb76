package tracker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

func (l *lab) newRun(params map[string]any) *Run {
	l.Helper()
	r, err := NewRun(l.store, "program", params)
	l.must(err)
	return r
}

func TestNewRun(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	params := map[string]any{"lr": 0.5, "layers": 3, "big": math.MaxInt64, "name": "läuft", "on": true, "seed": 7, "benchmark": "toy"}
	r := l.newRun(params)
	l.must(r.Log(5, mmibx.Metric{Name: "loss", Value: math.NaN()}, mmibx.Metric{Name: "acc", Value: 0.5}))
	l.must(r.Log(-1, mmibx.Metric{Name: "loss", Value: math.Inf(1)}))
	l.must(r.Artifact(5, "notes", strings.NewReader("text")))
	l.must(r.Event("epoch", "1"))

	db := l.synced()
	row := l.only(db, "lr=0.5 and layers=3 and on=true and seed=7 and benchmark=toy and big=9223372036854775807")
	if row.ID != r.ID || row.State != mmibx.Running || row.Model != "program" || row.Imported != "" || row.Steps != 5 {
		t.Errorf("while it runs: %+v", row)
	}
	if _, err := NewRun(l.store, "program", params); !errors.Is(err, ErrRunning) {
		t.Errorf("a second one at once: %v", err)
	}
	l.must(r.Finish(nil))
	l.sync(db)
	d, err := db.Run(ctx, r.ID)
	l.must(err)
	if d.State != mmibx.Done || d.Spec["big"] != math.MaxInt64 || d.Spec["layers"] != 3 || len(d.Artifacts) != 1 || d.Tries[0].Env.PID != os.Getpid() {
		t.Errorf("done: %+v", d)
	}
	if got := l.series(db, r.ID, "loss"); got != "-1:+Inf 5:NaN" {
		t.Errorf("loss is %s", got)
	}
	if _, err := NewRun(l.store, "program", params); !errors.Is(err, ErrDone) {
		t.Errorf("again: %v", err)
	}
	params["seed"] = 8
	other := l.newRun(params)
	l.must(other.Finish(nil))
	l.sync(db)
	if arms, err := db.Arms(ctx, Query{Filter: "benchmark=toy"}); err != nil || len(arms) != 1 || len(arms[0].Runs) != 2 {
		t.Errorf("two seeds are %d arms, %v", len(arms), err)
	}
	before := l.dump(db)
	l.must(db.Close())
	if after := l.dump(l.remake()); after != before {
		t.Error("made again from the journals it differs", diff(before, after))
	}
}

func TestNewRunEnds(t *testing.T) {
	l := newLab(t)
	db := l.open()
	for i, c := range []struct {
		err   error
		state mmibx.State
	}{
		{errors.New("boom"), mmibx.Failed},
		{fmt.Errorf("epoch 3: %w", context.Canceled), mmibx.Stopped},
		{fmt.Errorf("epoch 3: %w", mmibx.ErrDiverged), mmibx.Diverged},
		{nil, mmibx.Done},
	} {
		r := l.newRun(nil) // the same run: what ended badly is tried again
		if r.Attempt != i+1 {
			t.Errorf("attempt %d, want %d", r.Attempt, i+1)
		}
		l.must(r.Log(int64(i), mmibx.Metric{Name: "loss", Value: float64(i)}))
		l.must(r.Finish(c.err))
		l.sync(db)
		row := l.only(db, "")
		if row.State != c.state || c.err != nil && row.Error != c.err.Error() {
			t.Errorf("%v: %s, %q", c.err, row.State, row.Error)
		}
		if got := l.series(db, r.ID, "loss"); got != fmt.Sprintf("%d:%d", i, i) {
			t.Errorf("points are %s: an attempt that starts anew counts alone", got)
		}
	}
}

func TestNewRunRefuses(t *testing.T) {
	l := newLab(t)
	for want, c := range map[string]struct {
		program string
		params  map[string]any
	}{
		"program: found MMIB":                     {"MMIB", nil},
		`program: found ""`:                       {"", nil},
		"parameter lr: found float64 NaN":         {"p", map[string]any{"lr": math.NaN()}},
		"parameter sizes: found []int [1 2]":      {"p", map[string]any{"sizes": []int{1, 2}}},
		"parameter n: found int64 3":              {"p", map[string]any{"n": int64(3)}},
		"parameter seed: found float64 1":         {"p", map[string]any{"seed": 1.0}},
		"parameter benchmark: found int 7":        {"p", map[string]any{"benchmark": 7}},
		`parameter model.name: found "model.name`: {"p", map[string]any{"model.name": "x"}},
	} {
		if _, err := NewRun(l.store, c.program, c.params); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := os.Stat(string(l.store)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a refusal made the store: %v", err)
	}
}

// childLogs logs one run until it is killed, and says which calls returned.
func childLogs(store mmibx.Store) error {
	r, err := NewRun(store, "program", nil)
	for step := int64(0); err == nil; step++ {
		if err = r.Log(step, mmibx.Metric{Name: "loss", Value: float64(step)}); err == nil {
			fmt.Println(r.ID, step)
		}
	}
	return err
}

const (
	swarmSize  = 32 // processes at once
	swarmKills = 64
	swarmRuns  = 40
	swarmSteps = 40
)

// childSwarms makes every run that nobody has made or is at, until all are done,
// and says which calls returned.
func childSwarms(store mmibx.Store) error {
	for left := swarmRuns; left > 0; {
		left = 0
		for seed := range swarmRuns {
			r, err := NewRun(store, "program", map[string]any{"seed": seed})
			if errors.Is(err, ErrDone) {
				continue
			}
			if left++; errors.Is(err, ErrRunning) {
				continue
			}
			for step := int64(0); step < swarmSteps && err == nil; step++ {
				if err = r.Log(step, mmibx.Metric{Name: "loss", Value: float64(step)}); err == nil {
					fmt.Printf("%s/%d %d\n", r.ID, r.Attempt, step)
					time.Sleep(time.Millisecond)
				}
			}
			if err != nil {
				return err
			}
			if err := r.Finish(nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// role is the test binary in a role.
func (l *lab) role(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MMIBX_TRACKER_ROLE="+role, "MMIBX_TRACKER_TEST="+string(l.store))
	cmd.Stderr = os.Stderr
	return cmd
}

// child starts the test binary in a role, and keeps what it writes.
func (l *lab) child(role string) (*exec.Cmd, *strings.Builder) {
	l.Helper()
	cmd := l.role(role)
	var out strings.Builder
	cmd.Stdout = &out
	l.must(cmd.Start())
	return cmd, &out
}

func TestNewRunKilled(t *testing.T) {
	l := newLab(t)
	cmd, out := l.child("log")
	path := l.store.Journal(ownID("program", nil), 1)
	for points := 0; points < 3; time.Sleep(time.Millisecond) { // with the third, two calls have returned and were told
		points = 0
		_, err := journal.Read(path, 0, func(rec journal.Record) error {
			if rec.Type == journal.TypePoints {
				points++
			}
			return nil
		})
		if !errors.Is(err, os.ErrNotExist) {
			l.must(err)
		}
	}
	l.must(cmd.Process.Kill())
	_ = cmd.Wait() // killed
	lines := strings.Count(out.String(), "\n")
	if lines < 2 {
		t.Fatalf("it logged %d points", lines)
	}
	db := l.synced()
	r := l.only(db, "")
	if points := l.points(db, r.ID, "loss"); r.State != mmibx.Lost || len(points) < lines {
		t.Errorf("%s with %d points, calls had returned for %d", r.State, len(points), lines)
	}
	again := l.newRun(nil)
	if again.Attempt != 2 {
		t.Errorf("attempt %d after the kill", again.Attempt)
	}
	l.must(again.Finish(nil))
}

// swarmer is a process of the swarm and what it told.
type swarmer struct {
	cmd  *exec.Cmd
	told []string   // whole once done has been received from
	done chan error // what Wait returned
}

// swarmer starts one. It offers itself to atWork at each call that returned, and
// tells over when it ended well, which it does once every run is done.
func (l *lab) swarmer(atWork chan<- *swarmer, over chan<- struct{}) *swarmer {
	l.Helper()
	p := &swarmer{cmd: l.role("swarm"), done: make(chan error, 1)}
	out, err := p.cmd.StdoutPipe()
	l.must(err)
	l.must(p.cmd.Start())
	go func() {
		for in := bufio.NewReader(out); ; {
			line, err := in.ReadString('\n')
			if err != nil { // a line that was cut off was not told
				break
			}
			p.told = append(p.told, strings.TrimSuffix(line, "\n"))
			select {
			case atWork <- p:
			default:
			}
		}
		err := p.cmd.Wait()
		p.done <- err
		if err == nil {
			select {
			case over <- struct{}{}:
			default:
			}
		}
	}()
	return p
}

// reader syncs and reads a store until stop is closed. What it has seen done stays
// so.
func (l *lab) reader(stop <-chan struct{}) error {
	db, err := Open(l.store)
	if err != nil {
		return err
	}
	defer db.Close()
	done := map[string]int{} // points
	for {
		if _, err := db.Sync(context.Background()); err != nil {
			return err
		}
		rows, err := db.Runs(context.Background(), Query{})
		if err != nil {
			return err
		}
		for i := range rows {
			r := &rows[i]
			points, err := db.Points(context.Background(), r.ID, "loss", Start, 0)
			if err != nil {
				return err
			}
			if was, ok := done[r.ID]; ok && (r.State != mmibx.Done || len(points) != was) {
				return fmt.Errorf("run %s was done with %d points, and is %s with %d", r.ID, was, r.State, len(points))
			}
			if r.State == mmibx.Done {
				done[r.ID] = len(points)
			}
		}
		select {
		case <-stop:
			return nil
		default:
		}
	}
}

// Thirty-two processes share runs, and 64 times one of them is killed right after a
// call returned, while others sync and read, one of them in a transaction that stays
// open: each run is done exactly once, and what a call returned for is there.
func TestNewRunUnderFire(t *testing.T) {
	l := newLab(t)
	db := l.open()
	old, err := db.read.Begin() // sees the empty store for as long as it is open
	l.must(err)
	defer old.Rollback()
	runs := 0
	l.must(old.QueryRow("SELECT count(*) FROM run").Scan(&runs))
	stop, readers := make(chan struct{}), make(chan error, 2)
	for range cap(readers) {
		go func() { readers <- l.reader(stop) }()
	}
	atWork, over := make(chan *swarmer), make(chan struct{}, 1)
	var all []*swarmer
	start := func() { all = append(all, l.swarmer(atWork, over)) }
	for range swarmSize {
		start()
	}
	killed := map[*swarmer]bool{}
	for done := false; len(killed) < swarmKills && !done; {
		select {
		case p := <-atWork:
			if !killed[p] {
				_ = p.cmd.Process.Kill() // it may have ended
				killed[p] = true
				start()
			}
		case <-over:
			done = true
		}
	}
	for _, p := range all {
		if err := <-p.done; !killed[p] {
			l.must(err)
		}
	}
	close(stop)
	for range cap(readers) {
		l.must(<-readers)
	}
	if l.must(old.QueryRow("SELECT count(*) FROM run").Scan(&runs)); runs != 0 {
		t.Errorf("the transaction that was begun on an empty store sees %d runs", runs)
	}
	l.sync(db)
	l.integrity(db)
	rows := l.runs(db, Query{})
	if len(rows) != swarmRuns {
		t.Fatalf("%d runs, want %d", len(rows), swarmRuns)
	}
	kept, attempts := map[string]bool{}, 0 // run/attempt step
	for i := range rows {
		r := &rows[i]
		done := 0
		attempts += r.Attempts
		for n := 1; n <= r.Attempts; n++ {
			_, err := journal.Read(l.store.Journal(r.ID, n), 0, func(rec journal.Record) error {
				switch {
				case rec.Type == journal.TypePoints:
					kept[fmt.Sprintf("%s/%d %d", r.ID, n, rec.Step)] = true
				case rec.Type == journal.TypeTrailer && rec.Trailer.State == mmibx.Done:
					done++
				}
				return nil
			})
			if !errors.Is(err, os.ErrNotExist) {
				l.must(err)
			}
		}
		if points := l.points(db, r.ID, "loss"); r.State != mmibx.Done || done != 1 || len(points) != swarmSteps {
			t.Errorf("run %s is %s, was done %d times and has %d points", r.ID, r.State, done, len(points))
		}
	}
	told := 0
	for _, p := range all {
		for _, line := range p.told {
			if told++; !kept[line] {
				t.Errorf("a call had returned for %s, which is not there", line)
			}
		}
	}
	if told < swarmRuns*swarmSteps || attempts == swarmRuns {
		t.Errorf("%d calls returned, in %d attempts, %d were killed: nobody was hit", told, attempts, len(killed))
	}
}

// The ids never change: what is in a store must be found again. These are what
//
//	hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
//
// of Python makes of the parts.
func TestIDsStay(t *testing.T) {
	params := map[string]any{"seed": 7, "on": true, "lr": 0.5}
	foreign := &Foreign{Format: "mlflow", Key: "3cbb8489059545a9979dbec0a9731277", Group: "lr-sweep", Params: map[string]any{"lr": 0.1, "seed": 3}}
	lone := &Foreign{Format: "tensorboard", Key: "events 1", Group: "runs", Params: map[string]any{"seed": 3}}
	for what, c := range map[string][2]string{
		"own run":                  {ownID("program", params), "5ddb21002a8c"},
		"foreign run":              {foreign.ID(), "de58a16864df"},
		"foreign arm":              {foreign.Arm(), "fab81e4301f5"},
		"arm of a run with a seed": {lone.Arm(), "517067a4215e"},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %s, want %s", what, c[0], c[1])
		}
	}
	l := newLab(t)
	r, err := NewRun(l.store, "program", params)
	l.must(err)
	l.must(r.Finish(nil))
	if row := l.only(l.synced(), ""); row.ID != "5ddb21002a8c" || row.Arm != "7d82f6ade6e4" {
		t.Errorf("run %s, arm %s", row.ID, row.Arm)
	}
}

// A run keeps the commit and the changes of the folder that its program runs in: those
// of its first run in the store, for a program is not built anew while it runs.
func TestNewRunKeepsChanges(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	dir, git := l.tree()
	l.write(dir, "a.txt", "changed\n")
	want, err := KeepSource(ctx, l.store, dir)
	l.must(err)
	t.Chdir(filepath.Join(dir, "sub"))
	for seed := range 2 {
		r := l.newRun(map[string]any{"seed": seed})
		l.must(r.Finish(nil))
		l.write(dir, "a.txt", "changed again\n")
	}
	db := l.synced()
	rows, err := db.Runs(ctx, Query{})
	l.must(err)
	for _, row := range rows {
		d, err := db.Run(ctx, row.ID)
		l.must(err)
		if env := d.Tries[0].Env; env.Commit != git(dir, "rev-parse", "HEAD") || env.Diff != want.Diff || d.Tries[0].Changes != want.Size {
			t.Errorf("commit %q, changes %q of %d bytes, want %+v", env.Commit, env.Diff, d.Tries[0].Changes, want)
		}
	}
	if len(rows) != 2 {
		t.Errorf("%d runs", len(rows))
	}
}
