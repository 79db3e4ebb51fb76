package experiments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// patience is how long a worker without work may take to exit.
const patience = 10 * time.Second

// loop is one life of a runner. One goroutine owns it: it hears the workers,
// the clock, the control journal and the two signals in turn.
type loop struct {
	*Runner
	plan     *Plan
	orders   *control
	events   *journal.Writer
	began    time.Time
	messages chan message

	tasks     []*task
	byRun     map[string]*task
	values    map[string]float64 // of the objective, by run
	exhausted map[*Search]bool   // of which no further point is found
	curves    map[string]*curve  // by run, for the pruner
	doomed    map[string]string  // runs that the pruner has decided to end, and why
	queue     []*task            // to be started, in order: see enqueue
	elsewhere []*task            // held by another process
	workers   []*worker          // processes that live, in order of lane
	jobs      int                // workers wanted at once on the processor
	gpus      []GPU              // those that runs of the plan are for
	failing   map[string]bool    // what failed when it was done last
	taken     map[int]bool       // lanes whose GPU another process has
	cpus      bool               // runs of the plan are for the processor
	paused    bool               // start nothing more
	stop      error              // why the runner is leaving, nil while it is not
	streak    streak             // of failures
	counts    map[mmibx.State]int
	failures  map[string]Event // by run
	attempts  int
	busy      time.Duration            // of attempts that ended done
	finished  int                      // how many did
	spent     map[string]time.Duration // by attempts that ended, by run
	total     time.Duration            // of spent
	owing     []string                 // runs done of which spent lacks what others made
	used      bool                     // the budget of hours is, and people know
	use       utilisation
}

// task is a cell on its way.
type task struct {
	cell     *Cell
	state    mmibx.State
	priority int // a person's wish: higher starts earlier
	tries    int // attempts in this life
	started  time.Time
	judged   int  // epochs that the pruner has seen
	told     bool // to end, in this attempt
	spared   bool // the pruner ended it before, and it is to run all the same
	unwanted bool // a person stopped it, in this attempt
}

// enqueue queues runs, behind those that wait with the same priority.
func (l *loop) enqueue(tasks ...*task) {
	l.queue = append(l.queue, tasks...)
	slices.SortStableFunc(l.queue, func(a, b *task) int { return cmp.Compare(b.priority, a.priority) })
}

// again queues a run that was its turn, before those that wait with the same priority.
func (l *loop) again(t *task) {
	l.queue = slices.Insert(l.queue, 0, t)
	l.enqueue()
}

// takeUp learns where every run stands and queues those that are not final.
func (l *loop) takeUp(ctx context.Context) error {
	// What the plan's own runs say is read again before each starts: a damaged
	// journal somewhere in the store is no reason to start nothing.
	unread := l.syncNow(ctx)
	if unread != nil && !errors.Is(unread, mmibx.ErrUnread) {
		return unread
	}
	if err := l.takeUpFrom(ctx, 0); err != nil {
		return err
	}
	l.report(Event{Kind: Began, Text: l.plan.Sweep})
	if unread != nil {
		l.report(Event{Kind: Warned, Text: unread.Error()})
	}
	return nil
}

// takeUpFrom makes tasks of the plan's cells from a place on.
func (l *loop) takeUpFrom(ctx context.Context, place int) error {
	ids := l.plan.IDs()[place:]
	states, err := l.Tracker.States(ctx, ids)
	if err != nil {
		return err
	}
	priorities, err := l.Tracker.Priorities(ctx, ids)
	if err != nil {
		return err
	}
	if err := l.reckon(ctx, ids); err != nil {
		return err
	}
	var due []*task
	for i := range l.plan.Cells[place:] {
		t := &task{cell: &l.plan.Cells[place+i], state: mmibx.Queued}
		t.priority = priorities[t.cell.Run]
		if s := states[t.cell.Run]; l.plan.Settled(s) {
			t.state = s
		} else {
			due = append(due, t)
		}
		l.tasks = append(l.tasks, t)
		l.byRun[t.cell.Run] = t
		l.counts[t.state]++
	}
	l.enqueue(due...)
	return nil
}

