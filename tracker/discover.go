package tracker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// seen is what one DB remembers between two calls of Sync, so that a call that
// finds nothing new costs little.
type seen struct {
	readOnly bool
	known    map[string]bool // runs that the database has
	lastRun  int64           // highest row of run among them
	pending  []string        // folders of runs that have no journal yet
	folder   folderTime      // of runs/

	triable []lastTry // runs that may be tried again
	of      int64     // version of the database that has them
	bare    map[string]bareFolder
}

// lastTry is a run with the number of its last attempt in the database.
type lastTry struct {
	run     string
	attempt int
}

// bareFolder is when a run's folder had no attempt beyond one.
type bareFolder struct {
	attempt int
	folderTime
}

// folderTime is the time of a folder's last change when it was listed. A change
// within the clock's resolution of the listing may have been missed, so a young
// time proves nothing.
type folderTime struct{ changed, listed time.Time }

func (f folderTime) holds(changed time.Time) bool {
	return f.changed.Equal(changed) && f.listed.Sub(changed) > 2*time.Second
}

// discover lists what may have news: attempts without a trailer, new attempts,
// the journals of people and of sweeps, and plans.
func (db *DB) discover(ctx context.Context) ([]*source, error) {
	open, err := db.openAttempts(ctx)
	if err != nil {
		return nil, err
	}
	fresh, err := db.newAttempts(ctx)
	if err != nil {
		return nil, err
	}
	attempts := append(open, fresh...)
	latest := map[string]int{}
	for _, s := range attempts {
		latest[s.run] = max(latest[s.run], s.attempt)
	}
	var sources []*source
	for _, s := range attempts {
		s.latest = s.latest && s.attempt >= latest[s.run]
		if s.latest {
			// Before its journal is read: a lock that is free now has left no
			// word unsaid.
			if s.running, err = journal.Held(db.store.RunLock(s.run)); err != nil {
				return nil, err
			}
		}
		if s.state != "" && s.size == s.stored+s.tail && (s.state == mmibx.Running) == s.running {
			continue
		}
		sources = append(sources, s)
	}
	others, err := db.otherJournals(ctx)
	return append(sources, others...), err
}

