package tracker

import (
	"cmp"
	"database/sql"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/mmibx/mmibx/tracker/journal"
)

type seriesKey struct{ attempt, metric int64 }

// series is one metric of one attempt.
type series struct {
	id, run, metric int64
	latest          bool
}

type pointRow struct {
	series *series
	step   int64
	value  float64
	at     int64 // milliseconds since the attempt started
}

// sealed is the prefix of names that the database does not take: test scores are
// worked out from stored predictions, where they are asked for by name.
const sealed = "test."

// points keeps the points of a record for flush.
func (in *ingest) points(a *attemptRow, r *journal.Record) error {
	at := r.At.UnixMilli() - a.started/1e6
	for _, m := range r.Metrics {
		if strings.HasPrefix(m.Name, sealed) {
			continue
		}
		s, err := in.seriesOf(a, m.Name)
		if err != nil {
			return err
		}
		in.rows = append(in.rows, pointRow{s, r.Step, m.Value, at})
	}
	return nil
}

func (in *ingest) seriesOf(a *attemptRow, name string) (*series, error) {
	metric, ok := in.metrics[name]
	if !ok {
		var err error
		if metric, err = in.id("metric", "name", name); err != nil {
			return nil, err
		}
		in.metrics[name] = metric
	}
	key := seriesKey{a.journal, metric}
	if s, ok := in.series[key]; ok {
		return s, nil
	}
	s := &series{run: a.run, metric: metric}
	err := in.scan([]any{&s.id}, "SELECT id FROM series WHERE attempt = ? AND metric = ?", a.journal, metric)
	if errors.Is(err, sql.ErrNoRows) {
		err = in.scan([]any{&s.id}, "INSERT INTO series (attempt, metric) VALUES (?, ?) RETURNING id", a.journal, metric)
	}
	in.series[key] = s
	return s, err
}

// pointsPerInsert is a compromise: each statement costs, and so does its length.
const pointsPerInsert = 64

var insertPoints = [2]string{
	"INSERT OR REPLACE INTO point (series, step, value, kind, at) VALUES (?, ?, ?, ?, ?)",
	"INSERT OR REPLACE INTO point (series, step, value, kind, at) VALUES (?, ?, ?, ?, ?)" +
		strings.Repeat(", (?, ?, ?, ?, ?)", pointsPerInsert-1),
}

// finish writes the points of the transaction, in the order of their key, and
// brings the summaries up to date. A point that is logged again at the same step
// of an attempt replaces the earlier one.
func (in *ingest) finish() error {
	slices.SortStableFunc(in.rows, func(a, b pointRow) int {
		return cmp.Or(cmp.Compare(a.series.id, b.series.id), cmp.Compare(a.step, b.step))
	})
	args := make([]any, 0, 5*pointsPerInsert)
	for rows := range slices.Chunk(in.rows, pointsPerInsert) {
		full := len(rows) == pointsPerInsert
		for _, p := range rows {
			value, kind := stored(p.value)
			args = append(args, p.series.id, p.step, value, kind, p.at)
			if !full {
				if err := in.exec(insertPoints[0], args...); err != nil {
					return err
				}
				args = args[:0]
			}
		}
		if full {
			if err := in.exec(insertPoints[1], args...); err != nil {
				return err
			}
			args = args[:0]
		}
	}
	return in.summarize()
}

// stored is a number as the database holds it: SQLite has no NaN, so what is not
// finite is NULL and its kind.
func stored(v float64) (value, kind any) {
	switch {
	case math.IsNaN(v):
		return nil, "nan"
	case math.IsInf(v, 1):
		return nil, "+inf"
	case math.IsInf(v, -1):
		return nil, "-inf"
	}
	return v, nil
}

// loaded turns what the database holds back: a number, or the kind of one.
func loaded(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case string:
		switch v {
		case "+inf":
			return math.Inf(1)
		case "-inf":
			return math.Inf(-1)
		}
	}
	return math.NaN()
}

func number(value sql.NullFloat64, kind sql.NullString) float64 {
	if value.Valid {
		return value.Float64
	}
	return loaded(kind.String)
}
