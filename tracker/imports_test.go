package tracker

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// prediction is an import of one seed of a made-up system.
func prediction(seed int, text string) Import {
	return Import{
		System: "UMT (released code)", Benchmark: "mini-mnre", Seed: seed,
		Imported:    journal.Imported{Split: mmibx.Dev, Source: "f478ee6, run by us", File: "umt.jsonl", Format: "jsonl"},
		Inputs:      mmibx.Inputs{Data: map[string]string{"valid.txt": "aa"}},
		Original:    []byte("as it came: " + text),
		Predictions: []byte(text),
		Scores:      []mmibx.Metric{{Name: mmibx.DevF1, Value: 61.5}},
		Env:         journal.Environment{Host: "here"},
	}
}

func (l *lab) add(db *DB, m Import) string {
	l.Helper()
	run, added, err := db.AddImport(context.Background(), m)
	l.must(err)
	if !added {
		l.Errorf("run %s was there", run)
	}
	l.sync(db)
	return run
}

func TestImportIsARunThatIsDone(t *testing.T) {
	l := newLab(t)
	own := l.done(nil, mmibx.DevF1, 70)
	db := l.synced()
	run := l.add(db, prediction(3, "one"))

	r := l.only(db, "imported=dev and source~'f478*' and dev.f1>61 and seed=3")
	if r.ID != run || r.State != mmibx.Done || r.Model != "UMT (released code)" || r.Benchmark != "mini-mnre" || !strings.Contains(r.Label, "imported for dev") {
		t.Errorf("%+v", r)
	}
	if r := l.only(db, "imported is missing"); r.ID != own {
		t.Errorf("a run of our own is %+v", r)
	}
	d, err := db.Run(context.Background(), run)
	l.must(err)
	if *d.Imported != prediction(3, "").Imported || d.Inputs.Data["valid.txt"] != "aa" {
		t.Errorf("%+v, %v", d.Imported, d.Inputs)
	}
	files := map[string]string{}
	for _, f := range d.Artifacts {
		o, err := OpenObject(l.store, f.SHA256)
		l.must(err)
		text, err := io.ReadAll(o)
		l.must(errors.Join(err, o.Close()))
		files[f.Name] = string(text)
	}
	if len(files) != 2 || files["imported.jsonl"] != "as it came: one" || files["predictions.dev"] != "one" {
		t.Errorf("artifacts %v", files)
	}
	before := l.dump(db)
	l.must(db.Close())
	if after := l.dump(l.remake()); after != before {
		t.Errorf("made again from the journals:\n%s\nbefore:\n%s", after, before)
	}
}

func TestImportTwice(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	db := l.open()
	first := l.add(db, prediction(0, "one"))
	if run, added, err := db.AddImport(ctx, prediction(0, "one")); run != first || added || err != nil {
		t.Errorf("the same again: %s %v %v", run, added, err)
	}
	if _, _, err := db.AddImport(ctx, prediction(0, "two")); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), first) {
		t.Errorf("other predictions with the seed: %v", err)
	}
	second := l.add(db, prediction(1, "two"))
	l.must(Remove(l.store, first))
	l.sync(db)
	if _, _, err := db.AddImport(ctx, prediction(0, "one")); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "restore "+first) {
		t.Errorf("the same, which is in the bin: %v", err)
	}
	third := l.add(db, prediction(0, "two"))
	arms := map[string]bool{}
	for _, r := range l.runs(db, Query{}) {
		arms[r.Arm] = true
	}
	if len(arms) != 1 || second == third || second == first {
		t.Errorf("two seeds: arms %v, runs %s %s %s", arms, first, second, third)
	}
}

// An import that was cut off by kill -9 is made again as another attempt.
func TestImportThatWasCutOff(t *testing.T) {
	l := newLab(t)
	m := prediction(0, "one")
	w, err := journal.Create(l.store.Journal(m.ID(), 1), journal.Header{
		Run: m.ID(), Arm: m.Arm(), Attempt: 1, Imported: &m.Imported, Spec: map[string]any{"benchmark": m.Benchmark, "seed": 0, "model.name": m.System},
	})
	l.must(err)
	l.must(w.Abandon())
	db := l.synced()
	if r := l.only(db, ""); r.State != mmibx.Lost {
		t.Errorf("before: %s", r.State)
	}
	l.add(db, m)
	if r := l.only(db, ""); r.State != mmibx.Done || r.Attempts != 2 || *r.DevF1 != 61.5 {
		t.Errorf("after: %+v", r)
	}
}

// One that was cut off and put into the bin is not made again there, where nobody
// would see it.
func TestImportThatWasCutOffAndRemoved(t *testing.T) {
	l := newLab(t)
	m := prediction(0, "one")
	w, err := journal.Create(l.store.Journal(m.ID(), 1), journal.Header{
		Run: m.ID(), Arm: m.Arm(), Attempt: 1, Imported: &m.Imported, Spec: map[string]any{"benchmark": m.Benchmark, "seed": 0, "model.name": m.System},
	})
	l.must(err)
	l.must(w.Abandon())
	l.must(Remove(l.store, m.ID()))
	if _, added, err := l.synced().AddImport(context.Background(), m); added || !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "restore "+m.ID()) {
		t.Errorf("added %v: %v", added, err)
	}
}

func TestImportRefuses(t *testing.T) {
	for want, spoil := range map[string]func(*Import){
		"system: found MMIB":           func(m *Import) { m.System = "MMIB" },
		`system: found "a\tb"`:         func(m *Import) { m.System = "a\tb" },
		"system: found umt-style":      func(m *Import) { m.System = "umt-style" },
		`system: found ""`:             func(m *Import) { m.System = "" },
		"seed: found -1":               func(m *Import) { m.Seed = -1 },
		`split: found "train"`:         func(m *Import) { m.Split = mmibx.Train },
		"source: found nothing, expec": func(m *Import) { m.Source = " " },
	} {
		m := prediction(0, "one")
		spoil(&m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
