package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// figure reads what a figure of a sweep needs, and draws it.
func (a *app) figure(ctx context.Context, db *tracker.DB, k plots.Kind, f plotFlags) (plots.Drawing, error) {
	store, split := mmibx.Store(a.storeDir), mmibx.Split(f.split)
	o := plots.Options{Metrics: f.metrics, Keys: f.keys, Title: reports.ArmTitle, Interval: f.interval}
	values, curves := k.Values, k.Curves
	if len(f.metrics) > 0 && len(values) > 0 {
		values = f.metrics
	} else if len(f.metrics) > 0 {
		curves = f.metrics
	}
	list, err := results(ctx, db, store, f.sweep, f.filter, values)
	if err != nil {
		return nil, err
	}
	origins, err := db.Origins(ctx, idsOf(list))
	if err != nil {
		return nil, err
	}
	for i := range list {
		if o, ok := origins[list[i].ID]; ok && k.Cost && list[i].State == mmibx.Done {
			list[i].Values[plots.Seconds] = o.Seconds
		}
	}
	if k.Types {
		names, err := typeMetrics(ctx, db, list)
		if err != nil {
			return nil, err
		}
		if err := addMetrics(ctx, db, list, names); err != nil {
			return nil, err
		}
	}
	if split == mmibx.Test && !k.Cases {
		// What cannot be drawn of dev cannot be drawn of test, and costs no look.
		if _, err := k.Draw(plotRuns(list), o); err != nil {
			return nil, err
		}
		if _, err := a.scoreTest(ctx, db, list); err != nil {
			return nil, err
		}
		o.Metrics = []string{testF1}
	}
	if o.Ceilings, err = ceilingLines(list, split); err != nil {
		return nil, err
	}
	if k.Cases {
		if err := a.addCases(ctx, db, &o, list, f.systems, split); err != nil {
			return nil, err
		}
	}
	runs := plotRuns(list)
	if err := addCurves(ctx, db, runs, curves); err != nil {
		return nil, err
	}
	figure, err := k.Draw(runs, o)
	if err != nil {
		return nil, err
	}
	about := figure.About()
	if split == mmibx.Test {
		about.Note = strings.TrimSpace("Scores are of test. " + about.Note)
	}
	drawn := slices.DeleteFunc(runs, func(r plots.Run) bool { return !slices.Contains(about.Runs, r.ID) })
	about.Origin = originOf(drawn, origins)
	about.Command = f.command(k)
	return figure, nil
}

// command is what draws the figure again. The names of files and folders are no
// part of it: the same runs give the same bytes wherever they lie.
func (f *plotFlags) command(k plots.Kind) string {
	words := []string{"mmibx plot", k.Name, "--sweep", f.sweep}
	add := func(flag, value, usual string) {
		if value != usual {
			words = append(words, flag, shell.Word(value))
		}
	}
	add("--filter", f.filter, "")
	add("--metric", strings.Join(f.metrics, ","), "")
	add("--along", strings.Join(f.keys, ","), "")
	for _, name := range f.systems {
		add("--system", name, "")
	}
	add("--split", f.split, string(mmibx.Dev))
	add("--width", f.width, "acl-wide")
	if f.interval {
		words = append(words, "--interval")
	}
	return strings.Join(words, " ")
}

// ceilingLines are the known bounds of miniature benchmarks as lines.
func ceilingLines(list []result, split mmibx.Split) (map[string][]plots.Line, error) {
	bounds, err := ceilings(list, split)
	lines := map[string][]plots.Line{}
	for name, pair := range bounds {
		lines[name] = []plots.Line{
			{Name: "Bayes-optimal, with pictures", Values: []float64{pair[1].Realised}, Ceiling: true},
			{Name: "Bayes-optimal, text only", Values: []float64{pair[0].Realised}, Ceiling: true},
		}
	}
	return lines, err
}

// typeMetrics are the F1 of types that the runs of each benchmark logged; the
// first that is done stands for all of its benchmark.
func typeMetrics(ctx context.Context, db *tracker.DB, list []result) ([]string, error) {
	seen, names := map[string]bool{}, map[string]bool{}
	for i := range list {
		r := &list[i]
		if r.State != mmibx.Done || seen[r.Spec.Benchmark] {
			continue
		}
		metrics, err := db.Metrics(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		for _, m := range metrics {
			if strings.HasPrefix(m.Metric, mmibx.DevF1+".") {
				seen[r.Spec.Benchmark], names[m.Metric] = true, true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// addCurves reads every point of some metrics.
func addCurves(ctx context.Context, db *tracker.DB, runs []plots.Run, metrics []string) error {
	for i := range runs {
		for _, m := range metrics {
			points, err := db.Points(ctx, runs[i].ID, m, tracker.Start, 0)
			if err != nil {
				return err
			}
			if runs[i].Curves == nil {
				runs[i].Curves = map[string][]mmibx.Point{}
			}
			runs[i].Curves[m] = points
		}
	}
	return nil
}

func plotRuns(list []result) []plots.Run {
	runs := make([]plots.Run, len(list))
	for i, r := range list {
		runs[i] = plots.Run{ID: r.ID, Spec: r.Spec, State: r.State, Values: r.Values}
	}
	return runs
}

// originOf says on which commits and data runs rest.
func originOf(runs []plots.Run, origins map[string]*tracker.Origin) plots.Origin {
	commits, data := map[string]bool{}, map[string]bool{}
	for i := range runs {
		if o, ok := origins[runs[i].ID]; ok {
			commits[o.Commit()] = true
			data[fmt.Sprintf("%s %.12s", runs[i].Spec.Benchmark, o.Inputs.DataDigest())] = true
		}
	}
	return plots.Origin{Commits: slices.Sorted(maps.Keys(commits)), Data: slices.Sorted(maps.Keys(data))}
}

func idsOf(list []result) []string {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	return ids
}
