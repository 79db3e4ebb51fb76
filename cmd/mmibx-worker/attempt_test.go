//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/tracker/journal"
	"github.com/mmibx/mmibx/weights"
)

// An attempt that a pruner ends is pruned and says why, and one that is stopped
// is stopped; both leave a checkpoint to go on from.
func TestPrunedAttempt(t *testing.T) {
	spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "text", "train.epochs": 1})
	if err != nil {
		t.Fatal(err)
	}
	for cause, want := range map[error]mmibx.State{
		fmt.Errorf("%w: after epoch 2 it is bad", mmibx.ErrPruned): mmibx.Pruned,
		context.Canceled: mmibx.Stopped,
	} {
		job := mmibx.Job{Run: "0123456789ab", Attempt: 1, Spec: spec.Values(), Store: mmibx.Store(t.TempDir()), Device: *device, Threads: 1}
		ctx, end := context.WithCancelCause(context.Background())
		end(cause)
		err := record(ctx, job, &library{})
		if state, _ := classify(err); state != want {
			t.Errorf("%v: classified as %s", err, state)
		}
		checkpoint := false
		var trailer *journal.Trailer
		if _, err := journal.Read(job.Store.Journal(job.Run, 1), 0, func(r journal.Record) error {
			checkpoint = checkpoint || r.Type == journal.TypeCheckpoint
			if r.Trailer != nil {
				trailer = r.Trailer
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if trailer == nil || trailer.State != want || !checkpoint {
			t.Fatalf("%s: trailer %+v, checkpoint: %v", want, trailer, checkpoint)
		}
		if want == mmibx.Pruned && (!errors.Is(err, mmibx.ErrPruned) || !strings.Contains(trailer.Error, "after epoch 2 it is bad")) {
			t.Errorf("said %v, kept %q", err, trailer.Error)
		}
	}
}

// A checkpoint is gone on from only where the resumed run would have the bits of
// the unbroken one: with this program, libtorch, instruction set, device and threads.
func TestCheckpointOfAnotherMachine(t *testing.T) {
	facts := torch.Facts{Version: "2.11.0", ISA: "AVX2", Threads: 2, Device: "cpu"}
	job := mmibx.Job{Run: "0123456789ab", Attempt: 2, Resume: 1, Store: mmibx.Store(t.TempDir())}
	dir := job.Store.Attempt(job.Run, 1)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for of, same := range map[string]bool{
		machine(facts): true,
		machine(torch.Facts{Version: "2.11.0", ISA: "AVX2", Threads: 1, Device: "cpu"}):                      false,
		machine(torch.Facts{Version: "2.11.0", ISA: "AVX2", Threads: 2, Device: "cuda", GPU: "NVIDIA H100"}): false,
		model.Machine(facts) + ", program 000000000000":                                                      false,
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
