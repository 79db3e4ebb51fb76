package stats

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Test is the outcome of a two-sided test.
type Test struct {
	Method    string
	Statistic float64
	DF        float64 // degrees of freedom; 0 where the test has none
	P         float64 // two-sided
	N         int     // pairs; of Welch's test, values of both
	Draws     int     // of a sampled test; 0 where p is exact
}

// PairedT is Student's test on the differences a[i]-b[i]. Call it only where the
// pairs belong together: systems of different architecture share no more than the
// order of the data, and Correlation says whether that shows. Equal differences
// throughout have no variance and no test.
func PairedT(a, b []float64) (Test, error) {
	d, err := differences(a, b, 2)
	if err != nil {
		return Test{}, err
	}
	mean, sd := stat.MeanStdDev(d, nil)
	if sd == 0 {
		return Test{}, fmt.Errorf("%w: all differences are %v", ErrValues, mean)
	}
	t, df := mean/stat.StdErr(sd, float64(len(d))), float64(len(d)-1)
	return Test{Method: "paired t", Statistic: t, DF: df, P: studentP(t, df), N: len(d)}, nil
}

// welch is the method of WelchT.
const welch = "Welch t"

// WelchT is Welch's test of two means with unequal variances.
func WelchT(a, b []float64) (Test, error) {
	if err := checkBoth(a, b, 2); err != nil {
		return Test{}, err
	}
	meanA, varA := stat.MeanVariance(a, nil)
	meanB, varB := stat.MeanVariance(b, nil)
	errA, errB := varA/float64(len(a)), varB/float64(len(b))
	if errA+errB == 0 {
		return Test{}, fmt.Errorf("%w: neither sample varies", ErrValues)
	}
	t := (meanA - meanB) / math.Sqrt(errA+errB)
	df := (errA + errB) * (errA + errB) / (errA*errA/float64(len(a)-1) + errB*errB/float64(len(b)-1))
	return Test{Method: welch, Statistic: t, DF: df, P: studentP(t, df), N: len(a) + len(b)}, nil
}

func studentP(t, df float64) float64 {
	return 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.CDF(-math.Abs(t))
}

// Wilcoxon is the signed-rank test with its exact distribution. Pairs without a
// difference are left out, equal differences share their mean rank, and p is
// exact given the ranks. Statistic is the smaller sum of ranks. Fewer than six
// pairs that differ are ErrTooFewSeeds.
func Wilcoxon(a, b []float64) (Test, error) {
	d, err := differences(a, b, 1)
	if err != nil {
		return Test{}, err
	}
	d = slices.DeleteFunc(d, func(v float64) bool { return v == 0 })
	if len(d) < MinSeeds {
		return Test{}, fmt.Errorf("%d pairs that differ: %w", len(d), ErrTooFewSeeds)
	}
	doubled := doubledRanks(d)
	plus, total := 0, 0
	for i, r := range doubled {
		total += r
		if d[i] > 0 {
			plus += r
		}
	}
	smaller := min(plus, total-plus)
	// ways[s] is the probability that the ranks of positive sign sum to s, if
	// every sign is a fair coin.
	ways := make([]float64, total+1)
	ways[0] = 1
	for _, r := range doubled {
		for s := total; s >= 0; s-- {
			ways[s] /= 2
			if s >= r {
				ways[s] += ways[s-r] / 2
			}
		}
	}
	p := 0.0
	for s := range smaller + 1 {
		p += 2 * ways[s]
	}
	return Test{Method: "Wilcoxon signed rank, exact", Statistic: float64(smaller) / 2, P: math.Min(1, p), N: len(d)}, nil
}

// doubledRanks ranks by magnitude from 2, in steps of 2, so that mean ranks of
// ties are whole.
func doubledRanks(d []float64) []int {
	order := make([]int, len(d))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		switch x, y := math.Abs(d[i]), math.Abs(d[j]); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	ranks := make([]int, len(d))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && math.Abs(d[order[to]]) == math.Abs(d[order[from]]) {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		from = to
	}
	return ranks
}

// maxExact is the number of pairs up to which all 2^n signs are tried.
const maxExact = 20

