package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

// result is a planned run and what the store knows of it.
type result struct {
	ID     string
	Arm    string
	Names  []string // of the arm in the sweep file
	System string   // that the predictions were imported of; "" for a run of ours
	Spec   mmibx.Spec
	State  mmibx.State
	Values map[string]float64 // by metric, at the chosen checkpoint
}

// results reads the runs of a sweep that a filter lets through, those that have
// not been started included, with some metrics of those that are done.
func results(ctx context.Context, db *tracker.DB, store mmibx.Store, sweep, filter string, metrics []string) ([]result, error) {
	plan, err := experiments.ReadPlan(store, sweep)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(plan.Cells))
	for i, c := range plan.Cells {
		ids[i] = c.Run
	}
	rows, err := db.Runs(ctx, tracker.Query{IDs: ids, Filter: filter})
	if err != nil {
		return nil, err
	}
	binned, err := db.Runs(ctx, tracker.Query{IDs: ids, Binned: true})
	if err != nil {
		return nil, err
	}
	states := map[string]mmibx.State{}
	for i := range rows {
		states[rows[i].ID] = rows[i].State
	}
	out := map[string]bool{} // what people removed
	for i := range binned {
		out[binned[i].ID] = true
	}
	var list []result
	for _, c := range plan.Cells {
		state, known := states[c.Run]
		if !known && (filter != "" || out[c.Run]) {
			continue
		}
		names := []string{c.ArmName}
		for _, s := range c.Also {
			names = append(names, s.ArmName)
		}
		list = append(list, result{ID: c.Run, Arm: c.Arm, Names: names, Spec: c.Spec, State: cmp.Or(state, mmibx.Queued), Values: map[string]float64{}})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("sweep %s: %w: no run passes %q", sweep, mmibx.ErrNotFound, filter)
	}
	return list, addMetrics(ctx, db, mmibx.Done, list, metrics)
}

// addMetrics puts metrics into the values of the runs in a state that logged them.
func addMetrics(ctx context.Context, db *tracker.DB, state mmibx.State, list []result, metrics []string) error {
	at, ids := map[string]int{}, make([]string, len(list))
	for i := range list {
		at[list[i].ID], ids[i] = i, list[i].ID
	}
	values, err := db.Summaries(ctx, state, metrics, tracker.Query{IDs: ids})
	if err != nil {
		return err
	}
	for i := range values {
		v := &values[i]
		of := list[at[v.Run]].Values
		of[v.Metric] = v.Last
		if v.Chosen != nil {
			of[v.Metric] = *v.Chosen
		}
	}
	return nil
}

// scoreTest adds the scores on test of the runs that are done to their values. The look
// is in the ledger before anything is scored.
func (a *app) scoreTest(ctx context.Context, db *tracker.DB, list []result) error {
	k, err := a.answers(ctx, db, list, mmibx.Test)
	if err != nil {
		return err
	}
	return k.addScores(list)
}

// addScores puts the scores on test of every done run into its values, under the names
// that dev's have with "test" for "dev", from the predictions that its worker kept.
func (k *answers) addScores(list []result) error {
	for i := range list {
		r := &list[i]
		if r.State != mmibx.Done {
			continue
		}
		report, err := k.score(r.ID, r.Spec.Benchmark, scoring.Lenient)
		if err != nil {
			return err
		}
		r.Values[testF1], r.Values["test.precision"], r.Values["test.recall"] = report.F1, report.Precision, report.Recall
		for _, t := range report.Types {
			r.Values[testF1+"."+t.Type] = t.F1
		}
		if report.Rule == scoring.Lenient {
			strict, err := k.score(r.ID, r.Spec.Benchmark, scoring.Strict)
			if err != nil {
				return err
			}
			r.Values["test.f1_strict"] = strict.F1
		}
	}
	return nil
}

// testF1 names a score that no worker logs.
const testF1 = "test.f1"

// ceilings are the bounds of a split of the miniature benchmarks among the
// results, by benchmark: from the text alone, then with pictures.
func ceilings(list []result, split mmibx.Split) (map[string][2]datasets.Ceiling, error) {
	found := map[string][2]datasets.Ceiling{}
	for i := range list {
		name := list[i].Spec.Benchmark
		if b, ok := mmibx.LookupBenchmark(name); !ok || !b.Miniature {
			continue
		}
		if _, ok := found[name]; ok {
			continue
		}
		all, err := datasets.MiniCeilings(name)
		if err != nil {
			return nil, err
		}
		var pair [2]datasets.Ceiling
		for _, c := range all {
			switch {
			case c.Split != split:
			case c.Pictures:
				pair[1] = c
			default:
				pair[0] = c
			}
		}
		found[name] = pair
	}
	return found, nil
}

// writable refuses a file whose folder is not there, before the work is done.
func writable(path string) error {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: the folder %s: %w; make it first, or choose another", path, filepath.Dir(path), mmibx.ErrNotFound)
	}
	return nil
}

// writeFile replaces a file in one go: a figure that is being read by LaTeX is
// the old one or the new one.
func writeFile(path string, blob []byte) error {
	if err := writable(path); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".mmibx-*")
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", path, errors.Unwrap(err))
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(blob); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
