package plots

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func kind(t *testing.T, name string) Kind {
	t.Helper()
	k, ok := LookupKind(name)
	if !ok {
		t.Fatalf("no figure %s", name)
	}
	return k
}

func drawn[D Drawing](t *testing.T, name string, runs []Run, o Options) D {
	t.Helper()
	o.Title = title
	d, err := kind(t, name).Draw(runs, o)
	if err != nil {
		t.Fatal(err)
	}
	render(t, d, PDF, 3.03)
	return d.(D)
}

// The released code's setting has another loss: its score stands apart from the
// line, and is not the best on dev, since it may have been chosen on test.
func TestOfficialStandsApart(t *testing.T) {
	var l lab
	for _, beta := range []float64{0, 0.01, 0.1} {
		l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 80 - beta}, map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "ib.beta": beta})
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 90}, map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "preset": "official"})
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 50}, map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "preset": "official", "train.clip": 1})
	f := drawn[*Figure](t, "beta", l.runs, Options{})
	got := sketch(f.Rows[0].Panels[0])
	if !strings.Contains(got, " official=90/1 ") || !strings.Contains(got, "0=80/1!") {
		t.Errorf("%s", got)
	}
	if caption := f.Caption(); !strings.Contains(caption, "Right of the axis: official.") || !strings.Contains(caption, "1 of 4 runs drawn chose the checkpoint on test") {
		t.Errorf("%s", caption)
	}
	if len(f.Runs) != 4 {
		t.Errorf("%d runs stand behind the figure", len(f.Runs))
	}
}

// A sweep that moves the weight of the picture, and another arm both weights, has both
// in one figure; one setting that differs in the text's weight makes no series.
func TestBothWeightsInOneFigure(t *testing.T) {
	var l lab
	for _, beta := range []float64{0, 0.01, 0.1, 1} {
		for _, key := range []string{"ib.beta_image", "ib.beta"} {
			l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 80 - beta, mmibx.InformationInput: 9 - beta, mmibx.InformationLabel: beta}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", key: beta})
		}
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 90, mmibx.InformationInput: 1, mmibx.InformationLabel: 1}, map[string]any{"benchmark": "mini-mnre", "model": "mmib"})
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 70}, map[string]any{"benchmark": "mini-mnre", "model": "text"})
	for _, name := range []string{"beta", "plane"} {
		f := drawn[*Figure](t, name, l.runs, Options{})
		panel := f.Rows[0].Panels[0]
		if len(panel.Series) != 2 || panel.Series[0].Name != "MMIB, β of the picture" || panel.Series[1].Name != "MMIB, both β" {
			t.Fatalf("%s: %s", name, sketch(panel))
		}
		for _, s := range panel.Series { // the usual setting lies on both
			if len(s.Points) != 5 {
				t.Errorf("%s: %s has %d points", name, s.Name, len(s.Points))
			}
		}
		if name == "beta" && (f.X.Label != "β" || len(panel.Lines) != 1 || len(panel.Lines[0].Values) != 1) {
			t.Errorf("axis %q, %d lines", f.X.Label, len(panel.Lines))
		}
	}
}

// Legends have methods in the order of the registry, not in that of panels, and axes
// that count begin at one.
func TestLegendOrder(t *testing.T) {
	f := &Figure{X: Axis{Label: "trials"}, Look: Training, Rows: []Row{{Label: "y"}}}
	for _, names := range [][]string{{"Text only", "MMIB"}, {"MEGA-style", "MMIB"}} {
		panel := Panel{}
		for _, name := range names {
			s := Series{Name: name}
			for k := range 17 {
				s.Points = append(s.Points, Point{X: float64(k + 1), Values: []float64{1}})
			}
			panel.Series = append(panel.Series, s)
		}
		f.Rows[0].Panels = append(f.Rows[0].Panels, panel)
	}
	p := newPage(f, 300)
	var got []string
	for _, e := range p.entries() {
		got = append(got, e.name)
	}
	if strings.Join(got, "; ") != "Text only; MEGA-style; MMIB" {
		t.Errorf("%v", got)
	}
	if ticks := p.x.ticks(200, tickWidth); ticks[0].label != "1" {
		t.Errorf("the axis begins at %+v", ticks)
	}
}

