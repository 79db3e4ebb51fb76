package tui

import "context"

// Press makes what goes into a paper of the runs of a sweep. Scores are of dev:
// test is looked at by command lines that name it.
type Press interface {
	// Stamp differs where the table of a query may. It costs little.
	Stamp(ctx context.Context, q PaperQuery) (string, error)
	// Table lays runs out, methods by benchmarks. With a baseline it may take minutes;
	// tell hears how far it is, and it ends with its context.
	Table(ctx context.Context, q PaperQuery, tell func(doing string, done, total int)) (Table, error)
	// SaveTable writes a table, and the values and runs of its cells beside it, and
	// says the path.
	SaveTable(ctx context.Context, q PaperQuery, file string) (path string, err error)
	// Figures lists what can be drawn.
	Figures() []Pair
	// Figure draws a figure by its name into a file and says the path.
	Figure(ctx context.Context, q PaperQuery, name, file string) (path string, err error)
}

// PaperQuery says of which runs.
type PaperQuery struct {
	Sweep    string   // "": the one that all of Runs are of
	Runs     []string // none: all of the sweep
	Baseline string   // row that the others are tested against; "": no test
}

// Table is a table of a paper.
type Table struct {
	Sweep string
	Text  func(cells int) []string // as people read it, in lines of so many cells where that can be
	LaTeX string
	Row   []string // its rows, which a test may be against
	CLI   string   // the words of the command line that prints it
}
