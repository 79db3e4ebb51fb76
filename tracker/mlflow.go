package tracker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
)

// ReadMLflow hands over the runs in a SQLite file of MLflow's, of all experiments
// or of those named, by their start. Runs that were deleted there are left out
// and counted. What is written meanwhile is not seen.
func ReadMLflow(ctx context.Context, path string, experiments []string, fn func(*Foreign) error) (deleted int, err error) {
	if err := checkSQLite(path); err != nil {
		return 0, err
	}
	db, err := sql.Open(readDriver, dsn(path, url.Values{"mode": {"ro"}, "_query_only": {"on"}, "_busy_timeout": {patient}}))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // it only reads
	m := mlflow{ctx, tx, path}
	if err := m.check(); err != nil {
		return 0, err
	}
	if err := m.checkExperiments(experiments); err != nil {
		return 0, err
	}
	runs, deleted, err := m.runs(experiments)
	for _, f := range runs {
		if err == nil {
			err = m.fill(f)
		}
		if err == nil {
			err = fn(f)
		}
		f.Points, f.Remarks = nil, nil // one run's at a time
	}
	return deleted, err
}

// checkSQLite tells a file that is not there, or no database, from one that
// SQLite could not read.
func checkSQLite(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, mmibx.ErrNotFound)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	const magic = "SQLite format 3\x00"
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return &mmibx.InputError{File: path, Found: "no SQLite database", Expected: "the file of MLflow's sqlite backend",
			Cure: "give what stands behind sqlite:/// in the tracking URI; a folder mlruns is turned into one by `mlflow migrate-filestore`"}
	}
	return nil
}

type mlflow struct {
	ctx  context.Context
	tx   *sql.Tx
	path string
}

// check looks for the tables that are read.
func (m *mlflow) check() error {
	for table, columns := range map[string]string{
		"runs":    "run_uuid, name, status, start_time, end_time, source_version, lifecycle_stage, experiment_id",
		"metrics": "run_uuid, key, value, timestamp, step, is_nan", "params": "run_uuid, key, value", "tags": "run_uuid, key, value",
		"experiments": "experiment_id, name",
	} {
		if _, err := m.tx.ExecContext(m.ctx, "SELECT "+columns+" FROM "+table+" LIMIT 0"); err != nil {
			return &mmibx.InputError{File: m.path, Key: table, Found: err.Error(), Expected: "the tables of MLflow's sqlite backend",
				Cure: "bring an older store up to date by `mlflow db upgrade`"}
		}
	}
	return nil
}

func (m *mlflow) checkExperiments(wanted []string) error {
	var names []string
	err := m.each("SELECT name FROM experiments ORDER BY name", func(scan func(...any) error) error {
		names = append(names, "")
		return scan(&names[len(names)-1])
	})
	if err != nil {
		return err
	}
	for _, w := range wanted {
		if slices.Contains(names, w) {
			continue
		}
		fault := &mmibx.InputError{File: m.path, Key: "experiment", Found: strconv.Quote(w), Expected: "one of " + strings.Join(names, ", ")}
		if near := mmibx.Nearest(w, names); near != "" {
			fault.Cure = "did you mean " + near + "?"
		}
		return fault
	}
	return nil
}

// each calls fn for every row.
func (m *mlflow) each(query string, fn func(scan func(...any) error) error, args ...any) error {
	rows, err := m.tx.QueryContext(m.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows.Scan); err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
	}
	return rows.Err()
}

// mlflowStates are the words of the column status.
var mlflowStates = map[string]mmibx.State{"FINISHED": mmibx.Done, "FAILED": mmibx.Failed, "KILLED": mmibx.Stopped, "RUNNING": mmibx.Stopped, "SCHEDULED": mmibx.Stopped}

func (m *mlflow) runs(experiments []string) (list []*Foreign, deleted int, err error) {
	err = m.each(`SELECT r.run_uuid, coalesce(r.name, ''), coalesce(e.name, ''), coalesce(r.status, ''), coalesce(r.start_time, 0), r.end_time,
			coalesce(r.source_version, ''), coalesce(r.lifecycle_stage, '') = 'deleted'
		FROM runs r LEFT JOIN experiments e ON e.experiment_id = r.experiment_id
		WHERE json_array_length(?1) = 0 OR e.name IN (SELECT value FROM json_each(?1)) ORDER BY r.start_time, r.run_uuid`,
		func(scan func(...any) error) error {
			f := &Foreign{Format: "mlflow", Source: "MLflow, " + m.path, File: filepath.Base(m.path), Params: map[string]any{}}
			var status string
			var start int64
			var end sql.NullInt64
			var gone bool
			if err := scan(&f.Key, &f.Name, &f.Group, &status, &start, &end, &f.Commit, &gone); err != nil {
				return err
			}
			if gone {
				deleted++
				return nil
			}
			f.Started = time.UnixMilli(start)
			if end.Valid {
				f.Finished = time.UnixMilli(end.Int64)
			}
			known := false
			if f.State, known = mlflowStates[status]; !known {
				return fmt.Errorf("run %s has the status %q, which this mmibx does not know", f.Key, status)
			}
			if f.State != mmibx.Done {
				f.Error = "MLflow calls it " + strings.ToLower(status)
			}
			list = append(list, f)
			return nil
		}, jsonList(experiments))
	return list, deleted, err
}

// fill reads what a run's other tables hold.
func (m *mlflow) fill(f *Foreign) error {
	err := m.each("SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key", func(scan func(...any) error) error {
		var key, value string
		err := scan(&key, &value)
		f.Params[key] = parameter(value)
		return err
	}, f.Key)
	if err != nil {
		return err
	}
	err = m.each("SELECT key, coalesce(value, '') FROM tags WHERE run_uuid = ? ORDER BY key", func(scan func(...any) error) error {
		var key, value string
		err := scan(&key, &value)
		switch {
		case key == "mlflow.note.content":
			f.Remarks = append(f.Remarks, Remark{"note", value})
		case key == "mlflow.source.git.commit":
			f.Commit = value
		case key == "mlflow.runName" && f.Name == "":
			f.Name = value
		case !strings.HasPrefix(key, "mlflow."):
			f.Remarks = append(f.Remarks, Remark{"tag", key + "=" + value})
		}
		return err
	}, f.Key)
	if err != nil {
		return err
	}
	// Of several values at one step MLflow shows the latest, of these the greatest.
	return m.each("SELECT key, step, value, timestamp, is_nan FROM metrics WHERE run_uuid = ? ORDER BY timestamp, step, key, is_nan DESC, value",
		func(scan func(...any) error) error {
			var p mmibx.Point
			var at int64
			var isNaN bool
			err := scan(&p.Metric, &p.Step, &p.Value, &at, &isNaN)
			p.At = time.UnixMilli(at)
			switch {
			case isNaN: // stored as 0
				p.Value = math.NaN()
			case math.Abs(p.Value) == math.MaxFloat64: // how MLflow stores the infinities
				p.Value = math.Inf(int(math.Copysign(1, p.Value)))
			}
			f.Points = append(f.Points, p)
			return err
		}, f.Key)
}

// parameter gives a text, which is all that other trackers keep, the type that it
// looks like: 3 is an int, 1e-3 a float64, True a bool, and 007 a text.
func parameter(text string) any {
	if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text {
		return n
	}
	switch text {
	case "True", "true":
		return true
	case "False", "false":
		return false
	}
	digits := strings.TrimLeft(text, "+-")
	if digits == "" || digits[0] < '0' || digits[0] > '9' || len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' || strings.ContainsAny(text, "xXpP_") {
		return text
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return v
	}
	return text
}
