package audit

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// The regression and the scores are scikit-learn's (testdata/logistic.py).
func TestLogisticAgreesWithScikitLearn(t *testing.T) {
	blob, err := os.ReadFile("testdata/logistic.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Cases []struct {
			Classes         int
			Penalty         float64
			Rows            [][]int
			Labels, Guesses []int
			Probabilities   [][]float64
			MacroF1         float64 `json:"macro_f1"`
			Accuracy        float64
		}
	}
	if err := json.Unmarshal(blob, &fixture); err != nil {
		t.Fatal(err)
	}
	for _, c := range fixture.Cases {
		rows := make([][]int32, len(c.Rows))
		for i, row := range c.Rows {
			for f, on := range row {
				if on == 1 {
					rows[i] = append(rows[i], int32(f))
				}
			}
		}
		data := newTable(rows, len(c.Rows[0]), c.Classes)
		confusion := make([]float64, c.Classes*c.Classes)
		for i, label := range c.Labels {
			data.of(i)[label] = 1
			confusion[label*c.Classes+c.Guesses[i]]++
		}
		m, err := solver{penalty: c.Penalty, gradient: 1e-8, iterations: 10_000}.fit(data)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]float64, c.Classes)
		for i, want := range c.Probabilities {
			m.scores(rows[i], p)
			softmax(p, data.of(i))
			for k := range want {
				if math.Abs(p[k]-want[k]) > 1e-6 {
					t.Fatalf("%d classes, row %d: probabilities %v, want %v", c.Classes, i, p, want)
				}
			}
		}
		if macro, accuracy := macroF1(confusion, c.Classes); math.Abs(macro-c.MacroF1) > 1e-9 || math.Abs(accuracy-c.Accuracy) > 1e-9 {
			t.Errorf("%d classes: macro-F1 %v, accuracy %v, want %v and %v", c.Classes, macro, accuracy, c.MacroF1, c.Accuracy)
		}
	}
}

// A regression that ran out of steps is no result.
func TestLogisticThatDoesNotConverge(t *testing.T) {
	data := newTable([][]int32{{0}, {1}}, 2, 2)
	copy(data.counts, []float64{9, 1, 1, 9})
	for steps, want := range map[int]bool{2: false, 50: true} {
		if _, err := (solver{penalty: 1, gradient: 1e-6, iterations: steps}).fit(data); (err == nil) != want {
			t.Errorf("%d steps: %v", steps, err)
		}
	}
}

// Equal rows may stand in one cell: only their number matters.
func TestCellsCountRows(t *testing.T) {
	s := solver{penalty: 1, gradient: 1e-10, iterations: 1000}
	single := newTable([][]int32{{0}, {0}, {0}, {1}, {1}}, 2, 2)
	for i, label := range []int{0, 0, 1, 1, 1} {
		single.of(i)[label] = 1
	}
	joined := newTable([][]int32{{0}, {1}}, 2, 2)
	copy(joined.counts, []float64{2, 1, 0, 2})
	a, err := s.fit(single)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.fit(joined)
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.values {
		if math.Abs(a.values[i]-b.values[i]) > 1e-8 {
			t.Fatalf("%v apart, %v joined", a.values, b.values)
		}
	}
}
