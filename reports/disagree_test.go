package reports

import (
	"errors"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestDisagreements(t *testing.T) {
	examples := []mmibx.Example{
		{ID: "dev:0", Tokens: []string{"Ann", "saw", "Ann"}, Tags: []string{"B-PER", "O", "O"}},
		{ID: "dev:1", Tokens: []string{"in", "New", "York"}, Tags: []string{"O", "B-LOC", "I-LOC"}},
		{ID: "dev:2", Tokens: []string{"nothing"}, Tags: []string{"O"}},
	}
	said := func(tags ...[]string) []mmibx.Prediction {
		var list []mmibx.Prediction
		for i, t := range tags {
			list = append(list, mmibx.Prediction{ID: examples[i].ID, Tags: t})
		}
		return list
	}
	right := said(examples[0].Tags, examples[1].Tags, examples[2].Tags)
	other := said([]string{"O", "O", "B-PER"}, []string{"O", "B-ORG", "I-ORG"}, []string{"O"})
	half := said(examples[0].Tags, []string{"O", "B-ORG", "I-ORG"}, []string{"O"})
	list, err := Disagreements(mmibx.MNER, examples, [][][]mmibx.Prediction{{right, right}, {other, half}}, 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d disagreements (%v), want 2: on nothing all agree", len(list), err)
	}
	if d := list[0]; d.Example.ID != "dev:1" || d.Gold[0] != "LOC New York" || d.Sides[0].Right != 2 || d.Sides[1].Right != 0 ||
		d.Sides[1].Found[0] != (Finding{"ORG New York", 2, false}) {
		t.Errorf("the largest difference: %+v", d)
	}
	if d := list[1]; d.Gold[0] != "PER Ann (word 1)" || d.Sides[1].Right != 1 || len(d.Sides[1].Found) != 2 {
		t.Errorf("the same words elsewhere are another entity: %+v", d)
	}
	if list, err = Disagreements(mmibx.MNER, examples, [][][]mmibx.Prediction{{right}, {other}}, 1); err != nil || len(list) != 1 {
		t.Errorf("%d of at most one (%v)", len(list), err)
	}
	if _, err := Disagreements(mmibx.MNER, examples, [][][]mmibx.Prediction{{right[:2]}}, 1); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("a prediction that is missing: %v", err)
	}
	pairs := []mmibx.Example{{ID: "dev:0", Tokens: []string{"a"}, Relation: "couple"}}
	list, err = Disagreements(mmibx.MRE, pairs, [][][]mmibx.Prediction{{{{ID: "dev:0", Relation: "couple"}}}, {{{ID: "dev:0", Relation: "None"}}}}, 5)
	if err != nil || len(list) != 1 || list[0].Sides[1].Found[0].What != "None" {
		t.Errorf("relations: %+v (%v)", list, err)
	}
}
