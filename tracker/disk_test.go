package tracker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// onDisk is a lab whose store is a file system of its own, of so many bytes.
func onDisk(t *testing.T, size string) (l *lab, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: a full and a read-only disk; mounting one takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &lab{t, mmibx.Store(filepath.Join(dir, "store"))}, dir
}

// integrity is what SQLite finds wrong with a database.
func (l *lab) integrity(db *DB) {
	l.Helper()
	var found string
	l.must(db.read.QueryRow("PRAGMA integrity_check").Scan(&found))
	if found != "ok" {
		l.Errorf("the database: %s", found)
	}
}

// On a full disk every call that writes is an error that says so, and readers read;
// once there is room all goes on, and what a call returned for is there.
func TestFullDisk(t *testing.T) {
	l, dir := onDisk(t, "2m")
	early := l.done(nil, mmibx.Loss, 1, 2, 3)
	db := l.synced()
	r, err := NewRun(l.store, "program", nil)
	l.must(err)
	l.must(r.Log(0, mmibx.Metric{Name: "loss", Value: 0}))

	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	l.must(err)
	for block := make([]byte, 4096); err == nil; {
		_, err = ballast.Write(block)
	}
	full := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	full("a write", err)
	logged := int64(1) // calls that returned: the last block of the journal has room for some
	for ; ; logged++ {
		if err = r.Log(logged, mmibx.Metric{Name: "loss", Value: float64(logged)}); err != nil {
			break
		}
	}
	full("Log", err)
	full("Log again", r.Log(logged, mmibx.Metric{Name: "loss", Value: -1}))
	full("a tag", Tag(l.store, []string{early}, "paper"))
	_, err = NewRun(l.store, "program", map[string]any{"seed": 1})
	full("a new run", err)
	_, _, err = PutObject(l.store, strings.NewReader(strings.Repeat("x", 8192)))
	full("an object", err)
	if stats, err := db.Sync(context.Background()); err == nil || stats.Points != 0 || !strings.Contains(err.Error(), "full") {
		t.Errorf("Sync on a full disk: %+v, %v", stats, err)
	}
	if rows := l.runs(db, Query{}); len(rows) != 1 || rows[0].ID != early || len(l.points(db, early, mmibx.Loss)) != 3 {
		t.Errorf("a reader sees %+v", rows)
	}

	l.must(errors.Join(ballast.Close(), os.Remove(ballast.Name())))
	l.must(r.Log(logged, mmibx.Metric{Name: "loss", Value: float64(logged)}))
	l.must(r.Finish(nil))
	l.must(Tag(l.store, []string{early}, "paper"))
	l.sync(db)
	points := l.points(db, r.ID, "loss")
	if int64(len(points)) != logged+1 {
		t.Errorf("%d points, %d calls returned", len(points), logged+1)
	}
	for i, p := range points {
		if p.Step != int64(i) || p.Value != float64(i) {
			t.Fatalf("point %d is %+v", i, p)
		}
	}
	if d, err := journal.Check(l.store.Journal(r.ID, r.Attempt)); err != nil || d.Lost != 0 || d.Tail != 0 {
		t.Errorf("the journal: %+v, %v", d, err)
	}
	l.only(db, "tag=paper")
	l.integrity(db)
}

// On a disk that may only be read, what the database holds is read, be it whole or
// left with its log by a program that was killed, and each call that would write
// says why it cannot.
func TestReadOnlyDisk(t *testing.T) {
	l, dir := onDisk(t, "8m")
	run := l.done(nil, mmibx.Loss, 1, 2, 3)
	left := &lab{t, mmibx.Store(filepath.Join(dir, "left"))}
	db := l.synced()
	l.must(os.CopyFS(string(left.store), os.DirFS(string(l.store)))) // with the log, as a kill leaves it
	l.must(db.Close())
	if _, err := os.Stat(left.store.Database() + "-wal"); err != nil {
		t.Fatal(err)
	}
	l.must(unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	for name, l := range map[string]*lab{"closed": l, "killed": left} {
		db, err := OpenReadOnly(l.store)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r := l.only(db, ""); r.ID != run || len(l.points(db, run, mmibx.Loss)) != 3 {
			t.Errorf("%s: run is %+v", name, r)
		}
		l.must(db.Close())
	}
	if _, err := NewRun(l.store, "program", nil); !errors.Is(err, syscall.EROFS) {
		t.Errorf("a new run: %v", err)
	}
	if err := Tag(l.store, []string{run}, "paper"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("a tag: %v", err)
	}
	copied := &lab{t, mmibx.Store(filepath.Join(t.TempDir(), "copy"))}
	if _, err := Backup(context.Background(), l.store, string(copied.store), BackupOptions{}); err != nil {
		t.Errorf("a backup of it: %v", err)
	}
	if r := copied.only(copied.synced(), ""); r.ID != run {
		t.Errorf("the backup has %+v", r)
	}
}

// A clock that jumps back changes no point, no order of steps and no state; what was
// logged later counts, though its time is earlier.
func TestClockJumpsBack(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	now := time.Now().Truncate(time.Second)
	h.Started = now
	w := l.create(h)
	jumps := []time.Duration{0, time.Minute, -24 * time.Hour, -24 * time.Hour, 2 * time.Minute, -2 * time.Hour}
	for step, jump := range jumps {
		l.must(w.LogAt(now.Add(jump), int64(step), mmibx.Metric{Name: mmibx.Loss, Value: float64(step)}))
	}
	l.must(w.LogAt(now.Add(-30*24*time.Hour), 5, mmibx.Metric{Name: mmibx.Loss, Value: 50})) // again, later
	l.must(w.Close(journal.Trailer{State: mmibx.Done, Finished: now.Add(-time.Hour)}))
	second := l.header(map[string]any{"seed": 2})
	second.Started = now.Add(-48 * time.Hour)
	first := l.create(second)
	l.must(first.LogAt(now, 1, mmibx.Metric{Name: mmibx.Loss, Value: 1}))
	l.must(first.Abandon())
	second.Attempt, second.ResumeAttempt, second.ResumeStep, second.Started = 2, 1, 1, now.Add(-72*time.Hour)
	again := l.create(second)
	l.must(again.LogAt(now.Add(-72*time.Hour), 2, mmibx.Metric{Name: mmibx.Loss, Value: 2}))
	l.end(again, mmibx.Done)

	db := l.synced()
	points := l.points(db, h.Run, mmibx.Loss)
	if len(points) != len(jumps) || points[5].Value != 50 {
		t.Fatalf("points are %+v", points)
	}
	for step, jump := range jumps[:5] {
		if p := points[step]; p.Step != int64(step) || p.Value != float64(step) || !p.At.Equal(now.Add(jump)) {
			t.Errorf("point %d is %+v, want it at %s", step, p, now.Add(jump))
		}
	}
	if r := l.only(db, "seed=0"); r.State != mmibx.Done || *r.Loss != 50 || !r.Finished.Equal(now.Add(-time.Hour)) {
		t.Errorf("run is %+v", r)
	}
	if r := l.only(db, "seed=2"); r.State != mmibx.Done || r.Attempts != 2 || *r.Loss != 2 || len(l.points(db, second.Run, mmibx.Loss)) != 2 {
		t.Errorf("the later attempt counts, though it began earlier: %+v", r)
	}
	before := l.dump(db)
	l.must(db.Close())
	if after := l.dump(l.remake()); after != before {
		t.Error("made again it differs", diff(before, after))
	}
}
