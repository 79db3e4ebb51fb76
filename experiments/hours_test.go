package experiments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// When the hours are used up no further run begins, whoever spent them; those under
// way end, and with more hours the rest is done.
func TestBudgetOfHours(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "hours", 4)
	plan.Hours = 1e-6 // less than a run takes: 8 steps of a millisecond
	run := func(hours float64, counts map[mmibx.State]int, attempts, unbegun int) {
		t.Helper()
		plan.Hours = hours
		var warned string
		r := fakeRunnerOf(store, 1)
		r.Report = func(e Event) {
			if e.Kind == Warned && strings.Contains(e.Text, "hours") {
				warned = e.Text
			}
		}
		s, err := r.Run(context.Background(), plan)
		for state, n := range counts {
			if s.Counts[state] != n {
				t.Errorf("%g hours: %v, want %v", hours, s.Counts, counts)
			}
		}
		if s.Attempts != attempts || s.Spent <= 0 {
			t.Errorf("%g hours: %d attempts, want %d; %s spent", hours, s.Attempts, attempts, s.Spent)
		}
		if unbegun == 0 && (err != nil || warned != "") {
			t.Errorf("%g hours: %v, warned %q", hours, err, warned)
		}
		want := fmt.Sprintf("%d runs are not begun", unbegun)
		if unbegun > 0 && (!errors.Is(err, mmibx.ErrBudget) || !strings.Contains(err.Error(), want) || !strings.Contains(warned, "hours is used up: "+want)) {
			t.Errorf("%g hours: %v, warned %q", hours, err, warned)
		}
	}
	run(1e-6, map[mmibx.State]int{mmibx.Done: 1, mmibx.Queued: 3}, 1, 3)
	run(1e-6, map[mmibx.State]int{mmibx.Done: 1, mmibx.Queued: 3}, 0, 3)
	status, err := Follow(store, "hours")
	if err != nil || status.Spent.Hours() < 1e-6 {
		t.Errorf("status: %s spent, %v", status.Spent, err)
	}
	run(1000, map[mmibx.State]int{mmibx.Done: 4}, 3, 0)
	run(1e-6, map[mmibx.State]int{mmibx.Done: 4}, 0, 0) // nothing is left to pay for
	verify(t, store, plan)
}

// A search whose hours run out again and again chooses what an unbroken one does: a
// point is chosen when its first run can begin.
//
// Each life is granted twice what the one before was, on top of what the journals say:
// the runner's own count has the starts of workers in it, which the next life cannot
// know of. A run takes at least 8 ms on any machine, and the first grant is 4 ms: six
// lives together begin 1+1+2+4+8+16 runs at most, of 48.
func TestAdaptiveSweepWithinHours(t *testing.T) {
	const points = 12
	text := adaptiveText(points, "")
	whole, store := mustPlan(t, text), newStore(t)
	mustRun(t, fakeRunnerOf(store, 1), whole)
	broken, lives := newStore(t), 0
	for spent, grant := time.Duration(0), 4*time.Millisecond; ; lives++ {
		plan := mustPlan(t, text)
		plan.Hours = (spent + grant).Hours()
		s, err := fakeRunnerOf(broken, 1).Run(context.Background(), plan)
		if err == nil {
			checkBudget(t, broken, plan, points)
			if plan.Hash != whole.Hash {
				d := plan.Diff(whole)
				t.Errorf("other points: %s", d.Counts())
			}
			break
		}
		if !errors.Is(err, mmibx.ErrBudget) {
			t.Fatal(err)
		}
		if n := s.Counts[mmibx.Queued] + plan.Open(); n != 4*points-s.Counts[mmibx.Done] {
			t.Errorf("%d runs are left of %d, %v done", n, 4*points, s.Counts)
		}
		spent, grant = spentOn(t, broken, plan), 2*grant
	}
	if lives < 6 {
		t.Errorf("the hours ran out %d times", lives)
	}
}

