package reports

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

func TestPairJoinsWhatSharesAPicture(t *testing.T) {
	examples := []mmibx.Example{
		{ID: "dev:0", Image: "p", Relation: "a"}, {ID: "dev:1", Image: "q", Relation: "a"},
		{ID: "dev:2", Image: "p", Relation: mmibx.NoRelation}, {ID: "dev:3", Relation: "b"}, {ID: "dev:4", Relation: "b"},
	}
	answers := func(run string, relations ...string) Answers {
		var predictions []mmibx.Prediction
		for i, r := range relations {
			predictions = append(predictions, mmibx.Prediction{ID: fmt.Sprintf("dev:%d", i), Relation: r})
		}
		units, err := UnitCounts(mmibx.MRE, examples, predictions)
		if err != nil {
			t.Fatal(err)
		}
		return Answers{Run: run, Units: units}
	}
	a := Side{"A", map[int]Answers{1: answers("a1", "a", "b", "a", "b", "a"), 0: answers("a0", "a", "a", "None", "b", "b"), 7: {}}}
	b := Side{"B", map[int]Answers{0: answers("b0", "b", "b", "b", "b", "b"), 1: answers("b1", "a", "a", "a", "a", "a")}}
	p, warnings, err := Pair(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Seeds, []int{0, 1}) || len(warnings) != 1 {
		t.Errorf("seeds %v, warnings %q", p.Seeds, warnings)
	}
	// Pictures p and q, and two pairs without any, which do not belong together.
	want := []stats.Counts{{Correct: 1, Predicted: 2, Gold: 1}, {Predicted: 1, Gold: 1}, {Correct: 1, Predicted: 1, Gold: 1}, {Predicted: 1, Gold: 1}}
	if !slices.Equal(p.A[1], want) {
		t.Errorf("units of seed 1: %+v, want %+v", p.A[1], want)
	}
	if p, _, err := Pair(Side{"A", map[int]Answers{0: {}}}, Side{"B", map[int]Answers{1: {}}}); !errors.Is(err, ErrNoCommonSeed) {
		t.Errorf("no seed in common: %+v", p)
	}
}
