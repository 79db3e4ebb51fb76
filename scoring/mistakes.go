package scoring

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
)

// MistakeKind says in what way a prediction differs from gold.
type MistakeKind string

const (
	// Missed is a gold entity that Judge pairs with no predicted one, or a relation
	// that None was predicted for.
	Missed MistakeKind = "missed"
	// Spurious is a predicted entity that is paired with no gold one, or a relation
	// where gold has None.
	Spurious MistakeKind = "spurious"
	// WrongType has the words of a gold entity and another type, or another
	// relation.
	WrongType MistakeKind = "type"
	// WrongBoundary overlaps a gold entity of its type and has other words.
	WrongBoundary MistakeKind = "boundary"
	// WrongBoth overlaps a gold entity and has other words and another type.
	WrongBoth MistakeKind = "type and boundary"
)

// MistakeKinds lists the kinds, those of entities alone last.
var MistakeKinds = []MistakeKind{Missed, Spurious, WrongType, WrongBoundary, WrongBoth}

// Mistake is one difference between gold and prediction. A relation is a span
// without words.
type Mistake struct {
	Kind      MistakeKind `json:"kind"`
	Gold      *Span       `json:"gold,omitempty"`      // nil where it is spurious
	Predicted *Span       `json:"predicted,omitempty"` // nil where gold was missed
}

// Judged is an example with its prediction.
type Judged struct {
	Example *mmibx.Example
	// Gold and Predicted are the entities, at the example's words; of a relation
	// one span without words, or none for None.
	Gold, Predicted []Span
	Mistakes        []Mistake
	Unseen          int // words that the system never saw
}

// Judge holds each prediction of a split against gold, in the order of the split.
// Every gold and every predicted entity is correct or in exactly one mistake, so
// that counts of mistakes add up to those of MNER or MRE. Of entities that overlap,
// those with the same words are paired first, then those that share most words,
// then those of one type, then the earliest. Concatenated spans cannot be told
// apart by sentence: ErrUsage.
func Judge(task mmibx.Task, examples []mmibx.Example, predictions []mmibx.Prediction, rule Rule) ([]Judged, error) {
	if rule == Concatenated {
		return nil, fmt.Errorf("%w: spans by the rule %q belong to no sentence; take %s or %s", mmibx.ErrUsage, rule, Lenient, Strict)
	}
	byID, err := match(examples, predictions)
	if err != nil {
		return nil, err
	}
	list := make([]Judged, len(examples))
	for i := range examples {
		e := &examples[i]
		p := byID[e.ID]
		if task == mmibx.MRE {
			list[i] = judgeRelation(e, p.Relation)
			continue
		}
		if len(p.Tags) != len(e.Tags) {
			return nil, &mmibx.InputError{Key: e.ID, Found: fmt.Sprintf("%d tags", len(p.Tags)), Expected: fmt.Sprintf("%d, one per word", len(e.Tags))}
		}
		list[i] = judgeEntities(e, p.Tags, rule)
	}
	return list, nil
}

func judgeRelation(e *mmibx.Example, predicted string) Judged {
	j := Judged{Example: e, Gold: relation(e.Relation), Predicted: relation(predicted)}
	switch {
	case e.Relation == predicted:
	case len(j.Predicted) == 0:
		j.Mistakes = []Mistake{{Missed, &j.Gold[0], nil}}
	case len(j.Gold) == 0:
		j.Mistakes = []Mistake{{Spurious, nil, &j.Predicted[0]}}
	default:
		j.Mistakes = []Mistake{{WrongType, &j.Gold[0], &j.Predicted[0]}}
	}
	return j
}

func relation(name string) []Span {
	if name == mmibx.NoRelation {
		return nil
	}
	return []Span{{Type: name}}
}

func judgeEntities(e *mmibx.Example, tags []string, rule Rule) Judged {
	gold, pred := seen(e.Tags, tags)
	j := Judged{Example: e, Gold: Spans(gold, rule), Predicted: Spans(pred, rule), Unseen: len(tags) - len(pred)}
	if j.Unseen > 0 { // back to the words of the example
		var at []int
		for i, t := range tags {
			if t != "" {
				at = append(at, i)
			}
		}
		for _, spans := range [][]Span{j.Gold, j.Predicted} {
			for i := range spans {
				s := &spans[i]
				s.Start, s.End = at[s.Start], at[s.End-1]+1
			}
		}
	}
	j.Mistakes = mistakes(j.Gold, j.Predicted)
	return j
}

// pair is a gold and a predicted entity that share words; of two pairs the one of
// higher rank is the mistake.
type pair struct{ gold, pred, rank int }

func rank(gold, pred Span, shared int) int {
	r := 2 * shared
	if gold.Type == pred.Type {
		r++
	}
	if gold.Span == pred.Span {
		r += 1 << 30
	}
	return r
}

// mistakes pairs what is not correct, in the order of the words.
func mistakes(gold, pred []Span) []Mistake {
	gold, pred = without(gold, pred), without(pred, gold)
	var pairs []pair
	for g := range gold {
		for p := range pred {
			if n := min(gold[g].End, pred[p].End) - max(gold[g].Start, pred[p].Start); n > 0 {
				pairs = append(pairs, pair{g, p, rank(gold[g], pred[p], n)})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(b.rank, a.rank) })
	usedGold, usedPred := make([]bool, len(gold)), make([]bool, len(pred))
	var list []Mistake
	for _, p := range pairs {
		if usedGold[p.gold] || usedPred[p.pred] {
			continue
		}
		usedGold[p.gold], usedPred[p.pred] = true, true
		list = append(list, Mistake{kindOf(gold[p.gold], pred[p.pred]), &gold[p.gold], &pred[p.pred]})
	}
	for g := range gold {
		if !usedGold[g] {
			list = append(list, Mistake{Missed, &gold[g], nil})
		}
	}
	for p := range pred {
		if !usedPred[p] {
			list = append(list, Mistake{Spurious, nil, &pred[p]})
		}
	}
	slices.SortStableFunc(list, func(a, b Mistake) int { return cmp.Compare(a.start(), b.start()) })
	return list
}

func (m *Mistake) start() int {
	if m.Gold != nil {
		return m.Gold.Start
	}
	return m.Predicted.Start
}

// without lists the spans that the others do not have.
func without(spans, others []Span) []Span {
	var list []Span
	for _, s := range spans {
		if !slices.Contains(others, s) {
			list = append(list, s)
		}
	}
	return list
}

func kindOf(gold, pred Span) MistakeKind {
	switch {
	case gold.Span == pred.Span:
		return WrongType
	case gold.Type == pred.Type:
		return WrongBoundary
	}
	return WrongBoth
}
