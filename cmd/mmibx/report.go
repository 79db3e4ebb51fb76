package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

type reportFlags struct {
	out, baseline, split, width string
	tables, figures             []string
	pdf                         bool
}

func newReportCmd(a *app) *cobra.Command {
	f := reportFlags{split: string(mmibx.Dev), width: "acl-wide"}
	cmd := &cobra.Command{
		Use:   "report SWEEP",
		Short: "Write the report of a sweep: one HTML file, and LaTeX with its figures",
		Long: `Write the report of a sweep: question, method, data, the plan and every deviation
from it, tables, tests, all figures that its runs vary enough for, failures and
what they do to means, tuning budgets, versions, the ledger of looks at test,
provenance of every run, and the commands that make it again.

The folder gets report.html (one file, which needs no network), report.tex with
figures/ and tables/, and with --pdf report.pdf by pdflatex. The same runs give
the same bytes on dev; a report on test prints its own look.

The table has a row for every setting. --table puts others before it, each with its
tests: those that ship, or yours, over the runs of this sweep. --figures draws only
some.

Scores are of dev. --split test adds the tables and their tests on test, which is a
look at test; figures stay on dev.`,
		Example: "  mmibx report demo\n  mmibx report regularizers --table regularizers --figures types,curves\n  mmibx report beta --baseline 'MMIB' -o beta-report --pdf",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.split != string(mmibx.Dev) && f.split != string(mmibx.Test) {
				return &mmibx.InputError{Key: "--split", Found: f.split, Expected: "dev or test"}
			}
			for _, name := range f.figures {
				if err := knownFigure(name); err != nil {
					return err
				}
			}
			if f.pdf {
				if _, err := exec.LookPath("pdflatex"); err != nil {
					return fmt.Errorf("--pdf: pdflatex is not on PATH: %w; README names the packages, or compile report.tex elsewhere", mmibx.ErrNotFound)
				}
			}
			return a.report(cmd, args[0], f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.out, "output", "o", "", "folder to write into (default SWEEP-report)")
	flags.StringVar(&f.baseline, "baseline", "", "the `ROW` to test against (default MMIB in its usual setting, else the first row)")
	flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	flags.StringArrayVar(&f.tables, "table", nil, "put a `TABLE` before the one of all settings: a file, or one that ships (mmibx table); again for more")
	flags.StringSliceVar(&f.figures, "figures", nil, "only these `FIGURES` of mmibx plot, such as beta,types (default all that the runs vary enough for)")
	flags.StringVar(&f.width, "width", f.width, "of figures: "+venues()+", or inches such as 4.5in")
	flags.BoolVar(&f.pdf, "pdf", false, "compile report.tex by pdflatex")
	return cmd
}

// knownFigure refuses a figure that there is not.
func knownFigure(name string) error {
	if _, ok := plots.LookupKind(name); ok {
		return nil
	}
	names := make([]string, len(plots.Kinds))
	for i, k := range plots.Kinds {
		names[i] = k.Name
	}
	fault := &mmibx.InputError{Key: "--figures", Found: fmt.Sprintf("%q", name), Expected: "some of " + strings.Join(names, ", ")}
	if near := mmibx.Nearest(name, names); near != "" {
		fault.Cure = "did you mean " + near + "?"
	}
	return fault
}

func (a *app) report(cmd *cobra.Command, sweep string, f reportFlags) error {
	if f.out == "" {
		f.out = sweep + "-report"
	}
	var r *reports.Report
	err := a.reading(cmd, func(ctx context.Context, db *tracker.DB) (err error) {
		r, err = a.collect(ctx, db, sweep, &f)
		return err
	})
	if err != nil {
		return err
	}
	// The ledger is read anew: a report on test is itself a look.
	err = a.reading(cmd, func(ctx context.Context, db *tracker.DB) (err error) {
		r.Looks, err = reportLooks(ctx, db, r.Runs)
		return err
	})
	if err != nil {
		return err
	}
	files, err := writeReport(cmd.Context(), f, r)
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), struct {
			Dir   string   `json:"dir"`
			Files []string `json:"files"`
		}{f.out, files})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "in %s: %s\n", f.out, strings.Join(files, ", "))
	return err
}

