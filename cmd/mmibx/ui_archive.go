package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

// with runs fn on the database of the store; where there is none yet, fn is not
// called.
func (u *ui) with(ctx context.Context, fn func(db *tracker.DB) error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.synced(ctx)
	if err != nil || db == nil {
		return err
	}
	return passing(db.Explain(fn(db)))
}

// passing tells of the errors of a database those that may pass.
func passing(err error) error {
	if tracker.IsBusy(err) {
		return fmt.Errorf("%w: %w", tui.ErrBusy, err)
	}
	return err
}

// Runs implements tui.Archive.
func (u *ui) Runs(ctx context.Context, q tui.RunsQuery) (tui.RunsPage, error) {
	page := tui.RunsPage{Of: q}
	err := u.with(ctx, func(db *tracker.DB) (err error) {
		page, err = u.page.get(u.now(q), func() (tui.RunsPage, error) {
			page := tui.RunsPage{Of: q}
			err := readRuns(ctx, db, &page)
			return page, err
		})
		page.Notice = u.behind
		return err
	})
	if fault, ok := errors.AsType[*tracker.FilterError](err); ok && fault.Filter == q.Filter {
		page.Fault = &tui.Fault{At: fault.Pos, Text: fault.Msg}
		return page, nil
	}
	return page, err
}

func readRuns(ctx context.Context, db *tracker.DB, page *tui.RunsPage) (err error) {
	of := page.Of
	q := tracker.Query{Filter: of.Filter, Sort: of.Sort, Columns: of.Columns, Binned: of.Bin, Limit: of.Limit, Offset: of.From}
	keys, err := keysByName(ctx, db)
	if err != nil {
		return err
	}
	for _, name := range of.Columns {
		page.Heads = append(page.Heads, tui.Head{Title: shortKey(name), Words: keyOf(keys, name).Words})
	}
	count := db.Count
	if of.ByArm {
		count = db.CountArms
	}
	if page.Total, err = count(ctx, q); err != nil {
		return err
	}
	if page.All = page.Total; of.Filter != "" {
		if page.All, err = count(ctx, tracker.Query{Binned: of.Bin}); err != nil {
			return err
		}
	}
	if of.ByArm {
		arms, err := db.Arms(ctx, q)
		for i := range arms {
			page.Rows = append(page.Rows, listedArm(&arms[i], of.Columns, keys))
		}
		return err
	}
	rows, err := db.Runs(ctx, q)
	for i := range rows {
		page.Rows = append(page.Rows, listedRun(&rows[i], of.Columns))
	}
	return err
}

func keysByName(ctx context.Context, db *tracker.DB) (map[string]tracker.Key, error) {
	list, err := db.Keys(ctx)
	keys := make(map[string]tracker.Key, len(list))
	for _, k := range list {
		keys[k.Name] = k
	}
	return keys, err
}

// keyOf finds a key, or the metric of one such as train.loss:min.
func keyOf(keys map[string]tracker.Key, name string) tracker.Key {
	k, ok := keys[name]
	if at := strings.LastIndexByte(name, ':'); !ok && at >= 0 {
		k = keys[name[:at]]
	}
	return k
}

func listedRun(r *tracker.RunRow, columns []string) tui.Listed {
	l := tui.Listed{ID: r.ID, Label: shortLabel(r.Label), State: r.State, Runs: []string{r.ID}, Tags: r.Tags, Note: mmibx.FirstLine(r.Note)}
	if r.State != mmibx.Done && r.State != mmibx.Running {
		l.Error = mmibx.FirstLine(r.Error)
	}
	for _, key := range columns {
		l.Cells = append(l.Cells, cellOf(r, key))
	}
	return l
}

// cellOf is a column's value of a run, as people read it.
func cellOf(r *tracker.RunRow, key string) string {
	switch key {
	case "started":
		return dateTime(r.Started)
	case "finished":
		return dateTime(r.Finished)
	case "tag":
		return strings.Join(r.Tags, " ")
	case "sweep":
		return strings.Join(r.Sweeps, " ")
	}
	v, ok := r.Values[key]
	switch x, isFloat := v.(float64); {
	case !ok:
		return ""
	case isFloat:
		return numberText(key, x)
	}
	return mmibx.FirstLine(fmt.Sprint(v))
}

func dateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("01-02 15:04")
}

