package tracker

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"math"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Foreign is a run that another tracker kept. Imported, it is a run like others,
// marked: lists, curves, exports and SQL show it; no table of ours counts it.
type Foreign struct {
	Format  string // mlflow, tensorboard
	Key     string // names the run there, for good
	Source  string // where it comes from, for people
	File    string // its name, without folders
	Name    string
	Group   string         // the experiment there; stands for the model where no parameter names one
	Params  map[string]any // int, float64, string or bool
	Points  []mmibx.Point  // in the order in which they count: of one step the last
	Remarks []Remark       // what else was said of it
	Started time.Time
	// Finished is zero where that is not known; the last point then stands for it.
	Finished time.Time
	State    mmibx.State // an ending
	Error    string
	Commit   string // git commit of the code that ran
}

// Remark is a word on a run that is neither parameter nor metric.
type Remark struct{ Kind, Text string }

// ID names the run, whatever is imported of it.
func (f *Foreign) ID() string { return hashOf(f.Format, f.Key) }

// Arm names the runs of a group whose parameters are equal but for the seed. A
// run without any is an arm of its own.
func (f *Foreign) Arm() string {
	params := maps.Clone(f.Params)
	delete(params, "seed")
	if len(params) == 0 {
		return hashOf(f.Format, f.Key, "arm")
	}
	blob, err := json.Marshal(params)
	if err != nil {
		panic(err) // numbers that are finite, texts and booleans always marshal
	}
	return hashOf(f.Format, f.Group, string(blob))
}

func hashOf(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:12]
}

// digest covers all that an import keeps.
func (f *Foreign) digest() (string, error) {
	h := sha256.New()
	head := *f
	head.Points, head.Source, head.File = nil, "", "" // a file that was moved is the same
	if err := json.NewEncoder(h).Encode(head); err != nil {
		return "", err
	}
	for _, p := range f.Points {
		writePoint(h, p)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func writePoint(h hash.Hash, p mmibx.Point) {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], uint64(p.Step))
	binary.LittleEndian.PutUint64(b[8:], math.Float64bits(p.Value))
	binary.LittleEndian.PutUint64(b[16:], uint64(p.At.UnixNano()))
	_, _ = h.Write(b[:]) // a hash never fails
	_, _ = h.Write([]byte(p.Metric + "\x00"))
}

// ForeignOutcome says what an import did with a run.
type ForeignOutcome string

// What AddForeign does.
const (
	ForeignAdded     ForeignOutcome = "added"
	ForeignRenewed   ForeignOutcome = "renewed"   // it was here and has changed there
	ForeignUnchanged ForeignOutcome = "unchanged" // nothing was written
)

// AddForeign writes the journal of a run of another tracker. Where the store has
// it and it has changed there since, the journal is a further attempt, which
// counts instead of the one before. The next Sync makes it seen.
func AddForeign(store mmibx.Store, f *Foreign, env journal.Environment) (ForeignOutcome, error) {
	digest, err := f.digest()
	if err != nil {
		return "", err
	}
	id := f.ID()
	last, kept, err := lastForeign(store, id)
	if err != nil {
		return "", err
	}
	if kept == digest {
		return ForeignUnchanged, nil
	}
	if err := f.write(store, id, last+1, digest, env); err != nil {
		return "", fmt.Errorf("%s: %w", f.Name, err)
	}
	if last > 0 {
		return ForeignRenewed, nil
	}
	return ForeignAdded, nil
}

// lastForeign is the number of a run's last attempt, and what it was made from
// where it is whole.
func lastForeign(store mmibx.Store, run string) (attempt int, digest string, err error) {
	attempt, err = journal.LastAttempt(store, run)
	if err != nil || attempt == 0 {
		return 0, "", err
	}
	whole := false
	_, err = journal.Read(store.Journal(run, attempt), 0, func(r journal.Record) error {
		if r.Header != nil && r.Header.Imported != nil {
			digest = r.Header.Imported.Digest
		}
		whole = whole || r.Type == journal.TypeTrailer
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) { // it died before its first word
		err = nil
	}
	if !whole {
		digest = ""
	}
	return attempt, digest, err
}

func (f *Foreign) write(store mmibx.Store, run string, attempt int, digest string, env journal.Environment) error {
	env.Commit = f.Commit
	w, err := journal.Create(store.Journal(run, attempt), journal.Header{
		Run: run, Arm: f.Arm(), Attempt: attempt, Spec: f.Params, Started: f.Started, Env: env,
		Imported: &journal.Imported{Source: f.Source, File: f.File, Format: f.Format, Name: f.Name, Group: f.Group, Digest: digest},
	})
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("run %s is being imported by another program; see `mmibx runs show %s`", run, run)
	}
	if err != nil {
		return err
	}
	if err := f.log(w); err != nil {
		return errors.Join(err, w.Abandon())
	}
	t := journal.Trailer{State: f.State, Error: f.Error, Finished: f.Finished}
	if t.Finished.IsZero() {
		t.Finished = f.Started
		for _, p := range f.Points {
			if p.At.After(t.Finished) {
				t.Finished = p.At
			}
		}
	}
	if f.State == mmibx.Failed {
		t.Class = mmibx.FailError
	}
	return w.Close(t)
}

// log writes the remarks, then the points, those of one step and time together.
func (f *Foreign) log(w *journal.Writer) error {
	for _, n := range f.Remarks {
		if err := w.Event(n.Kind, n.Text); err != nil {
			return err
		}
	}
	var metrics []mmibx.Metric
	for i, p := range f.Points {
		metrics = append(metrics, mmibx.Metric{Name: p.Metric, Value: p.Value})
		if i+1 < len(f.Points) && f.Points[i+1].Step == p.Step && f.Points[i+1].At.Equal(p.At) {
			continue
		}
		if err := w.LogAt(p.At, p.Step, metrics...); err != nil {
			return err
		}
		metrics = metrics[:0]
	}
	return nil
}

// describeForeign is what lists show of another tracker's run.
func describeForeign(h *journal.Header) description {
	d := description{values: h.Spec, model: h.Imported.Group}
	for _, key := range []string{"model.name", "model"} {
		if name, ok := h.Spec[key].(string); ok {
			d.model = name
		}
	}
	d.benchmark, _ = h.Spec["benchmark"].(string)
	d.seed, _ = h.Spec["seed"].(int)
	d.label = strings.TrimSpace(h.Imported.Group+" "+h.Imported.Name) + ", imported from " + h.Imported.Format
	return d
}
