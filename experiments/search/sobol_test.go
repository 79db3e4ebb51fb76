package search

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// The sequence is SciPy's (testdata/sobol.py).
func TestSobolAgreesWithSciPy(t *testing.T) {
	blob, err := os.ReadFile("testdata/sobol.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Index  []uint32
		Points [][]float64
	}
	if err := json.Unmarshal(blob, &fixture); err != nil {
		t.Fatal(err)
	}
	if len(directions()) != MaxDimensions || len(fixture.Index) == 0 {
		t.Fatalf("%d dimensions, %d points", len(directions()), len(fixture.Index))
	}
	for n, i := range fixture.Index {
		for k, want := range fixture.Points[n] {
			if got := float64(sobol(i, k)) / (1 << 32); got != want {
				t.Fatalf("point %d, dimension %d: %v, want %v", i, k, got, want)
			}
		}
	}
}

// Shifted as plain, the first 2^m points have one in each of 2^m equal parts of
// every dimension, which random points have not.
func TestSobolIsEven(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed, d, m := rapid.Uint64().Draw(rt, "seed"), rapid.IntRange(1, MaxDimensions).Draw(rt, "dimensions"), rapid.IntRange(0, 6).Draw(rt, "m")
		parts := make([]map[int]bool, d)
		for k := range parts {
			parts[k] = map[int]bool{}
		}
		for i := range 1 << m {
			for k, x := range sobolPoint(make(Space, d), seed, i, nil) {
				parts[k][int(x*float64(int(1)<<m))] = true
			}
		}
		for k := range parts {
			if len(parts[k]) != 1<<m {
				rt.Fatalf("dimension %d: %d of %d parts have a point", k, len(parts[k]), 1<<m)
			}
		}
	})
}

// Every sampler stays in the cube and gives the same point for the same question.
func TestSamplersRepeatThemselves(t *testing.T) {
	for _, s := range Samplers {
		t.Run(s.Name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				space := Space(rapid.SliceOfN(rapid.SampledFrom([]int{0, 0, 2, 5}), 1, 8).Draw(rt, "space"))
				seed := rapid.Uint64().Draw(rt, "seed")
				var seen []Seen
				for i := range rapid.IntRange(0, 30).Draw(rt, "seen") {
					loss := rapid.OneOf(rapid.Float64Range(-100, 100), rapid.Just(math.Inf(1))).Draw(rt, "loss")
					seen = append(seen, Seen{randomPoint(space, seed+1, i, nil), loss})
				}
				a, b := s.Next(space, seed, len(seen), seen), s.Next(space, seed, len(seen), seen)
				for k := range space {
					if a[k] != b[k] || !(a[k] >= 0 && a[k] < 1) {
						rt.Fatalf("coordinate %d: %v, then %v", k, a[k], b[k])
					}
				}
				if other := s.Next(space, seed+1, len(seen), seen); other[0] == a[0] && space[0] == 0 && len(space) > 1 && other[1] == a[1] {
					rt.Fatalf("the seed changes nothing: %v", a)
				}
			})
		})
	}
}