// numberText writes scores in percent with two digits after the point, seconds as
// a duration, and other numbers with four digits that count.
func numberText(key string, v float64) string {
	if key == "seconds" {
		return time.Duration(v * 1e9).Round(time.Second).String()
	}
	if base, _, _ := strings.Cut(key, ":"); isScore(base) {
		return fmt.Sprintf("%.2f", v)
	}
	return shortValue(fmt.Sprintf("%.4g", v))
}

func isScore(metric string) bool {
	return metric == mmibx.DevPrecision || metric == mmibx.DevRecall || strings.HasPrefix(metric, mmibx.DevF1)
}

// listedArm gathers the runs of an arm. A column shows what all of them have;
// numbers that differ as mean and deviation, of metrics over the runs that are done.
func listedArm(a *tracker.ArmRow, columns []string, keys map[string]tracker.Key) tui.Listed {
	first := &a.Runs[0]
	l := tui.Listed{ID: a.Arm, Label: shortLabel(first.Label), Counts: tui.Counts{}}
	for i := range a.Runs {
		r := &a.Runs[i]
		l.Counts[r.State]++
		l.Runs = append(l.Runs, r.ID)
		for _, tag := range r.Tags {
			if !slices.Contains(l.Tags, tag) {
				l.Tags = append(l.Tags, tag)
			}
		}
	}
	for _, key := range columns {
		l.Cells = append(l.Cells, armCell(a.Runs, key, keyOf(keys, key).Metric))
	}
	return l
}

func armCell(runs []tracker.RunRow, key string, metric bool) string {
	if key == "started" || key == "finished" { // the latest
		last := slices.MaxFunc(runs, func(a, b tracker.RunRow) int {
			if key == "finished" {
				return a.Finished.Compare(b.Finished)
			}
			return a.Started.Compare(b.Started)
		})
		return cellOf(&last, key)
	}
	var numbers []float64
	var texts []string
	for i := range runs {
		r := &runs[i]
		if metric && r.State != mmibx.Done {
			continue
		}
		if v, ok := toFloat(r.Values[key]); ok && mmibx.Finite(v) {
			numbers = append(numbers, v)
		}
		if text := cellOf(r, key); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	switch sum := statistics.Summarize95(numbers...); {
	case key == "seed":
		return fmt.Sprintf("n=%d", len(texts))
	case len(texts) > 1 && len(numbers) == 0:
		return fmt.Sprintf("%d kinds", len(texts))
	case len(texts) <= 1 && !(metric && sum.HasSpread()):
		return strings.Join(texts, "")
	case sum.HasSpread():
		return numberText(key, sum.Mean) + " ±" + numberText(key, sum.SD)
	default:
		return numberText(key, sum.Mean)
	}
}

// Complete implements tui.Archive.
func (u *ui) Complete(ctx context.Context, filter string) (c tui.Completion, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		found, err := db.Complete(ctx, filter)
		c = tui.Completion{From: found.From, Words: found.Words}
		return err
	})
	return c, err
}

// Keys implements tui.Archive.
func (u *ui) Keys(ctx context.Context) (keys []tui.Pair, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		found, err := db.Keys(ctx)
		for _, k := range found {
			keys = append(keys, tui.Pair{Name: k.Name, Value: keyDoc(k.Name)})
		}
		return err
	})
	return keys, err
}

// keyDoc is what a key means, "" where its name says it.
func keyDoc(key string) string {
	if f, ok := mmibx.LookupField(key); ok {
		return f.Doc
	}
	for _, m := range mmibx.Metrics {
		if m.Name == key {
			return m.Doc
		}
	}
	return ""
}

// Lists implements tui.Archive.
func (u *ui) Lists(ctx context.Context) (lists []tui.SavedList, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		found, err := db.Lists(ctx)
		for _, l := range found {
			lists = append(lists, tui.SavedList{Name: l.Name, Listing: tui.Listing{Filter: l.Filter, Sort: l.Sort, Columns: l.Columns, ByArm: l.ByArm}})
		}
		return err
	})
	return lists, err
}

// Habits implements tui.Habits. The first view waits for them, so journals are not
// read for them: Keep has done that.
func (u *ui) Habits(ctx context.Context) (map[string]string, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	db, err := u.opened()
	if err != nil || db == nil {
		return nil, err
	}
	return db.Habits(ctx)
}

