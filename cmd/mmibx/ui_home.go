package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

// How many runs that need a hand are listed, and how many events.
const uiAttention, uiLately = 200, 50

// Overview implements tui.Reader.
func (u *ui) Overview(ctx context.Context) (tui.Overview, error) {
	u.mu.Lock()
	db, err := u.synced(ctx)
	known, of := u.overview, u.now()
	u.mu.Unlock() // what follows may take long
	if err != nil || db == nil {
		return tui.Overview{}, err
	}
	o, err := known.get(of, func() (tui.Overview, error) { return overviewOf(ctx, db) })
	u.mu.Lock()
	u.overview = known
	u.mu.Unlock()
	if err != nil {
		return tui.Overview{}, err
	}
	if o.Used, err = u.size(ctx); err != nil { // which grows without a commit, as what is free shrinks
		return tui.Overview{}, err
	}
	o.Free, err = free(u.app.storeDir)
	return o, err
}

func overviewOf(ctx context.Context, db *tracker.DB) (tui.Overview, error) {
	bad, err := db.Runs(ctx, tracker.Query{Filter: "state in (failed, diverged, lost)", Limit: uiAttention})
	if err != nil {
		return tui.Overview{}, err
	}
	done, err := db.Runs(ctx, tracker.Query{Filter: "state=done"})
	if err != nil {
		return tui.Overview{}, err
	}
	o := tui.Overview{Best: bestArms(done)}
	now := time.Now()
	for i := range bad {
		r := &bad[i]
		a := tui.Attention{RunRow: rowOf(r, 0, now), At: cmp.Or(r.Finished, r.Heard, r.Started)}
		if len(r.Sweeps) > 0 {
			a.Sweep = r.Sweeps[0]
		}
		o.Attention = append(o.Attention, a)
	}
	o.Lately, err = lately(ctx, db)
	return o, err
}

// lately is what happened, with the benchmark of each run.
func lately(ctx context.Context, db *tracker.DB) ([]tui.Event, error) {
	events, err := db.Events(ctx, tracker.EventQuery{Limit: uiLately})
	if err != nil || len(events) == 0 {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e tracker.Event) bool { return e.Run == "" && e.Text == "" }) // of which sweep?
	var ids []string
	for _, e := range events {
		if e.Run != "" && !slices.Contains(ids, e.Run) {
			ids = append(ids, e.Run)
		}
	}
	found, err := db.Runs(ctx, tracker.Query{IDs: ids})
	rows := map[string]*tracker.RunRow{}
	for i := range found {
		rows[found[i].ID] = &found[i]
		found[i].Label += " " + shortBenchmark(found[i].Benchmark)
	}
	return told(events, rows, shortLabel), err
}

// bestArms finds the best arm of each benchmark by its mean on dev. A single seed
// is luck: arms with two or more go first.
func bestArms(done []tracker.RunRow) []tui.Best {
	type arm struct {
		scores []float64
		best   *tracker.RunRow
	}
	arms := map[string]*arm{}
	for i := range done {
		r := &done[i]
		if r.DevF1 == nil || !mmibx.Finite(*r.DevF1) {
			continue
		}
		a := arms[r.Arm]
		if a == nil {
			a = &arm{best: r}
			arms[r.Arm] = a
		}
		if *r.DevF1 > *a.best.DevF1 {
			a.best = r
		}
		a.scores = append(a.scores, *r.DevF1)
	}
	best := map[string]tui.Best{}
	for _, a := range arms {
		sum := statistics.Summarize95(a.scores...)
		this := tui.Best{Benchmark: a.best.Benchmark, Label: shortLabel(a.best.Label), Mean: sum.Mean, SD: sum.SD, N: sum.N, Run: a.best.ID}
		if so := best[this.Benchmark]; so.Run == "" || betterArm(this, so) {
			best[this.Benchmark] = this
		}
	}
	return slices.SortedFunc(maps.Values(best), func(x, y tui.Best) int { return cmp.Compare(x.Benchmark, y.Benchmark) })
}

func betterArm(x, y tui.Best) bool {
	if (x.N > 1) != (y.N > 1) {
		return x.N > 1
	}
	return cmp.Or(cmp.Compare(x.Mean, y.Mean), cmp.Compare(y.Run, x.Run)) > 0
}

// The folder of the store is measured file by file, at most so often, and where there
// are many files so seldom that it takes no more than a small share of the time.
const (
	storeMeasured = 30 * time.Second
	storeShare    = 1000
)

// size is how many bytes the store holds, or held when it was last measured. Files
// are many: other screens go on reading.
func (u *ui) size(ctx context.Context) (int64, error) {
	u.sizing.Lock()
	defer u.sizing.Unlock()
	began := time.Now()
	if began.Before(u.measure) {
		return u.storeSize, nil
	}
	size, err := folderSize(ctx, u.app.storeDir)
	if err != nil {
		return 0, fmt.Errorf("the size of the store: %w", err)
	}
	u.storeSize, u.measure = size, time.Now().Add(max(storeMeasured, storeShare*time.Since(began)))
	return size, nil
}

// folderSize is how many bytes a folder holds, 0 where there is none.
func folderSize(ctx context.Context, folder string) (used int64, err error) {
	folder, err = filepath.EvalSymlinks(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
			return nil // gone since it was listed
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			used += info.Size()
		} else if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return err
	})
	return used, err
}

// free is how many bytes the file system of a folder has left.
func free(folder string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil {
		return 0, fmt.Errorf("the disk of the store %s: %w", folder, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // the types differ between systems
}