// A temperature that is learned is no place of the axis: it stands right of it.
func TestLearnedStandsApart(t *testing.T) {
	var l lab
	for _, tau := range []float64{0.1, 0.5} {
		l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 80 - tau}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.tau": tau})
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 85}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.learn_tau": true})
	f := drawn[*Figure](t, "temperature", l.runs, Options{})
	if got := sketch(f.Rows[0].Panels[0]); !strings.Contains(got, " learned=85/1!") || !strings.Contains(f.Caption(), "Right of the axis: learned.") {
		t.Errorf("%s; %s", got, f.Caption())
	}
}

// A method with its own pictures and one whose pictures are shuffled by dose 0 are
// one place of the axis; blank pictures are no dose.
func TestRobustnessJoinsOwnAndShuffled(t *testing.T) {
	var l lab
	f1 := func(v float64) map[string]float64 { return map[string]float64{mmibx.DevF1: v} }
	for _, m := range []string{"concat", "mmib"} {
		set := func(more map[string]any) map[string]any {
			s := map[string]any{"benchmark": "mini-mnre", "model": m}
			for k, v := range more {
				s[k] = v
			}
			return s
		}
		l.add(t, mmibx.Done, f1(90), set(nil))
		l.add(t, mmibx.Done, f1(80), set(map[string]any{"evidence.pictures": "shuffled"}))
		l.add(t, mmibx.Done, f1(85), set(map[string]any{"evidence.pictures": "shuffled", "evidence.shuffle_share": 0.5}))
		l.add(t, mmibx.Done, f1(10), set(map[string]any{"evidence.pictures": "blank"}))
	}
	l.add(t, mmibx.Done, f1(75), map[string]any{"benchmark": "mini-mnre", "model": "text"})
	f := drawn[*Figure](t, "robustness", l.runs, Options{})
	panel := f.Rows[0].Panels[0]
	if len(panel.Series) != 2 || len(panel.Lines) != 1 || panel.Lines[0].Name != "Text only" {
		t.Fatalf("%s", sketch(panel))
	}
	for _, s := range panel.Series {
		got := map[float64]string{}
		for _, pt := range s.Points {
			got[pt.X] = fmt.Sprint(pt.Values)
		}
		if fmt.Sprint(got) != "map[0:[90] 0.5:[85] 1:[80]]" {
			t.Errorf("%s: %v", s.Name, got)
		}
	}
	if f.X.Log || strings.Contains(f.Caption(), "best") {
		t.Error("a share is on a logarithmic axis, or one dose is called the best")
	}
	if svg := render(t, f, SVG, 3.03); bytes.Contains(svg, []byte(">−0<")) || !bytes.Contains(svg, []byte(">0.2<")) {
		t.Error("the axis starts at minus zero")
	}
}

func TestHeatMapPicksWhatVaries(t *testing.T) {
	var l lab
	for _, size := range []int{0, 4, 8} {
		for _, beta := range []float64{0, 0.01} {
			for seed := range 2 {
				l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 80 + float64(size) - beta + float64(seed)},
					map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.size": size, "ib.beta": beta, "seed": seed})
			}
		}
	}
	l.runs[len(l.runs)-1].State, l.runs[len(l.runs)-2].State = mmibx.Diverged, mmibx.Queued
	h := drawn[*HeatMap](t, "heatmap", l.runs, Options{})
	if got := fmt.Sprint(h.X, h.Columns, h.Y, h.Rows); got != "β[0 0.01]bottleneck size[encoder 4 8]" && got != "bottleneck size[encoder 4 8]β[0 0.01]" {
		t.Errorf("axes: %s", got)
	}
	best := 0
	for c := range h.cells() {
		if mean, ok := c.mean(); c.Best {
			best++
			if !ok || mean != 88.5 {
				t.Errorf("the best has the mean %v", mean)
			}
		}
	}
	if best != 1 {
		t.Errorf("%d cells are the best", best)
	}
	if caption := h.Caption(); !strings.Contains(caption, "2 seeds") || !strings.Contains(caption, "× 1 cell whose") || !strings.Contains(caption, "The method is MMIB.") {
		t.Errorf("caption: %s", caption)
	}
	h = drawn[*HeatMap](t, "heatmap", l.runs, Options{Keys: []string{"ib.size", "ib.beta"}})
	if h.X != "bottleneck size" || h.Y != "β" {
		t.Errorf("asked for size across and beta up: %s, %s", h.X, h.Y)
	}
	if _, err := kind(t, "heatmap").Draw(l.runs[:2], Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("one cell: %v", err)
	}
}

