package tracker

import (
	"context"
	"database/sql"
	"strings"
)

// rowsQueryer is a database or a transaction.
type rowsQueryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// line is the stitched series of one metric of a run: the series of the attempts
// that count, each up to the step at which the next one went on from it.
type line []segment

type segment struct{ series, until, started int64 } // started in milliseconds

func lineOf(ctx context.Context, q rowsQueryer, run, metric int64) (line, error) {
	rows, err := q.QueryContext(ctx, `SELECT s.id, a.until, a.started / 1000000
		FROM attempt a JOIN series s ON s.attempt = a.journal AND s.metric = ?
		WHERE a.run = ? AND a.until IS NOT NULL ORDER BY a.number`, metric, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var l line
	for rows.Next() {
		var s segment
		if err := rows.Scan(&s.series, &s.until, &s.started); err != nil {
			return nil, err
		}
		l = append(l, s)
	}
	return l, rows.Err()
}

// each calls fn for the points from a step on, by step, until it returns false.
// Where two attempts have a point at one step, the later attempt's counts. Times
// are in milliseconds.
func (l line) each(ctx context.Context, q rowsQueryer, from int64, fn func(step int64, v float64, at int64) bool) error {
	if len(l) == 0 {
		return nil
	}
	var terms []string
	var args []any
	for rank, s := range l {
		terms = append(terms, "SELECT step, coalesce(value, kind), at, ? AS rank FROM point WHERE series = ? AND step BETWEEN ? AND ?")
		args = append(args, rank, s.series, from, s.until)
	}
	// Each term comes in the order of its key, so that SQLite merges and need not sort.
	rows, err := q.QueryContext(ctx, strings.Join(terms, " UNION ALL ")+" ORDER BY step, rank", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var held, p struct {
		step, at int64
		value    float64
	}
	waiting := false // held is to be given to fn once the next step is seen
	for rows.Next() {
		var value any // scanned so, a row costs half as much as with types
		var rank int
		if err := rows.Scan(&p.step, &value, &p.at, &rank); err != nil {
			return err
		}
		p.value = loaded(value)
		p.at += l[rank].started
		if waiting && p.step != held.step && !fn(held.step, held.value, held.at) {
			return nil
		}
		held, waiting = p, true
	}
	if waiting && rows.Err() == nil {
		fn(held.step, held.value, held.at)
	}
	return rows.Err()
}
