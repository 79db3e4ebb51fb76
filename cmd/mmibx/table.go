package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

type tableFlags struct {
	sweep, filter, split, format, out, caption string
	baseline                                   string
	wide                                       bool
	with                                       []string          // systems whose predictions were imported
	record                                     *reports.Recorder // of a report; else nil
}

// tableFormats are the formats by name; "" is plain text.
var tableFormats = map[string]func(*reports.Table, io.Writer) error{
	"latex": (*reports.Table).LaTeX, "html": (*reports.Table).HTML, "markdown": (*reports.Table).Markdown,
	"csv": (*reports.Table).CSV, "text": (*reports.Table).Text,
}

var tableExtensions = map[string]string{".tex": "latex", ".html": "html", ".md": "markdown", ".csv": "csv", ".txt": "text"}

func newTableCmd(a *app) *cobra.Command {
	f := tableFlags{split: string(mmibx.Dev)}
	cmd := &cobra.Command{
		Use:   "table --sweep NAME",
		Short: "Write a table of a sweep: methods by benchmarks, mean and deviation over seeds",
		Long: `Write a table of a sweep: methods by benchmarks, mean and deviation over seeds.
What is missing, failed or short of seeds is marked, and the caption explains it.

--baseline tests the cells: bold is then all that is not told apart from the best
of a column, and arrows say what is better or worse than the baseline
(docs/reference/statistics.md).

Scores are of dev. --split test scores the predictions that the workers kept on
test, which is a look at test: it adds a line to the ledger in the store, which
reports print. Look once, when the choices are made.

With -o, NAME.cells.json beside the file holds the values and runs of each cell.`,
		Example: "  mmibx table --sweep demo\n  mmibx table --sweep demo -o main.tex\n  mmibx table --sweep main --split test --format latex -o main.tex",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.complete(a.json); err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				t, err := a.table(ctx, db, f)
				if err != nil {
					return err
				}
				return f.write(cmd.OutOrStdout(), t)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.sweep, "sweep", "", "the sweep whose runs to tabulate")
	flags.StringVar(&f.filter, "filter", "", "only runs that pass this `FILTER`, as in mmibx runs list")
	flags.StringSliceVar(&f.with, "with", nil, "systems whose predictions were imported (mmibx import predictions), as rows")
	flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	flags.StringVar(&f.format, "format", "", "latex, html, markdown, csv or text (by the extension of -o, else text)")
	flags.StringVarP(&f.out, "output", "o", "", "file to write; else standard output")
	flags.StringVar(&f.baseline, "baseline", "", "test against this `ROW` (its title or key) and against the best; bold is all that is not told apart from the best")
	flags.StringVar(&f.caption, "caption", "", "what the table shows; the explanation of its marks follows")
	flags.BoolVar(&f.wide, "wide", false, "LaTeX: span both columns of the page")
	return cmd
}

// complete fills in what follows from other flags and refuses what does not fit.
func (f *tableFlags) complete(asJSON bool) error {
	if f.sweep == "" {
		return &mmibx.InputError{Key: "--sweep", Found: "nothing", Expected: "the name of a sweep"}
	}
	if f.split != string(mmibx.Dev) && f.split != string(mmibx.Test) {
		return &mmibx.InputError{Key: "--split", Found: f.split, Expected: "dev or test"}
	}
	if f.out != "" {
		if err := writable(f.out); err != nil {
			return err
		}
	}
	if asJSON {
		f.format = "json"
		return nil
	}
	if f.format == "" {
		f.format = "text"
		if f.out != "" {
			f.format = tableExtensions[filepath.Ext(f.out)]
		}
	}
	if _, ok := tableFormats[f.format]; !ok {
		return &mmibx.InputError{Key: "--format", Found: fmt.Sprintf("%q", f.format), Expected: "latex, html, markdown, csv or text", Cure: "or end -o in .tex, .html, .md, .csv or .txt"}
	}
	return nil
}

