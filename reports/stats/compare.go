package stats

import (
	"errors"
	"math"
	"slices"
)

// Verdict is what a comparison lets one say.
type Verdict string

// The verdicts. Two systems are told apart when randomisation finds their
// difference beyond what sentences explain and the interval over seeds and
// sentences leaves zero out: the first alone takes the luck of a few seeds for a
// difference (docs/reference/statistics.md has the rates). What was not found is
// never "not worse" where it could hardly have been found, and one seed says
// something of two runs, nothing of two systems.
const (
	Better      Verdict = "better"
	Worse       Verdict = "worse"
	NotApart    Verdict = "not told apart"
	CouldNotSay Verdict = "not told apart, and too little data to tell"
	OneSeed     Verdict = "one seed: no verdict on the systems"
)

// minPower is the power at the target's difference below which a comparison that
// found nothing says nothing.
const minPower = 0.5

// Options are what a comparison is made with.
type Options struct {
	Resampling
	Level  float64 // of intervals
	Target Target  // Alpha is also the level of the verdict
}

// DefaultOptions are 10,000 draws, 95 % intervals and one point of F1.
func DefaultOptions() Options {
	return Options{Resampling: DefaultResampling, Level: 0.95, Target: DefaultTarget}
}

// Comparison is the default comparison of two systems and all that belongs
// beside it. Tests and effects that the seeds are too few for are nil; Refused
// says why.
type Comparison struct {
	Seeds            []int
	Units            int // sentences, or pictures
	A, B             Summary
	ScoresA, ScoresB []float64 // per seed

	Difference    Estimate // A less B, in points; hierarchical bootstrap
	Randomisation Test
	Crossed       *Test // seeds and sentences both taken for samples

	Correlation float64 // of the scores over seeds; NaN below three
	T           *Test   // paired where the correlation speaks for pairs, else Welch
	Wilcoxon    *Test
	Permutation *Test
	Order       *Order
	Cliff, D    *Estimate

	Components  Components
	Power       float64 // to find Target.Difference with these seeds and sentences
	Target      Target
	SeedsNeeded int // for the target on these sentences; 0: no number is enough
	UnitsNeeded int // for the target with these seeds; 0: a hundred times these are not enough

	Verdict  Verdict
	Refused  []string // tests left out, and why
	Warnings []Warning
}

// pairedFrom is the correlation over seeds from which a t test may be called
// paired.
const pairedFrom = 0.3

// Compare makes the default comparison and all that stands beside it.
func (p *Pairs) Compare(o Options) (*Comparison, error) {
	c, err := p.Default(o)
	if err != nil {
		return nil, err
	}
	if c.SeedsNeeded, err = c.Components.SeedsFor(c.Target, c.Units); err != nil {
		return nil, err
	}
	if c.UnitsNeeded, err = c.Components.UnitsFor(c.Target, len(c.Seeds)); err != nil {
		return nil, err
	}
	if err := c.overSeeds(o); err != nil {
		return nil, err
	}
	c.warn()
	return c, nil
}

// Default makes the default comparison alone, all that a verdict rests on:
// difference, randomisation and power. A table makes many of them.
func (p *Pairs) Default(o Options) (*Comparison, error) {
	if err := errors.Join(p.Check(), o.Target.check()); err != nil {
		return nil, err
	}
	c := &Comparison{Seeds: p.Seeds, Units: p.Units(), Target: o.Target, Correlation: math.NaN()}
	c.ScoresA, c.ScoresB = p.Scores()
	var err error
	if c.A, err = NewSample(c.ScoresA...).Summarize(o.Level); err != nil {
		return nil, err
	}
	if c.B, err = NewSample(c.ScoresB...).Summarize(o.Level); err != nil {
		return nil, err
	}
	if c.Difference, err = p.Hierarchical(o.Level, o.Resampling); err != nil {
		return nil, err
	}
	if c.Randomisation, err = p.Randomisation(o.Resampling); err != nil {
		return nil, err
	}
	if c.Components, err = p.Components(); err != nil {
		return nil, err
	}
	if c.Power, err = c.Components.Power(c.Target.Difference, c.Target.Alpha, len(c.Seeds), c.Units); err != nil {
		return nil, err
	}
	c.Verdict = c.VerdictAt(c.Randomisation.P)
	return c, nil
}

// overSeeds makes what rests on one score per seed. Values that a statistic is
// not defined for leave it out.
func (c *Comparison) overSeeds(o Options) error {
	var err error
	if c.Correlation, err = Correlation(c.ScoresA, c.ScoresB); err != nil {
		return err
	}
	crossed, err := c.Components.crossed(c.Difference.Value)
	c.Crossed, err = kept(c, "seeds and sentences", crossed, err)
	if err != nil {
		return err
	}
	test := WelchT
	if c.Correlation >= pairedFrom {
		test = PairedT
	}
	t, err := test(c.ScoresA, c.ScoresB)
	if c.T, err = kept(c, "t test", t, err); err != nil {
		return err
	}
	t, err = Wilcoxon(c.ScoresA, c.ScoresB)
	if c.Wilcoxon, err = kept(c, "Wilcoxon", t, err); err != nil {
		return err
	}
	t, err = PairedPermutation(c.ScoresA, c.ScoresB, o.Resampling)
	if c.Permutation, err = kept(c, "paired permutation", t, err); err != nil {
		return err
	}
	order, err := AlmostStochasticOrder(c.ScoresA, c.ScoresB, o.Level, o.Resampling)
	if c.Order, err = kept(c, "Almost Stochastic Order", order, err); err != nil {
		return err
	}
	e, err := CliffsDelta(c.ScoresA, c.ScoresB, o.Level)
	if c.Cliff, err = kept(c, "Cliff's delta", e, err); err != nil {
		return err
	}
	e, err = CohensD(c.ScoresA, c.ScoresB, o.Level)
	c.D, err = kept(c, "Cohen's d", e, err)
	return err
}

// kept notes why a statistic is left out; other errors pass on.
func kept[T any](c *Comparison, name string, v T, err error) (*T, error) {
	if errors.Is(err, ErrTooFewSeeds) || errors.Is(err, ErrValues) {
		c.Refused = append(c.Refused, name+": "+err.Error())
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// VerdictAt is the verdict with another p-value of the randomisation, as Holm
// adjusts it among several comparisons.
func (c *Comparison) VerdictAt(p float64) Verdict {
	switch {
	case len(c.Seeds) == 1:
		return OneSeed
	case p <= c.Target.Alpha && c.Difference.Excludes(0) && c.Difference.Value > 0:
		return Better
	case p <= c.Target.Alpha && c.Difference.Excludes(0):
		return Worse
	case c.Power < minPower:
		return CouldNotSay
	}
	return NotApart
}

func (c *Comparison) warn() {
	for _, w := range slices.Concat(c.Difference.Warnings, c.Components.Warnings) {
		if !slices.Contains(c.Warnings, w) {
			c.Warnings = append(c.Warnings, w)
		}
	}
	if c.Randomisation.P <= c.Target.Alpha && !c.Difference.Excludes(0) {
		c.Warnings = append(c.Warnings, "the sentences do not explain the difference, but other seeds might: the interval holds zero")
	}
	if c.T != nil && c.T.Method == welch {
		c.Warnings = append(c.Warnings, "the scores of equal seeds hardly go together: the t test is Welch's, not paired")
	}
}
