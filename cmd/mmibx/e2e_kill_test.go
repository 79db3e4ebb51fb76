//go:build torch

package main

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const killedSweep = `
name = "killed"
benchmarks = ["mini-mnre"]
seeds = 3
[base]
train.epochs = 2
[[arm]]
name = "text"
model = "text"
[[arm]]
name = "mmib"
model = "mmib"
`

// killedRuns is how many runs the sweep has.
const killedRuns = 6

// testKill kills a worker, a runner, and both in the middle of a sweep. In the
// end it stands as if nothing had happened.
func testKill(t *testing.T, bin string) {
	l := newLab(t, bin)
	returned := killAround(l, l.write("killed.toml", killedSweep))

	logged, stored := l.read(), l.stored()
	for i, points := range returned {
		for p, v := range points {
			if stored[p] != v {
				t.Errorf("%v was logged as %v before kill %d, and the database has %v", p, v, i+1, stored[p])
			}
		}
	}
	if !maps.Equal(logged.points, stored) {
		t.Errorf("the journals hold %d points and the database has %d, or others", len(logged.points), len(stored))
	}
	for run, n := range logged.done {
		if n != 1 {
			t.Errorf("run %s was done %d times", run, n)
		}
	}
	if len(logged.done) != killedRuns || logged.resumed == 0 {
		t.Errorf("%d runs were done, %d attempts went on from a checkpoint; want %d, and some", len(logged.done), logged.resumed, killedRuns)
	}
	before := l.answers()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(l.store.Database() + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if after := l.answers(); after != before {
		t.Errorf("a new database gives other answers:\n%s\nbefore:\n%s", after, before)
	}
	sameAsUnbroken(l)
}

// killAround runs a sweep to its end through three kills, and returns what was
// logged before each.
func killAround(l *lab, file string) (returned []map[point]float64) {
	l.Helper()
	sweep := []string{"sweep", "-q", "-j", "2", file}
	start := func() *exec.Cmd {
		runner := l.command(sweep...)
		if err := runner.Start(); err != nil {
			l.Fatal(err)
		}
		return runner
	}
	kill := func(pids ...int) {
		for _, pid := range pids {
			if err := unix.Kill(pid, unix.SIGKILL); err != nil {
				l.Errorf("kill %d: %v", len(returned), err)
			}
		}
	}
	middle := func() (worker int) {
		worker, logged := l.inTheMiddle()
		returned = append(returned, logged)
		return worker
	}
	runner := start()
	kill(middle())
	l.wait("a point after the first kill", func() bool { return len(l.read().points) > len(returned[0])+20 })
	middle()
	kill(runner.Process.Pid)
	_ = runner.Wait() // it was killed
	l.wait("the end of its workers, which write checkpoints", func() bool { return !slices.ContainsFunc(slices.Collect(maps.Keys(l.read().open)), l.locked) })

	runner = start()
	worker := middle()
	kill(runner.Process.Pid, worker)
	_ = runner.Wait() // it was killed

	if out := l.must(sweep...); !strings.Contains(out, "killed: 6 done") {
		l.Errorf("the last sweep says\n%s", out)
	}
	return returned
}

// sameAsUnbroken compares the results of a sweep that was killed with those of
// an unbroken one, in which workers took one run after another, and these with
// runs that each had a worker to themselves.
func sameAsUnbroken(killed *lab) {
	killed.Helper()
	unbroken := newLab(killed.T, killed.bin)
	unbroken.must("sweep", "-q", "-j", "2", unbroken.write("killed.toml", killedSweep))
	want := unbroken.results()
	if got := killed.results(); !maps.Equal(got, want) {
		killed.Errorf("runs that were killed and went on ended in\n%v\nunbroken they end in\n%v", got, want)
	}
	alone := newLab(killed.T, killed.bin)
	for _, model := range []string{"text", "mmib"} {
		alone.must("train", "-q", "-j", "2", "benchmark=mini-mnre", "train.epochs=2", "model="+model, "seed=2")
	}
	got := alone.results()
	for run, result := range got {
		if result != want[run] {
			killed.Errorf("run %s alone in a process ends in\n%v\nafter other runs in\n%v", run, result, want[run])
		}
	}
	if len(got) != 2 {
		killed.Errorf("%d runs were trained alone, want 2", len(got))
	}
}
