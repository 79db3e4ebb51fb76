package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

// armJSON is an arm as `runs list --by-arm --json` prints it.
type armJSON struct {
	Arm       string              `json:"arm"`
	Label     string              `json:"label"`
	Benchmark string              `json:"benchmark"`
	States    map[mmibx.State]int `json:"states"`
	Runs      []string            `json:"runs"`
	// Of the runs that are done: F1 on dev in percent, mean and sample deviation.
	N    int `json:"n"`
	Mean any `json:"dev_f1_mean,omitempty"`
	SD   any `json:"dev_f1_sd,omitempty"`
	// Of each further key that was asked for; metrics over the runs that are done.
	Columns map[string]columnJSON `json:"columns,omitempty"`
}

// columnJSON is a key over the runs of an arm: its finite numbers, else the
// different values, each once.
type columnJSON struct {
	N      int   `json:"n"`
	Mean   any   `json:"mean,omitempty"`
	SD     any   `json:"sd,omitempty"`
	Values []any `json:"values,omitempty"`
}

func (a *app) listArms(ctx context.Context, cmd *cobra.Command, db *tracker.DB, q tracker.Query) error {
	arms, err := db.Arms(ctx, q)
	if err != nil {
		return err
	}
	if a.json {
		keys, err := keysByName(ctx, db)
		if err != nil {
			return err
		}
		list := make([]armJSON, len(arms))
		for i := range arms {
			list[i] = jsonArm(&arms[i])
			for _, name := range q.Columns {
				list[i].Columns[name] = jsonColumn(arms[i].Runs, name, keyOf(keys, name).Metric)
			}
		}
		return printJSON(cmd.OutOrStdout(), list)
	}
	if len(arms) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "no run passes; `mmibx runs list"+a.here()+"` shows all")
	}
	return printArms(ctx, cmd, db, arms, q.Columns)
}

func jsonArm(a *tracker.ArmRow) armJSON {
	first := &a.Runs[0]
	j := armJSON{Arm: a.Arm, Label: first.Label, Benchmark: first.Benchmark, States: map[mmibx.State]int{}, Columns: map[string]columnJSON{}}
	for i := range a.Runs {
		j.Runs = append(j.Runs, a.Runs[i].ID)
		j.States[a.Runs[i].State]++
	}
	sum := statistics.Summarize95(doneScores(a.Runs)...)
	if j.N = sum.N; sum.N > 0 {
		j.Mean = jsonNumber(sum.Mean)
	}
	if sum.HasSpread() {
		j.SD = jsonNumber(sum.SD)
	}
	return j
}

func jsonColumn(runs []tracker.RunRow, key string, metric bool) columnJSON {
	var c columnJSON
	var numbers []float64
	for i := range runs {
		v, ok := runs[i].Values[key]
		if !ok || metric && runs[i].State != mmibx.Done {
			continue
		}
		if x, isNumber := toFloat(v); isNumber {
			if mmibx.Finite(x) {
				numbers = append(numbers, x)
			}
			continue
		}
		if !slices.Contains(c.Values, v) {
			c.Values = append(c.Values, v)
		}
	}
	sum := statistics.Summarize95(numbers...)
	if c.N = sum.N; sum.N > 0 {
		c.Mean = sum.Mean
	}
	if sum.HasSpread() {
		c.SD = sum.SD
	}
	return c
}

// doneScores are the finite F1 on dev of the runs that are done.
func doneScores(runs []tracker.RunRow) []float64 {
	var scores []float64
	for i := range runs {
		if v := runs[i].DevF1; runs[i].State == mmibx.Done && v != nil && mmibx.Finite(*v) {
			scores = append(scores, *v)
		}
	}
	return scores
}

func printArms(ctx context.Context, cmd *cobra.Command, db *tracker.DB, arms []tracker.ArmRow, columns []string) error {
	keys, err := keysByName(ctx, db)
	if err != nil {
		return err
	}
	header := []any{"ARM", "BENCHMARK", "DONE", "DEV F1"}
	for _, c := range columns {
		header = append(header, c)
	}
	t := newTable(cmd.OutOrStdout(), append(header, "LABEL")...)
	for i := range arms {
		runs := arms[i].Runs
		sum := statistics.Summarize95(doneScores(runs)...)
		f1 := "-"
		switch {
		case sum.HasSpread():
			f1 = percent(sum.Mean) + " ± " + percent(sum.SD)
		case sum.N > 0:
			f1 = percent(sum.Mean)
		}
		done := jsonArm(&arms[i]).States[mmibx.Done]
		if sum.N > 0 && sum.N < done { // a mean over fewer is not silent
			f1 += fmt.Sprintf(" (n=%d)", sum.N)
		}
		cells := []any{arms[i].Arm, orDash(runs[0].Benchmark), fmt.Sprintf("%d/%d", done, len(runs)), f1}
		for _, c := range columns {
			cells = append(cells, orDash(armCell(runs, c, keyOf(keys, c).Metric)))
		}
		t.row(append(cells, runs[0].Label)...)
	}
	return t.Flush()
}

func newRunsSaveCmd(a *app) *cobra.Command {
	var l tracker.List
	cmd := &cobra.Command{
		Use: "save NAME [FILTER]", Short: "Save a way of listing runs under a name, for `runs list --saved` and the terminal UI",
		Example: "  mmibx runs save paper 'tag=paper and state=done' --sort -dev.f1 --columns ib.beta_text,ib.size --by-arm\n" +
			"  mmibx runs save paper --remove",
		Args: usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if l.Name = strings.TrimSpace(args[0]); l.Name == "" {
				return &mmibx.InputError{Key: "NAME", Found: "nothing", Expected: "a name for the list"}
			}
			if len(args) == 2 {
				l.Filter = args[1]
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				if l.Gone {
					if _, err := savedList(ctx, db, l.Name); err != nil {
						return err
					}
				}
				q := tracker.Query{Filter: l.Filter, Sort: l.Sort, Columns: l.Columns, Limit: 1}
				if _, err := db.Runs(ctx, q); err != nil { // what cannot be listed is not saved
					return err
				}
				return tracker.SaveList(mmibx.Store(a.storeDir), l)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&l.Sort, "sort", "", "key to sort by, with - before it from high to low")
	flags.StringSliceVar(&l.Columns, "columns", nil, "further keys to show")
	flags.BoolVar(&l.ByArm, "by-arm", false, "runs that differ in their seed alone as one line")
	flags.BoolVar(&l.Gone, "remove", false, "give the name up")
	return cmd
}

// saved puts what a saved list says into a query, where flags do not say otherwise.
func saved(ctx context.Context, db *tracker.DB, name string, q *tracker.Query, byArm *bool) error {
	l, err := savedList(ctx, db, name)
	if err != nil {
		return err
	}
	if q.Filter == "" {
		q.Filter = l.Filter
	}
	if q.Sort == "" {
		q.Sort = l.Sort
	}
	if q.Columns == nil {
		q.Columns = l.Columns
	}
	*byArm = *byArm || l.ByArm
	return nil
}

func savedList(ctx context.Context, db *tracker.DB, name string) (tracker.List, error) {
	lists, err := db.Lists(ctx)
	if err != nil {
		return tracker.List{}, err
	}
	var names []string
	for _, l := range lists {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return tracker.List{}, fmt.Errorf("saved list %q: %w; there is %s", name, mmibx.ErrNotFound, orDash(strings.TrimSpace(strings.Join(names, " "))))
}