func TestTypes(t *testing.T) {
	var l lab
	for seed := range 2 {
		l.add(t, mmibx.Done, map[string]float64{"dev.f1": 80, "dev.f1.PER": 90 + float64(seed), "dev.f1.LOC": 70}, map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "seed": seed})
	}
	l.add(t, mmibx.Done, map[string]float64{"dev.f1.PER": 60, "dev.f1.LOC": math.NaN()}, map[string]any{"benchmark": "mini-twitter2017", "model": "text"})
	l.add(t, mmibx.Done, map[string]float64{"dev.f1.PER": 1}, map[string]any{"benchmark": "mini-twitter2017", "model": "mmib", "ib.size": 2})
	f := drawn[*Bars](t, "types", l.runs, Options{})
	if got := fmt.Sprint(f.Panels[0].Groups); got != "[{LOC [{Text only [NaN]} {MMIB [70 70]}]} {PER [{Text only [60]} {MMIB [90 91]}]}]" && got != "[{LOC [{Text only [NaN]} {MMIB [70 70]}]} {PER [{Text only [60]} {MMIB [91 90]}]}]" {
		t.Errorf("%s", got)
	}
	if !strings.Contains(f.Caption(), "1 to 2 seeds") || !strings.Contains(f.Caption(), "1 bar is missing") {
		t.Errorf("caption: %s", f.Caption())
	}
}

// By hand: of the trials 60, 70 and 90 the best of one is 73.3 on average, of two
// (70 + 90 + 90) / 3, of three 90. A trial is the mean over its seeds.
func TestBudget(t *testing.T) {
	var l lab
	for i, f1 := range []float64{60, 70, 90} {
		for seed := range 2 {
			l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: f1 - 1 + 2*float64(seed)}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.size": 1 << i, "seed": seed})
		}
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 99}, map[string]any{"benchmark": "mini-mnre", "model": "concat"})
	f := drawn[*Figure](t, "budget", l.runs, Options{})
	var got []float64
	for _, pt := range f.Rows[0].Panels[0].Series[0].Points {
		got = append(got, pt.Values[0])
	}
	want := []float64{220.0 / 3, 250.0 / 3, 90}
	if len(f.Rows[0].Panels[0].Series) != 1 || !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
		t.Errorf("%v, want %v", got, want)
	}
	if caption := f.Caption(); !strings.Contains(caption, "1 method with one setting") || strings.Contains(caption, "one seed") {
		t.Errorf("caption: %s", caption)
	}
}

// By hand: of the losses 3, 5 and 10 the lowest of one is 6 on average, of two
// (3 + 3 + 5) / 3, of three 3. What has no better end has no best.
func TestBudgetOfALoss(t *testing.T) {
	var l lab
	for i, loss := range []float64{5, 3, 10} {
		l.add(t, mmibx.Done, map[string]float64{mmibx.Loss: loss, mmibx.GradNorm: 1}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.size": 1 << i})
	}
	f := drawn[*Figure](t, "budget", l.runs, Options{Metrics: []string{mmibx.Loss}})
	for k, want := range []float64{6, 11.0 / 3, 3} {
		if got := f.Rows[0].Panels[0].Series[0].Points[k].Values[0]; math.Abs(got-want) > 1e-9 {
			t.Errorf("the lowest of %d: %v, want %v", k+1, got, want)
		}
	}
	if caption := f.Caption(); !strings.Contains(caption, "best, which is the lowest, of so many trials") {
		t.Error(caption)
	}
	l.runs[2].State = mmibx.Pruned
	f = drawn[*Figure](t, "budget", l.runs, Options{Metrics: []string{mmibx.Loss}})
	if caption := f.Caption(); !strings.Contains(caption, "at the best dev F1 that it had reached, with its training loss there") {
		t.Error(caption)
	}
	if _, err := kind(t, "budget").Draw(l.runs, Options{Metrics: []string{mmibx.GradNorm}, Title: title}); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("of a norm, which has no better end: %v", err)
	}
}

