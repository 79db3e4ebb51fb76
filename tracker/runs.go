package tracker

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
)

// Query says which runs, in which order.
type Query struct {
	Filter string   // in the filter language; "": all
	Sort   string   // a key of the filter language, with - before it from high to low; "": the latest start first
	Limit  int      // 0: no limit
	Offset int      // runs to leave out at the start
	Sweep  string   // planned or started by it
	IDs    []string // only these
	Arms   []string // only of these
	Binned bool     // what is in the bin, instead of what is not
	// Columns are keys whose values RunRow.Values gets: of the spec, or metrics.
	Columns []string
}

// RunRow is a run as lists show it.
type RunRow struct {
	ID, Arm   string
	State     mmibx.State // queued where another attempt is asked for
	Class     mmibx.FailureClass
	Error     string
	Sweeps    []string
	Benchmark string
	Model     string
	Label     string // the model and what is unusual in the spec
	Seed      int
	Attempts  int
	Started   time.Time // of the latest attempt
	Finished  time.Time // zero while it runs
	Heard     time.Time // last record of the latest attempt
	Steps     int64     // optimiser steps seen; of another program's run the last step of any metric
	// Numbers are nil where the run has not logged the metric, and may be NaN.
	Epoch, Loss *float64 // the last
	DevF1       *float64 // the best
	DevF1Step   int64
	Tags        []string
	Note        string
	Binned      bool
	Priority    int
	Host        string
	Device      string
	OnTest      bool           // the checkpoint was chosen on test, as the released code does
	Imported    string         // the split that another program predicted, or the tracker that kept the run; "" for a run of our own
	Values      map[string]any // of Query.Columns; float64 (any, NaN too), int, string or bool, and no entry where missing
}

// compile makes SQL of a filter for the present database.
func (db *DB) compile(ctx context.Context, filter string) (*compiler, error) {
	c := &compiler{filter: filter, metrics: map[string]bool{}, keys: map[string]bool{}}
	rows, err := db.read.QueryContext(ctx, "SELECT name, 1 FROM metric UNION ALL SELECT name, 0 FROM key")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var isMetric bool
		if err := rows.Scan(&name, &isMetric); err != nil {
			return nil, err
		}
		if isMetric {
			c.metrics[name] = true
		} else {
			c.keys[name] = true
		}
	}
	return c, rows.Err()
}

// CheckFilter returns the fault of a filter, for a prompt that shows it as typed.
func (db *DB) CheckFilter(ctx context.Context, filter string) error {
	c, err := db.compile(ctx, filter)
	if err != nil {
		return err
	}
	n, err := parse(filter)
	if err != nil || n == nil {
		return err
	}
	return c.condition(n)
}

// pick writes a query for the row numbers and the sort keys of the runs that q
// wants.
func (c *compiler) pick(q Query) error {
	order, err := c.order(q.Sort)
	if err != nil {
		return err
	}
	c.add(order, "SELECT r.id, "+order.expr+" AS k FROM run r LEFT JOIN edit e ON e.run = r.name WHERE coalesce(e.binned, 0) = ")
	c.bind(q.Binned)
	if q.Sweep != "" {
		c.sql.WriteString(" AND EXISTS (SELECT 1 FROM membership m WHERE m.run = r.name AND m.sweep = ")
		c.bind(q.Sweep)
		c.sql.WriteString(")")
	}
	if q.IDs != nil {
		c.sql.WriteString(" AND r.name IN (SELECT value FROM json_each(")
		c.bind(jsonList(q.IDs))
		c.sql.WriteString("))")
	}
	if q.Arms != nil {
		c.sql.WriteString(" AND r.arm IN (SELECT value FROM json_each(")
		c.bind(jsonList(q.Arms))
		c.sql.WriteString("))")
	}
	n, err := parse(c.filter)
	if err != nil {
		return err
	}
	if n != nil {
		c.sql.WriteString(" AND ")
		if err := c.condition(n); err != nil {
			return err
		}
	}
	c.sql.WriteString(orderBy("k", "r.id", descending(q.Sort)))
	if q.Limit > 0 || q.Offset > 0 {
		c.sql.WriteString(" LIMIT ")
		c.bind(limitOf(q.Limit))
		c.sql.WriteString(" OFFSET ")
		c.bind(q.Offset)
	}
	return nil
}

