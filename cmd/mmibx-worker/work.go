//go:build torch

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// facts prints what `mmibx doctor` wants to know.
func facts(w io.Writer) error {
	f, err := torch.Init(0, "cpu")
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(f)
}

// work takes jobs until its input ends. The end of input also stops the job under
// way: whoever asked for it is gone.
func work(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	jobs := make(chan mmibx.Job)
	var readErr error
	go func() {
		defer close(jobs)
		defer cancel()
		readErr = readJobs(in, jobs)
	}()
	var library library
	answers := json.NewEncoder(out)
	for job := range jobs {
		outcome := attempt(ctx, job, &library)
		if err := answers.Encode(outcome); err != nil {
			return fmt.Errorf("answer for run %s: %w", job.Run, err)
		}
	}
	return readErr
}

func readJobs(in io.Reader, jobs chan<- mmibx.Job) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var job mmibx.Job
		if err := json.Unmarshal(lines.Bytes(), &job); err != nil {
			return fmt.Errorf("%w: a line of standard input is no job: %w", mmibx.ErrUsage, err)
		}
		jobs <- job
	}
	return lines.Err()
}

// classify says what an error means for the run.
func classify(err error) (mmibx.State, mmibx.FailureClass) {
	var path *fs.PathError
	switch {
	case err == nil:
		return mmibx.Done, ""
	case errors.Is(err, mmibx.ErrInterrupted):
		return mmibx.Stopped, ""
	case errors.Is(err, mmibx.ErrDiverged):
		return mmibx.Diverged, mmibx.FailDiverged
	case errors.Is(err, mmibx.ErrOutOfMemory):
		return mmibx.Failed, mmibx.FailMemory
	case errors.Is(err, mmibx.ErrBadSpec), errors.Is(err, mmibx.ErrUsage), errors.Is(err, mmibx.ErrNotFound):
		return mmibx.Failed, mmibx.FailSpec
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO), errors.As(err, &path):
		return mmibx.Failed, mmibx.FailIO
	}
	return mmibx.Failed, mmibx.FailError
}