// A search that prunes tried what it pruned.
func TestBudgetCountsPrunedTrials(t *testing.T) {
	var l lab
	for i, v := range []float64{90, 70, 60} {
		state := mmibx.Pruned
		if i == 0 {
			state = mmibx.Done
		}
		l.add(t, state, map[string]float64{mmibx.DevF1: v}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.tau": i + 1})
	}
	f := drawn[*Figure](t, "budget", l.runs, Options{})
	points := f.Rows[0].Panels[0].Series[0].Points
	if len(points) != 3 || math.Abs(points[0].Values[0]-220.0/3) > 1e-9 || points[2].Values[0] != 90 || len(f.Runs) != 3 {
		t.Errorf("%d trials, of runs %v: %+v", len(points), f.Runs, points)
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 74}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.tau": 2, "seed": 1})
	f = drawn[*Figure](t, "budget", l.runs, Options{})
	if points := f.Rows[0].Panels[0].Series[0].Points; math.Abs(points[0].Values[0]-222.0/3) > 1e-9 {
		t.Errorf("a setting of one pruned seed and one that is done: %+v", points)
	}
	if caption := f.Caption(); !strings.Contains(caption, "a pruned run counts as tried") || !strings.Contains(caption, "2 pruned") || strings.Contains(caption, "of the others") {
		t.Error(caption)
	}
	// One that was pruned before it had a score is no trial.
	l.runs[1].Values, l.runs[2].Values = nil, nil
	f = drawn[*Figure](t, "budget", l.runs, Options{})
	if caption := f.Caption(); strings.Contains(caption, "a pruned run") || !strings.Contains(caption, "2 pruned") {
		t.Error(caption)
	}
}

// A sweep over one axis and over another crosses them in the usual setting alone: that
// is no map.
func TestHeatMapWantsACross(t *testing.T) {
	var l lab
	cell := func(beta float64, size int) {
		l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 80}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.beta_image": beta, "ib.size": size})
	}
	for _, beta := range []float64{0.001, 0.01, 0.1} {
		cell(beta, 8)
	}
	cell(0.001, 4)
	cell(0.001, 2)
	if f, err := kind(t, "heatmap").Draw(l.runs, Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("drawn: %+v, %v", f, err)
	}
	cell(0.01, 4)
	if h := drawn[*HeatMap](t, "heatmap", l.runs, Options{}); len(h.Rows) != 3 || len(h.Columns) != 3 {
		t.Errorf("%v by %v", h.Rows, h.Columns)
	}
}

// What pictures were shown is a condition: nobody chooses a dose by its score.
func TestDosesAreNoTrials(t *testing.T) {
	var l lab
	for i, pictures := range []string{"own", "shuffled", "blank"} {
		l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: float64(i)}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "evidence.pictures": pictures})
	}
	if f, err := kind(t, "budget").Draw(l.runs, Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("three trials of one setting: %+v, %v", f, err)
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 9}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "align.tau": 2})
	f := drawn[*Figure](t, "budget", l.runs, Options{})
	if caption := f.Caption(); len(f.Rows[0].Panels[0].Series[0].Points) != 2 || !strings.Contains(caption, "are no trials") {
		t.Errorf("%+v: %s", f.Rows[0].Panels[0].Series, caption)
	}
}

// Bands of many levels cannot be told apart: the figure has none, and says so.
func TestManyLevelsAreBare(t *testing.T) {
	f := &Figure{Rows: []Row{{Panels: []Panel{{}}}}, Look: Sensitivity}
	panel := &f.Rows[0].Panels[0]
	for i := range maxBands + 1 {
		if f.bareLevels() || strings.Contains(f.Caption(), "no bands") {
			t.Errorf("%d levels are bare", i)
		}
		panel.Lines = append(panel.Lines, Line{Name: fmt.Sprint("known ", i), Values: []float64{1}, Ceiling: true}, Line{Name: fmt.Sprint(i), Values: []float64{1, 2}})
	}
	if !f.bareLevels() || !strings.Contains(f.Caption(), "have no bands") {
		t.Error(f.Caption())
	}
}

