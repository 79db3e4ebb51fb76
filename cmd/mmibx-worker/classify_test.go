package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/mmibx/mmibx"
)

// What is no fault of the spec is not said to be one.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		err   error
		state mmibx.State
		class mmibx.FailureClass
	}{
		{nil, mmibx.Done, ""},
		{fmt.Errorf("%w: after epoch 2", mmibx.ErrPruned), mmibx.Pruned, ""},
		{mmibx.ErrInterrupted, mmibx.Stopped, ""},
		{fmt.Errorf("%w: train.loss is NaN", mmibx.ErrDiverged), mmibx.Diverged, mmibx.FailDiverged},
		{errors.Join(mmibx.ErrOutOfMemory, errors.New("tried to allocate")), mmibx.Failed, mmibx.FailMemory},
		{fmt.Errorf("run: %w", &mmibx.InputError{Key: "device", Found: "cuda, and no GPU that it can use"}), mmibx.Failed, mmibx.FailDevice},
		{&mmibx.InputError{Key: "encoder.name", Found: "a folder without weights"}, mmibx.Failed, mmibx.FailSpec},
		{fmt.Errorf("%w: no network named x", mmibx.ErrBadSpec), mmibx.Failed, mmibx.FailSpec},
		{fmt.Errorf("weights: %w", mmibx.ErrNotFound), mmibx.Failed, mmibx.FailSpec},
		{&fs.PathError{Op: "write", Path: "journal", Err: syscall.ENOSPC}, mmibx.Failed, mmibx.FailIO},
		{errors.New("index out of range"), mmibx.Failed, mmibx.FailError},
	} {
		if state, class := classify(c.err); state != c.state || class != c.class {
			t.Errorf("%v: %s, %q, want %s, %q", c.err, state, class, c.state, c.class)
		}
	}
}
