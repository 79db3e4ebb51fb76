package experiments

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Tracker is what the runner asks of the store's database. It is asked when the
// runner starts and about runs that others hold; between, outcomes are enough.
type Tracker interface {
	// States says where runs stand. A run that it leaves out is queued.
	States(ctx context.Context, runs []string) (map[string]mmibx.State, error)
	// Priorities are those of runs that people gave one.
	Priorities(ctx context.Context, runs []string) (map[string]int, error)
	// Spent is the time of all attempts at runs, whoever made them, by run.
	Spent(ctx context.Context, runs []string) (map[string]time.Duration, error)
	// Values are a metric of dev of those runs that are done and have it, at the epoch
	// that stands for each: the best by dev.f1.
	Values(ctx context.Context, runs []string, metric string) (map[string]float64, error)
	// Sync brings the database up to the journals; where it could not, because
	// others write to it, that is an error. Journals that cannot be read, of
	// whatever runs, are mmibx.ErrUnread: all others are in the database.
	Sync(ctx context.Context) error
}

// Runner has the runs of a plan done by worker processes on this machine.
type Runner struct {
	Store   mmibx.Store
	Tracker Tracker
	// Inputs are the digests of what a spec reads; for plans with an adaptive sampler.
	Inputs InputsFunc
	// Worker is the program and the arguments that start a worker (see Serve).
	Worker []string
	// Job holds what all jobs have in common: device, data folder, provenance.
	Job mmibx.Job
	// Jobs is how many workers run at once on the processor, at least 1.
	Jobs int
	// GPUs have a worker each, where runs of the plan are for cuda, but for those that
	// another process has. The threads of the machine are divided among all workers.
	GPUs []GPU
	// Tries bounds the attempts at one run in this life of the runner, where
	// trying again can help; 0: 3.
	Tries int
	// Alike stops the sweep after this many failures in a row that say the same;
	// 0: 5.
	Alike int
	// Report, where set, is given every event. It is called by one goroutine.
	Report func(Event)
	// Kill, when closed, ends the workers at once. The end of Run's context
	// ends them tidily.
	Kill <-chan struct{}
}

// Summary is how a sweep stands when its runner leaves.
type Summary struct {
	Counts   map[mmibx.State]int `json:"counts"`
	Attempts int                 `json:"attempts"` // made by this runner
	Took     time.Duration       `json:"took"`
	Spent    time.Duration       `json:"spent"`              // by all attempts at runs of the plan, in other lives too
	Failures []Event             `json:"failures,omitempty"` // the last of each run that failed or diverged
}

// Run freezes the plan and works until all of its runs are done or have failed
// for good. It returns mmibx.ErrInterrupted when it was stopped, journal.ErrHeld when
// another runner has the sweep, and no error when runs failed: see the summary.
func (r *Runner) Run(ctx context.Context, plan *Plan) (Summary, error) {
	began := time.Now()
	// Before it can be seen to run: an order that comes then is not one to its predecessor.
	orders, err := newControl(r.Store, plan.Sweep)
	if err != nil {
		return Summary{}, err
	}
	lock, err := hold(r.Store, plan.Sweep, r.Job.Command)
	if err != nil {
		return Summary{}, err
	}
	defer lock.Close()
	if err := plan.TakeUp(r.Store, r.Inputs); err != nil {
		return Summary{}, err
	}
	news, err := r.freeze(plan)
	if err != nil {
		return Summary{}, err
	}
	events, err := journal.OpenAppend(eventsPath(r.Store, plan.Sweep))
	if err != nil {
		return Summary{}, err
	}
	defer events.Abandon() //nolint:errcheck // the events are for people; results are elsewhere

	l := r.newLoop(plan, orders, events, began)
	if err := l.takeSlots(); err != nil {
		return Summary{}, err
	}
	if l.doomed, err = recall(r.Store, plan.Sweep); err != nil {
		return Summary{}, err
	}
	if err := l.takeUp(ctx); err != nil {
		return Summary{}, err
	}
	if news != "" {
		l.report(Event{Kind: Warned, Text: news})
	}
	syncing, stopSync := context.WithCancel(context.WithoutCancel(ctx))
	synced := make(chan struct{})
	go func() {
		defer close(synced)
		l.keepSynced(syncing)
	}()
	err = l.work(ctx)
	stopSync()
	<-synced
	if syncErr := r.syncNow(context.WithoutCancel(ctx)); syncErr != nil {
		l.report(Event{Kind: Warned, Text: "the database is behind the journals: " + syncErr.Error()})
	}
	l.settleUp(context.WithoutCancel(ctx))
	l.report(Event{Kind: Finished, Took: time.Since(began), Text: errorText(err)})
	return l.summary(), err
}

// newLoop is a loop that has yet to take up its plan.
func (r *Runner) newLoop(plan *Plan, orders *control, events *journal.Writer, began time.Time) *loop {
	return &loop{
		Runner: r, plan: plan, orders: orders, events: events, began: began, jobs: max(1, r.Jobs),
		messages: make(chan message, 64), counts: map[mmibx.State]int{}, failures: map[string]Event{},
		values: map[string]float64{}, byRun: map[string]*task{}, exhausted: map[*Search]bool{}, curves: map[string]*curve{}, spent: map[string]time.Duration{}, failing: map[string]bool{}, taken: map[int]bool{}, use: utilisation{since: began},
	}
}

// freeze saves the plan and says how it differs from the sweep's last one: the
// file may have been edited, or a preset of a newer program may have moved.
func (r *Runner) freeze(plan *Plan) (news string, err error) {
	old, err := ReadPlan(r.Store, plan.Sweep)
	if err == nil && old.Hash != plan.Hash {
		d := plan.Diff(old)
		news = fmt.Sprintf("the plan of sweep %s has changed: %s", plan.Sweep, d.Counts())
	}
	if err != nil && !errors.Is(err, mmibx.ErrNotFound) {
		return "", err
	}
	return news, plan.Save(r.Store)
}

// keepSynced reads the journals into the database up to four times a second, and
// less often where that takes long.
func (l *loop) keepSynced(ctx context.Context) {
	const pause = 250 * time.Millisecond
	behind := false
	for wait := pause; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		start := time.Now()
		err := l.Tracker.Sync(ctx)
		wait = max(pause, 10*time.Since(start)) // a tenth of a core at most
		if ctx.Err() != nil || (err != nil) == behind {
			continue
		}
		behind = err != nil
		warning := "the database is up to the journals again"
		if behind {
			warning = "the database is behind the journals: " + err.Error()
		}
		select {
		case l.messages <- message{warning: warning}:
		case <-ctx.Done():
		}
	}
}

// syncNow insists: others may keep the database busy for a while.
func (r *Runner) syncNow(ctx context.Context) error {
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if err = r.Tracker.Sync(ctx); err == nil || ctx.Err() != nil || errors.Is(err, mmibx.ErrUnread) {
			break
		}
	}
	return err
}

func (r *Runner) tries() int {
	if r.Tries > 0 {
		return r.Tries
	}
	return 3
}

func (r *Runner) alike() int {
	if r.Alike > 0 {
		return r.Alike
	}
	return 5
}

// threads divides the processors among the workers.
func threads(jobs int) int { return max(1, runtime.GOMAXPROCS(0)/jobs) }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// errAlike stops a sweep whose runs fail one after another in the same way.
func errAlike(n int, text string) error {
	return fmt.Errorf("stopped: %d runs in a row failed alike: %s", n, text)
}

// stopped is how Run returns when a person ended it.
func stopped(how string) error { return fmt.Errorf("%s: %w", how, mmibx.ErrInterrupted) }
