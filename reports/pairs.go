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

// Answers are what one run predicted, counted.
type Answers struct {
	Run   string         // its id
	Units []stats.Counts // by what is swapped as one, as UnitCounts has them
}

// CommonSeeds lists the seeds that both sides have; none at all is
// ErrNoCommonSeed, which is mmibx.ErrNotFound too.
func CommonSeeds(a, b Side) ([]int, error) {
	var both []int
	for _, seed := range slices.Sorted(maps.Keys(a.Seeds)) {
		if _, ok := b.Seeds[seed]; ok {
			both = append(both, seed)
		}
	}
	if len(both) == 0 {
		return nil, fmt.Errorf("%w: %w: %s has the seeds %v, %s has %v", mmibx.ErrNotFound, ErrNoCommonSeed, a.Title, slices.Sorted(maps.Keys(a.Seeds)), b.Title, slices.Sorted(maps.Keys(b.Seeds)))
	}
	return both, nil
}

// Pair lays the answers of two systems out for the tests of reports/stats, over
// the seeds that both have. Seeds that only one side has are left out, and a
// warning names them.
func Pair(a, b Side) (*stats.Pairs, []stats.Warning, error) {
	seeds, err := CommonSeeds(a, b)
	if err != nil {
		return nil, nil, err
	}
	p := &stats.Pairs{Seeds: seeds}
	for _, seed := range seeds {
		p.A, p.B = append(p.A, a.Seeds[seed].Units), append(p.B, b.Seeds[seed].Units)
	}
	var warnings []stats.Warning
	for _, side := range []Side{a, b} {
		var alone []int
		for _, seed := range slices.Sorted(maps.Keys(side.Seeds)) {
			if !slices.Contains(seeds, seed) {
				alone = append(alone, seed)
			}
		}
		if len(alone) > 0 {
			warnings = append(warnings, stats.Warning(fmt.Sprintf("only %s has the seeds %v: they are left out", side.Title, alone)))
		}
	}
	return p, warnings, nil
}

// UnitCounts counts predictions by what is swapped as one, in the order of the
// split. A unit is a sentence; of relations it is all pairs that share a picture,
// because they stand or fall together.
func UnitCounts(task mmibx.Task, examples []mmibx.Example, predictions []mmibx.Prediction) ([]stats.Counts, error) {
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