// table reads the runs and lays them out.
func (a *app) table(ctx context.Context, db *tracker.DB, f tableFlags) (*reports.Table, error) {
	store, split := mmibx.Store(a.storeDir), mmibx.Split(f.split)
	list, err := results(ctx, db, store, f.sweep, f.filter, []string{mmibx.DevF1})
	if err != nil {
		return nil, err
	}
	others, err := importedResults(ctx, db, f.with, split, list)
	if err != nil {
		return nil, err
	}
	if err := addMetrics(ctx, db, others, []string{mmibx.DevF1}); err != nil {
		return nil, err
	}
	list = append(list, others...)
	name := f.sweep
	if f.out != "" {
		name = strings.TrimSuffix(filepath.Base(f.out), filepath.Ext(f.out))
	}
	if f.baseline != "" { // before a look is spent on a row that there is not
		if _, err := reports.ByBenchmark(name, tableRuns(list, mmibx.DevF1)).Row(f.baseline); err != nil {
			return nil, err
		}
	}
	metric := mmibx.DevF1
	var k *answers
	switch {
	case split == mmibx.Test:
		metric = testF1
		k, err = a.scoreTest(ctx, db, list)
	case f.baseline != "":
		k, err = a.answers(ctx, db, list, split)
	}
	if err != nil {
		return nil, err
	}
	runs := tableRuns(list, metric)
	t := reports.ByBenchmark(name, runs)
	t.Wide = f.wide
	if t.Caption = f.caption; t.Caption == "" {
		t.Caption = fmt.Sprintf("Micro F1 (%%) on %s", split)
	}
	t.AddPlan(runs)
	if f.baseline != "" {
		compare := k.compareCells(ctx, list)
		if f.record != nil {
			compare = f.record.Watch(compare)
		}
		if err := t.Test(f.baseline, compare); err != nil {
			return nil, err
		}
	}
	return t, a.addBounds(t, list, split)
}

// tableRuns are results as tables want them, with one metric.
func tableRuns(list []result, metric string) []reports.Run {
	runs := make([]reports.Run, len(list))
	for i, r := range list {
		runs[i] = reports.Run{ID: r.ID, System: r.System, Spec: r.Spec, State: r.State}
		if v, ok := r.Values[metric]; ok {
			runs[i].Score = &v
		}
	}
	return runs
}

// addBounds adds what is known of the miniature benchmarks, if any are shown.
func (a *app) addBounds(t *reports.Table, list []result, split mmibx.Split) error {
	known, err := ceilings(list, split)
	if err != nil || len(known) == 0 {
		return err
	}
	var bounds []reports.Bound
	for i, from := range []string{"text only", "with pictures"} {
		population := reports.Bound{Title: from + ", any split", Scores: map[string]float64{}, Errors: map[string]float64{}}
		realised := reports.Bound{Title: from + ", this split", Scores: map[string]float64{}, Errors: map[string]float64{}}
		for name, pair := range known {
			population.Scores[name], population.Errors[name] = pair[i].Population, pair[i].PopulationSE
			realised.Scores[name], realised.Errors[name] = pair[i].Realised, pair[i].RealisedSE
		}
		bounds = append(bounds, population, realised)
	}
	t.AddBounds("Bayes-optimal, expected", bounds)
	return nil
}

// write writes the table, and its cells beside a file.
func (f *tableFlags) write(stdout io.Writer, t *reports.Table) error {
	encode := tableFormats[f.format]
	if f.format == "json" {
		encode = (*reports.Table).Sidecar
	}
	var blob, cells bytes.Buffer
	if err := encode(t, &blob); err != nil {
		return err
	}
	if f.out == "" {
		_, err := stdout.Write(blob.Bytes())
		return err
	}
	if err := t.Sidecar(&cells); err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(f.out), t.Name+".cells.json")
	if err := writeFile(f.out, blob.Bytes()); err != nil {
		return err
	}
	if err := writeFile(beside, cells.Bytes()); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "%s and %s\n", f.out, beside)
	return err
}
