//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
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

// work does jobs until its input ends.
func work(ctx context.Context, in io.Reader, out io.Writer) error {
	var library library
	return experiments.Serve(ctx, in, out, func(ctx context.Context, job mmibx.Job) mmibx.Outcome {
		err := record(ctx, job, &library)
		state, class := classify(err)
		outcome := mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: state, Class: class}
		if err != nil {
			outcome.Error = err.Error()
		}
		return outcome
	})
}

// classify says what an error means for the run.
func classify(err error) (mmibx.State, mmibx.FailureClass) {
	var path *fs.PathError
	switch {
	case err == nil:
		return mmibx.Done, ""
	case errors.Is(err, mmibx.ErrPruned):
		return mmibx.Pruned, ""
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
