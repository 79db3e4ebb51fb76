package tracker

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/mmibx/mmibx"
)

// Summary is what a metric of a run comes to.
type Summary struct {
	Metric   string
	N        int64 // points
	Last     float64
	LastStep int64
	// Min and Max are over finite values, at the first step that has them; NaN
	// where no value is finite.
	Min, Max         float64
	MinStep, MaxStep int64
}

// Metrics lists the metrics of a run by name. A run that is not there has none.
func (db *DB) Metrics(ctx context.Context, run string) ([]Summary, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT m.name, s.n, s.last, s.last_kind, s.last_step, s.min, s.min_step, s.max, s.max_step
		FROM summary s JOIN run r ON r.id = s.run JOIN metric m ON m.id = s.metric WHERE r.name = ? ORDER BY m.name`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Summary
	for rows.Next() {
		s, err := scanSummary(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// scanSummary reads the columns of a summary behind those that dest names.
func scanSummary(rows *sql.Rows, dest ...any) (Summary, error) {
	var s Summary
	var last, low, high sql.NullFloat64
	var kind sql.NullString
	var lowStep, highStep sql.NullInt64
	err := rows.Scan(append(dest, &s.Metric, &s.N, &last, &kind, &s.LastStep, &low, &lowStep, &high, &highStep)...)
	s.Last, s.Min, s.Max = number(last, kind), number(low, sql.NullString{}), number(high, sql.NullString{})
	s.MinStep, s.MaxStep = lowStep.Int64, highStep.Int64
	return s, err
}

// Points returns the points of a metric of a run after a step, in the order of
// their steps, every one of them up to a limit (0: no limit). Attempts are
// stitched: what an attempt logged after the checkpoint that the next one went
// on from is left out. To read a series in parts, pass the last step seen; the
// first part starts at Start.
func (db *DB) Points(ctx context.Context, run, metric string, after int64, limit int) ([]mmibx.Point, error) {
	if after == math.MaxInt64 {
		return nil, nil
	}
	var runID, metricID int64
	var n int // of all points
	err := db.read.QueryRowContext(ctx, `SELECT r.id, m.id, coalesce((SELECT n FROM summary WHERE run = r.id AND metric = m.id), 0)
		FROM run r, metric m WHERE r.name = ? AND m.name = ?`, run, metric).Scan(&runID, &metricID, &n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := lineOf(ctx, db.read, runID, metricID)
	if err != nil {
		return nil, err
	}
	var points []mmibx.Point
	switch {
	case limit > 0:
		points = make([]mmibx.Point, 0, min(n, limit))
	case after == Start:
		points = make([]mmibx.Point, 0, n)
	}
	err = l.each(ctx, db.read, after+1, func(step int64, v float64, at int64) bool {
		points = append(points, mmibx.Point{Step: step, Metric: metric, Value: v, At: time.UnixMilli(at)})
		return len(points) != limit
	})
	return points, err
}

// Start stands before every step, for Points.
const Start = math.MinInt64

// Value is what a metric of a run comes to that has ended.
type Value struct {
	Run string
	Summary
	// Chosen is the metric at the step of the best dev F1, which chose the
	// checkpoint of a done run; nil where it has no point there.
	Chosen *float64
}

// Summaries returns metrics of those runs of a query that ended in a state, by run and
// metric; what a run has not logged is left out. The query's order is not kept, and it
// has no columns.
func (db *DB) Summaries(ctx context.Context, state mmibx.State, metrics []string, q Query) ([]Value, error) {
	c, err := db.compile(ctx, q.Filter)
	if err != nil {
		return nil, err
	}
	c.sql.WriteString(`SELECT r.name, (SELECT coalesce(p.value, p.kind)
			FROM attempt a JOIN series l ON l.attempt = a.journal AND l.metric = m.id JOIN point p ON p.series = l.id AND p.step = f1.max_step
			WHERE a.run = r.id AND a.until >= p.step ORDER BY a.number DESC LIMIT 1),
		m.name, s.n, s.last, s.last_kind, s.last_step, s.min, s.min_step, s.max, s.max_step
		FROM (`)
	if err := c.pick(q); err != nil {
		return nil, err
	}
	c.sql.WriteString(`) pick JOIN run r ON r.id = pick.id AND r.state = `)
	c.bind(state)
	c.sql.WriteString(`
		JOIN metric m ON m.name IN (SELECT value FROM json_each(`)
	c.bind(jsonList(metrics))
	c.sql.WriteString(`)) JOIN summary s ON s.run = r.id AND s.metric = m.id
		LEFT JOIN summary f1 ON f1.run = r.id AND f1.metric = (SELECT id FROM metric WHERE name = `)
	c.bind(mmibx.DevF1)
	c.sql.WriteString(") ORDER BY r.name, m.name")
	rows, err := db.read.QueryContext(ctx, c.sql.String(), c.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Value
	for rows.Next() {
		var v Value
		var chosen any
		if v.Summary, err = scanSummary(rows, &v.Run, &chosen); err != nil {
			return nil, err
		}
		if chosen != nil {
			x := loaded(chosen)
			v.Chosen = &x
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// specs reads the parameters of runs, by row.
func (db *DB) specs(ctx context.Context, ids []int64) (map[int64]map[string]any, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT p.run, k.name, coalesce(p.int, p.real, p.bool, p.text), p.bool IS NOT NULL
		FROM param p JOIN key k ON k.id = p.key WHERE p.run IN (SELECT value FROM json_each(?))`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	specs := make(map[int64]map[string]any, len(ids))
	for rows.Next() {
		var id int64
		var key string
		var v any
		var isBool bool
		if err := rows.Scan(&id, &key, &v, &isBool); err != nil {
			return nil, err
		}
		if specs[id] == nil {
			specs[id] = map[string]any{}
		}
		if x, ok := v.(int64); ok && isBool {
			v = x != 0
		}
		specs[id][key] = fieldValue(key, v)
	}
	return specs, rows.Err()
}

func jsonList[T string | int64](list []T) string {
	blob, err := json.Marshal(list)
	if err != nil || list == nil {
		return "[]"
	}
	return string(blob)
}
