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
	Values map[string]float64       // by metric, at the chosen checkpoint; of done runs
	Curves map[string][]mmibx.Point // every point, of the metrics that the figure reads so
}

// Study names a figure of sensitivity to one setting.
type Study struct {
	Name    string
	Axes    []StudyAxis // alternatives: see drawn
	Joint   string      // label of the axis where several of them are drawn
	Metrics []string    // a row each
	Doc     string
	// Given says that the axis is a condition and no choice: nothing on it is best.
	Given bool
}

// StudyAxis is a setting that figures may vary; several keys vary together.
type StudyAxis struct {
	Keys  []string
	Label string
	Short string // ends the names of series where several axes are drawn
	// Switch is a key that, where it is true, takes the setting over: an arm that
	// differs in it alone stands apart, under the name of Switched.
	Switch, Switched string
	// Zero is the name of the value 0 where it is no number of its kind.
	Zero   string
	Linear bool // and 0 is a value as others are
	// Aside lists keys that go with the axis: arms that differ in them too are
	// still one series.
	Aside []string
	// Idle says where on the axis a run lies that does not read its keys, by the
	// usual value of the keys aside; nil: nowhere.
	Idle *float64
}

// betaAxes are the weights of the bottlenecks, one alone or both together.
var betaAxes = []StudyAxis{
	{Keys: []string{"ib.beta_image"}, Label: "β of the picture", Short: "β of the picture"},
	{Keys: []string{"ib.beta_text"}, Label: "β of the text", Short: "β of the text"},
	{Keys: []string{"ib.beta_text", "ib.beta_image"}, Label: "β", Short: "both β"},
}

var tauAxes = []StudyAxis{{Keys: []string{"align.tau"}, Label: "temperature τ", Switch: "align.learn_tau", Switched: "learned"}}

// Studies lists the figures of sensitivity.
var Studies = []Study{
	{Name: "beta", Doc: "score against the weight of the bottleneck", Metrics: []string{mmibx.DevF1}, Axes: betaAxes, Joint: "β"},
	{
		Name: "bottleneck", Doc: "score against the width of the latents", Metrics: []string{mmibx.DevF1},
		Axes: []StudyAxis{{Keys: []string{"ib.size"}, Label: "bottleneck size", Zero: "encoder"}},
	},
	{
		Name: "temperature", Doc: "score and retrieval against the temperature of InfoNCE", Metrics: []string{mmibx.DevF1, mmibx.RecallAt1},
		Axes: tauAxes,
	},
	{
		Name: "rate", Doc: "rate and active dimensions of the codes against the weight of the bottleneck", Axes: betaAxes, Joint: "β",
		Metrics: []string{mmibx.RateText, mmibx.RateImage, mmibx.ActiveText, mmibx.ActiveImage},
	},
	{
		Name: "gap", Doc: "gap and closeness of texts and pictures against the temperature of InfoNCE", Axes: tauAxes,
		Metrics: []string{mmibx.ModalityGap, mmibx.Alignment},
	},
	{
		Name: "robustness", Doc: "score against the share of the tweets that are shown another's picture", Metrics: []string{mmibx.DevF1}, Given: true,
		Axes: []StudyAxis{{
			Keys: []string{"evidence.shuffle_share"}, Label: "share of tweets with another's picture", Linear: true,
			Aside: []string{"evidence.pictures"}, Idle: new(float64),
		}},
	},
}

// Options are what a figure of runs needs besides the runs.
type Options struct {
	Metrics []string // instead of the figure's own
	Keys    []string // of the spec, for a figure that is asked for its axes
	// Cases are examples with answers, what to say of them and the runs that gave
	// them, for the figure of that name.
	Cases     []Case
	CasesNote string
	CasesRuns []string
	// Codes reads those that a run kept, for the figure of the latents; nil where it
	// kept none.
	Codes func(run string) (*Codes, error)
	// Interval asks for 95 % intervals of the mean instead of deviations.
	Interval bool
	// Title names an arm, as if the keys in without had their usual values.
	Title    func(s mmibx.Spec, without ...string) string
	Ceilings map[string][]Line // by benchmark, for F1
}

func (o Options) spread() Spread {
	if o.Interval {
		return Interval95
	}
	return Deviation
}

