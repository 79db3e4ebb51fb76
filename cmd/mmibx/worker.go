package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

const workerName = "mmibx-worker"

// findWorker finds the program that links libtorch: beside this one, else where
// $MMIBX_WORKER says, else in PATH.
func findWorker() (string, error) {
	self, err := os.Executable()
	if err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			beside := filepath.Join(filepath.Dir(self), workerName)
			if info, err := os.Stat(beside); err == nil && !info.IsDir() {
				return beside, nil
			}
		}
	}
	if path := os.Getenv("MMIBX_WORKER"); path != "" {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			return "", fmt.Errorf("$MMIBX_WORKER names %s: %w; it is to name the program %s, or be unset", path, mmibx.ErrNotFound, workerName)
		}
		return path, nil
	}
	if path, err := exec.LookPath(workerName); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%s %w beside %s, in $MMIBX_WORKER or in PATH; run `make build` in the source of mmibx, which finds or fetches a PyTorch and builds it", workerName, mmibx.ErrNotFound, self)
}

// lastWords is how long a worker that was interrupted may take to end.
const lastWords = 10 * time.Second

// askWorker has a worker do one job that it ends after, with env for its
// environment or, where that is nil, ours; line gets each line of its answer as it
// comes, between which libraries may have spoken. What the worker complains of is
// the error, with the meaning of its exit code.
func askWorker(ctx context.Context, verb string, job any, env []string, line func([]byte)) error {
	worker, err := findWorker()
	if err != nil {
		return err
	}
	blob, err := json.Marshal(job)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, worker, verb)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay, cmd.Env = lastWords, env
	var said bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(blob), &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	return workerError(ctx, cmd.Wait(), said.String())
}

// workerError is what a worker that did one thing complained of.
func workerError(ctx context.Context, err error, said string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return mmibx.ErrInterrupted
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	at := strings.LastIndex(said, workerName+": ")
	if !ok || at < 0 || exit.ExitCode() < 0 {
		return fmt.Errorf("%s: %w: %s", workerName, err, strings.TrimSpace(said))
	}
	kind, known := map[int]error{2: mmibx.ErrUsage, 3: mmibx.ErrNotFound, 130: mmibx.ErrInterrupted}[exit.ExitCode()]
	if !known {
		kind = err
	}
	return &workerFailure{strings.TrimSpace(said[at+len(workerName)+2:]), kind}
}

// workerFailure is an error of a worker, in its words.
type workerFailure struct {
	text string
	kind error // what its exit code means
}

func (e *workerFailure) Error() string { return e.text }
func (e *workerFailure) Unwrap() error { return e.kind }

// newRunner is a runner of this store, without its database.
func (a *app) newRunner(jobs int, device string) (*experiments.Runner, error) {
	worker, err := findWorker()
	if err != nil {
		return nil, err
	}
	store, err := filepath.Abs(a.storeDir)
	if err != nil {
		return nil, err
	}
	data, err := filepath.Abs(a.dataDir)
	if err != nil {
		return nil, err
	}
	return &experiments.Runner{
		Store: mmibx.Store(store), Inputs: a.inputs(), Worker: []string{worker, "work"}, Jobs: jobs,
		Job: mmibx.Job{DataDir: data, Device: device, Command: os.Args},
	}, nil
}

// keepSource gives the attempts of a runner the git commit of the folder that the
// command was typed in and the digest of what is uncommitted there, which the store
// keeps.
func keepSource(ctx context.Context, r *experiments.Runner) error {
	s, err := tracker.KeepSource(ctx, r.Store, ".")
	if err != nil {
		return err
	}
	if s.Size > tracker.MaxChanges {
		fmt.Fprintf(os.Stderr, "mmibx: what is uncommitted here has %s as a patch, more than %s: runs keep its digest only; commit it to be able to go back to it\n",
			byteSize(s.Size), byteSize(tracker.MaxChanges))
	}
	r.Job.Commit, r.Job.Diff = s.Commit, s.Diff
	return nil
}

// runnerDB is the database as the runner wants it.
type runnerDB struct{ *tracker.DB }

// Sync fails where the database stays behind the journals.
func (db runnerDB) Sync(ctx context.Context) error {
	stats, err := db.DB.Sync(ctx)
	if err == nil && stats.Busy {
		err = fmt.Errorf("another program writes to it; %d bytes are still to be read", stats.Behind)
	}
	return err
}

// statesOf says where the runs of a plan stand. It makes no store where there is
// none yet.
func (a *app) statesOf(ctx context.Context, runs []string) (map[string]mmibx.State, error) {
	db, err := a.synced(ctx)
	if errors.Is(err, mmibx.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	states, err := db.States(ctx, runs)
	return states, errors.Join(err, db.Close())
}
