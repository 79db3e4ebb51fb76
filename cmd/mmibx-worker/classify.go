package main

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/mmibx/mmibx"
)

// classify says what an error means for the run.
func classify(err error) (mmibx.State, mmibx.FailureClass) {
	var path *fs.PathError
	var input *mmibx.InputError
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
	case errors.As(err, &input) && input.Key == "device": // see torch.Init
		return mmibx.Failed, mmibx.FailDevice
	case errors.Is(err, mmibx.ErrBadSpec), errors.Is(err, mmibx.ErrUsage), errors.Is(err, mmibx.ErrNotFound):
		return mmibx.Failed, mmibx.FailSpec
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO), errors.As(err, &path):
		return mmibx.Failed, mmibx.FailIO
	}
	return mmibx.Failed, mmibx.FailError
}
