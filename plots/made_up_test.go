package plots

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/mmibx/mmibx"
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

func madeUpMeta(title string) Meta {
	return Meta{
		Title: title, Note: "Made-up values", Runs: []string{"0123456789ab", "00ff00ff00ff"},
		Origin: Origin{Command: "mmibx plot " + title + " --sweep made-up", Commits: []string{"1f2e3d4c"}, Data: []string{"mini-mnre 5a5a5a5a"}},
	}
}

// betaFigure has 0 and a named setting apart, ceilings and baselines.
func betaFigure() *Figure {
	rng := rand.New(rand.NewPCG(1, 1))
	row := rowOf(mmibx.DevF1)
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
		Meta: madeUpMeta("beta"), X: Axis{Label: "β (image)", Log: true}, Rows: []Row{row},
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
	return &Figure{Meta: madeUpMeta("temperature"), X: Axis{Label: "temperature τ", Log: true}, Rows: []Row{f1, recall}}
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
	return &Figure{Meta: madeUpMeta("bottleneck"), X: Axis{Label: "bottleneck size", Log: true}, Spread: Interval95, Rows: []Row{row}}
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
	return &Figure{Meta: madeUpMeta("curves"), Look: Training, X: Axis{Label: "epoch"}, Rows: []Row{row}}
}

// planeFigure is a path of two measured numbers, named at its points.
func planeFigure() *Figure {
	rng := rand.New(rand.NewPCG(5, 5))
	row := Row{Label: "I(Z; Y), at least (nats)"}
	for i, title := range []string{"mini Twitter-2017", "mini MNRE"} {
		s := Series{Name: "MMIB"}
		for j, b := range []string{"0", "0.001", "0.1", "1"} {
			pt := Point{Name: b}
			for range 3 {
				pt.pair(300-60*float64(j)+9*rng.NormFloat64(), 2-math.Exp(float64(j-3))+0.03*rng.NormFloat64()-float64(i))
			}
			s.Points = append(s.Points, pt)
		}
		row.Panels = append(row.Panels, Panel{Title: title, Series: []Series{s, {Name: "Concat", Points: []Point{{X: 250, Xs: []float64{250}, Values: []float64{1 - float64(i)}}}}}})
	}
	return &Figure{Meta: madeUpMeta("plane"), Look: Path, X: Axis{Label: "I(X; Z), at most (nats)"}, Rows: []Row{row}}
}

// heatFigure has a cell without runs and one without a finite value.
func heatFigure() *HeatMap {
	rng := rand.New(rand.NewPCG(6, 6))
	h := &HeatMap{Meta: madeUpMeta("heatmap"), X: "β", Y: "bottleneck size", Metric: "dev F1 (%)", Columns: []string{"0", "0.001", "0.01", "0.1", "1"}, Rows: []string{"1", "4", "16", "encoder"}}
	for i, title := range []string{"mini Twitter-2017", "mini MNRE"} {
		p := HeatPanel{Title: title}
		for y := range h.Rows {
			var row []HeatCell
			for x := range h.Columns {
				row = append(row, HeatCell{Values: seeds(rng, 3, 90-float64(x*x)-8/float64(y+1)-float64(i), 0.3), Best: x == 0 && y == 3})
			}
			p.Cells = append(p.Cells, row)
		}
		p.Cells[0][4] = HeatCell{Values: []float64{math.NaN()}}
		p.Cells[1][4] = HeatCell{}
		h.Panels = append(h.Panels, p)
	}
	return h
}

// barsFigure has entities beside relations with long names, and a missing bar.
func barsFigure() *Bars {
	rng := rand.New(rand.NewPCG(7, 7))
	panel := func(title string, types ...string) BarPanel {
		p := BarPanel{Title: title}
		for i, t := range types {
			g := BarGroup{Name: t}
			for j, name := range []string{"Text only", "Concat", "UMT-style", "MMIB"} {
				g.Bars = append(g.Bars, Bar{Name: name, Values: seeds(rng, 3, 60+8*float64(j)-3*float64(i), 2)})
			}
			p.Groups = append(p.Groups, g)
		}
		p.Groups[0].Bars[2].Values = []float64{math.NaN()}
		return p
	}
	return &Bars{Meta: madeUpMeta("types"), Metric: "dev F1 (%)", Panels: []BarPanel{
		panel("mini Twitter-2017", "LOC", "MISC", "ORG", "PER"), panel("mini MNRE", "/per/loc/place_of_residence", "/per/per/peer"),
	}}
}

