package tracker

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// cachedStatements is how many statements each connection keeps compiled. Sync has
// about forty.
const cachedStatements = "64"

// How long to wait for a database that another program writes to, in
// milliseconds: Sync would rather say how far behind it is.
const (
	patient   = "5000"
	impatient = "1000"
)

// SchemaVersion is the schema that this program writes: it counts the migrations,
// which are never edited once released.
const SchemaVersion = 3

// DB reads the database of a store, and brings it up to date by Sync. It is safe
// for use by several goroutines.
type DB struct {
	store mmibx.Store
	read  *sql.DB // opened read-only: a query can block nobody's writing

	syncing sync.Mutex
	write   *sql.DB // Sync's, nil until there is something to write
	seen    seen    // what Sync knows of the folder
	watch   watch
}

// Open opens the database of a store and makes it, and the folder, where they do
// not exist. An older schema is brought up to date; a newer one is refused.
func Open(store mmibx.Store) (*DB, error) {
	if err := os.MkdirAll(string(store), 0o777); err != nil {
		return nil, fmt.Errorf("the store %s is no folder and cannot be made one: %w; --store names another", store, err)
	}
	if kind := networkFileSystem(string(store)); kind != "" {
		return nil, &NetworkError{Folder: string(store), Kind: kind}
	}
	scripts, err := migrations()
	if err != nil {
		return nil, err
	}
	if err := prepare(store.Database(), scripts); err != nil {
		return nil, err
	}
	return openRead(store)
}

// OpenReadOnly opens a database that exists and never writes to it: Sync is
// refused. It works on a folder that may not be written to.
func OpenReadOnly(store mmibx.Store) (*DB, error) {
	if _, err := os.Stat(store.Database()); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("no database in %s: %w", store, mmibx.ErrNotFound)
		}
		return nil, err
	}
	db, err := openRead(store)
	if err != nil {
		return nil, err
	}
	db.seen.readOnly = true
	return db, nil
}

// Close frees the connections. Where this DB has written, the database file then
// holds all by itself, without a log beside it, unless others have it open.
func (db *DB) Close() error {
	db.watch.mu.Lock()
	err := db.watch.close()
	db.watch.mu.Unlock()
	err = errors.Join(err, db.read.Close())
	db.syncing.Lock()
	defer db.syncing.Unlock()
	if db.write == nil {
		return err
	}
	_, _ = db.write.Exec("PRAGMA wal_checkpoint(PASSIVE)") // the last one to close deletes the log
	err = errors.Join(err, db.write.Close())
	db.write = nil
	return err
}

// writer is the connection that Sync writes by. It is kept, for opening one and
// reading the schema takes longer than what a run's end has to be written; between
// two transactions it holds no lock.
func (db *DB) writer() (*sql.DB, error) {
	if db.write == nil {
		w, err := openWrite(db.store.Database(), impatient)
		if err != nil {
			return nil, err
		}
		db.write = w
	}
	return db.write, nil
}

// NetworkError refuses a store on a network file system, where SQLite's
// write-ahead log is not safe.
type NetworkError struct{ Folder, Kind string }

// Error says what is wrong and the ways out.
func (e *NetworkError) Error() string {
	return fmt.Sprintf("%s is on %s, where SQLite's write-ahead log is not safe; keep the store on a local disk (--store), "+
		"or copy its folder to one to read it: the database is made again from the journals", e.Folder, e.Kind)
}

// VersionError refuses a database of a newer program.
type VersionError struct {
	Path         string
	Found, Known int
}

// Error says which versions, and the ways out.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has schema %d and this mmibx knows up to %d: use the newer mmibx that wrote it, "+
		"or move the file away%s; it is made again from the journals", e.Path, e.Found, e.Known, companions)
}

// readDriver is that of reading connections: a query may not attach another
// database, which it could write to.
const readDriver = "mmibx-read"

func init() {
	sql.Register(readDriver, &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		c.SetLimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
		return nil
	}})
}

// readConnections are those of a database that nothing is written by.
func readConnections(path string) (*sql.DB, error) {
	params := url.Values{"mode": {"ro"}, "_query_only": {"on"}, "_busy_timeout": {patient}, "_stmt_cache_size": {cachedStatements}}
	if !writable(path) {
		if _, err := os.Stat(path + "-wal"); errors.Is(err, os.ErrNotExist) {
			params.Set("immutable", "1") // WAL needs files beside the database, which cannot be made here
		}
	}
	read, err := sql.Open(readDriver, dsn(path, params))
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(max(2, runtime.GOMAXPROCS(0)) + 1) // one is for Version
	return read, nil
}