// Figure draws runs along the axis of the study. Arms of a model that reads the
// axis are series, where two values of it at least were run; models that do not
// read it are lines, in their usual setting.
func (s Study) Figure(runs []Run, o Options) (*Figure, error) {
	runs, about := entering(s.Name, runs, o)
	axes := s.drawn(runs, o)
	if len(axes) == 0 {
		keys := make([]string, len(s.Axes))
		for i, a := range s.Axes {
			keys[i] = strings.Join(a.Keys, " with ")
		}
		return nil, fmt.Errorf("figure %s: %w: no arms that differ in %s only", s.Name, mmibx.ErrNotFound, strings.Join(keys, " or "))
	}
	f := &Figure{Meta: about, X: Axis{Label: axes[0].Label, Log: !axes[0].Linear}, Spread: o.spread()}
	if len(axes) > 1 {
		f.X.Label = s.Joint
	}
	metrics := s.Metrics
	if len(o.Metrics) > 0 {
		metrics = o.Metrics
	}
	for _, m := range metrics {
		row := rowOf(m)
		for _, b := range benchmarks(runs) {
			p := Panel{Title: b.Title}
			for i := range axes {
				axes[i].into(&p, &f.Meta, b, m, runs, o)
			}
			axes[0].levels(&p, &f.Meta, b, m, runs, o)
			row.Panels = append(row.Panels, p)
		}
		if row.hasValues() { // else a metric that these runs did not log
			f.Rows = append(f.Rows, row)
		}
	}
	if len(f.Rows) == 0 {
		return nil, fmt.Errorf("figure %s: %w: none of the runs that it shows is done with %s", s.Name, mmibx.ErrNotFound, strings.Join(metrics, " or "))
	}
	if f.Rows[0].Label == MetricLabel(mmibx.DevF1) && !s.Given {
		ringBest(&f.Rows[0])
	}
	s.noteLeftOut(&f.Meta, axes, runs, o, func(r *Run) bool {
		return slices.ContainsFunc(metrics, func(m string) bool { _, ok := r.value(m); return ok })
	})
	return f, nil
}

// into draws the series of a metric on a benchmark, and notes which runs stand in them.
func (a *drawnAxis) into(p *Panel, about *Meta, b mmibx.Benchmark, metric string, runs []Run, o Options) {
	from := len(p.Series)
	for _, name := range a.names {
		p.Series = append(p.Series, Series{Name: name})
	}
	own := p.Series[from:]
	for i := range runs {
		r := &runs[i]
		value, ok := r.value(metric)
		x, on := a.value(&r.Spec)
		if r.Spec.Benchmark != b.Name || !ok || !on {
			continue
		}
		m, _ := mmibx.LookupModel(r.Spec.Model.Name)
		if s := slices.Index(a.arms, a.title(r.Spec, o)); s >= 0 {
			own[s].add(a.point(x), value)
		} else if s := slices.Index(a.arms, m.Title); s >= 0 && a.official && r.Spec.Official() {
			own[s].add(Point{Label: "official"}, value)
		} else if !a.switched(&r.Spec) {
			continue
		} else if s := slices.Index(a.arms, a.title(r.Spec, o, a.Switch)); s >= 0 {
			own[s].add(Point{Label: a.Switched}, value)
		} else {
			continue
		}
		about.ran(r)
	}
}

// switched says that something else than the axis sets what it is about.
func (a StudyAxis) switched(s *mmibx.Spec) bool {
	if a.Switch == "" {
		return false
	}
	v, _ := s.Get(a.Switch)
	return v == true
}

// levels draws what reads nothing of the axis, and is not unusual.
func (a StudyAxis) levels(p *Panel, about *Meta, b mmibx.Benchmark, metric string, runs []Run, o Options) {
	for i := range runs {
		r := &runs[i]
		value, ok := r.value(metric)
		if r.Spec.Benchmark != b.Name || !ok {
			continue
		}
		m, _ := mmibx.LookupModel(r.Spec.Model.Name)
		if _, on := a.value(&r.Spec); !on && o.Title(r.Spec) == m.Title {
			p.level(m.Title, value)
			about.ran(r)
		}
	}
	if strings.HasSuffix(metric, ".f1") {
		p.Lines = append(p.Lines, o.Ceilings[b.Name]...)
	}
}

func (a StudyAxis) point(x float64) Point {
	if x == 0 && a.Zero != "" {
		return Point{Label: a.Zero}
	}
	return Point{X: x}
}

