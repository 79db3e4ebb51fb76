package experiments

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/mmibx/mmibx"
)

// Status is where a sweep stands, as its runner tells: what it is at, how far it
// is, how long it still needs. Scores and states of runs come from the tracker.
type Status struct {
	Sweep  string              `json:"sweep"`
	Live   bool                `json:"live"` // a runner works on it
	Holder Holder              `json:"holder,omitzero"`
	Jobs   int                 `json:"jobs"`
	Slots  int                 `json:"slots"` // on all devices
	Paused bool                `json:"paused"`
	Counts map[mmibx.State]int `json:"counts"`
	Began  time.Time           `json:"began,omitzero"`
	Ended  time.Time           `json:"ended,omitzero"` // zero while it is live
	Left   time.Duration       `json:"left,omitempty"` // estimated
	// Utilisation is that of a runner that lives, up to now.
	Utilisation float64       `json:"utilisation"`
	Spent       time.Duration `json:"spent"`           // by all attempts at runs of the plan
	Hours       float64       `json:"hours,omitempty"` // the budget of it, of the plan
	Lanes       []Event       `json:"lanes"`           // Started, of each run under way
	Last        []Event       `json:"last,omitempty"`  // the latest events, the newest last

	store  mmibx.Store
	offset int64
	lanes  map[int]Event
}

// keepLast is how many events a Status holds on to.
const keepLast = 100

// Follow returns the status of a sweep; Update keeps it fresh.
func Follow(store mmibx.Store, sweep string) (*Status, error) {
	s := &Status{Sweep: sweep, store: store, lanes: map[int]Event{}, Counts: map[mmibx.State]int{}}
	return s, s.Update()
}

// Update reads what happened since. It costs little where nothing did.
func (s *Status) Update() error {
	var err error
	if s.Holder, s.Live, err = Running(s.store, s.Sweep); err != nil {
		return err
	}
	if s.offset, err = Events(s.store, s.Sweep, s.offset, s.take); err != nil {
		return err
	}
	if n := len(s.Last); s.Live && n > 0 {
		s.Utilisation = s.Last[n-1].used(time.Now(), len(s.lanes))
	}
	if !s.Live {
		clear(s.lanes)
		s.Left, s.Paused, s.Utilisation = 0, false, 0
		if s.Ended.IsZero() && len(s.Last) > 0 { // killed: its last sign of life
			s.Ended = s.Last[len(s.Last)-1].At
		}
	}
	s.Lanes = slices.SortedFunc(maps.Values(s.lanes), func(a, b Event) int { return a.Lane - b.Lane })
	return nil
}

func (s *Status) take(e Event) {
	s.Counts, s.Jobs, s.Slots, s.Paused, s.Left, s.Spent = e.Counts, e.Jobs, cmp.Or(e.Slots, e.Jobs), e.Paused, e.Left, e.Spent
	switch e.Kind {
	case Began:
		s.Began, s.Ended = e.At, time.Time{}
		clear(s.lanes)
	case Started:
		s.lanes[e.Lane] = e
	case Ended, Retrying, Waiting:
		if at, ok := s.lanes[e.Lane]; ok && at.Run == e.Run {
			delete(s.lanes, e.Lane)
		}
	case Finished:
		s.Ended = e.At
	}
	s.Last = append(s.Last, e)
	if len(s.Last) > 2*keepLast {
		s.Last = slices.Clone(s.Last[len(s.Last)-keepLast:])
	}
}
