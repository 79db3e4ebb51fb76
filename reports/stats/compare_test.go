package stats

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func compared(t *testing.T, p Pairs) *Comparison {
	t.Helper()
	o := DefaultOptions()
	o.Draws = 1000
	c, err := p.Compare(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompareGivesVerdicts(t *testing.T) {
	big := world{seeds: 5, units: 1500, gap: 0.8}
	p := big.draw(rand.New(rand.NewPCG(1, 1)))
	better := compared(t, p)
	if better.Verdict != Better || !better.Difference.Excludes(0) || better.Randomisation.P > 0.01 {
		t.Errorf("a large gap: %q, p %v, %+v", better.Verdict, better.Randomisation.P, better.Difference)
	}
	if got := better.VerdictAt(0.06); got == Better {
		t.Errorf("with p = 0.06 after Holm: %q", got)
	}
	p.A, p.B = p.B, p.A
	worse := compared(t, p)
	if worse.Verdict != Worse || worse.Difference.Value != -better.Difference.Value || worse.Randomisation.P != better.Randomisation.P {
		t.Errorf("the other way around: %q, %v, p %v", worse.Verdict, worse.Difference.Value, worse.Randomisation.P)
	}
	small := compared(t, world{seeds: 2, units: 60}.draw(rand.New(rand.NewPCG(3, 1))))
	if small.Verdict != CouldNotSay || small.Power >= 0.5 {
		t.Errorf("sixty sentences: %q with power %v", small.Verdict, small.Power)
	}
	same := p
	same.B = same.A
	if c := compared(t, same); c.Verdict != NotApart || c.Randomisation.P != 1 || c.Difference.Low != 0 || c.Difference.High != 0 || c.Crossed != nil || len(c.Refused) == 0 {
		t.Errorf("a system and itself: %q, p %v, %+v, refused %q", c.Verdict, c.Randomisation.P, c.Difference, c.Refused)
	}
}

// Where all seeds differ by the same there is no t test, and none to excuse.
func TestNoTTestNoWordOfIt(t *testing.T) {
	one := world{seeds: 1, units: 60, gap: 0.5}.draw(rand.New(rand.NewPCG(3, 1)))
	p := Pairs{Seeds: []int{0, 1, 2}, A: [][]Counts{one.A[0], one.A[0], one.A[0]}, B: [][]Counts{one.B[0], one.B[0], one.B[0]}}
	if c := compared(t, p); c.T != nil || slices.ContainsFunc(c.Warnings, func(w Warning) bool { return strings.Contains(string(w), "Welch") }) {
		t.Errorf("%+v, %q", c.T, c.Warnings)
	}
}

// One seed has no plus-minus and no test over seeds; below five there is a
// warning; below six no exact test.
func TestCompareByNumberOfSeeds(t *testing.T) {
	for _, c := range []struct {
		seeds                 int
		warned, spread, exact bool
	}{{1, true, false, false}, {2, true, true, false}, {4, true, true, false}, {5, false, true, false}, {6, false, true, true}} {
		got := compared(t, world{seeds: c.seeds, units: 200, own: 0.3}.draw(rand.New(rand.NewPCG(2, uint64(c.seeds)))))
		warned := slices.ContainsFunc(got.Warnings, func(w Warning) bool { return strings.HasPrefix(string(w), "n = ") })
		if warned != c.warned || got.A.HasSpread() != c.spread || (got.T != nil) != c.spread || (got.Wilcoxon != nil) != c.exact || (got.Permutation != nil) != c.exact {
			t.Errorf("%d seeds: %+v", c.seeds, got)
		}
		if unknown := slices.Contains(got.Warnings, "n = 1: how much seeds vary is unknown and taken for nothing"); unknown != (c.seeds == 1) {
			t.Errorf("%d seeds: warnings %q", c.seeds, got.Warnings)
		}
		if (got.Verdict == OneSeed) != (c.seeds == 1) {
			t.Errorf("%d seeds: %q", c.seeds, got.Verdict)
		}
		if refused := strings.Join(got.Refused, "\n"); strings.Contains(refused, ErrTooFewSeeds.Error()) == c.exact {
			t.Errorf("%d seeds: refused %q", c.seeds, refused)
		}
	}
}

func TestSameSeedSameNumbers(t *testing.T) {
	p := world{seeds: 3, units: 100, own: 0.2}.draw(rand.New(rand.NewPCG(5, 5)))
	// What does not exist is NaN, which is not equal to itself; there is none here.
	if a, b := compared(t, p), compared(t, p); !reflect.DeepEqual(a, b) {
		t.Errorf("%+v\n%+v", a, b)
	}
	r, err := p.Randomisation(Resampling{Draws: 1000, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.Randomisation(Resampling{Draws: 1000, Seed: 2})
	if err != nil || other.P == r.P {
		t.Errorf("another seed draws the same swaps: %v, %v (%v)", r.P, other.P, err)
	}
}

// The units must be the same for all, and a unit is swapped in all seeds at once:
// two seeds that carry the same predictions say no more than one.
func TestSwapsAreJointOverSeeds(t *testing.T) {
	one := world{seeds: 1, units: 150, gap: 0.4}.draw(rand.New(rand.NewPCG(11, 2)))
	two := Pairs{Seeds: []int{0, 1}, A: [][]Counts{one.A[0], one.A[0]}, B: [][]Counts{one.B[0], one.B[0]}}
	a, err := one.Randomisation(DefaultResampling)
	if err != nil {
		t.Fatal(err)
	}
	b, err := two.Randomisation(DefaultResampling)
	if err != nil || a.P != b.P {
		t.Errorf("p of one seed %v, of the same twice %v (%v)", a.P, b.P, err)
	}
	two.B[1] = two.B[1][1:]
	if _, err := two.Randomisation(DefaultResampling); !errors.Is(err, ErrValues) {
		t.Errorf("seeds of different sentences: %v", err)
	}
}

func TestPowerGrows(t *testing.T) {
	p := world{seeds: 5, units: 200, own: 0.2}.draw(rand.New(rand.NewPCG(21, 2)))
	c, err := p.Components()
	if err != nil {
		t.Fatal(err)
	}
	seeds, err := c.SeedsFor(Target{Difference: 3, Alpha: 0.05, Power: 0.8}, 200)
	if err != nil || seeds < 2 {
		t.Fatalf("%d seeds, %v", seeds, err)
	}
	at := func(n int) float64 {
		v, err := c.Power(3, 0.05, n, 200)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if at(seeds) < 0.8 || seeds > 2 && at(seeds-1) >= 0.8 {
		t.Errorf("%d seeds have power %v, one less %v", seeds, at(seeds), at(seeds-1))
	}
	// Where sentences alone vary too much, no number of seeds helps.
	few := Components{Seed: 1, Unit: 400, Residual: 100, Seeds: 5, Units: 50}
	if n, err := few.SeedsFor(DefaultTarget, 50); err != nil || n != 0 {
		t.Errorf("%d seeds, %v", n, err)
	}
	if n, err := few.UnitsFor(Target{Difference: 0.01, Alpha: 0.05, Power: 0.8}, 5); err != nil || n != 0 {
		t.Errorf("%d units, %v", n, err)
	}
}

func TestRefusesValues(t *testing.T) {
	nan := math.NaN()
	two := []float64{1, 2}
	for name, f := range map[string]func() error{
		"NaN in t":       func() error { _, err := PairedT([]float64{1, nan}, two); return err },
		"lengths":        func() error { _, err := PairedT([]float64{1, 2, 3}, two); return err },
		"no variance":    func() error { _, err := PairedT([]float64{2, 3}, two); return err },
		"Welch":          func() error { _, err := WelchT([]float64{1, 1}, []float64{2, 2}); return err },
		"Holm":           func() error { _, err := Holm([]float64{0.5, nan}); return err },
		"McNemar":        func() error { _, err := McNemar(-1, 2); return err },
		"draws":          func() error { _, err := BCa(two, Mean, 0.95, Resampling{Draws: 10}); return err },
		"level":          func() error { _, err := CliffsDelta(two, two, 95); return err },
		"Cohen":          func() error { _, err := CohensD([]float64{1, 1}, []float64{2, 2}, 0.95); return err },
		"nothing to max": func() error { _, err := ExpectedMax(nil); return err },
		"power":          func() error { _, err := SeedsNeeded(1, Target{Difference: -1, Alpha: 0.05, Power: 0.8}); return err },
		"no seeds":       func() error { _, err := (&Pairs{}).Randomisation(DefaultResampling); return err },
	} {
		if err := f(); !errors.Is(err, ErrValues) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkRandomisation(b *testing.B) {
	p := world{seeds: 5, units: 3257}.draw(rand.New(rand.NewPCG(1, 1)))
	for b.Loop() {
		if _, err := p.Randomisation(DefaultResampling); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHierarchical(b *testing.B) {
	p := world{seeds: 5, units: 3257}.draw(rand.New(rand.NewPCG(1, 1)))
	for b.Loop() {
		if _, err := p.Hierarchical(0.95, DefaultResampling); err != nil {
			b.Fatal(err)
		}
	}
}
