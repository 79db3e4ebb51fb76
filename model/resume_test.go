//go:build torch

package model

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/mmibx/mmibx"
)

// stopsAfter is a context that ends when it has been asked n times: once a step.
type stopsAfter struct {
	context.Context
	left int
}

func (c *stopsAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// A run that is interrupted and resumed, at any step, ends with the bits of one
// that was not: points, predictions and chosen weights.
func TestResumeIsBitIdentical(t *testing.T) {
	for _, benchmark := range []string{"mini-twitter2015", "mini-mnre"} {
		for _, precision := range []string{"float32", "bfloat16"} {
			t.Run(benchmark+"/"+precision, func(t *testing.T) {
				spec := defaultSpec(t, benchmark, "train.epochs", 3, "train.batch", 8, "train.precision", precision)
				data := invented(spec.TaskOf(), 60) // 8 steps an epoch
				whole := run(t, spec, data)
				for _, at := range []int{0, 1, 7, 8, 9, 16, 23} {
					broken := run(t, spec, data, at)
					if !reflect.DeepEqual(broken, whole) {
						t.Errorf("interrupted before step %d the run ends differently", at+1)
					}
				}
				if twice := run(t, spec, data, 5, 6); !reflect.DeepEqual(twice, whole) {
					t.Error("interrupted twice the run ends differently")
				}
			})
		}
	}
}

// ending is what a run leaves.
type ending struct {
	points []mmibx.Point
	result Result
	best   []byte
}

// run trains to the end, through an interruption after each of the given numbers
// of steps.
func run(t *testing.T, spec mmibx.Spec, data Data, interruptions ...int) ending {
	t.Helper()
	dir := t.TempDir()
	sink := &memory{}
	o := Options{Sink: sink, Dir: dir, Machine: "test", Every: 1 << 40}
	for _, steps := range interruptions {
		_, err := Train(&stopsAfter{context.Background(), steps}, spec, data, o)
		if !errors.Is(err, mmibx.ErrInterrupted) {
			t.Fatalf("interrupted run: %v", err)
		}
		o.Resume, err = ReadCheckpoint(filepath.Join(dir, LastCheckpoint))
		if err != nil {
			t.Fatal(err)
		}
	}
	result, err := Train(context.Background(), spec, data, o)
	if err != nil {
		t.Fatal(err)
	}
	best, err := os.ReadFile(filepath.Join(dir, BestWeights))
	if err != nil {
		t.Fatal(err)
	}
	return ending{sink.points, result, best}
}

// Seeds, and nothing else, tell two runs apart; what ran before does not.
func TestRunsAreReproducible(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "train.epochs", 2, "train.batch", 8)
	data := invented(mmibx.MNER, 40)
	a := run(t, spec, data)
	other := spec
	other.Seed = 1
	b := run(t, other, data)
	if again := run(t, spec, data); !reflect.DeepEqual(a, again) {
		t.Error("a run depends on what the process ran before")
	}
	if bytes.Equal(a.best, b.best) {
		t.Error("another seed gave the same weights")
	}
}

func TestRestoreRefusesAnotherModel(t *testing.T) {
	spec := defaultSpec(t, "mini-mnre", "train.epochs", 1)
	data := invented(mmibx.MRE, 32)
	dir := t.TempDir()
	o := Options{Sink: &memory{}, Dir: dir}
	if _, err := Train(&stopsAfter{context.Background(), 0}, spec, data, o); !errors.Is(err, mmibx.ErrInterrupted) {
		t.Fatal(err)
	}
	c, err := ReadCheckpoint(filepath.Join(dir, LastCheckpoint))
	if err != nil {
		t.Fatal(err)
	}
	o.Resume = c
	if _, err := Train(context.Background(), defaultSpec(t, "mini-mnre", "model", "text"), data, o); err == nil {
		t.Error("a checkpoint of MMIB was taken for one of the text-only model")
	}
	if _, err := ReadCheckpoint(filepath.Join(dir, BestWeights)); err == nil {
		t.Error("a file that is not there was read")
	}
}