// level adds a value to the line of a name.
func (p *Panel) level(name string, value float64) {
	for i := range p.Lines {
		if p.Lines[i].Name == name {
			p.Lines[i].Values = append(p.Lines[i].Values, value)
			return
		}
	}
	p.Lines = append(p.Lines, Line{Name: name, Values: []float64{value}})
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

// ringBest marks the best mean of every panel; what stands apart as official
// may have been chosen on test, and is no setting of the axis.
func ringBest(row *Row) {
	for i := range row.Panels {
		var best *Point
		top := math.Inf(-1)
		for j := range row.Panels[i].Series {
			for k := range row.Panels[i].Series[j].Points {
				q := &row.Panels[i].Series[j].Points[k]
				if _, mean, _, ok := spread(Deviation, q.Values, Limits{}); ok && mean > top && q.Label != "official" {
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

// entering leaves out pruned runs, which enter no figure, and sorts the rest. The
// figure's note counts those that it left out too.
func entering(title string, all []Run, o Options) ([]Run, Meta) {
	runs := slices.DeleteFunc(slices.Clone(all), func(r Run) bool { return r.State == mmibx.Pruned })
	about := Meta{Title: title, Note: note(all)}
	if len(runs) < len(all) {
		if n := curtailed(all, o); n > 0 {
			about.Note += fmt.Sprintf(". Settings of which only some seeds were pruned, so that what is drawn is of the others: %d", n)
		}
	}
	sortRuns(runs)
	return runs, about
}

// sortRuns puts runs into the order of models, then of seeds.
func sortRuns(runs []Run) {
	order := func(r Run) int {
		return slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Name == r.Spec.Model.Name })
	}
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.Spec.Seed, b.Spec.Seed), cmp.Compare(a.ID, b.ID))
	})
}

// curtailed counts the settings on a benchmark of which some seeds are done and
// others were pruned.
func curtailed(runs []Run, o Options) int {
	type setting struct{ title, benchmark string }
	states := map[setting]map[mmibx.State]bool{}
	for i := range runs {
		at := setting{o.Title(runs[i].Spec), runs[i].Spec.Benchmark}
		if states[at] == nil {
			states[at] = map[mmibx.State]bool{}
		}
		states[at][runs[i].State] = true
	}
	n := 0
	for _, of := range states {
		if of[mmibx.Pruned] && of[mmibx.Done] {
			n++
		}
	}
	return n
}

// benchmarks lists those that runs have, in the order of tables.
func benchmarks(runs []Run) []mmibx.Benchmark {
	return mmibx.BenchmarksOf(runs, func(r Run) string { return r.Spec.Benchmark })
}

// ran notes that a run stands behind the figure.
func (m *Meta) ran(r *Run) {
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	if !m.seen[r.ID] {
		m.seen[r.ID] = true
		m.Runs = append(m.Runs, r.ID)
	}
}

// note says what a figure of runs lacks.
func note(runs []Run) string {
	count := map[mmibx.State]int{}
	for _, r := range runs {
		count[r.State]++
	}
	var parts []string
	for _, s := range mmibx.States {
		if n := count[s]; n > 0 && s != mmibx.Done {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("Of %d runs: %s", len(runs), strings.Join(parts, ", "))
}

// onTest says how many of the runs that are drawn, and done, looked at test; "" where
// none did.
func onTest(runs []Run, drawn []string) string {
	n, done := 0, 0
	for i := range runs {
		if r := &runs[i]; r.State == mmibx.Done && slices.Contains(drawn, r.ID) {
			done++
			if r.Spec.Train.SelectOn == string(mmibx.Test) {
				n++
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %s drawn chose the checkpoint on test, as in the released code. ", n, counted(done, "run", "runs"))
}

// rowOf is a row of a metric, without its panels.
func rowOf(metric string) Row { return Row{Label: MetricLabel(metric), Limits: limitsOf(metric)} }

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
		return "rate, " + strings.TrimPrefix(metric, "dev.rate_") + " (nats)"
	case mmibx.ActiveText, mmibx.ActiveImage:
		return "active dims, " + strings.TrimPrefix(metric, "dev.active_")
	case mmibx.ModalityGap:
		return "modality gap"
	case mmibx.Alignment:
		return "squared distance"
	case mmibx.InformationInput:
		return "I(X; Z), at most (nats)"
	case mmibx.InformationLabel:
		return "I(Z; Y), at least (nats)"
	case mmibx.Loss:
		return "training loss"
	}
	return metric
}
