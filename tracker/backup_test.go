package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// busy is a store that eight runs log to, a person tags and a program syncs, until
// stop. It says how many points of each run a call had returned for.
func busy(l *lab) (runs []string, returned func() []int64, stop func()) {
	var counts [8]atomic.Int64
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	db := l.open()
	again := func(fn func(i int) error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; ctx.Err() == nil; i++ {
				if err := fn(i); err != nil {
					l.Error(err)
					return
				}
			}
		}()
	}
	for n := range counts {
		h := l.header(map[string]any{"seed": n})
		w := l.create(h)
		runs = append(runs, h.Run)
		again(func(i int) error {
			var err error
			if i%50 == 49 {
				a := journal.Artifact{Name: fmt.Sprintf("file.%d", i%500), Step: int64(i)}
				a.SHA256, a.Size, err = PutObject(l.store, strings.NewReader(fmt.Sprint(h.Run, i)))
				err = errors.Join(err, w.Artifact(a))
			}
			err = errors.Join(err, w.Log(int64(i), mmibx.Metric{Name: mmibx.Loss, Value: float64(i)}))
			counts[n].Add(1)
			time.Sleep(100 * time.Microsecond)
			return err
		})
	}
	again(func(i int) error { time.Sleep(5 * time.Millisecond); return Tag(l.store, runs[:1], fmt.Sprint(i)) })
	again(func(int) error {
		time.Sleep(20 * time.Millisecond)
		_, err := db.Sync(context.Background())
		return err
	})
	returned = func() []int64 {
		list := make([]int64, len(counts))
		for i := range counts {
			list[i] = counts[i].Load()
		}
		return list
	}
	return runs, returned, func() { cancel(); wg.Wait() }
}

func TestBackupWhileRunsLog(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	runs, returned, stop := busy(l)
	defer stop()
	for ; returned()[7] < 400; time.Sleep(time.Millisecond) {
	}
	before := returned()
	target := filepath.Join(t.TempDir(), "copy")
	stats, err := Backup(ctx, l.store, target, BackupOptions{})
	l.must(err)
	if returned()[0] == before[0] {
		t.Error("nothing was logged meanwhile")
	}

	c := &lab{t, mmibx.Store(target)}
	db, err := OpenReadOnly(c.store)
	l.must(err)
	if n, err := db.Count(ctx, Query{}); err != nil || n != len(runs) {
		t.Errorf("as copied, the database has %d runs, %v", n, err)
	}
	l.must(db.Close())
	db = c.synced()
	for check, want := range map[string]string{"PRAGMA integrity_check": "[ok]", "PRAGMA foreign_key_check": ""} {
		got := ""
		l.must(db.query(ctx, check, func([]string) error { return nil }, func(v []any) error { got += fmt.Sprint(v); return nil }))
		if got != want {
			t.Errorf("%s: %s", check, got)
		}
	}
	artifacts := 0
	for i, run := range runs {
		points := c.points(db, run, mmibx.Loss)
		if int64(len(points)) < before[i] {
			t.Errorf("run %d: %d points, %d calls had returned", i, len(points), before[i])
		}
		for k, p := range points {
			if p.Step != int64(k) || p.Value != float64(k) {
				t.Fatalf("run %d: point %d is %v", i, k, p)
			}
		}
		files, err := db.Artifacts(ctx, run)
		l.must(err)
		for _, a := range files {
			o, err := OpenObject(c.store, a.SHA256)
			l.must(err)
			_, err = new(bytes.Buffer).ReadFrom(o)
			l.must(errors.Join(err, o.Close()))
			artifacts++
		}
	}
	if artifacts < len(runs) || stats.Files < len(runs)+artifacts || len(stats.Damaged) > 0 {
		t.Errorf("%d artifacts, %+v", artifacts, stats)
	}
	// It is a store: its database can be made again, and it goes on.
	was := c.dump(db)
	l.must(db.Close())
	db = c.remake()
	if now := c.dump(db); now != was {
		t.Error("made again from the copied journals it differs", diff(was, now))
	}
	l.must(Tag(c.store, runs[1:2], "restored"))
	c.sync(db)
	if r := c.only(db, "tag=restored"); r.ID != runs[1] || r.State != mmibx.Lost {
		t.Errorf("%+v", r)
	}
}

