//go:build torch

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// checkpointEvery is the least time between two checkpoints of a run.
const checkpointEvery = 20 * time.Second

// attempt does one job: it claims the run, writes its journal and returns what
// came of it. An error before the journal exists is in the outcome only.
func attempt(ctx context.Context, job mmibx.Job, library *library) mmibx.Outcome {
	err := func() error {
		unlock, err := claim(job)
		if err != nil {
			return err
		}
		defer unlock()
		return record(ctx, job, library)
	}()
	state, class := classify(err)
	outcome := mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: state, Class: class}
	if err != nil {
		outcome.Error = err.Error()
	}
	return outcome
}

// claim takes the run's lock, which the kernel gives back when the process ends.
func claim(job mmibx.Job) (unlock func(), err error) {
	if err := os.MkdirAll(job.Store.Attempt(job.Run, job.Attempt), 0o777); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(job.Store.RunLock(job.Run), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("run %s is being done by another process: %w", job.Run, err)
	}
	return func() { f.Close() }, nil
}

// record trains under a journal. Whatever the attempt writes to standard error,
// libtorch's messages included, goes to output.log.
func record(ctx context.Context, job mmibx.Job, library *library) (err error) {
	restore, err := redirectStderr(job.Store.Output(job.Run, job.Attempt))
	if err != nil {
		return err
	}
	defer restore()
	var spec mmibx.Spec
	for key, value := range job.Spec {
		if err := spec.Set(key, value); err != nil {
			return fmt.Errorf("%w: %w", mmibx.ErrBadSpec, err)
		}
	}
	facts, err := torch.Init(job.Threads, job.Device)
	if err != nil {
		return err
	}
	resume, why := checkpointOf(job, facts)
	w, err := journal.Create(job.Store.Journal(job.Run, job.Attempt), header(job, facts, resume))
	if err != nil {
		return err
	}
	defer func() {
		state, class := classify(err)
		trailer := journal.Trailer{State: state, Class: class, Finished: time.Now()}
		if err != nil {
			trailer.Error = err.Error()
			trailer.Output = lastLines(job.Store.Output(job.Run, job.Attempt), 50)
		}
		err = errors.Join(err, w.Close(trailer))
	}()
	if why != "" {
		if err := w.Event("anew", why); err != nil {
			return err
		}
	}
	return train(ctx, job, facts, spec, w, resume, library)
}

func train(ctx context.Context, job mmibx.Job, facts torch.Facts, spec mmibx.Spec, w *journal.Writer, resume *model.Checkpoint, library *library) error {
	data, err := library.data(&job, &spec, w)
	if err != nil {
		return err
	}
	dir := job.Store.Attempt(job.Run, job.Attempt)
	result, err := model.Train(ctx, spec, data, model.Options{Sink: w, Dir: dir, Resume: resume, Machine: model.Machine(facts), Every: checkpointEvery})
	if err != nil {
		return err
	}
	for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
		var lines bytes.Buffer
		if err := scoring.WritePredictions(&lines, result.Predictions[split]); err != nil {
			return err
		}
		sha, size, err := tracker.PutObject(job.Store, &lines)
		if err != nil {
			return err
		}
		if err := w.Artifact(journal.Artifact{Name: "predictions." + string(split), SHA256: sha, Size: size, Step: result.Steps}); err != nil {
			return err
		}
	}
	if err := w.Event("chosen", fmt.Sprintf("epoch %d, %s %.2f", result.BestEpoch, spec.Train.SelectOn, result.BestScore)); err != nil {
		return err
	}
	return removeCheckpoints(job)
}

// checkpointOf reads the checkpoint that a job asks to go on from. Where the
// resumed run would not be bit-identical to the unbroken one, it starts anew and
// says why.
func checkpointOf(job mmibx.Job, facts torch.Facts) (*model.Checkpoint, string) {
	if job.Resume == 0 {
		return nil, ""
	}
	c, err := model.ReadCheckpoint(filepath.Join(job.Store.Attempt(job.Run, job.Resume), model.LastCheckpoint))
	if err != nil {
		return nil, fmt.Sprintf("attempt %d cannot be resumed: %v", job.Resume, err)
	}
	if now := model.Machine(facts); c.Machine != now {
		return nil, fmt.Sprintf("attempt %d ran on %s, this one on %s: a resumed run would not be the same to the bit", job.Resume, c.Machine, now)
	}
	return c, ""
}

// removeCheckpoints drops what only an unfinished run needs.
func removeCheckpoints(job mmibx.Job) error {
	for n := 1; n <= job.Attempt; n++ {
		err := os.Remove(filepath.Join(job.Store.Attempt(job.Run, n), model.LastCheckpoint))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

func header(job mmibx.Job, facts torch.Facts, resume *model.Checkpoint) journal.Header {
	host, _ := os.Hostname() // provenance: an unknown host is the empty name
	h := journal.Header{
		Run: job.Run, Arm: job.Arm, Attempt: job.Attempt, Spec: job.Spec, Inputs: job.Inputs, Sweep: job.Sweep, Started: time.Now(),
		Env: journal.Environment{
			Command: job.Command, Commit: job.Commit, Diff: job.Diff, Host: host, OS: runtime.GOOS + "/" + runtime.GOARCH,
			Go: runtime.Version(), PyTorch: facts.Version, ISA: facts.ISA, Device: job.Device, Program: programDigest(),
			Threads: facts.Threads, PID: os.Getpid(),
		},
	}
	if resume != nil {
		h.ResumeAttempt, h.ResumeStep = job.Resume, resume.Step
	}
	return h
}

// programDigest is the SHA-256 of this program, computed once.
var programDigest = func() func() string {
	digest := ""
	return func() string {
		if digest == "" {
			if path, err := os.Executable(); err == nil {
				if b, err := os.ReadFile(path); err == nil {
					sum := sha256.Sum256(b)
					digest = hex.EncodeToString(sum[:])
				}
			}
		}
		return digest
	}
}()

// redirectStderr sends file descriptor 2 to a file, for C++ as well as for Go.
func redirectStderr(path string) (restore func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	kept, err := unix.Dup(2)
	if err != nil {
		return nil, err
	}
	if err := unix.Dup3(int(f.Fd()), 2, 0); err != nil {
		return nil, errors.Join(err, unix.Close(kept))
	}
	return func() {
		_ = unix.Dup3(kept, 2, 0) // only fails for descriptors that are not open
		_ = unix.Close(kept)
	}, nil
}

func lastLines(path string, n int) []string {
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	return lines[max(0, len(lines)-n):]
}
