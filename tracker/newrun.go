package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// ErrDone says that the store has the run already.
var ErrDone = errors.New("the run is done")

// ErrRunning says that another process is at the run.
var ErrRunning = errors.New("another process has the run")

// Run is an attempt at a run that this process makes, for Go programs of anybody:
// what they log is listed, drawn, filtered and exported like the runs of the
// laboratory. It opens no database. Its methods may be called from several
// goroutines, and what a call of Log returned for survives the process.
type Run struct {
	ID      string
	Attempt int // from 1

	store mmibx.Store
	w     *journal.Writer
	lock  *os.File
}

// NewRun begins an attempt at a run of a program, in a store that need not exist.
// The parameters are what decides the run: int, float64, string and bool; seed, an
// int, sets runs of one arm apart, and benchmark, a string, has a column in lists.
// A run with the same program and parameters is the same run: it answers ErrDone
// where it is done, ErrRunning where another process makes it, and a further
// attempt counts instead of one that ended badly.
//
// Where the process's folder is in a git work tree, its commit and what was not
// committed there when the first run in the store began are kept with the run, as
// KeepSource does.
func NewRun(store mmibx.Store, program string, params map[string]any) (*Run, error) {
	if err := checkOwn(program, params); err != nil {
		return nil, err
	}
	run := &Run{ID: ownID(program, params), store: store}
	var err error
	if run.lock, err = journal.Claim(store.RunLock(run.ID)); err != nil {
		if errors.Is(err, journal.ErrHeld) {
			err = ErrRunning
		}
		return nil, fmt.Errorf("run %s of %s: %w", run.ID, program, err)
	}
	if err := run.begin(program, params); err != nil {
		return nil, errors.Join(fmt.Errorf("run %s of %s: %w", run.ID, program, err), run.lock.Close())
	}
	return run, nil
}

func checkOwn(program string, params map[string]any) error {
	if err := checkSystem("program", program); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(params)) {
		v := params[key]
		fault := &mmibx.InputError{Key: "parameter " + key, Found: fmt.Sprintf("%T %v", v, v), Expected: "an int, a finite float64, a string or a bool"}
		switch x := v.(type) {
		case int, string, bool:
		case float64:
			if !mmibx.Finite(x) {
				return fault
			}
		default:
			return fault
		}
		if _, isInt := v.(int); key == "seed" && !isInt {
			fault.Expected = "an int"
			return fault
		}
		if _, isText := v.(string); key == "benchmark" && !isText {
			fault.Expected = "a string"
			return fault
		}
		if key == "" || key == "model.name" {
			return &mmibx.InputError{Key: "parameter " + key, Found: fmt.Sprintf("%q", key), Expected: "a name of its own", Cure: "model.name is the program"}
		}
	}
	return nil
}

func ownID(program string, params map[string]any) string {
	blob, err := json.Marshal(params)
	if err != nil {
		panic(err) // checkOwn let only what marshals through
	}
	return hashOf("own", program, string(blob))
}

// begin looks at the attempts that there were, under the lock, and writes the
// header of the next.
func (r *Run) begin(program string, params map[string]any) error {
	last, err := journal.LastAttempt(r.store, r.ID)
	if err != nil {
		return err
	}
	if last > 0 {
		_, err := journal.Read(r.store.Journal(r.ID, last), 0, func(rec journal.Record) error {
			if rec.Type == journal.TypeTrailer && rec.Trailer.State == mmibx.Done {
				return ErrDone
			}
			return nil
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) { // an attempt may have died before its journal began
			return err
		}
	}
	r.Attempt = last + 1
	spec := maps.Clone(params)
	if spec == nil {
		spec = map[string]any{}
	}
	arm := maps.Clone(spec)
	delete(arm, "seed")
	spec["model.name"] = program
	env, err := ownEnvironment(r.store)
	if err != nil {
		return err
	}
	r.w, err = journal.Create(r.store.Journal(r.ID, r.Attempt), journal.Header{
		Run: r.ID, Arm: ownID(program, arm), Attempt: r.Attempt, Spec: spec, Started: time.Now(), Env: env,
	})
	return err
}

func ownEnvironment(store mmibx.Store) (journal.Environment, error) {
	host, _ := os.Hostname() // provenance: an unknown host is the empty name
	source, err := ownSources.in(store)
	env := journal.Environment{
		Command: os.Args, Host: host, OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Threads: runtime.GOMAXPROCS(0), PID: os.Getpid(),
		Commit: source.Commit, Diff: source.Diff,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		env.Program = strings.TrimSpace(info.Main.Path + " " + info.Main.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && env.Commit == "" {
				env.Commit = s.Value
			}
		}
	}
	return env, err
}

// sources is how the work tree of this process's folder stood when its first run in
// each store began: git takes longer than a run may, and what runs is what was built.
type sources struct {
	mu sync.Mutex
	of map[mmibx.Store]Source
}

var ownSources = sources{of: map[mmibx.Store]Source{}}

func (s *sources) in(store mmibx.Store) (Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.of[store]; ok {
		return known, nil
	}
	source, err := KeepSource(context.Background(), store, ".")
	if err == nil {
		s.of[store] = source
	}
	return source, err
}

// Log appends the metrics of one step. Steps may come in any order; of one step
// the last call counts. NaN and the infinities are kept as they are.
func (r *Run) Log(step int64, metrics ...mmibx.Metric) error { return r.w.Log(step, metrics...) }

// Event appends what happened, for people.
func (r *Run) Event(kind, text string) error { return r.w.Event(kind, text) }

// Artifact keeps what content holds in the store, under a name and a step. Of one
// name the highest step stands for the run.
func (r *Run) Artifact(step int64, name string, content io.Reader) error {
	sha, size, err := PutObject(r.store, content)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return r.w.Artifact(journal.Artifact{Name: name, SHA256: sha, Size: size, Step: step})
}

// Finish ends the attempt: done where err is nil, stopped where it is that of a
// context that was cancelled or mmibx.ErrInterrupted, diverged where it is
// mmibx.ErrDiverged, else failed. A process that ends without it leaves the run
// lost, with all that it logged.
func (r *Run) Finish(err error) error {
	t := journal.Trailer{State: mmibx.Done, Finished: time.Now()}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, mmibx.ErrInterrupted):
		t.State, t.Error = mmibx.Stopped, err.Error()
	case errors.Is(err, mmibx.ErrDiverged):
		t.State, t.Class, t.Error = mmibx.Diverged, mmibx.FailDiverged, err.Error()
	case err != nil:
		t.State, t.Class, t.Error = mmibx.Failed, mmibx.FailError, err.Error()
	}
	return errors.Join(r.w.Close(t), r.lock.Close())
}
