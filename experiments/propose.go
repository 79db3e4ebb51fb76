package experiments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments/search"
)

// propose has adaptive searches choose further points where workers would idle. A
// point is in the store before any of its runs starts.
func (l *loop) propose(ctx context.Context) error {
	for l.stop == nil && !l.paused && l.next() < 0 {
		open := l.open()
		s := l.nextSearch(func(s *Search) bool { return open[cmp.Or(s.Device, l.Job.Device)] })
		if s == nil || !l.affords() {
			return nil
		}
		if err := l.extend(ctx, s); err != nil {
			return fmt.Errorf("choose the next point of arm %q: %w", s.ArmName, err)
		}
	}
	return nil
}

// nextSearch is the search that chooses next: of those within their budget that with
// the fewest points under way, so that a choice knows as much as can be, and of those
// the one that is least far; nil where none is left. Those that may not are left out.
func (l *loop) nextSearch(may func(*Search) bool) *Search {
	var open []*Search
	for _, s := range l.plan.Searches {
		if len(s.Chosen) < s.Points && !l.exhausted[s] && may(s) {
			open = append(open, s)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return slices.MinFunc(open, func(a, b *Search) int {
		return cmp.Or(cmp.Compare(l.underWay(a), l.underWay(b)), cmp.Compare(len(a.Chosen), len(b.Chosen)))
	})
}

// searching says whether a search within its budget may choose further points.
func (l *loop) searching() bool {
	return l.nextSearch(func(*Search) bool { return true }) != nil
}

// underWay counts the points of a search that have a run which is not final.
func (l *loop) underWay(s *Search) (n int) {
	for _, c := range s.Chosen {
		n += btoi(slices.ContainsFunc(c.Runs, func(run string) bool { return !l.byRun[run].state.Final() }))
	}
	return n
}

// extend has a search choose a point, keeps it, and queues its runs.
func (l *loop) extend(ctx context.Context, s *Search) error {
	seen, err := l.seen(ctx, s)
	if err != nil {
		return err
	}
	x, err := l.plan.expansion(l.Inputs)
	if err != nil {
		return err
	}
	at, err := s.propose(x, seen)
	if err != nil {
		return err
	}
	if at == nil {
		l.exhausted[s] = true
		l.report(Event{Kind: Warned, Text: fmt.Sprintf("arm %q: no further point of its space is found after %d of %d", s.ArmName, len(s.Chosen), s.Points)})
		return nil
	}
	before := len(l.plan.Cells)
	p, err := x.extend(s, at)
	if err != nil {
		return err
	}
	p.Search = s.ID
	if err := choose(l.Store, l.plan.Sweep, proposalKind, p); err != nil {
		return err
	}
	if err := l.plan.grown(l.Store); err != nil {
		return err
	}
	if err := l.takeUpFrom(ctx, before); err != nil {
		return err
	}
	l.tellDevice(s, p.Runs)
	return nil
}

// tellDevice says of a point that an arm for another device has chosen too, or has
// anyway, that its runs are done on that one. Of what a plan begins with it is refused.
func (l *loop) tellDevice(s *Search, runs []string) {
	for _, run := range runs {
		t := l.byRun[run]
		if want, is := cmp.Or(s.Device, l.Job.Device), l.deviceOf(t); want != is {
			l.report(l.event(Warned, t, Event{Text: fmt.Sprintf("arm %q has chosen it for %s, and it is one of arm %q, on %s: it is done there, once", s.ArmName, want, t.cell.ArmName, is)}))
		}
	}
}

// seen are the points of a search with what they are worth: the mean of the
// objective over seeds. One with a failed run, and one that is under way, counts as
// worse than any other: the next is not to be chosen beside it.
func (l *loop) seen(ctx context.Context, s *Search) ([]search.Seen, error) {
	if err := l.learn(ctx, s); err != nil {
		return nil, err
	}
	var all []search.Seen
	for _, c := range s.Chosen {
		loss := 0.0
		for _, run := range c.Runs {
			v, ok := l.values[run]
			if !ok || !mmibx.Finite(v) {
				v = math.Inf(1)
			} else if !l.plan.Minimize {
				v = -v
			}
			loss += v / float64(len(c.Runs))
		}
		all = append(all, search.Seen{At: c.At, Loss: loss})
	}
	return all, nil
}

// learn reads the objective of a search's runs that are done and not known yet.
func (l *loop) learn(ctx context.Context, s *Search) error {
	var fresh []string
	for _, c := range s.Chosen {
		for _, run := range c.Runs {
			if _, known := l.values[run]; !known && l.byRun[run].state == mmibx.Done {
				fresh = append(fresh, run)
			}
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := l.syncNow(ctx); err != nil && !errors.Is(err, mmibx.ErrUnread) {
		return err
	}
	values, err := l.Tracker.Values(ctx, fresh, l.plan.Objective)
	if err != nil {
		return err
	}
	for _, run := range fresh {
		v, ok := values[run]
		if !ok {
			v = math.NaN() // done, and without the metric
		}
		l.values[run] = v
	}
	return nil
}
