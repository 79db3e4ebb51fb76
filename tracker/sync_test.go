package tracker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// TestMain lets the test binary be another program, that syncs or logs.
func TestMain(m *testing.M) {
	child := childSync
	switch os.Getenv("MMIBX_TRACKER_ROLE") {
	case "log":
		child = childLogs
	case "swarm":
		child = childSwarms
	case "full":
		child = childOnFullDisk
	}
	if store := os.Getenv("MMIBX_TRACKER_TEST"); store != "" {
		if err := child(mmibx.Store(store)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// childSync syncs until every run of the store is done, and says what it moved.
func childSync(store mmibx.Store) error {
	db, err := Open(store)
	if err != nil {
		return err
	}
	defer db.Close()
	var total SyncStats
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stats, err := db.Sync(context.Background())
		if err != nil {
			return err
		}
		total.Records += stats.Records
		total.Points += stats.Points
		done, err := db.Count(context.Background(), Query{Filter: "state=done"})
		if err != nil {
			return err
		}
		if done == crowdRuns {
			fmt.Println(total.Records, total.Points)
			return nil
		}
	}
	return errors.New("the runs never got done")
}

const (
	crowdRuns  = 24
	crowdSteps = 200
)

func TestEightProcessesSyncAtOnce(t *testing.T) {
	l := newLab(t)
	l.must(os.MkdirAll(string(l.store), 0o777))
	var children sync.WaitGroup
	var mu sync.Mutex
	var records, points int64
	for range 8 {
		children.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "MMIBX_TRACKER_TEST="+string(l.store))
			out, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			var r, p int64
			if _, scan := fmt.Sscan(string(out), &r, &p); err != nil || scan != nil {
				t.Errorf("%v %v: %s", err, scan, out)
			}
			records, points = records+r, points+p
		})
	}
	for seed := range crowdRuns { // while they sync
		h := l.header(map[string]any{"seed": seed})
		release := l.claim(h.Run)
		w := l.create(h)
		for step := range int64(crowdSteps) {
			l.must(w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: float64(step)}, mmibx.Metric{Name: mmibx.Epoch, Value: 1}))
		}
		l.end(w, mmibx.Done)
		release()
	}
	children.Wait()
	if want := int64(crowdRuns * (crowdSteps + 2)); records != want {
		t.Errorf("%d records were committed by all together, want %d", records, want)
	}
	if want := int64(crowdRuns * crowdSteps * 2); points != want {
		t.Errorf("%d points were committed by all together, want %d", points, want)
	}
	db := l.synced()
	before := l.dump(db)
	if after := l.dump(l.remake()); before != after {
		t.Error("the database made again differs", diff(before, after))
	}
}

// diff shows the first lines in which two dumps differ.
func diff(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return fmt.Sprintf("at line %d:\n%s\n%s", i, left[i], right[i])
		}
	}
	return fmt.Sprintf("in length: %d and %d lines", len(left), len(right))
}

func TestKilledSync(t *testing.T) {
	l := newLab(t)
	l.must(os.MkdirAll(string(l.store), 0o777))
	stop := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for round := 0; ; round++ {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "MMIBX_TRACKER_TEST="+string(l.store))
			if err := cmd.Start(); err != nil {
				t.Error(err)
				return
			}
			select {
			case <-stop:
			case <-time.After(time.Duration(20+round%7*15) * time.Millisecond):
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			select {
			case <-stop:
				t.Logf("killed %d times", round+1)
				return
			default:
			}
		}
	})
	for seed := range crowdRuns / 2 {
		h := l.header(map[string]any{"seed": seed})
		w := l.create(h)
		for step := range int64(crowdSteps) {
			l.log(w, step, mmibx.Loss, float64(step))
			time.Sleep(200 * time.Microsecond)
		}
		l.end(w, mmibx.Done)
	}
	close(stop)
	killer.Wait()
	db := l.synced()
	if ok := strings.TrimSpace(l.table(db.read, "pragma_integrity_check")); ok != "ok" {
		t.Errorf("integrity: %s", ok)
	}
	before := l.dump(db)
	if after := l.dump(l.remake()); before != after {
		t.Error("the database made again differs", diff(before, after))
	}
}