// Keep implements tui.Habits. Where there is no store yet none is made.
func (u *ui) Keep(ctx context.Context, name, value string) error {
	if !u.exists() {
		return fmt.Errorf("a store in %s: %w", u.app.storeDir, mmibx.ErrNotFound)
	}
	if err := tracker.SaveHabit(u.store, name, value); err != nil {
		return err
	}
	return u.with(ctx, func(*tracker.DB) error { return nil })
}

// Tag implements tui.Curator.
func (u *ui) Tag(ctx context.Context, runs []string, tag string) (fresh []string, err error) {
	rows, err := u.those(ctx, runs)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if !slices.Contains(rows[i].Tags, tag) {
			fresh = append(fresh, rows[i].ID)
		}
	}
	return fresh, tracker.Tag(u.store, runs, tag)
}

// Untag implements tui.Curator.
func (u *ui) Untag(_ context.Context, runs []string, tag string) error {
	return tracker.Untag(u.store, runs, tag)
}

// Note implements tui.Curator.
func (u *ui) Note(ctx context.Context, runs []string, note string) (before map[string]string, err error) {
	rows, err := u.those(ctx, runs)
	if err != nil {
		return nil, err
	}
	before = map[string]string{}
	for i := range rows {
		before[rows[i].ID] = rows[i].Note
	}
	return before, tracker.Note(u.store, runs, note)
}

// those reads some runs, in the bin or not.
func (u *ui) those(ctx context.Context, ids []string) (rows []tracker.RunRow, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		for _, bin := range []bool{false, true} {
			some, err := db.Runs(ctx, tracker.Query{IDs: ids, Binned: bin})
			if err != nil {
				return err
			}
			rows = append(rows, some...)
		}
		return nil
	})
	return rows, err
}

// Remove implements tui.Curator.
func (u *ui) Remove(ctx context.Context, runs []string) (changed []string, err error) {
	if changed, err = u.inBin(ctx, runs, false); err != nil {
		return nil, err
	}
	return changed, u.decided(tracker.Remove(u.store, runs...))
}

// Restore implements tui.Curator.
func (u *ui) Restore(ctx context.Context, runs []string) (changed []string, err error) {
	if changed, err = u.inBin(ctx, runs, true); err != nil {
		return nil, err
	}
	return changed, u.decided(tracker.Restore(u.store, runs...))
}

// inBin picks of some runs those that are in the bin, or those that are not.
func (u *ui) inBin(ctx context.Context, ids []string, in bool) (some []string, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		binned, err := db.Binned(ctx, ids)
		for _, id := range ids {
			if binned[id] == in {
				some = append(some, id)
			}
		}
		return err
	})
	return some, err
}

// decided lets boards read all of their runs again after a decision about some.
func (u *ui) decided(err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, s := range u.sweeps {
		s.rows = nil
	}
	return err
}

// RetryRuns implements tui.Curator.
func (u *ui) RetryRuns(_ context.Context, runs []string) error {
	return u.decided(u.app.retryRuns(u.store, runs...))
}

// SaveList implements tui.Curator.
func (u *ui) SaveList(_ context.Context, l tui.SavedList) error {
	return tracker.SaveList(u.store, tracker.List{Name: l.Name, Filter: l.Filter, Sort: l.Sort, Columns: l.Columns, ByArm: l.ByArm})
}

// Export implements tui.Curator. It has the database to itself: points are many,
// and other screens go on reading.
func (u *ui) Export(ctx context.Context, e tui.Export) (int, error) {
	t, ok := tracker.LookupTable(e.Table)
	if !ok {
		return 0, fmt.Errorf("table %s: %w", e.Table, mmibx.ErrNotFound)
	}
	format, err := u.app.exportFormat("", e.File)
	if err != nil {
		return 0, err
	}
	db, err := tracker.OpenReadOnly(u.store)
	if err != nil {
		return 0, err
	}
	q := tracker.Query{IDs: e.Runs, Binned: e.Bin, Sort: e.Sort}
	if e.Runs == nil {
		q.Filter = e.Filter
	}
	w := export{db, t, tracker.ExportQuery{Query: q}, format, newMeter(os.Stderr, true)}
	rows, err := w.file(ctx, e.File)
	return rows, errors.Join(err, db.Close())
}
