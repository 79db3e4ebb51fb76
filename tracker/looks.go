package tracker

import (
	"context"
	"encoding/json"
	"time"
)

// LookRow is a line of the ledger.
type LookRow struct {
	At time.Time `json:"at"`
	Look
}

// Looks lists the looks at test, the first one first: those at one run, or all
// where it is "".
func (db *DB) Looks(ctx context.Context, run string) ([]LookRow, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT at, body FROM entry e
		WHERE kind = 'look' AND (?1 = '' OR EXISTS (SELECT 1 FROM json_each(e.body, '$.runs') WHERE value = ?1)) ORDER BY at, offset`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []LookRow
	for rows.Next() {
		var at int64
		var body string
		if err := rows.Scan(&at, &body); err != nil {
			return nil, err
		}
		l := LookRow{At: time.Unix(0, at)}
		if json.Unmarshal([]byte(body), &l.Look) != nil {
			l.What = body // another program's; it counts all the same
		}
		list = append(list, l)
	}
	return list, rows.Err()
}
