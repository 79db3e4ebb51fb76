package tui

import (
	"context"

	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/reports/stats"
)

// Judge compares arms by the predictions on dev that their runs kept, as `mmibx
// compare` does. It computes, so each call does a bounded piece of the work and
// is asked beside the reading of a screen, never instead of it.
type Judge interface {
	// Against makes at most one comparison that is still missing between the arms
	// of a sweep on a benchmark and one of them; "" is the text-only arm, or the
	// first there is. It is to be called again while Left is not 0.
	Against(ctx context.Context, sweep, benchmark, baseline string) (Marks, error)
	// Compare makes the default comparison of the finished ones among some runs with
	// those among others, on each benchmark that both have.
	Compare(ctx context.Context, runs, with []string) ([]Versus, error)
	// Disagree lists the examples of dev on which systems differ most, at most so
	// many of each benchmark that all have. A system is its runs.
	Disagree(ctx context.Context, systems [][]string, limit int) ([]Disagreement, error)
}

// Versus is the comparison of two systems on a benchmark.
type Versus struct {
	Benchmark         string
	*stats.Comparison        // nil: not compared
	Why               string // it was not
}

// Disagreement is an example of a benchmark that systems answer differently.
type Disagreement struct {
	Benchmark string
	reports.Disagreement
}

// Marks are what the default comparison says of arms against a baseline.
type Marks struct {
	Baseline string // the arm's id
	Label    string
	Of       map[string]Mark // by the arm's id
	Left     int             // comparisons still to be made
}

// Mark is one arm against the baseline. Verdicts are adjusted by Holm over all
// arms that were compared, and absent until Left is 0.
type Mark struct {
	Difference float64 // in points of F1; NaN: not compared
	Verdict    stats.Verdict
	Why        string // it was not compared
}
