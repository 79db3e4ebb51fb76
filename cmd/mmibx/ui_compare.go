package main

import (
	"context"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// doneRuns reads the finished ones of some runs, by benchmark.
func (u *ui) doneRuns(ctx context.Context, ids []string) (*tracker.DB, map[string][]tracker.RunRow, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.synced(ctx)
	if err != nil || db == nil {
		return nil, nil, err
	}
	rows, err := db.Runs(ctx, tracker.Query{IDs: ids, Filter: "state=done", Sort: "seed"})
	found := map[string][]tracker.RunRow{}
	for _, r := range rows {
		found[r.Benchmark] = append(found[r.Benchmark], r)
	}
	return db, found, err
}

// Compare implements tui.Judge.
func (u *ui) Compare(ctx context.Context, runs, with []string) ([]tui.Versus, error) {
	db, of, err := u.doneRuns(ctx, runs)
	if err != nil {
		return nil, err
	}
	_, other, err := u.doneRuns(ctx, with)
	if err != nil {
		return nil, err
	}
	u.judge.mu.Lock()
	defer u.judge.mu.Unlock()
	var list []tui.Versus
	for _, b := range mmibx.Benchmarks() {
		if len(of[b.Name]) == 0 || len(other[b.Name]) == 0 {
			continue
		}
		x, y := contender{label: "A", rows: of[b.Name]}, contender{label: "B", rows: other[b.Name]}
		j, ok := u.judge.made[x.key(&y)]
		if !ok {
			if j, err = u.app.judgeArms(ctx, db, b.Name, &x, &y); err != nil {
				return nil, err
			}
			u.judge.keep(x.key(&y), j)
		}
		list = append(list, tui.Versus{Benchmark: b.Name, Comparison: j.Comparison, Why: j.why})
	}
	return list, nil
}

// Disagree implements tui.Judge.
func (u *ui) Disagree(ctx context.Context, systems [][]string, limit int) ([]tui.Disagreement, error) {
	sides := make([]map[string][]tracker.RunRow, len(systems))
	var db *tracker.DB
	for i, ids := range systems {
		var err error
		if db, sides[i], err = u.doneRuns(ctx, ids); err != nil {
			return nil, err
		}
	}
	var list []tui.Disagreement
	for _, b := range mmibx.Benchmarks() {
		if slices.ContainsFunc(sides, func(of map[string][]tracker.RunRow) bool { return len(of[b.Name]) == 0 }) {
			continue
		}
		found, err := u.app.disagree(ctx, db, b, sides, limit)
		if _, ok := incomparable(err); ok { // Compare says why
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			list = append(list, tui.Disagreement{Benchmark: b.Name, Disagreement: d})
		}
	}
	return list, nil
}

func (a *app) disagree(ctx context.Context, db *tracker.DB, b mmibx.Benchmark, sides []map[string][]tracker.RunRow, limit int) ([]reports.Disagreement, error) {
	var all []tracker.RunRow
	for _, of := range sides {
		all = append(all, of[b.Name]...)
	}
	k, err := a.answers(ctx, db, resultsOf(all), mmibx.Dev)
	if err != nil {
		return nil, err
	}
	systems := make([][][]mmibx.Prediction, len(sides))
	for i, of := range sides {
		for _, r := range of[b.Name] {
			systems[i] = append(systems[i], k.kept[r.ID])
		}
	}
	return reports.Disagreements(b.Task, k.sets[b.Name].Examples[mmibx.Dev], systems, limit)
}
