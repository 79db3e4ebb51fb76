package tui

import (
	"context"

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
