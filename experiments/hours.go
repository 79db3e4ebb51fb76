package experiments

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mmibx/mmibx"
)

// Budgeted is the budget of run time of a plan, 0 where it has none.
func (p *Plan) Budgeted() time.Duration { return time.Duration(p.Hours * float64(time.Hour)) }

// reckon reads what attempts at runs have taken so far, whoever made them: before this
// runner began, or while another process had them.
func (l *loop) reckon(ctx context.Context, runs []string) error {
	spent, err := l.Tracker.Spent(ctx, runs)
	for run, took := range spent {
		l.charge(run, took-l.spent[run])
	}
	return err
}

// settleUp reckons the runs that others did since this runner looked. What cannot be
// read now is asked for again at the next tick, and when the runner leaves.
func (l *loop) settleUp(ctx context.Context) {
	if len(l.owing) == 0 {
		return
	}
	err := l.Tracker.Sync(ctx)
	if err == nil || errors.Is(err, mmibx.ErrUnread) {
		err = l.reckon(ctx, l.owing)
	}
	if !l.fails("reading what other sweeps spent on runs of this one", err) {
		l.owing = nil
	}
}

// charge adds to what a run has taken.
func (l *loop) charge(run string, took time.Duration) {
	l.spent[run] += took
	l.total += took
}

// spentSoFar is that of attempts under way too.
func (l *loop) spentSoFar() time.Duration {
	now, sum := time.Now(), l.total
	for _, began := range l.underWaySince() {
		sum += now.Sub(began)
	}
	return sum
}

// underWaySince is when each run under way was given to its worker.
func (l *loop) underWaySince() []time.Time {
	var all []time.Time
	for _, w := range l.workers {
		if w.task != nil {
			all = append(all, w.task.started)
		}
	}
	return all
}

// affords says whether the budget of hours lets a further run begin. Those under way
// go on to their end.
func (l *loop) affords() bool {
	budget := l.plan.Budgeted()
	if !l.used && budget > 0 && l.spentSoFar() >= budget {
		l.used = true
		l.report(Event{Kind: Warned, Text: fmt.Sprintf("the budget of %g hours is used up: %d runs are not begun", l.plan.Hours, l.unbegun())})
	}
	return !l.used
}

// unbegun counts the runs that wait, and those that are not chosen yet.
func (l *loop) unbegun() int {
	n := len(l.queue) + len(l.elsewhere)
	if l.searching() {
		n += l.plan.Open()
	}
	return n
}

// shortfall is why a sweep ends with runs that the budget of hours did not pay for.
func (l *loop) shortfall() error {
	if !l.used || l.unbegun() == 0 {
		return nil
	}
	return fmt.Errorf("sweep %s: %w: %g hours; %d runs are not begun; with more `hours` in [budget] the same command goes on from here", l.plan.Sweep, mmibx.ErrBudget, l.plan.Hours, l.unbegun())
}
