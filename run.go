package mmibx

// State is where a run stands. Done is the only state that is not done again.
type State string

// The states of a run. Queued is a plan's word: such a run has no attempt yet.
const (
	Queued   State = "queued"
	Running  State = "running"
	Done     State = "done"
	Failed   State = "failed"
	Diverged State = "diverged" // a loss stopped being finite; stays so until a retry is asked for
	Stopped  State = "stopped"  // by a person, resumable
	Lost     State = "lost"     // its process is gone without a word, resumable
	Pruned   State = "pruned"   // by a sampler; never enters a table
)

// States lists the states in the order in which counts are shown.
var States = []State{Queued, Running, Done, Failed, Diverged, Stopped, Lost, Pruned}

// Final says that a run in this state is not started again by itself.
func (s State) Final() bool {
	return s == Done || s == Failed || s == Diverged || s == Pruned
}

// FailureClass says why an attempt ended badly, which decides whether trying
// again can help.
type FailureClass string

// The classes of failure.
const (
	FailLost     FailureClass = "lost"          // the process vanished
	FailSignal   FailureClass = "signal"        // killed
	FailIO       FailureClass = "io"            // disk or file system, often transient
	FailDiverged FailureClass = "diverged"      // NaN or Inf in a loss
	FailMemory   FailureClass = "out-of-memory" // a smaller batch would be another spec
	FailSpec     FailureClass = "bad-spec"
	FailDevice   FailureClass = "device" // it is not there for the worker; no fault of the run
	FailError    FailureClass = "error"  // anything else, a fault of ours until shown otherwise
)

// Retryable says whether the same run may be tried again without being asked.
func (c FailureClass) Retryable() bool {
	return c == FailLost || c == FailSignal || c == FailIO
}

// Job is one attempt at a run, as a runner asks a worker for it: one line of
// JSON on the worker's standard input. The end of that input means: write a
// checkpoint and exit.
type Job struct {
	Run     string         `json:"run"`
	Arm     string         `json:"arm"`
	Attempt int            `json:"attempt"` // from 1
	Spec    map[string]any `json:"spec"`    // every key, as Spec.Values gives it
	Inputs  Inputs         `json:"inputs"`
	Sweep   string         `json:"sweep,omitempty"`
	Store   Store          `json:"store"`
	DataDir string         `json:"data_dir,omitempty"` // folder of the real benchmarks
	Resume  int            `json:"resume,omitempty"`   // attempt whose last checkpoint to go on from; 0: anew
	Device  string         `json:"device"`             // cpu or cuda
	GPU     string         `json:"gpu,omitempty"`      // which one the worker has for itself, for provenance: cuda:1
	Threads int            `json:"threads"`            // of one worker
	Command []string       `json:"command,omitempty"`  // what the person typed, for provenance
	Commit  string         `json:"commit,omitempty"`   // git commit of the folder that it was typed in
	Diff    string         `json:"diff,omitempty"`     // SHA-256 of the uncommitted diff there, "" when clean
}

// Pruning asks a worker to end a run that it is at, for good: one line of JSON among
// its jobs.
type Pruning struct {
	Run string `json:"prune"`
	Why string `json:"why"`
}

// Outcome is the worker's answer to a job, one line of JSON on its standard
// output, after the journal has its trailer.
type Outcome struct {
	Run     string       `json:"run"`
	Attempt int          `json:"attempt"`
	State   State        `json:"state"`
	Class   FailureClass `json:"class,omitempty"`
	Error   string       `json:"error,omitempty"`
	Leaves  bool         `json:"leaves,omitempty"` // the worker takes no other job
}

// CodesOfDev names the artifact with the codes of some examples of dev, before the
// first step and at the chosen checkpoint: safetensors with start.text, start.image,
// best.text and best.image, each [N, Z].
const CodesOfDev = "codes.dev"
