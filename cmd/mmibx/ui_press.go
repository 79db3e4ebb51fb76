package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// paperOf finds the sweep of a query, and the filter that its runs pass.
func (u *ui) paperOf(ctx context.Context, q tui.PaperQuery) (db *tracker.DB, sweep, filter string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if db, err = u.synced(ctx); err != nil {
		return nil, "", "", err
	}
	if db == nil {
		return nil, "", "", fmt.Errorf("a store in %s: %w", u.app.storeDir, mmibx.ErrNotFound)
	}
	if len(q.Runs) > 0 {
		filter = "id in (" + strings.Join(q.Runs, ", ") + ")"
	}
	if q.Sweep != "" {
		return db, q.Sweep, filter, nil
	}
	rows, err := db.Runs(ctx, tracker.Query{IDs: q.Runs})
	if err != nil || len(rows) == 0 {
		return nil, "", "", err
	}
	for _, name := range rows[0].Sweeps {
		if !slices.ContainsFunc(rows, func(r tracker.RunRow) bool { return !slices.Contains(r.Sweeps, name) }) {
			return db, name, filter, nil
		}
	}
	return nil, "", "", fmt.Errorf("%w: the marked runs are not all of one sweep; a table or a figure is of one", mmibx.ErrUsage)
}

// tableOf makes the table of a query.
func (u *ui) tableOf(ctx context.Context, q tui.PaperQuery, file string) (*reports.Table, tableFlags, error) {
	db, sweep, filter, err := u.paperOf(ctx, q)
	if err != nil {
		return nil, tableFlags{}, err
	}
	f := tableFlags{sweeps: []string{sweep}, filter: filter, baseline: q.Baseline, out: file}
	if err := f.complete(false); err != nil {
		return nil, f, err
	}
	name := sweep
	if file != "" {
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	d := reports.NewDeclaration(reports.Key(name))
	d.Sweeps, d.Filter, d.Baseline = f.sweeps, f.filter, f.baseline
	t, err := u.app.table(ctx, db, d, nil, nil)
	return t, f, err
}

// Table implements tui.Press.
func (u *ui) Table(ctx context.Context, q tui.PaperQuery) (tui.Table, error) {
	t, f, err := u.tableOf(ctx, q, "")
	if err != nil {
		return tui.Table{}, err
	}
	out := tui.Table{Sweep: f.sweeps[0], CLI: "table --sweep " + f.sweeps[0]}
	if f.filter != "" {
		out.CLI += " --filter '" + f.filter + "'"
	}
	if f.baseline != "" {
		out.CLI += " --baseline '" + f.baseline + "'"
	}
	var text, latex bytes.Buffer
	if err := t.Text(&text); err != nil {
		return tui.Table{}, err
	}
	if err := t.LaTeX(&latex); err != nil {
		return tui.Table{}, err
	}
	out.Text, out.LaTeX = strings.Split(strings.TrimRight(text.String(), "\n"), "\n"), latex.String()
	for _, g := range t.Groups {
		for i := range g.Rows {
			if !g.Apart {
				out.Row = append(out.Row, g.Rows[i].Title)
			}
		}
	}
	return out, nil
}

// SaveTable implements tui.Press.
func (u *ui) SaveTable(ctx context.Context, q tui.PaperQuery, file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	t, f, err := u.tableOf(ctx, q, path)
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	return path, f.write(&said, t)
}

// Figures implements tui.Press.
func (u *ui) Figures() []tui.Pair {
	list := make([]tui.Pair, len(plots.Kinds))
	for i, k := range plots.Kinds {
		list[i] = tui.Pair{Name: k.Name, Value: k.Doc}
	}
	return list
}

// Figure implements tui.Press.
func (u *ui) Figure(ctx context.Context, q tui.PaperQuery, name, file string) (string, error) {
	db, sweep, filter, err := u.paperOf(ctx, q)
	if err != nil {
		return "", err
	}
	kind, ok := plots.LookupKind(name)
	if !ok {
		return "", fmt.Errorf("figure %s: %w", name, mmibx.ErrNotFound)
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	width, err := plots.ParseWidth(usualWidth)
	if err != nil {
		return "", err
	}
	_, _, err = u.app.drawTo(ctx, db, kind, plotFlags{sweep: sweep, filter: filter, out: path, split: string(mmibx.Dev)}, plots.PDF, width)
	return path, err
}
