package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// sidecarEnd ends the name of the file that holds what a table's cells rest on.
const sidecarEnd = ".cells.json"

// now is a table as the store would have it now. Nothing of test is scored for it.
func (a *app) now(ctx context.Context, db *tracker.DB, rec *reports.Record) (*reports.Now, error) {
	n := &reports.Now{Runs: map[string]reports.Stored{}}
	var ids []string
	for _, c := range rec.Cells {
		ids = append(ids, c.Runs...)
	}
	if d := rec.Declaration; d != nil {
		layout, list, err := a.layout(ctx, db, d)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			n.Fault = err.Error()
		default:
			n.Layout = layout
			for i := range list {
				ids = append(ids, list[i].ID)
			}
		}
		if text, err := os.ReadFile(d.File); err == nil && d.Digest != "" {
			n.Changed = reports.TextDigest(text) != d.Digest
		}
	}
	slices.Sort(ids)
	return n, a.stored(ctx, db, rec, slices.Compact(ids), n.Runs)
}

// stored fills in what the store has of runs.
func (a *app) stored(ctx context.Context, db *tracker.DB, rec *reports.Record, ids []string, into map[string]reports.Stored) error {
	origins, err := db.Origins(ctx, ids)
	if err != nil {
		return err
	}
	versions := versionsOf(origins, rec.Split)
	var rows []tracker.RunRow
	for _, binned := range []bool{false, true} {
		some, err := db.Runs(ctx, tracker.Query{IDs: ids, Binned: binned})
		if err != nil {
			return err
		}
		rows = append(rows, some...)
	}
	list := resultsOf(rows)
	if rec.Declaration != nil && rec.Split == mmibx.Dev {
		metrics, err := loggedMetrics(ctx, db, rec.Declaration)
		if err != nil {
			return err
		}
		if err := addMetrics(ctx, db, mmibx.Done, list, metrics); err != nil {
			return err
		}
	}
	values := tableValues(list, mmibx.Dev, origins)
	for i := range rows {
		r := &rows[i]
		into[r.ID] = reports.Stored{State: r.State, Seed: r.Seed, Binned: r.Binned, Version: versions[r.ID], Values: values[r.ID]}
	}
	return nil
}

// tableOf is the name of the table in the key of a cell.
func tableOf(key string) string {
	name, _, _ := strings.Cut(key, ":")
	return name
}

// findRecord finds the sidecar of a table: in one of some folders, in their order.
func findRecord(table string, dirs []string) (*reports.Record, error) {
	for _, dir := range dirs {
		rec, err := reports.ReadRecord(filepath.Join(dir, table+sidecarEnd))
		if errors.Is(err, mmibx.ErrNotFound) {
			continue
		}
		return rec, err
	}
	return nil, fmt.Errorf("%s%s: %w in %s; `mmibx table -o` writes it beside the table", table, sidecarEnd, mmibx.ErrNotFound, strings.Join(dirs, ", "))
}

// searchRecord finds the sidecar of a table in the folder or below it.
func searchRecord(table, dir string) (string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read holds no table for us
		}
		if d.IsDir() && path != dir && (strings.HasPrefix(d.Name(), ".") || d.Name() == "runs" || d.Name() == "objects") {
			return filepath.SkipDir
		}
		if d.Name() == table+sidecarEnd {
			found = append(found, path)
		}
		return nil
	})
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fmt.Errorf("%s%s: %w here and below; `mmibx table -o` writes it, --cells names it", table, sidecarEnd, mmibx.ErrNotFound)
	case len(found) > 1:
		return "", fmt.Errorf("%w: %s may be any of %s; say which with --cells", mmibx.ErrUsage, table, strings.Join(found, ", "))
	}
	return found[0], nil
}
