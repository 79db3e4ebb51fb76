package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// paths calls fn with every sequence of steps tags below k.
func paths(steps, k int, fn func([]int)) {
	path := make([]int, steps)
	for {
		fn(path)
		at := steps - 1
		for at >= 0 && path[at] == k-1 {
			path[at] = 0
			at--
		}
		if at < 0 {
			return
		}
		path[at]++
	}
}

// scoreOf adds up what a path scores, straight from the definition of a
// linear-chain CRF.
func scoreOf(t *transitions, emissions []float32, path []int) float64 {
	k := len(t.start)
	score := float64(t.start[path[0]]) + float64(t.end[path[len(path)-1]])
	for w, tag := range path {
		score += float64(emissions[w*k+tag])
		if w > 0 {
			score += float64(t.pair[path[w-1]*k+tag])
		}
	}
	return score
}

func randomFloats(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func TestViterbiAgainstAllPaths(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		k, steps := 1+r.IntN(4), 1+r.IntN(5)
		scores := &transitions{start: randomFloats(r, k), end: randomFloats(r, k), pair: randomFloats(r, k*k)}
		emissions := randomFloats(r, steps*k)
		best, want := math.Inf(-1), []int(nil)
		paths(steps, k, func(p []int) {
			if s := scoreOf(scores, emissions, p); s > best {
				best, want = s, slices.Clone(p)
			}
		})
		got, score := scores.viterbi(emissions)
		if !slices.Equal(got, want) || math.Abs(score-best) > 1e-9 {
			t.Fatalf("viterbi = %v (%g), best of all paths %v (%g)", got, score, want, best)
		}
	}
}
