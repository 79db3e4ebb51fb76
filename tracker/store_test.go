package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// lab is a store with what tests do to it.
type lab struct {
	testing.TB
	store mmibx.Store
}

func newLab(t testing.TB) *lab {
	return &lab{t, mmibx.Store(filepath.Join(t.TempDir(), "store"))}
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// spec resolves settings on the smallest benchmark.
func (l *lab) spec(settings map[string]any) mmibx.Spec {
	l.Helper()
	all := map[string]any{"benchmark": "mini-mnre", "model": "mmib"}
	for k, v := range settings {
		all[k] = v
	}
	s, err := mmibx.Resolve(all)
	l.must(err)
	return s
}

// header is that of a first attempt.
func (l *lab) header(settings map[string]any) journal.Header {
	l.Helper()
	s := l.spec(settings)
	in := mmibx.Inputs{Data: map[string]string{"train": "aa"}}
	return journal.Header{
		Run: s.ID(in), Arm: s.Arm(in), Attempt: 1, Spec: s.Values(), Inputs: in, Sweep: "beta",
		Started: time.Now(), Env: journal.Environment{Host: "here", Device: "cpu"},
	}
}

func (l *lab) create(h journal.Header) *journal.Writer {
	l.Helper()
	w, err := journal.Create(l.store.Journal(h.Run, h.Attempt), h)
	l.must(err)
	l.Cleanup(func() { _ = w.Abandon() })
	return w
}

func (l *lab) log(w *journal.Writer, step int64, name string, v float64) {
	l.Helper()
	l.must(w.Log(step, mmibx.Metric{Name: name, Value: v}))
}

// end closes a journal with a state.
func (l *lab) end(w *journal.Writer, s mmibx.State) {
	l.Helper()
	l.must(w.Close(journal.Trailer{State: s, Finished: time.Now()}))
}

// done is a whole run with one metric.
func (l *lab) done(settings map[string]any, metric string, values ...float64) string {
	l.Helper()
	h := l.header(settings)
	w := l.create(h)
	for i, v := range values {
		l.log(w, int64(i), metric, v)
	}
	l.end(w, mmibx.Done)
	return h.Run
}

// claim locks a run as its worker does, until the test ends or release.
func (l *lab) claim(run string) (release func()) {
	l.Helper()
	f, err := journal.Claim(l.store.RunLock(run))
	l.must(err)
	l.Cleanup(func() { _ = f.Close() })
	return func() { _ = f.Close() }
}

func (l *lab) open() *DB {
	l.Helper()
	db, err := Open(l.store)
	l.must(err)
	l.Cleanup(func() { _ = db.Close() })
	return db
}

func (l *lab) sync(db *DB) SyncStats {
	l.Helper()
	stats, err := db.Sync(context.Background())
	l.must(err)
	return stats
}

func (l *lab) synced() *DB {
	l.Helper()
	db := l.open()
	l.sync(db)
	return db
}

func (l *lab) runs(db *DB, q Query) []RunRow {
	l.Helper()
	rows, err := db.Runs(context.Background(), q)
	l.must(err)
	return rows
}

// only is the one run that a filter lets through.
func (l *lab) only(db *DB, filter string) RunRow {
	l.Helper()
	rows := l.runs(db, Query{Filter: filter})
	if len(rows) != 1 {
		l.Fatalf("%s: %d runs, want one", filter, len(rows))
	}
	return rows[0]
}

func (l *lab) points(db *DB, run, metric string) []mmibx.Point {
	l.Helper()
	points, err := db.Points(context.Background(), run, metric, Start, 0)
	l.must(err)
	return points
}

// series shows points as "step:value".
func (l *lab) series(db *DB, run, metric string) string {
	l.Helper()
	var parts []string
	for _, p := range l.points(db, run, metric) {
		parts = append(parts, fmt.Sprintf("%d:%g", p.Step, p.Value))
	}
	return strings.Join(parts, " ")
}

// dump is the whole content of a database by natural keys, so that two databases
// that differ in row numbers only are equal.
func (l *lab) dump(db *DB) string {
	l.Helper()
	var b strings.Builder
	for _, view := range []string{
		"runs", "params", "metrics", "points", "attempts", "artifacts", "events", "entries",
		"(SELECT path, next, lost, tail FROM journal)", "membership", "tag", "edit", "plan",
		`(SELECT r.name, a.number, m.name AS metric, p.* FROM point p JOIN series s ON s.id = p.series JOIN metric m ON m.id = s.metric
			JOIN attempt a ON a.journal = s.attempt JOIN run r ON r.id = a.run)`,
	} {
		fmt.Fprintln(&b, view)
		b.WriteString(l.table(db.read, view))
	}
	return b.String()
}

func (l *lab) table(db *sql.DB, view string) string {
	l.Helper()
	rows, err := db.Query("SELECT * FROM " + view)
	l.must(err)
	defer rows.Close()
	names, err := rows.Columns()
	l.must(err)
	var list []string
	for rows.Next() {
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		l.must(rows.Scan(dest...))
		for i, n := range names {
			if n == "series" {
				values[i] = "" // a row number
			}
		}
		list = append(list, fmt.Sprint(values...))
	}
	l.must(rows.Err())
	slices.Sort(list)
	return strings.Join(list, "\n") + "\n"
}

// remake deletes the database and makes it again.
func (l *lab) remake() *DB {
	l.Helper()
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(l.store.Database() + end); err != nil && !os.IsNotExist(err) {
			l.Fatal(err)
		}
	}
	return l.synced()
}
