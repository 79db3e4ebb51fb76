package tracker

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// ingest writes chunks in one transaction.
type ingest struct {
	ctx      context.Context
	tx       *sql.Tx
	metrics  map[string]int64 // rows of names
	keys     map[string]int64
	series   map[seriesKey]*series
	rows     []pointRow
	attempts map[int64]*attemptRow // by journal
	stale    map[int64]bool        // runs whose summaries are to be made anew
}

// attemptRow is what ingest must know of an attempt to place its records.
type attemptRow struct {
	journal, run int64
	number       int
	started      int64 // nanoseconds
	ended        bool
}

func newIngest(ctx context.Context, tx *sql.Tx) *ingest {
	return &ingest{
		ctx: ctx, tx: tx, metrics: map[string]int64{}, keys: map[string]int64{},
		series: map[seriesKey]*series{}, attempts: map[int64]*attemptRow{}, stale: map[int64]bool{},
	}
}

func (in *ingest) exec(query string, args ...any) error {
	_, err := in.tx.ExecContext(in.ctx, query, args...) // compiled once: see cachedStatements
	return err
}

// scan reads one row; it returns sql.ErrNoRows where there is none.
func (in *ingest) scan(dest []any, query string, args ...any) error {
	return in.tx.QueryRowContext(in.ctx, query, args...).Scan(dest...)
}

// id returns the row of a name in one of the tables of names, and adds it.
func (in *ingest) id(table, column, name string) (id int64, err error) {
	err = in.scan([]any{&id}, "SELECT id FROM "+table+" WHERE "+column+" = ?", name)
	if errors.Is(err, sql.ErrNoRows) {
		err = in.scan([]any{&id}, "INSERT INTO "+table+" ("+column+") VALUES (?) RETURNING id", name)
	}
	return id, err
}

// chunk writes a chunk, unless another program has read that part already.
func (in *ingest) chunk(c *chunk) (bool, error) {
	var id, next int64
	err := in.scan([]any{&id, &next}, "SELECT id, next FROM journal WHERE path = ?", c.path)
	fresh := errors.Is(err, sql.ErrNoRows)
	if err != nil && !fresh {
		return false, err
	}
	if next != c.from {
		return false, nil
	}
	if fresh {
		if err := in.scan([]any{&id}, "INSERT INTO journal (path, next) VALUES (?, 0) RETURNING id", c.path); err != nil {
			return false, err
		}
	}
	var a *attemptRow
	if c.isAttempt() {
		if a, err = in.attempt(id, c); err != nil {
			return false, err
		}
	}
	lost := int64(0)
	for i := range c.records {
		r := &c.records[i]
		if r.Type == journal.Damaged {
			lost += r.End - r.Offset
		}
		err := in.record(id, a, r)
		if err == nil && r.Type == journal.TypeEntry && c.path == peoplePath {
			err = in.edit(r)
		}
		if err != nil {
			return false, err
		}
	}
	if err := in.exec("UPDATE journal SET next = ?, lost = lost + ?, tail = 0 WHERE id = ?", c.next, lost, id); err != nil {
		return false, err
	}
	if a == nil {
		return true, nil
	}
	return true, in.settle(a, c)
}

// record writes one record; a is nil where the journal is no attempt's.
func (in *ingest) record(id int64, a *attemptRow, r *journal.Record) error {
	switch {
	case r.Type == journal.TypeEvent:
		return in.exec("INSERT INTO event (journal, offset, at, kind, text) VALUES (?, ?, ?, ?, ?)", id, r.Offset, r.At.UnixNano(), r.Kind, r.Text)
	case r.Type == journal.TypeEntry:
		return in.exec("INSERT INTO entry (journal, offset, at, kind, body) VALUES (?, ?, ?, ?, ?)", id, r.Offset, r.At.UnixNano(), r.Kind, string(r.Entry))
	case a == nil:
		return nil
	case r.Type == journal.TypePoints:
		return in.points(a, r)
	case r.Type == journal.TypeArtifact:
		f := r.Artifact
		return in.exec("INSERT OR REPLACE INTO artifact (attempt, name, step, sha256, size) VALUES (?, ?, ?, ?, ?)", id, f.Name, f.Step, f.SHA256, f.Size)
	case r.Type == journal.TypeCheckpoint:
		return in.exec("UPDATE attempt SET checkpoint = ?, checkpoint_step = ? WHERE journal = ?", r.Text, r.Step, id)
	case r.Type == journal.TypeTrailer:
		t := r.Trailer
		a.ended = true
		state, finished := t.State, t.Finished
		if !slices.Contains(endings, state) {
			state = mmibx.Failed // a word that this version does not know is no success
		}
		if finished.IsZero() {
			finished = r.At
		}
		return in.exec("UPDATE attempt SET state = ?, class = ?, error = ?, output = ?, finished = ? WHERE journal = ?",
			state, t.Class, t.Error, strings.Join(t.Output, "\n"), finished.UnixNano(), id)
	}
	return nil
}

