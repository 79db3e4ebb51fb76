package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

type tableFlags struct {
	sweeps                                     []string
	filter, split, format, out, caption, venue string
	baseline                                   string
	wide, siunitx                              bool
	with                                       []string // systems whose predictions were imported
}

// tableFormats are the formats by name.
var tableFormats = map[string]func(*reports.Table, io.Writer) error{
	"latex": (*reports.Table).LaTeX, "markdown": (*reports.Table).Markdown, "html": (*reports.Table).HTML,
	"csv": (*reports.Table).CSV, "text": (*reports.Table).Text,
}

var tableExtensions = map[string]string{".tex": "latex", ".md": "markdown", ".html": "html", ".csv": "csv", ".txt": "text"}

func newTableCmd(a *app) *cobra.Command {
	f := tableFlags{}
	cmd := &cobra.Command{
		Use:   "table [FILE|NAME] [--sweep NAME]",
		Short: "Write a table: methods by benchmarks, mean and deviation over seeds",
		Long: `Write a table: methods by benchmarks, mean and deviation over seeds. What is
missing, failed or short of seeds is marked, and the caption explains it.

FILE declares it in TOML: rows, columns, split, baseline (docs/reference/tables.md);
these ship by NAME: ` + strings.Join(reports.StandardTables(), ", ") + `. Without either it has a row
per arm of the sweep. Flags have the last word.

A baseline tests the cells: bold is then all that is not told apart from the best
of a column, and arrows say what is better or worse than the baseline
(docs/reference/statistics.md).

Scores are of dev. --split test scores the predictions that the workers kept on
test, which is a look at test: it adds a line to the ledger in the store, which
reports print. Look once, when the choices are made.

With -o, NAME.cells.json beside the file holds the values and runs of each cell,
for mmibx why, mmibx paper check and mmibx diff; beside a .tex file NAME.values.tex
has the means for running text.`,
		Example: "  mmibx table --sweep demo\n  mmibx table main --sweep demo -o main.tex --venue acl\n  mmibx table ours.toml --split test -o main.tex",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := f.declaration(cmd, args)
			if err == nil {
				err = f.complete(a.json)
			}
			if err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				t, err := a.table(ctx, db, d, nil, nil)
				if err != nil {
					return err
				}
				if warning := t.Overflow(); warning != "" && f.format == "latex" {
					fmt.Fprintln(cmd.ErrOrStderr(), "mmibx:", warning)
				}
				return f.write(cmd.OutOrStdout(), t)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.sweeps, "sweep", nil, "the sweeps whose runs to tabulate")
	flags.StringVar(&f.filter, "filter", "", "only runs that pass this `FILTER`, as in mmibx runs list")
	flags.StringSliceVar(&f.with, "with", nil, "systems whose predictions were imported (mmibx import predictions), as rows")
	flags.StringVar(&f.split, "split", "", "dev, or test, which is a look at test (dev)")
	flags.StringVar(&f.format, "format", "", "latex, markdown, html, csv or text (by the extension of -o, else text)")
	flags.StringVarP(&f.out, "output", "o", "", "file to write; else standard output")
	flags.StringVar(&f.baseline, "baseline", "", "test against this `ROW` (its title or key) and against the best; bold is all that is not told apart from the best")
	flags.StringVar(&f.caption, "caption", "", "what the table shows; the explanation of its marks follows")
	flags.StringVar(&f.venue, "venue", "", "LaTeX: fit the page of acl, ieee or neurips")
	flags.BoolVar(&f.siunitx, "siunitx", false, "LaTeX: align numbers by the columns of siunitx 3")
	flags.BoolVar(&f.wide, "wide", false, "LaTeX: span both columns of the page")
	return cmd
}

// declaration reads what is to be shown, flags having the last word.
func (f *tableFlags) declaration(cmd *cobra.Command, args []string) (*reports.Declaration, error) {
	var d *reports.Declaration
	if len(args) == 1 {
		var err error
		if d, err = readDeclaration(args[0]); err != nil {
			return nil, err
		}
	} else {
		if len(f.sweeps) == 0 {
			return nil, &mmibx.InputError{Key: "--sweep", Found: "nothing", Expected: "the name of a sweep, or a FILE or NAME of a table"}
		}
		name := f.sweeps[0]
		if f.out != "" {
			name = strings.TrimSuffix(filepath.Base(f.out), filepath.Ext(f.out))
		}
		d = reports.NewDeclaration(reports.Key(name))
	}
	for _, o := range []struct {
		flag, value string
		into        *string
	}{{"filter", f.filter, &d.Filter}, {"split", f.split, (*string)(&d.Split)}, {"baseline", f.baseline, &d.Baseline}, {"caption", f.caption, &d.Caption}, {"venue", f.venue, &d.Venue}} {
		if cmd.Flags().Changed(o.flag) {
			*o.into = o.value
		}
	}
	if len(f.sweeps) > 0 {
		d.Sweeps = f.sweeps
	}
	d.With = f.with
	d.Wide, d.SIunitx = d.Wide || f.wide, d.SIunitx || f.siunitx
	if d.Split != mmibx.Dev && d.Split != mmibx.Test {
		return nil, &mmibx.InputError{Key: "--split", Found: string(d.Split), Expected: "dev or test"}
	}
	if known := slices.ContainsFunc(reports.Venues, func(v reports.Venue) bool { return v.Name == d.Venue }); d.Venue != "" && !known {
		return nil, &mmibx.InputError{Key: "--venue", Found: d.Venue, Expected: "acl, ieee or neurips"}
	}
	return d, nil
}

