// Package search chooses points of the unit cube, one after another: at random,
// evenly (Sobol), or where finished points were good (TPE). A point follows from
// the seed, its number and what is known of others, so that a search can be gone on
// with from any moment that was kept. The package knows nothing of specs.
package search

import (
	"math/rand/v2"
	"slices"
)

// Space is what a sampler must know of the cube: how many choices each dimension
// has, 0 where it is continuous. A dimension with n choices is divided into n equal
// parts.
type Space []int

// Seen is a finished point.
type Seen struct {
	At   []float64 // in [0, 1)
	Loss float64   // less is better; +Inf for a point that failed
}

// Sampler is a way to choose points.
type Sampler struct {
	Name string
	Doc  string
	// Adaptive samplers learn from what was seen; others give the same points whatever it was.
	Adaptive bool
	// Next is the point with number i, from 0, each coordinate in [0, 1).
	Next func(s Space, seed uint64, i int, seen []Seen) []float64
}

// Samplers lists what there is.
var Samplers = []Sampler{
	{Name: "random", Doc: "uniformly at random", Next: randomPoint},
	{Name: "sobol", Doc: "evenly, by a Sobol sequence with a random digital shift", Next: sobolPoint},
	{Name: "tpe", Doc: "where finished points were good (tree-structured Parzen estimator); the first are those of sobol", Adaptive: true, Next: tpePoint},
}

// Lookup finds a sampler by name.
func Lookup(name string) (Sampler, bool) {
	i := slices.IndexFunc(Samplers, func(s Sampler) bool { return s.Name == name })
	if i < 0 {
		return Sampler{}, false
	}
	return Samplers[i], true
}

// draws are the random numbers of the point with number i.
func draws(seed uint64, i int) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(i))) }

func randomPoint(s Space, seed uint64, i int, _ []Seen) []float64 {
	point, random := make([]float64, len(s)), draws(seed, i)
	for k := range point {
		point[k] = random.Float64()
	}
	return point
}
