package experiments

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// past is what the folder of a run says about its attempts.
type past struct {
	next    int   // number of the next attempt
	resume  int   // attempt whose last checkpoint to go on from; 0: anew
	step    int64 // of that checkpoint
	threads int   // of that attempt: going on with others would change the result's bits
	done    bool  // an attempt has finished the run
	pruned  bool  // a pruner has ended an attempt
}

// lookBack reads a run's attempts, the newest first. The journals are the
// truth, so this needs no database and is right however far behind one is.
func lookBack(store mmibx.Store, run string) (past, error) {
	last, err := journal.LastAttempt(store, run)
	p := past{next: last + 1}
	if err != nil {
		return p, err
	}
	resumable := true
	for n := last; n > 0; n-- {
		a, err := readAttempt(store, run, n)
		if err != nil {
			return p, err
		}
		if a.state == mmibx.Done {
			return past{next: p.next, done: true}, nil
		}
		p.pruned = p.pruned || a.state == mmibx.Pruned
		resumable = resumable && a.resumable
		if p.resume == 0 && resumable && a.checkpoint {
			p.resume, p.step, p.threads = n, a.step, a.threads
		}
	}
	return p, nil
}

type attempt struct {
	state      mmibx.State // of its trailer; Lost without one
	resumable  bool        // it ended by no fault of the spec
	checkpoint bool
	step       int64 // of the last checkpoint
	threads    int
}

func readAttempt(store mmibx.Store, run string, n int) (attempt, error) {
	a, begun := attempt{state: mmibx.Lost, resumable: true}, true
	_, err := journal.Read(store.Journal(run, n), 0, func(r journal.Record) error {
		switch r.Type {
		case journal.TypeHeader:
			a.threads = r.Header.Env.Threads
		case journal.TypeCheckpoint:
			_, err := os.Stat(filepath.Join(store.Attempt(run, n), r.Text))
			a.checkpoint = a.checkpoint || err == nil
			a.step = r.Step
		case journal.TypeEvent:
			begun = begun && r.Kind != journal.NotBegun
		case journal.TypeTrailer:
			a.state = r.Trailer.State
			a.resumable = !begun || a.state == mmibx.Stopped || a.state == mmibx.Pruned || r.Trailer.Class.Retryable()
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) { // its worker died before the first record
		return a, nil
	}
	return a, err
}

// fit sets what a job has to know of the attempts before it.
func (p past) fit(job *mmibx.Job) {
	job.Attempt, job.Resume = p.next, p.resume
	if p.threads > 0 {
		job.Threads = p.threads
	}
}
