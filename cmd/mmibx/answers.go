package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

// answers are the predictions that runs kept on one split, and the benchmarks
// that they are for.
type answers struct {
	split mmibx.Split
	sets  map[string]*datasets.Set       // by benchmark
	kept  map[string][]mmibx.Prediction  // by run
	units map[string][]statistics.Counts // by run, of those that were compared
}

// answers reads what the runs of a list that are done predicted on a split.
// Everything that a command could be refused for comes before: the last thing
// that it does, where the split is test, is to write the look into the ledger.
//
// The gold must be the files that the runs read, or scores would be of nothing.
func (a *app) answers(ctx context.Context, db *tracker.DB, list []result, split mmibx.Split) (*answers, error) {
	list = slices.DeleteFunc(slices.Clone(list), func(r result) bool { return r.State != mmibx.Done })
	if err := onePerSeed(list); err != nil {
		return nil, err
	}
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	origins, err := db.Origins(ctx, ids)
	if err != nil {
		return nil, err
	}
	k := &answers{split: split, sets: map[string]*datasets.Set{}, kept: map[string][]mmibx.Prediction{}, units: map[string][]statistics.Counts{}}
	for i := range list {
		r := &list[i]
		name := r.Spec.Benchmark
		if k.sets[name] == nil {
			if k.sets[name], err = datasets.Open(name, a.dataDir); err != nil {
				return nil, err
			}
		}
		if err := sameFiles(r.ID, name, origins[r.ID].Inputs.Data, k.sets[name].Digests); err != nil {
			return nil, err
		}
		if k.kept[r.ID], err = keptPredictions(ctx, db, mmibx.Store(a.storeDir), r.ID, split); err != nil {
			return nil, err
		}
	}
	if split == mmibx.Test && len(list) > 0 { // where nothing is done there is nothing to look at
		return k, tracker.RecordLook(mmibx.Store(a.storeDir), a.lookOf(list))
	}
	return k, nil
}

// score scores the predictions of a run of the list.
func (k *answers) score(run, benchmark string, rule scoring.Rule) (scoring.Report, error) {
	r, err := scoreSplit(k.sets[benchmark], k.split, k.kept[run], rule)
	if err != nil {
		return r, fmt.Errorf("run %s on %s %s: %w", run, benchmark, k.split, err)
	}
	return r, nil
}

var errOtherFiles = errors.New("is not the file that its predictions are for")

// sameFiles refuses a benchmark whose files are not those that a run read.
func sameFiles(run, benchmark string, read, now map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(now)) {
		if read[name] != now[name] {
			return fmt.Errorf("run %s: %s of %s %w (SHA-256 %.12s, now %.12s); they cannot be scored on this one: name the folder of the other with --data",
				run, name, benchmark, errOtherFiles, orDash(read[name]), now[name])
		}
	}
	return nil
}

// onePerSeed refuses runs that would count a seed of a system twice: predictions
// that were imported, put into the bin, imported in another version, and then
// both restored.
func onePerSeed(list []result) error {
	seen := map[string]string{}
	for i := range list {
		r := &list[i]
		key := fmt.Sprintf("%s %s, seed %d", cmp.Or(r.System, "arm "+r.Arm), r.Spec.Benchmark, r.Spec.Seed)
		if other := seen[key]; other != "" && other != r.ID {
			return fmt.Errorf("%w: runs %s and %s are both of %s, and a mean would count it twice; put one into the bin: `mmibx runs rm %s`", mmibx.ErrUsage, other, r.ID, key, r.ID)
		}
		seen[key] = r.ID
	}
	return nil
}

// resultsOf are runs as the store lists them.
func resultsOf(rows []tracker.RunRow) []result {
	list := make([]result, len(rows))
	for i := range rows {
		r := &rows[i]
		list[i] = result{ID: r.ID, Arm: r.Arm, State: r.State, Spec: mmibx.Spec{Benchmark: r.Benchmark, Seed: r.Seed, Model: mmibx.ModelSpec{Name: r.Model}}, Values: map[string]float64{}}
		if r.Imported != "" {
			list[i].System = r.Model
		}
	}
	return list
}

// lookOf says who is looked at: the arms and runs that are done.
func (a *app) lookOf(list []result) tracker.Look {
	look := tracker.Look{Split: mmibx.Test, What: cmp.Or(a.command, commandLine())}
	for _, r := range list {
		if r.State == mmibx.Done {
			look.Runs = append(look.Runs, r.ID)
			if !slices.Contains(look.Arms, r.Arm) {
				look.Arms = append(look.Arms, r.Arm)
			}
		}
	}
	return look
}

// keptPredictions reads the predictions that a run kept.
func keptPredictions(ctx context.Context, db *tracker.DB, store mmibx.Store, run string, split mmibx.Split) ([]mmibx.Prediction, error) {
	artifacts, err := db.Artifacts(ctx, run)
	if err != nil {
		return nil, err
	}
	name := "predictions." + string(split)
	i := slices.IndexFunc(artifacts, func(f tracker.Artifact) bool { return f.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("run %s: %s: %w", run, name, mmibx.ErrNotFound)
	}
	return scoring.ReadPredictions(store.Object(artifacts[i].SHA256))
}

// scoreSplit scores predictions of a split; the rule is for entities.
func scoreSplit(set *datasets.Set, split mmibx.Split, predictions []mmibx.Prediction, rule scoring.Rule) (scoring.Report, error) {
	if set.Benchmark.Task == mmibx.MRE {
		return scoring.MRE(set.Examples[split], predictions)
	}
	return scoring.MNER(set.Examples[split], predictions, rule)
}
