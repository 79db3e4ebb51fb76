package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
	"github.com/mmibx/mmibx/weights"
)

// plannedStore is a store with all runs of a sweep file, which has miniature
// benchmarks only. fill writes what a run logged, the last of the plan among them,
// and says how it ended.
func plannedStore(t testing.TB, file string, fill func(store mmibx.Store, w *journal.Writer, place int, c *experiments.Cell) mmibx.State) mmibx.Store {
	t.Helper()
	store := mmibx.Store(t.TempDir())
	sweep, err := experiments.Parse("sweep.toml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := sweep.Plan(func(s mmibx.Spec) (mmibx.Inputs, error) {
		set, err := datasets.Mini(s.Benchmark)
		if err != nil {
			return mmibx.Inputs{}, err
		}
		return mmibx.Inputs{Data: set.Digests}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Save(store); err != nil {
		t.Fatal(err)
	}
	for i := range plan.Cells {
		c := &plan.Cells[i]
		w, err := journal.Create(store.Journal(c.Run, 1), journal.Header{
			Run: c.Run, Arm: c.Arm, Attempt: 1, Spec: c.Spec.Values(), Inputs: plan.Inputs[c.Input], Sweep: plan.Sweep, Started: time.Now(),
			Env: journal.Environment{PyTorch: "2.11.0", Commit: "c0ffee"},
		})
		if err != nil {
			t.Fatal(err)
		}
		trailer := journal.Trailer{State: fill(store, w, i, c), Finished: time.Now()}
		if trailer.State == mmibx.Diverged {
			trailer.Class = mmibx.FailDiverged
		}
		if err := w.Close(trailer); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// gold are the right answers to a split of a miniature benchmark of relations.
func gold(t *testing.T, benchmark string, split mmibx.Split) []mmibx.Prediction {
	t.Helper()
	set, err := datasets.Mini(benchmark)
	if err != nil {
		t.Fatal(err)
	}
	var list []mmibx.Prediction
	for _, e := range set.Examples[split] {
		list = append(list, mmibx.Prediction{ID: e.ID, Relation: e.Relation})
	}
	return list
}

func logged(t testing.TB, w *journal.Writer, step int64, devF1 float64) {
	t.Helper()
	if err := w.Log(step, mmibx.Metric{Name: mmibx.DevF1, Value: devF1}); err != nil {
		t.Fatal(err)
	}
}

// predicted keeps predictions of a split as a worker does.
func predicted(t *testing.T, store mmibx.Store, w *journal.Writer, split mmibx.Split, list []mmibx.Prediction) {
	t.Helper()
	var lines bytes.Buffer
	if err := scoring.WritePredictions(&lines, list); err != nil {
		t.Fatal(err)
	}
	sha, size, err := tracker.PutObject(store, &lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Artifact(journal.Artifact{Name: "predictions." + string(split), SHA256: sha, Size: size, Step: 1}); err != nil {
		t.Fatal(err)
	}
}

// coded puts codes of four pairs into the store, as a worker keeps them.
func coded(t testing.TB, store mmibx.Store, w *journal.Writer, seed int) {
	t.Helper()
	var tensors []weights.Named
	for i, name := range []string{"start.text", "start.image", "best.text", "best.image"} {
		values := []float32{1, 2, 3, 2, 1, 3, 3, 2, 1, 1, 3, 2}
		for k := range values {
			values[k] *= float32(1 + (i+k+seed)%3)
		}
		tensors = append(tensors, weights.Named{Name: name, Tensor: weights.FromFloats([]int64{4, 3}, values)})
	}
	var file bytes.Buffer
	if err := weights.Write(&file, tensors, nil); err != nil {
		t.Fatal(err)
	}
	sha, size, err := tracker.PutObject(store, &file)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Artifact(journal.Artifact{Name: mmibx.CodesOfDev, SHA256: sha, Size: size, Step: 1}); err != nil {
		t.Fatal(err)
	}
}
