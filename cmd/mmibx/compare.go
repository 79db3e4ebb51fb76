package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/reports"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

type compareFlags struct {
	sweep, benchmark, split string
	difference              float64
}

func newCompareCmd(a *app) *cobra.Command {
	f := compareFlags{split: string(mmibx.Dev), difference: statistics.DefaultTarget.Difference}
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Compare two arms: randomisation on predictions, interval over seeds and sentences, effect sizes, power",
		Long: `Compare two arms by the predictions that their runs kept, over the seeds that
both have, on every benchmark that both have. Each of A and B is the beginning of
the id of an arm or of one of its runs, the name of a system whose predictions
were imported, or a filter as in mmibx runs list that lets one arm through per
benchmark.

p is by approximate randomisation on predictions (10,000 draws, swaps by sentence
or picture, joint over seeds), the interval by a hierarchical bootstrap over seeds
and sentences; A and B are told apart where both say so. What was not found is
called "too little data" where the power to find --difference is below a half.

Predictions are of dev. --split test is a look at test: it adds a line to the
ledger in the store before anything is scored.`,
		Example: "  mmibx compare model=mmib model=text --sweep main\n  mmibx compare 4f1c9a 'UMT (released code)' --split test --json",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				list, err := a.compare(ctx, db, args[0], args[1], f)
				if err != nil {
					return err
				}
				return a.printComparisons(cmd, list)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.sweep, "sweep", "", "only runs of this sweep")
	flags.StringVar(&f.benchmark, "benchmark", "", "only on this benchmark")
	flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	flags.Float64Var(&f.difference, "difference", f.difference, "`POINTS` of F1 that the power is worked out for")
	return cmd
}

func (f *compareFlags) check() error {
	if f.split != string(mmibx.Dev) && f.split != string(mmibx.Test) {
		return &mmibx.InputError{Key: "--split", Found: f.split, Expected: "dev or test"}
	}
	if !(f.difference > 0 && f.difference <= 100) {
		return &mmibx.InputError{Key: "--difference", Found: fmt.Sprint(f.difference), Expected: "points of F1, above 0 and at most 100"}
	}
	if _, ok := mmibx.LookupBenchmark(f.benchmark); f.benchmark != "" && !ok {
		return &mmibx.InputError{Key: "--benchmark", Found: f.benchmark, Expected: "a benchmark that `mmibx data list` shows"}
	}
	return nil
}

func (a *app) printComparisons(cmd *cobra.Command, list []*reports.Compared) error {
	out := cmd.OutOrStdout()
	if a.json {
		records := make([]reports.CompareRecord, len(list))
		for i, c := range list {
			records[i] = c.Record()
		}
		return printJSON(out, records)
	}
	for i, c := range list {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := c.Text(out); err != nil {
			return err
		}
	}
	return nil
}

// compare finds the runs of both sides and compares them benchmark by benchmark.
func (a *app) compare(ctx context.Context, db *tracker.DB, wordA, wordB string, f compareFlags) ([]*reports.Compared, error) {
	sideA, err := armRuns(ctx, db, "A", wordA, f)
	if err != nil {
		return nil, err
	}
	sideB, err := armRuns(ctx, db, "B", wordB, f)
	if err != nil {
		return nil, err
	}
	var both []mmibx.Benchmark
	var looked []result
	for _, b := range mmibx.BenchmarksOf(slices.Collect(maps.Keys(sideA)), func(name string) string { return name }) {
		if len(sideB[b.Name]) == 0 {
			continue
		}
		if sideA[b.Name][0].Arm == sideB[b.Name][0].Arm {
			return nil, &mmibx.InputError{Key: "B", Found: wordB + ", which is the same arm on " + b.Name, Expected: "another arm than " + wordA}
		}
		both = append(both, b)
		for _, r := range slices.Concat(sideA[b.Name], sideB[b.Name]) {
			looked = append(looked, result{ID: r.ID, Arm: r.Arm, State: r.State})
		}
	}
	if len(both) == 0 {
		return nil, fmt.Errorf("%s and %s have no benchmark in common among their finished runs: %w", wordA, wordB, mmibx.ErrNotFound)
	}
	split := mmibx.Split(f.split)
	if split == mmibx.Test {
		if err := tracker.RecordLook(mmibx.Store(a.storeDir), lookOf(looked)); err != nil {
			return nil, err
		}
	}
	options := statistics.DefaultOptions()
	options.Target.Difference = f.difference
	var list []*reports.Compared
	for _, b := range both {
		c, err := a.compareOn(ctx, db, b, split, sideA[b.Name], sideB[b.Name], options)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", b.Name, split, err)
		}
		list = append(list, c)
	}
	return list, nil
}

func (a *app) compareOn(ctx context.Context, db *tracker.DB, b mmibx.Benchmark, split mmibx.Split, rowsA, rowsB []tracker.RunRow, o statistics.Options) (*reports.Compared, error) {
	set, err := datasets.Open(b.Name, a.dataDir)
	if err != nil {
		return nil, err
	}
	sideA, err := a.side(ctx, db, split, rowsA)
	if err != nil {
		return nil, err
	}
	sideB, err := a.side(ctx, db, split, rowsB)
	if err != nil {
		return nil, err
	}
	c, err := reports.Compare(b, split, set.Examples[split], sideA, sideB, o)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(slices.Concat(rowsA, rowsB), func(r tracker.RunRow) bool { return r.OnTest }) {
		c.Warnings = append(c.Warnings, statistics.Warning(onTestNote))
	}
	return c, nil
}

