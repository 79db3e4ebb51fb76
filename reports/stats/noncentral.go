package stats

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"
)

// noncentralT is P(T <= t) of Student's t with df degrees of freedom and a
// noncentrality: the normal probability averaged over the distribution of the
// estimated deviation s = sqrt(chi²/df).
func noncentralT(t, df, noncentrality float64) float64 {
	logScale := math.Ln2 + df/2*math.Log(df/2) - lgamma(df/2)
	density := func(s float64) float64 {
		return math.Exp(logScale + (df-1)*math.Log(s) - df*s*s/2)
	}
	// The density has its mass within ten of its deviations, about sqrt(1/(2 df)),
	// around one.
	reach := 10 / math.Sqrt(2*df)
	low, high := math.Max(0, 1-reach), 1+reach
	// The probability turns from 0 to 1 over a distance of about 1/t.
	const points = 24
	panels := 16 + min(4096, int(math.Abs(t)*(high-low)/4))
	sum, width := 0.0, (high-low)/float64(panels)
	for i := range panels {
		from := low + float64(i)*width
		sum += quad.Fixed(func(s float64) float64 {
			return distuv.UnitNormal.CDF(t*s-noncentrality) * density(s)
		}, from, from+width, points, quad.Legendre{}, 0)
	}
	return math.Min(1, sum)
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

// noncentrality is the one under which t is the quantile at p.
func noncentrality(t, df, p float64) float64 {
	above := func(ncp float64) bool { return noncentralT(t, df, ncp) > p } // falls as ncp grows
	low, high, step := t, t, 1.0
	for !above(low) {
		low -= step
		step *= 2
	}
	for step = 1; above(high); step *= 2 {
		high += step
	}
	for range 200 {
		middle := low + (high-low)/2
		if middle == low || middle == high {
			break
		}
		if above(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low + (high-low)/2
}
