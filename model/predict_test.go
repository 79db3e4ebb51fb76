//go:build torch

package model

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// What the weights of a training say is what the training said, also of samples
// without labels and where latents are sampled.
func TestPredictIsWhatTrainingPredicted(t *testing.T) {
	for _, c := range []struct{ benchmark, model, latent string }{
		{"mini-twitter2015", "text", "mean"},
		{"mini-twitter2015", "mmib", "sample"},
		{"mini-mnre", "concat", "mean"},
		{"mini-mnre", "mmib", "mean"},
	} {
		t.Run(c.benchmark+"/"+c.model, func(t *testing.T) {
			spec := defaultSpec(t, c.benchmark, "model", c.model, "train.epochs", 2, "train.batch", 8)
			spec.IB.EvalLatent = c.latent
			data := invented(spec.TaskOf(), 150) // three batches of an evaluation
			dir := t.TempDir()
			result, err := Train(context.Background(), spec, data, Options{Sink: &memory{}, Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
				samples := slices.Clone(data.Samples[split])
				for i := range samples {
					e := *samples[i].Example
					e.Tags, e.Relation = nil, ""
					samples[i].Example = &e
				}
				got, err := Predict(spec, data, filepath.Join(dir, BestWeights), result.Steps, samples)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got, result.Predictions[split]) {
					t.Errorf("the weights say something else of %s than training did", split)
				}
			}
		})
	}
}

func TestPredictRefusesOtherWeights(t *testing.T) {
	spec := defaultSpec(t, "mini-mnre", "model", "text", "train.epochs", 1)
	data := invented(mmibx.MRE, 32)
	dir := t.TempDir()
	if _, err := Train(context.Background(), spec, data, Options{Sink: &memory{}, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	best := filepath.Join(dir, BestWeights)
	fails := func(spec mmibx.Spec, data Data, path, want string) {
		t.Helper()
		if _, err := Predict(spec, data, path, 0, data.Samples[mmibx.Dev]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error that says %q", err, want)
		}
	}
	fails(defaultSpec(t, "mini-mnre"), data, best, "is of another model")
	wider := data
	wider.Vocab++
	fails(spec, wider, best, "has the shape")
	fails(spec, data, filepath.Join(dir, "none"), "no such file")
	if err := os.Truncate(best, 5000); err != nil {
		t.Fatal(err)
	}
	fails(spec, data, best, "best.safetensors")
}
