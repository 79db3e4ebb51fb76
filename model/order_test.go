package model

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestEpochBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lengths := rapid.SliceOfN(rapid.IntRange(3, 60), 1, 400).Draw(t, "lengths")
		size := rapid.IntRange(1, 40).Draw(t, "size")
		seed, epoch := rapid.Uint64().Draw(t, "seed"), rapid.IntRange(0, 5).Draw(t, "epoch")
		batches := epochBatches(lengths, size, seed, epoch)
		if want := (len(lengths) + size - 1) / size; len(batches) != want {
			t.Fatalf("%d batches of %d for %d examples, want %d", len(batches), size, len(lengths), want)
		}
		seen := make([]int, len(lengths))
		for _, b := range batches {
			if len(b) != size {
				t.Fatalf("a batch of %d, want %d", len(b), size)
			}
			for _, i := range b {
				seen[i]++
			}
		}
		extra := len(batches)*size - len(lengths)
		for i, n := range seen {
			if n == 0 {
				t.Fatalf("example %d is in no batch", i)
			}
			extra -= n - 1
		}
		if extra != 0 {
			t.Fatalf("the repeated examples do not add up: %d", extra)
		}
		again := epochBatches(lengths, size, seed, epoch)
		if !slices.EqualFunc(batches, again, slices.Equal) {
			t.Fatal("the same seed and epoch gave another order")
		}
	})
}

func TestEpochsDiffer(t *testing.T) {
	lengths := make([]int, 100)
	a, b, c := epochBatches(lengths, 10, 1, 0), epochBatches(lengths, 10, 1, 1), epochBatches(lengths, 10, 2, 0)
	if slices.EqualFunc(a, b, slices.Equal) || slices.EqualFunc(a, c, slices.Equal) {
		t.Error("another epoch or seed gave the same order")
	}
}

// Sorting within pools must pad less than the plain order does.
func TestBatchesAreBucketed(t *testing.T) {
	lengths := make([]int, 960)
	for i := range lengths {
		lengths[i] = 5 + i*7919%50
	}
	padded := 0
	for _, b := range epochBatches(lengths, 16, 3, 0) {
		longest := 0
		for _, i := range b {
			longest = max(longest, lengths[i])
		}
		for _, i := range b {
			padded += longest - lengths[i]
		}
	}
	total := 0
	for _, l := range lengths {
		total += l
	}
	if share := float64(padded) / float64(total); share > 0.1 {
		t.Errorf("padding is %.0f %% of the pieces", 100*share)
	}
}

// The values are those of transformers' get_linear_schedule_with_warmup for 4
// warm-up steps of 20.
func TestFactor(t *testing.T) {
	for step, want := range map[int64]float64{0: 0, 1: 0.25, 3: 0.75, 4: 1, 5: 0.9375, 12: 0.5, 19: 0.0625, 20: 0} {
		if got := factor(step, 4, 20); got != want {
			t.Errorf("factor(%d) = %g, want %g", step, got, want)
		}
	}
	if got := factor(0, 0, 10); got != 1 {
		t.Errorf("without warm-up the first factor is %g", got)
	}
}

// The betas rise linearly from 0 and are whole from the end of the warm-up on.
func TestHeldBack(t *testing.T) {
	for step, want := range map[int64]float64{0: 1, 1: 0.75, 3: 0.25, 4: 0, 100: 0} {
		if got := heldBack(step, 4); got != want {
			t.Errorf("heldBack(%d) = %g, want %g", step, got, want)
		}
	}
	if got := heldBack(0, 0); got != 0 {
		t.Errorf("without a warm-up %g is held back", got)
	}
}
