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
// Test is looked at when nothing is left to refuse.
func (a *app) compare(ctx context.Context, db *tracker.DB, wordA, wordB string, f compareFlags) ([]*reports.Compared, error) {
	sideA, err := a.sideOf(ctx, db, "A", wordA, f)
	if err != nil {
		return nil, err
	}
	sideB, err := a.sideOf(ctx, db, "B", wordB, f)
	if err != nil {
		return nil, err
	}
	split := mmibx.Split(f.split)
	var list []*reports.Compared
	var looked []result
	for _, b := range mmibx.BenchmarksOf(slices.Collect(maps.Keys(sideA)), func(name string) string { return name }) {
		rowsA, rowsB := sideA[b.Name], sideB[b.Name]
		if len(rowsB) == 0 {
			continue
		}
		if rowsA[0].Arm == rowsB[0].Arm {
			return nil, &mmibx.InputError{Key: "B", Found: wordB + ", which is the same arm on " + b.Name, Expected: "another arm than " + wordA}
		}
		resultsA, resultsB := resultsOf(rowsA), resultsOf(rowsB)
		c := &reports.Compared{Benchmark: b, Split: split, A: sideWith(rowsA[0].Label, resultsA), B: sideWith(rowsB[0].Label, resultsB)}
		if _, err := reports.CommonSeeds(c.A, c.B); err != nil {
			return nil, fmt.Errorf("%s %s: %w", b.Name, split, err)
		}
		list, looked = append(list, c), slices.Concat(looked, resultsA, resultsB)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s and %s have no benchmark in common among their finished runs: %w", wordA, wordB, mmibx.ErrNotFound)
	}
	k, err := a.answers(ctx, db, looked, split)
	if err != nil {
		return nil, err
	}
	o := statistics.DefaultOptions()
	o.Target.Difference = f.difference
	for _, c := range list {
		name := c.Benchmark.Name
		if err := errors.Join(k.count(name, c.A), k.count(name, c.B)); err != nil {
			return nil, err
		}
		if err := c.Compare(o); err != nil {
			return nil, fmt.Errorf("%s %s: %w", name, split, err)
		}
		if slices.ContainsFunc(slices.Concat(sideA[name], sideB[name]), func(r tracker.RunRow) bool { return r.OnTest }) {
			c.Warnings = append(c.Warnings, statistics.Warning(onTestNote))
		}
	}
	return list, nil
}

// sideOf finds the finished runs that a word stands for, by benchmark: one arm
// on each.
func (a *app) sideOf(ctx context.Context, db *tracker.DB, key, word string, f compareFlags) (map[string][]tracker.RunRow, error) {
	rows, err := runsOf(ctx, db, mmibx.Store(a.storeDir), word, naming{split: mmibx.Split(f.split), wholeArm: true, sweep: f.sweep, filters: true})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	found := map[string][]tracker.RunRow{}
	for _, r := range rows {
		if r.State == mmibx.Done && (f.benchmark == "" || f.benchmark == r.Benchmark) {
			found[r.Benchmark] = append(found[r.Benchmark], r)
		}
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

// sideWith is a side of a comparison before its runs' answers are counted.
func sideWith(title string, list []result) reports.Side {
	s := reports.Side{Title: title, Seeds: map[int]reports.Answers{}}
	for i := range list {
		s.Seeds[list[i].Spec.Seed] = reports.Answers{Run: list[i].ID}
	}
	return s
}

// count counts the answers of a side's runs, once for each run.
func (k *answers) count(benchmark string, s reports.Side) error {
	set := k.sets[benchmark]
	for seed, one := range s.Seeds {
		if k.units[one.Run] == nil {
			units, err := reports.UnitCounts(set.Benchmark.Task, set.Examples[k.split], k.kept[one.Run])
			if err != nil {
				return fmt.Errorf("run %s on %s %s: %w", one.Run, benchmark, k.split, err)
			}
			k.units[one.Run] = units
		}
		one.Units = k.units[one.Run]
		s.Seeds[seed] = one
	}
	return nil
}

// compareCells compares cells of a table by the answers of their runs.
func (k *answers) compareCells(ctx context.Context, list []result) reports.CompareCells {
	byID := map[string]result{}
	for _, r := range list {
		byID[r.ID] = r
	}
	side := func(c *reports.Cell) reports.Side {
		runs := make([]result, len(c.Runs))
		for i, id := range c.Runs {
			runs[i] = byID[id]
		}
		return sideWith(reports.ArmTitle(runs[0].Spec), runs)
	}
	return func(x, y *reports.Cell) (*statistics.Comparison, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return k.compare(byID[x.Runs[0]].Spec.Benchmark, side(x), side(y))
	}
}

// compare makes the default comparison alone.
func (k *answers) compare(benchmark string, a, b reports.Side) (*statistics.Comparison, error) {
	if err := errors.Join(k.count(benchmark, a), k.count(benchmark, b)); err != nil {
		return nil, err
	}
	pairs, _, err := reports.Pair(a, b)
	if err != nil {
		return nil, err
	}
	return pairs.Default(statistics.DefaultOptions())
}
