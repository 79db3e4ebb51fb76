package experiments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// streak counts failures in a row that say the same.
type streak struct {
	text string
	n    int
}

func (s *streak) add(text string) int {
	if text != s.text {
		*s = streak{text: text}
	}
	s.n++
	return s.n
}

// hear takes in what a worker's goroutine, or the one that syncs, has to say.
func (l *loop) hear(m message) {
	switch {
	case m.warning != "":
		l.report(Event{Kind: Warned, Text: m.warning})
	case m.outcome != nil:
		l.answered(m.from, *m.outcome)
	default:
		l.gone(m.from, m.end)
	}
}

// fails says of what is done again and again that it fails, and when it does no more.
func (l *loop) fails(what string, err error) bool {
	switch failing := l.failing[what]; {
	case err != nil && !failing:
		l.report(Event{Kind: Warned, Text: what + " fails: " + err.Error()})
	case err == nil && failing:
		l.report(Event{Kind: Warned, Text: what + " works again"})
	}
	if err == nil {
		delete(l.failing, what)
		return false
	}
	l.failing[what] = true
	return true
}

// answered takes in an outcome.
func (l *loop) answered(w *worker, o mmibx.Outcome) {
	t := w.task
	if t == nil || o.Run != t.cell.Run {
		l.report(Event{Kind: Warned, Lane: w.lane, Run: o.Run, Text: "a worker answered what it was not asked"})
		return
	}
	w.task = nil
	w.served++
	if o.Leaves { // what it was given now it would not answer
		w.finish()
	}
	if o.State == mmibx.Running {
		l.attempts--
		if t.unwanted { // stopped while the worker found out who has it
			l.settle(t, mmibx.Stopped)
			l.report(l.event(Ended, t, Event{Lane: w.lane, State: mmibx.Stopped, Text: "taken out of the queue"}))
			return
		}
		l.wait(t, w.lane)
		return
	}
	if o.State == mmibx.Done && o.Attempt == 0 {
		l.attempts--
		l.doneElsewhere(t, w.lane)
		return
	}
	if o.State == mmibx.Done && o.Attempt != w.attempt { // those between were made by others
		l.owing = append(l.owing, o.Run)
	}
	if o.State == mmibx.Failed {
		l.leaveTrace(w, t, o, journal.LastWords(l.Store.Output(o.Run, o.Attempt), 50))
	}
	l.ended(w, t, o)
}

// gone takes in the end of a worker, and of the run that it was at.
func (l *loop) gone(w *worker, end error) {
	l.workers = slices.DeleteFunc(l.workers, func(x *worker) bool { return x == w })
	_ = w.release() // it was opened to be locked: nothing of it is written now
	if t := w.task; t != nil {
		class, text := classify(end)
		output := journal.LastWords(l.Store.Output(t.cell.Run, w.attempt), 50)
		if output == nil && w.served == 0 {
			output = journal.LastWords(l.workerLog(w.lane), 50)
		}
		o := mmibx.Outcome{Run: t.cell.Run, Attempt: w.attempt, State: mmibx.Lost, Class: class, Error: text}
		l.leaveTrace(w, t, o, output)
		if output != nil {
			o.Error += "\n" + strings.Join(output, "\n")
		}
		l.ended(w, t, o)
	}
}

// ended takes in how an attempt went: a run is done, left as it is, or queued
// for another try.
func (l *loop) ended(w *worker, t *task, o mmibx.Outcome) {
	e := Event{Lane: w.lane, Attempt: o.Attempt, State: o.State, Class: o.Class, Text: o.Error}
	if o.Attempt > 0 { // else it did not begin
		e.Took = time.Since(t.started)
		l.charge(t.cell.Run, e.Took)
		l.use.busy += e.Took
	}
	l.settle(t, o.State)
	again := l.stop == nil && o.Class.Retryable() && o.State != mmibx.Stopped && !t.unwanted && t.tries < l.tries()
	switch o.State {
	case mmibx.Done:
		l.streak = streak{}
		l.busy += e.Took
		l.finished++
		delete(l.failures, t.cell.Run)
	case mmibx.Failed, mmibx.Lost:
		if t.unwanted { // killed as asked
			break
		}
		l.failures[t.cell.Run] = l.event(Ended, t, e)
		if n := l.streak.add(string(o.Class) + ": " + mmibx.FirstLine(o.Error)); n >= l.alike() && l.stop == nil {
			again = false
			l.leave(errAlike(n, mmibx.FirstLine(o.Error)))
		}
	case mmibx.Pruned:
		l.streak = streak{}
	case mmibx.Diverged:
		l.failures[t.cell.Run] = l.event(Ended, t, e)
	}
	if again {
		l.settle(t, mmibx.Queued)
		l.enqueue(t)
		l.report(l.event(Retrying, t, e))
		return
	}
	l.report(l.event(Ended, t, e))
}

