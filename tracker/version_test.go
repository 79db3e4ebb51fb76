package tracker

import (
	"testing"

	"github.com/mmibx/mmibx"
)

// The version stands while nobody commits, whatever is asked meanwhile, and differs
// as soon as another program did.
func TestVersion(t *testing.T) {
	l := newLab(t)
	run := l.done(map[string]any{"seed": 0}, mmibx.Loss, 1)
	db := l.synced()
	version := func() int64 {
		t.Helper()
		v, err := db.Version(t.Context())
		l.must(err)
		return v
	}
	first := version()
	l.runs(db, Query{})
	l.sync(db)
	if v := version(); v != first {
		t.Errorf("nothing was committed, and the version went from %d to %d", first, v)
	}
	l.must(Tag(l.store, []string{run}, "paper"))
	l.sync(db)
	second := version()
	if second == first {
		t.Error("a tag was committed, and the version stands")
	}
	l.must(Note(l.store, []string{run}, "again"))
	other := l.open()
	l.sync(other)
	if v := version(); v == second {
		t.Error("another DB committed a note, and the version stands")
	}
}

// The stamp of runs differs where one got another attempt or state, or went into
// the bin; what is logged in between does not change it.
func TestStamp(t *testing.T) {
	l := newLab(t)
	first := l.done(map[string]any{"seed": 0}, mmibx.Loss, 1)
	w := l.create(l.header(map[string]any{"seed": 1}))
	second := l.runs(l.synced(), Query{Filter: "seed=1"})[0].ID
	release := l.claim(second)
	defer release()
	db := l.synced()
	seen := map[string]string{}
	stamp := func(when string) string {
		t.Helper()
		l.sync(db)
		s, err := db.Stamp(t.Context(), []string{first, second})
		l.must(err)
		if other := seen[s]; other != "" {
			t.Errorf("%s the stamp is that of %s", when, other)
		}
		return s
	}
	seen[stamp("at first")] = "the first"
	l.log(w, 1, mmibx.Loss, 2)
	l.sync(db)
	if s, err := db.Stamp(t.Context(), []string{first, second}); err != nil || seen[s] == "" {
		t.Errorf("a point changed the stamp (%v)", err)
	}
	l.end(w, mmibx.Failed)
	seen[stamp("when a run failed")] = "the failure"
	l.must(Retry(l.store, second))
	seen[stamp("when it is due again")] = "the retry"
	l.must(Forgo(l.store, second))
	if states, err := l.synced().States(t.Context(), []string{second}); err != nil || states[second] != mmibx.Failed {
		t.Errorf("when nobody asks for another attempt any more: %v (%v)", states, err)
	}
	l.must(Remove(l.store, first))
	seen[stamp("with a run in the bin")] = "the bin"
	binned, err := db.Binned(t.Context(), []string{first, second})
	if err != nil || !binned[first] || binned[second] {
		t.Errorf("in the bin: %v (%v)", binned, err)
	}
}

// Of what was kept under a name the last counts, and nothing brings back the usual.
func TestHabits(t *testing.T) {
	l := newLab(t)
	for _, v := range []string{"light", "dark"} {
		l.must(SaveHabit(l.store, "theme", v))
	}
	l.must(SaveHabit(l.store, "panel.board", "0.4"))
	l.must(SaveHabit(l.store, "panel.board", ""))
	l.must(decide(l.store, entryHabit, []string{"of another program"}))
	habits, err := l.synced().Habits(t.Context())
	if err != nil || len(habits) != 1 || habits["theme"] != "dark" {
		t.Errorf("%v (%v)", habits, err)
	}
}
