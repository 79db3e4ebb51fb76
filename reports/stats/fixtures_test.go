package stats

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"
)

func readFixture(t *testing.T, name string, into any) {
	t.Helper()
	blob, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(blob, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// worst is the largest difference seen, by statistic, for the table of
// docs/reference/statistics.md.
type worst map[string]float64

// near holds a number to an independent one, relative to its size where that is
// above one.
func (w worst) near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	d := math.Abs(got-want) / math.Max(1, math.Abs(want))
	if !(d <= tolerance) {
		t.Errorf("%s is %v, want %v (%.1e apart, at most %.0e)", name, got, want, d, tolerance)
	}
	w[name] = math.Max(w[name], d)
}

func (w worst) log(t *testing.T) {
	t.Helper()
	for name, d := range w {
		t.Logf("%s: largest difference %.1e", name, d)
	}
}

type interval struct{ Value, Low, High float64 }

type outcome struct{ Statistic, DF, P float64 }

// The fixture is written by testdata/tests.py.
type fixture struct {
	Pairs []struct {
		A, B               []float64
		Paired, Welch      outcome
		Wilcoxon           *outcome
		Permutation        *float64
		Cohen              interval
		CohenZ             interval `json:"cohen_z"`
		Cliff              *interval
		Correlation        float64
		Violation, Epsilon float64
	}
	BCa []struct {
		Values, Boot []float64
		Statistic    string
		Level        float64
		Low, High    float64
		ManyLow      float64 `json:"many_low"`
		ManyHigh     float64 `json:"many_high"`
	}
	IQM []struct {
		Values []float64
		IQM    float64
	}
	Holm []struct{ P, Adjusted []float64 }
	MC   []struct {
		OnlyA int `json:"only_a"`
		OnlyB int `json:"only_b"`
		P     float64
	} `json:"mcnemar"`
	Power []struct {
		Difference, SD, Alpha, Power float64
		N, Seeds                     int
	}
	Noncentral []struct{ T, DF, NCP, P float64 }
	Best       []struct{ Values, Expected []float64 }
	Components []struct {
		A, B                 [][][3]int
		Seed, Unit, Residual float64
	}
}

const closed = 1e-9 // tolerance of what has a closed form

func TestAgainstOthers(t *testing.T) {
	var f fixture
	readFixture(t, "tests.json", &f)
	if len(f.Pairs) == 0 || len(f.BCa) == 0 || len(f.Components) == 0 {
		t.Fatal("the fixture is not whole")
	}
	w := worst{}
	defer w.log(t)
	test := func(name string, got Test, err error, want outcome) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w.near(t, name, got.Statistic, want.Statistic, closed)
		w.near(t, name, got.P, want.P, closed)
		if want.DF > 0 {
			w.near(t, name, got.DF, want.DF, closed)
		}
	}
	estimate := func(name string, got Estimate, err error, want interval, tolerance float64) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w.near(t, name, got.Value, want.Value, closed)
		w.near(t, name, got.Low, want.Low, tolerance)
		w.near(t, name, got.High, want.High, tolerance)
	}
	for _, c := range f.Pairs {
		got, err := PairedT(c.A, c.B)
		test("paired t", got, err, c.Paired)
		got, err = WelchT(c.A, c.B)
		test("Welch t", got, err, c.Welch)
		if c.Wilcoxon != nil {
			got, err = Wilcoxon(c.A, c.B)
			test("Wilcoxon", got, err, *c.Wilcoxon)
		}
		if c.Permutation != nil {
			got, err = PairedPermutation(c.A, c.B, DefaultResampling)
			if err != nil {
				t.Fatal(err)
			}
			w.near(t, "paired permutation", got.P, *c.Permutation, closed)
		}
		e, err := CohensD(c.A, c.B, 0.95)
		estimate("Cohen's d", e, err, c.Cohen, 1e-8)
		e, err = CohensDz(c.A, c.B, 0.95)
		estimate("Cohen's d of pairs", e, err, c.CohenZ, 1e-8)
		if c.Cliff != nil {
			e, err = CliffsDelta(c.A, c.B, 0.95)
			estimate("Cliff's delta", e, err, *c.Cliff, closed)
		}
		r, err := Correlation(c.A, c.B)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "correlation", r, c.Correlation, closed)
		o, err := AlmostStochasticOrder(c.A, c.B, 0.95, DefaultResampling)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "violation ratio", o.Violation, c.Violation, 2e-3) // theirs is a sum in steps of 1e-4
		w.near(t, "epsilon min", o.EpsilonMin, c.Epsilon, 0.06)      // theirs rests on 500 draws
	}
	for _, c := range f.BCa {
		statistic := map[string]func([]float64) float64{"mean": Mean, "iqm": IQM}[c.Statistic]
		jack := make([]float64, len(c.Values))
		for i := range c.Values {
			jack[i] = statistic(append(append([]float64{}, c.Values[:i]...), c.Values[i+1:]...))
		}
		low, high := bca(statistic(c.Values), c.Boot, jack, c.Level)
		w.near(t, "BCa, same resamples", low, c.Low, closed)
		w.near(t, "BCa, same resamples", high, c.High, closed)
		e, err := BCa(c.Values, statistic, c.Level, DefaultResampling)
		if err != nil {
			t.Fatal(err)
		}
		width := c.ManyHigh - c.ManyLow
		w.near(t, "BCa, own resamples, share of the width", (e.Low-c.ManyLow)/width, 0, 0.06)
		w.near(t, "BCa, own resamples, share of the width", (e.High-c.ManyHigh)/width, 0, 0.06)
	}
	for _, c := range f.IQM {
		w.near(t, "IQM", IQM(c.Values), c.IQM, closed)
	}
	for _, c := range f.Holm {
		got, err := Holm(c.P)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			w.near(t, "Holm", got[i], c.Adjusted[i], closed)
		}
	}
	for _, c := range f.MC {
		got, err := McNemar(c.OnlyA, c.OnlyB)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "McNemar", got.P, c.P, closed)
	}
	for _, c := range f.Noncentral {
		w.near(t, "noncentral t", noncentralT(c.T, c.DF, c.NCP), c.P, closed)
	}
	for _, c := range f.Power {
		got, err := PairedTPower(c.Difference, c.SD, c.N, c.Alpha)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "power of the paired t test", got, c.Power, closed)
		seeds, err := SeedsNeeded(c.SD, Target{c.Difference, c.Alpha, 0.8})
		if err != nil || seeds != c.Seeds {
			t.Errorf("%+v needs %d seeds (%v)", c, seeds, err)
		}
	}
	for _, c := range f.Best {
		got, err := ExpectedMax(c.Values)
		if err != nil || len(got) != len(c.Expected) {
			t.Fatalf("%v: %v, %v", c.Values, got, err)
		}
		for i := range got {
			w.near(t, "expected maximum", got[i], c.Expected[i], closed)
		}
	}
	for _, c := range f.Components {
		p := pairsOf(c.A, c.B)
		got, err := p.Components()
		if err != nil {
			t.Fatal(err)
		}
		// Theirs differentiates F1 by small steps.
		w.near(t, "variance components", got.Seed, c.Seed, 1e-6)
		w.near(t, "variance components", got.Unit, c.Unit, 1e-6)
		w.near(t, "variance components", got.Residual, c.Residual, 1e-6)
	}
}

