package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

const benchPoints = 200_000

// BenchmarkSync moves a journal of one metric into the database, beside plain
// inserts in batches of 1,000 into a bare table, in the same run.
func BenchmarkSync(b *testing.B) {
	var synced, bare time.Duration
	var size, bareSize int64
	for b.Loop() {
		l := newLab(b)
		h := l.header(nil)
		w := l.create(h)
		for step := range int64(benchPoints) {
			l.log(w, step, mmibx.Loss, 1/float64(step+3))
		}
		l.end(w, mmibx.Done)
		db := l.open()
		empty := fileSize(b, l.store.Database())
		began := time.Now()
		if stats := l.sync(db); stats.Points != benchPoints {
			b.Fatalf("%+v", stats)
		}
		synced += time.Since(began)
		l.must(db.Close())
		size = fileSize(b, l.store.Database()) - empty
		took, bytes := bareInserts(b)
		bare += took
		bareSize = bytes
	}
	points := float64(b.N * benchPoints)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(synced.Nanoseconds())/points, "ns/point")
	b.ReportMetric(float64(bare.Nanoseconds())/points, "ns/bare-point")
	b.ReportMetric(float64(synced)/float64(bare), "x-bare")
	b.ReportMetric(float64(size)/benchPoints, "B/point")
	b.ReportMetric(float64(bareSize)/benchPoints, "B/bare-point")
}

func fileSize(b *testing.B, path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

// bareInserts is the plainest table that holds the same.
func bareInserts(b *testing.B) (time.Duration, int64) {
	path := filepath.Join(b.TempDir(), "bare.db")
	db, err := openWrite(path, patient)
	if err != nil {
		b.Fatal(err)
	}
	_, err = db.Exec("CREATE TABLE point (run INTEGER, metric INTEGER, step INTEGER, value REAL, at INTEGER)")
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	for step := 0; step < benchPoints; {
		err := transact(context.Background(), db, func(tx *sql.Tx) error {
			stmt, err := tx.Prepare("INSERT INTO point VALUES (?, ?, ?, ?, ?)")
			if err != nil {
				return err
			}
			defer stmt.Close()
			for range 1000 {
				if _, err := stmt.Exec(1, 1, step, 1/float64(step+3), time.Now().UnixNano()); err != nil {
					return err
				}
				step++
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(began)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return took, fileSize(b, path)
}

// tenThousand is a store with 10,000 runs of 20 points in three metrics.
func tenThousand(b *testing.B) (*lab, *DB) {
	l := newLab(b)
	for i := range 10_000 {
		h := l.header(map[string]any{"seed": i % 5, "ib.beta_text": float64(1+i/5) / 1000})
		w := l.create(h)
		for step := range int64(18) {
			if step < 9 {
				l.must(w.Log(step*10, mmibx.Metric{Name: mmibx.Loss, Value: 1 / float64(step+1)}, mmibx.Metric{Name: mmibx.Epoch, Value: float64(step)}))
			} else if step < 11 {
				l.log(w, step*10, mmibx.DevF1, float64(i%1000)/10)
			}
		}
		l.must(w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}))
	}
	db := l.open()
	began := time.Now()
	stats := l.sync(db)
	b.Logf("sync of %d runs, %d points: %v; %d bytes a run", stats.Journals, stats.Points, time.Since(began), fileSize(b, l.store.Database())/10_000)
	return l, db
}

func BenchmarkTenThousandRuns(b *testing.B) {
	l, db := tenThousand(b)
	for _, c := range []struct {
		name string
		q    Query
	}{
		{"latest 100", Query{Limit: 100}},
		{"latest 2000", Query{Limit: 2000}},
		{"all", Query{}},
		{"filter", Query{Filter: "model=mmib and ib.beta_text<0.1 and dev.f1>70", Limit: 100}},
		{"sort by metric", Query{Sort: "-dev.f1", Limit: 100}},
		{"sort by key", Query{Sort: "ib.beta_text", Limit: 100}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				l.runs(db, c.q)
			}
		})
	}
	b.Run("nothing to sync", func(b *testing.B) {
		for b.Loop() {
			l.sync(db)
		}
	})
	b.Run("open, nothing to sync, latest 100", func(b *testing.B) {
		for b.Loop() {
			db := l.synced()
			l.runs(db, Query{Limit: 100})
			l.must(db.Close())
		}
	})
}

func BenchmarkSeriesOf100000Points(b *testing.B) {
	l := newLab(b)
	h := l.header(nil)
	w := l.create(h)
	for step := range int64(100_000) {
		l.log(w, step, mmibx.Loss, 1/float64(step+3))
	}
	l.end(w, mmibx.Done)
	db := l.synced()
	for b.Loop() {
		if n := len(l.points(db, h.Run, mmibx.Loss)); n != 100_000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkRun is what a run costs besides training: 20 points, synced and seen.
func BenchmarkRun(b *testing.B) {
	l := newLab(b)
	db := l.open()
	n := 0
	for b.Loop() {
		h := l.header(map[string]any{"seed": n})
		release := l.claim(h.Run)
		w := l.create(h)
		for step := range int64(10) {
			l.must(w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: 1}, mmibx.Metric{Name: mmibx.Epoch, Value: 1}))
		}
		l.end(w, mmibx.Done)
		release()
		l.sync(db)
		if r := l.runs(db, Query{IDs: []string{h.Run}}); len(r) != 1 || r[0].State != mmibx.Done {
			b.Fatal(fmt.Sprint(r))
		}
		n++
	}
}
