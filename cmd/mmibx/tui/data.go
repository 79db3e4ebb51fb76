package tui

import (
	"context"
	"time"

	"github.com/mmibx/mmibx"
)

// Reader is all that the UI sees of the store. Its methods may be slow and may
// fail: they run in commands, one at a time per screen, under a deadline. What
// they return is not changed afterwards.
type Reader interface {
	// Studies lists the studies that ship.
	Studies(ctx context.Context) ([]Study, error)
	// Plan is what starting a study with so many workers would run.
	Plan(ctx context.Context, study string, workers int) (Plan, error)
	// Sweeps lists the sweeps of the store, live ones first.
	Sweeps(ctx context.Context) ([]Sweep, error)
	// Overview is what matters of the store besides its sweeps. It looks at every
	// file of the store, so it is asked for seldom.
	Overview(ctx context.Context) (Overview, error)
	// Board is where a sweep stands.
	Board(ctx context.Context, sweep string) (Board, error)
	// Rows are the lines of some runs, by seed; what is in the bin is not among them.
	Rows(ctx context.Context, runs []string) ([]RunRow, error)
	// Run is one run as a whole.
	Run(ctx context.Context, run string) (Run, error)
	// Curve returns at most limit points of a metric with steps above after,
	// which is math.MinInt64 the first time.
	Curve(ctx context.Context, run, metric string, after int64, limit int) ([]mmibx.Point, error)
}

// Control is the remote control: each method does what a command line does, and
// what it starts outlives the UI.
type Control interface {
	// Start begins to run a study with so many workers in a process of its own
	// and names the sweep.
	Start(ctx context.Context, study string, workers int) (sweep string, err error)
	// Stop lets the runner finish tidily; what is not done can go on later.
	Stop(ctx context.Context, sweep string) error
	// Pause lets running runs end and starts no others.
	Pause(ctx context.Context, sweep string) error
	// Resume ends a pause.
	Resume(ctx context.Context, sweep string) error
	// Continue goes on with a sweep that nothing runs, or as soon as its runner has
	// ended where it was told to stop.
	Continue(ctx context.Context, sweep string) error
	// Retry makes failed runs of a sweep due again.
	Retry(ctx context.Context, sweep string, runs []string) error
	// Forgo takes a retry back where no attempt began since. The sweep is "" where the
	// runs are of any.
	Forgo(ctx context.Context, sweep string, runs []string) error
	// Prioritize lets runs start before those with a lower priority; 0 is usual.
	Prioritize(ctx context.Context, sweep string, priority int, runs []string) error
}

// Counts counts runs by state.
type Counts map[mmibx.State]int

// Total is how many runs were counted.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// Study is a sweep file that ships with the program.
type Study struct {
	Name     string
	Title    string
	Question string // what it answers
}

// Axis is a key that a sweep varies, with its values in their order.
type Axis struct {
	Key    string // as in the spec
	Label  string // for people: "β text"
	Values []string
}

// Plan is what a study would run.
type Plan struct {
	Study     Study
	Axes      []Axis
	Seeds     int
	Total     int // runs
	Collapsed int // cells of the grid that are the same run as another
	Counts    Counts
	Arms      []PlanArm
	Estimate  string // how long what is left will take, and what that rests on
}

// PlanArm is one line of a plan: runs equal but for their seed.
type PlanArm struct {
	Benchmark, Label string
	Seeds, Done      int
}

// Sweep is a line of the list of sweeps.
type Sweep struct {
	Name    string
	Live    bool // a runner works on it
	Paused  bool
	Counts  Counts
	Total   int
	Updated time.Time // last sign of life
}

// Overview is what matters of a store besides its sweeps.
type Overview struct {
	Attention []Attention // failed, diverged, lost; the latest first; at most 200
	Best      []Best      // one for each benchmark with finished runs
	Lately    []Event     // what happened, of all runs, the newest first; at most 50
	Used      int64       // bytes of the store
	Free      int64       // bytes left on its disk
}

// Attention is a run that needs a hand.
type Attention struct {
	RunRow
	Sweep string // "" where it is of none
	At    time.Time
}

// Best is the best arm of a benchmark on dev: of those with two or more seeds
// where there are such.
type Best struct {
	Benchmark, Label string
	Mean, SD         float64
	N                int
	Run              string // its best
}

// Board is where a sweep stands. Scores are on dev: test stays sealed.
type Board struct {
	Version       int64 // differs where anything else does
	Live, Paused  bool
	Counts        Counts
	Total         int
	Started       time.Time
	Ended         time.Time     // zero while it is live
	Spent         time.Duration // on all attempts at its runs; 0: not known
	Remaining     time.Duration // 0: not known
	RunsPerMinute float64
	Workers       int
	Utilisation   float64 // share of the workers' time in which they had a run; 0: not known
	Lanes         []Lane
	Benchmarks    []string
	Axes          []Axis
	Arms          []Arm
	Runs          []RunRow // what needs a hand first; at most 2,000
	Events        []Event  // newest first
	Notice        string   // how far the store is behind, "" when it is not
}

// Lane is a worker and what it does.
type Lane struct {
	Worker         string
	Run            string // "" when it waits
	Label          string
	Epoch, Epochs  int
	Loss           float64 // NaN: not yet
	Losses         []float64
	Dev            float64 // NaN: not yet
	Remaining      time.Duration
	StepsPerSecond float64
}

// Arm is runs equal but for their seed: a cell of the grid, a line of the leader
// board.
type Arm struct {
	ID               string
	Benchmark, Label string
	Title            string  // as tables call it
	At               []int   // place on each axis of the board; -1: does not read it
	Mean, SD         float64 // of the dev score over the seeds that are done, in percent
	N, Planned       int     // seeds done and planned
	Running          int
	Failed, Diverged int
	Run              string   // the one to look at: running, or else the best
	Runs             []string // that are done
}

// RunRow is a line of a table of runs.
type RunRow struct {
	ID, Label, Benchmark string
	Seed                 int
	State                mmibx.State
	Epoch, Epochs        int
	Dev                  float64 // NaN: none
	Took                 time.Duration
	Attempt              int
	Priority             int // higher starts earlier, 0 is usual
	Error                string
}

// Event is something that happened.
type Event struct {
	At   time.Time
	Run  string // "" where it is about the sweep
	Kind string // a state, or one word: retried, restarted
	Text string
}

// Run is all that is known of one run.
type Run struct {
	RunRow
	Sweep       string
	Host        string
	Device      string
	Tags        []string
	Note        string
	Spec        []Pair // what differs from the preset first
	Unusual     int    // so many of them differ
	Metrics     []Pair // last values
	Types       []TypeScore
	Diagnostics []Gauge
	Provenance  []Pair
	Tries       []Try // the latest first
	Files       []File
	Names       []string // of the metrics that have curves
	Output      []string // the tail of what it wrote
}

// TypeScore is the F1 on dev of one type of entity or relation, in percent.
type TypeScore struct {
	Type       string
	Last, Best float64
}

// Gauge is a diagnostic of the last epoch; one that cannot exceed a bound has it.
type Gauge struct {
	Pair
	Unit         string
	Value, Bound float64 // of the bar; Bound NaN: none
	Doc          string
}

// Try is one attempt.
type Try struct {
	Number       int
	State        mmibx.State
	Started      time.Time
	Took         time.Duration // 0: it runs, or ended without a word
	From         string        // "2 at step 40", "" for anew
	Where, Error string
}

// File is an artifact, or a checkpoint beside the journal.
type File struct {
	Name, Path string
	Step, Size int64
}

// Pair is a name and a value, ready to be shown.
type Pair struct{ Name, Value string }