func TestBackupTakesAndLeaves(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	run := l.done(nil, mmibx.Loss, 1)
	sha, _, err := PutObject(l.store, strings.NewReader("good"))
	l.must(err)
	bad, _, err := PutObject(l.store, strings.NewReader("bad"))
	l.must(err)
	l.must(os.Chmod(l.store.Object(bad), 0o644))
	l.must(os.WriteFile(l.store.Object(bad), []byte("bat"), 0o644))
	for name, text := range map[string]string{
		"runs/" + run + "/1/best.safetensors": "w", "runs/" + run + "/1/.best.safetensors-123": "half", "runs/" + run + "/lock": "",
		"sweeps/beta/plan.json": `{"cells": []}`, "objects/.incoming-1": "half", "cache/tokens/x": "again", "mmibx.db.schema1": "old",
	} {
		path := filepath.Join(string(l.store), name)
		l.must(os.MkdirAll(filepath.Dir(path), 0o777))
		l.must(os.WriteFile(path, []byte(text), 0o600))
	}
	elsewhere := filepath.Join(t.TempDir(), "runs") // on another disk, say
	l.must(os.Rename(filepath.Join(string(l.store), "runs"), elsewhere))
	l.must(os.Symlink(elsewhere, filepath.Join(string(l.store), "runs")))
	folder := t.TempDir()
	for name, o := range map[string]BackupOptions{"all": {}, "light": {WithoutWeights: true}} {
		target := filepath.Join(folder, name)
		stats, err := Backup(ctx, l.store, target+"/", o)
		l.must(err)
		var files []string
		l.must(filepath.WalkDir(target, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(target, path)
				files = append(files, rel)
			}
			return err
		}))
		want := "objects/" + sha[:2] + "/" + sha + " objects/" + bad[:2] + "/" + bad
		if bad < sha {
			want = "objects/" + bad[:2] + "/" + bad + " objects/" + sha[:2] + "/" + sha
		}
		if name == "all" {
			want += " runs/" + run + "/1/best.safetensors"
		}
		want += " runs/" + run + "/1/journal sweeps/beta/plan.json"
		if got := strings.Join(files, " "); got != want || stats.Files != len(files) || fmt.Sprint(stats.Damaged) != "["+bad+"]" {
			t.Errorf("%s: %s\nwant %s; %+v", name, got, want, stats)
		}
	}
	for want, target := range map[string]string{
		"which holds ":      filepath.Join(folder, "all"),
		"one outside":       filepath.Join(string(l.store), "inside"),
		"make it first":     filepath.Join(folder, "none", "copy"),
		"outside the store": string(l.store) + "/runs/../deeper",
	} {
		if _, err := Backup(ctx, l.store, target, BackupOptions{}); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Backup(cancelled, l.store, filepath.Join(folder, "late"), BackupOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if names, err := os.ReadDir(folder); err != nil || len(names) != 2 {
		t.Errorf("left over: %v, %v", names, err)
	}
}

// orphan is an object that nobody names, as old as garbage.
func (l *lab) orphan(text string) string {
	l.Helper()
	sha, _, err := PutObject(l.store, strings.NewReader(text))
	l.must(err)
	old := time.Now().Add(-2 * youngFor)
	l.must(os.Chtimes(l.store.Object(sha), old, old))
	return sha
}

func TestCollect(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	keep := map[string]string{}
	for name, seed := range map[string]int{"live": 1, "binned": 2, "superseded": 3, "only the database": 4} {
		sha := l.orphan(name)
		h := l.header(map[string]any{"seed": seed})
		w := l.create(h)
		l.must(w.Artifact(journal.Artifact{Name: "predictions.dev", SHA256: sha, Step: 9}))
		l.must(w.Abandon())
		keep[sha] = h.Run
		switch name {
		case "superseded":
			h.Attempt = 2 // anew
			l.end(l.create(h), mmibx.Done)
		case "binned":
			l.must(Remove(l.store, h.Run))
		case "only the database":
			l.must(l.synced().Close())
			l.must(os.RemoveAll(filepath.Dir(l.store.RunLock(h.Run))))
		}
	}
	orphans := []string{l.orphan("one"), l.orphan("two")}
	half := filepath.Join(objects(l.store), incoming+"9")
	l.must(os.WriteFile(half, []byte("hal"), 0o600))
	old := time.Now().Add(-2 * youngFor)
	l.must(os.Chtimes(half, old, old))
	young, _, err := PutObject(l.store, strings.NewReader("just put"))
	l.must(err)
	again := l.orphan("put again")
	_, _, err = PutObject(l.store, strings.NewReader("put again"))
	l.must(err)
	w := l.create(l.header(map[string]any{"seed": 5}))
	l.must(w.Artifact(journal.Artifact{Name: "gone", SHA256: strings.Repeat("0", 64)}))

	there := func(sha string) bool {
		_, err := os.Stat(l.store.Object(sha))
		return err == nil
	}
	for _, dry := range []bool{true, false} {
		c, err := Collect(ctx, l.store, dry, nil)
		l.must(err)
		if len(c.Garbage) != 3 || c.Kept != len(keep) || c.Young != 2 || c.Bytes != int64(len("one")+len("two")+len("hal")) || c.Journals != 5 || len(c.Missing) != 1 {
			t.Errorf("dry %v: %+v", dry, c)
		}
		for _, sha := range orphans {
			if there(sha) != dry {
				t.Errorf("dry %v: object %.12s is there: %v", dry, sha, there(sha))
			}
		}
	}
	for sha := range keep {
		if !there(sha) {
			t.Errorf("the object of run %s is gone", keep[sha])
		}
	}
	if !there(young) || !there(again) {
		t.Error("a young object is gone")
	}
	if c, err := Collect(ctx, l.store, false, nil); err != nil || len(c.Garbage) != 0 {
		t.Errorf("again: %+v, %v", c, err)
	}
}

func TestCollectWithADamagedJournal(t *testing.T) {
	l := newLab(t)
	h := l.header(nil)
	w := l.create(h)
	sha := l.orphan("named in what is damaged")
	l.must(w.Artifact(journal.Artifact{Name: "predictions.dev", SHA256: sha}))
	l.end(w, mmibx.Done)
	path := l.store.Journal(h.Run, 1)
	blob, err := os.ReadFile(path)
	l.must(err)
	at := bytes.Index(blob, []byte(sha))
	blob[at] ^= 1
	l.must(os.WriteFile(path, blob, 0o600))
	c, err := Collect(context.Background(), l.store, false, nil)
	if err == nil || !strings.Contains(err.Error(), path) || len(c.Garbage) != 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := os.Stat(l.store.Object(sha)); err != nil {
		t.Error(err)
	}
}

// Runs put what the store has already as garbage, while that is collected: what
// they name stays.
func TestCollectWhileRunsPut(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	var wg sync.WaitGroup
	const writers, files = 8, 60
	text := func(i int) string { return fmt.Sprint("content ", i) }
	for i := range files {
		l.orphan(text(i))
	}
	for n := range writers {
		w := l.create(l.header(map[string]any{"seed": n}))
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range files {
				sha, size, err := PutObject(l.store, strings.NewReader(text(i)))
				if err := errors.Join(err, w.Artifact(journal.Artifact{Name: text(i), SHA256: sha, Size: size})); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	rounds, removed := 0, 0
	for running := true; running; rounds++ {
		select {
		case <-done:
			running = false
		default:
		}
		c, err := Collect(ctx, l.store, false, nil)
		l.must(err)
		removed += len(c.Garbage)
	}
	c, err := Collect(ctx, l.store, false, nil)
	l.must(err)
	if len(c.Missing) > 0 || c.Kept != files {
		t.Errorf("after %d rounds that removed %d: %d named objects are gone, %d are there", rounds, removed, len(c.Missing), c.Kept)
	}
}
