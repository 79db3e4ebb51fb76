package plots

import (
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx"
)

// tick is a labelled place on an axis; a power is printed as 10 to its label.
type tick struct {
	at    float64
	label string
	power bool
}

// yScale maps values of one panel to heights.
type yScale struct {
	min, max float64
	ticks    []tick
	limits   Limits
}

// newYScale spans the values with some air and puts three to six round ticks.
// Values that differ by less than a thousandth of their size are noise, and get
// a span that shows them as equal.
func newYScale(values []float64, limits Limits) yScale {
	lo, hi := 0.0, 1.0
	if len(values) > 0 {
		lo, hi = slices.Min(values), slices.Max(values)
	}
	if lo == hi && lo != 0 && whole(values) && math.Abs(lo) < 1e6 { // a count
		lo, hi = lo-1, hi+1
	}
	span := hi - lo
	if least := 1e-3 * math.Max(math.Abs(lo), math.Abs(hi)); span < least || span == 0 {
		span = math.Max(least, 1e-9)
		lo, hi = (lo+hi-span)/2, (lo+hi+span)/2
	}
	s := yScale{min: lo - 0.07*span, max: hi + 0.07*span, limits: limits}
	step := roundStep((s.max - s.min) / 4)
	if whole(values) { // a count has no half
		step = math.Ceil(step)
	}
	digits := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	if r := step * math.Pow(10, float64(digits)); math.Abs(r-math.Round(r)) > 1e-6 {
		digits++ // a step of 2.5
	}
	for i := math.Ceil(s.min/step - 1e-9); i*step <= s.max; i++ {
		label := strconv.FormatFloat(i*step+0, 'f', digits, 64)
		if math.Max(math.Abs(s.min), math.Abs(s.max)) >= 1e6 || digits > 5 {
			label = strconv.FormatFloat(i*step+0, 'g', 4, 64)
		}
		s.ticks = append(s.ticks, tick{at: i * step, label: minus(label)})
	}
	return s
}

// roundStep is the round number nearest to the wish.
func roundStep(wish float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(wish)))
	best := unit
	for _, k := range []float64{2, 2.5, 5, 10} {
		if math.Abs(math.Log(k*unit/wish)) < math.Abs(math.Log(best/wish)) {
			best = k * unit
		}
	}
	return best
}

// minus writes the sign as typographers do.
func minus(s string) string {
	if s != "" && s[0] == '-' {
		return "−" + s[1:]
	}
	return s
}

// xScale maps the axis to a panel's width: perhaps a slot for 0, the axis
// proper, and a slot for each name.
type xScale struct {
	log      bool
	zero     bool
	labels   []string
	min, max float64 // of the axis proper
	values   []float64
	empty    bool // nothing on the axis proper
	measured bool // values are no settings, whose names the axis could print
}

func newXScale(f *Figure) xScale {
	s := xScale{log: f.X.Log, labels: f.census().labels, measured: f.Look == Path}
	for _, p := range f.points() {
		switch {
		case p.Label != "":
		case s.log && p.X == 0:
			s.zero = true
		default:
			s.values = append(s.values, p.X)
			if s.measured {
				s.values = append(s.values, finite(p.Xs)...)
				lo, _, hi, _ := spread(f.Spread, p.Xs, f.X.Limits)
				s.values = append(s.values, hi)
				if !s.log || lo > 0 {
					s.values = append(s.values, lo)
				}
			}
		}
	}
	slices.Sort(s.values)
	s.values = slices.Compact(s.values)
	if s.empty = len(s.values) == 0; s.empty {
		return s
	}
	s.min, s.max = s.values[0], s.values[len(s.values)-1]
	if s.min == s.max {
		if s.log {
			s.min, s.max = s.min/3, s.max*3
		} else {
			s.min, s.max = s.min-1, s.max+1
		}
	}
	return s
}

// norm is 0 at the axis's first value and 1 at its last.
func (s *xScale) norm(x float64) float64 {
	if s.log {
		return (math.Log(x) - math.Log(s.min)) / (math.Log(s.max) - math.Log(s.min))
	}
	return (x - s.min) / (s.max - s.min)
}

