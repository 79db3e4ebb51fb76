package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

// paperOf finds the sweeps of a query, and the filter that its runs pass.
func (u *ui) paperOf(ctx context.Context, q tui.PaperQuery) (db *tracker.DB, sweeps []string, filter string, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if db, err = u.synced(ctx); err != nil {
		return nil, nil, "", err
	}
	if db == nil {
		return nil, nil, "", fmt.Errorf("a store in %s: %w", u.app.storeDir, mmibx.ErrNotFound)
	}
	if len(q.Runs) > 0 {
		filter = "id in (" + strings.Join(q.Runs, ", ") + ")"
	}
	if q.Sweep != "" {
		return db, []string{q.Sweep}, filter, nil
	}
	rows, err := db.Runs(ctx, tracker.Query{IDs: q.Runs})
	if err != nil {
		return nil, nil, "", err
	}
	for _, r := range rows {
		if len(r.Sweeps) == 0 {
			return nil, nil, "", fmt.Errorf("run %s: its sweep: %w; tables and figures are of sweeps", r.ID, mmibx.ErrNotFound)
		}
		if !slices.ContainsFunc(r.Sweeps, func(s string) bool { return slices.Contains(sweeps, s) }) {
			sweeps = append(sweeps, r.Sweeps[0])
		}
	}
	if len(sweeps) == 0 {
		return nil, nil, "", fmt.Errorf("runs outside the bin: %w", mmibx.ErrNotFound)
	}
	return db, sweeps, filter, nil
}

// Stamp implements tui.Press.
func (u *ui) Stamp(ctx context.Context, q tui.PaperQuery) (stamp string, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		ids := q.Runs
		if len(ids) == 0 {
			s, err := u.follow(q.Sweep)
			if err != nil {
				return err
			}
			ids = s.plan.IDs()
		}
		stamp, err = u.stamp.get(u.now(ids), func() (string, error) { return db.Stamp(ctx, ids) })
		return err
	})
	return stamp, err
}

// tableOf makes the table of a query, under a name. Comparisons that were made
// before, here or for a board, are not made again.
func (u *ui) tableOf(ctx context.Context, q tui.PaperQuery, name string, tell func(doing string, done, total int)) (*reports.Table, *reports.Declaration, error) {
	db, sweeps, filter, err := u.paperOf(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	d := reports.NewDeclaration(reports.Key(cmp.Or(name, sweeps[0])))
	d.Sweeps, d.Filter, d.Baseline = sweeps, filter, q.Baseline
	t, err := u.app.table(ctx, db, d, nil, func(t *reports.Table, compare reports.CompareCells) reports.CompareCells {
		total, done := t.Comparisons(d.Baseline), 0
		return func(x, y *reports.Cell) (*statistics.Comparison, error) {
			tell("comparing", done, total)
			done++
			return u.judge.cells(x, y, compare)
		}
	})
	return t, d, err
}

// Table implements tui.Press.
func (u *ui) Table(ctx context.Context, q tui.PaperQuery, tell func(doing string, done, total int)) (tui.Table, error) {
	t, d, err := u.tableOf(ctx, q, "", tell)
	if err != nil {
		return tui.Table{}, err
	}
	out := tui.Table{Sweep: d.Sweeps[0], CLI: "table --sweep " + strings.Join(d.Sweeps, ",")}
	if d.Filter != "" {
		out.CLI += " --filter " + shell.Word(d.Filter)
	}
	if d.Baseline != "" {
		out.CLI += " --baseline " + shell.Word(d.Baseline)
	}
	var latex bytes.Buffer
	if err := t.LaTeX(&latex); err != nil {
		return tui.Table{}, err
	}
	out.LaTeX, out.Text = latex.String(), func(cells int) []string {
		var text strings.Builder
		if err := t.TextWithin(&text, cells); err != nil {
			return []string{err.Error()}
		}
		return strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	}
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
	t, _, err := u.tableOf(ctx, q, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), func(string, int, int) {})
	if err != nil {
		return "", err
	}
	f := tableFlags{out: path}
	if err := f.complete(false); err != nil {
		return "", err
	}
	return nearPath(path), f.write(io.Discard, t)
}

// nearPath is a path as people here call it: from the folder that mmibx was started
// in, where it lies below that.
func nearPath(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
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
	db, sweeps, filter, err := u.paperOf(ctx, q)
	if err != nil {
		return "", err
	}
	if len(sweeps) != 1 {
		return "", fmt.Errorf("%w: the marked runs are of the sweeps %s; a figure is of one", mmibx.ErrUsage, strings.Join(sweeps, ", "))
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
	_, _, err = u.app.drawTo(ctx, db, kind, plotFlags{sweep: sweeps[0], filter: filter, width: usualWidth, out: path, split: string(mmibx.Dev)}, plots.PDF, width)
	return nearPath(path), err
}
