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

// drawing is a figure under way: what the store has for it, before anything of test
// is looked at.
type drawing struct {
	kind    plots.Kind
	split   mmibx.Split
	list    []result
	origins map[string]*tracker.Origin
	options plots.Options
	curves  []string          // metrics of which every point is read
	codes   map[string]string // digests of the codes that were read, by run
}

func (a *app) drawing(ctx context.Context, db *tracker.DB, k plots.Kind, f *plotFlags) (*drawing, error) {
	d := &drawing{kind: k, split: mmibx.Split(f.split), curves: k.Curves}
	d.options = plots.Options{Metrics: f.metrics, Keys: f.keys, Title: remembered(reports.ArmTitle), Interval: f.interval}
	values := k.Values
	if len(f.metrics) > 0 && len(values) > 0 {
		values = f.metrics
	} else if len(f.metrics) > 0 {
		d.curves = f.metrics
	}
	var err error
	if d.list, err = results(ctx, db, mmibx.Store(a.storeDir), f.sweep, f.filter, values); err != nil {
		return nil, err
	}
	if k.Pruned {
		if err := addMetrics(ctx, db, mmibx.Pruned, d.list, values); err != nil {
			return nil, err
		}
	}
	if d.origins, err = db.Origins(ctx, idsOf(d.list)); err != nil {
		return nil, err
	}
	for i := range d.list {
		if o, ok := d.origins[d.list[i].ID]; ok && k.Cost && d.list[i].State == mmibx.Done {
			d.list[i].Values[plots.Seconds] = o.Seconds
		}
	}
	if k.Codes {
		d.codes = map[string]string{}
		d.options.Codes = a.codesIn(ctx, db, d.codes)
	}
	if k.Types {
		names, err := typeMetrics(ctx, db, d.list)
		if err != nil {
			return nil, err
		}
		if err := addMetrics(ctx, db, mmibx.Done, d.list, names); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// figure reads what a figure of a sweep needs, and draws it.
func (a *app) figure(ctx context.Context, db *tracker.DB, k plots.Kind, f plotFlags) (plots.Drawing, error) {
	d, err := a.drawing(ctx, db, k, &f)
	if err != nil {
		return nil, err
	}
	if d.split == mmibx.Test && !k.Cases {
		// What cannot be drawn of dev cannot be drawn of test, and costs no look.
		if _, err := k.Draw(plotRuns(d.list), d.options); err != nil {
			return nil, err
		}
		if err := a.scoreTest(ctx, db, d.list); err != nil {
			return nil, err
		}
		d.options.Metrics = []string{testF1}
	}
	if d.options.Ceilings, err = ceilingLines(d.list, d.split); err != nil {
		return nil, err
	}
	if k.Cases {
		if err := a.addCases(ctx, db, &d.options, d.list, f.systems, d.split); err != nil {
			return nil, err
		}
	}
	figure, err := d.draw(ctx, db)
	if err != nil {
		return nil, err
	}
	about := figure.About()
	if d.split == mmibx.Test {
		about.Note = strings.TrimSpace("Scores are of test. " + about.Note)
	}
	about.Command = f.command(k)
	return figure, nil
}

// draw draws what was read, and notes which runs and values that is.
func (d *drawing) draw(ctx context.Context, db *tracker.DB) (plots.Drawing, error) {
	runs := plotRuns(d.list)
	if err := addCurves(ctx, db, runs, d.curves); err != nil {
		return nil, err
	}
	figure, err := d.kind.Draw(runs, d.options)
	if err != nil {
		return nil, err
	}
	d.sign(figure.About(), runs)
	return figure, nil
}

// sign says on what a figure rests.
func (d *drawing) sign(about *plots.Meta, runs []plots.Run) {
	shown := map[string]bool{}
	for _, id := range about.Runs {
		shown[id] = true
	}
	runs = slices.DeleteFunc(runs, func(r plots.Run) bool { return !shown[r.ID] })
	about.Origin = originOf(runs, d.origins)
	about.Drawn = map[string]plots.Drawn{}
	for i := range runs {
		r := &runs[i]
		o := d.origins[r.ID]
		if o == nil {
			continue
		}
		var files []string // that the figure is of
		switch {
		case d.split == mmibx.Test || d.kind.Cases:
			files = []string{o.Objects["predictions."+string(d.split)]}
		case d.kind.Codes:
			files = []string{d.codes[r.ID]}
		}
		about.Drawn[r.ID] = plots.Drawn{Attempt: o.Attempt, Digest: r.Digest(files...)}
	}
}

// wouldDraw is what a figure would rest on if it were drawn now. Nothing of test is
// scored for it.
func (a *app) wouldDraw(ctx context.Context, db *tracker.DB, k plots.Kind, f *plotFlags) (*plots.Meta, error) {
	d, err := a.drawing(ctx, db, k, f)
	if err != nil {
		return nil, err
	}
	if k.Cases {
		_, pairs, err := casePairs(d.list, f.systems)
		about := &plots.Meta{Runs: idsOf(pairs)}
		d.sign(about, plotRuns(d.list))
		return about, err
	}
	figure, err := d.draw(ctx, db)
	if err != nil {
		return nil, err
	}
	return figure.About(), nil
}

// remembered keeps the titles of arms: working one out goes through every field of
// the spec, and figures ask for them again and again.
func remembered(title func(s mmibx.Spec, without ...string) string) func(s mmibx.Spec, without ...string) string {
	type asked struct {
		spec    mmibx.Spec
		without string
	}
	known := map[asked]string{}
	return func(s mmibx.Spec, without ...string) string {
		at := asked{s, strings.Join(without, " ")}
		at.spec.Seed = 0
		if _, ok := known[at]; !ok {
			known[at] = title(s, without...)
		}
		return known[at]
	}
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
