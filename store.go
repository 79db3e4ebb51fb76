package mmibx

import (
	"path/filepath"
	"strconv"
)

// Store is the folder that keeps everything: journals, which are the truth, the
// database, which can be made again from them, and artifacts by content.
//
//	mmibx.db                     the database
//	runs/RUN/lock                held by the worker of the run for its life
//	runs/RUN/ATTEMPT/journal     what the attempt logged; output.log and checkpoints beside it
//	sweeps/NAME/                 plan.json, control (a journal), runner.lock, runner.log
//	people                       a journal: tags, notes, retries and whatever else people decide
//	objects/AB/SHA256            artifacts
//	cache/                       what can be computed again
type Store string

// Database is the path of the SQLite file.
func (s Store) Database() string { return filepath.Join(string(s), "mmibx.db") }

// RunLock is the file that a worker locks to claim a run.
func (s Store) RunLock(run string) string { return filepath.Join(string(s), "runs", run, "lock") }

// Attempt is the folder of one attempt, counted from 1.
func (s Store) Attempt(run string, attempt int) string {
	return filepath.Join(string(s), "runs", run, strconv.Itoa(attempt))
}

// Journal is the journal of one attempt.
func (s Store) Journal(run string, attempt int) string {
	return filepath.Join(s.Attempt(run, attempt), "journal")
}

// Output is what one attempt wrote to standard error.
func (s Store) Output(run string, attempt int) string {
	return filepath.Join(s.Attempt(run, attempt), "output.log")
}

// Sweep is the folder of a sweep.
func (s Store) Sweep(name string) string { return filepath.Join(string(s), "sweeps", name) }

// People is the journal of what people decide.
func (s Store) People() string { return filepath.Join(string(s), "people") }

// Object is the file of an artifact with this SHA-256.
func (s Store) Object(sha256 string) string {
	return filepath.Join(string(s), "objects", sha256[:2], sha256)
}

// Cache is a folder for what can be computed again.
func (s Store) Cache(kind string) string { return filepath.Join(string(s), "cache", kind) }
