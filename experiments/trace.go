package experiments

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// leaveTrace writes the journal of an attempt that failed before its worker did, as
// where the device is not there or libtorch is not found: a run that failed is in the
// store, with its reason. Where the worker had begun, or another process has the run
// meanwhile, nothing is to be done.
func (l *loop) leaveTrace(w *worker, t *task, o mmibx.Outcome, output []string) {
	path := l.Store.Journal(o.Run, o.Attempt)
	if _, err := os.Stat(path); err == nil {
		return
	}
	lock, err := journal.Claim(l.Store.RunLock(o.Run))
	if errors.Is(err, journal.ErrHeld) {
		return
	}
	if err == nil {
		err = errors.Join(l.writeTrace(path, w, t, o, output), lock.Close())
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		l.report(l.event(Warned, t, Event{Lane: w.lane, Attempt: o.Attempt, Text: "its failure is not kept: " + err.Error()}))
	}
}

// writeTrace writes it under the run's lock. An attempt that is lost has no trailer:
// it is to be tried again like one that died later.
func (l *loop) writeTrace(path string, w *worker, t *task, o mmibx.Outcome, output []string) error {
	before, err := lookBack(l.Store, o.Run)
	if err != nil {
		return err
	}
	job := l.job(w, t)
	host, _ := os.Hostname() // provenance: an unknown host is the empty name
	j, err := journal.Create(path, journal.Header{
		Run: job.Run, Arm: job.Arm, Attempt: o.Attempt, Spec: job.Spec, Inputs: job.Inputs, Sweep: job.Sweep,
		ResumeAttempt: before.resume, ResumeStep: before.step, Started: t.started,
		Env: journal.Environment{
			Command: job.Command, Commit: job.Commit, Diff: job.Diff, Host: host, OS: runtime.GOOS + "/" + runtime.GOARCH, Device: job.Device, GPU: job.GPU, Threads: job.Threads,
		},
	})
	if err != nil {
		return err
	}
	err = j.Event(journal.NotBegun, o.Error)
	if o.State != mmibx.Lost {
		return errors.Join(err, j.Close(journal.Trailer{State: o.State, Class: o.Class, Error: o.Error, Output: output, Finished: time.Now()}))
	}
	err = errors.Join(err, j.Abandon())
	// The reader of a lost attempt finds its last words in its own output.
	if own := l.Store.Output(o.Run, o.Attempt); output != nil && journal.LastWords(own, 1) == nil {
		err = errors.Join(err, os.WriteFile(own, []byte(strings.Join(output, "\n")+"\n"), 0o666))
	}
	return err
}
