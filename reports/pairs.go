package reports

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/scoring"
)

// ErrNoCommonSeed refuses to compare systems that share no seed.
var ErrNoCommonSeed = errors.New("no seed in common")

// Side is one of two systems that are compared on a split.
type Side struct {
	Title string
	Seeds map[int]Answers
}

// Answers are the predictions of one run.
type Answers struct {
	Run         string // its id
	Predictions []mmibx.Prediction
}

// Pair lays the predictions of two systems out for the tests of reports/stats,
// over the seeds that both have. A unit is a sentence; of relations it is all
// pairs that share a picture, because they stand or fall together. Seeds that
// only one side has are left out, and a warning names them.
func Pair(task mmibx.Task, examples []mmibx.Example, a, b Side) (*stats.Pairs, []stats.Warning, error) {
	p := &stats.Pairs{}
	var warnings []stats.Warning
	for _, seed := range slices.Sorted(maps.Keys(a.Seeds)) {
		if _, both := b.Seeds[seed]; !both {
			continue
		}
		p.Seeds = append(p.Seeds, seed)
		for _, side := range []struct {
			Side
			into *[][]stats.Counts
		}{{a, &p.A}, {b, &p.B}} {
			units, err := unitCounts(task, examples, side.Seeds[seed].Predictions)
			if err != nil {
				return nil, nil, fmt.Errorf("run %s: %w", side.Seeds[seed].Run, err)
			}
			*side.into = append(*side.into, units)
		}
	}
	if len(p.Seeds) == 0 {
		return nil, nil, fmt.Errorf("%w: %w: %s has the seeds %v, %s has %v", mmibx.ErrNotFound, ErrNoCommonSeed, a.Title, slices.Sorted(maps.Keys(a.Seeds)), b.Title, slices.Sorted(maps.Keys(b.Seeds)))
	}
	for _, side := range []Side{a, b} {
		var alone []int
		for _, seed := range slices.Sorted(maps.Keys(side.Seeds)) {
			if !slices.Contains(p.Seeds, seed) {
				alone = append(alone, seed)
			}
		}
		if len(alone) > 0 {
			warnings = append(warnings, stats.Warning(fmt.Sprintf("only %s has the seeds %v: they are left out", side.Title, alone)))
		}
	}
	return p, warnings, nil
}

// unitCounts counts by what is swapped as one, in the order of the split.
func unitCounts(task mmibx.Task, examples []mmibx.Example, predictions []mmibx.Prediction) ([]stats.Counts, error) {
	counts, err := scoring.PerExample(task, examples, predictions, scoring.Lenient)
	if err != nil {
		return nil, err
	}
	var units []stats.Counts
	byPicture := map[string]int{}
	for i, c := range counts {
		at := len(units)
		if picture := examples[i].Image; task == mmibx.MRE && picture != "" {
			if first, seen := byPicture[picture]; seen {
				at = first
			} else {
				byPicture[picture] = at
			}
		}
		if at == len(units) {
			units = append(units, stats.Counts{})
		}
		units[at].Correct += c.Correct
		units[at].Predicted += c.Predicted
		units[at].Gold += c.Gold
	}
	return units, nil
}
