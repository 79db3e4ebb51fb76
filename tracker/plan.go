package tracker

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
)

// plan reads which runs a sweep plans. Of the file it knows no more than that.
func (s *syncer) plan(ctx context.Context, src *source) error {
	blob, err := os.ReadFile(src.file)
	if err != nil {
		return err
	}
	var plan struct {
		Cells []struct {
			Run string `json:"run"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(blob, &plan); err != nil {
		return fmt.Errorf("%s: %w", src.file, err)
	}
	return s.transact(ctx, func(tx *sql.Tx) error {
		in := newIngest(ctx, tx)
		if err := in.exec("DELETE FROM membership WHERE sweep = ? AND planned = 1", src.path); err != nil {
			return err
		}
		for _, c := range plan.Cells {
			if err := in.exec("INSERT OR IGNORE INTO membership (sweep, run, planned) VALUES (?, ?, 1)", src.path, c.Run); err != nil {
				return err
			}
		}
		return in.exec("INSERT OR REPLACE INTO plan (sweep, stamp) VALUES (?, ?)", src.path, src.stamp)
	})
}