func TestGoroutinesSync(t *testing.T) {
	l := newLab(t)
	for seed := range 10 {
		l.done(map[string]any{"seed": seed}, mmibx.Loss, 3, 2, 1)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var total int64
	for range 8 {
		wg.Go(func() {
			stats, err := Sync(context.Background(), l.store)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			total += stats.Points
			mu.Unlock()
		})
	}
	wg.Wait()
	if total != 30 {
		t.Errorf("%d points were committed by all together, want 30", total)
	}
}

func TestSyncFollowsARun(t *testing.T) {
	l := newLab(t)
	db := l.open()
	if stats := l.sync(db); stats != (SyncStats{}) {
		t.Errorf("an empty store has %+v", stats)
	}
	h := l.header(nil)
	release := l.claim(h.Run)
	w := l.create(h)
	l.log(w, 1, mmibx.Loss, 4)
	if stats := l.sync(db); stats != (SyncStats{Journals: 1, Records: 2, Points: 1}) {
		t.Errorf("first: %+v", stats)
	}
	if r := l.only(db, ""); r.State != mmibx.Running || *r.Loss != 4 || r.Steps != 1 || !r.Finished.IsZero() {
		t.Errorf("running: %+v", r)
	}
	if stats := l.sync(db); stats != (SyncStats{}) {
		t.Errorf("nothing moved: %+v", stats)
	}
	l.log(w, 2, mmibx.Loss, math.NaN())
	if stats := l.sync(db); stats.Points != 1 {
		t.Errorf("second: %+v", stats)
	}
	l.must(w.Close(journal.Trailer{State: mmibx.Diverged, Class: mmibx.FailDiverged, Error: "train.loss is NaN at step 2", Output: []string{"a", "b"}, Finished: time.Now()}))
	release()
	l.sync(db)
	r := l.only(db, "state=diverged")
	if r.Class != mmibx.FailDiverged || !math.IsNaN(*r.Loss) || r.DevF1 != nil || r.Finished.IsZero() {
		t.Errorf("diverged: %+v", r)
	}
	if got := l.series(db, h.Run, mmibx.Loss); got != "1:4 2:NaN" {
		t.Errorf("points are %s", got)
	}
}

func TestLost(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	release := l.claim(h.Run)
	w := l.create(h)
	l.log(w, 1, mmibx.Loss, 4)
	l.must(w.Abandon())
	l.must(os.WriteFile(l.store.Output(h.Run, 1), []byte("line one\nkilled\n"), 0o600))
	l.must(appendBytes(l.store.Journal(h.Run, 1), "half a record"))
	db := l.synced()
	if r := l.only(db, ""); r.State != mmibx.Running {
		t.Errorf("while the lock is held: %s", r.State)
	}
	release()
	l.sync(db)
	d, err := db.Run(context.Background(), h.Run)
	l.must(err)
	if a := d.Tries[0]; d.State != mmibx.Lost || a.Class != mmibx.FailLost || strings.Join(a.Output, "|") != "line one|killed" || a.BytesLost != 13 || a.Finished.IsZero() {
		t.Errorf("lost: %+v", a)
	}
	if stats := l.sync(db); stats != (SyncStats{}) {
		t.Errorf("a lost run has news: %+v", stats)
	}

	h.Attempt, h.ResumeAttempt, h.ResumeStep = 2, 1, 1
	l.claim(h.Run)
	l.log(l.create(h), 2, mmibx.Loss, 3)
	l.sync(db)
	if r := l.only(db, ""); r.State != mmibx.Running || r.Attempts != 2 || r.Class != "" {
		t.Errorf("the second attempt: %+v", r)
	}
	if got := l.series(db, h.Run, mmibx.Loss); got != "1:4 2:3" {
		t.Errorf("points are %s", got)
	}
	before := l.dump(db)
	if after := l.dump(l.remake()); before != after {
		t.Error("the database made again differs", diff(before, after))
	}
}

// TestTriedAgain: a run that failed long ago is not looked into at each Sync, and yet
// its next attempt is found by the first one after its journal began, also where its
// folder had been made before.
func TestTriedAgain(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	l.must(l.create(h).Close(journal.Trailer{State: mmibx.Failed, Class: mmibx.FailError, Error: "boom", Finished: time.Now()}))
	db := l.synced()
	folder := filepath.Join(string(l.store), "runs", h.Run)
	settle := func(ago time.Duration) { // as if nothing had changed since
		t.Helper()
		at := time.Now().Add(-ago)
		l.must(os.Chtimes(folder, at, at))
		if stats := l.sync(db); stats != (SyncStats{}) {
			t.Errorf("nothing moved: %+v", stats)
		}
	}
	settle(time.Hour)
	if _, bare := db.seen.bare[h.Run]; !bare {
		t.Error("the folder is looked into again and again")
	}
	l.claim(h.Run)
	l.must(os.Mkdir(l.store.Attempt(h.Run, 2), 0o777))
	settle(time.Minute)
	h.Attempt = 2
	w := l.create(h)
	l.log(w, 1, mmibx.Loss, 3)
	l.sync(db)
	if r := l.only(db, ""); r.State != mmibx.Running || r.Attempts != 2 {
		t.Errorf("the second attempt: %+v", r)
	}
}

// An attempt that its runner says has not begun is lost with the runner's reason,
// also when another follows it at once.
func TestLostBeforeItBegan(t *testing.T) {
	l := newLab(t)
	db := l.open()
	for seed, sync := range []bool{true, false} {
		h := l.header(map[string]any{"seed": seed})
		w := l.create(h)
		l.must(w.Event(journal.NotBegun, "the worker died: exit status 127"))
		l.must(w.Abandon())
		l.must(os.WriteFile(l.store.Output(h.Run, 1), []byte("no libtorch\n"), 0o600))
		if sync {
			l.sync(db)
			if r := l.only(db, "state=lost"); r.Error != "the worker died: exit status 127" {
				t.Errorf("lost: %+v", r)
			}
		}
		h.Attempt = 2
		l.end(l.create(h), mmibx.Done)
		l.sync(db)
		d, err := db.Run(t.Context(), h.Run)
		l.must(err)
		if a := d.Tries[0]; d.State != mmibx.Done || a.State != mmibx.Lost || a.Error != "the worker died: exit status 127" {
			t.Errorf("synced between %v: %+v", sync, a)
		}
	}
	before := l.dump(db)
	if after := l.dump(l.remake()); before != after {
		t.Error("the database made again differs", diff(before, after))
	}
}

func appendBytes(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func TestFourStatesOfANumber(t *testing.T) {
	l := newLab(t)
	odd := []float64{1, math.NaN(), math.Inf(1), math.Inf(-1), -2}
	run := l.done(nil, mmibx.Loss, odd...)
	nothing := l.done(map[string]any{"seed": 9}, mmibx.Loss, math.NaN())
	db := l.synced()
	if got := l.series(db, run, mmibx.Loss); got != "0:1 1:NaN 2:+Inf 3:-Inf 4:-2" {
		t.Errorf("points are %s", got)
	}
	if points := l.points(db, run, "train.other"); points != nil {
		t.Errorf("a metric that was not logged has %v", points)
	}
	s, err := db.Metrics(context.Background(), run)
	l.must(err)
	if s[0].Min != -2 || s[0].MinStep != 4 || s[0].Max != 1 || s[0].N != 5 {
		t.Errorf("summary is %+v", s[0])
	}
	if s, err = db.Metrics(context.Background(), nothing); err != nil || !math.IsNaN(s[0].Last) || !math.IsNaN(s[0].Max) {
		t.Errorf("summary of NaN is %+v, %v", s, err)
	}
	rows := l.runs(db, Query{IDs: []string{nothing}, Columns: []string{mmibx.Loss, mmibx.Loss + ":max", mmibx.Loss + ":n", mmibx.DevF1}})
	values := rows[0].Values
	last, _ := values[mmibx.Loss].(float64)
	most, _ := values[mmibx.Loss+":max"].(float64)
	if !math.IsNaN(last) || !math.IsNaN(most) || values[mmibx.Loss+":n"] != 1 || len(values) != 3 {
		t.Errorf("columns of NaN are %v", values)
	}
	for filter, want := range map[string]int{
		"train.loss=nan": 1, "train.loss is missing": 0, "dev.f1 is missing": 2, "not train.loss=nan": 1, "train.loss<0": 1, "train.loss>=-1e9": 1,
	} {
		if got := len(l.runs(db, Query{Filter: filter})); got != want {
			t.Errorf("%s: %d runs, want %d", filter, got, want)
		}
	}
}

func TestDamagedJournal(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	w := l.create(h)
	for step := range int64(5) {
		l.log(w, step, mmibx.Loss, float64(step))
	}
	l.end(w, mmibx.Done)
	path := l.store.Journal(h.Run, 1)
	var hit journal.Record
	_, err := journal.Read(path, 0, func(r journal.Record) error {
		if r.Type == journal.TypePoints && r.Step == 2 {
			hit = r
		}
		return nil
	})
	l.must(err)
	blob, err := os.ReadFile(path)
	l.must(err)
	blob[hit.Offset+20] ^= 0xff
	l.must(os.WriteFile(path, blob, 0o600))

	db := l.synced()
	if got := l.series(db, h.Run, mmibx.Loss); got != "0:0 1:1 3:3 4:4" {
		t.Errorf("points are %s", got)
	}
	d, err := db.Run(context.Background(), h.Run)
	l.must(err)
	if d.State != mmibx.Done || d.Tries[0].BytesLost != hit.End-hit.Offset {
		t.Errorf("%s, %d bytes lost, want %d", d.State, d.Tries[0].BytesLost, hit.End-hit.Offset)
	}
}

func TestDamagedHeader(t *testing.T) {
	l := newLab(t)
	run := l.done(nil, mmibx.Loss, 1)
	path := l.store.Journal(run, 1)
	blob, err := os.ReadFile(path)
	l.must(err)
	blob[40] ^= 0xff
	l.must(os.WriteFile(path, blob, 0o600))
	db := l.synced()
	if r := l.only(db, ""); r.ID != run || r.State != mmibx.Done || *r.Loss != 1 {
		t.Errorf("run is %+v", r)
	}
}

func TestStrangeTimesAndWords(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	h.Started = time.Now().Add(time.Hour) // the clock jumped back
	w := l.create(h)
	l.log(w, 1, mmibx.Loss, 1)
	l.must(w.Close(journal.Trailer{State: "splendid"}))
	h = l.header(map[string]any{"seed": 2})
	h.Started, h.Spec = time.Time{}, map[string]any{"free": []string{"x"}, "speed": 3.5, "benchmark": 7}
	w = l.create(h)
	l.log(w, 1, mmibx.Loss, 1)
	l.end(w, mmibx.Done)

	db := l.synced()
	r := l.only(db, "state=failed")
	if r.Finished.IsZero() || time.Since(l.points(db, r.ID, mmibx.Loss)[0].At) > time.Minute {
		t.Errorf("the first run is %+v", r)
	}
	r = l.only(db, "speed>3 and free ~ *x*")
	if r.ID != h.Run || time.Since(r.Started) > time.Minute {
		t.Errorf("the second run is %+v", r)
	}
}

func TestOneBadJournalStopsNoOther(t *testing.T) {
	l := newLab(t)
	run := l.done(nil, mmibx.Loss, 1)
	bad := l.store.Journal("000000000000", 1)
	l.must(os.MkdirAll(filepath.Dir(bad), 0o777))
	l.must(os.WriteFile(bad, []byte("this is a text, not a journal"), 0o600))
	db := l.open()
	if _, err := db.Sync(context.Background()); err == nil || !errors.Is(err, mmibx.ErrUnread) || !strings.Contains(err.Error(), "not a journal") {
		t.Errorf("Sync says %v", err)
	}
	if r := l.only(db, ""); r.ID != run {
		t.Errorf("run is %+v", r)
	}
}

// A journal that was cut in its header waits for the rest: it is no run that was
// lost centuries ago.
func TestJournalCutInItsHeader(t *testing.T) {
	l := newLab(t)
	run := l.done(nil, mmibx.Loss, 1)
	path := l.store.Journal(run, 1)
	blob, err := os.ReadFile(path)
	l.must(err)
	for _, n := range []int{3, 8, 40} {
		l.must(os.WriteFile(path, blob[:n], 0o600))
		db := l.synced()
		if runs := l.runs(db, Query{}); len(runs) != 0 {
			t.Errorf("of %d bytes: %+v", n, runs)
		}
	}
	l.must(os.WriteFile(path, blob, 0o600))
	if r := l.only(l.synced(), ""); r.State != mmibx.Done {
		t.Errorf("run is %+v", r)
	}
}

func TestTestScoresAreSealed(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	w := l.create(h)
	l.must(w.Log(1, mmibx.Metric{Name: "test.f1", Value: 99}, mmibx.Metric{Name: mmibx.DevF1, Value: 80}))
	l.end(w, mmibx.Done)
	db := l.synced()
	if dump := l.dump(db); strings.Contains(dump, "test.f1") || !strings.Contains(dump, mmibx.DevF1) {
		t.Error("a test score is in the database")
	}
}

func TestBusy(t *testing.T) {
	l := newLab(t)
	run := l.done(nil, mmibx.Loss, 1)
	db := l.open()
	w, err := openWrite(l.store.Database(), patient)
	l.must(err)
	defer w.Close()
	tx, err := w.Begin() // takes the write lock
	l.must(err)
	stats := l.sync(db)
	info, err := os.Stat(l.store.Journal(run, 1))
	l.must(err)
	if !stats.Busy || stats.Behind != info.Size() {
		t.Errorf("while another writes: %+v, want %d bytes behind", stats, info.Size())
	}
	l.must(tx.Rollback())
	if stats := l.sync(db); stats.Busy || stats.Points != 1 {
		t.Errorf("after: %+v", stats)
	}
}

func TestReaderOpenAllTheTime(t *testing.T) {
	l := newLab(t)
	l.done(nil, mmibx.Loss, 1)
	db := l.synced()
	rows, err := db.read.Query("SELECT * FROM run")
	l.must(err)
	defer rows.Close()
	if !rows.Next() {
		t.Fatal("no row")
	}
	for seed := 1; seed < 20; seed++ {
		l.done(map[string]any{"seed": seed}, mmibx.Loss, 1)
		if stats := l.sync(db); stats.Busy || stats.Points != 1 {
			t.Fatalf("with a reader: %+v", stats)
		}
	}
	for n := 1; ; n++ {
		if !rows.Next() {
			if n != 1 {
				t.Errorf("the open query sees %d runs, want the one of when it began", n)
			}
			break
		}
	}
}
