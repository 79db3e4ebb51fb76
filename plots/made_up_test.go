package plots

import (
	"math"
	"math/rand/v2"
)

// The figures of the tests hold made-up values, shaped as the miniature
// benchmarks are said to behave, and the same each time.

func seeds(rng *rand.Rand, n int, mean, sd float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = mean + sd*rng.NormFloat64()
	}
	return values
}

// betaFigure has 0 and a named setting apart, ceilings and baselines.
func betaFigure() *Figure {
	rng := rand.New(rand.NewPCG(1, 1))
	row := Row{Label: "dev F1 (%)"}
	for i, title := range []string{"mini Twitter-2015", "mini Twitter-2017", "mini MNRE"} {
		shift := float64(i)
		s := Series{Name: "MMIB"}
		for _, b := range []float64{0, 1e-4, 1e-3, 1e-2, 1e-1, 1} {
			mean := 92.3 - shift - 19*math.Pow(b, 1.5)
			s.Points = append(s.Points, Point{X: b, Values: seeds(rng, 3, mean, 0.7), Best: b == 1e-3})
		}
		s.Points = append(s.Points, Point{Label: "official", Values: seeds(rng, 3, 79-shift, 0.9)})
		row.Panels = append(row.Panels, Panel{Title: title, Series: []Series{s}, Lines: []Line{
			{Name: "ceiling with pictures", Values: []float64{96 - shift}, Ceiling: true},
			{Name: "ceiling of the text", Values: []float64{74.6 - shift}, Ceiling: true},
			{Name: "Text only", Values: seeds(rng, 3, 73.8-shift, 0.5)},
			{Name: "Concat", Values: seeds(rng, 3, 89-shift, 0.6)},
		}})
	}
	return &Figure{
		Title: "beta", X: Axis{Label: "β (image)", Log: true}, Rows: []Row{row},
		Note: "Made-up values", Runs: []string{"0123456789ab", "00ff00ff00ff"},
	}
}

// temperatureFigure has two rows, two estimators and a place without any value.
func temperatureFigure() *Figure {
	rng := rand.New(rand.NewPCG(2, 2))
	f1, recall := Row{Label: "dev F1 (%)"}, Row{Label: "recall@1"}
	for i, title := range []string{"Twitter-2015", "Twitter-2017", "MNRE"} {
		fixed, learned, found := Series{Name: "fixed τ"}, Series{Name: "learned τ"}, Series{Name: "fixed τ"}
		for _, tau := range []float64{0.02, 0.05, 0.1, 0.2, 0.5, 1, 5} {
			values := seeds(rng, 3, 74+5*float64(i)+rng.Float64(), 0.4)
			if i == 1 && tau == 0.02 {
				values = []float64{math.NaN(), math.Inf(1), math.NaN()}
			}
			fixed.Points = append(fixed.Points, Point{X: tau, Values: values})
			found.Points = append(found.Points, Point{X: tau, Values: seeds(rng, 3, 0.45/(1+math.Pow(3*tau, 2)), 0.02)})
			if tau < 1 {
				learned.Points = append(learned.Points, Point{X: tau, Values: seeds(rng, 2, 74.5+5*float64(i), 0.4)})
			}
		}
		f1.Panels = append(f1.Panels, Panel{Title: title, Series: []Series{fixed, learned}})
		recall.Panels = append(recall.Panels, Panel{Series: []Series{found}})
	}
	return &Figure{Title: "temperature", X: Axis{Label: "temperature τ", Log: true}, Rows: []Row{f1, recall}, Note: "Made-up values"}
}

// sizeFigure labels a few whole numbers as they are.
func sizeFigure() *Figure {
	rng := rand.New(rand.NewPCG(3, 3))
	row := Row{Label: "dev F1 (%)"}
	for _, title := range []string{"mini Twitter-2017", "mini MNRE"} {
		s := Series{Name: "MMIB"}
		for i, size := range []float64{1, 2, 4, 8, 16, 64, 256, 768} {
			s.Points = append(s.Points, Point{X: size, Values: seeds(rng, 5, 93-17*math.Exp(-float64(i)), 0.6)})
		}
		row.Panels = append(row.Panels, Panel{Title: title, Series: []Series{s}})
	}
	return &Figure{Title: "bottleneck", X: Axis{Label: "bottleneck size", Log: true}, Spread: Interval95, Rows: []Row{row}, Note: "Made-up values"}
}

// curvesFigure has arms of different length.
func curvesFigure() *Figure {
	rng := rand.New(rand.NewPCG(4, 4))
	row := Row{Label: "dev F1 (%)"}
	for i, title := range []string{"Twitter-2015", "Twitter-2017", "MNRE"} {
		panel := Panel{Title: title}
		for j, name := range []string{"Text only", "Concat", "MMIB", "MMIB, β = 1"} {
			s := Series{Name: name}
			for e := 1; e <= 10-j; e++ {
				mean := 70 + 4*float64(i) + 2*float64(j) - 30*math.Exp(-float64(e)/2)
				s.Points = append(s.Points, Point{X: float64(e), Values: seeds(rng, 3, mean, 0.8)})
			}
			panel.Series = append(panel.Series, s)
		}
		row.Panels = append(row.Panels, panel)
	}
	return &Figure{Title: "curves", Look: Training, X: Axis{Label: "epoch"}, Rows: []Row{row}, Note: "Made-up values"}
}

func madeUp() []*Figure {
	return []*Figure{betaFigure(), temperatureFigure(), sizeFigure(), curvesFigure()}
}
