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

// All attempts count, of a lost or living one what it logged; a clock that went back
// takes nothing away.
func TestSpent(t *testing.T) {
	l := newLab(t)
	begin := func(seed, attempt int, started time.Time) (journal.Header, *journal.Writer) {
		h := l.header(map[string]any{"seed": seed})
		h.Attempt, h.Started = attempt, started
		return h, l.create(h)
	}
	at := time.Unix(1000, 0)
	end := func(w *journal.Writer, state mmibx.State, after time.Duration) {
		l.must(w.Close(journal.Trailer{State: state, Finished: at.Add(after)}))
	}
	h, w := begin(0, 1, at)
	end(w, mmibx.Failed, 30*time.Second)
	_, w = begin(0, 2, at)
	l.must(w.LogAt(at.Add(5*time.Second), 1, mmibx.Metric{Name: mmibx.Loss, Value: 1}))
	l.must(w.Abandon())
	_, w = begin(0, 3, at)
	end(w, mmibx.Done, 60*time.Second)
	back, w := begin(1, 1, at)
	end(w, mmibx.Done, -time.Hour)
	db := l.synced()
	got, err := db.Spent(t.Context(), []string{h.Run, back.Run, "never began"})
	l.must(err)
	if len(got) != 2 || got[back.Run] != 0 || got[h.Run] < 90*time.Second {
		t.Errorf("spent %v", got)
	}
	origins, err := db.Origins(t.Context(), []string{h.Run, back.Run})
	l.must(err)
	if origins[back.Run].Seconds != 0 || origins[h.Run].Seconds < 90 {
		t.Errorf("%g and %g seconds", origins[h.Run].Seconds, origins[back.Run].Seconds)
	}
}

// The value of a run is that of the epoch that was best by dev F1, whatever the metric
// was elsewhere; a run that is not done has none.
func TestValuesAreOfTheBestEpoch(t *testing.T) {
	l := newLab(t)
	run := func(seed int, state mmibx.State, f1 ...float64) string {
		h := l.header(map[string]any{"seed": seed})
		w := l.create(h)
		for i, v := range f1 {
			l.must(w.Log(int64(i), mmibx.Metric{Name: mmibx.DevF1, Value: v}, mmibx.Metric{Name: mmibx.RateImage, Value: 10 * float64(i+1)}))
		}
		l.end(w, state)
		return h.Run
	}
	a, b, c := run(0, mmibx.Done, 60, 80, 70), run(1, mmibx.Diverged, 90), run(2, mmibx.Done)
	db := l.synced()
	for metric, want := range map[string]float64{mmibx.DevF1: 80, mmibx.RateImage: 20} {
		got, err := db.Values(context.Background(), []string{a, b, c, "ffffffffffff"}, metric)
		if err != nil || len(got) != 1 || got[a] != want {
			t.Errorf("%s: %v, %v, want %v of %s alone", metric, got, err, want, a)
		}
	}
}
