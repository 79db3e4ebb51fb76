package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// plotFlags are what every figure is asked with.
type plotFlags struct {
	sweep, filter, width, out string
	metrics                   []string
	interval                  bool
	split                     string
}

func newPlotCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plot",
		Short: "Draw a figure of a sweep as PDF, SVG or PNG",
		Long: `Draw a figure of a sweep, as wide as the column of a venue, and print the
caption that explains it. Scores are of dev; --split test draws those of test, says
so, and is a look at test. Fonts are embedded, and the same runs give the same
bytes.`,
		Example: "  mmibx plot beta --sweep demo -o beta.pdf\n  mmibx plot temperature --sweep demo --width acl-wide -o temperature.svg",
		Args:    usageArgs(cobra.NoArgs),
	}
	for _, s := range plots.Studies {
		cmd.AddCommand(newPlotFigureCmd(a, s.Name, s.Doc, func(ctx context.Context, db *tracker.DB, f plotFlags) (*plots.Figure, error) {
			return a.studyFigure(ctx, db, s, f)
		}))
	}
	cmd.AddCommand(newPlotFigureCmd(a, curvesFigure, "a metric against epochs or steps", a.curvesFigure))
	return cmd
}

func newPlotFigureCmd(a *app, name, doc string, draw func(context.Context, *tracker.DB, plotFlags) (*plots.Figure, error)) *cobra.Command {
	f := plotFlags{width: "acl-wide", out: name + ".pdf", split: string(mmibx.Dev)}
	cmd := &cobra.Command{
		Use:     name + " --sweep NAME",
		Short:   "Draw " + doc,
		Example: fmt.Sprintf("  mmibx plot %s --sweep demo\n  mmibx plot %s --sweep demo --filter 'benchmark=mnre' --width neurips -o %s.svg", name, name, name),
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				return a.plot(ctx, cmd, db, f, draw)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.sweep, "sweep", "", "the sweep whose runs to draw")
	flags.StringVar(&f.filter, "filter", "", "only runs that pass this `FILTER`, as in mmibx runs list")
	flags.StringSliceVar(&f.metrics, "metric", nil, "metrics instead of the usual ones, a row each (curves: one)")
	if name != curvesFigure { // nothing is known of test but at the end
		flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	}
	flags.StringVar(&f.width, "width", f.width, "of the column: "+venues()+", or inches such as 4.5in")
	flags.BoolVar(&f.interval, "interval", false, "bands are 95 % intervals of the mean instead of deviations")
	flags.StringVarP(&f.out, "output", "o", f.out, "file to write; .pdf, .svg or .png")
	return cmd
}

// curvesFigure is the one figure that is no study.
const curvesFigure = "curves"

func venues() string {
	names := make([]string, len(plots.Venues))
	for i, v := range plots.Venues {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

func (a *app) plot(ctx context.Context, cmd *cobra.Command, db *tracker.DB, f plotFlags, draw func(context.Context, *tracker.DB, plotFlags) (*plots.Figure, error)) error {
	if f.sweep == "" {
		return &mmibx.InputError{Key: "--sweep", Found: "nothing", Expected: "the name of a sweep"}
	}
	for _, m := range f.metrics {
		if strings.HasPrefix(m, string(mmibx.Test)) {
			return &mmibx.InputError{Key: "--metric", Found: m, Expected: "a metric of dev or of training", Cure: "test is looked at by --split test, here or in `mmibx table`"}
		}
	}
	if f.split != string(mmibx.Dev) && f.split != string(mmibx.Test) {
		return &mmibx.InputError{Key: "--split", Found: f.split, Expected: "dev or test"}
	}
	if f.split == string(mmibx.Test) && len(f.metrics) > 0 {
		return &mmibx.InputError{Key: "--metric", Found: strings.Join(f.metrics, ","), Expected: "nothing with --split test", Cure: "the figure on test shows F1"}
	}
	format, err := plots.FormatOf(f.out)
	if err != nil {
		return err
	}
	if err := writable(f.out); err != nil {
		return err
	}
	width, err := plots.ParseWidth(f.width)
	if err != nil {
		return err
	}
	for _, m := range f.metrics {
		if has, err := db.Summaries(ctx, m, ""); err != nil || len(has) == 0 {
			return errors.Join(err, fmt.Errorf("--metric: %s: %w in any run; `mmibx runs show RUN` lists the metrics of one", m, mmibx.ErrNotFound))
		}
	}
	figure, err := draw(ctx, db, f)
	if err != nil {
		return err
	}
	if f.interval {
		figure.Spread = plots.Interval95
	}
	var blob bytes.Buffer
	if err := figure.Render(&blob, format, width); err != nil {
		return err
	}
	if err := writeFile(f.out, blob.Bytes()); err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), struct {
			File    string   `json:"file"`
			Caption string   `json:"caption"`
			Runs    []string `json:"runs"`
		}{f.out, figure.Caption(), figure.Runs})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s (%d bytes, %g in wide)\n%s\n", f.out, blob.Len(), width, figure.Caption())
	return err
}

