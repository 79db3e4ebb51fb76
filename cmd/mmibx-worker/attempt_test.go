//go:build torch

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// A checkpoint is gone on from only where the resumed run would have the bits of
// the unbroken one: with this program, libtorch, instruction set and threads.
func TestCheckpointOfAnotherMachine(t *testing.T) {
	facts := torch.Facts{Version: "2.11.0", ISA: "AVX2", Threads: 2}
	job := mmibx.Job{Run: "0123456789ab", Attempt: 2, Resume: 1, Store: mmibx.Store(t.TempDir())}
	dir := job.Store.Attempt(job.Run, 1)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for of, same := range map[string]bool{
		machine(facts): true,
		machine(torch.Facts{Version: "2.11.0", ISA: "AVX2", Threads: 1}): false,
		model.Machine(facts) + ", program 000000000000":                  false,
	} {
		progress, err := json.Marshal(model.Progress{Machine: of, Step: 7})
		if err != nil {
			t.Fatal(err)
		}
		if err := weights.WriteFile(filepath.Join(dir, model.LastCheckpoint), nil, map[string]string{"mmibx.progress": string(progress)}); err != nil {
			t.Fatal(err)
		}
		c, why := checkpointOf(job, facts)
		if (c != nil) != same || same && c.Step != 7 || !same && !strings.Contains(why, of) {
			t.Errorf("of %s: %v, %q", of, c, why)
		}
	}
}
