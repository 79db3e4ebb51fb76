package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrQueryWrites is what SQL answers to a statement that would write.
var ErrQueryWrites = errors.New("the statement writes")

// SQL runs a query that cannot write, and hands over the names of its columns,
// then each row. Values are nil, int64, float64, string or []byte.
func (db *DB) SQL(ctx context.Context, query string, head func(names []string) error, row func(values []any) error) error {
	err := db.query(ctx, query, head, row)
	if isReadOnly(err) {
		return fmt.Errorf("%w: %w", ErrQueryWrites, err)
	}
	return err
}

func (db *DB) query(ctx context.Context, query string, head func(names []string) error, row func(values []any) error) error {
	rows, err := db.read.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := head(names); err != nil {
		return err
	}
	for rows.Next() {
		values := make([]any, len(names))
		dest := make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Exec runs statements that may write, in one transaction, and says how many
// rows they changed. A database that is made again from the journals has
// forgotten it.
func (db *DB) Exec(ctx context.Context, statements string) (changed int64, err error) {
	if db.seen.readOnly {
		return 0, ErrReadOnly
	}
	w, err := openWrite(db.store.Database(), patient)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	err = transact(ctx, w, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, statements)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	})
	return changed, err
}
