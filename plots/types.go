package plots

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// TypesFigure draws the F1 of every type of entity and relation, with a bar per
// method in its usual setting.
func TypesFigure(runs []Run, o Options) (*Bars, error) {
	runs, about := entering("types", runs, o)
	prefix := mmibx.DevF1 + "."
	if len(o.Metrics) > 0 {
		prefix = o.Metrics[0] + "."
	}
	names := usualNames(runs, o)
	if len(names) == 0 || len(names) > maxArms {
		return nil, fmt.Errorf("figure types: %w: %d methods in their usual setting, want 1 to %d; choose with --filter", mmibx.ErrNotFound, len(names), maxArms)
	}
	f := &Bars{Meta: about, Metric: MetricLabel(strings.TrimSuffix(prefix, ".")), Spread: o.spread()}
	for _, b := range benchmarks(runs) {
		panel := BarPanel{Title: b.Title}
		for _, kind := range typesOf(runs, b.Name, prefix) {
			group := BarGroup{Name: kind}
			for _, name := range names {
				bar := Bar{Name: name}
				for i := range runs {
					r := &runs[i]
					if r.Spec.Benchmark != b.Name || o.Title(r.Spec) != name {
						continue
					}
					if v, ok := r.value(prefix + kind); ok {
						bar.Values = append(bar.Values, v)
						f.ran(r)
					}
				}
				if len(bar.Values) > 0 {
					group.Bars = append(group.Bars, bar)
				}
			}
			panel.Groups = append(panel.Groups, group)
		}
		f.Panels = append(f.Panels, panel)
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("figure types: %w: no run that is done logged %sTYPE", mmibx.ErrNotFound, prefix)
	}
	return f, nil
}

// usualNames are the methods that runs have in their usual setting.
func usualNames(runs []Run, o Options) []string {
	var names []string
	for _, r := range runs {
		if name := o.Title(r.Spec); methodSlot(name) >= 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// typesOf lists the types that runs of a benchmark have a value of, by name.
func typesOf(runs []Run, benchmark, prefix string) []string {
	var types []string
	for _, r := range runs {
		if r.Spec.Benchmark != benchmark {
			continue
		}
		for metric, v := range r.Values {
			if kind, ok := strings.CutPrefix(metric, prefix); ok && len(stats.NewSample(v).Values) > 0 && !slices.Contains(types, kind) {
				types = append(types, kind)
			}
		}
	}
	slices.Sort(types)
	return types
}
