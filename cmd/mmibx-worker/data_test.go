//go:build torch

package main

import (
	"context"
	"errors"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
)

// A run reads the files that its id names, or none.
func TestDataChangedSinceThePlan(t *testing.T) {
	spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "text"})
	if err != nil {
		t.Fatal(err)
	}
	digests, err := datasets.MiniDigests(spec.Benchmark)
	if err != nil {
		t.Fatal(err)
	}
	var l library
	job := mmibx.Job{Inputs: mmibx.Inputs{Data: digests}}
	if _, err := l.data(context.Background(), &job, &spec, nil); err != nil {
		t.Fatal(err)
	}
	for name := range digests {
		digests[name] = "0000"
		break
	}
	var fault *mmibx.InputError
	if _, err := l.data(context.Background(), &job, &spec, nil); !errors.As(err, &fault) {
		t.Errorf("data that are not those of the plan: %v", err)
	}
}