// lookElsewhere asks, at each tick, about the runs that other processes hold.
func (l *loop) lookElsewhere(ctx context.Context) {
	if len(l.elsewhere) == 0 || l.stop != nil {
		return
	}
	var still, free []*task
	for _, t := range l.elsewhere {
		taken, err := journal.Held(l.Store.RunLock(t.cell.Run))
		if taken || err != nil {
			still = append(still, t)
		} else {
			free = append(free, t)
		}
	}
	l.elsewhere = still
	if len(free) == 0 {
		return
	}
	states, err := l.statesNow(ctx, free)
	if err == nil {
		err = l.reckon(ctx, idsOf(free))
	}
	if l.fails("reading how runs stand that other processes had", err) {
		l.elsewhere = append(l.elsewhere, free...)
		return
	}
	for _, t := range free {
		if s := states[t.cell.Run]; l.plan.Settled(s) {
			l.settle(t, s)
			l.report(l.event(Ended, t, Event{State: s, Text: "by another process"}))
			continue
		}
		l.settle(t, mmibx.Queued)
		l.again(t)
	}
}

func (l *loop) statesNow(ctx context.Context, tasks []*task) (map[string]mmibx.State, error) {
	if err := l.Tracker.Sync(ctx); err != nil && !errors.Is(err, mmibx.ErrUnread) {
		return nil, err
	}
	return l.Tracker.States(ctx, idsOf(tasks))
}

func idsOf(tasks []*task) []string {
	ids := make([]string, len(tasks))
	for i, t := range tasks {
		ids[i] = t.cell.Run
	}
	return ids
}

// obey does what people wrote into the control journal.
func (l *loop) obey() {
	orders, err := l.orders.orders()
	l.fails("reading orders", err)
	for _, o := range orders {
		switch o.Verb {
		case Stop:
			l.stopRuns(o)
		case Pause, Resume:
			l.paused = o.Verb == Pause
		case Jobs:
			l.use.slots(time.Now(), l.slots())
			l.jobs = max(1, o.Jobs)
		case Retry:
			l.retry(o.Runs)
		case First:
			l.prioritize(o)
		default:
			l.report(Event{Kind: Warned, Text: fmt.Sprintf("an order that this runner does not know: %q", o.Verb)})
			continue
		}
		l.report(Event{Kind: Told, Text: o.String()})
	}
}

// stopRuns checkpoints the runs named, or with Now kills them, and takes them out of
// the queue; without names it ends the sweep.
func (l *loop) stopRuns(o Order) {
	if len(o.Runs) == 0 {
		l.leave(stopped("stopped as asked; runs under way kept their checkpoints"))
		if o.Now {
			l.killAll()
		}
		return
	}
	named := func(t *task) bool { return t != nil && slices.Contains(o.Runs, t.cell.Run) }
	for _, w := range l.workers {
		if !named(w.task) {
			continue
		}
		w.task.unwanted = true
		w.finish()
		if o.Now {
			w.kill()
		}
	}
	for _, waiting := range []*[]*task{&l.queue, &l.elsewhere} {
		for _, t := range *waiting {
			if named(t) {
				l.settle(t, mmibx.Stopped)
				l.report(l.event(Ended, t, Event{State: mmibx.Stopped, Text: "taken out of the queue"}))
			}
		}
		*waiting = slices.DeleteFunc(*waiting, named)
	}
}

// retry queues the runs named, or all that ended other than done.
func (l *loop) retry(runs []string) {
	l.streak = streak{}
	for _, t := range l.tasks {
		named := len(runs) == 0 || slices.Contains(runs, t.cell.Run)
		if !named || t.state == mmibx.Done || t.state == mmibx.Queued || t.state == mmibx.Running {
			continue
		}
		t.tries, t.unwanted = 0, false
		l.settle(t, mmibx.Queued)
		l.enqueue(t)
	}
}

// prioritize moves the runs named among those that wait.
func (l *loop) prioritize(o Order) {
	for _, t := range l.tasks {
		if slices.Contains(o.Runs, t.cell.Run) {
			t.priority = o.Priority
		}
	}
	l.enqueue()
}
