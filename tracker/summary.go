package tracker

import (
	"database/sql"
	"errors"
	"math"

	"github.com/mmibx/mmibx"
)

// summary is the row of one metric of a run while points are added in the order
// of their steps.
type summary struct {
	n        int64
	lastStep int64
	last     float64
	minStep  sql.NullInt64
	min      float64
	maxStep  sql.NullInt64
	max      float64
}

func (s *summary) add(step int64, v float64) {
	s.n++
	s.lastStep, s.last = step, v
	if !mmibx.Finite(v) {
		return
	}
	if !s.minStep.Valid || v < s.min {
		s.min, s.minStep = v, sql.NullInt64{Int64: step, Valid: true}
	}
	if !s.maxStep.Valid || v > s.max {
		s.max, s.maxStep = v, sql.NullInt64{Int64: step, Valid: true}
	}
}

// stitch decides which points of a run's attempts count: all of the latest's,
// and of the attempt that it went on from those up to the checkpoint, and so on.
func (in *ingest) stitch(run int64) error {
	rows, err := in.tx.QueryContext(in.ctx, "SELECT number, resume_attempt, resume_step FROM attempt WHERE run = ? ORDER BY number DESC", run)
	if err != nil {
		return err
	}
	defer rows.Close()
	type attempt struct{ number, resume, step int64 }
	var attempts []attempt // latest first
	for rows.Next() {
		var a attempt
		if err := rows.Scan(&a.number, &a.resume, &a.step); err != nil {
			return err
		}
		attempts = append(attempts, a)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	until := sql.NullInt64{Int64: 1<<63 - 1, Valid: true}
	wanted := attempts[0].number
	for _, a := range attempts {
		u := sql.NullInt64{}
		if a.number == wanted {
			u = until
			wanted, until.Int64 = a.resume, min(until.Int64, a.step)
		}
		if err := in.exec("UPDATE attempt SET until = ? WHERE run = ? AND number = ?", u, run, a.number); err != nil {
			return err
		}
	}
	if len(attempts) > 1 {
		in.stale[run] = true
	}
	return nil
}

// summarize brings the summaries of the new points up to date: by adding, where
// they stand behind all others of the run's latest attempt, else from all points.
func (in *ingest) summarize() error {
	type target struct{ run, metric int64 }
	anew := map[target]bool{}
	for start, end := 0, 0; start < len(in.rows); start = end {
		s := in.rows[start].series
		for end = start; end < len(in.rows) && in.rows[end].series == s; end++ {
		}
		if in.stale[s.run] {
			continue
		}
		added, err := in.extend(s, in.rows[start:end])
		if err != nil {
			return err
		}
		if !added {
			anew[target{s.run, s.metric}] = true
		}
	}
	for run := range in.stale {
		if err := in.exec("DELETE FROM summary WHERE run = ?", run); err != nil {
			return err
		}
		metrics, err := in.metricsOf(run)
		if err != nil {
			return err
		}
		for _, m := range metrics {
			anew[target{run, m}] = true
		}
	}
	for t := range anew {
		if err := in.summarizeAll(t.run, t.metric); err != nil {
			return err
		}
	}
	return nil
}

// extend adds points, sorted by step, to a summary. It declines where one of
// them does not stand behind all that is there, or counts for less than the run.
func (in *ingest) extend(s *series, rows []pointRow) (bool, error) {
	var latest bool
	err := in.scan([]any{&latest}, `SELECT a.number = (SELECT max(number) FROM attempt WHERE run = a.run)
		FROM series s JOIN attempt a ON a.journal = s.attempt WHERE s.id = ?`, s.id)
	if err != nil || !latest {
		return false, err
	}
	sum, err := in.loadSummary(s.run, s.metric)
	if err != nil || sum.n > 0 && rows[0].step <= sum.lastStep {
		return false, err
	}
	for i, p := range rows {
		if i+1 < len(rows) && rows[i+1].step == p.step {
			continue // replaced by the next
		}
		sum.add(p.step, p.value)
	}
	return true, in.storeSummary(s.run, s.metric, sum)
}

func (in *ingest) metricsOf(run int64) ([]int64, error) {
	rows, err := in.tx.QueryContext(in.ctx, "SELECT DISTINCT s.metric FROM series s JOIN attempt a ON a.journal = s.attempt WHERE a.run = ?", run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var metrics []int64
	for rows.Next() {
		var m int64
		if err := rows.Scan(&m); err != nil {
			return nil, err
		}
		metrics = append(metrics, m)
	}
	return metrics, rows.Err()
}

func (in *ingest) loadSummary(run, metric int64) (sum summary, err error) {
	var last, low, high sql.NullFloat64
	var kind sql.NullString
	err = in.scan([]any{&sum.n, &sum.lastStep, &last, &kind, &sum.minStep, &low, &sum.maxStep, &high},
		"SELECT n, last_step, last, last_kind, min_step, min, max_step, max FROM summary WHERE run = ? AND metric = ?", run, metric)
	if errors.Is(err, sql.ErrNoRows) {
		return summary{}, nil
	}
	sum.last, sum.min, sum.max = number(last, kind), low.Float64, high.Float64
	return sum, err
}

func (in *ingest) storeSummary(run, metric int64, sum summary) error {
	last, kind := stored(sum.last)
	return in.exec(`INSERT OR REPLACE INTO summary (run, metric, n, last_step, last, last_kind, min_step, min, max_step, max)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, run, metric, sum.n, sum.lastStep, last, kind,
		sum.minStep, sql.NullFloat64{Float64: sum.min, Valid: sum.minStep.Valid},
		sum.maxStep, sql.NullFloat64{Float64: sum.max, Valid: sum.maxStep.Valid})
}

// summarizeAll makes a summary from all points.
func (in *ingest) summarizeAll(run, metric int64) error {
	line, err := lineOf(in.ctx, in.tx, run, metric)
	if err != nil {
		return err
	}
	var sum summary
	err = line.each(in.ctx, in.tx, math.MinInt64, func(step int64, v float64, _ int64) bool {
		sum.add(step, v)
		return true
	})
	if err != nil || sum.n == 0 {
		return err
	}
	return in.storeSummary(run, metric, sum)
}
