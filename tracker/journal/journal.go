// Package journal keeps what an attempt logs, and what people and runners
// decide, in append-only files. A journal is the truth that the database is made
// from: what a log call returned for survives kill -9, a damaged record costs
// nobody but itself, and a file can be read while it is written.
//
// Every record stands alone: it carries its time and the names of its metrics,
// and its checksum covers its place in the file. So reading goes on at any
// offset without what stands before it, and finds the next good record behind a
// damaged one. The format, to the byte, is in docs/reference/journal.md.
package journal

import (
	"encoding/json"
	"time"

	"github.com/mmibx/mmibx"
)

// Header is the first record of an attempt's journal.
type Header struct {
	Run     string         `json:"run"`
	Arm     string         `json:"arm"`
	Attempt int            `json:"attempt"` // from 1
	Spec    map[string]any `json:"spec"`    // every key; Read gives them the types of mmibx.Fields
	Inputs  mmibx.Inputs   `json:"inputs"`
	Sweep   string         `json:"sweep,omitempty"`
	// Benchmark describes that of the spec where it is one of the user's own, so that
	// the journal can be read where the benchmark's folder is not. Create fills it in.
	Benchmark *mmibx.Benchmark `json:"benchmark,omitempty"`
	// ResumeAttempt is the attempt whose checkpoint this one went on from, 0 when
	// it started anew. What that attempt logged after ResumeStep is superseded.
	ResumeAttempt int         `json:"resume_attempt,omitempty"`
	ResumeStep    int64       `json:"resume_step,omitempty"`
	Started       time.Time   `json:"started"`
	Env           Environment `json:"environment"`
	// Imported is set where nothing ran here: the attempt is another program's
	// predictions, whose spec holds benchmark, seed and, as model.name, the system;
	// or it is a run of another tracker, whose spec is what that calls parameters.
	Imported *Imported `json:"imported,omitempty"`
}

// Imported says where that comes from which somebody brought in.
type Imported struct {
	Split  mmibx.Split `json:"split"`  // that the predictions are for; "" of a run of another tracker
	Source string      `json:"source"` // who made them and how, in the words of whoever brought them in
	File   string      `json:"file"`   // its name, without folders
	Format string      `json:"format"` // conll, jsonl; mlflow, tensorboard
	// Of runs of another tracker:
	Name   string `json:"name,omitempty"`   // of the run there
	Group  string `json:"group,omitempty"`  // that it is one of there, such as an experiment
	Digest string `json:"digest,omitempty"` // SHA-256 of what was read
}

// Foreign says that the run was kept by another tracker.
func (m *Imported) Foreign() bool { return m != nil && m.Split == "" }

// Environment is the provenance of an attempt: what its numbers may depend on
// besides the spec and its inputs.
type Environment struct {
	Command  []string `json:"command,omitempty"` // what the person typed
	Commit   string   `json:"commit,omitempty"`
	Diff     string   `json:"diff,omitempty"` // SHA-256 of the uncommitted diff, "" when clean; up to 1 MiB it is among the objects
	Host     string   `json:"host,omitempty"`
	OS       string   `json:"os,omitempty"`
	Go       string   `json:"go,omitempty"`
	PyTorch  string   `json:"pytorch,omitempty"`
	ISA      string   `json:"isa,omitempty"` // instruction set that the kernels use
	Device   string   `json:"device,omitempty"`
	GPU      string   `json:"gpu,omitempty"`       // which one of the machine, where a runner gave it one: cuda:1
	GPUModel string   `json:"gpu_model,omitempty"` // by its driver's name
	Program  string   `json:"program,omitempty"`   // version or digest of the worker
	Threads  int      `json:"threads,omitempty"`
	PID      int      `json:"pid,omitempty"`
}

// Artifact is a file of the store's objects that an attempt made.
type Artifact struct {
	Name   string `json:"name"` // predictions.dev
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Step   int64  `json:"step"`
}

// Trailer is the last record of an attempt that ended with a word.
type Trailer struct {
	State    mmibx.State        `json:"state"`
	Class    mmibx.FailureClass `json:"class,omitempty"`
	Error    string             `json:"error,omitempty"`
	Output   []string           `json:"output,omitempty"` // last 50 lines of standard error
	Finished time.Time          `json:"finished"`
}

// NotBegun is the kind of event in the journal of an attempt that failed before its
// worker wrote one: its runner did, with the reason as the event's text. Without a
// trailer the attempt is lost; with one it failed, and either way no step was made.
const NotBegun = "not begun"

// Type says what a record holds.
type Type uint8

// The types of records. Damaged stands for bytes that hold no record; it is what
// Read reports, never what a file contains.
const (
	Damaged Type = iota
	TypeHeader
	TypePoints
	TypeEvent
	TypeArtifact
	TypeCheckpoint
	TypeEntry
	TypeTrailer
	numTypes
)

// String names the type.
func (t Type) String() string {
	if t >= numTypes {
		return "unknown"
	}
	return [numTypes]string{"damaged", "header", "points", "event", "artifact", "checkpoint", "entry", "trailer"}[t]
}

// Record is one record as Read gives it; which fields are set follows its type.
type Record struct {
	Type        Type
	Offset, End int64 // its bytes in the file: [Offset, End)
	At          time.Time

	Header   *Header
	Step     int64           // points, checkpoint
	Metrics  []mmibx.Metric  // points
	Artifact *Artifact       // artifact
	Kind     string          // event, entry
	Text     string          // event; of a checkpoint the name of its file, beside the journal
	Entry    json.RawMessage // entry
	Trailer  *Trailer
}

// Damage is what Check found.
type Damage struct {
	Records int64 // good ones
	Lost    int64 // bytes before the last good record that hold none
	Tail    int64 // bytes after the last good record: a write that was cut, or is under way
}
