package stats

import (
	"errors"
	"fmt"
	"slices"
)

// Hierarchical is the bootstrap interval of the difference of mean F1 over seeds,
// then units: each draw takes seeds with replacement, a pair at a time, and then
// one sample of units that all of them are scored on, because every seed was
// tested on the same sentences. One seed less than there are is drawn, which
// makes the variance between seeds unbiased (Rao and Wu 1988): plain resampling
// of five seeds would lose a fifth of it.
//
// With one seed only the units are drawn, and a warning says so.
func (p *Pairs) Hierarchical(level float64, r Resampling) (Estimate, error) {
	if err := p.Check(); err != nil {
		return Estimate{}, err
	}
	if err := errors.Join(r.check(), checkLevel(level)); err != nil {
		return Estimate{}, err
	}
	seeds, units := len(p.Seeds), p.Units()
	e := newEstimate(p.Difference(), level, seeds, "hierarchical bootstrap over seeds and sentences")
	if seeds == 1 {
		e.Warnings = []Warning{"n = 1: the interval holds what other sentences would bring, not what other seeds would"}
		e.Method = "bootstrap over sentences"
	}
	draw := r.stream(streamHierarchy)
	boot, often := make([]float64, r.Draws), make([]int, units)
	times := make([]int, seeds)
	for i := range boot {
		clear(times)
		for range max(1, seeds-1) {
			times[draw.IntN(seeds)]++
		}
		clear(often)
		for range units {
			often[draw.IntN(units)]++
		}
		for s, n := range times {
			if n > 0 {
				boot[i] += float64(n) * (weighted(p.A[s], often).F1() - weighted(p.B[s], often).F1())
			}
		}
		boot[i] /= float64(max(1, seeds-1))
	}
	slices.Sort(boot)
	e.Low, e.High = quantile(boot, (1-level)/2), quantile(boot, (1+level)/2)
	return e, nil
}

func weighted(units []Counts, often []int) Counts {
	var all Counts
	for u, n := range often {
		c := &units[u]
		all.Correct += n * c.Correct
		all.Predicted += n * c.Predicted
		all.Gold += n * c.Gold
	}
	return all
}

// Components says where the variance of a difference comes from, in squared
// points: per seed, per unit, and per unit of one seed. A difference of S seeds
// and U units varies by Seed/S + Unit/U + Residual/(SU).
type Components struct {
	Seed, Unit, Residual float64
	Seeds, Units         int // of the pilot
	Warnings             []Warning
}

// Components estimates them from the mean squares of the two-way layout of seeds
// and units, on F1 made linear: a unit's part in the difference is its influence
// on F1, 2(2·correct - F1·(predicted+gold))/(predicted+gold of all). Estimates
// below zero are zero. With one seed nothing is known of seeds: a warning says
// so, Seed is zero and Residual stays within Unit.
func (p *Pairs) Components() (Components, error) {
	if err := p.Check(); err != nil {
		return Components{}, err
	}
	s, u := float64(len(p.Seeds)), float64(p.Units())
	if u < 2 {
		return Components{}, fmt.Errorf("%w: one sentence has no variance", ErrValues)
	}
	perSeed, perUnit, all, grand := make([]float64, len(p.Seeds)), make([]float64, p.Units()), make([][]float64, len(p.Seeds)), 0.0
	for i := range p.Seeds {
		all[i] = influence(p.A[i])
		for j, v := range influence(p.B[i]) {
			all[i][j] -= v
			perSeed[i] += all[i][j] / u
			perUnit[j] += all[i][j] / s
			grand += all[i][j] / (s * u)
		}
	}
	c := Components{Seeds: len(p.Seeds), Units: p.Units(), Warnings: warnFew(len(p.Seeds))}
	meanUnit := s * sumSquares(perUnit, grand) / (u - 1)
	if len(p.Seeds) == 1 {
		c.Unit, c.Warnings = meanUnit, []Warning{"n = 1: how much seeds vary is unknown and taken for nothing"}
		return c, nil
	}
	meanSeed, residual := u*sumSquares(perSeed, grand)/(s-1), 0.0
	for i := range all {
		for j, v := range all[i] {
			d := v - perSeed[i] - perUnit[j] + grand
			residual += d * d / ((s - 1) * (u - 1))
		}
	}
	c.Seed, c.Unit, c.Residual = max(0, (meanSeed-residual)/u), max(0, (meanUnit-residual)/s), residual
	return c, nil
}

// influence is each unit's part in F1, in points; the parts have F1 as their mean.
func influence(units []Counts) []float64 {
	total := sumCounts(units)
	f1, parts := total.F1(), make([]float64, len(units))
	size := float64(total.Predicted + total.Gold)
	for i, c := range units {
		parts[i] = f1
		if size > 0 {
			parts[i] += float64(len(units)) * (200*float64(c.Correct) - f1*float64(c.Predicted+c.Gold)) / size
		}
	}
	return parts
}
