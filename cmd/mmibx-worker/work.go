//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/model/torch"
)

// facts prints what `mmibx doctor` wants to know: of libtorch, and why runs cannot be
// on the device where they cannot.
func facts(w io.Writer, device string) error {
	f, err := torch.Init(0, device)
	said := struct {
		torch.Facts
		NoDevice string
	}{Facts: f}
	var fault *mmibx.InputError
	switch {
	case errors.As(err, &fault):
		said.NoDevice = strings.TrimPrefix(fault.Found, device+", and ")
	case err != nil:
		return err
	}
	return json.NewEncoder(w).Encode(said)
}

// work does jobs until its input ends, or until the device has failed.
func work(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	var library library
	return experiments.Serve(ctx, in, out, func(ctx context.Context, job mmibx.Job) mmibx.Outcome {
		err := record(ctx, job, &library)
		if spoilt(job.Device, err) {
			leave()
		}
		state, class := classify(err)
		outcome := mmibx.Outcome{Run: job.Run, Attempt: job.Attempt, State: state, Class: class}
		if err != nil {
			outcome.Error = err.Error()
		}
		return outcome
	})
}

// spoilt says that the process is of no more use. A kernel that fails on a GPU leaves
// CUDA in a state in which all that follows fails too; another process is well. Memory
// that ran out is no such failure.
func spoilt(device string, err error) bool {
	var fault *torch.Error
	return device != "cpu" && errors.As(err, &fault) && !errors.Is(err, mmibx.ErrOutOfMemory)
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
