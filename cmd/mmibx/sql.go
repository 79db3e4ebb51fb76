package main

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func newSQLCmd(a *app) *cobra.Command {
	var asCSV, write bool
	cmd := &cobra.Command{
		Use:   "sql QUERY",
		Short: "Ask the database in SQL",
		Long: "Ask the database in SQL. The documented views are runs, params, metrics and points, and attempts, artifacts, events,\n" +
			"entries and looks; docs/reference/store.md has their columns. Nothing can be written without --write, and what is\n" +
			"written so is forgotten when the database is made again from the journals.",
		Example: `  mmibx sql "SELECT benchmark, count(*), avg(max) FROM metrics JOIN runs ON id = run WHERE metric = 'dev.f1' GROUP BY benchmark"` + "\n" +
			`  mmibx sql --csv "SELECT run, step, value FROM points WHERE metric = 'train.loss'" > loss.csv`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if asCSV && write {
				return &mmibx.InputError{Key: "--csv", Found: "--write beside it", Expected: "one of the two"}
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				if write {
					changed, err := db.Exec(ctx, args[0])
					if err == nil {
						fmt.Fprintln(cmd.OutOrStdout(), changed, "rows changed")
					}
					return err
				}
				var out sqlWriter = &sqlTable{w: cmd.OutOrStdout()}
				switch {
				case a.json:
					out = &sqlJSON{w: cmd.OutOrStdout()}
				case asCSV:
					out = &sqlCSV{csv.NewWriter(cmd.OutOrStdout())}
				}
				err := db.SQL(ctx, args[0], out.head, out.row)
				if errors.Is(err, tracker.ErrQueryWrites) {
					return fmt.Errorf("sql: %w; --write allows it", err)
				}
				if err != nil {
					return fmt.Errorf("sql: %w", err)
				}
				return out.end()
			})
		},
	}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "print CSV")
	cmd.Flags().BoolVar(&write, "write", false, "allow statements that write")
	return cmd
}

// sqlWriter prints the rows of a query as they come.
type sqlWriter interface {
	head(names []string) error
	row(values []any) error
	end() error
}

// sqlText is a value for people and CSV; NULL is empty.
func sqlText(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case []byte:
		return hex.EncodeToString(x)
	}
	return fmt.Sprint(v)
}

type sqlTable struct {
	w io.Writer
	t table
}

func (s *sqlTable) head(names []string) error {
	cells := make([]any, len(names))
	for i, n := range names {
		cells[i] = n
	}
	s.t = newTable(s.w, cells...)
	return nil
}

func (s *sqlTable) row(values []any) error {
	cells := make([]any, len(values))
	for i, v := range values {
		cells[i] = orDash(sqlText(v))
	}
	s.t.row(cells...)
	return nil
}

func (s *sqlTable) end() error { return s.t.Flush() }

type sqlCSV struct{ *csv.Writer }

func (s *sqlCSV) head(names []string) error { return s.Write(names) }

func (s *sqlCSV) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = sqlText(v)
	}
	return s.Write(cells)
}

func (s *sqlCSV) end() error {
	s.Flush()
	return s.Error()
}

// sqlJSON prints a list of objects.
type sqlJSON struct {
	w     io.Writer
	names []string
	rows  []map[string]any
}

func (s *sqlJSON) head(names []string) error {
	s.names, s.rows = names, []map[string]any{}
	for i, n := range names {
		for _, other := range names[:i] {
			if n == other {
				return fmt.Errorf("%w: two columns are called %s; name one of them by AS", mmibx.ErrUsage, n)
			}
		}
	}
	return nil
}

func (s *sqlJSON) row(values []any) error {
	object := make(map[string]any, len(values))
	for i, v := range values {
		if x, ok := v.(float64); ok {
			v = jsonNumber(x)
		}
		object[s.names[i]] = v
	}
	s.rows = append(s.rows, object)
	return nil
}

func (s *sqlJSON) end() error { return printJSON(s.w, s.rows) }
