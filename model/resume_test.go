//go:build torch

package model

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/model/torch"
)

// endsAfter is a context that ends when it has been asked n times: once a step. A
// killed one takes the training with it, which then writes nothing more.
type endsAfter struct {
	context.Context
	left   int
	killed bool
}

func (c *endsAfter) Err() error {
	if c.left--; c.left >= 0 {
		return nil
	}
	if c.killed {
		panic(&torch.Error{Op: "killed"})
	}
	return context.Canceled
}

// end is how an attempt ends before its time.
type end struct {
	after  int // steps of the attempt
	killed bool
}

// A run that is interrupted or killed and resumed, at any step, ends with the bits
// of one that was not: points, predictions and chosen weights.
func TestResumeIsBitIdentical(t *testing.T) {
	defer torch.Init(1, *device) //nolint:errcheck // as TestMain had it
	steps := needs.Random(t)
	for threads := 1; threads <= 2; threads++ {
		if _, err := torch.Init(threads, *device); err != nil {
			t.Fatal(err)
		}
		for _, benchmark := range []string{"mini-twitter2015", "mini-mnre"}[threads-1:] { // MRE alone with two threads
			for _, precision := range []string{"float32", "bfloat16"} {
				t.Run(fmt.Sprintf("%s/%s/%d threads", benchmark, precision, threads), func(t *testing.T) {
					name, examples, list := "mmib", 60, endings(steps, 24) // 8 steps an epoch
					if *device == "lazy" {                                 // which is slow
						name, examples, list = "concat", 16, [][]end{{{after: 3}}}
					}
					spec := defaultSpec(t, benchmark, "model", name, "train.epochs", 3, "train.batch", 8, "train.precision", precision)
					if spec.Model.Dropout == 0 {
						t.Fatal("no dropout: nothing is drawn that a resume could get wrong")
					}
					data := invented(spec.TaskOf(), examples)
					whole := run(t, spec, data)
					for _, ends := range list {
						if broken := run(t, spec, data, ends...); !reflect.DeepEqual(broken, whole) {
							t.Errorf("ended by %+v the run ends differently", ends)
						}
					}
				})
			}
		}
	}
}

// endings draws ten steps, stops at half of them and kills at the others, and adds
// the steps round the end of an epoch and a run that ends twice.
func endings(steps *rand.Rand, total int) [][]end {
	list := [][]end{{{after: 7}}, {{after: 8}}, {{after: 8, killed: true}}, {{after: 5}, {after: 6, killed: true}}}
	for i := range 10 {
		list = append(list, []end{{after: steps.IntN(total), killed: i%2 == 0}})
	}
	return list
}

// ending is what a run leaves.
type ending struct {
	points []mmibx.Point
	result Result
	best   []byte
}

// run trains to the end, through attempts that ended before their time.
func run(t *testing.T, spec mmibx.Spec, data Data, ends ...end) ending {
	t.Helper()
	dir := t.TempDir()
	sink := &memory{}
	o := Options{Sink: sink, Dir: dir, Machine: "test"} // a checkpoint after each epoch
	for _, e := range ends {
		_, err := Train(&endsAfter{context.Background(), e.after, e.killed}, spec, data, o)
		var killed *torch.Error
		if !errors.Is(err, mmibx.ErrInterrupted) && !(e.killed && errors.As(err, &killed) && killed.Op == "killed") {
			t.Fatalf("attempt that was to end by %+v: %v", e, err)
		}
		o.Resume, err = ReadCheckpoint(filepath.Join(dir, LastCheckpoint))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		sink.keep(o.Resume)
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

// keep drops what an attempt logged after the checkpoint that the next one goes on
// from, as readers of journals do.
func (m *memory) keep(c *Checkpoint) {
	m.points = slices.DeleteFunc(m.points, func(p mmibx.Point) bool { return c == nil || p.Step > c.Step })
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
	if _, err := Train(&endsAfter{Context: context.Background()}, spec, data, o); !errors.Is(err, mmibx.ErrInterrupted) {
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
