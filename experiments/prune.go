package experiments

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Pruner ends runs early that do badly beside others of their arm on their benchmark.
type Pruner struct {
	Name string `json:"name"` // of pruners
	// After is the first epoch after which a run may be ended.
	After int `json:"after"`
	// Runs is how many others must be done before the median counts.
	Runs int `json:"runs,omitempty"`
	// Factor of asha: of this many runs one goes on, and to this many times the epochs.
	Factor int `json:"factor,omitempty"`

	minimize bool // for people: what is more in worth is less of the objective
}

// pruners are the kinds, each with its usual settings.
var pruners = []Pruner{
	{Name: "median", After: 1, Runs: 5},
	{Name: "asha", After: 1, Factor: 3},
}

// peer is another run beside which one is judged: the objective after each of its
// epochs so far, more being better.
type peer struct {
	values []float64
	done   bool
}

// verdict says why a run is to end after its latest epoch; "" where it goes on. Own
// are its values after each epoch, more being better.
func (p *Pruner) verdict(own []float64, peers []peer) string {
	epoch := len(own)
	if epoch < p.After {
		return ""
	}
	if p.Name == "asha" {
		return p.asha(own, peers)
	}
	return p.median(own, peers)
}

// median ends a run whose best so far is below the median of what the done ones were
// worth at this epoch: Optuna's MedianPruner. Golovin et al. (2017) take the median of
// running averages instead.
func (p *Pruner) median(own []float64, peers []peer) string {
	epoch, done := len(own), 0
	var others []float64
	for _, o := range peers {
		if !o.done {
			continue
		}
		done++
		if len(o.values) >= epoch && !math.IsNaN(o.values[epoch-1]) {
			others = append(others, o.values[epoch-1])
		}
	}
	best := math.Inf(-1)
	for _, v := range own {
		if v > best { // NaN is not
			best = v
		}
	}
	if done < p.Runs || len(others) == 0 {
		return ""
	}
	slices.Sort(others)
	n := len(others)
	if middle := (others[(n-1)/2] + others[n/2]) / 2; best < middle {
		return fmt.Sprintf("after epoch %d its best is %.4g, the median of %d others %.4g", epoch, p.show(best), n, p.show(middle))
	}
	return ""
}

// asha ends, at epochs that grow by the factor, a run that is not among the best
// one in factor of those that came as far: asynchronous successive halving (Li et
// al. 2020). The first to come there goes on.
func (p *Pruner) asha(own []float64, peers []peer) string {
	epoch, rung := len(own), p.After
	for rung < epoch {
		rung *= p.Factor
	}
	if rung != epoch {
		return ""
	}
	value := own[epoch-1]
	if math.IsNaN(value) {
		return fmt.Sprintf("after epoch %d its value is NaN", epoch)
	}
	others := []float64{value}
	for _, o := range peers {
		if len(o.values) >= epoch && !math.IsNaN(o.values[epoch-1]) {
			others = append(others, o.values[epoch-1])
		}
	}
	slices.SortFunc(others, func(a, b float64) int { return cmp.Compare(b, a) })
	if least := others[max(len(others)/p.Factor, 1)-1]; value < least {
		return fmt.Sprintf("after epoch %d it is worth %.4g, the best one in %d of %d at least %.4g", epoch, p.show(value), p.Factor, len(others), p.show(least))
	}
	return ""
}

// show is a worth as the value that it is.
func (p *Pruner) show(worth float64) float64 {
	if p.minimize {
		return -worth
	}
	return worth
}
