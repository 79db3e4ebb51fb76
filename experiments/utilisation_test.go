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

// The time left is that of a run so far, for each that is open, over the workers that
// can be had: a GPU that another sweep has does not count.
func TestTimeLeft(t *testing.T) {
	search := &Search{Points: 5, Seeds: []int{0, 1}, Chosen: make([]Proposal, 4)} // 2 runs are not chosen yet
	for what, c := range map[string]struct {
		finished int
		counts   map[mmibx.State]int
		taken    map[int]bool
		searches []*Search
		want     time.Duration
	}{
		"none has ended":      {0, map[mmibx.State]int{mmibx.Queued: 6}, nil, nil, 0},
		"six for three":       {2, map[mmibx.State]int{mmibx.Queued: 3, mmibx.Running: 2, mmibx.Lost: 1, mmibx.Done: 9, mmibx.Failed: 4}, nil, nil, 20 * time.Second},
		"six for two of them": {2, map[mmibx.State]int{mmibx.Queued: 6}, map[int]bool{1: true}, nil, 30 * time.Second},
		"with those to come":  {2, map[mmibx.State]int{mmibx.Queued: 1}, nil, []*Search{search}, 10 * time.Second},
		"nothing is open":     {2, map[mmibx.State]int{mmibx.Done: 6}, nil, nil, 0},
	} {
		l := &loop{plan: &Plan{Searches: c.searches}, counts: c.counts, taken: c.taken, finished: c.finished, busy: time.Duration(c.finished) * 10 * time.Second, jobs: 2, cpus: true, gpus: make([]GPU, 1)}
		if got := l.left(); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}
