package experiments

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

// Killing at random, a worker or the runner, loses nothing and does nothing
// twice: the next sweep goes on from where it was. The kills are bounded so
// that the test is. TestChaos of cmd/mmibx does the same to whole programs and their
// database.
func TestKills(t *testing.T) {
	random, kills := needs.Random(t), 12
	t.Setenv("MMIBX_TEST_PACE", "4ms")
	store, plan := newStore(t), testPlan(t, "chaos", 30)
	command := runnerCommand(t, store, plan, 3)

	starts, killedWorkers, killedRunners := 0, 0, 0
	for {
		runner := exec.Command(command[0], command[1:]...)
		runner.Stderr = os.Stderr
		if err := runner.Start(); err != nil {
			t.Fatal(err)
		}
		starts++
		ended := make(chan error, 1)
		go func() { ended <- runner.Wait() }()
		for alive := true; alive; {
			select {
			case err := <-ended:
				alive = false
				if err == nil {
					attempts := verify(t, store, plan)
					t.Logf("%d runners started, %d killed, %d workers killed, %d attempts at %d runs", starts, killedRunners, killedWorkers, attempts, len(plan.Cells))
					return
				}
			case <-time.After(time.Duration(20+random.IntN(60)) * time.Millisecond):
				if kills <= 0 {
					continue
				}
				kills--
				workers := childrenOf(t, runner.Process.Pid)
				which := random.IntN(3)
				if which != 0 && len(workers) > 0 { // a worker
					_ = syscall.Kill(workers[random.IntN(len(workers))], syscall.SIGKILL)
					killedWorkers++
				}
				if which != 1 { // the runner, which may have come too late for it
					_ = runner.Process.Kill()
					killedRunners++
				}
			}
		}
	}
}

// When its runner is killed a worker checkpoints and leaves by itself.
func TestWorkersLeaveWithTheRunner(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", untilTold)
	store, plan := newStore(t), testPlan(t, "orphans", 2)
	command := runnerCommand(t, store, plan, 2)
	runner := exec.Command(command[0], command[1:]...)
	if err := runner.Start(); err != nil {
		t.Fatal(err)
	}
	var workers []int
	waitFor(t, "both workers to log", func() bool {
		workers = childrenOf(t, runner.Process.Pid)
		return len(workers) == 2 && allLogged(t, store, plan)
	})
	for _, pid := range workers { // else the terminal's Ctrl-C would reach them
		if group, err := syscall.Getpgid(pid); err != nil || group != pid {
			t.Errorf("worker %d is in the process group %d, %v", pid, group, err)
		}
	}
	if err := runner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = runner.Wait() // killed
	waitFor(t, "the workers to leave", func() bool {
		for _, pid := range workers {
			if syscall.Kill(pid, 0) == nil && !zombie(pid) {
				return false
			}
		}
		return true
	})
	for _, run := range plan.IDs() {
		a, err := readAttempt(store, run, 1)
		if err != nil || a.state != mmibx.Stopped || !a.checkpoint {
			t.Errorf("run %s: %+v, %v; want stopped at a checkpoint", run, a, err)
		}
	}
	t.Setenv("MMIBX_TEST_PACE", "")
	mustRun(t, fakeRunnerOf(store, 2), plan)
	verify(t, store, plan)
}

// allLogged says whether the first attempts at all runs have logged a step.
func allLogged(t *testing.T, store mmibx.Store, plan *Plan) bool {
	return !slices.ContainsFunc(plan.IDs(), func(run string) bool { return len(chain(t, store, run, 1)) == 0 })
}

// childrenOf lists the processes whose parent is pid, by Linux's /proc.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Fatalf("no /proc here: %v", err)
	}
	var children []int
	for _, path := range stats {
		if state, parent := procStat(path); parent == pid && state != "Z" {
			child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, child)
		}
	}
	return children
}

func zombie(pid int) bool {
	state, _ := procStat(filepath.Join("/proc", itoa(pid), "stat"))
	return state == "Z"
}

// procStat returns the state and the parent of a process; it may be gone.
func procStat(path string) (state string, parent int) {
	blob, err := os.ReadFile(path)
	if err != nil {
		return "", 0
	}
	_, after, _ := strings.Cut(string(blob), ") ")
	fields := strings.Fields(after)
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}
