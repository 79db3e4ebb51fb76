package experiments

import (
	"math"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

func TestUtilisation(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	u := utilisation{since: start}
	share := func(seconds, jobs int, underWay []time.Time, want float64) {
		t.Helper()
		if got, _ := u.share(at(seconds), jobs, underWay); math.Abs(got-want) > 1e-9 {
			t.Errorf("after %d s: %g, want %g", seconds, got, want)
		}
	}
	share(0, 2, nil, 0)
	share(10, 2, []time.Time{at(5)}, 5.0/20)
	u.busy = 10 * time.Second // two runs of five seconds
	share(10, 2, nil, 10.0/20)
	u.slots(at(10), 2)
	share(20, 4, []time.Time{at(10), at(10)}, 30.0/60) // of which looking changes nothing
	share(20, 4, []time.Time{at(10), at(10)}, 30.0/60)
	u.slots(at(10), 4)
	share(20, 1, []time.Time{at(0), at(0), at(0)}, 1)
}

// The use goes on between events: an hour after one worker of two got the first run,
// after ten seconds without any, it is nearly half, and not the nothing of then.
func TestUtilisationSinceAnEvent(t *testing.T) {
	store := newStore(t)
	w, err := journal.OpenAppend(eventsPath(store, "long"))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-time.Hour)
	if err := w.Entry("", Event{Kind: Started, At: began, Run: "one", Lane: 1, Slots: 2, Offered: 20 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if err := w.Abandon(); err != nil {
		t.Fatal(err)
	}
	lock, err := hold(store, "long", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	s, err := Follow(store, "long")
	if want := 3600.0 / (2*3600 + 20); err != nil || math.Abs(s.Utilisation-want) > 0.001 {
		t.Errorf("%g, want %g (%v)", s.Utilisation, want, err)
	}
	last := Event{At: began, Slots: 2, Utilisation: 0.5, Offered: time.Minute}
	if got := last.used(began.Add(30*time.Second), 2); math.Abs(got-90.0/120) > 1e-9 {
		t.Errorf("half a minute of both workers after half of one: %g", got)
	}
}

// Two workers with one run are busy for half of the time at most.
func TestUtilisationOfASweep(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "40ms")
	store, plan := newStore(t), testPlan(t, "use", 1)
	r := fakeRunnerOf(store, 2)
	var last Event
	r.Report = func(e Event) {
		if e.Kind == Ended {
			last = e
		}
	}
	mustRun(t, r, plan)
	if last.State != mmibx.Done || last.Utilisation <= 0 || last.Utilisation > 0.5 {
		t.Errorf("utilisation %g of two workers with one run", last.Utilisation)
	}
	if s, err := Follow(store, "use"); err != nil || s.Utilisation != 0 {
		t.Errorf("without a runner: %g, %v", s.Utilisation, err)
	}
}