// readDeclaration reads a file, or a declaration that ships.
func readDeclaration(word string) (*reports.Declaration, error) {
	text, err := os.ReadFile(word)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EISDIR) {
		if text, err = reports.StandardTable(word); err != nil {
			return nil, err
		}
		d, err := reports.ParseDeclaration(word+".toml", text)
		if err == nil {
			d.Digest = "" // no file of anybody's changes it
		}
		return d, err
	}
	if err != nil {
		return nil, err
	}
	return reports.ParseDeclaration(word, text)
}

// complete fills in what follows from other flags and refuses what does not fit.
func (f *tableFlags) complete(asJSON bool) error {
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
		return &mmibx.InputError{Key: "--format", Found: fmt.Sprintf("%q", f.format), Expected: "latex, markdown, html, csv or text", Cure: "or end -o in .tex, .md, .html, .csv or .txt"}
	}
	return nil
}

// watch stands between a table and what compares its cells.
type watch func(*reports.Table, reports.CompareCells) reports.CompareCells

// table reads the runs, lays them out and scores those that stand in a row by their
// answers, which it reads where they are nil. The watch may be nil too.
func (a *app) table(ctx context.Context, db *tracker.DB, d *reports.Declaration, k *answers, w watch) (*reports.Table, error) {
	layout, list, err := a.layout(ctx, db, d)
	if err != nil {
		return nil, err
	}
	metrics, err := loggedMetrics(ctx, db, d)
	if err != nil {
		return nil, err
	}
	if err := addMetrics(ctx, db, mmibx.Done, list, metrics); err != nil {
		return nil, err
	}
	if k == nil && wantsAnswers(d) {
		if k, err = a.answers(ctx, db, list, d.Split); err != nil {
			return nil, err
		}
	}
	if d.Split == mmibx.Test && d.Scored() {
		if err := k.addScores(list); err != nil {
			return nil, err
		}
	}
	origins, err := db.Origins(ctx, layout.Runs())
	if err != nil {
		return nil, err
	}
	t := layout.Table(tableValues(list, d.Split, origins))
	t.Command = commandLine()
	t.Versions = versionsOf(origins, d.Split)
	if err := noteBin(ctx, db, t, d, list); err != nil {
		return nil, err
	}
	if d.Baseline != "" {
		compare := k.compareCells(ctx, list)
		if w != nil {
			compare = w(t, compare)
		}
		if err := t.Test(d.Baseline, compare); err != nil {
			return nil, err
		}
	}
	return t, a.addBounds(t, list, d.Split)
}

// wantsAnswers says that a table is made of predictions, for scores that no worker
// logged or for tests.
func wantsAnswers(d *reports.Declaration) bool {
	return d.Baseline != "" || d.Split == mmibx.Test && d.Scored()
}

// commandLine is the command that runs, as a shell would take it again.
func commandLine() string {
	return shell.Line(append([]string{"mmibx"}, os.Args[1:]...)...)
}

// noteBin says how many runs of the methods in the table somebody took out.
func noteBin(ctx context.Context, db *tracker.DB, t *reports.Table, d *reports.Declaration, list []result) error {
	arms, removed := map[string]bool{}, map[string]bool{}
	for i := range list {
		arms[list[i].Arm] = true
	}
	for _, sweep := range d.Sweeps {
		rows, err := db.Runs(ctx, tracker.Query{Sweep: sweep, Binned: true})
		if err != nil {
			return err
		}
		for i := range rows {
			if arms[rows[i].Arm] {
				removed[rows[i].ID] = true
			}
		}
	}
	switch n := len(removed); n {
	case 0:
	case 1:
		t.Notes = append(t.Notes, "1 run of these methods was put into the bin")
	default:
		t.Notes = append(t.Notes, fmt.Sprintf("%d runs of these methods were put into the bin", n))
	}
	return nil
}