// casesFigure has every mark, words that are too long, and nothing said.
func casesFigure() *Cases {
	tweet := []string{"RT", "@USER", "so", "proud", "of", "Stephen", "Curry", "and", "the", "Warriors", "in", "Oakland", "tonight", "#" + strings.Repeat("verylong", 12)}
	mnre := Case{Title: "mini MNRE, dev:2", Tokens: []string{"Einstein", "moved", "to", "Seattle"}, Bold: []mmibx.Span{{Start: 0, End: 1}, {Start: 3, End: 4}}, Answers: []Answer{
		{Name: "gold", Items: []Item{{Label: "/per/loc/place_of_residence"}}}, {Name: "MMIB", Items: []Item{{Label: "/per/loc/place_of_residence", Mark: Right}}},
	}}
	return &Cases{Meta: madeUpMeta("cases"), List: []Case{
		{Title: "mini Twitter-2017, dev:1", Tokens: tweet, Bold: []mmibx.Span{{Start: 5, End: 7}, {Start: 9, End: 10}}, Answers: []Answer{
			{Name: "gold", Items: []Item{{Text: "Stephen Curry", Label: "PER"}, {Text: "Warriors", Label: "ORG"}, {Text: "Oakland", Label: "LOC"}}},
			{Name: "Text only", Items: []Item{{Text: "Stephen Curry", Label: "PER", Mark: Right}, {Text: "Warriors", Label: "MISC", Mark: Wrong}, {Text: "Oakland", Label: "LOC", Mark: Missed}}},
			{Name: "MMIB"},
		}}, mnre, mnre,
	}}
}

// rateFigure has four metrics, one of them a count and one that no spread takes below 0.
func rateFigure() *Figure {
	rng := rand.New(rand.NewPCG(8, 8))
	f := &Figure{Meta: madeUpMeta("rate"), X: Axis{Label: "β of the picture", Log: true}}
	for i, metric := range []string{mmibx.RateText, mmibx.RateImage, mmibx.ActiveText, mmibx.ActiveImage} {
		row := rowOf(metric)
		for range 3 {
			s := Series{Name: "MMIB"}
			for _, b := range []float64{0, 1e-3, 1e-2, 1e-1, 1} {
				values := []float64{8, 8, 8}
				if i < 2 {
					values = seeds(rng, 3, 30*math.Exp(-8*b), 1.5)
					for k := range values {
						values[k] = math.Abs(values[k])
					}
				}
				s.Points = append(s.Points, Point{X: b, Values: values})
			}
			row.Panels = append(row.Panels, Panel{Series: []Series{s}})
		}
		f.Rows = append(f.Rows, row)
	}
	for i, title := range []string{"mini Twitter-2015", "mini Twitter-2017", "mini MNRE"} {
		f.Rows[0].Panels[i].Title = title
	}
	return f
}

// gapFigure has spreads that would pass the ends of their scales.
func gapFigure() *Figure {
	gap, close := rowOf(mmibx.ModalityGap), rowOf(mmibx.Alignment)
	for _, title := range []string{"mini Twitter-2017", "mini MNRE"} {
		var s, c Series
		s.Name, c.Name = "MMIB", "MMIB"
		for i, tau := range []float64{0.02, 0.1, 0.5, 2} {
			s.Points = append(s.Points, Point{X: tau, Values: []float64{0.05, 0.04, 1 + 0.1*float64(i)}})
			c.Points = append(c.Points, Point{X: tau, Values: []float64{1.2, 1.4, 1.5 + 0.1*float64(i)}})
		}
		gap.Panels = append(gap.Panels, Panel{Title: title, Series: []Series{s}})
		close.Panels = append(close.Panels, Panel{Title: title, Series: []Series{c}})
	}
	return &Figure{Meta: madeUpMeta("gap"), X: Axis{Label: "temperature τ", Log: true}, Rows: []Row{gap, close}}
}

// robustnessFigure has a linear axis, and scores whose spread would pass 100.
func robustnessFigure() *Figure {
	row := rowOf(mmibx.DevF1)
	for _, title := range []string{"mini Twitter-2017", "mini MNRE"} {
		panel := Panel{Title: title, Lines: []Line{{Name: "Text only", Values: []float64{74, 75, 76}}}}
		for i, name := range []string{"Concat", "MMIB"} {
			s := Series{Name: name}
			for _, dose := range []float64{0, 0.5, 1} {
				mean := 97 - (20+4*float64(i))*dose
				s.Points = append(s.Points, Point{X: dose, Values: []float64{mean - 5, mean + 2.5, mean + 2.5}})
			}
			panel.Series = append(panel.Series, s)
		}
		row.Panels = append(row.Panels, panel)
	}
	return &Figure{Meta: madeUpMeta("robustness"), X: Axis{Label: "share of tweets with another's picture"}, Rows: []Row{row}}
}

