package tracker

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestOldDatabases opens a database of each released schema.
func TestOldDatabases(t *testing.T) {
	for version := 1; version <= SchemaVersion; version++ {
		name := filepath.Join("testdata", fmt.Sprintf("v%d.db", version))
		if *update && version == SchemaVersion {
			writeOldDatabase(t, name)
		}
		blob, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		l := newLab(t)
		l.must(os.MkdirAll(string(l.store), 0o777))
		l.must(os.WriteFile(l.store.Database(), blob, 0o600))
		db := l.open()
		if v, err := userVersion(context.Background(), db.read); err != nil || v != SchemaVersion {
			t.Errorf("%s: schema %d after opening, %v", name, v, err)
		}
		r := l.only(db, "model=text and dev.f1>79 and tag=paper")
		if r.State != mmibx.Done || *r.DevF1 != 80.5 || r.Seed != 3 || r.Note != "kept" || r.Sweeps[0] != "beta" {
			t.Errorf("%s: %+v", name, r)
		}
		if got := l.series(db, r.ID, mmibx.Loss); got != "1:2.5 2:NaN 3:-Inf" {
			t.Errorf("%s: points are %s", name, got)
		}
		if _, err := os.Stat(fmt.Sprintf("%s.schema%d", l.store.Database(), version)); version < SchemaVersion && err != nil {
			t.Errorf("%s was not kept: %v", name, err)
		}
	}
}

