package tracker

import (
	"context"
	"errors"
	"time"

	"github.com/mmibx/mmibx"
)

// Duration is how long a run took that is done and was made in one attempt here, with
// what decides most of that.
type Duration struct {
	Arm, Benchmark, Model, Encoder, Evidence, Precision string
	Threads, Epochs                                     int
	Took                                                time.Duration
}

// Durations lists those of all such runs, those in the bin too.
func (db *DB) Durations(ctx context.Context) ([]Duration, error) {
	rows, err := db.read.QueryContext(ctx, `
		SELECT r.arm, r.benchmark, r.model, coalesce(encoder.text, ''), coalesce(evidence.text, ''), coalesce(precision.text, ''),
			coalesce(a.environment ->> 'threads', 0), coalesce(epochs.int, 0), r.finished - r.started
		FROM run r JOIN attempt a ON a.run = r.id AND a.number = 1
		LEFT JOIN param encoder ON encoder.run = r.id AND encoder.key = (SELECT id FROM key WHERE name = 'encoder.name')
		LEFT JOIN param evidence ON evidence.run = r.id AND evidence.key = (SELECT id FROM key WHERE name = 'evidence.kind')
		LEFT JOIN param precision ON precision.run = r.id AND precision.key = (SELECT id FROM key WHERE name = 'train.precision')
		LEFT JOIN param epochs ON epochs.run = r.id AND epochs.key = (SELECT id FROM key WHERE name = 'train.epochs')
		WHERE r.state = 'done' AND r.attempt = 1 AND r.imported IS NULL AND r.finished > r.started`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Duration
	for rows.Next() {
		var d Duration
		if err := rows.Scan(&d.Arm, &d.Benchmark, &d.Model, &d.Encoder, &d.Evidence, &d.Precision, &d.Threads, &d.Epochs, &d.Took); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// Values are a metric of those runs that are done and have it, at the step of the best
// dev F1, which chose the checkpoint and stands for the run.
func (db *DB) Values(ctx context.Context, ids []string, metric string) (map[string]float64, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, r.id, s.metric, f1.max_step FROM json_each(?1) j
		JOIN run r ON r.name = j.value AND r.state = 'done'
		JOIN summary s ON s.run = r.id AND s.metric = (SELECT id FROM metric WHERE name = ?2)
		JOIN summary f1 ON f1.run = r.id AND f1.metric = (SELECT id FROM metric WHERE name = ?3) AND f1.max_step IS NOT NULL`, jsonList(ids), metric, mmibx.DevF1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	type place struct{ run, metric, step int64 }
	places := map[string]place{}
	for rows.Next() {
		var name string
		var p place
		if err := rows.Scan(&name, &p.run, &p.metric, &p.step); err != nil {
			return nil, err
		}
		places[name] = p
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for name, p := range places {
		v, err := db.valueAt(ctx, p.run, p.metric, p.step)
		if err != nil {
			return nil, err
		}
		if v != nil {
			values[name] = *v
		}
	}
	return values, nil
}