// budgetFigure has methods of different budgets.
func budgetFigure() *Figure {
	row := Row{Label: "expected " + MetricLabel(mmibx.DevF1), Limits: percent}
	for _, title := range []string{"mini Twitter-2017", "mini MNRE"} {
		panel := Panel{Title: title}
		for i, name := range []string{"Concat", "MMIB"} {
			s := Series{Name: name}
			for k := range 6 + 6*i {
				s.Points = append(s.Points, Point{X: float64(k + 1), Values: []float64{90 + 4*float64(i) - 6/float64(k+1)}})
			}
			panel.Series = append(panel.Series, s)
		}
		row.Panels = append(row.Panels, panel)
	}
	return &Figure{Meta: madeUpMeta("budget"), Look: Training, X: Axis{Label: "trials"}, Says: "Lines are made up", Rows: []Row{row}}
}

// costFigure has a bar that would reach 0 on a logarithmic axis.
func costFigure() *Figure {
	row := rowOf(mmibx.DevF1)
	for range 2 {
		panel := Panel{Title: "mini MNRE"}
		for i, name := range []string{"Text only", "Concat", "UMT-style", "HVPNeT-style", "MMIB"} {
			pt := Point{}
			for k := range 3 {
				pt.pair(float64(2+3*i)*math.Pow(4, float64(k*(i%2))), 80+4*float64(i)+float64(k))
			}
			panel.Series = append(panel.Series, Series{Name: name, Points: []Point{pt}})
		}
		row.Panels = append(row.Panels, panel)
	}
	return &Figure{Meta: madeUpMeta("cost"), Look: Path, X: Axis{Label: "seconds of training, a run", Log: true, Limits: limitsOf(Seconds)}, Rows: []Row{row}}
}

// planeTrainingFigure has points so close to each other that names have little room.
func planeTrainingFigure() *Figure {
	rng := rand.New(rand.NewPCG(9, 9))
	row := rowOf(mmibx.InformationLabel)
	for _, title := range []string{"mini Twitter-2015", "mini Twitter-2017", "mini MNRE"} {
		s := Series{Name: "MMIB"}
		for e := range 7 {
			pt := Point{}
			if e == 0 || e == 6 {
				pt.Name = plain(float64(e + 1))
			}
			for range 3 {
				pt.pair(300+100*math.Exp(-float64(e))+15*rng.NormFloat64(), -2*math.Exp(-float64(e))+0.02*rng.NormFloat64())
			}
			s.Points = append(s.Points, pt)
		}
		row.Panels = append(row.Panels, Panel{Title: title, Series: []Series{s}})
	}
	return &Figure{Meta: madeUpMeta("plane-training"), Look: Path, X: Axis{Label: MetricLabel(mmibx.InformationInput), Limits: limitsOf(mmibx.InformationInput)}, Rows: []Row{row}}
}

// latentsFigure has pairs that are apart before and near each other after.
func latentsFigure() *Latents {
	rng := rand.New(rand.NewPCG(10, 10))
	f := &Latents{Meta: madeUpMeta("latents"), Pairs: 80, Shown: maxPairs}
	for _, title := range []string{"mini Twitter-2015", "mini MNRE"} {
		row := LatentRow{Title: title}
		for moment := range row.Clouds {
			c := Cloud{Share: [2]float64{0.43, 0.21}, Gap: 1.1 - float64(moment)}
			for range f.Pairs {
				x, y := rng.NormFloat64(), rng.NormFloat64()
				c.Text = append(c.Text, [2]float64{x, y})
				c.Image = append(c.Image, [2]float64{x + 6*c.Gap, y + 0.3*rng.NormFloat64()})
			}
			row.Clouds[moment] = c
		}
		f.Rows = append(f.Rows, row)
	}
	return f
}

// madeUp has a figure of every kind.
func madeUp() []Drawing {
	return []Drawing{
		betaFigure(), temperatureFigure(), sizeFigure(), curvesFigure(), planeFigure(), heatFigure(), barsFigure(), casesFigure(),
		rateFigure(), gapFigure(), robustnessFigure(), budgetFigure(), costFigure(), planeTrainingFigure(), latentsFigure(),
	}
}
