package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"

	"github.com/mmibx/mmibx"
)

// companions are part of a database that is in use. A program that finds them
// without it cannot make a new one.
const companions = ", and those with -wal and -shm behind its name where they are"

// CorruptError is a database whose pages hold nonsense.
type CorruptError struct {
	Path string
	Err  error
}

// Error says what is wrong and the way out, which costs nothing.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s: %v; move the file away%s; it is made again from the journals", e.Path, e.Err, companions)
}

// Unwrap gives SQLite's error.
func (e *CorruptError) Unwrap() error { return e.Err }

// Explain tells of an error that came of reading a damaged database which file that
// is and what to do; others it returns as they are.
func (db *DB) Explain(err error) error { return explain(db.store.Database(), err) }

func explain(path string, err error) error {
	if _, told := errors.AsType[*CorruptError](err); told || !isCorrupt(err) {
		return err
	}
	return &CorruptError{path, err}
}

func isCorrupt(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	return ok && (e.Code == sqlite3.ErrNotADB || e.Code == sqlite3.ErrCorrupt)
}

// Examination is what Examine found of a database.
type Examination struct {
	Schema int      // its version, 0 of one without tables
	Bytes  int64    // of the file
	Faults []string // of its pages and rows, ten at most; none where it is whole
}

// Examine reads the whole database of a store and changes nothing. One that is not
// there is mmibx.ErrNotFound; one that is damaged is no error.
func Examine(ctx context.Context, store mmibx.Store) (Examination, error) {
	path := store.Database()
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return Examination{}, fmt.Errorf("no database in %s: %w", store, mmibx.ErrNotFound)
	}
	if err != nil {
		return Examination{}, err
	}
	e := Examination{Bytes: info.Size()}
	db, err := readConnections(path)
	if err != nil {
		return e, err
	}
	e.Schema, err = userVersion(ctx, db)
	if err == nil {
		e.Faults, err = quickCheck(ctx, db)
	}
	if isCorrupt(err) {
		e.Faults, err = append(e.Faults, err.Error()), nil
	}
	return e, errors.Join(err, db.Close())
}

func quickCheck(ctx context.Context, db *sql.DB) (faults []string, err error) {
	rows, err := db.QueryContext(ctx, "PRAGMA quick_check(10)")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var fault string
		if err := rows.Scan(&fault); err != nil {
			return faults, err
		}
		if fault != "ok" {
			faults = append(faults, fault)
		}
	}
	return faults, rows.Err()
}