// endings are the states of a trailer.
var endings = []mmibx.State{mmibx.Done, mmibx.Failed, mmibx.Diverged, mmibx.Stopped, mmibx.Pruned}

// attempt finds the attempt of a journal, or makes it from the header.
func (in *ingest) attempt(id int64, c *chunk) (*attemptRow, error) {
	if a, ok := in.attempts[id]; ok {
		return a, nil
	}
	a := &attemptRow{journal: id}
	err := in.scan([]any{&a.run, &a.number, &a.started, &a.ended},
		"SELECT run, number, started, state NOT IN ('running', 'lost') FROM attempt WHERE journal = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		a, err = in.newAttempt(id, c)
	}
	if err == nil {
		in.attempts[id] = a
	}
	return a, err
}

func (in *ingest) newAttempt(id int64, c *chunk) (*attemptRow, error) {
	h := &journal.Header{Run: c.run, Attempt: c.attempt} // where the header is damaged, the path still says so much
	if len(c.records) > 0 && c.records[0].Header != nil {
		h = c.records[0].Header
	}
	if h.Started.IsZero() && len(c.records) > 0 {
		h.Started = c.records[0].At
	}
	if err := in.benchmark(id, h); err != nil {
		return nil, err
	}
	run, err := in.run(c.run, h)
	if err != nil {
		return nil, err
	}
	env, err := json.Marshal(h.Env)
	if err != nil {
		return nil, err
	}
	a := &attemptRow{journal: id, run: run, number: c.attempt, started: h.Started.UnixNano()}
	err = in.exec(`INSERT INTO attempt (journal, run, number, state, class, error, output, started, heard, resume_attempt,
			resume_step, checkpoint, checkpoint_step, host, device, environment)
		VALUES (?, ?, ?, 'running', '', '', '', ?, ?, ?, ?, '', 0, ?, ?, ?)`,
		id, run, a.number, a.started, a.started, h.ResumeAttempt, h.ResumeStep, h.Env.Host, h.Env.Device, string(env))
	if err != nil {
		return nil, err
	}
	if h.Sweep != "" {
		if err := in.exec("INSERT OR IGNORE INTO membership (sweep, run, planned) VALUES (?, ?, 0)", h.Sweep, c.run); err != nil {
			return nil, err
		}
	}
	// An attempt that another one followed cannot be running.
	err = in.exec(`UPDATE attempt SET state = 'lost', class = 'lost', error = `+lostWords+`, finished = heard
		WHERE run = ?1 AND state = 'running' AND number < (SELECT max(number) FROM attempt WHERE run = ?1)`, run)
	if err != nil {
		return nil, err
	}
	return a, in.stitch(run)
}

// run finds or makes the row of a run.
func (in *ingest) run(name string, h *journal.Header) (id int64, err error) {
	err = in.scan([]any{&id}, "SELECT id FROM run WHERE name = ? AND arm <> ''", name)
	if !errors.Is(err, sql.ErrNoRows) && (err != nil || !h.Imported.Foreign()) { // another tracker's run may have grown
		return id, err
	}
	body, err := json.Marshal(h.Inputs)
	if err != nil {
		return 0, err
	}
	inputs, err := in.id("inputs", "body", string(body))
	if err != nil {
		return 0, err
	}
	p := describe(h)
	var imported any // NULL for a run of our own
	if h.Imported != nil {
		blob, err := json.Marshal(h.Imported)
		if err != nil {
			return 0, err
		}
		imported = string(blob)
	}
	err = in.scan([]any{&id}, `INSERT INTO run (name, arm, benchmark, model, seed, label, inputs, imported) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET arm = excluded.arm, benchmark = excluded.benchmark, model = excluded.model,
			seed = excluded.seed, label = excluded.label, inputs = excluded.inputs, imported = excluded.imported
		RETURNING id`, name, h.Arm, p.benchmark, p.model, p.seed, p.label, inputs, imported)
	if err != nil {
		return 0, err
	}
	return id, in.params(id, p.values)
}

// benchmarkEntry is the kind of entry that a header's description of a benchmark is.
const benchmarkEntry = "benchmark"

// benchmark keeps what a header says of a benchmark of the user's own, so that its
// runs mean the same where the benchmark's folder is not at hand.
func (in *ingest) benchmark(journal int64, h *journal.Header) error {
	b := h.Benchmark
	if b == nil || b.Name != h.Spec["benchmark"] || !register(*b) {
		return nil
	}
	body, err := json.Marshal(b)
	if err != nil {
		return err
	}
	return in.exec("INSERT INTO entry (journal, offset, at, kind, body) VALUES (?, 0, ?, ?, ?)", journal, h.Started.UnixNano(), benchmarkEntry, string(body))
}

// register makes a benchmark of the user's own known unless it is already: what its
// folder says wins. It answers false for a description that specs cannot be made of.
func register(b mmibx.Benchmark) bool {
	if !b.Own || b.Name == "" || b.Task != mmibx.MNER && b.Task != mmibx.MRE || len(b.Evidence) == 0 {
		return false
	}
	if _, known := mmibx.LookupBenchmark(b.Name); !known {
		mmibx.RegisterBenchmark(b)
	}
	return true
}

