//go:build torch

package torch

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/mmibx/mmibx"
)

var work = make(chan func())

func init() { go serve() }

// serve does all torch work. What ends its goroutine, as a test's Fatal does, ends
// only the piece of work: another goroutine goes on.
func serve() {
	defer func() { go serve() }()
	runtime.LockOSThread()
	for fn := range work {
		fn()
	}
}

// Do runs fn on the goroutine that does all torch work and waits for it. A panic
// with an *Error comes back as an error, and wraps mmibx.ErrOutOfMemory where
// libtorch could not allocate; any other panic goes on in the caller, with the
// stack of where it began, and runtime.Goexit, as a test's Fatal calls it, goes on
// there too. Do must not be called from within fn.
func Do(fn func()) error {
	var failure any
	var stack []byte
	returned := false
	done := make(chan struct{})
	work <- func() {
		defer close(done)
		defer func() {
			if failure = recover(); failure != nil {
				stack = debug.Stack()
			}
		}()
		fn()
		returned = true
	}
	<-done
	if failure == nil && !returned {
		runtime.Goexit()
	}
	switch failure := failure.(type) {
	case nil:
		return nil
	case *Error:
		if outOfMemory(failure.Message) {
			return errors.Join(mmibx.ErrOutOfMemory, failure)
		}
		return failure
	default:
		panic(fmt.Sprintf("%v\n\non the torch goroutine:\n%s", failure, stack))
	}
}

func outOfMemory(message string) bool {
	for _, sign := range []string{
		"out of memory", "can't allocate memory", "not enough memory", "std::bad_alloc", // CUDA says the first
		"CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED",
	} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}
