package stats

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"
)

// The whole check of docs/reference/statistics.md is
//
//	go test ./reports/stats -run TestSize -sizes 2000 -v
var sizes = flag.Int("sizes", 400, "data sets per check of the size of the default test")

// world is a made-up truth: sentences of different difficulty, and systems that
// are equal but for luck. Effects are on the log-odds of finding an entity.
type world struct {
	seeds, units int
	shared       float64 // deviation of what a seed does to both systems
	own          float64 // deviation of what a seed does to one system alone
	gap          float64 // by which A is better
}

func (w world) draw(r *rand.Rand) Pairs {
	var p Pairs
	gold, ease := make([]int, w.units), make([]float64, w.units)
	for u := range gold {
		gold[u], ease[u] = []int{0, 1, 1, 1, 2, 3}[r.IntN(6)], 1.2+1.5*r.NormFloat64()
	}
	for s := range w.seeds {
		p.Seeds = append(p.Seeds, s)
		both := w.shared * r.NormFloat64()
		p.A = append(p.A, system(r, gold, ease, both+w.own*r.NormFloat64()+w.gap))
		p.B = append(p.B, system(r, gold, ease, both+w.own*r.NormFloat64()))
	}
	return p
}

func system(r *rand.Rand, gold []int, ease []float64, skill float64) []Counts {
	out := make([]Counts, len(gold))
	for u, n := range gold {
		found := 1 / (1 + math.Exp(-ease[u]-skill))
		c := Counts{Gold: n}
		for range n {
			if r.Float64() < found {
				c.Correct++
				c.Predicted++
			} else if r.Float64() < 0.5 {
				c.Predicted++ // a wrong type or boundary
			}
		}
		if r.Float64() < 0.15*(1-found) {
			c.Predicted++
		}
		out[u] = c
	}
	return out
}

// TestSize holds the default test to 5 % of false alarms where systems are equal:
// without an effect of the seed, and with one that the pair shares. A seed's
// effect on one system alone is no false alarm of the randomisation, whose null
// hypothesis is about the trained systems; the verdict, which asks for the
// interval over seeds too, must hold 5 % there as well.
func TestSize(t *testing.T) {
	for _, c := range []struct {
		name string
		world
		exact bool // the randomisation must have its size, not only the verdict
	}{
		{"no effect of the seed", world{seeds: 5, units: 150}, true},
		{"the seed moves both alike", world{seeds: 5, units: 150, shared: 0.3}, true},
		{"the seed moves each on its own", world{seeds: 5, units: 150, own: 0.2}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, told := 0, 0
			for i := range *sizes {
				p := c.draw(rand.New(rand.NewPCG(uint64(i), 77)))
				r := Resampling{Draws: 399, Seed: uint64(i)}
				test, err := p.Randomisation(r)
				if err != nil {
					t.Fatal(err)
				}
				if test.P > 0.05 {
					continue
				}
				found++
				e, err := p.Hierarchical(0.95, r)
				if err != nil {
					t.Fatal(err)
				}
				if e.Excludes(0) {
					told++
				}
			}
			n := float64(*sizes)
			t.Logf("%d data sets: randomisation %.2f %%, verdict %.2f %%", *sizes, 100*float64(found)/n, 100*float64(told)/n)
			// Three deviations of a binomial count: p = (1+hits)/(1+draws) makes 5 % exact.
			bound := 3 * math.Sqrt(0.05*0.95/n)
			if share := float64(found) / n; c.exact && math.Abs(share-0.05) > bound {
				t.Errorf("randomisation calls %.1f %% of equal systems different, want 5 ± %.1f", 100*share, 100*bound)
			}
			if share := float64(told) / n; share > 0.05+bound {
				t.Errorf("the verdict tells %.1f %% of equal systems apart, want at most 5 + %.1f", 100*share, 100*bound)
			}
		})
	}
}
