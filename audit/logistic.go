package audit

import (
	"errors"
	"math"
)

// table counts labels by kind of row: rows with the same features are one cell.
// Features are binary, so a cell is the list of those that it has.
type table struct {
	features [][]int32 // per cell, the features that are 1
	width    int       // number of features
	classes  int
	counts   []float64 // [cells, classes]
}

func newTable(features [][]int32, width, classes int) *table {
	return &table{features: features, width: width, classes: classes, counts: make([]float64, len(features)*classes)}
}

// of returns the counts of a cell's labels.
func (t *table) of(cell int) []float64 { return t.counts[cell*t.classes : (cell+1)*t.classes] }

// linear is a multinomial logistic regression.
type linear struct {
	classes int
	// values holds the intercepts [classes], then the weights [features, classes].
	values []float64
}

// scores writes the logits of a row into into.
func (m *linear) scores(features []int32, into []float64) {
	copy(into, m.values[:m.classes])
	for _, f := range features {
		at := (int(f) + 1) * m.classes
		for k, w := range m.values[at : at+m.classes] {
			into[k] += w
		}
	}
}

// solver bounds the search for a regression.
type solver struct {
	penalty float64 // of half the squared weights; intercepts are free
	// gradient is where the search ends: the largest slope, of the loss per row.
	gradient   float64
	iterations int
}

// fit minimizes sum of -log p(label) + penalty/2 |weights|^2 over a table, as
// scikit-learn's LogisticRegression with C = 1/penalty does, by L-BFGS.
func (s solver) fit(t *table) (*linear, error) {
	rows, start := 0.0, make([]float64, (t.width+1)*t.classes)
	for i, n := range t.counts {
		rows += n
		start[i%t.classes] += n
	}
	if rows == 0 {
		return nil, errors.New("a regression on no rows")
	}
	for k := range t.classes { // the frequencies, a half added for what is not there
		start[k] = math.Log((start[k] + 0.5) / rows)
	}
	loss := lossOf{t: t, penalty: s.penalty, rows: rows, scores: make([]float64, t.classes)}
	values, err := s.minimize(loss.pass, start)
	return &linear{classes: t.classes, values: values}, err
}

// lossOf is the loss per row of a table.
type lossOf struct {
	t             *table
	penalty, rows float64
	scores        []float64
}

// pass returns the loss at x and writes its gradient.
func (l *lossOf) pass(x, gradient []float64) float64 {
	t, m, k := l.t, linear{l.t.classes, x}, l.t.classes
	clear(gradient)
	loss := 0.0
	for cell, features := range t.features {
		counts, total := t.of(cell), 0.0
		for _, n := range counts {
			total += n
		}
		if total == 0 {
			continue
		}
		m.scores(features, l.scores)
		loss += total * softmax(l.scores, counts)
		for c, n := range counts { // what is left: expected minus counted
			l.scores[c] = (total*l.scores[c] - n) / l.rows
			gradient[c] += l.scores[c]
		}
		for _, f := range features {
			at := (int(f) + 1) * k
			for c, r := range l.scores {
				gradient[at+c] += r
			}
		}
	}
	loss /= l.rows
	share := l.penalty / l.rows
	for i, w := range x[k:] {
		loss += share / 2 * w * w
		gradient[k+i] += share * w
	}
	return loss
}

// softmax turns logits into probabilities, in place, and returns the mean of
// -log p over the counted labels.
func softmax(scores, counts []float64) float64 {
	top := math.Inf(-1)
	for _, s := range scores {
		top = max(top, s)
	}
	sum, dot, total := 0.0, 0.0, 0.0
	for c, s := range scores {
		if n := counts[c]; n > 0 {
			dot += n * (s - top)
			total += n
		}
		scores[c] = math.Exp(s - top)
		sum += scores[c]
	}
	for c := range scores {
		scores[c] /= sum
	}
	return math.Log(sum) - dot/total
}
