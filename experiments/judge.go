package experiments

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// ending is a decision of a pruner, as the journal of choices keeps it.
type ending struct {
	Run   string `json:"run"`
	Epoch int    `json:"epoch"`
	Why   string `json:"why"`
}

// curve is the objective of a run after each of its epochs, read from its journals.
type curve struct {
	at    map[int64]float64 // by step; more is better
	read  map[int]int64     // how far the journal of each attempt is read
	whole bool              // the run is final: nothing is added
}

func (c *curve) values() []float64 {
	steps := slices.Sorted(maps.Keys(c.at))
	values := make([]float64, len(steps))
	for i, step := range steps {
		values[i] = c.at[step]
	}
	return values
}

// curveOf reads what is new in the journals of a run.
func (l *loop) curveOf(t *task) (*curve, error) {
	c := l.curves[t.cell.Run]
	if c == nil {
		c = &curve{at: map[int64]float64{}, read: map[int]int64{}}
		l.curves[t.cell.Run] = c
	}
	if c.whole && t.state.Final() { // else it is tried again
		return c, nil
	}
	last, err := journal.LastAttempt(l.Store, t.cell.Run)
	if err != nil {
		return nil, err
	}
	for n := 1; n <= last; n++ {
		next, err := journal.Read(l.Store.Journal(t.cell.Run, n), c.read[n], func(r journal.Record) error {
			for _, m := range r.Metrics {
				if m.Name == l.plan.Objective {
					c.at[r.Step] = l.worth(m.Value)
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		c.read[n] = next
	}
	c.whole = t.state.Final()
	return c, nil
}

// worth is a value of the objective as more is better.
func (l *loop) worth(v float64) float64 {
	if l.plan.Minimize {
		return -v
	}
	return v
}

// judge has the plan's pruner look at the epochs that runs under way have finished
// since, and ends those that do badly. A decision is in the store before the worker
// hears of it; one of an earlier life of the runner holds.
func (l *loop) judge() {
	if l.plan.Pruner == nil || l.stop != nil {
		return
	}
	for _, w := range l.workers {
		t := w.task
		if t == nil || t.spared || t.told {
			continue
		}
		if _, err := os.Stat(l.Store.Journal(t.cell.Run, w.attempt)); err != nil {
			continue // the worker is not at it yet, and would not hear
		}
		l.fails("judging run "+t.cell.Run, l.judgeRun(w, t))
	}
}

func (l *loop) judgeRun(w *worker, t *task) error {
	why := l.doomed[t.cell.Run]
	if why == "" {
		c, err := l.curveOf(t)
		if err != nil {
			return err
		}
		own := c.values()
		var peers []peer
		for t.judged < len(own) && why == "" {
			if peers == nil {
				if peers, err = l.peers(t); err != nil {
					return err
				}
			}
			t.judged++
			pruner := *l.plan.Pruner
			pruner.minimize = l.plan.Minimize
			why = pruner.verdict(own[:t.judged], peers)
		}
		if why == "" {
			return nil
		}
		if err := choose(l.Store, l.plan.Sweep, pruningKind, ending{t.cell.Run, t.judged, why}); err != nil {
			return err
		}
		l.doomed[t.cell.Run] = why
	}
	t.told = true
	return w.say(mmibx.Pruning{Run: t.cell.Run, Why: why})
}

// peers are the other runs of a run's arm on its benchmark that have begun.
func (l *loop) peers(t *task) ([]peer, error) {
	peers := []peer{}
	for _, o := range l.tasks {
		same := o.cell.ArmName == t.cell.ArmName && o.cell.Spec.Benchmark == t.cell.Spec.Benchmark
		if o == t || !same || o.state == mmibx.Queued {
			continue
		}
		c, err := l.curveOf(o)
		if err != nil {
			return nil, err
		}
		peers = append(peers, peer{c.values(), o.state == mmibx.Done})
	}
	return peers, nil
}

// epochs counts those that a run has in its journals: an earlier life of the runner
// has judged them.
func (l *loop) epochs(t *task) int {
	if l.plan.Pruner == nil {
		return 0
	}
	c, err := l.curveOf(t)
	if err != nil {
		return 0 // judged anew then
	}
	return len(c.at)
}

// Settled says whether a state is final here: a run that the pruner of another sweep
// has ended is done by one without a pruner.
func (p *Plan) Settled(s mmibx.State) bool {
	return s.Final() && (s != mmibx.Pruned || p.Pruner != nil)
}

// recall reads which runs the sweep's pruner has decided to end.
func recall(store mmibx.Store, sweep string) (map[string]string, error) {
	doomed := map[string]string{}
	_, err := journal.Read(choicesPath(store, sweep), 0, func(r journal.Record) error {
		if r.Type != journal.TypeEntry || r.Kind != pruningKind {
			return nil
		}
		var e ending
		if err := json.Unmarshal(r.Entry, &e); err != nil {
			return err
		}
		doomed[e.Run] = e.Why
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return doomed, err
}

// choose appends to the journal of a sweep's choices.
func choose(store mmibx.Store, sweep, kind string, what any) error {
	w, err := journal.OpenAppend(choicesPath(store, sweep))
	if err != nil {
		return err
	}
	return errors.Join(w.Entry(kind, what), w.Abandon())
}