func pairsOf(a, b [][][3]int) *Pairs {
	side := func(from [][][3]int) [][]Counts {
		out := make([][]Counts, len(from))
		for s := range from {
			for _, c := range from[s] {
				out[s] = append(out[s], Counts{c[0], c[1], c[2]})
			}
		}
		return out
	}
	p := &Pairs{A: side(a), B: side(b)}
	for s := range a {
		p.Seeds = append(p.Seeds, s)
	}
	return p
}

// The fixture tries every swap and every resample, with seqeval's F1 on the tags
// (testdata/randomisation.py).
func TestRandomisationAndBootstrapAgainstEnumeration(t *testing.T) {
	var f struct {
		Randomisation []struct {
			A, B          [][][3]int
			Difference, P float64
		}
		Bootstrap []struct {
			A, B      [][][3]int
			Value     float64
			Low, High [2]float64
		}
	}
	readFixture(t, "randomisation.json", &f)
	if len(f.Randomisation) == 0 || len(f.Bootstrap) == 0 {
		t.Fatal("the fixture is not whole")
	}
	w := worst{}
	defer w.log(t)
	r := Resampling{Draws: 40000, Seed: 4}
	for _, c := range f.Randomisation {
		p := pairsOf(c.A, c.B)
		got, err := p.Randomisation(r)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "difference of F1", got.Statistic, c.Difference, closed)
		w.near(t, "randomisation", got.P, c.P, 4*math.Sqrt(c.P*(1-c.P)/float64(r.Draws))+1/float64(r.Draws))
	}
	for _, c := range f.Bootstrap {
		p := pairsOf(c.A, c.B)
		got, err := p.Hierarchical(0.95, r)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "difference of F1", got.Value, c.Value, closed)
		if got.Low < c.Low[0]-closed || got.Low > c.Low[1]+closed || got.High < c.High[0]-closed || got.High > c.High[1]+closed {
			t.Errorf("interval %v to %v, want ends in %v and %v", got.Low, got.High, c.Low, c.High)
		}
	}
}

