package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Run is what a figure needs to know of a run.
type Run struct {
	ID     string
	Spec   mmibx.Spec
	State  mmibx.State
	Values map[string]float64 // by metric, at the chosen checkpoint; of done runs
	Curve  []mmibx.Point      // of the metric that a training figure shows
}

// Study names a figure of sensitivity to one setting.
type Study struct {
	Name    string
	Axes    []StudyAxis // alternatives; the one along which runs vary most is drawn, the first of equals
	Metrics []string    // a row each
	Doc     string
}

// StudyAxis is a setting that figures may vary; several keys vary together.
type StudyAxis struct {
	Keys  []string
	Label string
	// Zero is the name of the value 0 where it is no number of its kind.
	Zero string
}

// Studies lists the figures of sensitivity.
var Studies = []Study{
	{
		Name: "beta", Doc: "score against the weight of the bottleneck", Metrics: []string{mmibx.DevF1},
		Axes: []StudyAxis{
			{Keys: []string{"ib.beta_image"}, Label: "β of the picture"},
			{Keys: []string{"ib.beta_text"}, Label: "β of the text"},
			{Keys: []string{"ib.beta_text", "ib.beta_image"}, Label: "β"},
		},
	},
	{
		Name: "bottleneck", Doc: "score against the width of the latents", Metrics: []string{mmibx.DevF1},
		Axes: []StudyAxis{{Keys: []string{"ib.size"}, Label: "bottleneck size", Zero: "encoder"}},
	},
	{
		Name: "temperature", Doc: "score and retrieval against the temperature of InfoNCE", Metrics: []string{mmibx.DevF1, mmibx.RecallAt1},
		Axes: []StudyAxis{{Keys: []string{"align.tau"}, Label: "temperature τ"}},
	},
}

// Options are what a figure of runs needs besides the runs.
type Options struct {
	Metrics []string // instead of the study's own
	// Title names an arm, as if the keys in without had their usual values.
	Title    func(s mmibx.Spec, without ...string) string
	Ceilings map[string][]Line // by benchmark, for F1
}

// Figure draws runs along the axis of the study. Arms of a model that reads the
// axis are series, where two values of it at least were run; models that do not
// read it are lines, in their usual setting.
func (s Study) Figure(runs []Run, o Options) (*Figure, error) {
	runs = entering(runs)
	axis := s.pick(runs, o)
	series := axis.series(runs, o)
	if len(series) == 0 {
		keys := make([]string, len(s.Axes))
		for i, a := range s.Axes {
			keys[i] = strings.Join(a.Keys, " with ")
		}
		return nil, fmt.Errorf("figure %s: %w: no arms that differ in %s only", s.Name, mmibx.ErrNotFound, strings.Join(keys, " or "))
	}
	f := &Figure{Title: s.Name, X: Axis{Label: axis.Label, Log: true}, Note: note(runs)}
	for _, r := range runs {
		f.Runs = append(f.Runs, r.ID)
	}
	metrics := s.Metrics
	if len(o.Metrics) > 0 {
		metrics = o.Metrics
	}
	for i, m := range metrics {
		row := Row{Label: MetricLabel(m)}
		for _, b := range benchmarks(runs) {
			row.Panels = append(row.Panels, axis.panel(b, m, series, runs, o))
		}
		if i > 0 && !row.hasValues() {
			continue // a second metric that these runs did not log
		}
		f.Rows = append(f.Rows, row)
	}
	if strings.HasPrefix(metrics[0], string(mmibx.Dev)+".") {
		ringBest(&f.Rows[0])
	}
	return f, nil
}

// pick chooses the alternative whose longest series is the longest.
func (s Study) pick(runs []Run, o Options) StudyAxis {
	return slices.MaxFunc(s.Axes, func(a, b StudyAxis) int { // the first of equals
		return cmp.Compare(a.longest(runs, o), b.longest(runs, o))
	})
}

// value is where a run lies on the axis, and whether it does.
func (a StudyAxis) value(s *mmibx.Spec) (float64, bool) {
	if len(s.Unread(a.Keys)) > 0 {
		return 0, false
	}
	var at float64
	for i, k := range a.Keys {
		v, _ := s.Get(k)
		var x float64
		switch v := v.(type) {
		case float64:
			x = v
		case int:
			x = float64(v)
		}
		if i > 0 && x != at {
			return 0, false
		}
		at = x
	}
	return at, true
}

// settings lists the values of the axis that each series of runs has.
func (a StudyAxis) settings(runs []Run, o Options) map[string][]float64 {
	found := map[string][]float64{}
	for i := range runs {
		if x, ok := a.value(&runs[i].Spec); ok {
			name := o.Title(runs[i].Spec, a.Keys...)
			if !slices.Contains(found[name], x) {
				found[name] = append(found[name], x)
			}
		}
	}
	return found
}

func (a StudyAxis) longest(runs []Run, o Options) int {
	n := 0
	for _, values := range a.settings(runs, o) {
		n = max(n, len(values))
	}
	return n
}