func TestPlanes(t *testing.T) {
	var l lab
	for i, beta := range []float64{0, 0.1, 1} {
		l.add(t, mmibx.Done, map[string]float64{mmibx.InformationInput: 100 - float64(i), mmibx.InformationLabel: 2 - float64(i)},
			map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.beta": beta})
		l.runs[i].Curves = map[string][]mmibx.Point{
			mmibx.InformationInput: {{Step: 5, Value: 10}, {Step: 10, Value: 20}, {Step: 15, Value: math.Inf(1)}},
			mmibx.InformationLabel: {{Step: 5, Value: 1}, {Step: 10, Value: 2}, {Step: 15, Value: 3}},
		}
	}
	f := drawn[*Figure](t, "plane", l.runs, Options{})
	var got []string
	for _, pt := range f.Rows[0].Panels[0].Series[0].Points {
		got = append(got, fmt.Sprint(pt.Name, ":", pt.X, ",", pt.Values))
	}
	if strings.Join(got, " ") != "0:100,[2] 0.1:99,[1] 1:98,[0]" {
		t.Errorf("%v", got)
	}
	f = drawn[*Figure](t, "plane-training", l.runs[:1], Options{})
	if points := f.Rows[0].Panels[0].Series[0].Points; len(points) != 2 || points[0].Name != "1" || !strings.Contains(f.Caption(), "1 value is not finite") {
		t.Errorf("%+v, %s", points, f.Caption())
	}
}

func TestCost(t *testing.T) {
	var l lab
	for seed := range 2 {
		l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 90, Seconds: 10 + 2*float64(seed)}, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "seed": seed})
	}
	l.add(t, mmibx.Done, map[string]float64{mmibx.DevF1: 70, Seconds: 0}, map[string]any{"benchmark": "mini-mnre", "model": "text"})
	f := drawn[*Figure](t, "cost", l.runs, Options{})
	if p := f.Rows[0].Panels[0].Series; len(p[0].Points) != 0 || p[1].Points[0].X != 11 {
		t.Errorf("%+v", p)
	}
}

// A method looks the same whatever stands beside it, and nothing else looks so.
func TestOneLookPerMethod(t *testing.T) {
	var titles []string
	for _, m := range mmibx.Models {
		titles = append(titles, m.Title)
	}
	all := looksOf(titles)
	seen := map[string]string{}
	for _, name := range titles {
		alone := looksOf([]string{"MMIB, β = 1", name, "another"})
		if fmt.Sprint(alone[name]) != fmt.Sprint(all[name]) {
			t.Errorf("%s: %v beside others, %v beside all", name, alone[name], all[name])
		}
		for other, l := range alone {
			if other != name && l.color == alone[name].color {
				t.Errorf("%s looks as %s does", other, name)
			}
		}
		if before := seen[fmt.Sprint(all[name])]; before != "" {
			t.Errorf("%s looks as %s does", name, before)
		}
		seen[fmt.Sprint(all[name])] = name
	}
	if all["MMIB"].color != okabeIto[0] {
		t.Error("MMIB is not blue")
	}
	// Where methods take every colour, what stands beside them differs in its dashes.
	crowded := looksOf(append([]string{"MMIB, size = 2", "MMIB, size = 4"}, titles...))
	for name, l := range crowded {
		for other, m := range crowded {
			if name != other && l.color == m.color && (slices.Equal(l.dashes, m.dashes) || l.marker == m.marker) {
				t.Errorf("%s looks as %s does: %v", name, other, l)
			}
		}
	}
}

func TestKindsRefuseNothing(t *testing.T) {
	queued := demo(t)
	for i := range queued {
		queued[i].State = mmibx.Queued
	}
	for _, k := range Kinds {
		if _, err := k.Draw(queued, Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("%s of runs that are all queued: %v", k.Name, err)
		}
	}
	for _, k := range Kinds {
		if _, err := k.Draw(nil, Options{Title: title}); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("%s of no runs: %v", k.Name, err)
		}
	}
}
