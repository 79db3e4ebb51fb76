package stats

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// CliffsDelta is the probability that a value of a is above one of b less the
// probability that it is below: 1 when all of a lie above all of b, 0 for no
// dominance. The interval is Cliff's asymmetric one on his unbiased variance (1993,
// 1996), with Student's quantile on n+m-2 degrees; values that do not overlap at
// all have none, because their dominance has no variance.
func CliffsDelta(a, b []float64, level float64) (Estimate, error) {
	if err := errors.Join(checkLevel(level), checkBoth(a, b, 1)); err != nil {
		return Estimate{}, err
	}
	n, m := float64(len(a)), float64(len(b))
	rows, columns := make([]float64, len(a)), make([]float64, len(b))
	squares := 0.0
	for i, x := range a {
		for j, y := range b {
			d := sign(x - y)
			rows[i] += d / m
			columns[j] += d / n
			squares += d * d
		}
	}
	delta := stat.Mean(rows, nil)
	e := newEstimate(delta, level, min(len(a), len(b)), "Cliff's asymmetric interval")
	if len(a) < 2 || len(b) < 2 || math.Abs(delta) == 1 {
		return e, nil
	}
	// The unbiased variance may come out below the smallest that delta allows.
	unbiased := (m*m*sumSquares(rows, delta) + n*n*sumSquares(columns, delta) - (squares - n*m*delta*delta)) / (n * m * (n - 1) * (m - 1))
	variance := math.Max(unbiased, (1-delta*delta)/(n*m-1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n + m - 2}.Quantile(0.5 + level/2)
	middle, half := delta-delta*delta*delta, t*math.Sqrt(variance)*math.Sqrt((1-delta*delta)*(1-delta*delta)+t*t*variance)
	under := 1 - delta*delta + t*t*variance
	e.Low, e.High = (middle-half)/under, (middle+half)/under
	return e, nil
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

func sumSquares(values []float64, around float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += (v - around) * (v - around)
	}
	return sum
}

// CohensD is the difference of two means in units of their pooled deviation. The
// interval is exact for normal values, by the noncentral t distribution.
func CohensD(a, b []float64, level float64) (Estimate, error) {
	if err := errors.Join(checkLevel(level), checkBoth(a, b, 2)); err != nil {
		return Estimate{}, err
	}
	n, m := float64(len(a)), float64(len(b))
	meanA, varA := stat.MeanVariance(a, nil)
	meanB, varB := stat.MeanVariance(b, nil)
	pooled := math.Sqrt(((n-1)*varA + (m-1)*varB) / (n + m - 2))
	e := newEstimate((meanA-meanB)/pooled, level, min(len(a), len(b)), "noncentral t")
	return e, e.noncentral(math.Sqrt(n*m/(n+m)), n+m-2)
}

// CohensDz is the mean of paired differences in units of their deviation, with
// an interval as CohensD has.
func CohensDz(a, b []float64, level float64) (Estimate, error) {
	d, err := differences(a, b, 2)
	if err := errors.Join(err, checkLevel(level)); err != nil {
		return Estimate{}, err
	}
	mean, sd := stat.MeanStdDev(d, nil)
	e := newEstimate(mean/sd, level, len(d), "noncentral t")
	return e, e.noncentral(math.Sqrt(float64(len(d))), float64(len(d)-1))
}

// noncentral fills in the interval of a standardised difference, where value
// times scale is a t statistic.
func (e *Estimate) noncentral(scale, df float64) error {
	if math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
		return fmt.Errorf("%w: the values do not vary, and a difference has no size in units of nothing", ErrValues)
	}
	t := e.Value * scale
	e.Low = noncentrality(t, df, (1+e.Level)/2) / scale
	e.High = noncentrality(t, df, (1-e.Level)/2) / scale
	return nil
}