// side reads the predictions of an arm's runs.
func (a *app) side(ctx context.Context, db *tracker.DB, split mmibx.Split, rows []tracker.RunRow) (reports.Side, error) {
	s := reports.Side{Title: rows[0].Label, Seeds: map[int]reports.Answers{}}
	for i := range rows {
		r := &rows[i]
		predictions, err := keptPredictions(ctx, db, mmibx.Store(a.storeDir), r.ID, split)
		if err != nil {
			return s, err
		}
		s.Seeds[r.Seed] = reports.Answers{Run: r.ID, Predictions: predictions}
	}
	return s, nil
}

// armRuns finds the finished runs that a word stands for, by benchmark: one arm on
// each.
func armRuns(ctx context.Context, db *tracker.DB, key, word string, f compareFlags) (map[string][]tracker.RunRow, error) {
	q, imported, err := armQuery(ctx, db, word, mmibx.Split(f.split))
	if err != nil {
		return nil, err
	}
	q.Sweep, q.Sort = f.sweep, "seed"
	if imported {
		q.Sweep = "" // nobody planned those
	}
	rows, err := db.Runs(ctx, q)
	if err != nil {
		return nil, err
	}
	ours, err := notImported(ctx, db)
	if err != nil {
		return nil, err
	}
	found := map[string][]tracker.RunRow{}
	for _, r := range rows {
		if r.State != mmibx.Done || !imported && !ours(r.ID) || f.benchmark != "" && r.Benchmark != f.benchmark {
			continue
		}
		found[r.Benchmark] = append(found[r.Benchmark], r)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s: %q: %w: no finished run; `mmibx runs list` shows what there is", key, word, mmibx.ErrNotFound)
	}
	for benchmark, list := range found {
		if names := armNames(list); len(names) > 1 {
			return nil, &mmibx.InputError{
				Key: key, Found: fmt.Sprintf("%d arms on %s: %s", len(names), benchmark, strings.Join(names, "; ")), Expected: "one arm on each benchmark",
				Cure: "give the id of one, or a narrower filter",
			}
		}
	}
	return found, nil
}

// armQuery makes a query of a word: a system, an id, or a filter.
func armQuery(ctx context.Context, db *tracker.DB, word string, split mmibx.Split) (q tracker.Query, imported bool, err error) {
	runs, err := db.Imports(ctx, word)
	if err != nil || word == "" {
		return q, false, errors.Join(err, noWord(word))
	}
	for i := range runs {
		if r := &runs[i]; r.Split == split && !r.Binned {
			q.IDs = append(q.IDs, r.ID)
		}
	}
	switch {
	case len(q.IDs) > 0:
		return q, true, nil
	case len(runs) > 0:
		return q, false, fmt.Errorf("%q: no predictions on %s were imported: %w", word, split, mmibx.ErrNotFound)
	case !armPrefix.MatchString(word):
		return tracker.Query{Filter: word}, false, nil
	}
	id, err := db.Resolve(ctx, word)
	if errors.Is(err, mmibx.ErrNotFound) {
		return tracker.Query{Filter: "arm~'" + word + "*'"}, false, nil
	}
	if err != nil {
		return q, false, err
	}
	rows, err := db.Runs(ctx, tracker.Query{IDs: []string{id}})
	if err != nil || len(rows) == 0 {
		return tracker.Query{IDs: []string{id}}, false, err
	}
	return tracker.Query{Filter: "arm='" + rows[0].Arm + "'"}, false, nil
}

func noWord(word string) error {
	if word != "" {
		return nil
	}
	return &mmibx.InputError{Found: "an empty argument", Expected: "an arm, a system or a filter"}
}

// notImported tells our own runs from other programs' predictions.
func notImported(ctx context.Context, db *tracker.DB) (func(id string) bool, error) {
	runs, err := db.Imports(ctx, "")
	if err != nil {
		return nil, err
	}
	return func(id string) bool {
		return !slices.ContainsFunc(runs, func(r tracker.ImportedRun) bool { return r.ID == id })
	}, nil
}

// armNames lists the arms of runs with their labels.
func armNames(rows []tracker.RunRow) []string {
	var names []string
	for _, r := range rows {
		if name := r.Arm + " (" + r.Label + ")"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// cellComparer compares cells of a table by the predictions of their runs. It
// keeps what it has read: the best of a column is compared with all others.
func (a *app) cellComparer(ctx context.Context, db *tracker.DB, split mmibx.Split, list []result) reports.CompareCells {
	byID := map[string]*result{}
	for i := range list {
		byID[list[i].ID] = &list[i]
	}
	sets, kept := map[string]*datasets.Set{}, map[string][]mmibx.Prediction{}
	side := func(c *reports.Cell) (reports.Side, error) {
		s := reports.Side{Title: reports.ArmTitle(byID[c.Runs[0]].Spec), Seeds: map[int]reports.Answers{}}
		for _, id := range c.Runs {
			if kept[id] == nil {
				var err error
				if kept[id], err = keptPredictions(ctx, db, mmibx.Store(a.storeDir), id, split); err != nil {
					return s, err
				}
			}
			s.Seeds[byID[id].Spec.Seed] = reports.Answers{Run: id, Predictions: kept[id]}
		}
		return s, nil
	}
	return func(x, y *reports.Cell) (*statistics.Comparison, error) {
		name := byID[x.Runs[0]].Spec.Benchmark
		if sets[name] == nil {
			var err error
			if sets[name], err = datasets.Open(name, a.dataDir); err != nil {
				return nil, err
			}
		}
		sideX, err := side(x)
		if err != nil {
			return nil, err
		}
		sideY, err := side(y)
		if err != nil {
			return nil, err
		}
		c, err := reports.Compare(sets[name].Benchmark, split, sets[name].Examples[split], sideX, sideY, statistics.DefaultOptions())
		if err != nil {
			return nil, err
		}
		return c.Comparison, ctx.Err()
	}
}
