package experiments

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// RunFunc does one job: it writes the journal of the attempt, trailer and all,
// and says how it ended. When ctx ends it writes a checkpoint and returns
// Stopped, or Pruned where the cause of its end is mmibx.ErrPruned.
type RunFunc func(ctx context.Context, job mmibx.Job) mmibx.Outcome

// Serve is the life of a worker: it takes jobs from in, one after another, and
// answers each on out. The end of in, which comes too when the runner dies,
// ends the context of the job under way, and then Serve.
//
// Serve claims each run by its lock and settles under it what only the holder
// can know: that nobody finished the run meanwhile, the number of the attempt
// and what it goes on from. A run that another process holds is answered with
// the state Running, and one that others have done with Done and no attempt. What the process writes to standard error during a job
// goes to the output file of its attempt, also when C++ writes it.
func Serve(ctx context.Context, in io.Reader, out io.Writer, run RunFunc) error {
	signal.Ignore(syscall.SIGPIPE) // the runner may be gone: the journal is what counts
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	jobs := make(chan mmibx.Job)
	failed := make(chan error, 1)
	var now underWay
	go func() {
		defer close(jobs)
		defer stop()
		failed <- readJobs(ctx, in, jobs, &now)
	}()
	answers := json.NewEncoder(out)
	for ctx.Err() == nil { // run may end it: no job is taken after that, as its answer says
		select {
		case <-ctx.Done():
		case job, ok := <-jobs:
			if !ok {
				return <-failed
			}
			answer := serveJob(ctx, job, run, &now)
			answer.Leaves = ctx.Err() != nil
			if err := answers.Encode(answer); err != nil {
				return fmt.Errorf("answer the runner: %w", err)
			}
		}
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// underWay is the job that a worker is at.
type underWay struct {
	mu  sync.Mutex
	run string
	end context.CancelCauseFunc
}

// begin makes the context of a job, which prune ends.
func (u *underWay) begin(ctx context.Context, run string) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.run, u.end = run, end
	return ctx, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.run = ""
		end(nil)
	}
}

// prune ends the job that is under way, if it is that run.
func (u *underWay) prune(p mmibx.Pruning) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.run == p.Run {
		u.end(fmt.Errorf("%w: %s", mmibx.ErrPruned, p.Why))
	}
}

func readJobs(ctx context.Context, in io.Reader, jobs chan<- mmibx.Job, now *underWay) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // a line without its end was cut: its writer is dead
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		var job mmibx.Job
		var pruning mmibx.Pruning
		if err := errors.Join(json.Unmarshal(line, &job), json.Unmarshal(line, &pruning)); err != nil {
			return fmt.Errorf("read a job: %w", err)
		}
		if pruning.Run != "" {
			now.prune(pruning)
			continue
		}
		select {
		case jobs <- job:
		case <-ctx.Done():
			return nil
		}
	}
}

// claimFD is the descriptor of the claim of a worker's GPU, where it has one.
const claimFD = 3

func serveJob(ctx context.Context, job mmibx.Job, run RunFunc, now *underWay) mmibx.Outcome {
	if job.GPU != "" { // what the job starts would keep the claim for as long as it lives
		syscall.CloseOnExec(claimFD)
	}
	fail := func(state mmibx.State, err error) mmibx.Outcome {
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: state, Class: mmibx.FailIO, Error: err.Error()}
	}
	lock, err := journal.Claim(job.Store.RunLock(job.Run))
	if errors.Is(err, journal.ErrHeld) {
		return mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: mmibx.Running, Error: err.Error()}
	}
	if err != nil {
		return fail(mmibx.Failed, err)
	}
	defer lock.Close()
	before, err := lookBack(job.Store, job.Run)
	if err != nil {
		return fail(mmibx.Failed, err)
	}
	if before.done {
		return mmibx.Outcome{Run: job.Run, State: mmibx.Done}
	}
	before.fit(&job)
	restore, err := captureOutput(job.Store.Output(job.Run, job.Attempt))
	if err != nil {
		return fail(mmibx.Failed, err)
	}
	defer restore()
	ctx, end := now.begin(ctx, job.Run)
	defer end()
	return run(ctx, job)
}

// captureOutput sends the process's standard error to a file until restore.
func captureOutput(path string) (restore func(), err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	usual, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup2(int(f.Fd()), 2); err != nil {
		return nil, errors.Join(err, unix.Close(usual))
	}
	return func() {
		_ = unix.Dup2(usual, 2) // both descriptors are ours and open
		_ = unix.Close(usual)
	}, nil
}
