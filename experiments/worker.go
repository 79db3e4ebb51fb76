package experiments

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mmibx/mmibx"
)

// worker is the runner's side of one worker process.
type worker struct {
	lane    int  // from 1: what people see
	gpu     *GPU // that it has for itself, nil on the processor
	claim   *os.File
	threads int
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	task    *task // under way, nil when idle
	attempt int
	closed  bool // its input has ended: it checkpoints and exits
	served  int  // jobs answered

	closedAt time.Time
}

// message is what another goroutine tells the loop: a worker's outcome, the end
// of its process, or a warning.
type message struct {
	from    *worker
	outcome *mmibx.Outcome
	end     error  // of the process, nil for exit 0
	warning string // of whoever else works beside the loop
}

// WorkerEnv is the environment of a worker with so many threads.
//
// Between two operations OpenMP's threads wait. On an idle machine they should
// spin for a moment: a step of MMIB at MiniLM's shapes took 0.22 s so and 0.36 s
// with threads that sleep at once (two processors, bench/speed.sh). Beside another
// busy process spinning costs more than it gains (0.79 s against 0.41 s). What the
// user has set stays.
func WorkerEnv(threads int) []string {
	n := strconv.Itoa(threads)
	env := []string{"OMP_NUM_THREADS=" + n, "MKL_NUM_THREADS=" + n}
	switch {
	case os.Getenv("GOMP_SPINCOUNT") != "" || os.Getenv("OMP_WAIT_POLICY") != "":
	case busy():
		env = append(env, "OMP_WAIT_POLICY=passive")
	default:
		env = append(env, "GOMP_SPINCOUNT=10000")
	}
	return append(os.Environ(), env...)
}

// busy says whether the processors were at work for more than half of a moment
// before this program's first worker, whose own work does not count so. Where
// that is not known, they were not.
var busy = sync.OnceValue(func() bool {
	before, ok := readProcessorTime()
	time.Sleep(100 * time.Millisecond)
	after, okToo := readProcessorTime()
	all := after.all - before.all
	return ok && okToo && all > 0 && float64(after.idle-before.idle) < 0.5*float64(all)
})

// processorTime is that of all processors since the machine started, in ticks.
type processorTime struct{ all, idle uint64 }

// readProcessorTime reads the first line of Linux's /proc/stat: user, nice,
// system, idle, waiting for disks, and more.
func readProcessorTime() (processorTime, bool) {
	blob, err := os.ReadFile("/proc/stat")
	if err != nil {
		return processorTime{}, false
	}
	return parseProcessorTime(string(blob))
}

func parseProcessorTime(stat string) (t processorTime, ok bool) {
	line, _, _ := strings.Cut(stat, "\n")
	fields := strings.Fields(line)
	if len(fields) < 6 || fields[0] != "cpu" {
		return t, false
	}
	for i, field := range fields[1:] {
		ticks, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return t, false
		}
		t.all += ticks
		if i == 3 || i == 4 {
			t.idle += ticks
		}
	}
	return t, true
}

// start starts a worker in a process group of its own, so that a Ctrl-C meant for
// the runner does not reach it. Threads and GPU are in its environment because
// OpenMP and CUDA read them once, when they are loaded.
func (w *worker) start(command, env []string, logPath string, messages chan<- message) error {
	w.cmd = exec.Command(command[0], command[1:]...)
	w.cmd.Env = env
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := os.OpenFile(logPath, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	defer log.Close()
	w.cmd.Stderr = log
	w.cmd.WaitDelay = time.Second // a child that outlives the worker may not hold up the runner
	answers := &lineWriter{line: func(line []byte) {
		var o mmibx.Outcome
		if json.Unmarshal(line, &o) == nil && o.Run != "" {
			messages <- message{from: w, outcome: &o}
		} // else a library spoke on standard output
	}}
	w.cmd.Stdout = answers
	stdin, err := w.cmd.StdinPipe()
	if err != nil {
		return err
	}
	w.stdin = stdin
	if w.claim != nil { // its own too: it outlives a runner that is killed, for as long as it needs for its checkpoint
		w.cmd.ExtraFiles = []*os.File{w.claim} // the first is claimFD
	}
	if err := w.cmd.Start(); err != nil {
		return fmt.Errorf("start a worker: %w", err)
	}
	go func() {
		err := w.cmd.Wait() // returns when all answers have been handed over
		messages <- message{from: w, end: err}
	}()
	return nil
}

// say hands the worker a mmibx.Job or mmibx.Pruning. An error means that it is gone,
// which its end will tell too.
func (w *worker) say(what any) error {
	blob, err := json.Marshal(what)
	if err != nil {
		return err
	}
	_, err = w.stdin.Write(append(blob, '\n'))
	return err
}

// finish ends the worker's input.
func (w *worker) finish() {
	if !w.closed {
		w.closed, w.closedAt = true, time.Now()
		_ = w.stdin.Close() // it may be gone already
	}
}

// kill ends the worker and all that it started.
func (w *worker) kill() {
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL) // it may be gone already
}

// release ends the runner's part in the claim of the worker's GPU.
func (w *worker) release() error {
	if w.claim == nil {
		return nil
	}
	return w.claim.Close()
}

// classify says why a process that answered nothing is gone.
func classify(end error) (mmibx.FailureClass, string) {
	var status syscall.WaitStatus
	if exit, ok := end.(*exec.ExitError); ok { //nolint:errorlint // Wait returns it bare
		status, _ = exit.Sys().(syscall.WaitStatus)
	}
	switch {
	case end == nil:
		return mmibx.FailLost, "the worker left without an answer"
	case status.Signaled():
		return mmibx.FailSignal, "the worker died: " + end.Error()
	}
	return mmibx.FailLost, "the worker died: " + end.Error()
}

// lineWriter cuts what it is given into lines.
type lineWriter struct {
	buf  []byte
	line func([]byte)
}

func (l *lineWriter) Write(b []byte) (int, error) {
	l.buf = append(l.buf, b...)
	for {
		i := bytes.IndexByte(l.buf, '\n')
		if i < 0 {
			return len(b), nil
		}
		l.line(l.buf[:i])
		l.buf = l.buf[i+1:]
	}
}
