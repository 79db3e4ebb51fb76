package main

import (
	"context"
	"fmt"

	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/tracker"
)

// Machine implements tui.Monitor.
func (u *ui) Machine(ctx context.Context) (tui.Machine, error) {
	r, err := u.monitor.Read(ctx, u.app.storeDir)
	if err != nil {
		return tui.Machine{}, err
	}
	out := tui.Machine{Reading: r}
	if out.Store, err = u.size(ctx); err != nil {
		return tui.Machine{}, err
	}
	err = u.with(ctx, func(db *tracker.DB) error {
		runs, err := runsByProcess(ctx, db)
		if err != nil {
			return err
		}
		for _, p := range r.Processes {
			if run := runs[p.PID]; run != nil {
				out.Runs = append(out.Runs, tui.AtWork{PID: p.PID, Run: run.ID, Label: fmt.Sprintf("%s  %s s%d", shortLabel(run.Label), shortBenchmark(run.Benchmark), run.Seed)})
			}
		}
		return nil
	})
	return out, err
}
