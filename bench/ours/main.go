// Command ours does with the store what bench/rivals.py does with other trackers,
// and prints what it took as JSON.
//
//	ours calls|empty|runs|write|count N STORE
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func main() {
	if err := do(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func do(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: ours calls|empty|runs|write|count N STORE")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	store := mmibx.Store(args[2])
	var found any
	switch args[0] {
	case "calls":
		found, err = calls(store, n)
	case "empty":
		found, err = empty(store, n)
	case "runs":
		found, err = runs(store, n)
	case "write":
		return write(store, n)
	case "count":
		found, err = count(store)
	default:
		return fmt.Errorf("unknown %q", args[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func loss(i int) mmibx.Metric { return mmibx.Metric{Name: "loss", Value: 1 / float64(i+3)} }

// calls logs n points, one call each.
func calls(store mmibx.Store, n int) (map[string]float64, error) {
	run, err := tracker.NewRun(store, "calls", nil)
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, n)
	began := time.Now()
	for i := range n {
		at := time.Now()
		if err := run.Log(int64(i), loss(i)); err != nil {
			return nil, err
		}
		took[i] = time.Since(at)
	}
	err = run.Finish(nil)
	return map[string]float64{"call_us": median(took, time.Microsecond), "wall_s": time.Since(began).Seconds()}, err
}

func median(took []time.Duration, unit time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)/2]) / float64(unit)
}

func params(seed, n int) map[string]any {
	p := map[string]any{"seed": seed}
	for i := 1; i < n; i++ {
		p[fmt.Sprintf("p%d", i)] = float64(seed) / float64(i)
	}
	return p
}

// empty starts and finishes runs with 20 parameters; then such with 20 points, each
// synced and listed before the next.
func empty(store mmibx.Store, n int) (map[string]float64, error) {
	took, seen := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		at := time.Now()
		run, err := tracker.NewRun(store, "empty", params(i, 20))
		if err == nil {
			err = run.Finish(nil)
		}
		if err != nil {
			return nil, err
		}
		took[i] = time.Since(at)
	}
	ctx := context.Background()
	db, err := tracker.Open(store)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if _, err := db.Sync(ctx); err != nil {
		return nil, err
	}
	for i := range n {
		at := time.Now()
		run, err := one(store, "seen", i, 20)
		if err == nil {
			_, err = db.Sync(ctx)
		}
		if err != nil {
			return nil, err
		}
		if rows, err := db.Runs(ctx, tracker.Query{IDs: []string{run}}); err != nil || len(rows) != 1 || rows[0].State != mmibx.Done {
			return nil, fmt.Errorf("run %s is not seen: %v, %w", run, rows, err)
		}
		seen[i] = time.Since(at)
	}
	return map[string]float64{"empty_ms": median(took, time.Millisecond), "seen_ms": median(seen, time.Millisecond)}, nil
}

// one is a run with so many parameters and 20 points.
func one(store mmibx.Store, program string, seed, numParams int) (id string, err error) {
	run, err := tracker.NewRun(store, program, params(seed, numParams))
	if err != nil {
		return "", err
	}
	for i := range 20 {
		if err := run.Log(int64(i), loss(i+seed)); err != nil {
			return "", err
		}
	}
	return run.ID, run.Finish(nil)
}

// runs makes n runs with 10 parameters and 20 points, and asks for them.
func runs(store mmibx.Store, n int) (map[string]float64, error) {
	ctx := context.Background()
	began := time.Now()
	for i := range n {
		if _, err := one(store, "runs", i, 10); err != nil {
			return nil, err
		}
	}
	if _, err := tracker.Sync(ctx, store); err != nil {
		return nil, err
	}
	found := map[string]float64{"per_run_ms": time.Since(began).Seconds() * 1000 / float64(n)}
	db, err := tracker.Open(store)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for name, q := range map[string]tracker.Query{
		"list_ms": {Columns: []string{"loss", "p1", "p2", "p3"}}, "top_ms": {Filter: "p1>1", Sort: "loss", Limit: 10, Columns: []string{"loss"}},
	} {
		at := time.Now()
		rows, err := db.Runs(ctx, q)
		if err != nil || len(rows) < min(10, n-2) { // two have no p1 above 1
			return nil, fmt.Errorf("%s: %d runs, %w", name, len(rows), err)
		}
		found[name] = time.Since(at).Seconds() * 1000
	}
	size, err := folderSize(string(store))
	found["bytes_per_run"] = float64(size) / float64(n)
	return found, err
}

func folderSize(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// write logs n points a second and says each that a call returned for, until it is
// killed.
func write(store mmibx.Store, n int) error {
	run, err := tracker.NewRun(store, "write", nil)
	if err != nil {
		return err
	}
	began := time.Now()
	for i := 0; ; i++ {
		if err := run.Log(int64(i), loss(i)); err != nil {
			return err
		}
		fmt.Println(i)
		time.Sleep(time.Until(began.Add(time.Duration(i+1) * time.Second / time.Duration(n))))
	}
}

func count(store mmibx.Store) (map[string]float64, error) {
	ctx := context.Background()
	if _, err := tracker.Sync(ctx, store); err != nil {
		return nil, err
	}
	db, err := tracker.OpenReadOnly(store)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Runs(ctx, tracker.Query{})
	if err != nil || len(rows) != 1 {
		return nil, fmt.Errorf("%d runs, %w", len(rows), err)
	}
	points, err := db.Points(ctx, rows[0].ID, "loss", tracker.Start, 0)
	return map[string]float64{"points": float64(len(points))}, err
}
