package tui

import (
	"math"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// curveLine is a mark's curve in a chart.
type curveLine struct {
	widget.Series
	n []int // runs behind each point
}

// meanLine is the mean of runs at the steps that at least half of them have, each
// smoothed by itself, with a band of one sample deviation where two or more have
// the step.
func meanLine(runs []curve, weight float64) curveLine {
	at := map[float64][]float64{}
	for _, r := range runs {
		for i, y := range smoothed(r.y, weight) {
			at[r.x[i]] = append(at[r.x[i]], y)
		}
	}
	var l curveLine
	for x, ys := range at {
		if 2*len(ys) >= len(runs) {
			l.X = append(l.X, x)
		}
	}
	slices.Sort(l.X)
	for _, x := range l.X {
		mean, sd := meanAndDeviation(at[x])
		l.Y, l.n = append(l.Y, mean), append(l.n, len(at[x]))
		if len(runs) > 1 {
			l.Low, l.High = append(l.Low, mean-sd), append(l.High, mean+sd)
		}
	}
	return l
}

// meanAndDeviation of one value has no deviation.
func meanAndDeviation(ys []float64) (mean, sd float64) {
	for _, y := range ys {
		mean += y / float64(len(ys))
	}
	if len(ys) < 2 {
		return mean, math.NaN()
	}
	for _, y := range ys {
		sd += (y - mean) * (y - mean) / float64(len(ys)-1)
	}
	return mean, math.Sqrt(sd)
}

// smoothed is an exponential mean of the points up to each, corrected for its
// beginning; values that are not finite are kept and do not enter it.
func smoothed(ys []float64, weight float64) []float64 {
	if weight == 0 {
		return ys
	}
	out := make([]float64, len(ys))
	sum, norm := 0.0, 0.0
	for i, y := range ys {
		if !mmibx.Finite(y) {
			out[i] = y
			continue
		}
		sum, norm = weight*sum+(1-weight)*y, weight*norm+(1-weight)
		out[i] = sum / norm
	}
	return out
}

// bestOf finds the best point of a metric that has a better end.
func bestOf(metric string, ys []float64) (int, bool) {
	info, _ := mmibx.LookupMetric(metric)
	sign, ok := map[string]float64{"higher": 1, "lower": -1}[info.Better]
	if !ok {
		return 0, false
	}
	best, found := 0, false
	for i, y := range ys {
		if mmibx.Finite(y) && (!found || sign*y > sign*ys[best]) {
			best, found = i, true
		}
	}
	return best, found
}

// valueAt is a line's value at the last of its steps that is not after a step.
func (l curveLine) valueAt(step float64) (i int, ok bool) {
	for i = len(l.X) - 1; i >= 0; i-- {
		if l.X[i] <= step {
			return i, true
		}
	}
	return 0, false
}
