package experiments

import (
	"slices"
	"time"
)

// utilisation measures how much of the workers' time is put to use.
type utilisation struct {
	busy  time.Duration // of attempts that ended
	slot  time.Duration // of all workers that were wanted, up to since
	since time.Time
}

// slots counts the time up to now, with so many workers wanted.
func (u *utilisation) slots(now time.Time, jobs int) {
	u.slot += time.Duration(jobs) * now.Sub(u.since)
	u.since = now
}

// share is the use up to now, with runs under way since they began, and the time that
// it is of. It is at most 1: where fewer are wanted than before, runs end on workers
// that no longer count.
func (u utilisation) share(now time.Time, jobs int, underWay []time.Time) (used float64, of time.Duration) {
	u.slots(now, jobs)
	for _, began := range underWay {
		u.busy += now.Sub(began)
	}
	if u.slot <= 0 {
		return 0, 0
	}
	return min(1, float64(u.busy)/float64(u.slot)), u.slot
}

// used is the use at a moment after an event, when nothing has happened but that the
// runs under way, so many, went on.
func (e *Event) used(now time.Time, underWay int) float64 {
	if now.Before(e.At) { // the clock went back
		now = e.At
	}
	u := utilisation{busy: time.Duration(e.Utilisation * float64(e.Offered)), slot: e.Offered, since: e.At}
	share, _ := u.share(now, e.Slots, slices.Repeat([]time.Time{e.At}, underWay))
	return share
}