// registerBenchmarks makes those known that the journals describe, as the latest does.
func (db *DB) registerBenchmarks(ctx context.Context) error {
	rows, err := db.read.QueryContext(ctx, "SELECT body, max(at) FROM entry WHERE kind = ? GROUP BY body ORDER BY 2 DESC, 1", benchmarkEntry)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var body string
		var at int64
		if err := rows.Scan(&body, &at); err != nil {
			return err
		}
		var b mmibx.Benchmark
		if err := json.Unmarshal([]byte(body), &b); err != nil {
			return fmt.Errorf("a benchmark of %s: %w", db.store.Database(), err)
		}
		register(b)
	}
	return rows.Err()
}

// params writes the parameters of a run, in one statement.
func (in *ingest) params(run int64, values map[string]any) error {
	if len(values) == 0 {
		return nil
	}
	var args []any
	for _, name := range slices.Sorted(maps.Keys(values)) {
		key, ok := in.keys[name]
		if !ok {
			var err error
			if key, err = in.id("key", "name", name); err != nil {
				return err
			}
			in.keys[name] = key
		}
		row := [6]any{run, key} // then int, real, text and bool
		column, v := typed(values[name])
		row[2+column] = v
		args = append(args, row[:]...)
	}
	return in.exec("INSERT OR REPLACE INTO param (run, key, int, real, text, bool) VALUES (?, ?, ?, ?, ?, ?)"+
		strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(values)-1), args...)
}

// description is what lists show of a spec.
type description struct {
	benchmark, model, label string
	seed                    int
	values                  map[string]any // what the model reads
}

// describe says what a run is of.
func describe(h *journal.Header) description {
	if h.Imported.Foreign() {
		return describeForeign(h)
	}
	d := describeSpec(h.Spec)
	if h.Imported != nil {
		d.label += ", imported for " + string(h.Imported.Split)
	}
	return d
}

// describeSpec leaves out the fields that the run's model does not read: their
// values decide nothing, and two journals of one run may differ in them.
func describeSpec(spec map[string]any) description {
	d := description{values: maps.Clone(spec)}
	settings := map[string]any{}
	for key, v := range spec {
		if _, known := mmibx.LookupField(key); known {
			settings[key] = v
		}
	}
	s, err := mmibx.SpecOf(settings)
	_, model := mmibx.LookupModel(s.Model.Name)
	_, benchmark := mmibx.LookupBenchmark(s.Benchmark)
	if err != nil || !model || !benchmark { // another program's, or another version's: kept as it is
		d.benchmark, _ = spec["benchmark"].(string)
		d.model, _ = spec["model.name"].(string)
		d.seed, _ = spec["seed"].(int)
		d.label = d.model
		return d
	}
	for _, key := range s.Unread(slices.Collect(maps.Keys(settings))) {
		delete(d.values, key)
	}
	d.benchmark, d.model, d.seed, d.label = s.Benchmark, s.Model.Name, s.Seed, s.Label()
	return d
}

// typed chooses the column of param for a value, counted from int.
func typed(value any) (column int, v any) {
	switch x := value.(type) {
	case int:
		return 0, x
	case float64:
		return 1, x
	case string:
		return 2, x
	case bool:
		return 3, x
	}
	blob, err := json.Marshal(value)
	if err != nil {
		return 2, ""
	}
	return 2, string(blob)
}

const vanished = "the process ended without a word"

// lostWords says in SQL what is known of the end of an attempt that has no trailer.
const lostWords = "coalesce((SELECT text FROM event e WHERE e.journal = attempt.journal AND e.kind = '" + journal.NotBegun + "'), '" + vanished + "')"

// settle decides where an attempt without a trailer stands, and brings the run
// up to its latest attempt.
func (in *ingest) settle(a *attemptRow, c *chunk) error {
	if n := len(c.records); n > 0 {
		if err := in.exec("UPDATE attempt SET heard = max(heard, ?) WHERE journal = ?", c.records[n-1].At.UnixNano(), a.journal); err != nil {
			return err
		}
	}
	if c.whole && !a.ended {
		query, args := "UPDATE attempt SET state = 'running', class = '', error = '', output = '', finished = NULL WHERE journal = ?", []any{a.journal}
		if c.ending() == mmibx.Lost {
			query = "UPDATE attempt SET state = 'lost', class = 'lost', error = " + lostWords + ", output = ?2, finished = heard WHERE journal = ?1"
			args = []any{a.journal, strings.Join(journal.LastWords(filepath.Join(filepath.Dir(c.file), "output.log"), 50), "\n")}
			if err := in.exec("UPDATE journal SET tail = ? WHERE id = ?", max(0, c.size-c.next), a.journal); err != nil {
				return err
			}
		}
		if err := in.exec(query, args...); err != nil {
			return err
		}
	}
	return in.exec(`UPDATE run SET (attempt, state, started, finished) =
			(SELECT number, state, started, finished FROM attempt WHERE run = run.id ORDER BY number DESC LIMIT 1)
		WHERE id = ?`, a.run)
}
