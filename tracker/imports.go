package tracker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Import is another program's predictions of one split with one seed, as a
// person brings them in. They become a run that is done: lists, tables and tests
// treat it as one of ours, marked.
type Import struct {
	System    string
	Benchmark string
	Seed      int
	journal.Imported
	Inputs      mmibx.Inputs   // the files of the benchmark that they were held against
	Original    []byte         // the file as it came, which is kept
	Predictions []byte         // in the form that workers keep, in the order of the split
	Scores      []mmibx.Metric // on dev, by our own scorer; none on test
	Env         journal.Environment
}

// systemName keeps names that tables can print and filters can hold.
var systemName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9 ._+()/-]{0,62}[A-Za-z0-9.+)])?$`)

// checkSystem refuses what could be taken for a model of our own.
func checkSystem(key, name string) error {
	for _, own := range mmibx.Models {
		if strings.EqualFold(own.Name, name) || strings.EqualFold(own.Title, name) {
			return &mmibx.InputError{Key: key, Found: name, Expected: "a name that no model of mmibx has",
				Cure: "say whose it is, as in '" + name + " (released code)'"}
		}
	}
	if !systemName.MatchString(name) {
		return &mmibx.InputError{Key: key, Found: fmt.Sprintf("%q", name), Expected: "1 to 64 letters, digits, spaces and . _ + - / ( ), a letter or digit first"}
	}
	return nil
}

// Check refuses what could be taken for a run of our own, or found again by nobody.
func (m *Import) Check() error {
	if err := checkSystem("system", m.System); err != nil {
		return err
	}
	switch {
	case m.Seed < 0:
		return &mmibx.InputError{Key: "seed", Found: fmt.Sprint(m.Seed), Expected: "0 or more"}
	case m.Split != mmibx.Dev && m.Split != mmibx.Test:
		return &mmibx.InputError{Key: "split", Found: fmt.Sprintf("%q", m.Split), Expected: "dev or test"}
	case strings.TrimSpace(m.Source) == "":
		return &mmibx.InputError{Key: "source", Found: "nothing", Expected: "where the predictions come from", Cure: "name the program, its version and who ran it"}
	}
	return nil
}

// ID names the run as Spec.ID names ours: by all that decides what it says.
func (m *Import) ID() string {
	sum := sha256.Sum256(m.Predictions)
	return m.identity(map[string]any{"seed": m.Seed, "predictions": hex.EncodeToString(sum[:])})
}

// Arm names the runs that are equal but for the seed.
func (m *Import) Arm() string { return m.identity(map[string]any{}) }

func (m *Import) identity(values map[string]any) string {
	values["system"], values["benchmark"], values["split"], values["inputs"] = m.System, m.Benchmark, m.Split, m.Inputs
	blob, err := json.Marshal(values)
	if err != nil {
		panic(err) // strings, numbers and maps of strings always marshal
	}
	sum := sha256.Sum256(blob)
	return hex.EncodeToString(sum[:])[:12]
}

// AddImport writes the journal and the artifacts of an import, and returns its
// run; added is false where the store has the same one. Other predictions of
// the same system, seed, benchmark and split are refused as long as they are not
// in the bin: a mean would count the seed twice. The database must be up to
// date, and the next Sync makes the run seen.
func (db *DB) AddImport(ctx context.Context, m Import) (run string, added bool, err error) {
	if err := m.Check(); err != nil {
		return "", false, err
	}
	run = m.ID()
	attempt := 1
	there, err := db.Imports(ctx, m.System)
	if err != nil {
		return "", false, err
	}
	for _, r := range there {
		switch {
		case r.ID == run && r.Binned:
			return "", false, fmt.Errorf("%w: run %s holds the same predictions and is in the bin; `mmibx runs restore %s` takes it out", mmibx.ErrUsage, run, run)
		case r.ID == run && r.State == mmibx.Done:
			return run, false, nil
		case r.ID == run: // an import that was cut off
			attempt = r.Attempts + 1
		case !r.Binned && r.Seed == m.Seed && r.Benchmark == m.Benchmark && r.Split == m.Split:
			return "", false, fmt.Errorf("%w: run %s holds other predictions of %s on %s %s with seed %d; name another seed, or put it into the bin first: `mmibx runs rm %s`",
				mmibx.ErrUsage, r.ID, m.System, m.Benchmark, m.Split, m.Seed, r.ID)
		}
	}
	return run, true, m.write(db.store, run, attempt)
}

func (m *Import) write(store mmibx.Store, run string, attempt int) error {
	header := journal.Header{
		Run: run, Arm: m.Arm(), Attempt: attempt, Inputs: m.Inputs, Started: time.Now(), Env: m.Env, Imported: &m.Imported,
		Spec: map[string]any{"benchmark": m.Benchmark, "seed": m.Seed, "model.name": m.System},
	}
	w, err := journal.Create(store.Journal(run, attempt), header)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run %s is being imported by another program; see `mmibx runs show %s`", run, run)
	}
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		text []byte
	}{{"imported." + m.Format, m.Original}, {"predictions." + string(m.Split), m.Predictions}} {
		a := journal.Artifact{Name: f.name}
		if a.SHA256, a.Size, err = PutObject(store, bytes.NewReader(f.text)); err == nil {
			err = w.Artifact(a)
		}
		if err != nil {
			return errors.Join(err, w.Abandon())
		}
	}
	if len(m.Scores) > 0 {
		if err := w.Log(0, m.Scores...); err != nil {
			return errors.Join(err, w.Abandon())
		}
	}
	return w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()})
}

// ImportedRun is a run that holds the predictions of a system that is not ours.
type ImportedRun struct {
	ID, Arm, System, Benchmark string
	Seed, Attempts             int
	State                      mmibx.State
	Binned                     bool
	journal.Imported
}

// Imports lists the runs of a system that is not ours, of all such systems where
// it is ""; those in the bin too. They are in the order of system, benchmark,
// split and seed.
func (db *DB) Imports(ctx context.Context, system string) ([]ImportedRun, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT r.name, r.arm, r.model, r.benchmark, r.seed, r.attempt, r.state, coalesce(e.binned, 0), r.imported
		FROM run r LEFT JOIN edit e ON e.run = r.name
		WHERE r.imported IS NOT NULL AND json_extract(r.imported, '$.split') <> '' AND (?1 = '' OR r.model = ?1)
		ORDER BY r.model, r.benchmark, json_extract(r.imported, '$.split'), r.seed, r.name`, system)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []ImportedRun
	for rows.Next() {
		var r ImportedRun
		var blob string
		if err := rows.Scan(&r.ID, &r.Arm, &r.System, &r.Benchmark, &r.Seed, &r.Attempts, &r.State, &r.Binned, &blob); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(blob), &r.Imported); err != nil {
			return nil, fmt.Errorf("run %s: %w", r.ID, err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}