// ticks labels the settings themselves where their names are short, else
// decades or round numbers, as many as fit. Settings without room for a name
// keep their mark.
func (s *xScale) ticks(width vg.Length, measure func(tick) vg.Length) []tick {
	if s.empty {
		return nil
	}
	var candidates [][]tick
	if s.log {
		if own, ok := s.own(width, measure); ok && !s.measured {
			return own
		}
		if s.measured && s.max < 300*s.min { // decades would be one or two
			candidates = append(candidates, within(s.min, s.max, []float64{1, 2, 5}), within(s.min, s.max, []float64{1, 3}))
		}
		for every := 1; every <= 4; every++ {
			candidates = append(candidates, decades(s.min, s.max, every))
		}
		for _, steps := range [][]float64{{1, 2, 5}, {1, 3}, {1, 2, 3, 5, 7}} {
			candidates = append(candidates, within(s.min, s.max, steps))
		}
		candidates = append(candidates, []tick{{at: s.min, label: plain(round3(s.min))}, {at: s.max, label: plain(round3(s.max))}})
	} else {
		for parts := 6.0; parts >= 2; parts-- {
			candidates = append(candidates, roundTicks(s.min, s.max, parts, !s.measured && whole(s.values)))
		}
	}
	for _, c := range candidates {
		if len(c) > 1 && s.fits(c, width, measure) {
			return c
		}
	}
	return candidates[len(candidates)-1]
}

// own marks the settings and names as many as fit, the first and the last among
// them; not ok where names are long or fewer than half of them fit.
func (s *xScale) own(width vg.Length, measure func(tick) vg.Length) (ticks []tick, ok bool) {
	ticks = make([]tick, len(s.values))
	for i, v := range s.values {
		ticks[i] = tick{at: v, label: plain(v)}
		if len(ticks[i].label) > 4 {
			return nil, false
		}
	}
	named := []tick{ticks[0]}
	last := len(ticks) - 1
	for i := 1; i <= last; i++ {
		if i == last || s.fits(append(slices.Clone(named), ticks[i], ticks[last]), width, measure) {
			named = append(named, ticks[i])
		} else {
			ticks[i].label = ""
		}
	}
	return ticks, s.fits(named, width, measure) && 2*len(named) >= len(ticks)
}

func (s *xScale) fits(ticks []tick, width vg.Length, measure func(tick) vg.Length) bool {
	const air = 2 // points between labels
	end := vg.Length(math.Inf(-1))
	for i, t := range ticks {
		if i > 0 && t == ticks[i-1] {
			continue
		}
		at, half := vg.Length(s.norm(t.at))*width, measure(t)/2
		if at-half < end+air {
			return false
		}
		end = at + half
	}
	return true
}

// decades are powers of ten, printed as powers where that is shorter.
func decades(lo, hi float64, every int) []tick {
	first, last := int(math.Ceil(math.Log10(lo)-1e-9)), int(math.Floor(math.Log10(hi)+1e-9))
	var ticks []tick
	for k := first; k <= last; k += every {
		t := tick{at: math.Pow(10, float64(k)), label: plain(math.Pow(10, float64(k)))}
		if (first < -2 || last > 3) && k != 0 && k != 1 {
			t.label, t.power = minus(strconv.Itoa(k)), true
		}
		ticks = append(ticks, t)
	}
	return ticks
}

// within are the multiples of powers of ten that lie on the axis.
func within(lo, hi float64, steps []float64) []tick {
	var ticks []tick
	for k := math.Floor(math.Log10(lo)); k <= math.Ceil(math.Log10(hi)); k++ {
		for _, m := range steps {
			if v := m * math.Pow(10, k); v >= lo && v <= hi {
				ticks = append(ticks, tick{at: v, label: plain(v)})
			}
		}
	}
	return ticks
}

// round3 keeps three digits.
func round3(v float64) float64 {
	unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	if !mmibx.Finite(unit) || unit == 0 {
		return v
	}
	return math.Round(v/unit) * unit
}

// whole says that values count something, such as epochs.
func whole(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v != math.Trunc(v) })
}

func roundTicks(lo, hi, parts float64, whole bool) []tick {
	step := roundStep((hi - lo) / parts)
	if whole {
		step = math.Ceil(step)
	}
	var ticks []tick
	if whole && lo == 1 && step > 1 { // what is counted begins at one
		ticks = []tick{{at: 1, label: "1"}}
	}
	for i := math.Ceil(lo/step - 1e-9); i*step <= hi+1e-9*step; i++ {
		ticks = append(ticks, tick{at: i * step, label: plain(i * step)})
	}
	return ticks
}

// plain is the shortest decimal, without an exponent below a million.
func plain(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e6) {
		return minus(strconv.FormatFloat(v, 'g', 3, 64))
	}
	return minus(strconv.FormatFloat(math.Round(v*1e6)/1e6+0, 'f', -1, 64))
}
