package stats

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Target is a difference that somebody wants to be able to show.
type Target struct {
	Difference float64 // in points of F1
	Alpha      float64 // two-sided, 0.05
	Power      float64 // 0.8
}

// DefaultTarget is one point of F1 at 5 % with a power of 80 %.
var DefaultTarget = Target{Difference: 1, Alpha: 0.05, Power: 0.8}

func (t Target) check() error {
	if !(t.Difference > 0) || math.IsInf(t.Difference, 0) || !(t.Alpha > 0 && t.Alpha < 1) || !(t.Power > t.Alpha && t.Power < 1) {
		return fmt.Errorf("%w: a difference of %v at alpha %v with power %v", ErrValues, t.Difference, t.Alpha, t.Power)
	}
	return nil
}

// PairedTPower is the power of the two-sided paired t test over n seeds to find a
// mean difference, given the deviation of differences.
func PairedTPower(difference, sd float64, n int, alpha float64) (float64, error) {
	if err := (Target{math.Abs(difference), alpha, (1 + alpha) / 2}).check(); err != nil {
		return 0, err
	}
	if n < 2 || !(sd > 0) {
		return 0, fmt.Errorf("%w: %d pairs with deviation %v", ErrValues, n, sd)
	}
	return tPower(math.Abs(difference)/sd*math.Sqrt(float64(n)), float64(n-1), alpha), nil
}

// tPower is the chance that |t| is beyond its critical value.
func tPower(noncentrality, df, alpha float64) float64 {
	critical := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(1 - alpha/2)
	return 1 - noncentralT(critical, df, noncentrality) + noncentralT(-critical, df, noncentrality)
}

// maxNeeded ends the search for a number of seeds or a factor of sentences: what
// needs more is out of reach.
const maxNeeded = 10000

// SeedsNeeded is the smallest number of pairs of seeds with which the paired t
// test has the target's power, 0 where not even ten thousand would do.
func SeedsNeeded(sd float64, t Target) (int, error) {
	if err := t.check(); err != nil {
		return 0, err
	}
	if !(sd > 0) {
		return 0, fmt.Errorf("%w: deviation %v", ErrValues, sd)
	}
	return smallest(2, func(n int) bool {
		return tPower(t.Difference/sd*math.Sqrt(float64(n)), float64(n-1), t.Alpha) >= t.Power
	}), nil
}

// smallest finds the least n from which a growing condition holds; 0 for none.
func smallest(from int, holds func(int) bool) int {
	low, high := from, from
	for !holds(high) {
		if high >= maxNeeded {
			return 0
		}
		low, high = high+1, min(2*high, maxNeeded)
	}
	for low < high {
		if middle := (low + high) / 2; holds(middle) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return high
}

// Error is the standard error of a difference over so many seeds and units, in
// points.
func (c *Components) Error(seeds, units int) float64 {
	s, u := float64(seeds), float64(units)
	return math.Sqrt(c.Seed/s + c.Unit/u + c.Residual/(s*u))
}

// Power is the chance that a difference is found by a test that takes seeds and
// sentences for samples, as studies of several readers and cases do (Hillis
// 2007): few seeds cost power only in so far as seeds are what varies.
func (c *Components) Power(difference, alpha float64, seeds, units int) (float64, error) {
	if err := (Target{math.Abs(difference), alpha, (1 + alpha) / 2}).check(); err != nil {
		return 0, err
	}
	if seeds < 1 || units < 2 {
		return 0, fmt.Errorf("%w: %d seeds and %d sentences", ErrValues, seeds, units)
	}
	return c.power(math.Abs(difference), alpha, seeds, units), nil
}

func (c *Components) power(difference, alpha float64, seeds, units int) float64 {
	err := c.Error(seeds, units)
	if err == 0 {
		return 1
	}
	return tPower(difference/err, c.df(seeds, units), alpha)
}

// SeedsFor is the number of seeds that the target needs on so many units; 0 where
// no number of seeds is enough, because the sentences are too few.
func (c *Components) SeedsFor(t Target, units int) (int, error) {
	if err := errors.Join(t.check(), c.check()); err != nil {
		return 0, err
	}
	least := 1
	if c.Seeds > 1 {
		least = 2
	}
	return smallest(least, func(n int) bool { return c.power(t.Difference, t.Alpha, n, units) >= t.Power }), nil
}

// UnitsFor is the number of units that the target needs with so many seeds,
// searched in steps of a hundredth of the pilot's; 0 where a hundred times the
// pilot's are not enough, because the seeds are too few.
func (c *Components) UnitsFor(t Target, seeds int) (int, error) {
	if err := errors.Join(t.check(), c.check()); err != nil {
		return 0, err
	}
	size := func(step int) int { return max(2, int(math.Ceil(float64(step)*float64(c.Units)/100))) }
	step := smallest(1, func(n int) bool { return c.power(t.Difference, t.Alpha, seeds, size(n)) >= t.Power })
	if step == 0 {
		return 0, nil
	}
	return size(step), nil
}

func (c *Components) check() error {
	if c.Seeds < 1 || c.Units < 2 {
		return fmt.Errorf("%w: components of %d seeds and %d sentences", ErrValues, c.Seeds, c.Units)
	}
	return nil
}

// crossed tests a difference against its standard error over seeds and units.
func (c *Components) crossed(difference float64) (Test, error) {
	err := c.Error(c.Seeds, c.Units)
	if err == 0 {
		return Test{}, fmt.Errorf("%w: the systems differ by the same everywhere", ErrValues)
	}
	t, df := difference/err, c.df(c.Seeds, c.Units)
	return Test{Method: "t over seeds and sentences", Statistic: t, DF: df, P: studentP(t, df), N: c.Seeds}, nil
}

// df are Satterthwaite's degrees of freedom, as Hillis (2007) has them for
// readers and cases.
func (c *Components) df(seeds, units int) float64 {
	s, u := float64(seeds), float64(units)
	ofSeeds := c.Seed/s + c.Residual/(s*u) // what the mean square of seeds estimates
	if seeds < 2 || ofSeeds == 0 {
		return u - 1
	}
	return min(u-1, (s-1)*math.Pow((ofSeeds+c.Unit/u)/ofSeeds, 2))
}