func (a *app) studyFigure(ctx context.Context, db *tracker.DB, s plots.Study, f plotFlags) (*plots.Figure, error) {
	metrics := s.Metrics
	if len(f.metrics) > 0 {
		metrics = f.metrics
	}
	store, split := mmibx.Store(a.storeDir), mmibx.Split(f.split)
	if split == mmibx.Test {
		metrics = []string{testF1}
	}
	list, err := results(ctx, db, store, f.sweep, f.filter, metrics)
	if err != nil {
		return nil, err
	}
	if split == mmibx.Test {
		// What cannot be drawn of dev cannot be drawn of test, and costs no look.
		if _, err := s.Figure(plotRuns(list), plots.Options{Metrics: []string{mmibx.DevF1}, Title: reports.ArmTitle}); err != nil {
			return nil, err
		}
		if _, err := a.scoreTest(ctx, db, list); err != nil {
			return nil, err
		}
	}
	bounds, err := ceilings(list, split)
	if err != nil {
		return nil, err
	}
	o := plots.Options{Metrics: metrics, Title: reports.ArmTitle, Ceilings: map[string][]plots.Line{}}
	for name, pair := range bounds {
		o.Ceilings[name] = []plots.Line{
			{Name: "Bayes-optimal, with pictures", Values: []float64{pair[1].Realised}, Ceiling: true},
			{Name: "Bayes-optimal, text only", Values: []float64{pair[0].Realised}, Ceiling: true},
		}
	}
	figure, err := s.Figure(plotRuns(list), o)
	if err == nil && split == mmibx.Test {
		figure.Note = strings.TrimSpace("Scores are of test. " + figure.Note)
	}
	return figure, err
}

func (a *app) curvesFigure(ctx context.Context, db *tracker.DB, f plotFlags) (*plots.Figure, error) {
	metric := mmibx.DevF1
	switch len(f.metrics) {
	case 0:
	case 1:
		metric = f.metrics[0]
	default:
		return nil, &mmibx.InputError{Key: "--metric", Found: strings.Join(f.metrics, ","), Expected: "one metric"}
	}
	list, err := results(ctx, db, mmibx.Store(a.storeDir), f.sweep, f.filter, nil)
	if err != nil {
		return nil, err
	}
	runs := plotRuns(list)
	for i := range runs {
		if runs[i].Curve, err = db.Points(ctx, runs[i].ID, metric, tracker.Start, 0); err != nil {
			return nil, err
		}
	}
	return plots.TrainingFigure(metric, runs, plots.Options{Title: reports.ArmTitle})
}

func plotRuns(list []result) []plots.Run {
	runs := make([]plots.Run, len(list))
	for i, r := range list {
		runs[i] = plots.Run{ID: r.ID, Spec: r.Spec, State: r.State, Values: r.Values}
	}
	return runs
}
