package search

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// The densities are Optuna's (testdata/tpe.py).
func TestParzenAgreesWithOptuna(t *testing.T) {
	blob, err := os.ReadFile("testdata/tpe.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Cases []struct {
			Space       Space
			Seen, Asked [][]float64
			LogDensity  []float64 `json:"log_density"`
		}
	}
	if err := json.Unmarshal(blob, &fixture); err != nil {
		t.Fatal(err)
	}
	if len(fixture.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range fixture.Cases {
		var seen []Seen
		for _, at := range c.Seen {
			seen = append(seen, Seen{At: at})
		}
		p := newParzen(c.Space, seen)
		for i, x := range c.Asked {
			if got, want := p.logDensity(x), c.LogDensity[i]; math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
				t.Errorf("space %v, %d points: log density %v at %v, want %v", c.Space, len(seen), got, x, want)
			}
		}
	}
}

// Drawn points follow the density: as many as it says lie below a half.
func TestDrawsFollowTheDensity(t *testing.T) {
	p := newParzen(Space{0, 3}, []Seen{{At: []float64{0.1, 0.5}}, {At: []float64{0.25, 0.5}}})
	const n = 20_000
	below, middle := 0, 0
	random := draws(1, 1)
	for range n {
		x := p.draw(random)
		if x[0] < 0.5 {
			below++
		}
		if choice(x[1], 3) == 1 {
			middle++
		}
	}
	mass := 0.0 // by the trapezoidal rule over both dimensions
	const steps = 1000
	for i := range steps {
		for c := range 3 {
			mass += math.Exp(p.logDensity([]float64{(float64(i) + 0.5) / (2 * steps), (float64(c) + 0.5) / 3})) / (2 * steps)
		}
	}
	if got := float64(below) / n; math.Abs(got-mass) > 4*math.Sqrt(mass*(1-mass)/n) {
		t.Errorf("%v of the points lie below a half, the density says %v", got, mass)
	}
	// Each of both kernels gives the middle (1/3 + 1) / (1 + 1) of its weight, the wide one a third.
	if got, want := float64(middle)/n, (2*(4.0/3)/2+1.0/3)/3; math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/n) {
		t.Errorf("%v of the points have the second choice, want %v", got, want)
	}
}

// TPE comes nearer to the best of a bowl with a category than random points do.
func TestTPEBeatsRandomPoints(t *testing.T) {
	space := Space{0, 0, 3}
	loss := func(x []float64) float64 {
		l := (x[0]-0.7)*(x[0]-0.7) + (x[1]-0.2)*(x[1]-0.2)
		if choice(x[2], 3) != 1 {
			l += 0.2
		}
		return l
	}
	least := func(s Sampler, seed uint64) float64 {
		var seen []Seen
		for i := range 50 {
			x := s.Next(space, seed, i, seen)
			seen = append(seen, Seen{x, loss(x)})
		}
		return slices.MinFunc(seen, func(a, b Seen) int { return int(math.Copysign(1, a.Loss-b.Loss)) }).Loss
	}
	tpe, _ := Lookup("tpe")
	random, _ := Lookup("random")
	wins, sums := 0, [2]float64{}
	for seed := range uint64(40) {
		a, b := least(tpe, seed), least(random, seed)
		if a < b {
			wins++
		}
		sums[0], sums[1] = sums[0]+a/40, sums[1]+b/40
	}
	if wins < 30 || sums[0] > sums[1]/2 { // 30 of 40: p = 0.001 for a coin
		t.Errorf("TPE wins %d of 40, mean loss %v against %v", wins, sums[0], sums[1])
	}
}
