package scoring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// said writes mistakes down: kind, gold, predicted.
func said(list []Mistake) string {
	text := func(s *Span) string {
		if s == nil {
			return "-"
		}
		return fmt.Sprintf("%d:%d%s", s.Start, s.End, s.Type)
	}
	var all []string
	for _, m := range list {
		all = append(all, fmt.Sprintf("%s %s %s", m.Kind, text(m.Gold), text(m.Predicted)))
	}
	return strings.Join(all, ", ")
}

func TestMistakesOfEntities(t *testing.T) {
	for _, c := range []struct{ gold, pred, want string }{
		{"B-PER O B-LOC", "B-PER O B-LOC", ""},
		{"B-PER O O", "O O O", "missed 0:1PER -"},
		{"O O O", "O B-ORG I-ORG", "spurious - 1:3ORG"},
		{"B-PER I-PER O", "B-ORG I-ORG O", "type 0:2PER 0:2ORG"},
		{"B-PER I-PER O", "B-PER O O", "boundary 0:2PER 0:1PER"},
		{"B-PER I-PER O", "O B-LOC I-LOC", "type and boundary 0:2PER 1:3LOC"},
		// Of two gold entities under a predicted one, the one that shares most words is its
		// partner, the other was missed.
		{"B-PER B-PER I-PER", "B-PER I-PER I-PER", "missed 0:1PER -, boundary 1:3PER 0:3PER"},
		// Where they share as many words, the one of the same type is.
		{"B-LOC B-PER", "B-PER I-PER", "missed 0:1LOC -, boundary 1:2PER 0:2PER"},
		{"B-PER I-PER I-PER O", "B-LOC B-PER I-PER I-PER", "boundary 0:3PER 1:4PER, spurious - 0:1LOC"},
		// A word that was never seen leaves gold; positions are those of the sentence.
		{"O B-PER I-PER B-LOC", "O _ I-PER B-ORG", "type 3:4LOC 3:4ORG"},
		{"B-PER I-PER O", "_ _ O", ""},
	} {
		e := mmibx.Example{ID: "dev:0", Tags: strings.Fields(c.gold)}
		p := mmibx.Prediction{ID: "dev:0", Tags: strings.Fields(c.pred)}
		for i, tag := range p.Tags {
			if tag == "_" {
				p.Tags[i] = ""
			}
		}
		list, err := Judge(mmibx.MNER, []mmibx.Example{e}, []mmibx.Prediction{p}, Lenient)
		if err != nil {
			t.Fatal(err)
		}
		if got := said(list[0].Mistakes); got != c.want {
			t.Errorf("%s, predicted %s: %q, want %q", c.gold, c.pred, got, c.want)
		}
	}
}

func TestMistakesOfRelations(t *testing.T) {
	for _, c := range []struct{ gold, pred, want string }{
		{"a", "a", ""},
		{mmibx.NoRelation, mmibx.NoRelation, ""},
		{"a", mmibx.NoRelation, "missed 0:0a -"},
		{mmibx.NoRelation, "b", "spurious - 0:0b"},
		{"a", "b", "type 0:0a 0:0b"},
	} {
		list, err := Judge(mmibx.MRE, []mmibx.Example{{ID: "dev:0", Relation: c.gold}}, []mmibx.Prediction{{ID: "dev:0", Relation: c.pred}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := said(list[0].Mistakes); got != c.want {
			t.Errorf("%s, predicted %s: %q, want %q", c.gold, c.pred, got, c.want)
		}
	}
}

// TestMistakesAddUp: whatever the tags, each gold and each predicted entity is
// correct or in one mistake, and the counts are those of the scores.
func TestMistakesAddUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	tags, relations := []string{"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}, []string{mmibx.NoRelation, "a", "b"}
	var examples []mmibx.Example
	var predictions []mmibx.Prediction
	for i := range 2000 {
		e := mmibx.Example{ID: fmt.Sprintf("dev:%d", i), Relation: relations[r.IntN(3)]}
		p := mmibx.Prediction{ID: e.ID, Relation: relations[r.IntN(3)]}
		for range 1 + r.IntN(9) {
			e.Tags, p.Tags = append(e.Tags, tags[r.IntN(5)]), append(p.Tags, append(tags, "")[r.IntN(6)])
		}
		examples, predictions = append(examples, e), append(predictions, p)
	}
	for task, rules := range map[mmibx.Task][]Rule{mmibx.MNER: {Lenient, Strict}, mmibx.MRE: {""}} {
		for _, rule := range rules {
			counts, err := PerExample(task, examples, predictions, rule)
			if err != nil {
				t.Fatal(err)
			}
			list, err := Judge(task, examples, predictions, rule)
			if err != nil {
				t.Fatal(err)
			}
			for i := range list {
				if got := addUp(list[i]); got != counts[i] {
					t.Fatalf("%s %s: %v predicted as %v: the mistakes %s leave %+v, the scores have %+v",
						task, rule, examples[i].Tags, predictions[i].Tags, said(list[i].Mistakes), got, counts[i])
				}
			}
		}
	}
}

// addUp counts what mistakes leave.
func addUp(j Judged) Counts {
	c := Counts{Gold: len(j.Gold), Predicted: len(j.Predicted), Correct: len(j.Gold)}
	wrong := 0
	for _, m := range j.Mistakes {
		if m.Gold != nil {
			c.Correct--
		}
		if m.Predicted != nil {
			wrong++
		}
	}
	if c.Predicted-wrong != c.Correct {
		c.Correct = -1 // as many are correct on either side
	}
	return c
}

func TestJudgeRefuses(t *testing.T) {
	if _, err := Judge(mmibx.MNER, nil, nil, Concatenated); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("concatenated: %v", err)
	}
	short := []mmibx.Prediction{{ID: "dev:0", Tags: []string{"O"}}}
	if _, err := Judge(mmibx.MNER, []mmibx.Example{{ID: "dev:0", Tags: []string{"O", "O"}}}, short, Lenient); err == nil {
		t.Error("one tag for two words")
	}
}