// PairedPermutation tests the mean difference by flipping the signs of the
// differences: all 2^n ways up to twenty pairs, else Draws random ones with
// p = (1+hits)/(1+draws). Fewer than six pairs are ErrTooFewSeeds.
func PairedPermutation(a, b []float64, r Resampling) (Test, error) {
	d, err := differences(a, b, 1)
	if err != nil {
		return Test{}, err
	}
	if len(d) < MinSeeds {
		return Test{}, fmt.Errorf("%d pairs: %w", len(d), ErrTooFewSeeds)
	}
	t := Test{Method: "paired permutation, exact", Statistic: stat.Mean(d, nil), N: len(d)}
	if len(d) <= maxExact {
		t.P = float64(signHits(d)) / math.Pow(2, float64(len(d)))
		return t, nil
	}
	if err := r.check(); err != nil {
		return Test{}, err
	}
	sum, hits, draw := 0.0, 0, r.stream(streamPermutation)
	for _, v := range d {
		sum += v
	}
	for range r.Draws {
		flipped := 0.0
		var coins uint64
		for i, v := range d {
			if i%64 == 0 {
				coins = draw.Uint64()
			}
			if coins&1 == 1 {
				v = -v
			}
			coins >>= 1
			flipped += v
		}
		if atLeast(flipped, sum, d) {
			hits++
		}
	}
	t.Method, t.Draws, t.P = "paired permutation, sampled", r.Draws, float64(1+hits)/float64(1+r.Draws)
	return t, nil
}

// signHits counts the ways to sign the differences whose sum is at least as far
// from zero as theirs. It walks a Gray code: one sign changes at each step.
func signHits(d []float64) int {
	sum, hits := 0.0, 1
	for _, v := range d {
		sum += v
	}
	flipped, signs := sum, slices.Clone(d)
	for i := uint(1); i < 1<<len(d); i++ {
		j := bits.TrailingZeros(i)
		flipped -= 2 * signs[j]
		signs[j] = -signs[j]
		if atLeast(flipped, sum, d) {
			hits++
		}
	}
	return hits
}

// atLeast compares magnitudes of sums of the same numbers, in which rounding
// must not decide.
func atLeast(x, than float64, of []float64) bool {
	scale := 0.0
	for _, v := range of {
		scale += math.Abs(v)
	}
	return math.Abs(x) >= math.Abs(than)-1e-12*scale
}

// McNemar is the exact test on two systems' right and wrong answers to the same
// questions, from the numbers that only one of them got right.
func McNemar(onlyA, onlyB int) (Test, error) {
	if onlyA < 0 || onlyB < 0 {
		return Test{}, fmt.Errorf("%w: counts %d and %d", ErrValues, onlyA, onlyB)
	}
	n := onlyA + onlyB
	t := Test{Method: "McNemar, exact", Statistic: float64(min(onlyA, onlyB)), P: 1, N: n}
	if n > 0 {
		t.P = math.Min(1, 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(t.Statistic))
	}
	return t, nil
}

// Holm adjusts p-values of several comparisons for their number (Holm 1979): the
// smallest times m, the next times m-1, never falling. They come back in the
// order in which they were given.
func Holm(ps []float64) ([]float64, error) {
	order := make([]int, len(ps))
	for i, p := range ps {
		if !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("%w: p-value %d is %v", ErrValues, i, p)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case ps[i] < ps[j]:
			return -1
		case ps[i] > ps[j]:
			return 1
		}
		return 0
	})
	adjusted, largest := make([]float64, len(ps)), 0.0
	for rank, i := range order {
		largest = math.Max(largest, math.Min(1, float64(len(ps)-rank)*ps[i]))
		adjusted[i] = largest
	}
	return adjusted, nil
}

// Correlation is Pearson's over pairs, NaN where a side does not vary or there
// are fewer than three pairs (two always lie on a line).
func Correlation(a, b []float64) (float64, error) {
	if _, err := differences(a, b, 1); err != nil {
		return 0, err
	}
	if len(a) < 3 {
		return math.NaN(), nil
	}
	return stat.Correlation(a, b, nil), nil
}

// differences are a[i]-b[i].
func differences(a, b []float64, least int) ([]float64, error) {
	if len(a) != len(b) {
		return nil, fmt.Errorf("%w: %d and %d values do not make pairs", ErrValues, len(a), len(b))
	}
	if err := checkBoth(a, b, least); err != nil {
		return nil, err
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d, nil
}
