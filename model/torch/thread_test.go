//go:build torch

package torch

import (
	"runtime"
	"testing"
)

// A test that ends on the torch goroutine, as Fatal does, ends there and in its
// caller, and leaves the goroutine to others.
func TestDoOutlivesGoexit(t *testing.T) {
	ended, went := make(chan struct{}), false
	go func() {
		defer close(ended)
		err := Do(runtime.Goexit)
		went = true
		t.Errorf("Do returned %v", err)
	}()
	<-ended
	done := false
	if err := Do(func() { done = true }); err != nil || !done || went {
		t.Errorf("afterwards Do gives %v, done %v; the caller went on: %v", err, done, went)
	}
}
