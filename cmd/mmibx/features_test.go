package main

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestFeaturesWantsAFile(t *testing.T) {
	for _, args := range [][]string{{"features"}, {"features", t.TempDir()}, {"features", t.TempDir(), "-o", "pictures.npy"}} {
		if _, code := mmibxRun(t, args...); code != 2 {
			t.Errorf("mmibx %v exits with %d", args, code)
		}
	}
}

// A worker's exit code and words become an error of this program.
func TestWorkerError(t *testing.T) {
	for script, want := range map[string]error{
		"echo 'a warning' >&2; echo 'mmibx-worker: no picture' >&2; exit 3": mmibx.ErrNotFound,
		"echo 'mmibx-worker: no picture' >&2; exit 2":                       mmibx.ErrUsage,
	} {
		err := exec.CommandContext(t.Context(), "sh", "-c", script).Run()
		got := workerError(t.Context(), err, "a warning\nmmibx-worker: no picture\n")
		if !errors.Is(got, want) || got.Error() != "no picture" {
			t.Errorf("%s: %v, want %v", script, got, want)
		}
	}
	killed := exec.CommandContext(t.Context(), "sh", "-c", "kill -9 $$").Run()
	if got := workerError(t.Context(), killed, ""); got == nil || errors.Is(got, mmibx.ErrUsage) {
		t.Errorf("a worker that was killed: %v", got)
	}
	if err := workerError(t.Context(), nil, "a warning"); err != nil {
		t.Errorf("a worker that warned: %v", err)
	}
}
