package tracker

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Origin is where a run comes from: what it read, and what its latest attempt
// ran on.
type Origin struct {
	Inputs  mmibx.Inputs
	Env     journal.Environment
	Seconds float64 // of the latest attempt; 0 while it runs
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
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, i.body, a.environment, coalesce(r.finished - r.started, 0) / 1e9
		FROM run r JOIN inputs i ON i.id = r.inputs JOIN attempt a ON a.run = r.id AND a.number = r.attempt
		WHERE r.name IN (SELECT value FROM json_each(?))`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]*Origin{}
	for rows.Next() {
		var id, inputs, env string
		var o Origin
		if err := rows.Scan(&id, &inputs, &env, &o.Seconds); err != nil {
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
	return found, rows.Err()
}
