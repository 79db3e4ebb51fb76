package main

import (
	"context"
	"fmt"
	"time"

	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/tracker"
)

// storeMeasured is how often the folder of the store is measured, file by file.
const storeMeasured = 30 * time.Second

// Machine implements tui.Monitor.
func (u *ui) Machine(ctx context.Context) (tui.Machine, error) {
	r, err := u.monitor.Read(ctx, u.app.storeDir)
	if err != nil {
		return tui.Machine{}, err
	}
	out := tui.Machine{Reading: r}
	var due bool
	err = u.with(ctx, func(*tracker.DB) error {
		if due = time.Since(u.measured) > storeMeasured; due {
			u.measured = time.Now()
		}
		return nil
	})
	if err != nil {
		return tui.Machine{}, err
	}
	if due { // files are many: other screens go on reading
		size, _, err := disk(ctx, u.app.storeDir)
		if err != nil {
			return tui.Machine{}, err
		}
		u.mu.Lock()
		u.storeSize = size
		u.mu.Unlock()
	}
	err = u.with(ctx, func(db *tracker.DB) error {
		out.Store = u.storeSize
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
