package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

// trained is a run whose weights can be asked.
type trained struct {
	*tracker.RunDetail
	spec    mmibx.Spec
	attempt tracker.Attempt // that left the weights
	step    int64           // at which it predicted with them
}

// trained finds a run by a prefix of its id, and makes sure that it is done, has
// its weights, and would read today what it read when it trained.
func (a *app) trained(ctx context.Context, db *tracker.DB, prefix string) (*trained, error) {
	detail, err := runOf(ctx, db, prefix)
	if err != nil {
		return nil, err
	}
	if detail.State != mmibx.Done {
		return nil, &mmibx.InputError{Key: "run " + detail.ID, Found: string(detail.State), Expected: "done", Cure: "`mmibx runs show " + detail.ID + "` says more"}
	}
	if m := detail.Imported; m != nil {
		found := "imported predictions of " + detail.Model
		if m.Foreign() {
			found = "a run imported from " + m.Format
		}
		return nil, &mmibx.InputError{Key: "run " + detail.ID, Found: found, Expected: "a run that was trained here", Cure: "there are no weights to ask"}
	}
	t := &trained{RunDetail: detail}
	for _, f := range detail.Artifacts {
		if f.Name == "predictions."+string(mmibx.Dev) {
			t.step = f.Step
			for _, try := range detail.Tries {
				if try.Number == f.Attempt {
					t.attempt = try
				}
			}
		}
	}
	best := filepath.Join(mmibx.Store(a.storeDir).Attempt(detail.ID, t.attempt.Number), "best.safetensors")
	if _, err := os.Stat(best); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("run %s: its weights %s: %w; they were removed or never stored, and a run that is done is not done again: train another seed", detail.ID, best, mmibx.ErrNotFound)
	}
	if t.spec, err = mmibx.SpecOf(detail.Spec); err != nil {
		return nil, fmt.Errorf("run %s: %w", detail.ID, err)
	}
	return t, a.unchanged(t)
}

// unchanged makes sure that the id of the run still stands for what it did.
func (a *app) unchanged(t *trained) error {
	now, err := a.inputs()(t.spec)
	if err != nil {
		return fmt.Errorf("run %s: %w", t.ID, err)
	}
	if t.spec.ID(now) == t.ID {
		return nil
	}
	for _, files := range []struct{ was, is map[string]string }{{t.Inputs.Data, now.Data}, {t.Inputs.Weights, now.Weights}} {
		for _, name := range slices.Sorted(maps.Keys(files.was)) {
			if files.is[name] != files.was[name] {
				return fmt.Errorf("run %s: %s of %s is not the file that it was trained with (SHA-256 %.12s, now %.12s)", t.ID, name, t.Benchmark, files.was[name], orDash(files.is[name]))
			}
		}
	}
	return fmt.Errorf("run %s: another revision of mmibx trained it; %s and %s may mean something else in this one", t.ID, t.spec.Model.Name, t.spec.TaskOf())
}

// ask has a worker predict, under the threads and on the device of the training
// unless another device is named.
func (a *app) ask(ctx context.Context, t *trained, device string, q mmibx.Inquiry) ([]mmibx.Prediction, error) {
	runner, err := a.newRunner(1, device)
	if err != nil {
		return nil, err
	}
	q.Job = mmibx.Job{
		Run: t.ID, Attempt: t.attempt.Number, Spec: t.spec.Values(), Inputs: t.Inputs, Store: runner.Store, DataDir: runner.Job.DataDir,
		Device: device, Threads: t.attempt.Env.Threads,
	}
	if device == "" {
		q.Device = t.attempt.Env.Device
	}
	q.Step = t.step
	var predictions []mmibx.Prediction
	err = askWorker(ctx, "predict", q, experiments.WorkerEnv(q.Threads), func(line []byte) {
		var p mmibx.Prediction
		if json.Unmarshal(line, &p) == nil && p.ID != "" {
			predictions = append(predictions, p)
		}
	})
	return predictions, err
}
