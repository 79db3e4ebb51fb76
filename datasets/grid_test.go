package datasets

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestGridEvidenceOfAPlainPicture(t *testing.T) {
	img := image.NewNRGBA(image.Rect(5, 7, 5+33, 7+18)) // bounds need not start at 0, nor divide by 8
	draw.Draw(img, img.Bounds(), image.NewUniform(color.NRGBA{255, 0, 51, 255}), image.Point{}, draw.Src)
	want := [4]float32{255 - brightnessMiddle, -brightnessMiddle, 51 - brightnessMiddle, -edgeMiddle}
	for i, row := range GridEvidence(img) {
		if len(row) != GridWidth {
			t.Fatalf("row %d has %d numbers, want %d", i, len(row), GridWidth)
		}
		for j, x := range row {
			scale := float32(brightnessScale)
			if j%4 == 3 {
				scale = edgeScale
			}
			expected := want[j%4] / scale
			if quadrant := 1 + j/32*2 + j/8%2; i != 0 && i != quadrant {
				expected = 0
			}
			if math.Abs(float64(x-expected)) > 1e-6 {
				t.Fatalf("row %d, number %d = %v, want %v", i, j, x, expected)
			}
		}
	}
}

func TestGridEvidenceKnowsWhereThingsAre(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 32, 32))
	draw.Draw(img, image.Rect(24, 0, 32, 8), image.White, image.Point{}, draw.Src) // the top right cell of the whole
	rows := GridEvidence(img)
	bright := func(row, cell int) bool { return rows[row][4*cell] > 0 }
	for cell := range 16 {
		if bright(0, cell) != (cell == 3) {
			t.Errorf("whole picture: cell %d bright = %v", cell, bright(0, cell))
		}
		for row := 1; row <= 4; row++ {
			if want := row == 2 && cell == 3; bright(row, cell) != want {
				t.Errorf("row %d: cell %d bright = %v", row, cell, bright(row, cell))
			}
		}
	}
}

func TestGridEdgesWithinACell(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 32, 32))
	for y := range 32 {
		for x := range 32 {
			img.SetRGBA(x, y, color.RGBA{uint8(x % 2 * 60), 0, 0, 255}) // upright stripes, one pixel wide
		}
	}
	// An 8 x 8 cell has 56 steps to the right, each of 60 in one of three
	// channels, and 56 steps down, each of 0.
	want := float32(60.0/3/2-edgeMiddle) / edgeScale
	if got := GridEvidence(img)[0][3]; math.Abs(float64(got-want)) > 1e-6 {
		t.Errorf("edge energy %v, want %v", got, want)
	}
}

func TestTinyPicturesHaveFiniteEvidence(t *testing.T) {
	for _, row := range GridEvidence(image.NewGray(image.Rect(0, 0, 3, 1))) {
		for _, x := range row {
			if !mmibx.Finite(float64(x)) {
				t.Fatal("a number of a 3 x 1 picture is not finite")
			}
		}
	}
}

func gridTable(t *testing.T, m *miniature, set *Set, split mmibx.Split) mmibx.EvidenceTable {
	t.Helper()
	var ids []string
	for _, e := range set.Examples[split] {
		ids = append(ids, e.Image)
	}
	table, err := GridTable(ids, func(id string) (image.Image, error) { return MiniPicture(m.name, id) })
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// What a model can be given: the first row, or the mean of all.
func TestGridTellsWhatAPictureShows(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		train, test := gridTable(t, m, set, mmibx.Train), gridTable(t, m, set, mmibx.Test)
		if train.Pictures() != 1500 || len(train.Values) != 1500*GridRows*GridWidth {
			t.Fatalf("table of %d pictures, %d numbers", train.Pictures(), len(train.Values))
		}
		for pooling, pool := range map[string]func(*mmibx.EvidenceTable, int) []float64{"first": firstRow, "mean": meanRow} {
			label, topic := newRegression(len(m.labels)), newRegression(len(topics))
			for range 3 {
				for i := range train.Pictures() {
					x, _ := m.tweet(mmibx.Train, i)
					label.learn(pool(&train, i), x.shows.label)
					topic.learn(pool(&train, i), x.shows.topic)
				}
			}
			labels, topics := 0, 0
			for i := range test.Pictures() {
				x, _ := m.tweet(mmibx.Test, i)
				if label.guess(pool(&test, i)) == x.shows.label {
					labels++
				}
				if topic.guess(pool(&test, i)) == x.shows.topic {
					topics++
				}
			}
			n := float64(test.Pictures())
			t.Logf("%s: label %.1f %%, topic %.1f %%", pooling, 100*float64(labels)/n, 100*float64(topics)/n)
			if float64(labels) < 0.95*n || float64(topics) < 0.95*n {
				t.Errorf("%s row: label read from %.1f %% and topic from %.1f %% of the test pictures, want 95",
					pooling, 100*float64(labels)/n, 100*float64(topics)/n)
			}
		}
	})
}

func TestGridValuesAreOfOrderOne(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		table := gridTable(t, m, set, mmibx.Train)
		var n, sum, squares [2]float64 // colours, edges
		for i, v := range table.Values {
			if i/GridWidth%GridRows != 0 {
				continue
			}
			k := i % 4 / 3
			n[k], sum[k], squares[k] = n[k]+1, sum[k]+float64(v), squares[k]+float64(v)*float64(v)
		}
		for k, what := range []string{"colours", "edges"} {
			mean := sum[k] / n[k]
			sd := math.Sqrt(squares[k]/n[k] - mean*mean)
			if math.Abs(mean) > 0.6 || sd < 0.4 || sd > 1.5 {
				t.Errorf("%s have mean %.2f and deviation %.2f", what, mean, sd)
			}
		}
	})
}

func firstRow(t *mmibx.EvidenceTable, i int) []float64 {
	x := make([]float64, t.Width)
	for j := range x {
		x[j] = float64(t.Values[i*t.Rows*t.Width+j])
	}
	return x
}

func meanRow(t *mmibx.EvidenceTable, i int) []float64 {
	x := make([]float64, t.Width)
	for k, v := range t.Values[i*t.Rows*t.Width : (i+1)*t.Rows*t.Width] {
		x[k%t.Width] += float64(v) / float64(t.Rows)
	}
	return x
}

// regression is multinomial logistic regression, learned one picture at a time.
type regression struct{ weights [][]float64 }

func newRegression(labels int) regression {
	r := regression{make([][]float64, labels)}
	for i := range r.weights {
		r.weights[i] = make([]float64, GridWidth+1)
	}
	return r
}

func (r regression) scores(x []float64) []float64 {
	scores := make([]float64, len(r.weights))
	for label, w := range r.weights {
		scores[label] = w[len(x)]
		for j := range x {
			scores[label] += w[j] * x[j]
		}
	}
	return scores
}

func (r regression) learn(x []float64, truth int) {
	p, sum := r.scores(x), 0.0
	for i := range p {
		p[i] = math.Exp(p[i])
		sum += p[i]
	}
	for label, w := range r.weights {
		error := p[label] / sum
		if label == truth {
			error--
		}
		for j := range x {
			w[j] -= 0.02 * error * x[j]
		}
		w[len(x)] -= 0.02 * error
	}
}

func (r regression) guess(x []float64) int {
	best := 0
	scores := r.scores(x)
	for i := range scores {
		if scores[i] > scores[best] {
			best = i
		}
	}
	return best
}
