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
		terms = append(terms, "SELECT step, value, kind, at + ?, ? FROM point WHERE series = ? AND step BETWEEN ? AND ?")
		args = append(args, s.started, rank, s.series, from, s.until)
	}
	rows, err := q.QueryContext(ctx, strings.Join(terms, " UNION ALL ")+" ORDER BY 1, 5", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	type point struct {
		step, at int64
		value    float64
	}
	var held *point // until the next step is seen
	for rows.Next() {
		var p point
		var value sql.NullFloat64
		var kind sql.NullString
		var rank int
		if err := rows.Scan(&p.step, &value, &kind, &p.at, &rank); err != nil {
			return err
		}
		p.value = number(value, kind)
		if held != nil && p.step != held.step && !fn(held.step, held.value, held.at) {
			return nil
		}
		held = &p
	}
	if held != nil && rows.Err() == nil {
		fn(held.step, held.value, held.at)
	}
	return rows.Err()
}
