package tracker

import (
	"context"
	"encoding/json"

	"github.com/mmibx/mmibx"
)

// List is a way of listing runs under a name: the parts of a Query that people
// choose.
type List struct {
	Name    string   `json:"name"`
	Filter  string   `json:"filter,omitempty"`
	Sort    string   `json:"sort,omitempty"`
	Columns []string `json:"columns,omitempty"`
	ByArm   bool     `json:"by_arm,omitempty"`
	Gone    bool     `json:"gone,omitempty"` // the name is given up
}

const entryList = "list"

// SaveList keeps a list in the people's journal; one of the same name is
// replaced, or given up where it is Gone.
func SaveList(store mmibx.Store, l List) error { return decide(store, entryList, l) }

// Lists returns the saved lists by name.
func (db *DB) Lists(ctx context.Context) ([]List, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT body FROM (
			SELECT body, body ->> 'name' AS name, row_number() OVER (PARTITION BY body ->> 'name' ORDER BY at DESC, offset DESC) AS age
			FROM entry WHERE kind = ?) WHERE age = 1 ORDER BY name`, entryList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var lists []List
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var l List
		if json.Unmarshal([]byte(body), &l) == nil && !l.Gone { // another program's entry is not ours to read
			lists = append(lists, l)
		}
	}
	return lists, rows.Err()
}
