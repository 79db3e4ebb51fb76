package tracker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Origin is where a run comes from: what it read, what its latest attempt ran on,
// and what it predicted.
type Origin struct {
	Inputs  mmibx.Inputs
	Attempt int // the latest
	Env     journal.Environment
	Seconds float64           // of all attempts that have ended
	Objects map[string]string // SHA-256 of what it predicted, by the artifact's name
}

// Commit is the commit of the program that made the run, with the beginning of
// the digest of what was changed since; where none is known the digest of the
// program, or "".
func (o *Origin) Commit() string {
	switch {
	case o.Env.Commit == "" && o.Env.Program == "":
		return ""
	case o.Env.Commit == "":
		return fmt.Sprintf("program-%.12s", o.Env.Program)
	case o.Env.Diff == "":
		return fmt.Sprintf("%.12s", o.Env.Commit)
	}
	return fmt.Sprintf("%.12s+%.8s", o.Env.Commit, o.Env.Diff)
}

// Origins returns the origins of runs, by id; runs that are not in the database
// are left out.
func (db *DB) Origins(ctx context.Context, ids []string) (map[string]*Origin, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, i.body, r.attempt, a.environment,
			(SELECT sum(iif(a.finished IS NULL, 0, `+took+`)) FROM attempt a WHERE a.run = r.id) / 1e9
		FROM run r JOIN inputs i ON i.id = r.inputs JOIN attempt a ON a.run = r.id AND a.number = r.attempt
		WHERE r.name IN (SELECT value FROM json_each(?))`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]*Origin{}
	for rows.Next() {
		var id, inputs, env string
		o := Origin{Objects: map[string]string{}}
		if err := rows.Scan(&id, &inputs, &o.Attempt, &env, &o.Seconds); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(inputs), &o.Inputs); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(env), &o.Env); err != nil {
			return nil, err
		}
		found[id] = &o
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return found, db.predictions(ctx, ids, found)
}

// predictions fills in the digests of what runs predicted, each of the highest
// step that counts.
func (db *DB) predictions(ctx context.Context, ids []string, found map[string]*Origin) error {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, f.name, f.sha256
		FROM run r JOIN attempt a ON a.run = r.id JOIN artifact f ON f.attempt = a.journal AND f.step <= a.until
		WHERE f.name GLOB 'predictions.*' AND r.name IN (SELECT value FROM json_each(?)) ORDER BY f.step, a.number`, jsonList(ids))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, name, sha string
		if err := rows.Scan(&id, &name, &sha); err != nil {
			return err
		}
		if o := found[id]; o != nil { // else ingested since the runs were read
			o.Objects[name] = sha
		}
	}
	return rows.Err()
}