func writeOldDatabase(t *testing.T, name string) {
	l := newLab(t)
	h := l.header(map[string]any{"model": "text", "seed": 3})
	w := l.create(h)
	for step, v := range map[int64]string{1: "2.5", 2: "NaN", 3: "-Inf"} {
		var x float64
		_, err := fmt.Sscan(v, &x)
		l.must(err)
		l.log(w, step, mmibx.Loss, x)
	}
	l.log(w, 3, mmibx.DevF1, 80.5)
	l.must(w.Artifact(journal.Artifact{Name: "predictions.dev", SHA256: strings.Repeat("ab", 32), Size: 3, Step: 3}))
	l.end(w, mmibx.Done)
	l.must(Tag(l.store, []string{h.Run}, "paper"))
	l.must(Note(l.store, []string{h.Run}, "kept"))
	l.synced()
	l.must(os.MkdirAll(filepath.Dir(name), 0o777))
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	w2, err := openWrite(l.store.Database(), patient)
	l.must(err)
	defer w2.Close()
	_, err = w2.Exec("PRAGMA page_size = 512; VACUUM INTO ?", name)
	l.must(err)
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	l := newLab(t)
	l.must(l.open().Close())
	w, err := openWrite(l.store.Database(), patient)
	l.must(err)
	_, err = w.Exec("PRAGMA user_version = 99")
	l.must(errors.Join(err, w.Close()))
	for name, open := range map[string]func(mmibx.Store) (*DB, error){"Open": Open, "OpenReadOnly": OpenReadOnly} {
		_, err := open(l.store)
		var newer *VersionError
		if !errors.As(err, &newer) || newer.Found != 99 || !strings.Contains(err.Error(), "use the newer mmibx") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMigration(t *testing.T) {
	l := newLab(t)
	run := l.done(nil, mmibx.Loss, 1)
	l.must(l.synced().Close())
	path := l.store.Database()
	scripts, err := migrations()
	l.must(err)
	next := append(scripts, "ALTER TABLE run ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")

	if err := prepare(path, append(next, "ALTER TABLE nothing ADD COLUMN x")); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("migration %d", len(next)+1)) {
		t.Errorf("a migration that fails: %v", err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := prepare(path, next); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w, err := openWrite(path, patient)
	l.must(err)
	defer w.Close()
	var name, colour string
	var version int
	l.must(w.QueryRow("SELECT name, colour, (SELECT user_version FROM pragma_user_version) FROM run").Scan(&name, &colour, &version))
	if name != run || colour != "red" || version != len(next) {
		t.Errorf("after: %s %s, schema %d", name, colour, version)
	}
	copied, err := os.Stat(fmt.Sprintf("%s.schema%d", path, len(scripts)))
	l.must(err)
	if info, err := os.Stat(path); err != nil || info.Mode() != copied.Mode() {
		t.Errorf("the copy has mode %v, the database %v, %v", copied.Mode(), info.Mode(), err)
	}
	old, err := openWrite(fmt.Sprintf("%s.schema%d", path, len(scripts)), patient)
	l.must(err)
	defer old.Close()
	if err := old.QueryRow("SELECT name FROM run").Scan(&name); err != nil || name != run {
		t.Errorf("the copy holds %s, %v", name, err)
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	l := newLab(t)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			db, err := Open(l.store)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestReadOnly(t *testing.T) {
	l := newLab(t)
	if _, err := OpenReadOnly(l.store); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no database: %v", err)
	}
	run := l.done(nil, mmibx.Loss, 1)
	l.must(l.synced().Close())
	l.must(os.Chmod(string(l.store), 0o500))
	t.Cleanup(func() { _ = os.Chmod(string(l.store), 0o700) })
	db, err := OpenReadOnly(l.store)
	l.must(err)
	defer db.Close()
	if r := l.only(db, ""); r.ID != run {
		t.Errorf("run is %+v", r)
	}
	if _, err := db.Sync(context.Background()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Sync: %v", err)
	}
	if _, err := db.Exec(context.Background(), "DELETE FROM run"); !errors.Is(err, ErrReadOnly) {
		t.Errorf("Exec: %v", err)
	}
	for _, query := range []string{"DELETE FROM point", "PRAGMA query_only=off; DELETE FROM point", "DROP TABLE run", "ATTACH 'x.db' AS x; CREATE TABLE x.y (z)"} {
		err := db.SQL(context.Background(), query, func([]string) error { return nil }, func([]any) error { return nil })
		if n := len(l.points(db, run, mmibx.Loss)); n != 1 {
			t.Fatalf("%s wrote: %v", query, err)
		}
		if err == nil {
			t.Errorf("%s is no error", query)
		}
	}
	if _, err := os.Stat("x.db"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a query made another database: %v", err)
	}
}

func TestClosedDatabaseIsOneFile(t *testing.T) {
	l := newLab(t)
	l.done(nil, mmibx.Loss, 1)
	l.must(l.synced().Close())
	for _, end := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(l.store.Database() + end); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", end, err)
		}
	}
}

func TestStrangeFolderNames(t *testing.T) {
	for _, name := range []string{"a b", "a?b#c%41&d", "ünïcode", "it's"} {
		l := &lab{t, mmibx.Store(filepath.Join(t.TempDir(), name))}
		l.done(nil, mmibx.Loss, 1)
		if r := l.only(l.synced(), ""); r.State != mmibx.Done {
			t.Errorf("%s: %+v", name, r)
		}
		if _, err := os.Stat(l.store.Database()); err != nil {
			t.Error(err)
		}
	}
}

func TestNetworkFileSystem(t *testing.T) {
	if kind := networkFileSystem(t.TempDir()); kind != "" {
		t.Errorf("the temporary folder is on %s", kind)
	}
	err := &NetworkError{"/home/x", "NFS"}
	for _, part := range []string{"/home/x is on NFS", "local disk (--store)", "made again from the journals"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: does not say %q", err, part)
		}
	}
}

func TestPeople(t *testing.T) {
	l := newLab(t)
	ctx := context.Background()
	a := l.done(map[string]any{"seed": 1}, mmibx.Loss, 1)
	h := l.header(map[string]any{"seed": 2})
	w := l.create(h)
	l.must(w.Close(journal.Trailer{State: mmibx.Failed, Class: mmibx.FailError, Error: "boom", Finished: time.Now()}))
	b := h.Run

	l.must(Tag(l.store, []string{a, b, "not yet there"}, "x", "y"))
	l.must(Untag(l.store, []string{b}, "y"))
	l.must(Note(l.store, []string{a}, "first"))
	l.must(Note(l.store, []string{a}, "second"))
	l.must(Prioritize(l.store, 5, b))
	l.must(Remove(l.store, a))
	l.must(Retry(l.store, b))
	l.must(RecordLook(l.store, Look{What: "table --split test", Arms: []string{"arm"}}))
	if err := Retry(l.store, "unknown"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("retry of an unknown run: %v", err)
	}
	l.must(SaveList(l.store, List{Name: "best", Sort: "-dev.f1"}))
	l.must(SaveList(l.store, List{Name: "old"}))
	l.must(SaveList(l.store, List{Name: "best", Filter: "state=done", Columns: []string{"ib.size"}, ByArm: true}))
	l.must(SaveList(l.store, List{Name: "old", Gone: true}))
	db := l.synced()
	if lists, err := db.Lists(ctx); err != nil || fmt.Sprint(lists) != "[{best state=done  [ib.size] true false}]" {
		t.Errorf("saved lists are %v, %v", lists, err)
	}
	if r := l.only(db, ""); r.ID != b || r.State != mmibx.Queued || fmt.Sprint(r.Tags) != "[x]" || r.Priority != 5 {
		t.Errorf("b is %+v", r)
	}
	bin := l.runs(db, Query{Binned: true})
	if len(bin) != 1 || bin[0].ID != a || bin[0].Note != "second" || len(bin[0].Tags) != 2 {
		t.Errorf("the bin holds %+v", bin)
	}
	if states, err := db.States(ctx, []string{a, b}); err != nil || states[a] != mmibx.Done || states[b] != mmibx.Queued {
		t.Errorf("states are %v, %v", states, err)
	}
	if looks := l.table(db.read, "looks"); strings.Count(looks, "table --split test") != 1 {
		t.Errorf("looks are %s", looks)
	}
	before := l.dump(db)
	db = l.remake()
	if after := l.dump(db); before != after {
		t.Error("the database made again differs", diff(before, after))
	}

	h.Attempt = 2 // what was asked for
	l.end(l.create(h), mmibx.Done)
	l.must(Restore(l.store, a))
	l.sync(db)
	if got := len(l.runs(db, Query{Filter: "state=done"})); got != 2 {
		t.Errorf("%d runs are done and out of the bin, want 2", got)
	}
}

func TestEventsAndArtifacts(t *testing.T) {
	l := newLab(t)
	ctx := context.Background()
	h := l.header(nil)
	w := l.create(h)
	l.must(w.Event("epoch", "1 of 2"))
	l.must(w.Artifact(journal.Artifact{Name: "predictions.dev", SHA256: "11", Step: 10}))
	l.must(w.Artifact(journal.Artifact{Name: "predictions.dev", SHA256: "22", Step: 20}))
	l.must(w.Checkpoint(15, "checkpoint-15"))
	l.must(w.Abandon())
	h.Attempt, h.ResumeAttempt, h.ResumeStep, h.Started = 2, 1, 15, time.Now()
	w = l.create(h)
	l.must(w.Artifact(journal.Artifact{Name: "predictions.test", SHA256: "33", Step: 25}))
	l.end(w, mmibx.Done)
	c, err := journal.OpenAppend(filepath.Join(l.store.Sweep("beta"), "control"))
	l.must(err)
	l.must(errors.Join(c.Event("paused", "by hand"), c.Abandon()))
	c, err = journal.OpenAppend(filepath.Join(l.store.Sweep("beta"), "events"))
	l.must(err)
	l.must(errors.Join(c.Entry("warned", map[string]any{"text": "slow disk"}), c.Entry("started", map[string]any{"run": h.Run}), c.Abandon()))

	db := l.synced()
	artifacts, err := db.Artifacts(ctx, h.Run)
	l.must(err)
	var names []string
	for _, a := range artifacts {
		names = append(names, fmt.Sprint(a.Name, a.SHA256, a.Attempt))
	}
	if got := strings.Join(names, " "); got != "predictions.dev111 predictions.test332" {
		t.Errorf("artifacts are %s: what came after the checkpoint does not count", got)
	}
	events, err := db.Events(ctx, EventQuery{Sweep: "beta"})
	l.must(err)
	seen := map[string]int{}
	for i, e := range events {
		seen[e.Kind+" "+e.Text]++
		if i > 0 && e.At.After(events[i-1].At) {
			t.Errorf("event %d is later than the one before it", i)
		}
	}
	for _, want := range []string{"started ", "started attempt 2 from step 15", "epoch 1 of 2", "lost " + vanished, "done ", "paused by hand", "warned slow disk"} {
		if seen[want] != 1 {
			t.Errorf("%q is there %d times among %v", want, seen[want], seen)
		}
	}
	if limited, err := db.Events(ctx, EventQuery{Run: h.Run, Limit: 2}); err != nil || len(limited) != 2 || limited[0].Kind != "done" {
		t.Errorf("the last two are %v, %v", limited, err)
	}
	if none, err := db.Events(ctx, EventQuery{After: time.Now()}); err != nil || len(none) != 0 {
		t.Errorf("after now: %v, %v", none, err)
	}
}

func TestPlanMembership(t *testing.T) {
	l := newLab(t)
	a, b := l.done(map[string]any{"seed": 1}, mmibx.Loss, 1), l.done(map[string]any{"seed": 2}, mmibx.Loss, 1)
	plan := filepath.Join(l.store.Sweep("second"), "plan.json")
	l.must(os.MkdirAll(filepath.Dir(plan), 0o777))
	l.must(os.WriteFile(plan, []byte(`{"sweep":"second","cells":[{"run":"`+a+`"},{"run":"new"}]}`), 0o600))
	db := l.synced()
	if r := l.runs(db, Query{Sweep: "second"}); len(r) != 1 || r[0].ID != a || fmt.Sprint(r[0].Sweeps) != "[beta second]" {
		t.Errorf("the sweep has %+v", r)
	}
	l.must(os.WriteFile(plan, []byte(`{"sweep":"second","cells":[{"run":"`+a+`"},{"run":"`+b+`"}]}`), 0o600))
	l.sync(db)
	if r := l.runs(db, Query{Sweep: "second"}); len(r) != 2 {
		t.Errorf("after the plan grew: %+v", r)
	}
}

func TestObjects(t *testing.T) {
	l := newLab(t)
	const hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	for range 2 {
		sha, size, err := PutObject(l.store, strings.NewReader("hello"))
		if err != nil || sha != hello || size != 5 {
			t.Errorf("put %s, %d, %v", sha, size, err)
		}
	}
	read := func() (string, error) {
		r, err := OpenObject(l.store, hello)
		l.must(err)
		defer r.Close()
		blob, err := io.ReadAll(r)
		return string(blob), err
	}
	if s, err := read(); err != nil || s != "hello" {
		t.Errorf("read %q, %v", s, err)
	}
	if left, err := filepath.Glob(filepath.Join(string(l.store), "objects", ".incoming*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	for _, sha := range []string{strings.Repeat("0", 64), "../../etc/passwd", "", strings.Repeat("G", 64)} {
		if _, err := OpenObject(l.store, sha); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("object %q: %v", sha, err)
		}
	}
	l.must(os.Chmod(l.store.Object(hello), 0o600))
	l.must(os.WriteFile(l.store.Object(hello), []byte("hellO"), 0o600))
	if _, err := read(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged object reads: %v", err)
	}
}
