package stats

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// ErrTooFewSeeds refuses a test that could not have come out significant,
// whatever the numbers: below six pairs the smallest two-sided p of an exact
// test is above 0.05 (0.25 with three, 0.0625 with five).
var ErrTooFewSeeds = errors.New("fewer than six seeds")

// ErrValues refuses numbers that a statistic is not defined for.
var ErrValues = errors.New("not defined for such values")

// MinSeeds is the fewest pairs that exact tests over seeds take.
const MinSeeds = 6

// FewSeeds is the number of seeds below which every result carries a warning.
const FewSeeds = 5

// Warning is a sentence that belongs beside a number. Functions return it, and
// whoever prints the number prints it.
type Warning string

// warnFew warns of a handful of seeds.
func warnFew(n int) []Warning {
	if n >= FewSeeds {
		return nil
	}
	return []Warning{Warning(fmt.Sprintf("n = %d: deviations and intervals from fewer than %d seeds are rough", n, FewSeeds))}
}

// Estimate is a number with its interval.
type Estimate struct {
	Value     float64
	Low, High float64 // NaN where there is no interval
	Level     float64 // confidence of the interval, 0.95 for 95 %
	N         int     // values, usually seeds, that it rests on
	Method    string  // how the interval was made
	Warnings  []Warning
}

// HasInterval says whether Low and High mean something.
func (e *Estimate) HasInterval() bool { return !math.IsNaN(e.Low) && !math.IsNaN(e.High) }

// Excludes says whether the interval leaves v out.
func (e *Estimate) Excludes(v float64) bool { return e.HasInterval() && (v < e.Low || v > e.High) }

// newEstimate has no interval yet.
func newEstimate(value, level float64, n int, method string) Estimate {
	return Estimate{Value: value, Low: math.NaN(), High: math.NaN(), Level: level, N: n, Method: method, Warnings: warnFew(n)}
}

// Mean is the arithmetic mean, NaN of nothing.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return stat.Mean(values, nil)
}

// IQM is the interquartile mean: the mean of what is left after a quarter of the
// values, rounded down, is cut off at either end (Agarwal et al. 2021). NaN of
// nothing.
func IQM(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	cut := len(sorted) / 4
	return stat.Mean(sorted[cut:len(sorted)-cut], nil)
}

// Resampling is how often and from what seed a random procedure draws. The same
// Resampling gives the same numbers on every machine.
type Resampling struct {
	Draws int
	Seed  uint64
}

// DefaultResampling is what tables and comparisons use.
var DefaultResampling = Resampling{Draws: 10000, Seed: 1}

// stream is a generator of its own for each purpose, so that one procedure's
// draws do not depend on another's.
func (r Resampling) stream(purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(r.Seed, purpose))
}

func (r Resampling) check() error {
	if r.Draws < 100 {
		return fmt.Errorf("%w: %d draws, want at least 100", ErrValues, r.Draws)
	}
	return nil
}

// The purposes of streams.
const (
	streamBCa uint64 = iota + 1
	streamSwaps
	streamHierarchy
	streamPermutation
	streamASO
)

// BCa is the bias-corrected and accelerated bootstrap interval (Efron 1987) of
// any statistic of the values, such as Mean or IQM. One value has no interval;
// where all resamples agree the interval is that one number.
func BCa(values []float64, statistic func([]float64) float64, level float64, r Resampling) (Estimate, error) {
	if err := errors.Join(r.check(), checkLevel(level), checkFinite(values, 1)); err != nil {
		return Estimate{}, err
	}
	e := newEstimate(statistic(values), level, len(values), "BCa bootstrap")
	if len(values) < 2 {
		return e, nil
	}
	draw := r.stream(streamBCa)
	resampled, boot := make([]float64, len(values)), make([]float64, r.Draws)
	for i := range boot {
		for j := range resampled {
			resampled[j] = values[draw.IntN(len(values))]
		}
		boot[i] = statistic(resampled)
	}
	jack := make([]float64, len(values))
	for i := range values {
		jack[i] = statistic(slices.Concat(values[:i], values[i+1:]))
	}
	e.Low, e.High = bca(e.Value, boot, jack, level)
	return e, nil
}

// bca makes the interval of an estimate from its bootstrap distribution and its
// jackknife values.
func bca(value float64, boot, jack []float64, level float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(boot))
	if sorted[0] == sorted[len(sorted)-1] {
		return sorted[0], sorted[0]
	}
	below, notAbove := 0, 0
	for _, b := range sorted {
		if b < value {
			below++
		}
		if b <= value {
			notAbove++
		}
	}
	bias := distuv.UnitNormal.Quantile(float64(below+notAbove) / float64(2*len(sorted)))
	center, squares, cubes := Mean(jack), 0.0, 0.0
	for _, v := range jack {
		d := center - v
		squares, cubes = squares+d*d, cubes+d*d*d
	}
	acceleration := 0.0
	if squares > 0 {
		acceleration = cubes / (6 * math.Pow(squares, 1.5))
	}
	at := func(p float64) float64 {
		z := bias + distuv.UnitNormal.Quantile(p)
		return quantile(sorted, distuv.UnitNormal.CDF(bias+z/(1-acceleration*z)))
	}
	return at((1 - level) / 2), at((1 + level) / 2)
}

// quantile interpolates linearly between order statistics (type 7 of Hyndman and
// Fan), as NumPy does.
func quantile(sorted []float64, p float64) float64 {
	if math.IsNaN(p) {
		return math.NaN()
	}
	h := p * float64(len(sorted)-1)
	i := int(math.Floor(h))
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (h-float64(i))*(sorted[i+1]-sorted[i])
}

func checkLevel(level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("%w: confidence level %v, want one between 0 and 1", ErrValues, level)
	}
	return nil
}

// checkBoth is checkFinite of two samples; the first fault counts.
func checkBoth(a, b []float64, least int) error {
	if err := checkFinite(a, least); err != nil {
		return err
	}
	return checkFinite(b, least)
}

// checkFinite wants at least so many values, all of them finite: a caller leaves
// diverged runs out by NewSample, knowingly.
func checkFinite(values []float64, least int) error {
	if len(values) < least {
		return fmt.Errorf("%w: it takes at least %d, there are %d", ErrValues, least, len(values))
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%w: value %d is %v", ErrValues, i, v)
		}
	}
	return nil
}