func TestTooFewSeeds(t *testing.T) {
	five, six := []float64{1, 2, 3, 4, 5}, []float64{2, 4, 6, 8, 10, 12}
	zero := make([]float64, 6)
	if _, err := Wilcoxon(five, zero[:5]); !errors.Is(err, ErrTooFewSeeds) {
		t.Errorf("Wilcoxon over five: %v", err)
	}
	if _, err := Wilcoxon(append(five, 0), zero); !errors.Is(err, ErrTooFewSeeds) {
		t.Errorf("Wilcoxon over five that differ: %v", err)
	}
	if _, err := PairedPermutation(five, zero[:5], DefaultResampling); !errors.Is(err, ErrTooFewSeeds) {
		t.Errorf("permutation over five: %v", err)
	}
	for _, f := range []func() (Test, error){
		func() (Test, error) { return Wilcoxon(six, zero) },
		func() (Test, error) { return PairedPermutation(six, zero, DefaultResampling) },
	} {
		if got, err := f(); err != nil || got.P != 2.0/64 {
			t.Errorf("six pairs of one sign: p = %v (%v), want 2/64", got.P, err)
		}
	}
}

// Power, the test that it is of, and the seeds and sentences needed are SciPy's; how
// often 20,000 simulated experiments find the difference is near the power, which takes
// variance components for known (testdata/power.py).
func TestPowerAgainstSciPyAndSimulation(t *testing.T) {
	var f struct {
		Power []struct {
			Seed, Unit, Residual, Difference, Alpha float64
			Seeds, Units                            int
			Power, Simulated, P                     float64
			SeedsNeeded                             int `json:"seeds_needed"`
			UnitsNeeded                             int `json:"units_needed"`
		}
	}
	readFixture(t, "power.json", &f)
	if len(f.Power) == 0 {
		t.Fatal("the fixture is not whole")
	}
	w := worst{}
	defer w.log(t)
	for _, c := range f.Power {
		parts := Components{Seed: c.Seed, Unit: c.Unit, Residual: c.Residual, Seeds: c.Seeds, Units: c.Units}
		got, err := parts.Power(c.Difference, c.Alpha, c.Seeds, c.Units)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "power over seeds and sentences", got, c.Power, closed)
		w.near(t, "power over seeds and sentences, simulated", got, c.Simulated, 0.05)
		test, err := parts.crossed(c.Difference)
		if err != nil {
			t.Fatal(err)
		}
		w.near(t, "t over seeds and sentences", test.P, c.P, closed)
		target := Target{Difference: c.Difference, Alpha: c.Alpha, Power: 0.8}
		if n, err := parts.SeedsFor(target, c.Units); err != nil || n != c.SeedsNeeded {
			t.Errorf("%+v needs %d seeds (%v)", c, n, err)
		}
		if n, err := parts.UnitsFor(target, c.Seeds); err != nil || n != c.UnitsNeeded {
			t.Errorf("%+v needs %d sentences (%v)", c, n, err)
		}
	}
}

// Above twenty pairs signs are drawn; the exact p is of every one of 2^n ways, tried in
// NumPy (testdata/power.py).
func TestSampledPermutation(t *testing.T) {
	var f struct {
		Permutations []struct {
			A, B []float64
			P    float64
		}
	}
	readFixture(t, "power.json", &f)
	if len(f.Permutations) == 0 {
		t.Fatal("the fixture is not whole")
	}
	w := worst{}
	defer w.log(t)
	for _, c := range f.Permutations {
		got, err := PairedPermutation(c.A, c.B, Resampling{Draws: 20000, Seed: 9})
		if err != nil || got.Draws != 20000 {
			t.Fatalf("%+v, %v", got, err)
		}
		w.near(t, "paired permutation, sampled", got.P, c.P, 4*math.Sqrt(c.P*(1-c.P)/20000))
	}
}
