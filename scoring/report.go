package scoring

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
)

// Counts are what precision and recall are made of.
type Counts struct {
	Correct   int `json:"correct"`
	Predicted int `json:"predicted"`
	Gold      int `json:"gold"`
}

// Scores are counts and the percentages that they give; 0/0 is 0.
type Scores struct {
	Counts
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

func newScores(c Counts) Scores {
	p, r := ratio(c.Correct, c.Predicted), ratio(c.Correct, c.Gold)
	s := Scores{Counts: c, Precision: 100 * p, Recall: 100 * r}
	if p+r > 0 {
		s.F1 = 100 * 2 * p * r / (p + r)
	}
	return s
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// TypeScores are the scores of one entity type or relation.
type TypeScores struct {
	Type string `json:"type"`
	Scores
}

// Report is the micro-averaged score of one split and what it is made of.
type Report struct {
	Rule Rule `json:"rule,omitempty"` // entities only
	Scores
	Types []TypeScores `json:"types"` // sorted by name; those in gold or predicted
	// Accuracy is the percentage of all rows whose relation is right, None
	// included; relations only.
	Accuracy float64 `json:"accuracy,omitempty"`
	// Examples counts the tweets (MNER) or pairs (MRE).
	Examples int     `json:"examples"`
	Dropped  Dropped `json:"dropped,omitzero"`
}

// Type returns the scores of one type, zero when it does not occur.
func (r Report) Type(name string) Scores {
	i, found := slices.BinarySearchFunc(r.Types, name, func(t TypeScores, name string) int { return cmp.Compare(t.Type, name) })
	if !found {
		return Scores{}
	}
	return r.Types[i].Scores
}

// Dropped counts the gold that the system never saw, which scores leave out.
type Dropped struct {
	Words int `json:"words"`
	Spans int `json:"spans"` // gold spans that lost at least one word
}

// Entities scores tags against gold, one sequence per tweet. A word whose
// predicted tag is "" was never seen by the system: it leaves gold too, as in
// the published protocol, and is counted in Report.Dropped. It panics when the
// sequences do not match in number and length; MNER checks that first.
func Entities(gold, pred [][]string, rule Rule) Report {
	if len(gold) != len(pred) {
		panic(fmt.Sprintf("scoring: %d gold sequences, %d predicted", len(gold), len(pred)))
	}
	r := Report{Rule: rule, Examples: len(gold)}
	seenGold, seenPred := make([][]string, len(gold)), make([][]string, len(gold))
	for i := range gold {
		seenGold[i], seenPred[i] = seen(gold[i], pred[i])
		r.Dropped.Words += len(gold[i]) - len(seenGold[i])
		if len(seenGold[i]) < len(gold[i]) {
			r.Dropped.Spans += spansTouched(gold[i], pred[i], rule)
		}
	}
	if rule == Concatenated {
		seenGold, seenPred = [][]string{slices.Concat(seenGold...)}, [][]string{slices.Concat(seenPred...)}
	}
	tally := tally{}
	for i := range seenGold {
		tally.add(Spans(seenGold[i], rule), Spans(seenPred[i], rule))
	}
	r.Scores, r.Types = tally.scores()
	return r
}

// seen leaves out the words whose predicted tag is "".
func seen(gold, pred []string) (g, p []string) {
	if len(gold) != len(pred) {
		panic(fmt.Sprintf("scoring: %d gold tags, %d predicted", len(gold), len(pred)))
	}
	if !slices.Contains(pred, "") {
		return gold, pred
	}
	for i, t := range pred {
		if t != "" {
			g, p = append(g, gold[i]), append(p, t)
		}
	}
	return g, p
}

func spansTouched(gold, pred []string, rule Rule) int {
	n := 0
	for _, s := range Spans(gold, rule) {
		if slices.Contains(pred[s.Start:s.End], "") {
			n++
		}
	}
	return n
}

// Relations scores one relation per pair. Micro scores leave out None:
// precision is over the pairs predicted to be related, recall over those that
// are. It panics when the lengths differ; MRE checks that first.
func Relations(gold, pred []string) Report {
	if len(gold) != len(pred) {
		panic(fmt.Sprintf("scoring: %d gold relations, %d predicted", len(gold), len(pred)))
	}
	tally, right := tally{}, 0
	for i := range gold {
		if gold[i] == pred[i] {
			right++
			tally.of(gold[i]).Correct++
		}
		tally.of(gold[i]).Gold++
		tally.of(pred[i]).Predicted++
	}
	delete(tally, mmibx.NoRelation)
	r := Report{Examples: len(gold), Accuracy: 100 * ratio(right, len(gold))}
	r.Scores, r.Types = tally.scores()
	return r
}

// tally counts by type.
type tally map[string]*Counts

func (t tally) of(kind string) *Counts {
	if t[kind] == nil {
		t[kind] = &Counts{}
	}
	return t[kind]
}

// add counts the spans of one sequence; both lists are in order.
func (t tally) add(gold, pred []Span) {
	for _, s := range gold {
		t.of(s.Type).Gold++
	}
	for _, s := range pred {
		t.of(s.Type).Predicted++
		i, found := slices.BinarySearchFunc(gold, s.Start, func(g Span, start int) int { return cmp.Compare(g.Start, start) })
		if found && gold[i] == s {
			t.of(s.Type).Correct++
		}
	}
}

// scores gives the micro average and the types, sorted.
func (t tally) scores() (Scores, []TypeScores) {
	var all Counts
	types := make([]TypeScores, 0, len(t))
	for kind, c := range t {
		types = append(types, TypeScores{kind, newScores(*c)})
		all.Correct += c.Correct
		all.Predicted += c.Predicted
		all.Gold += c.Gold
	}
	slices.SortFunc(types, func(a, b TypeScores) int { return cmp.Compare(a.Type, b.Type) })
	return newScores(all), types
}