// layout puts the runs of a declaration's sweeps into its rows, and returns those
// that stand in one.
func (a *app) layout(ctx context.Context, db *tracker.DB, d *reports.Declaration) (*reports.Layout, []result, error) {
	list, err := a.pool(ctx, db, d)
	if err != nil {
		return nil, nil, err
	}
	runs, ids := make([]reports.Run, len(list)), make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
		runs[i] = reports.Run{ID: r.ID, Arm: r.Arm, Names: r.Names, System: r.System, Spec: r.Spec, State: r.State}
	}
	layout, err := d.Lay(runs, func(filter string) (map[string]bool, error) {
		rows, err := db.Runs(ctx, tracker.Query{IDs: ids, Filter: filter})
		arms := map[string]bool{}
		for i := range rows {
			arms[rows[i].Arm] = true
		}
		return arms, err
	})
	if err != nil {
		return nil, nil, err
	}
	shown := map[string]bool{}
	for _, id := range layout.Runs() {
		shown[id] = true
	}
	return layout, slices.DeleteFunc(list, func(r result) bool { return !shown[r.ID] }), nil
}

// pool lists the runs of the sweeps of a declaration, each once, and those of the
// systems that it names.
func (a *app) pool(ctx context.Context, db *tracker.DB, d *reports.Declaration) ([]result, error) {
	if len(d.Sweeps) == 0 && d.WantsSweeps() {
		return nil, &mmibx.InputError{Key: "sweeps", Found: "nothing", Expected: "the sweeps whose runs stand in the rows", Cure: `write sweeps = ["NAME"], or give --sweep`}
	}
	var list []result
	at := map[string]int{}
	for _, sweep := range d.Sweeps {
		of, err := results(ctx, db, mmibx.Store(a.storeDir), sweep, d.Filter, nil)
		if err != nil {
			return nil, err
		}
		for _, r := range of {
			if i, ok := at[r.ID]; ok {
				list[i].Names = append(list[i].Names, r.Names...)
				continue
			}
			at[r.ID] = len(list)
			list = append(list, r)
		}
	}
	systems := d.Systems()
	slices.Sort(systems)
	benchmarks := d.Benchmarks()
	for i := range list {
		benchmarks = append(benchmarks, list[i].Spec.Benchmark)
	}
	others, err := importedResults(ctx, db, slices.Compact(systems), d.Split, benchmarks)
	return append(list, others...), err
}

// loggedMetrics are the metrics that runs logged and the table needs.
func loggedMetrics(ctx context.Context, db *tracker.DB, d *reports.Declaration) ([]string, error) {
	var names []string
	for _, m := range d.Metrics() {
		prefix, types := strings.CutSuffix(m, "*")
		switch {
		case strings.HasPrefix(m, "dev.") && d.Split == mmibx.Test: // scored, not read
		case types:
			keys, err := db.Keys(ctx)
			if err != nil {
				return nil, err
			}
			for _, k := range keys {
				if k.Metric && strings.HasPrefix(k.Name, prefix) {
					names = append(names, k.Name)
				}
			}
		default:
			names = append(names, m)
		}
	}
	return names, nil
}

// tableValues are the metrics of runs by the names that declarations have.
func tableValues(list []result, split mmibx.Split, origins map[string]*tracker.Origin) reports.Values {
	values := reports.Values{}
	for i := range list {
		r := &list[i]
		of := map[string]float64{}
		for name, v := range r.Values {
			of[strings.TrimPrefix(name, string(split)+".")] = v
		}
		if o := origins[r.ID]; o != nil && o.Seconds > 0 && r.System == "" {
			of["hours"], of["minutes"] = o.Seconds/3600, o.Seconds/60
		}
		values[r.ID] = of
	}
	return values
}

func versionsOf(origins map[string]*tracker.Origin, split mmibx.Split) map[string]reports.Version {
	of := map[string]reports.Version{}
	for id, o := range origins {
		of[id] = reports.Version{Attempt: o.Attempt, Commit: o.Commit(), PyTorch: o.Env.PyTorch, Data: fmt.Sprintf("%.12s", o.Inputs.DataDigest()), Predictions: o.Objects["predictions."+string(split)]}
	}
	return of
}

// addBounds adds what is known of the miniature benchmarks, if any are shown.
func (a *app) addBounds(t *reports.Table, list []result, split mmibx.Split) error {
	known, err := ceilings(list, split)
	if err != nil || len(known) == 0 || !slices.ContainsFunc(t.Columns, func(c reports.Column) bool { return c.Metric == "f1" }) {
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
	if f.format == "latex" {
		var values bytes.Buffer
		if err := t.LaTeXValues(&values); err != nil {
			return err
		}
		if err := writeFile(filepath.Join(filepath.Dir(f.out), t.Name+".values.tex"), values.Bytes()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(stdout, "%s and %s\n", f.out, beside)
	return err
}
