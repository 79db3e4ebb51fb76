package experiments

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
)

// Halt is a run that a runner was told to stop, and how it stands since.
type Halt struct {
	Run   string `json:"run"`
	Sweep string `json:"sweep"` // whose runner had it
	// State is stopped where the run kept a checkpoint or had not begun; another where
	// it ended by itself before it heard, or was not given the time for a checkpoint.
	State mmibx.State `json:"state"`

	ran bool // a worker of this runner was at it
}

// StopRuns tells the runners of sweeps to stop runs, those too that wait in their
// queues, and returns when they have; now kills the workers. A run that no runner
// has is left out. The end of ctx ends the waiting, and not what was told.
func StopRuns(ctx context.Context, store mmibx.Store, sweeps, runs []string, now bool) ([]Halt, error) {
	var told []*halting
	for _, sweep := range sweeps { // all are told before one is waited for: several may have a run
		h, err := startHalting(store, sweep, Order{Verb: Stop, Runs: runs, Now: now})
		if err != nil {
			return nil, err
		}
		if h != nil {
			told = append(told, h)
		}
	}
	byRun := map[string]Halt{}
	for _, h := range told {
		halts, err := h.wait(ctx)
		for _, halt := range halts {
			if known, ok := byRun[halt.Run]; !ok || halt.ran && !known.ran {
				byRun[halt.Run] = halt
			}
		}
		if err != nil {
			return nil, err
		}
	}
	var all []Halt
	for _, run := range runs {
		if halt, ok := byRun[run]; ok {
			all = append(all, halt)
		}
	}
	return all, nil
}

// halting is an order to stop runs that one runner has been given.
type halting struct {
	store  mmibx.Store
	sweep  string
	order  Order
	offset int64           // in the sweep's events, when the order was given
	at     map[string]bool // of its runs, those that workers are at
	heard  bool
	ended  map[string]Halt
}

// startHalting tells the runner of a sweep to stop those of the runs that are in its
// plan; nil where there is no runner, or no such run.
func startHalting(store mmibx.Store, sweep string, o Order) (*halting, error) {
	s, err := Follow(store, sweep)
	if err != nil || !s.Live {
		return nil, err
	}
	plan, err := ReadPlan(store, sweep)
	if err != nil {
		return nil, err
	}
	planned := plan.IDs()
	o.Runs = slices.DeleteFunc(slices.Clone(o.Runs), func(run string) bool { return !slices.Contains(planned, run) })
	if len(o.Runs) == 0 {
		return nil, nil
	}
	h := &halting{store: store, sweep: sweep, order: o, offset: s.offset, at: map[string]bool{}, ended: map[string]Halt{}}
	for _, lane := range s.Lanes {
		h.at[lane.Run] = slices.Contains(o.Runs, lane.Run)
	}
	return h, Tell(store, sweep, o)
}

// wait follows the runner until it has heard and no worker is at the runs any more,
// or it leaves.
func (h *halting) wait(ctx context.Context) ([]Halt, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for alive := true; ; {
		var err error
		if h.offset, err = Events(h.store, h.sweep, h.offset, h.take); err != nil {
			return nil, err
		}
		under := 0
		for _, is := range h.at {
			under += btoi(is)
		}
		if !alive || h.heard && under == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no longer waited for; sweep %s was told to stop %s: %w", h.sweep, strings.Join(h.order.Runs, " "), mmibx.ErrInterrupted)
		case <-tick.C:
		}
		// Asked before the events are read: what it said before it left is then seen.
		if _, alive, err = Running(h.store, h.sweep); err != nil {
			return nil, err
		}
	}
	var halts []Halt
	for _, halt := range h.ended {
		halts = append(halts, halt)
	}
	return halts, nil
}

// take learns from an event; the last word on a run is the one that counts.
func (h *halting) take(e Event) {
	switch {
	case e.Kind == Began: // the lanes were those of a runner that died
		clear(h.at)
	case e.Kind == Told && e.Text == h.order.String():
		h.heard = true
	case !slices.Contains(h.order.Runs, e.Run):
	case e.Kind == Started:
		h.at[e.Run] = true
	case e.Kind == Waiting:
		h.at[e.Run] = false
	case e.Kind == Ended, e.Kind == Retrying:
		h.ended[e.Run] = Halt{Run: e.Run, Sweep: h.sweep, State: e.State, ran: h.at[e.Run] || h.ended[e.Run].ran}
		h.at[e.Run] = false
	}
}