// series names the arms that have two values on the axis at least, in the order
// of the runs.
func (a StudyAxis) series(runs []Run, o Options) []string {
	settings := a.settings(runs, o)
	var names []string
	for i := range runs {
		name := o.Title(runs[i].Spec, a.Keys...)
		if len(settings[name]) > 1 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (a StudyAxis) panel(b mmibx.Benchmark, metric string, names []string, runs []Run, o Options) Panel {
	p := Panel{Title: b.Title}
	for _, name := range names {
		p.Series = append(p.Series, Series{Name: name})
	}
	for i := range runs {
		r := &runs[i]
		value, ok := r.value(metric)
		if r.Spec.Benchmark != b.Name || !ok {
			continue
		}
		x, on := a.value(&r.Spec)
		if !on {
			p.baseline(r, value, o)
		} else if s := slices.Index(names, o.Title(r.Spec, a.Keys...)); s >= 0 {
			p.Series[s].add(a.point(x), value)
		}
	}
	if strings.HasSuffix(metric, ".f1") {
		p.Lines = append(p.Lines, o.Ceilings[b.Name]...)
	}
	return p
}

func (a StudyAxis) point(x float64) Point {
	if x == 0 && a.Zero != "" {
		return Point{Label: a.Zero}
	}
	return Point{X: x}
}

// baseline adds a run of a model that does not read the axis, where nothing
// about it is unusual.
func (p *Panel) baseline(r *Run, value float64, o Options) {
	m, ok := mmibx.LookupModel(r.Spec.Model.Name)
	if !ok || o.Title(r.Spec) != m.Title {
		return
	}
	for i := range p.Lines {
		if p.Lines[i].Name == m.Title {
			p.Lines[i].Values = append(p.Lines[i].Values, value)
			return
		}
	}
	p.Lines = append(p.Lines, Line{Name: m.Title, Values: []float64{value}})
}

func (s *Series) add(at Point, value float64) {
	for i := range s.Points {
		if q := &s.Points[i]; q.X == at.X && q.Label == at.Label {
			q.Values = append(q.Values, value)
			return
		}
	}
	at.Values = []float64{value}
	s.Points = append(s.Points, at)
}

// value is a run's metric; a run that ended badly has one that is no number, so
// that its place is marked instead of forgotten.
func (r *Run) value(metric string) (float64, bool) {
	switch r.State {
	case mmibx.Done:
		v, ok := r.Values[metric]
		return v, ok
	case mmibx.Diverged, mmibx.Failed:
		return math.NaN(), true
	}
	return 0, false
}

// ringBest marks the best mean of every panel.
func ringBest(row *Row) {
	for i := range row.Panels {
		var best *Point
		top := math.Inf(-1)
		for j := range row.Panels[i].Series {
			for k := range row.Panels[i].Series[j].Points {
				q := &row.Panels[i].Series[j].Points[k]
				if _, mean, _, ok := spread(Deviation, q.Values); ok && mean > top {
					best, top = q, mean
				}
			}
		}
		if best != nil {
			best.Best = true
		}
	}
}

func (r *Row) hasValues() bool {
	return slices.ContainsFunc(r.Panels, func(p Panel) bool { return p.hasPoints() })
}

// entering leaves out pruned runs, which enter no figure, and sorts the rest.
func entering(runs []Run) []Run {
	runs = slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.State == mmibx.Pruned })
	order := func(r Run) int {
		return slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Name == r.Spec.Model.Name })
	}
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Spec.Seed, b.Spec.Seed), cmp.Compare(a.ID, b.ID))
	})
	return runs
}

// benchmarks lists those that runs have, in the order of tables.
func benchmarks(runs []Run) []mmibx.Benchmark {
	return mmibx.BenchmarksOf(runs, func(r Run) string { return r.Spec.Benchmark })
}

// note says what a figure of runs lacks, and which of them looked at test.
func note(runs []Run) string {
	count := map[mmibx.State]int{}
	onTest := 0
	for _, r := range runs {
		count[r.State]++
		if r.State == mmibx.Done && r.Spec.Train.SelectOn == string(mmibx.Test) {
			onTest++
		}
	}
	var sentences, parts []string
	if onTest > 0 {
		sentences = append(sentences, fmt.Sprintf("%d of %d runs chose their checkpoint on test, as the released code does.", onTest, count[mmibx.Done]))
	}
	for _, s := range mmibx.States {
		if n := count[s]; n > 0 && s != mmibx.Done {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) > 0 {
		sentences = append(sentences, fmt.Sprintf("Of %d runs, %s", len(runs), strings.Join(parts, ", ")))
	}
	return strings.Join(sentences, " ")
}

// MetricLabel names a metric for an axis, with its unit.
func MetricLabel(metric string) string {
	switch metric {
	case mmibx.DevF1:
		return "dev F1 (%)"
	case "test.f1":
		return "test F1 (%)"
	case mmibx.DevPrecision, mmibx.DevRecall:
		return strings.Replace(metric, ".", " ", 1) + " (%)"
	case mmibx.DevF1Strict:
		return "dev F1, strict (%)"
	case mmibx.RecallAt1:
		return "recall@1"
	case mmibx.RateText, mmibx.RateImage:
		return strings.TrimPrefix(strings.Replace(metric, "_", " of the ", 1), "dev.") + " (nats)"
	case mmibx.Loss:
		return "training loss"
	}
	return metric
}
