package tracker

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// watch sees that others commit. SQLite tells it to one connection alone, which is
// therefore kept.
type watch struct {
	mu    sync.Mutex
	conn  *sql.Conn
	last  int64 // what SQLite said
	count int64
}

// Version differs from what it was where something was committed to the database
// since, by this program or another. As long as it is the same, so is the answer of
// every query. It means nothing to another DB.
func (db *DB) Version(ctx context.Context) (int64, error) {
	w := &db.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		conn, err := db.read.Conn(ctx)
		if err != nil {
			return 0, err
		}
		w.conn = conn
		w.count++ // another connection counts otherwise
		if err := w.look(ctx); err != nil {
			return 0, err
		}
	}
	before := w.last
	if err := w.look(ctx); err != nil {
		return 0, err
	}
	if w.last != before {
		w.count++
	}
	return w.count, nil
}

func (w *watch) look(ctx context.Context) error {
	err := w.conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&w.last)
	if err != nil {
		err = errors.Join(err, w.close())
	}
	return err
}

func (w *watch) close() error {
	if w.conn == nil {
		return nil
	}
	conn := w.conn
	w.conn = nil
	return conn.Close()
}

// Stamp is a digest of where runs stand: their attempts, states, and which are in
// the bin. What is made of finished runs is the same as long as it is.
func (db *DB) Stamp(ctx context.Context, ids []string) (string, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, r.attempt, `+stateNow+`, coalesce(e.binned, 0) FROM json_each(?) j
		JOIN run r ON r.name = j.value LEFT JOIN edit e ON e.run = r.name ORDER BY r.name`, jsonList(ids))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	digest := sha256.New()
	for rows.Next() {
		var id, state string
		var attempt, binned int
		if err := rows.Scan(&id, &attempt, &state, &binned); err != nil {
			return "", err
		}
		fmt.Fprintln(digest, id, attempt, state, binned)
	}
	return fmt.Sprintf("%x", digest.Sum(nil)), rows.Err()
}
