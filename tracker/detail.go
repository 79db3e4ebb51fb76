package tracker

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// RunDetail is all that is known of a run but its points.
type RunDetail struct {
	RunRow
	Spec      map[string]any // what the run's model reads
	Inputs    mmibx.Inputs
	Imported  *journal.Imported // nil for a run of our own
	Tries     []Attempt         // the latest last
	Metrics   []Summary
	Artifacts []Artifact
}

// Attempt is one attempt at a run.
type Attempt struct {
	Number         int
	State          mmibx.State
	Class          mmibx.FailureClass
	Error          string
	Output         []string // the last lines of standard error
	Started        time.Time
	Finished       time.Time // zero while it runs
	ResumeAttempt  int       // 0: anew
	ResumeStep     int64
	Checkpoint     string // file beside the journal, "" where there is none
	CheckpointStep int64
	BytesLost      int64 // of the journal, that hold no record
	Env            journal.Environment
	Changes        int64 // bytes of what was uncommitted, Env.Diff, among the objects; 0 where it is not there
}

// Run returns one run by its whole id.
func (db *DB) Run(ctx context.Context, id string) (*RunDetail, error) {
	var d RunDetail
	for _, binned := range []bool{false, true} {
		rows, err := db.Runs(ctx, Query{IDs: []string{id}, Binned: binned})
		if err != nil {
			return nil, err
		}
		if len(rows) == 1 {
			d.RunRow = rows[0]
		}
	}
	if d.ID == "" {
		return nil, fmt.Errorf("run %q: %w", id, mmibx.ErrNotFound)
	}
	var row int64
	var inputs string
	var imported sql.NullString
	err := db.read.QueryRowContext(ctx, "SELECT r.id, i.body, r.imported FROM run r JOIN inputs i ON i.id = r.inputs WHERE r.name = ?", id).Scan(&row, &inputs, &imported)
	if err != nil {
		return nil, err
	}
	if imported.Valid {
		if err := json.Unmarshal([]byte(imported.String), &d.Imported); err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal([]byte(inputs), &d.Inputs); err != nil {
		return nil, err
	}
	specs, err := db.specs(ctx, []int64{row})
	if err != nil {
		return nil, err
	}
	d.Spec = specs[row]
	if d.Tries, err = db.attempts(ctx, row); err != nil {
		return nil, err
	}
	if d.Metrics, err = db.Metrics(ctx, id); err != nil {
		return nil, err
	}
	d.Artifacts, err = db.Artifacts(ctx, id)
	return &d, err
}

func (db *DB) attempts(ctx context.Context, run int64) ([]Attempt, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT a.number, a.state, a.class, a.error, a.output, a.started, a.finished, a.resume_attempt,
			a.resume_step, a.checkpoint, a.checkpoint_step, j.lost + j.tail, a.environment
		FROM attempt a JOIN journal j ON j.id = a.journal WHERE a.run = ? ORDER BY a.number`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Attempt
	for rows.Next() {
		var a Attempt
		var output, env string
		var started int64
		var finished sql.NullInt64
		if err := rows.Scan(&a.Number, &a.State, &a.Class, &a.Error, &output, &started, &finished, &a.ResumeAttempt,
			&a.ResumeStep, &a.Checkpoint, &a.CheckpointStep, &a.BytesLost, &env); err != nil {
			return nil, err
		}
		if output != "" {
			a.Output = strings.Split(output, "\n")
		}
		a.Started = time.Unix(0, started)
		if finished.Valid {
			a.Finished = time.Unix(0, finished.Int64)
		}
		if err := json.Unmarshal([]byte(env), &a.Env); err != nil {
			return nil, err
		}
		if isSHA256(a.Env.Diff) {
			if info, err := os.Stat(db.store.Object(a.Env.Diff)); err == nil {
				a.Changes = info.Size()
			}
		}
		list = append(list, a)
	}
	return list, rows.Err()
}

// Artifact is a file that a run made.
type Artifact struct {
	Attempt int
	journal.Artifact
}

// Artifacts lists the files of a run: of each name the one of the highest step,
// from the attempts and up to the steps that count.
func (db *DB) Artifacts(ctx context.Context, run string) ([]Artifact, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT a.number, f.name, f.sha256, f.size, f.step
		FROM run r JOIN attempt a ON a.run = r.id JOIN artifact f ON f.attempt = a.journal AND f.step <= a.until
		WHERE r.name = ? ORDER BY f.name, f.step DESC, a.number DESC`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Artifact
	for rows.Next() {
		var a Artifact
		if err := rows.Scan(&a.Attempt, &a.Name, &a.SHA256, &a.Size, &a.Step); err != nil {
			return nil, err
		}
		if n := len(list); n == 0 || list[n-1].Name != a.Name {
			list = append(list, a)
		}
	}
	return list, rows.Err()
}

// EventQuery says which events.
type EventQuery struct {
	Run   string    // only of this run
	Sweep string    // only of runs of this sweep, and of its control journal
	After time.Time // only later ones
	Limit int       // the latest so many; 0: all
}

// Event is something that happened, for people.
type Event struct {
	At   time.Time
	Run  string // "" where it is no run's
	Kind string // started, a state in which an attempt ended, or what a program logged
	Text string
}

// Events lists what happened, the latest first: starts and ends of attempts, the
// events that journals hold, and what runners told besides.
func (db *DB) Events(ctx context.Context, q EventQuery) ([]Event, error) {
	after := int64(-1 << 63)
	if !q.After.IsZero() {
		after = q.After.UnixNano()
	}
	rows, err := db.read.QueryContext(ctx, `
		WITH wanted AS (SELECT r.id, r.name FROM run r
			WHERE (?1 = '' OR r.name = ?1) AND (?2 = '' OR EXISTS (SELECT 1 FROM membership m WHERE m.run = r.name AND m.sweep = ?2)))
		SELECT a.started AS at, w.name, 'started',
			iif(a.resume_attempt, 'attempt ' || a.number || ' from step ' || a.resume_step, iif(a.number > 1, 'attempt ' || a.number || ' anew', ''))
		FROM attempt a JOIN wanted w ON w.id = a.run WHERE a.started > ?3
		UNION ALL
		SELECT a.finished, w.name, a.state, iif(a.error <> '', a.error, a.class)
		FROM attempt a JOIN wanted w ON w.id = a.run WHERE a.finished > ?3
		UNION ALL
		SELECT e.at, w.name, e.kind, e.text
		FROM event e JOIN attempt a ON a.journal = e.journal JOIN wanted w ON w.id = a.run WHERE e.at > ?3
		UNION ALL
		SELECT e.at, '', e.kind, e.text
		FROM event e JOIN journal j ON j.id = e.journal
		WHERE ?1 = '' AND e.at > ?3 AND j.path NOT GLOB 'runs/*' AND (?2 = '' OR j.path GLOB 'sweeps/' || ?2 || '/*')
		UNION ALL
		SELECT e.at, coalesce(json_extract(e.body, '$.run'), ''), e.kind, coalesce(json_extract(e.body, '$.text'), '')
		FROM entry e JOIN journal j ON j.id = e.journal
		WHERE e.kind NOT IN ('started', 'ended') AND e.at > ?3 AND j.path GLOB 'sweeps/*/events'
			AND (?2 = '' OR j.path = 'sweeps/' || ?2 || '/events') AND (?1 = '' OR json_extract(e.body, '$.run') = ?1)
		ORDER BY at DESC LIMIT ?4`, q.Run, q.Sweep, after, limitOf(q.Limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&at, &e.Run, &e.Kind, &e.Text); err != nil {
			return nil, err
		}
		e.At = time.Unix(0, at)
		list = append(list, e)
	}
	return list, rows.Err()
}
