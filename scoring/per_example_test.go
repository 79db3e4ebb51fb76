package scoring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mmibx/mmibx"
)

// Counts by example add up to those of the whole, with words that were never
// seen and with both tasks.
func TestPerExampleAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	tags, relations := []string{"O", "B-PER", "I-PER", "I-LOC"}, []string{mmibx.NoRelation, "a", "b"}
	var examples []mmibx.Example
	var predictions []mmibx.Prediction
	for i := range 200 {
		e := mmibx.Example{ID: fmt.Sprintf("dev:%d", i), Relation: relations[r.IntN(3)]}
		p := mmibx.Prediction{ID: e.ID, Relation: relations[r.IntN(3)]}
		for range 1 + r.IntN(8) {
			e.Tags, p.Tags = append(e.Tags, tags[r.IntN(4)]), append(p.Tags, append(tags, "")[r.IntN(5)])
		}
		examples, predictions = append(examples, e), append(predictions, p)
	}
	predictions[0], predictions[7] = predictions[7], predictions[0] // matched by id, not by place
	for _, rule := range []Rule{Lenient, Strict} {
		whole, err := MNER(examples, predictions, rule)
		if err != nil {
			t.Fatal(err)
		}
		sumsTo(t, mmibx.MNER, examples, predictions, rule, whole.Counts)
	}
	whole, err := MRE(examples, predictions)
	if err != nil {
		t.Fatal(err)
	}
	sumsTo(t, mmibx.MRE, examples, predictions, "", whole.Counts)
	if _, err := PerExample(mmibx.MNER, examples, predictions, Concatenated); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("concatenated: %v", err)
	}
}

func sumsTo(t *testing.T, task mmibx.Task, examples []mmibx.Example, predictions []mmibx.Prediction, rule Rule, want Counts) {
	t.Helper()
	counts, err := PerExample(task, examples, predictions, rule)
	if err != nil {
		t.Fatal(err)
	}
	var got Counts
	for _, c := range counts {
		got.Correct += c.Correct
		got.Predicted += c.Predicted
		got.Gold += c.Gold
	}
	if got != want || want.Correct == 0 {
		t.Errorf("%s %s: %+v, the whole has %+v", task, rule, got, want)
	}
}
