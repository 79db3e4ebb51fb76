package stats

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Order is the outcome of the test of Almost Stochastic Order.
type Order struct {
	Violation  float64 // share of the distance between the two distributions that speaks against a; 0: a is above b everywhere
	EpsilonMin float64 // upper bound of it; below 0.5 a is almost stochastically above b
	Level      float64
	N          int // values of the smaller sample
	Draws      int
}

// AlmostStochasticOrder asks whether a is better than b in all of its
// distribution but a share (Dror, Shlomov and Reichart 2019; del Barrio et al.
// 2018). The violation ratio is integrated exactly over the empirical quantiles;
// its deviation comes from a bootstrap.
func AlmostStochasticOrder(a, b []float64, level float64, r Resampling) (Order, error) {
	if err := errors.Join(r.check(), checkLevel(level), checkBoth(a, b, 2)); err != nil {
		return Order{}, err
	}
	n, m := len(a), len(b)
	sortedA, sortedB := slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	o := Order{Violation: violation(sortedA, sortedB), Level: level, N: min(n, m), Draws: r.Draws}
	draw := r.stream(streamASO)
	drawnA, drawnB, samples := make([]float64, n), make([]float64, m), make([]float64, r.Draws)
	for i := range samples {
		for j := range drawnA {
			drawnA[j] = a[draw.IntN(n)]
		}
		for j := range drawnB {
			drawnB[j] = b[draw.IntN(m)]
		}
		slices.Sort(drawnA)
		slices.Sort(drawnB)
		samples[i] = violation(drawnA, drawnB)
	}
	// sigma/const of the paper: the constant sqrt(nm/(n+m)) cancels.
	bound := o.Violation + stat.PopStdDev(samples, nil)*distuv.UnitNormal.Quantile(level)
	o.EpsilonMin = math.Max(0, math.Min(1, bound))
	return o, nil
}

// violation is the integral of (G⁻¹-F⁻¹)² where b's quantile is above a's, over
// the whole of it; a half where the samples are equal. Both are sorted.
func violation(a, b []float64) float64 {
	n, m := len(a), len(b)
	against, all := 0.0, 0.0
	// The quantiles are steps that end at multiples of 1/n and 1/m; positions are
	// counted in units of 1/(nm).
	for at := 0; at < n*m; {
		i, j := at/m, at/n
		next := min((i+1)*m, (j+1)*n)
		d := b[j] - a[i]
		all += d * d * float64(next-at)
		if d > 0 {
			against += d * d * float64(next-at)
		}
		at = next
	}
	if all == 0 {
		return 0.5
	}
	return against / all
}
