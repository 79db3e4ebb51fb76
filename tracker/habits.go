package tracker

import (
	"context"

	"github.com/mmibx/mmibx"
)

// habit is what people like a program that shows the store to do, under a name.
type habit struct {
	Name  string `json:"name"`
	Value string `json:"value"` // "": as usual
}

const entryHabit = "habit"

// SaveHabit keeps a value in the people's journal in place of the one before of the
// same name; "" gives the name up.
func SaveHabit(store mmibx.Store, name, value string) error {
	return decide(store, entryHabit, habit{name, value})
}

// Habits are the values that were kept, by name.
func (db *DB) Habits(ctx context.Context) (map[string]string, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT name, value FROM (
			SELECT body ->> 'name' AS name, body ->> 'value' AS value, row_number() OVER (PARTITION BY body ->> 'name' ORDER BY at DESC, offset DESC) AS age
			FROM entry WHERE kind = ?) WHERE age = 1 AND name <> '' AND value <> ''`, entryHabit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	habits := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, err
		}
		habits[name] = value
	}
	return habits, rows.Err()
}
