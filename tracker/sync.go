package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/mattn/go-sqlite3"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// SyncStats says what one call of Sync moved into the database.
type SyncStats struct {
	Journals int   // that had news
	Records  int64 // of them
	Points   int64
	Behind   int64 // bytes of records that are in journals and not yet in the database
	Busy     bool  // another program kept the database locked, hence Behind
}

// ErrReadOnly is what Sync answers on a database that was opened read-only, or
// whose file may not be written to.
var ErrReadOnly = errors.New("the database may not be written to")

// batchPoints bounds one transaction, and with it the time that others wait.
const batchPoints = 16384

// Sync brings the database of a store up to date, in one call.
func Sync(ctx context.Context, store mmibx.Store) (SyncStats, error) {
	db, err := Open(store)
	if err != nil {
		return SyncStats{}, err
	}
	stats, err := db.Sync(ctx)
	return stats, errors.Join(err, db.Close())
}

// Sync reads what the journals hold beyond what the database has, and commits it.
// Any number of programs may call it at any time: rows and the new offset of a
// journal are one transaction that only the first of them makes. A journal that
// cannot be read is mmibx.ErrUnread at the end, where nothing worse happened;
// the others are read all the same.
func (db *DB) Sync(ctx context.Context) (SyncStats, error) {
	db.syncing.Lock()
	defer db.syncing.Unlock()
	if db.seen.readOnly {
		return SyncStats{}, ErrReadOnly
	}
	sources, err := db.discover(ctx)
	if err != nil {
		return SyncStats{}, fmt.Errorf("sync %s: %w", db.store, db.Explain(err))
	}
	s := syncer{db: db}
	var failed, unread []error
	for _, src := range sources {
		switch err := s.source(ctx, src); {
		case IsBusy(err):
			s.stats.Busy = true
		case ctx.Err() != nil:
			return s.stats, ctx.Err()
		case errors.Is(err, mmibx.ErrUnread):
			unread = append(unread, err)
		case err != nil:
			failed = append(failed, err)
		}
	}
	switch err := s.commit(ctx); {
	case IsBusy(err):
		s.stats.Busy = true
	case err != nil:
		failed = append(failed, err)
	}
	if s.stats.Busy {
		for _, src := range sources {
			s.stats.Behind += max(0, src.size-src.stored-src.tail)
		}
	}
	if slices.ContainsFunc(failed, isReadOnly) {
		return s.stats, ErrReadOnly
	}
	if len(failed) > 0 || s.stats.Busy { // then it is not only that
		return s.stats, db.Explain(errors.Join(failed...))
	}
	return s.stats, errors.Join(unread...)
}

// IsBusy says that an error is of a database which others use: it may pass.
func IsBusy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.Code == sqlite3.ErrBusy || e.Code == sqlite3.ErrLocked)
}

func isReadOnly(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && e.Code == sqlite3.ErrReadonly
}

// source is a journal or a plan that may have news.
type source struct {
	path   string // below the store
	file   string
	stored int64 // bytes that are in the database
	tail   int64 // bytes behind them that are known to be no record
	size   int64
	stamp  string // of a plan

	// Of attempts:
	run     string
	attempt int
	latest  bool
	running bool        // latest, and the run's lock was held before reading began
	state   mmibx.State // in the database, "" when it is not there
}

func (s *source) isAttempt() bool { return s.run != "" }
func (s *source) isPlan() bool    { return s.stamp != "" }

// chunk is a part of a source that is to be committed in one go.
type chunk struct {
	*source
	from, next int64
	records    []journal.Record
	points     int
	whole      bool // next is the end of what can be read
}

var errEnough = errors.New("enough for one transaction")

// read takes records from an offset on, up to a number of points.
func (s *source) read(from int64) (chunk, error) {
	c := chunk{source: s, from: from, whole: true}
	var err error
	c.next, err = journal.Read(s.file, from, func(r journal.Record) error {
		if c.points+len(c.records) >= batchPoints {
			return errEnough
		}
		c.records = append(c.records, r)
		c.points += len(r.Metrics)
		return nil
	})
	if errors.Is(err, errEnough) {
		c.whole, err = false, nil
	}
	return c, err
}

// settled says that there is nothing to write. A new journal without a record,
// whose header was cut or is under way, says neither when nor what it is of. Of a
// lost attempt the database must know the bytes of its tail.
func (c *chunk) settled() bool {
	told := c.state == c.ending() && (c.running || c.tail == max(0, c.size-c.next))
	return len(c.records) == 0 && (!c.isAttempt() || c.state == "" || told)
}

// ending is the state of an attempt that has no trailer.
func (c *chunk) ending() mmibx.State {
	if c.running {
		return mmibx.Running
	}
	return mmibx.Lost
}

// syncer gathers chunks until a transaction is worth its while.
type syncer struct {
	db      *DB
	pending []chunk
	size    int
	stats   SyncStats
}

func (s *syncer) source(ctx context.Context, src *source) error {
	if src.isPlan() {
		return s.plan(ctx, src)
	}
	for from := src.stored; ; {
		c, err := src.read(from)
		if err != nil {
			return fmt.Errorf("%w: %w", mmibx.ErrUnread, err)
		}
		if c.settled() {
			return nil
		}
		s.pending = append(s.pending, c)
		if s.size += c.points + len(c.records) + 1; s.size >= batchPoints {
			if err := s.commit(ctx); err != nil {
				return err
			}
		}
		if from = c.next; c.whole {
			return nil
		}
	}
}

func (s *syncer) transact(ctx context.Context, fn func(*sql.Tx) error) error {
	w, err := s.db.writer()
	if err != nil {
		return err
	}
	return transact(ctx, w, fn)
}

func (s *syncer) commit(ctx context.Context) error {
	chunks := s.pending
	s.pending, s.size = nil, 0
	if len(chunks) == 0 {
		return nil
	}
	var stats SyncStats
	var taken []chunk
	err := s.transact(ctx, func(tx *sql.Tx) error {
		in := newIngest(ctx, tx)
		for i := range chunks {
			ok, err := in.chunk(&chunks[i])
			if err != nil {
				return fmt.Errorf("%s: %w", chunks[i].file, err)
			}
			if ok {
				taken = append(taken, chunks[i])
			}
		}
		return in.finish()
	})
	if err != nil {
		return err
	}
	for _, c := range taken {
		c.stored = c.next
		stats.Journals++
		stats.Records += int64(len(c.records))
		stats.Points += int64(c.points)
	}
	s.stats.Journals += stats.Journals
	s.stats.Records += stats.Records
	s.stats.Points += stats.Points
	return nil
}

func (db *DB) under(path string) string {
	return filepath.Join(string(db.store), filepath.FromSlash(path))
}
