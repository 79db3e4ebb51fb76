package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/tracker"
)

// plotFlags are what every figure is asked with.
type plotFlags struct {
	sweep, filter, width, out string
	metrics, keys, systems    []string
	interval                  bool
	split                     string
}

// usualWidth is that of a figure for which none is asked.
const usualWidth = "acl-wide"

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
	for _, k := range plots.Kinds {
		cmd.AddCommand(newPlotFigureCmd(a, k))
	}
	return cmd
}

func newPlotFigureCmd(a *app, k plots.Kind) *cobra.Command {
	f := newPlotFlags()
	cmd := &cobra.Command{
		Use:     k.Name + " --sweep NAME",
		Short:   "Draw " + k.Doc,
		Example: fmt.Sprintf("  mmibx plot %s --sweep demo\n  mmibx plot %[1]s --sweep demo --filter 'benchmark=mnre' --width neurips -o %[1]s.svg", k.Name),
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				return a.plot(ctx, cmd, db, k, *f)
			})
		},
	}
	f.declare(cmd, k)
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", k.Name+".pdf", "file to write; .pdf, .svg or .png")
	return cmd
}

// newPlotFlags are those of a figure that nothing is said about.
func newPlotFlags() *plotFlags {
	return &plotFlags{width: usualWidth, split: string(mmibx.Dev)}
}

// declare are the flags that say what is drawn.
func (f *plotFlags) declare(cmd *cobra.Command, k plots.Kind) {
	flags := cmd.Flags()
	flags.StringVar(&f.sweep, "sweep", "", "the sweep whose runs to draw")
	flags.StringVar(&f.filter, "filter", "", "only runs that pass this `FILTER`, as in mmibx runs list")
	switch k.Choose {
	case 0:
	case 1:
		flags.StringSliceVar(&f.metrics, "metric", nil, "`METRIC` to draw instead of "+slices.Concat(k.Values, k.Curves)[0])
	default:
		flags.StringSliceVar(&f.metrics, "metric", nil, "metrics instead of "+strings.Join(k.Values, ", ")+", a row each")
	}
	if k.Keys > 0 {
		flags.StringSliceVar(&f.keys, "along", nil, fmt.Sprintf("%d `KEYS` of the spec (mmibx fields), across and up; those that vary most where none are named", k.Keys))
	}
	if k.Cases {
		flags.StringArrayVar(&f.systems, "system", nil, "a `ROW` of the table, twice; the first method and the last where none are named")
	}
	if k.Test { // of the others nothing is known of test
		flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	}
	flags.StringVar(&f.width, "width", f.width, "of the column: "+venues()+", or inches such as 4.5in")
	flags.BoolVar(&f.interval, "interval", false, "bands and bars are 95 % intervals of the mean instead of deviations")
}

// readPlot reads back what command wrote.
func readPlot(line string) (plots.Kind, *plotFlags, error) {
	words, err := shell.Words(line)
	if err != nil {
		return plots.Kind{}, nil, err
	}
	if len(words) < 3 || words[0] != "mmibx" || words[1] != "plot" {
		return plots.Kind{}, nil, fmt.Errorf("%w: %q draws no figure", mmibx.ErrUsage, line)
	}
	k, ok := plots.LookupKind(words[2])
	if !ok {
		return k, nil, fmt.Errorf("figure %s: %w", words[2], mmibx.ErrNotFound)
	}
	f, cmd := newPlotFlags(), &cobra.Command{}
	f.declare(cmd, k)
	return k, f, cmd.ParseFlags(words[3:])
}

func venues() string {
	names := make([]string, len(plots.Venues))
	for i, v := range plots.Venues {
		names[i] = v.Name
	}
	return strings.Join(names, ", ")
}

func (a *app) plot(ctx context.Context, cmd *cobra.Command, db *tracker.DB, k plots.Kind, f plotFlags) error {
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
	if k.Choose == 1 && len(f.metrics) > 1 {
		return &mmibx.InputError{Key: "--metric", Found: strings.Join(f.metrics, ","), Expected: "one metric"}
	}
	if n := len(f.keys); n > 0 && n != k.Keys {
		return &mmibx.InputError{Key: "--along", Found: strings.Join(f.keys, ","), Expected: fmt.Sprintf("%d keys of the spec", k.Keys)}
	}
	if n := len(f.systems); n > 0 && n != 2 {
		return &mmibx.InputError{Key: "--system", Found: strings.Join(f.systems, "; "), Expected: "two rows of the table"}
	}
	logged, err := db.Summaries(ctx, mmibx.Done, f.metrics, tracker.Query{})
	if err != nil {
		return err
	}
	for _, m := range f.metrics {
		if !slices.ContainsFunc(logged, func(v tracker.Value) bool { return v.Metric == m }) {
			return fmt.Errorf("--metric: %s: %w in any run; `mmibx runs show RUN` lists the metrics of one", m, mmibx.ErrNotFound)
		}
	}
	figure, size, err := a.drawTo(ctx, db, k, f, format, width)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), struct {
			File    string   `json:"file"`
			Caption string   `json:"caption"`
			Runs    []string `json:"runs"`
		}{f.out, figure.Caption(), figure.About().Runs})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s (%d bytes, %g in wide)\n%s\n", f.out, size, width, figure.Caption())
	return err
}

// drawTo draws a figure into its file, of a width, and counts the bytes.
func (a *app) drawTo(ctx context.Context, db *tracker.DB, k plots.Kind, f plotFlags, format plots.Format, width plots.Width) (plots.Drawing, int, error) {
	figure, err := a.figure(ctx, db, k, f)
	if err != nil {
		return nil, 0, err
	}
	var blob bytes.Buffer
	if err := figure.Render(&blob, format, width); err != nil {
		return nil, 0, err
	}
	return figure, blob.Len(), writeFile(f.out, blob.Bytes())
}