// Runs that another sweep does after this runner has looked are in what it says to be
// spent, whether it finds them done or its worker does, and no attempts of its own.
func TestHoursOfOtherSweepsMeanwhile(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "late", 4)
	ids := plan.IDs()
	meanwhile := func(run string) { // it takes others an hour
		t.Helper()
		began := time.Now().Add(-time.Hour)
		w, err := journal.Create(store.Journal(run, 1), journal.Header{Run: run, Attempt: 1, Sweep: "other", Started: began})
		if err == nil {
			err = w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r := fakeRunnerOf(store, 1)
	r.Worker = append([]string{"sh", "-c", `until [ -e "$0" ]; do sleep 0.01; done; exec "$@"`, string(store) + "/go"}, r.Worker...)
	r.Report = func(e Event) {
		if e.Kind == Started && e.Run == ids[0] { // its worker is not up yet
			meanwhile(ids[0])
			meanwhile(ids[2])
			if err := writeFile(string(store)+"/go", nil); err != nil {
				t.Error(err)
			}
		}
	}
	s := mustRun(t, r, plan)
	if s.Counts[mmibx.Done] != 4 || s.Attempts != 2 || s.Spent < 2*time.Hour {
		t.Errorf("%+v", s)
	}
	if status, err := Follow(store, plan.Sweep); err != nil || status.Spent < 2*time.Hour || status.Spent > 3*time.Hour {
		t.Errorf("status: %s spent, %v", status.Spent, err)
	}
}

// spentOn is the time of all attempts at a plan's runs, as the journals have it.
func spentOn(t *testing.T, store mmibx.Store, plan *Plan) (sum time.Duration) {
	t.Helper()
	spent, err := fakeTracker{store: store}.Spent(t.Context(), plan.IDs())
	if err != nil {
		t.Fatal(err)
	}
	for _, took := range spent {
		sum += took
	}
	return sum
}

func TestHoursOfSweepFiles(t *testing.T) {
	const text = "name = \"x\"\nbenchmarks = [\"mini-mnre\"]\n[budget]\nhours = %s\n[base]\nmodel = \"text\"\n"
	for typed, want := range map[string]float64{"2": 2, "0.25": 0.25} {
		if plan := mustPlan(t, fmt.Sprintf(text, typed)); plan.Hours != want {
			t.Errorf("hours = %s reads as %g", typed, plan.Hours)
		}
	}
	for _, typed := range []string{"0", "-1", "nan", "inf", `"2h"`, "1e9"} {
		if _, err := Parse("x.toml", fmt.Appendf(nil, text, typed)); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "x.toml:4: budget.hours: found") {
			t.Errorf("hours = %s: %v", typed, err)
		}
	}
}

// What cannot be read is said once, and once when it can be read again.
func TestFailureIsSaidOnce(t *testing.T) {
	store, plan := newStore(t), testPlan(t, "locked", 2)
	events, err := journal.OpenAppend(eventsPath(store, plan.Sweep))
	if err != nil {
		t.Fatal(err)
	}
	defer events.Abandon() //nolint:errcheck // read by nobody
	var said []string
	r, locked := fakeRunnerOf(store, 1), &lockedTracker{Tracker: fakeTracker{store: store}}
	r.Tracker, r.Report = locked, func(e Event) { said = append(said, e.Text) }
	l := r.newLoop(plan, nil, events, time.Now())
	for i := range plan.Cells {
		l.tasks = append(l.tasks, &task{cell: &plan.Cells[i], state: mmibx.Running})
	}
	for range 2 { // and again, once it was well
		l.owing, l.elsewhere, said = plan.IDs(), l.tasks, nil
		for _, locked.err = range []error{errors.New("the database is locked"), errors.New("the database is locked"), nil, nil} {
			l.settleUp(t.Context())
			l.lookElsewhere(t.Context())
		}
		const spent, stand = "reading what other sweeps spent on runs of this one", "reading how runs stand that other processes had"
		want := []string{spent + " fails: the database is locked", stand + " fails: the database is locked", spent + " works again", stand + " works again"}
		if !slices.Equal(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
		if l.owing != nil || len(l.elsewhere) != 0 || len(l.queue) == 0 {
			t.Errorf("it still waits: %v, %v", l.owing, l.elsewhere)
		}
		l.queue = nil
	}
}

// lockedTracker cannot be brought up to date while it has an error.
type lockedTracker struct {
	Tracker
	err error
}

func (l *lockedTracker) Sync(context.Context) error { return l.err }
