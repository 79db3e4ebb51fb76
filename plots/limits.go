package plots

import (
	"math"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Limits are the ends of a scale, which no value passes. A mean less or plus its
// deviation may: a band ends at the limit then, and the caption says so. The zero
// value has none.
type Limits struct{ Low, High float64 }

func (l Limits) none() bool { return l == Limits{} }

// within are the values that lie inside, moved to the ends where they do not.
func (l Limits) within(lo, hi float64) (float64, float64) {
	if l.none() {
		return lo, hi
	}
	return max(lo, l.Low), min(hi, l.High)
}

// percent is the scale of scores.
var percent = Limits{0, 100}

// neverBelow0 are metrics that count or measure something, without an upper end.
var neverBelow0 = []string{
	mmibx.RateText, mmibx.RateImage, mmibx.ActiveText, mmibx.ActiveImage, mmibx.InformationInput,
	mmibx.ModalityGap, mmibx.Alignment, mmibx.GradNorm, mmibx.StepsPerSecond, Seconds,
}

// limitsOf are those of a metric.
func limitsOf(metric string) Limits {
	info, _ := mmibx.LookupMetric(metric)
	switch {
	case info.Unit == "%", strings.HasPrefix(metric, "test.f1"):
		return percent
	case info.Unit == "share":
		return Limits{0, 1}
	case slices.Contains(neverBelow0, metric):
		return Limits{0, math.Inf(1)}
	}
	return Limits{}
}

// cut notes which ends of a scale bands would pass, as the caption names them.
type cut struct{ ends []string }

func (c *cut) add(l Limits, lo, hi float64) {
	for _, end := range []struct {
		at     float64
		passed bool
	}{{l.Low, lo < l.Low}, {l.High, hi > l.High}} {
		if name := plain(end.at); end.passed && !l.none() && !slices.Contains(c.ends, name) {
			c.ends = append(c.ends, name)
		}
	}
}

// text is a sentence on what is cut, "" where nothing is.
func (c *cut) text(what string) string {
	if len(c.ends) == 0 {
		return ""
	}
	slices.Sort(c.ends)
	return what + " end at " + strings.Join(c.ends, " and ") + ", which no value passes."
}
