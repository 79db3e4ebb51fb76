package tracker

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// ownHeader is that of a run on a benchmark whose folder is not at hand.
func (l *lab) ownHeader(b *mmibx.Benchmark, seed int) journal.Header {
	h := l.header(map[string]any{"seed": seed, "ib.size": 16, "evidence.kind": "pixels"})
	h.Spec["benchmark"] = b.Name
	h.Benchmark = b
	return h
}

// A run of the user's own benchmark has the same rows where the benchmark's
// folder is not at hand: its journal says what must be known.
func TestOwnBenchmarkWithoutItsFolder(t *testing.T) {
	l := newLab(t)
	elsewhere := &mmibx.Benchmark{Name: "elsewhere", Title: "Else Where", Task: mmibx.MRE, Own: true, Evidence: []string{"pixels"}}
	w := l.create(l.ownHeader(elsewhere, 0))
	l.end(w, mmibx.Done)
	broken := &mmibx.Benchmark{Name: "broken", Own: true, Task: "parsing"}
	w = l.create(l.ownHeader(broken, 1))
	l.end(w, mmibx.Done)

	db := l.synced()
	r := l.only(db, "benchmark = elsewhere")
	if !strings.Contains(r.Label, "ib.size=16") || strings.Contains(r.Label, "evidence.kind") {
		t.Errorf("label %q, want what is unusual for the benchmark, whose usual evidence is pixels", r.Label)
	}
	params := l.table(db.read, "(SELECT p.key FROM params p JOIN runs r ON r.id = p.run WHERE r.benchmark = 'elsewhere')")
	if strings.Contains(params, "model.tags") || !strings.Contains(params, "ib.size") {
		t.Errorf("parameters hold what no relation model reads:\n%s", params)
	}
	if b, known := mmibx.LookupBenchmark("elsewhere"); !known || b.Title != "Else Where" {
		t.Errorf("known as %+v", b)
	}
	if _, known := mmibx.LookupBenchmark("broken"); known {
		t.Error("a benchmark without a task of ours is known")
	}
	if l.only(db, "benchmark = broken").Label == "" {
		t.Error("a run of an unknown benchmark has no label")
	}
	before := l.dump(db)
	if after := l.dump(l.remake()); after != before {
		t.Errorf("made again:\n%s\nwant\n%s", after, before)
	}
}

// A program that reads only knows the benchmarks too, as the latest journal
// describes them.
func TestOwnBenchmarkOfAnEarlierSync(t *testing.T) {
	l := newLab(t)
	l.done(nil, mmibx.DevF1, 1)
	l.synced()
	w, err := openWrite(l.store.Database(), patient)
	l.must(err)
	for i, title := range []string{"First", "Last"} {
		body, err := json.Marshal(mmibx.Benchmark{Name: "synced-earlier", Title: title, Task: mmibx.MNER, Own: true, Evidence: []string{"features"}})
		l.must(err)
		_, err = w.Exec("INSERT INTO entry (journal, offset, at, kind, body) SELECT id, ?, ?, 'benchmark', ? FROM journal", 1_000_000+i, time.Now().UnixNano(), string(body))
		l.must(err)
	}
	l.must(w.Close())
	l.open()
	b, known := mmibx.LookupBenchmark("synced-earlier")
	if !known || b.Title != "Last" || b.Task != mmibx.MNER || !slices.Equal(b.Evidence, []string{"features"}) {
		t.Errorf("known as %+v", b)
	}
}

// Create writes what the program knows of a benchmark of the user's own.
func TestJournalDescribesAnOwnBenchmark(t *testing.T) {
	l := newLab(t)
	mmibx.RegisterBenchmark(mmibx.Benchmark{Name: "of-mine", Title: "Of Mine", Task: mmibx.MRE, Own: true, Evidence: []string{"pixels"}})
	h := l.header(nil)
	h.Spec["benchmark"] = "of-mine"
	l.end(l.create(h), mmibx.Done)
	if b := l.described(h); b == nil || b.Title != "Of Mine" {
		t.Errorf("the header describes %+v", b)
	}
	h = l.header(map[string]any{"seed": 1})
	l.end(l.create(h), mmibx.Done)
	if b := l.described(h); b != nil {
		t.Errorf("a built-in benchmark is described: %+v", b)
	}
}

// described is what the written header of a run says of its benchmark.
func (l *lab) described(h journal.Header) (b *mmibx.Benchmark) {
	l.Helper()
	_, err := journal.Read(l.store.Journal(h.Run, 1), 0, func(r journal.Record) error {
		if r.Header != nil {
			b = r.Header.Benchmark
		}
		return nil
	})
	l.must(err)
	return b
}