func openRead(store mmibx.Store) (*DB, error) {
	path := store.Database()
	read, err := readConnections(path)
	if err != nil {
		return nil, err
	}
	version, err := userVersion(context.Background(), read)
	if err == nil && version > SchemaVersion {
		err = &VersionError{path, version, SchemaVersion}
	}
	if err == nil && version < SchemaVersion {
		err = fmt.Errorf("%s has schema %d, this mmibx reads %d: any command that may write to it brings it up to date", path, version, SchemaVersion)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), read.Close())
	}
	db := &DB{store: store, read: read}
	if err := db.registerBenchmarks(context.Background()); err != nil {
		return nil, errors.Join(db.Explain(err), read.Close())
	}
	return db, nil
}

// openWrite opens one writing connection. Where another program writes, it waits
// for so many milliseconds.
func openWrite(path, wait string) (*sql.DB, error) {
	w, err := sql.Open("sqlite3", dsn(path, url.Values{
		"_busy_timeout": {wait}, "_journal_mode": {"WAL"}, "_synchronous": {"NORMAL"},
		"_foreign_keys": {"on"}, "_txlock": {"immediate"}, "_stmt_cache_size": {cachedStatements},
	}))
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	return w, nil
}

func dsn(path string, params url.Values) string {
	return "file:" + url.PathEscape(path) + "?" + params.Encode()
}

func writable(path string) bool {
	return unix.Access(filepath.Dir(path), unix.W_OK) == nil && unix.Access(path, unix.W_OK) == nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func userVersion(ctx context.Context, db queryer) (version int, err error) {
	err = db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version)
	return version, err
}

// migrations are the scripts that make schema 1, 2 and so on of the one before.
func migrations() ([]string, error) {
	scripts := make([]string, SchemaVersion)
	for i := range scripts {
		blob, err := migrationFiles.ReadFile(fmt.Sprintf("migrations/%d.sql", i+1))
		if err != nil {
			return nil, err
		}
		scripts[i] = string(blob)
	}
	return scripts, nil
}

// prepare brings the schema of a file up to date. Of an older database it keeps a
// copy beside it.
func prepare(path string, scripts []string) error {
	ctx := context.Background()
	w, err := openWrite(path, patient)
	if err != nil {
		return err
	}
	defer w.Close()
	version, err := userVersion(ctx, w)
	switch {
	case isCorrupt(err):
		return explain(path, err)
	case isOrphaned(path, err):
		return fmt.Errorf("%s: %w; it was moved away or deleted while a program has it open: move %s-wal and %s-shm away too, or end that program", path, err, path, path)
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case version == len(scripts):
		return nil
	case version > len(scripts):
		return &VersionError{path, version, len(scripts)}
	case version > 0:
		if err := backup(ctx, w, path, fmt.Sprintf("%s.schema%d", path, version)); err != nil {
			return fmt.Errorf("backup before schema %d: %w", len(scripts), err)
		}
	}
	return migrate(ctx, w, scripts)
}

// onePage is the size in bytes of a database that SQLite has begun and put no table in.
const onePage = 4096

// isOrphaned says of an error that a new database cannot be made beside what is left
// of one that is still open: the -shm lists pages that the -wal lacks, and the failed
// opening leaves one page. Any other error of reading or writing is no sign of it: on a
// full disk SQLite fails with a -shm that it has just made, beside a -wal that may hold
// what was committed.
func isOrphaned(path string, err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok || e.ExtendedCode != sqlite3.ErrIoErrShortRead {
		return false
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > onePage {
		return false
	}
	_, err = os.Stat(path + "-shm")
	return err == nil
}

// backup writes a copy that is whole as soon as it has its name, and may be read by
// whom the original may.
func backup(ctx context.Context, w *sql.DB, from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	incoming, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".*")
	if err != nil {
		return err
	}
	_, err = w.ExecContext(ctx, "VACUUM INTO ?", incoming.Name()) // takes an empty file
	if err := errors.Join(err, incoming.Chmod(info.Mode().Perm()), incoming.Close()); err != nil {
		return errors.Join(err, os.Remove(incoming.Name()))
	}
	return os.Rename(incoming.Name(), to)
}

// migrate runs the scripts that are missing, all in one transaction: of several
// programs that start at once, one does it.
func migrate(ctx context.Context, w *sql.DB, scripts []string) error {
	return transact(ctx, w, func(tx *sql.Tx) error {
		version, err := userVersion(ctx, tx)
		if err != nil || version >= len(scripts) {
			return err
		}
		for i, script := range scripts[version:] {
			if _, err := tx.ExecContext(ctx, script); err != nil {
				return fmt.Errorf("migration %d: %w", version+i+1, err)
			}
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(scripts)))
		return err
	})
}

func transact(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // no-op after Commit
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
