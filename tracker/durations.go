package tracker

import (
	"context"
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

// Spent is the time of all attempts at runs, by run. Of one under way it is that up to
// its last word; of one whose clock went back, nothing.
func (db *DB) Spent(ctx context.Context, ids []string) (map[string]time.Duration, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, sum(`+took+`) FROM json_each(?) j
		JOIN run r ON r.name = j.value JOIN attempt a ON a.run = r.id GROUP BY r.id`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	spent := map[string]time.Duration{}
	for rows.Next() {
		var id string
		var sum time.Duration
		if err := rows.Scan(&id, &sum); err != nil {
			return nil, err
		}
		spent[id] = sum
	}
	return spent, rows.Err()
}

// took is how long attempt a took so far, in nanoseconds.
const took = "max(0, coalesce(a.finished, a.heard) - a.started)"

// Values are a metric of those runs that are done and have it, in the bin or not, at
// the step of the best dev F1, which chose the checkpoint and stands for the run.
func (db *DB) Values(ctx context.Context, ids []string, metric string) (map[string]float64, error) {
	values := map[string]float64{}
	if len(ids) == 0 {
		return values, nil
	}
	for _, binned := range []bool{false, true} {
		list, err := db.Summaries(ctx, mmibx.Done, []string{metric}, Query{IDs: ids, Binned: binned})
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if v.Chosen != nil {
				values[v.Run] = *v.Chosen
			}
		}
	}
	return values, nil
}
