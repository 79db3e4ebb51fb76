package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// The fixture is SciPy's; testdata/summary.py wrote it.
func TestSummaryAgreesWithSciPy(t *testing.T) {
	blob, err := os.ReadFile("testdata/summary.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Cases []struct {
			Values                         []float64
			Level, Mean, SD, SE, Low, High float64
		}
	}
	if err := json.Unmarshal(blob, &fixture); err != nil {
		t.Fatal(err)
	}
	if len(fixture.Cases) == 0 {
		t.Fatal("the fixture holds no case")
	}
	worst := 0.0
	for _, c := range fixture.Cases {
		got, err := NewSample(c.Values...).Summarize(c.Level)
		if err != nil {
			t.Fatal(err)
		}
		scale := math.Max(math.Abs(c.Mean), math.Abs(c.High-c.Low))
		for _, pair := range [][2]float64{{got.Mean, c.Mean}, {got.SD, c.SD}, {got.SE, c.SE}, {got.Low, c.Low}, {got.High, c.High}} {
			worst = math.Max(worst, math.Abs(pair[0]-pair[1])/scale)
		}
		if worst > 1e-9 {
			t.Errorf("%v at %v: %+v, SciPy has %+v", c.Values, c.Level, got, c)
		}
	}
	t.Logf("%d cases, largest relative difference %.1e", len(fixture.Cases), worst)
}

func TestFewValuesHaveNoSpread(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		values          []float64
		n, dropped      int
		mean            float64
		hasMean, spread bool
	}{
		{nil, 0, 0, nan, false, false},
		{[]float64{nan, inf, -inf}, 0, 3, nan, false, false},
		{[]float64{70}, 1, 0, 70, true, false},
		{[]float64{nan, 70, inf}, 1, 2, 70, true, false},
		{[]float64{70, 72, nan}, 2, 1, 71, true, true},
	} {
		sample, s := NewSample(c.values...), Summarize95(c.values...)
		if s.N != c.n || sample.Dropped != c.dropped || s.HasMean() != c.hasMean || s.HasSpread() != c.spread {
			t.Errorf("%v: %+v, dropped %d", c.values, s, sample.Dropped)
		}
		if s.Mean != c.mean && !(math.IsNaN(s.Mean) && math.IsNaN(c.mean)) {
			t.Errorf("%v: mean %v, want %v", c.values, s.Mean, c.mean)
		}
		if !c.spread && !(math.IsNaN(s.SD) && math.IsNaN(s.SE) && math.IsNaN(s.Low) && math.IsNaN(s.High)) {
			t.Errorf("%v: a spread that does not exist: %+v", c.values, s)
		}
	}
}

func TestSummarizeRefusesLevels(t *testing.T) {
	for _, level := range []float64{0, 1, -0.5, 95, math.NaN()} {
		if _, err := NewSample(1, 2).Summarize(level); err == nil {
			t.Errorf("level %v was accepted", level)
		}
	}
}

// Shifting and scaling values shifts and scales what describes them.
func TestSummaryIsEquivariant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 100), 2, 12).Draw(t, "values")
		shift, scale := rapid.Float64Range(-50, 50).Draw(t, "shift"), rapid.Float64Range(0.1, 10).Draw(t, "scale")
		moved := make([]float64, len(values))
		for i, v := range values {
			moved[i] = shift + scale*v
		}
		a, b := Summarize95(values...), Summarize95(moved...)
		for _, pair := range [][2]float64{{shift + scale*a.Mean, b.Mean}, {scale * a.SD, b.SD}, {shift + scale*a.Low, b.Low}, {shift + scale*a.High, b.High}} {
			if math.Abs(pair[0]-pair[1]) > 1e-6 {
				t.Fatalf("%v by %v and %v: %+v and %+v", values, shift, scale, a, b)
			}
		}
	})
}
