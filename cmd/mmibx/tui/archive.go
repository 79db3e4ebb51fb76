package tui

import (
	"context"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/scoring"
)

// Archive is the runs of the store, whatever sweep they are of. Its methods are
// called as those of Reader are.
type Archive interface {
	// Runs reads a page of a list of runs, or of arms.
	Runs(ctx context.Context, q RunsQuery) (RunsPage, error)
	// Complete says what a filter that is being typed may go on with.
	Complete(ctx context.Context, filter string) (Completion, error)
	// Keys lists what a list may have columns of, and be sorted by.
	Keys(ctx context.Context) ([]Pair, error)
	// Lists are the ways of listing that were saved.
	Lists(ctx context.Context) ([]SavedList, error)
	// Answers are what a run predicted of dev, held against gold.
	Answers(ctx context.Context, run string) (*Answers, error)
	// Picture is a picture of a benchmark, mmibx.ErrNotFound where there is none.
	Picture(ctx context.Context, benchmark, id string) (widget.Picture, error)
}

// Curator writes what people decide about runs. Nothing of it deletes anything.
type Curator interface {
	// Tag says which of the runs did not have the tag; Untag takes it away.
	Tag(ctx context.Context, runs []string, tag string) (fresh []string, err error)
	Untag(ctx context.Context, runs []string, tag string) error
	// Note says which notes stood there before, by run.
	Note(ctx context.Context, runs []string, note string) (before map[string]string, err error)
	// Remove puts runs into the bin, Restore takes them out. Both say which of the
	// runs were on the other side.
	Remove(ctx context.Context, runs []string) (changed []string, err error)
	Restore(ctx context.Context, runs []string) (changed []string, err error)
	// RetryRuns asks for another attempt at runs that ended badly.
	RetryRuns(ctx context.Context, runs []string) error
	SaveList(ctx context.Context, l SavedList) error
	// Export writes a table about runs to a file and says how many rows it has.
	Export(ctx context.Context, e Export) (rows int, err error)
	// Unseal reads the answers of a run on test, after the ledger has its line.
	Unseal(ctx context.Context, run string) (*Answers, error)
}

// RunsQuery says which page of which list.
type RunsQuery struct {
	Listing
	From, Limit int // rows
}

// Listing is a way of listing runs.
type Listing struct {
	Filter  string // in the filter language; "": all
	Sort    string // a key, with - before it from high to low; "": the latest start first
	Columns []string
	ByArm   bool
	Bin     bool // what is in the bin instead of what is not
}

// Export is a table to be written. Its format follows the name of the file.
type Export struct {
	Table string   // of ExportTables
	Runs  []string // nil: those that the listing lets through
	Listing
	File string
}

// ExportTables are the tables that can be written, with what their rows are.
var ExportTables = []Pair{{"runs", "a row per run"}, {"params", "a row per key of a run's spec"}, {"metrics", "a row per metric of a run"}, {"points", "a row per point"}}

// SavedList is a listing with a name.
type SavedList struct {
	Name string
	Listing
}

// RunsPage is what was found.
type RunsPage struct {
	Of     RunsQuery // that was asked
	Total  int       // rows that pass
	All    int       // rows that there are without the filter
	Heads  []Head    // of the columns
	Rows   []Listed
	Fault  *Fault // of the filter; then there are no rows
	Notice string // how far the store is behind
}

// Head is the title of a column.
type Head struct {
	Title string
	Words bool // no numbers stand below
}

// Fault is what is wrong with a filter.
type Fault struct {
	At   int // byte
	Text string
}

// Listed is a row of a list: a run, or an arm.
type Listed struct {
	ID     string
	Label  string
	State  mmibx.State // of a run
	Counts Counts      // of an arm
	Runs   []string    // of an arm, those that pass; of a run itself
	Tags   []string
	Note   string
	Error  string
	Cells  []string // of the columns
}

// Completion is what may stand in a filter from a byte on.
type Completion struct {
	From  int
	Words []string
}

// Answers is what a run predicted of a split, held against gold.
type Answers struct {
	Label     string
	Benchmark string
	Task      mmibx.Task
	Split     mmibx.Split
	Score     scoring.Report
	Examples  []Answer
}

// Answer is one example: what is right of it, what is wrong, and what the run was
// shown with it.
type Answer struct {
	scoring.Judged
	Picture string // "" for a blank one
	Caption string
	Others  bool // the picture is another tweet's
}
