package plots

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// pictureKeys say which pictures a run was shown.
var pictureKeys = []string{"evidence.pictures"}

// BudgetFigure draws how good the best of k trials is expected to be, for every
// method that was run in several settings: a trial is a setting, and its score
// the mean over its seeds. A pruned run was tried too: it counts as it was at its
// best dev F1, as done runs do, or a search that prunes would look cheaper than it was. What pictures
// a run was shown is a condition that nobody chooses by its score. Of a metric such as
// a loss the best is the lowest; one that has no better end is refused.
func BudgetFigure(all []Run, o Options) (*Figure, error) {
	runs := slices.Clone(all)
	sortRuns(runs)
	metric := mmibx.DevF1
	if len(o.Metrics) > 0 {
		metric = o.Metrics[0]
	}
	info, _ := mmibx.LookupMetric(metric)
	best, ok := map[string]string{"higher": "best", "lower": "best, which is the lowest,"}[info.Better]
	if !ok {
		return nil, &mmibx.InputError{Key: "--metric", Found: metric, Expected: "a metric that is better the higher or the lower it is, for the best of some trials"}
	}
	f := &Figure{
		Meta: Meta{Title: "budget", Note: note(all)}, Look: Training, X: Axis{Label: "trials"},
		Says: "Lines are the expected " + best + " of so many trials, drawn without replacement from those that were run (Dodge et al. 2019); a trial is a setting of the method, and its value the mean over its seeds",
		Rows: []Row{{Label: "expected " + MetricLabel(metric), Limits: limitsOf(metric)}},
	}
	var names []string
	for i := range runs {
		if m, ok := mmibx.LookupModel(runs[i].Spec.Model.Name); ok && !slices.Contains(names, m.Title) {
			names = append(names, m.Title)
		}
	}
	whole := len(runs)
	runs = slices.DeleteFunc(runs, func(r Run) bool { return len(r.Spec.Unread(pictureKeys)) == 0 && !usual(&r.Spec, pictureKeys) })
	if len(runs) < whole {
		f.Says += "; runs that were shown other pictures than the tweets' own are no trials"
	}
	tried := func(r *Run, benchmark, name string) (float64, bool) {
		v, ok := r.Values[metric]
		m, _ := mmibx.LookupModel(r.Spec.Model.Name)
		return v, ok && mmibx.Finite(v) && m.Title == name && r.Spec.Benchmark == benchmark && (r.State == mmibx.Done || r.State == mmibx.Pruned)
	}
	short, early := 0, false // early: a pruned run is drawn
	for _, b := range benchmarks(runs) {
		panel := Panel{Title: b.Title}
		for _, name := range names {
			trials := map[string][]float64{}
			var order []string
			for i := range runs {
				v, ok := tried(&runs[i], b.Name, name)
				if !ok {
					continue
				}
				setting := o.Title(runs[i].Spec)
				if trials[setting] == nil {
					order = append(order, setting)
				}
				trials[setting] = append(trials[setting], v)
			}
			if len(order) < 2 {
				short += len(order)
				continue
			}
			means := make([]float64, len(order))
			for i, setting := range order {
				means[i] = stats.Mean(trials[setting])
			}
			expected := stats.ExpectedMax
			if info.Better == "lower" {
				expected = stats.ExpectedMin
			}
			curve, err := expected(means)
			if err != nil {
				return nil, err
			}
			s := Series{Name: name}
			for k, v := range curve {
				s.Points = append(s.Points, Point{X: float64(k + 1), Values: []float64{v}})
			}
			panel.Series = append(panel.Series, s)
			for i := range runs {
				if _, ok := tried(&runs[i], b.Name, name); ok {
					f.ran(&runs[i])
					early = early || runs[i].State == mmibx.Pruned
				}
			}
		}
		f.Rows[0].Panels = append(f.Rows[0].Panels, panel)
	}
	if early {
		f.Says += "; a pruned run counts as tried, at the best dev F1 that it had reached"
		if metric != mmibx.DevF1 {
			f.Says += ", with its " + MetricLabel(metric) + " there, or the last where none was logged there"
		}
	}
	if !f.Rows[0].hasValues() {
		return nil, fmt.Errorf("figure budget: %w: no method was run in two settings", mmibx.ErrNotFound)
	}
	if short > 0 {
		f.Note = strings.TrimSpace(fmt.Sprintf("%s left out. %s", counted(short, "method with one setting on a benchmark is", "methods with one setting on a benchmark are"), f.Note))
	}
	return f, nil
}
