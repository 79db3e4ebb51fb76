// Package stats is the statistics of tables and figures: pure functions of
// numbers, on gonum where gonum has them.
//
// A score that is not finite (a diverged run) is no number: it is left out of
// every estimate and counted in Sample.Dropped, so that nobody averages over a
// failure without saying so.
package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Sample holds the finite values of one arm, usually one per seed.
type Sample struct {
	Values  []float64 // in the order in which they were given
	Dropped int       // values that were NaN or infinite
}

// NewSample keeps the finite values and counts the rest.
func NewSample(values ...float64) Sample {
	var s Sample
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			s.Dropped++
			continue
		}
		s.Values = append(s.Values, v)
	}
	return s
}

// Summary describes a sample. With one value there is a mean and nothing else;
// with none there is nothing: HasMean and HasSpread say which fields mean
// something, and the others are NaN, never zero.
type Summary struct {
	N         int     // finite values
	Mean      float64 // NaN when N is 0
	SD        float64 // sample deviation, divisor N-1; NaN when N < 2
	SE        float64 // of the mean, SD/sqrt(N); NaN when N < 2
	Low, High float64 // t-interval of the mean at Level; NaN when N < 2
	Level     float64 // confidence of the interval, 0.95 for 95 %
}

// HasMean says whether there was any value.
func (s Summary) HasMean() bool { return s.N > 0 }

// HasSpread says whether deviation, error and interval exist. One value has
// none of them, and a table prints no plus-minus for it.
func (s Summary) HasSpread() bool { return s.N > 1 }

// Summarize describes the sample with Student's t-interval at the given level,
// which lies strictly between 0 and 1.
func (s Sample) Summarize(level float64) (Summary, error) {
	if err := checkLevel(level); err != nil {
		return Summary{}, err
	}
	nan := math.NaN()
	sum := Summary{N: len(s.Values), Mean: nan, SD: nan, SE: nan, Low: nan, High: nan, Level: level}
	switch {
	case sum.N == 1:
		sum.Mean = s.Values[0]
	case sum.N > 1:
		sum.Mean, sum.SD = stat.MeanStdDev(s.Values, nil)
		sum.SE = stat.StdErr(sum.SD, float64(sum.N))
		student := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(sum.N - 1)}
		half := student.Quantile(0.5+level/2) * sum.SE
		sum.Low, sum.High = sum.Mean-half, sum.Mean+half
	}
	return sum, nil
}

// Summarize95 is Summarize at 95 %.
func Summarize95(values ...float64) Summary {
	sum, err := NewSample(values...).Summarize(0.95)
	if err != nil {
		panic(err) // 0.95 lies between 0 and 1
	}
	return sum
}
