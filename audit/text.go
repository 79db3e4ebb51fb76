package audit

import (
	"context"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Gain is what a linear text model gains from the shape of the evidence: micro-F1
// in percent over relations without None (MRE) or over the types present (MNER),
// fitted on train.
type Gain struct {
	Scored mmibx.Split `json:"scored"` // split that the scores are of
	Text   float64     `json:"text"`   // from the words alone
	// With is from the words and the family, by family.
	With map[string]float64 `json:"with"`
}

// textSolver is exact enough for scores of two digits.
var textSolver = solver{penalty: 0.1, gradient: 3e-4, iterations: 200}

// bag is a text as binary features: its words, and for MRE which of them are the
// head's, the tail's and those between.
func bag(task mmibx.Task, e *mmibx.Example) []string {
	var names []string
	for i, word := range e.Tokens {
		word = strings.ToLower(word)
		names = append(names, "w "+word)
		if task != mmibx.MRE {
			continue
		}
		if e.Head.Start <= i && i < e.Head.End {
			names = append(names, "h "+word)
		}
		if e.Tail.Start <= i && i < e.Tail.End {
			names = append(names, "t "+word)
		}
		if min(e.Head.End, e.Tail.End) <= i && i < max(e.Head.Start, e.Tail.Start) {
			names = append(names, "b "+word)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// textModel scores linear models of a target on one split.
type textModel struct {
	task   mmibx.Task
	labels numbering // of train
	names  []string  // by number
	words  numbering
	train  [][]int32
	scored [][]int32
	gold   []string
	answer []int // labels of train
}

func newTextModel(task mmibx.Task, train, scored []mmibx.Example) *textModel {
	m := &textModel{task: task, labels: numbering{}, words: numbering{}}
	seen := map[string]int{}
	for i := range train {
		for _, name := range bag(task, &train[i]) {
			seen[name]++
		}
	}
	read := func(e *mmibx.Example) []int32 {
		var features []int32
		for _, name := range bag(task, e) {
			if seen[name] >= 2 { // a word seen once tells of its own row only
				features = append(features, int32(m.words.of(name)))
			}
		}
		return features
	}
	for i := range train {
		label := labelOf(task, &train[i])
		m.answer = append(m.answer, m.labels.of(label))
		m.train = append(m.train, read(&train[i]))
	}
	m.names = make([]string, len(m.labels))
	for name, i := range m.labels {
		m.names[i] = name
	}
	for i := range scored {
		m.gold = append(m.gold, labelOf(task, &scored[i]))
		m.scored = append(m.scored, read(&scored[i]))
	}
	return m
}

// score fits the words together with shape features, of train and of the scored
// split in this order, and returns micro-F1 in percent. No families: words alone.
func (m *textModel) score(ctx context.Context, families []family) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	features, width, cellOf := cells(families, len(m.train)+len(m.scored))
	with := func(words []int32, row int) []int32 {
		all := slices.Clone(words)
		for _, f := range features[cellOf[row]] {
			all = append(all, int32(len(m.words))+f)
		}
		return all
	}
	rows := make([][]int32, len(m.train))
	for i, words := range m.train {
		rows[i] = with(words, i)
	}
	t := newTable(rows, len(m.words)+width, len(m.labels))
	for i, label := range m.answer {
		t.of(i)[label] = 1
	}
	fitted, err := textSolver.fit(t)
	if err != nil {
		return 0, err
	}
	scores := make([]float64, len(m.labels))
	right, guessed, gold := 0, 0, 0
	for i, words := range m.scored {
		fitted.scores(with(words, len(m.train)+i), scores)
		guess, want := parts(m.names[slices.Index(scores, slices.Max(scores))]), parts(m.gold[i])
		guessed, gold = guessed+len(guess), gold+len(want)
		for _, p := range guess {
			if slices.Contains(want, p) {
				right++
			}
		}
	}
	if right == 0 {
		return 0, nil
	}
	return 200 * float64(right) / float64(guessed+gold), nil
}

// labelOf is what is to be predicted of an example: its relation, or the types of
// its entities, sorted and joined by TAB.
func labelOf(task mmibx.Task, e *mmibx.Example) string {
	if task == mmibx.MRE {
		return e.Relation
	}
	var types []string
	for _, tag := range e.Tags {
		if _, kind, ok := strings.Cut(tag, "-"); ok {
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	if types = slices.Compact(types); len(types) > 0 {
		return strings.Join(types, "\t")
	}
	return mmibx.NoRelation
}

// parts are what a label counts as in a micro score: nothing, a relation, or each
// type on its own.
func parts(label string) []string {
	if label == mmibx.NoRelation {
		return nil
	}
	return strings.Split(label, "\t")
}
