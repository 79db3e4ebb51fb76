package model

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// What a random number is for. Every draw comes from hash(seed, purpose, step),
// so a resumed run needs no generator's state and no two purposes share numbers.
const (
	forStart     = 1 // starting values of parameters
	forOrder     = 2 // order of the examples of an epoch
	forStep      = 3 // dropout and noise of a training step
	forEvaluate  = 4 // noise of an evaluation with sampled latents
	forDiagnosis = 5 // fixed examples of the diagnostics
	forPlane     = 6 // latents drawn for the information plane
	forGradients = 7 // dropout and noise under which gradients are measured
)

// hash mixes its arguments by the finaliser of splitmix64.
func hash(parts ...uint64) uint64 {
	h := uint64(0)
	for _, p := range parts {
		h += p + 0x9e3779b97f4a7c15
		h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
		h = (h ^ h>>27) * 0x94d049bb133111eb
		h ^= h >> 31
	}
	return h
}

// poolBatches is how many batches are sorted by length together.
const poolBatches = 16

// epochBatches lists the examples of each step of an epoch. Every batch has the
// same number of examples, since the alignment loss takes its negatives from the
// batch: the last one is filled up from the beginning of the order. Within pools
// of a few batches the examples are sorted by length, to pad less; then the
// batches are shuffled. The order depends on seed, epoch and lengths only, so all
// arms of a benchmark share it.
func epochBatches(lengths []int, size int, seed uint64, epoch int) [][]int {
	n := len(lengths)
	r := rand.New(rand.NewPCG(hash(seed, forOrder, uint64(epoch)), 0))
	order := r.Perm(n)
	for i := 0; len(order)%size != 0; i++ {
		order = append(order, order[i%n])
	}
	for pool := range slices.Chunk(order, size*poolBatches) {
		slices.SortStableFunc(pool, func(a, b int) int { return cmp.Compare(lengths[a], lengths[b]) })
	}
	batches := slices.Collect(slices.Chunk(order, size))
	r.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	return batches
}

// evaluationBatches lists all examples once, sorted by length.
func evaluationBatches(lengths []int, size int) [][]int {
	order := make([]int, len(lengths))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lengths[a], lengths[b]) })
	return slices.Collect(slices.Chunk(order, size))
}

// heldBack is the share of the betas that a linear warm-up keeps back at a step,
// counted from 0: all of them at the first step, nothing from step warmup on
// (Bowman et al. 2016; Sønderby et al. 2016).
func heldBack(step, warmup int64) float64 {
	if step >= warmup {
		return 0
	}
	return 1 - float64(step)/float64(warmup)
}

// factor is the learning rate's share of its peak at a step, counted from 0: a
// linear rise over the warm-up steps, then a linear fall to 0 at total, as
// get_linear_schedule_with_warmup of transformers has it.
func factor(step, warmup, total int64) float64 {
	if step < warmup {
		return float64(step) / float64(max(1, warmup))
	}
	return max(0, float64(total-step)/float64(max(1, total-warmup)))
}