// collect reads and works out all of a report but the ledger.
func (a *app) collect(ctx context.Context, db *tracker.DB, sweep string, f *reportFlags) (*reports.Report, error) {
	width, err := plots.ParseWidth(f.width)
	if err != nil {
		return nil, err
	}
	plan, err := experiments.ReadPlan(mmibx.Store(a.storeDir), sweep)
	if err != nil {
		return nil, err
	}
	r := &reports.Report{Plan: reports.Planned{
		Sweep: sweep, Title: plan.Title, Question: plan.Question, Objective: plan.Objective, Hash: plan.Hash,
		Source: plan.Source, Collapsed: plan.Collapsed, LeftOut: plan.LeftOut, Hours: plan.Hours,
	}}
	if r.Runs, err = reportRuns(ctx, db, plan); err != nil {
		return nil, err
	}
	if err := a.reportData(r); err != nil {
		return nil, err
	}
	if err := a.reportTables(ctx, db, r, f); err != nil {
		return nil, err
	}
	r.Commands = []string{"mmibx sweep " + sweep + ".toml", f.command(sweep)}
	for _, t := range r.Tables {
		r.Commands = append(r.Commands, t.Command)
	}
	return r, a.reportFigures(ctx, db, r, f.figures, f.width, width)
}

// command is what writes the report again.
func (f *reportFlags) command(sweep string) string {
	words := "mmibx report " + sweep + " --baseline " + shell.Word(f.baseline)
	if f.split != string(mmibx.Dev) {
		words += " --split " + f.split
	}
	for _, name := range f.tables {
		words += " --table " + shell.Word(name)
	}
	if len(f.figures) > 0 {
		words += " --figures " + strings.Join(f.figures, ",")
	}
	if f.width != "acl-wide" {
		words += " --width " + f.width
	}
	return words
}

func (f *reportFlags) splits() []string {
	return slices.Compact([]string{string(mmibx.Dev), f.split})
}

