package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// declarations are the tables of a split: those that were asked for, then the one of
// all settings.
func (f *reportFlags) declarations(sweep string, split mmibx.Split) ([]*reports.Declaration, error) {
	all := reports.NewDeclaration(reports.Key(sweep + "-" + string(split)))
	all.Baseline = f.baseline
	var list []*reports.Declaration
	for _, word := range f.tables {
		d, err := readDeclaration(word)
		if err != nil {
			return nil, err
		}
		if split != mmibx.Dev {
			d.Name += "-" + string(split)
		}
		list = append(list, d)
	}
	list = append(list, all)
	for i, d := range list {
		if slices.ContainsFunc(list[:i], func(o *reports.Declaration) bool { return o.Name == d.Name }) {
			return nil, &mmibx.InputError{Key: "--table", Found: "two tables named " + d.Name, Expected: "names that differ", Cure: "change the name in the file"}
		}
		d.Sweeps, d.Split = []string{sweep}, split
	}
	return list, nil
}

// reportTables adds the tables of each split, tested against their baselines.
func (a *app) reportTables(ctx context.Context, db *tracker.DB, r *reports.Report, f *reportFlags) error {
	if f.baseline == "" {
		list, err := f.declarations(r.Plan.Sweep, mmibx.Dev)
		if err != nil {
			return err
		}
		layout, _, err := a.layout(ctx, db, list[len(list)-1])
		if err != nil {
			return err
		}
		f.baseline = layout.UsualBaseline()
	}
	for _, split := range f.splits() {
		recorder := &reports.Recorder{} // of this split: the runs are those of the other
		list, err := f.declarations(r.Plan.Sweep, mmibx.Split(split))
		if err != nil {
			return err
		}
		if r.OneSeed() {
			for _, d := range list {
				if d.Baseline != "" {
					r.Untested, d.Baseline = "there is one seed, and differences between runs are none between systems", ""
				}
			}
		}
		var k *answers
		if mmibx.Split(split) == mmibx.Test {
			if k, err = a.answersOf(ctx, db, list); err != nil {
				return err
			}
		}
		for i, d := range list {
			declared := ""
			if i < len(f.tables) {
				declared = f.tables[i]
			}
			if err := a.reportTable(ctx, db, r, k, recorder, declared, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// answersOf reads the predictions on test that some tables are made of: one look.
func (a *app) answersOf(ctx context.Context, db *tracker.DB, tables []*reports.Declaration) (*answers, error) {
	var all []result
	seen := map[string]bool{}
	for _, d := range tables {
		if !wantsAnswers(d) {
			continue
		}
		_, list, err := a.layout(ctx, db, d)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if !seen[r.ID] {
				seen[r.ID] = true
				all = append(all, r)
			}
		}
	}
	return a.answers(ctx, db, all, mmibx.Test)
}

// reportTable adds a table and its tests. The answers may be nil.
func (a *app) reportTable(ctx context.Context, db *tracker.DB, r *reports.Report, k *answers, recorder *reports.Recorder, declared string, d *reports.Declaration) error {
	kept := func(_ *reports.Table, compare reports.CompareCells) reports.CompareCells {
		return recorder.Watch(compare)
	}
	t, err := a.table(ctx, db, d, k, kept)
	if errors.Is(err, mmibx.ErrNotFound) && d.Split == mmibx.Dev && d.Baseline != "" { // scores without predictions, of an old store
		r.Untested, d.Baseline = err.Error(), ""
		t, err = a.table(ctx, db, d, k, kept)
	}
	if err != nil {
		return err
	}
	t.Command = tableCommand(declared, d) // wherever the report is written
	r.Tables = append(r.Tables, t)
	r.Tests = append(r.Tests, recorder.Against(t, d.Split)...)
	return nil
}

// tableCommand is what writes a table alone, of a declaration (a file, or one that
// ships) or, where that is "", of all settings of the sweep.
func tableCommand(declared string, d *reports.Declaration) string {
	words := "mmibx table"
	if declared != "" {
		words += " " + shell.Word(declared)
	}
	words += fmt.Sprintf(" --sweep %s --split %s", d.Sweeps[0], d.Split)
	if declared == "" && d.Baseline != "" {
		words += " --baseline " + shell.Word(d.Baseline)
	}
	return fmt.Sprintf("%s -o %s.tex", words, d.Name)
}
