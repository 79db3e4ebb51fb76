//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

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