// openAttempts lists the attempts in the database that have no trailer.
func (db *DB) openAttempts(ctx context.Context) ([]*source, error) {
	rows, err := db.read.QueryContext(ctx, `
		SELECT j.path, j.next, j.tail, r.name, a.number, a.state, a.number = r.attempt
		FROM attempt a JOIN journal j ON j.id = a.journal JOIN run r ON r.id = a.run
		WHERE a.state IN ('running', 'lost')`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var sources []*source
	for rows.Next() {
		var s source
		if err := rows.Scan(&s.path, &s.stored, &s.tail, &s.run, &s.attempt, &s.state, &s.latest); err != nil {
			return nil, err
		}
		s.file = db.under(s.path)
		if err := s.stat(); err != nil {
			return nil, err
		}
		sources = append(sources, &s)
	}
	return sources, rows.Err()
}

// stat asks for the size; a journal that is gone has nothing new.
func (s *source) stat() error {
	info, err := os.Stat(s.file)
	if errors.Is(err, os.ErrNotExist) {
		s.size = s.stored + s.tail
		return nil
	}
	if err != nil {
		return err
	}
	s.size = info.Size()
	return nil
}

// newAttempts lists the journals of attempts that the database does not have:
// of runs that it does not have, and of runs that are not done.
func (db *DB) newAttempts(ctx context.Context) ([]*source, error) {
	if err := db.learnRuns(ctx); err != nil {
		return nil, err
	}
	if err := db.listRuns(); err != nil {
		return nil, err
	}
	var sources []*source
	var waiting []string
	for _, run := range db.seen.pending {
		if db.seen.known[run] {
			continue
		}
		waiting = append(waiting, run) // until the database has it
		list, err := db.attemptsBeyond(run, 0)
		if err != nil {
			return nil, err
		}
		sources = append(sources, list...)
	}
	db.seen.pending = waiting

	if err := db.learnTriable(ctx); err != nil {
		return nil, err
	}
	for _, t := range db.seen.triable {
		list, err := db.attemptsBeyond(t.run, t.attempt)
		if err != nil {
			return nil, err
		}
		sources = append(sources, list...)
	}
	return sources, nil
}

// learnTriable lists the runs that may be tried again, where that may have changed.
func (db *DB) learnTriable(ctx context.Context) error {
	version, err := db.Version(ctx) // before they are read
	if err != nil || version == db.seen.of {
		return err
	}
	// A run of another tracker that is done here may have been imported again.
	rows, err := db.read.QueryContext(ctx, `SELECT name, attempt FROM run WHERE state <> 'done'
		UNION ALL SELECT name, attempt FROM run WHERE imported IS NOT NULL AND state = 'done' AND json_extract(imported, '$.split') = ''`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var list []lastTry
	for rows.Next() {
		var t lastTry
		if err := rows.Scan(&t.run, &t.attempt); err != nil {
			return err
		}
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	db.seen.triable, db.seen.of = list, version
	return nil
}

// learnRuns reads the names of runs that came into the database since.
func (db *DB) learnRuns(ctx context.Context) error {
	if db.seen.known == nil {
		db.seen.known = map[string]bool{}
	}
	rows, err := db.read.QueryContext(ctx, "SELECT id, name FROM run WHERE id > ? ORDER BY id", db.seen.lastRun)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&db.seen.lastRun, &name); err != nil {
			return err
		}
		db.seen.known[name] = true
	}
	return rows.Err()
}

// listRuns adds the folders of unknown runs to pending.
func (db *DB) listRuns() error {
	folder := filepath.Join(string(db.store), "runs")
	info, err := os.Stat(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || db.seen.folder.holds(info.ModTime()) {
		return err
	}
	listed := time.Now()
	names, err := readNames(folder)
	if err != nil {
		return err
	}
	waiting := map[string]bool{}
	for _, name := range db.seen.pending {
		waiting[name] = true
	}
	for _, name := range names {
		if !db.seen.known[name] && !waiting[name] {
			db.seen.pending = append(db.seen.pending, name)
		}
	}
	slices.Sort(db.seen.pending)
	db.seen.folder = folderTime{info.ModTime(), listed}
	return nil
}

// attemptsBeyond lists the journals of a run's attempts after the given one.
// Attempts are counted without gaps, though one may have died before its journal
// began. A folder that had none is not looked into again until it has changed.
func (db *DB) attemptsBeyond(run string, attempt int) ([]*source, error) {
	info, err := os.Stat(db.under(path.Join("runs", run)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if was, ok := db.seen.bare[run]; ok && was.attempt == attempt && was.holds(info.ModTime()) {
		return nil, nil
	}
	delete(db.seen.bare, run)
	looked := time.Now()
	var sources []*source
	for n := attempt + 1; ; n++ {
		s := &source{path: path.Join("runs", run, strconv.Itoa(n), "journal"), file: db.store.Journal(run, n), run: run, attempt: n, latest: true}
		if err := s.stat(); err != nil {
			return nil, err
		}
		if s.size > 0 {
			sources = append(sources, s)
			continue
		}
		if _, err := os.Stat(db.store.Attempt(run, n)); err == nil {
			continue // whose journal, when it begins, changes its folder and not the run's
		}
		if n == attempt+1 {
			if db.seen.bare == nil {
				db.seen.bare = map[string]bareFolder{}
			}
			db.seen.bare[run] = bareFolder{attempt, folderTime{info.ModTime(), looked}}
		}
		return sources, nil
	}
}

const peoplePath = "people"

// otherJournals lists the people's journal, and control, events, choices and plan of
// each sweep, where they have news.
func (db *DB) otherJournals(ctx context.Context) ([]*source, error) {
	stored, stamps, err := db.otherOffsets(ctx)
	if err != nil {
		return nil, err
	}
	sweeps, err := readNames(filepath.Join(string(db.store), "sweeps"))
	if err != nil {
		return nil, err
	}
	slices.Sort(sweeps)
	paths := []string{peoplePath}
	for _, name := range sweeps {
		paths = append(paths, path.Join("sweeps", name, "control"), path.Join("sweeps", name, "events"), path.Join("sweeps", name, "choices"))
	}
	var sources []*source
	for _, p := range paths {
		s := &source{path: p, file: db.under(p), stored: stored[p]}
		if err := s.stat(); err != nil {
			return nil, err
		}
		if s.size > s.stored {
			sources = append(sources, s)
		}
	}
	for _, name := range sweeps {
		p := path.Join("sweeps", name, "plan.json")
		info, err := os.Stat(db.under(p))
		if err != nil {
			continue // a sweep without a plan has no cells
		}
		if stamp := fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano()); stamp != stamps[name] {
			sources = append(sources, &source{path: name, file: db.under(p), stamp: stamp})
		}
	}
	return sources, nil
}

func (db *DB) otherOffsets(ctx context.Context) (stored map[string]int64, stamps map[string]string, err error) {
	stored, stamps = map[string]int64{}, map[string]string{}
	rows, err := db.read.QueryContext(ctx, `
		SELECT path, next, '' FROM journal WHERE path = 'people' OR path GLOB 'sweeps/*'
		UNION ALL SELECT sweep, -1, stamp FROM plan`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, stamp string
		var next int64
		if err := rows.Scan(&name, &next, &stamp); err != nil {
			return nil, nil, err
		}
		if next < 0 {
			stamps[name] = stamp
		} else {
			stored[name] = next
		}
	}
	return stored, stamps, rows.Err()
}

func readNames(folder string) ([]string, error) {
	f, err := os.Open(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}