// work runs until nothing is left to do, or the runner is told to leave.
func (l *loop) work(ctx context.Context) error {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	asked, kill := ctx.Done(), l.Kill
	for {
		if err := l.propose(ctx); err != nil {
			l.leave(err)
		}
		if err := l.start(); err != nil {
			l.leave(err)
		}
		if len(l.workers) == 0 && (l.stop != nil || l.used || len(l.queue)+len(l.elsewhere) == 0 && !l.searching()) {
			return cmp.Or(l.stop, l.shortfall())
		}
		select {
		case m := <-l.messages:
			l.hear(m)
		case <-tick.C:
			l.obey()
			l.judge()
			l.lookElsewhere(ctx)
			l.lookAtGPUs()
			l.settleUp(ctx)
		case <-asked:
			asked = nil
			l.leave(stopped("stopped, runs under way kept their checkpoints"))
		case <-kill:
			kill = nil
			l.leave(stopped("stopped at once"))
			l.killAll()
		}
	}
}

// leave ends the input of all workers: they checkpoint and exit.
func (l *loop) leave(why error) {
	if l.stop == nil {
		l.stop = why
	}
	for _, w := range l.workers {
		w.finish()
	}
}

func (l *loop) killAll() {
	for _, w := range l.workers {
		w.kill()
	}
}

// start gives queued runs to workers that are idle or new.
func (l *loop) start() error {
	for l.stop == nil && !l.paused {
		i := l.next()
		if i < 0 || !l.affords() {
			break
		}
		t := l.queue[i]
		l.queue = slices.Delete(l.queue, i, i+1)
		before, ready, err := l.ready(t)
		if err != nil { // its folder is damaged or out of reach: others may be well
			l.ended(&worker{}, t, mmibx.Outcome{Run: t.cell.Run, State: mmibx.Failed, Class: mmibx.FailIO, Error: err.Error()})
			continue
		}
		if !ready {
			continue
		}
		w, err := l.workerFor(t)
		if errors.Is(err, journal.ErrHeld) { // another lane may be free, or will be
			t.tries--
			l.again(t)
			continue
		}
		if err != nil {
			return err
		}
		l.give(w, t, before)
	}
	l.letGo()
	return nil
}

// letGo ends the input of workers that there is nothing for, and those that do
// not leave after that.
func (l *loop) letGo() {
	idle := l.busyWorkers() == 0 && (l.used || len(l.queue)+len(l.elsewhere) == 0 && !l.searching())
	for _, w := range l.workers {
		if w.task == nil && (idle || l.idleGPU(w) || w.lane > len(l.gpus)+l.jobs || w.threads != threads(l.slots())) {
			w.finish()
		}
		if w.task == nil && w.closed && time.Since(w.closedAt) > patience {
			w.kill()
		}
	}
}

func (l *loop) busyWorkers() (n int) {
	for _, w := range l.workers {
		n += btoi(w.task != nil)
	}
	return n
}

// ready says whether a run can start here and now, and what came before.
func (l *loop) ready(t *task) (past, bool, error) {
	t.tries++
	taken, err := journal.Held(l.Store.RunLock(t.cell.Run))
	if err != nil {
		return past{}, false, err
	}
	if taken {
		l.wait(t, 0)
		return past{}, false, nil
	}
	before, err := lookBack(l.Store, t.cell.Run)
	if err == nil && before.done { // by a runner of another sweep, since we looked
		l.doneElsewhere(t, 0)
	}
	return before, !before.done, err
}

// wait puts a run aside until the process that holds it lets go. The lane is
// that of the worker that found it so, 0 for none.
func (l *loop) wait(t *task, lane int) {
	t.tries--
	l.elsewhere = append(l.elsewhere, t)
	l.settle(t, mmibx.Running)
	l.report(l.event(Waiting, t, Event{Lane: lane, State: mmibx.Running, Text: "another process holds it"}))
}