// reportRuns are the runs of the plan, then the others that the store has of its
// sweep.
func reportRuns(ctx context.Context, db *tracker.DB, plan *experiments.Plan) ([]reports.Ran, error) {
	rows := map[string]tracker.RunRow{}
	var extra []string
	planned := plan.IDs()
	for _, q := range []tracker.Query{{IDs: planned}, {IDs: planned, Binned: true}, {Sweep: plan.Sweep}, {Sweep: plan.Sweep, Binned: true}} {
		q.Sort = "id"
		found, err := db.Runs(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, row := range found {
			if _, seen := rows[row.ID]; !seen && !slices.Contains(planned, row.ID) {
				extra = append(extra, row.ID)
			}
			rows[row.ID] = row
		}
	}
	origins, err := db.Origins(ctx, slices.Concat(planned, extra))
	if err != nil {
		return nil, err
	}
	var list []reports.Ran
	add := func(id string, spec mmibx.Spec, unasked bool) {
		row, known := rows[id]
		x := reports.Ran{Run: reports.Run{ID: id, Spec: spec, State: mmibx.Queued}, Unasked: unasked}
		if known {
			x.State, x.Arm, x.Removed, x.Class, x.Error, x.Attempts = row.State, row.Arm, row.Binned, string(row.Class), row.Error, row.Attempts
			if x.State == mmibx.Done {
				x.Score = row.DevF1
			}
		}
		if o := origins[id]; o != nil {
			x.Seconds, x.Data, x.Origin = o.Seconds, o.Inputs.DataDigest(), originFacts(o)
		}
		list = append(list, x)
	}
	for _, c := range plan.Cells {
		add(c.Run, c.Spec, false)
	}
	for _, id := range extra {
		detail, err := db.Run(ctx, id)
		if err != nil {
			return nil, err
		}
		spec, err := mmibx.SpecOf(detail.Spec)
		if err != nil {
			return nil, fmt.Errorf("run %s: %w", id, err)
		}
		add(id, spec, true)
	}
	return list, nil
}

// originFacts is what a run ran on, in the order of the report.
func originFacts(o *tracker.Origin) []reports.Fact {
	return []reports.Fact{
		{Name: "commit", Value: o.Commit()}, {Name: "PyTorch", Value: o.Env.PyTorch}, {Name: "device", Value: strings.TrimSpace(o.Env.Device + " " + o.Env.GPUModel)},
		{Name: "instruction set", Value: o.Env.ISA}, {Name: "threads", Value: fmt.Sprint(o.Env.Threads)}, {Name: "host", Value: o.Env.Host},
	}
}

// reportFigures draws the figures that are asked for; where none are, what the runs
// vary enough for.
func (a *app) reportFigures(ctx context.Context, db *tracker.DB, r *reports.Report, only []string, asked string, width plots.Width) error {
	for _, k := range plots.Kinds {
		if len(only) > 0 && !slices.Contains(only, k.Name) {
			continue
		}
		f := plotFlags{sweep: r.Plan.Sweep, split: string(mmibx.Dev), width: asked}
		figure, err := a.figure(ctx, db, k, f)
		if errors.Is(err, mmibx.ErrNotFound) && len(only) == 0 {
			continue
		}
		if err != nil {
			return fmt.Errorf("figure %s: %w", k.Name, err)
		}
		p := reports.Picture{Name: k.Name, Title: strings.ToUpper(k.Doc[:1]) + k.Doc[1:], Caption: figure.Caption(), Inches: float64(width)}
		for format, into := range map[plots.Format]*[]byte{plots.SVG: &p.SVG, plots.PDF: &p.PDF} {
			var blob bytes.Buffer
			if err := figure.Render(&blob, format, width); err != nil {
				return err
			}
			*into = blob.Bytes()
		}
		r.Figures = append(r.Figures, p)
		r.Commands = append(r.Commands, f.command(k))
	}
	return nil
}

// reportLooks are the lines of the ledger that saw a run of the report.
func reportLooks(ctx context.Context, db *tracker.DB, runs []reports.Ran) ([]reports.LookLine, error) {
	all, err := db.Looks(ctx, "")
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for i := range runs {
		ours[runs[i].ID] = true
	}
	var list []reports.LookLine
	for _, l := range all {
		n := 0
		for _, id := range l.Runs {
			if ours[id] {
				n++
			}
		}
		if n > 0 || len(l.Runs) == 0 { // one that does not say which runs it saw counts
			list = append(list, reports.LookLine{When: l.At.UTC().Format(time.DateTime), Who: l.By, Split: string(l.Split), What: l.What, Runs: n})
		}
	}
	return list, nil
}

// reportData counts the examples of each benchmark, where its files are at hand.
func (a *app) reportData(r *reports.Report) error {
	for _, b := range mmibx.BenchmarksOf(r.Runs, func(x reports.Ran) string { return x.Spec.Benchmark }) {
		known := reports.Benchmarked{Benchmark: b}
		set, err := datasets.Open(b.Name, a.dataDir)
		switch {
		case err == nil:
			known.Sizes = map[mmibx.Split]int{}
			for _, split := range mmibx.Splits {
				known.Sizes[split] = len(set.Examples[split])
			}
		case !errors.Is(err, mmibx.ErrNotFound):
			return err
		}
		r.Data = append(r.Data, known)
	}
	return nil
}

// writeReport writes the files of a report and returns their names in its folder.
func writeReport(ctx context.Context, f reportFlags, r *reports.Report) ([]string, error) {
	for _, dir := range []string{"figures", "tables"} {
		if err := os.MkdirAll(filepath.Join(f.out, dir), 0o755); err != nil {
			return nil, err
		}
	}
	var files []string
	put := func(name string, blob []byte) error {
		files = append(files, name)
		return writeFile(filepath.Join(f.out, name), blob)
	}
	var page, tex bytes.Buffer
	if err := errors.Join(r.HTML(&page), r.LaTeX(&tex)); err != nil {
		return nil, err
	}
	if err := errors.Join(put("report.html", page.Bytes()), put("report.tex", tex.Bytes())); err != nil {
		return nil, err
	}
	for _, p := range r.Figures {
		if err := errors.Join(put("figures/"+p.Name+".pdf", p.PDF), put("figures/"+p.Name+".svg", p.SVG)); err != nil {
			return nil, err
		}
	}
	for _, t := range r.Tables {
		var table, values, cells bytes.Buffer
		if err := errors.Join(t.LaTeX(&table), t.LaTeXValues(&values), t.Sidecar(&cells)); err != nil {
			return nil, err
		}
		at := "tables/" + t.Name
		if err := errors.Join(put(at+".tex", table.Bytes()), put(at+".values.tex", values.Bytes()), put(at+".cells.json", cells.Bytes())); err != nil {
			return nil, err
		}
	}
	if f.pdf {
		files = append(files, "report.pdf")
		return files, compile(ctx, f.out, "report.tex")
	}
	return files, nil
}

// compile runs pdflatex twice, for the table of contents, and dates the file as
// figures are dated, so that its bytes are the same each time.
func compile(ctx context.Context, dir, file string) error {
	for range 2 {
		cmd := exec.CommandContext(ctx, "pdflatex", "-interaction=nonstopmode", "-halt-on-error", file)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=946684800", "FORCE_SOURCE_DATE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("pdflatex %s: %w\n%s", filepath.Join(dir, file), err, lastLines(out, 20))
		}
	}
	base := filepath.Join(dir, strings.TrimSuffix(file, filepath.Ext(file)))
	for _, ext := range []string{".aux", ".log", ".out", ".toc"} {
		if err := os.Remove(base + ext); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// lastLines is the end of what a program printed.
func lastLines(out []byte, n int) []byte {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], []byte("\n"))
}
