package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/parquet"
)

// Table is something that Export writes: one of the documented views, with its
// columns typed. Values that are not finite stand in their column, beside the
// kind that the view has for them.
type Table struct {
	Name    string
	Columns []parquet.Column

	exprs   string // one for each column, over the view
	run     string // column of the view that holds the run's id
	metric  bool   // it has a column metric
	ordered string
}

// Tables are what can be exported.
var Tables = []Table{
	table("runs", "id", "started",
		"id", "arm", "state", "class", "error", "benchmark", "model", "seed:int", "label", "sweeps", "attempts:int", "started:time", "finished:time",
		"seconds:real", "steps:int", "tags", "note", "binned:bool", "host", "device", "inputs", "environment", "imported", "source"),
	table("params", "run", "key", "run", "key", "type", "number:real", "text"),
	table("metrics", "run", "metric", "run", "metric", "n:int", "last:real:coalesce(last, last_kind)", "last_kind", "last_step:int",
		"min:real", "min_step:int", "max:real", "max_step:int"),
	table("points", "run", "metric, step", "run", "metric", "step:int", "value:real:coalesce(value, kind)", "kind", "attempt:int", "at:time"),
}

// table reads columns as "name", "name:kind" or "name:kind:expression".
func table(name, run, ordered string, columns ...string) Table {
	t := Table{Name: name, run: run, ordered: ordered}
	var exprs []string
	for _, c := range columns {
		parts := append(strings.SplitN(c, ":", 3), "", "")
		kind := map[string]parquet.Kind{"": parquet.Text, "int": parquet.Int, "real": parquet.Real, "bool": parquet.Bool, "time": parquet.Time}[parts[1]]
		t.Columns = append(t.Columns, parquet.Column{Name: parts[0], Kind: kind})
		t.metric = t.metric || parts[0] == "metric"
		if parts[2] == "" {
			parts[2] = parts[0]
		}
		exprs = append(exprs, parts[2])
	}
	t.exprs = strings.Join(exprs, ", ")
	return t
}

// LookupTable finds one of Tables.
func LookupTable(name string) (Table, bool) {
	i := slices.IndexFunc(Tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return Tables[i], true
}

// ExportQuery says what of a table.
type ExportQuery struct {
	Query            // the runs, in this order
	Metrics []string // globs: only these metrics; none: all
}

// Export hands over the rows of a table, run by run, from one state of the
// database: what is synced meanwhile is not among them. A value is nil where it
// is missing, else a string, int64, float64, bool or time.Time by its column.
// progress, which may be nil, hears how many of the runs are through.
func (db *DB) Export(ctx context.Context, t Table, q ExportQuery, row func(values []any) error, progress func(runs, of int)) error {
	if len(q.Metrics) > 0 && !t.metric {
		return &mmibx.InputError{Key: "--metric", Found: t.Name, Expected: "metrics or points", Cure: "the others have no metrics"}
	}
	tx, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() // it only reads
	ids, err := db.picked(ctx, tx, q.Query)
	if err != nil {
		return err
	}
	query, args := "SELECT "+t.exprs+" FROM "+t.Name+" WHERE "+t.run+" = ?", []any{""}
	for i, glob := range q.Metrics {
		query += []string{" AND (metric GLOB ?", " OR metric GLOB ?"}[min(i, 1)]
		args = append(args, glob)
	}
	if len(q.Metrics) > 0 {
		query += ")"
	}
	stmt, err := tx.PrepareContext(ctx, query+" ORDER BY "+t.ordered)
	if err != nil {
		return err
	}
	defer stmt.Close()
	for i, id := range ids {
		args[0] = id
		if err := t.rows(ctx, stmt, args, row); err != nil {
			return err
		}
		if progress != nil {
			progress(i+1, len(ids))
		}
	}
	return nil
}

// picked lists the ids of the runs of a query.
func (db *DB) picked(ctx context.Context, tx *sql.Tx, q Query) ([]string, error) {
	c, err := db.compile(ctx, q.Filter)
	if err != nil {
		return nil, err
	}
	c.sql.WriteString("SELECT r.name FROM (")
	if err := c.pick(q); err != nil {
		return nil, err
	}
	c.sql.WriteString(") pick JOIN run r ON r.id = pick.id" + orderBy("pick.k", "pick.id", q.Sort == "" || q.Sort[0] == '-'))
	rows, err := tx.QueryContext(ctx, c.sql.String(), c.args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func (t *Table) rows(ctx context.Context, stmt *sql.Stmt, args []any, row func([]any) error) error {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, dest := make([]any, len(t.Columns)), make([]any, len(t.Columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			if values[i], err = exported(t.Columns[i], v); err != nil {
				return fmt.Errorf("%s of %v: %w", t.Columns[i].Name, args[0], err)
			}
		}
		if err := row(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exported gives what SQLite returns the type of its column.
func exported(c parquet.Column, v any) (any, error) {
	switch x := v.(type) {
	case int64:
		switch c.Kind {
		case parquet.Real:
			return float64(x), nil
		case parquet.Bool:
			return x != 0, nil
		}
	case string:
		switch c.Kind {
		case parquet.Real:
			return loaded(x), nil
		case parquet.Time:
			return time.Parse("2006-01-02T15:04:05.000Z", x)
		}
	case []byte:
		return string(x), nil
	case float64:
		if c.Kind == parquet.Int {
			return int64(x), nil
		}
	}
	return v, nil
}