// doneElsewhere takes in that another sweep's runner has done a run. The lane is that
// of the worker that found it so, 0 for none.
func (l *loop) doneElsewhere(t *task, lane int) {
	l.owing = append(l.owing, t.cell.Run)
	l.settle(t, mmibx.Done)
	l.report(l.event(Ended, t, Event{Lane: lane, State: mmibx.Done, Text: "done by another sweep"}))
}

// workerLog is what the latest worker of a lane printed between jobs.
func (l *loop) workerLog(lane int) string {
	return filepath.Join(l.Store.Sweep(l.plan.Sweep), fmt.Sprintf("worker-%d.log", lane))
}

// give hands a run to a worker.
func (l *loop) give(w *worker, t *task, before past) {
	job := l.job(w, t)
	before.fit(&job)
	w.task, w.attempt = t, job.Attempt
	t.started, t.told, t.unwanted = time.Now(), false, false
	t.spared, t.judged = t.spared || before.pruned, l.epochs(t)
	l.attempts++
	l.settle(t, mmibx.Running)
	e := Event{Lane: w.lane, Attempt: job.Attempt, State: mmibx.Running}
	if w.gpu != nil {
		e.Device = w.gpu.Device
	}
	l.report(l.event(Started, t, e))
	_ = w.say(job) // a worker that is gone says so by its end
}

// job is what a worker is asked to do, but for what the run's attempts say.
func (l *loop) job(w *worker, t *task) mmibx.Job {
	job := l.Job
	job.Run, job.Arm, job.Sweep, job.Store = t.cell.Run, t.cell.Arm, l.plan.Sweep, l.Store
	job.Spec, job.Inputs = t.cell.Spec.Values(), l.plan.Inputs[t.cell.Input]
	job.Threads, job.Device = w.threads, l.deviceOf(t)
	if w.gpu != nil {
		job.GPU = w.gpu.Device
	}
	return job
}

// settle moves a run to a state and keeps the counts.
func (l *loop) settle(t *task, s mmibx.State) {
	l.counts[t.state]--
	l.counts[s]++
	t.state = s
}

// report completes an event, keeps it and shows it.
func (l *loop) report(e Event) {
	e.At = time.Now()
	e.Counts = l.standing()
	e.Left, e.Jobs, e.Slots, e.Paused, e.Spent = l.left(), l.jobs, l.slots(), l.paused, l.spentSoFar()
	e.Utilisation, e.Offered = l.use.share(e.At, l.slots(), l.underWaySince())
	if err := l.events.Entry(string(e.Kind), e); err != nil && !errors.Is(err, os.ErrClosed) && e.Kind != Warned {
		l.report(Event{Kind: Warned, Text: "the events are not kept: " + err.Error()})
	}
	if l.Report != nil {
		l.Report(e)
	}
}

// standing is the counts without the states that no run is in.
func (l *loop) standing() map[mmibx.State]int {
	counts := maps.Clone(l.counts)
	maps.DeleteFunc(counts, func(_ mmibx.State, n int) bool { return n == 0 })
	return counts
}

func (l *loop) event(kind EventKind, t *task, e Event) Event {
	e.Kind, e.Run, e.ArmName, e.Label = kind, t.cell.Run, t.cell.ArmName, t.cell.Label
	e.Benchmark, e.Seed = t.cell.Spec.Benchmark, t.cell.Spec.Seed
	return e
}

// left estimates how long the rest takes, from the runs that this life has done.
func (l *loop) left() time.Duration {
	if l.finished == 0 {
		return 0
	}
	each := l.busy / time.Duration(l.finished)
	open := l.counts[mmibx.Queued] + l.counts[mmibx.Running] + l.counts[mmibx.Lost] + l.plan.Open()
	return each * time.Duration(open) / time.Duration(max(1, l.slots()-len(l.taken)))
}

func (l *loop) summary() Summary {
	s := Summary{Counts: l.standing(), Attempts: l.attempts, Took: time.Since(l.began), Spent: l.spentSoFar()}
	for _, t := range l.tasks { // in the order of the plan
		if e, ok := l.failures[t.cell.Run]; ok && t.state != mmibx.Done {
			s.Failures = append(s.Failures, e)
		}
	}
	return s
}
