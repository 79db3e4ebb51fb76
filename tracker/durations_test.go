package tracker

import (
	"context"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Only runs that are done in one attempt say how long a run takes.
func TestDurations(t *testing.T) {
	l := newLab(t)
	run := func(seed, attempts int, state mmibx.State, imported *journal.Imported) journal.Header {
		h := l.header(map[string]any{"seed": seed, "train.epochs": 3, "train.precision": "bfloat16"})
		h.Env.Threads, h.Imported = 2, imported
		for h.Attempt = 1; h.Attempt <= attempts; h.Attempt++ {
			h.Started = time.Unix(1000, 0)
			w := l.create(h)
			s := state
			if h.Attempt < attempts {
				s = mmibx.Stopped
			}
			l.must(w.Close(journal.Trailer{State: s, Finished: time.Unix(1090, 0)}))
		}
		return h
	}
	h := run(0, 1, mmibx.Done, nil)
	run(1, 2, mmibx.Done, nil)
	run(2, 1, mmibx.Diverged, nil)
	run(3, 1, mmibx.Done, &journal.Imported{Split: mmibx.Test, Source: "x"})
	got, err := l.synced().Durations(context.Background())
	l.must(err)
	want := Duration{
		Arm: h.Arm, Benchmark: "mini-mnre", Model: "mmib", Encoder: "small", Evidence: "grid", Precision: "bfloat16", Threads: 2, Epochs: 3, Took: 90 * time.Second,
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want only %+v", got, want)
	}
}