// order is the column to sort by; that of "" is the start.
func (c *compiler) order(sort string) (column, error) {
	name := strings.TrimPrefix(sort, "-")
	if name == "" {
		return column{kind: moment, expr: "r.started"}, nil
	}
	return (&compiler{filter: sort, metrics: c.metrics, keys: c.keys}).column(token{text: name, pos: len(sort) - len(name)})
}

func descending(sort string) bool { return sort == "" || sort[0] == '-' }

func orderBy(key, id string, falling bool) string {
	if falling {
		return " ORDER BY " + key + " DESC NULLS LAST, " + id + " DESC"
	}
	return " ORDER BY " + key + " NULLS LAST, " + id
}

func limitOf(n int) int {
	if n == 0 {
		return -1
	}
	return n
}

// Runs lists runs.
func (db *DB) Runs(ctx context.Context, q Query) ([]RunRow, error) {
	c, err := db.compile(ctx, q.Filter)
	if err != nil {
		return nil, err
	}
	var values []column
	for _, key := range q.Columns {
		col, err := (&compiler{filter: key, metrics: c.metrics, keys: c.keys}).column(token{text: key})
		if err != nil {
			return nil, err
		}
		values = append(values, col)
	}
	c.sql.WriteString(`SELECT r.name, r.arm, ` + stateNow + `, a.class, a.error,
		(SELECT group_concat(sweep, char(10)) FROM (SELECT DISTINCT sweep FROM membership m WHERE m.run = r.name)),
		r.benchmark, r.model, r.label, r.seed, r.attempt, r.started, r.finished, a.heard,
		iif(coalesce(epoch.run, loss.run, f1.run), max(coalesce(epoch.last_step, 0), coalesce(loss.last_step, 0), coalesce(f1.last_step, 0)),
			coalesce((SELECT max(last_step) FROM summary s WHERE s.run = r.id), 0)),
		epoch.last, epoch.last_kind, loss.last, loss.last_kind, f1.max, iif(f1.max IS NULL, f1.last_kind, NULL), f1.max_step,
		(SELECT group_concat(tag, char(10)) FROM tag t WHERE t.run = r.name),
		coalesce(e.note, ''), coalesce(e.binned, 0), coalesce(e.priority, 0), a.host, a.device,
		EXISTS (SELECT 1 FROM param p WHERE p.run = r.id AND p.key = (SELECT id FROM key WHERE name = 'train.select_on') AND p.text = 'test'),
		coalesce(` + importedWord + `, '')`)
	for _, col := range values {
		expr := col.expr
		if col.odd != "" {
			expr = "coalesce(" + col.expr + ", " + col.odd + ")"
		}
		c.add(col, ", "+expr)
	}
	c.sql.WriteString(" FROM (")
	if err := c.pick(q); err != nil {
		return nil, err
	}
	c.sql.WriteString(`) pick JOIN run r ON r.id = pick.id
		JOIN attempt a ON a.run = r.id AND a.number = r.attempt
		LEFT JOIN edit e ON e.run = r.name`)
	for _, m := range [][2]string{{"epoch", mmibx.Epoch}, {"loss", mmibx.Loss}, {"f1", mmibx.DevF1}} {
		c.sql.WriteString(" LEFT JOIN summary " + m[0] + " ON " + m[0] + ".run = r.id AND " + m[0] + ".metric = (SELECT id FROM metric WHERE name = ")
		c.bind(m[1])
		c.sql.WriteString(")")
	}
	c.sql.WriteString(orderBy("pick.k", "pick.id", descending(q.Sort)))
	rows, err := db.read.QueryContext(ctx, c.sql.String(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("runs: %w", err)
	}
	defer rows.Close()
	var list []RunRow
	for rows.Next() {
		r, err := scanRun(rows, q.Columns, values)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func scanRun(rows *sql.Rows, keys []string, columns []column) (RunRow, error) {
	var r RunRow
	var sweeps, epochKind, lossKind, f1Kind, tags sql.NullString
	var epoch, loss, f1 sql.NullFloat64
	var finished, f1Step sql.NullInt64
	var started, heard int64
	dest := []any{
		&r.ID, &r.Arm, &r.State, &r.Class, &r.Error, &sweeps, &r.Benchmark, &r.Model, &r.Label, &r.Seed, &r.Attempts, &started, &finished, &heard,
		&r.Steps, &epoch, &epochKind, &loss, &lossKind, &f1, &f1Kind, &f1Step, &tags, &r.Note, &r.Binned, &r.Priority, &r.Host, &r.Device, &r.OnTest, &r.Imported,
	}
	values := make([]any, len(columns))
	for i := range values {
		dest = append(dest, &values[i])
	}
	if err := rows.Scan(dest...); err != nil {
		return r, err
	}
	r.Started, r.Heard = time.Unix(0, started), time.Unix(0, heard)
	if finished.Valid {
		r.Finished = time.Unix(0, finished.Int64)
	}
	r.Epoch, r.Loss, r.DevF1, r.DevF1Step = maybe(epoch, epochKind), maybe(loss, lossKind), maybe(f1, f1Kind), f1Step.Int64
	r.Sweeps, r.Tags = lines(sweeps), lines(tags)
	for i, key := range keys {
		if values[i] == nil {
			continue
		}
		if r.Values == nil {
			r.Values = map[string]any{}
		}
		if kind, isText := values[i].(string); isText && columns[i].odd != "" {
			values[i] = loaded(kind)
		}
		r.Values[key] = fieldValue(key, values[i])
	}
	return r, nil
}

// maybe is nil for a metric that was not logged.
func maybe(value sql.NullFloat64, kind sql.NullString) *float64 {
	if !value.Valid && !kind.Valid {
		return nil
	}
	v := number(value, kind)
	return &v
}

func lines(s sql.NullString) []string {
	if !s.Valid {
		return nil
	}
	return strings.Split(s.String, "\n")
}

// fieldValue gives what SQLite returns the type of the spec's field.
func fieldValue(key string, v any) any {
	f, ok := mmibx.LookupField(key)
	if !ok {
		if x, isInt := v.(int64); isInt {
			return int(x)
		}
		return v
	}
	switch x := v.(type) {
	case int64:
		switch f.Frozen.(type) {
		case bool:
			return x != 0
		case int:
			return int(x)
		case float64:
			return float64(x)
		}
	}
	return v
}

// Count counts the runs of a query, without its limit.
func (db *DB) Count(ctx context.Context, q Query) (int, error) { return db.count(ctx, q, "count(*)") }

func (db *DB) count(ctx context.Context, q Query, what string) (n int, err error) {
	c, err := db.compile(ctx, q.Filter)
	if err != nil {
		return 0, err
	}
	q.Limit, q.Offset, q.Sort = 0, 0, ""
	c.sql.WriteString("SELECT " + what + " FROM (")
	if err := c.pick(q); err != nil {
		return 0, err
	}
	c.sql.WriteString(") pick JOIN run r ON r.id = pick.id")
	err = db.read.QueryRowContext(ctx, c.sql.String(), c.args...).Scan(&n)
	return n, err
}

// States says where runs stand. A run that never had an attempt has no entry.
func (db *DB) States(ctx context.Context, ids []string) (map[string]mmibx.State, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, `+stateNow+` FROM json_each(?) j
		JOIN run r ON r.name = j.value LEFT JOIN edit e ON e.run = r.name`, jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	states := make(map[string]mmibx.State, len(ids))
	for rows.Next() {
		var id string
		var s mmibx.State
		if err := rows.Scan(&id, &s); err != nil {
			return nil, err
		}
		states[id] = s
	}
	return states, rows.Err()
}

// Binned are those of some runs that are in the bin.
func (db *DB) Binned(ctx context.Context, ids []string) (map[string]bool, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT e.run FROM json_each(?) j JOIN edit e ON e.run = j.value WHERE e.binned", jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	binned := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		binned[id] = true
	}
	return binned, rows.Err()
}

// Priorities are those of runs that people gave one, whether they have begun or not.
func (db *DB) Priorities(ctx context.Context, ids []string) (map[string]int, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT e.run, e.priority FROM json_each(?) j JOIN edit e ON e.run = j.value WHERE e.priority <> 0", jsonList(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	priorities := map[string]int{}
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		priorities[id] = n
	}
	return priorities, rows.Err()
}

// Resolve finds the one run whose id starts with a prefix, in the bin too.
func (db *DB) Resolve(ctx context.Context, prefix string) (string, error) {
	rows, err := db.read.QueryContext(ctx, "SELECT name FROM run WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name LIMIT 4", prefix)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return "", err
		}
		found = append(found, name)
	}
	switch {
	case rows.Err() != nil:
		return "", rows.Err()
	case len(found) == 0 || prefix == "":
		return "", fmt.Errorf("run %q: %w", prefix, mmibx.ErrNotFound)
	case len(found) > 1 && found[0] != prefix:
		return "", fmt.Errorf("%w: run %q may be %s; give more of it", mmibx.ErrUsage, prefix, strings.Join(found, ", "))
	}
	return found[0], nil
}
