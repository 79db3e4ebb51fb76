package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

// graded is what a run predicted of a split, held against gold, with what it
// was shown.
type graded struct {
	run      *tracker.RunDetail
	set      *datasets.Set
	split    mmibx.Split
	report   scoring.Report
	judged   []scoring.Judged
	pictures []string // by example, the picture that was shown; "" for a blank one
	captions map[string]string
}

// grade holds what a run predicted against gold. Test costs a line of the ledger.
func (a *app) grade(ctx context.Context, db *tracker.DB, prefix string, split mmibx.Split, rule scoring.Rule) (*graded, error) {
	run, err := runOf(ctx, db, prefix)
	if err != nil {
		return nil, err
	}
	if run.State != mmibx.Done {
		return nil, &mmibx.InputError{Key: "run " + run.ID, Found: string(run.State), Expected: "done: a run keeps its predictions when it ends"}
	}
	j := &graded{run: run, split: split}
	if j.set, err = datasets.Open(run.Benchmark, a.dataDir); err != nil {
		return nil, err
	}
	if err := a.addShown(j); err != nil {
		return nil, err
	}
	kept, err := a.answers(ctx, db, resultsOf([]tracker.RunRow{run.RunRow}), split)
	if err != nil {
		return nil, err
	}
	if j.report, err = kept.score(run.ID, run.Benchmark, rule); err != nil {
		return nil, err
	}
	j.judged, err = scoring.Judge(j.set.Benchmark.Task, j.set.Examples[split], kept.kept[run.ID], rule)
	return j, err
}

// addShown adds the pictures and captions that the run was shown, which may be
// another tweet's, or none.
func (a *app) addShown(j *graded) error {
	examples := j.set.Examples[j.split]
	if j.run.Imported != nil { // what another program was shown we do not know
		for i := range examples {
			j.pictures = append(j.pictures, examples[i].Image)
		}
		return nil
	}
	spec, err := mmibx.SpecOf(j.run.Spec)
	if err != nil {
		return fmt.Errorf("run %s: %w", j.run.ID, err)
	}
	if spec.Evidence.Kind == "none" {
		j.pictures = make([]string, len(examples))
		return nil
	}
	j.pictures = datasets.AssignPictures(spec.Evidence, spec.Seed, j.split, examples)
	if spec.Evidence.Kind != "captions" {
		return nil
	}
	captions, err := datasets.Captions(j.set, a.dataDir, spec.Evidence.Captioner)
	if errors.Is(err, mmibx.ErrNotFound) {
		return nil // the sentences say enough
	}
	if err == nil {
		j.captions = captions.Texts
	}
	return err
}
