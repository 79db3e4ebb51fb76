package widget

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// TestChartLabels: no two labels of a Y axis are the same, none is far from its row,
// and a tall axis does not have one at every third.
func TestChartLabels(t *testing.T) {
	for _, ends := range [][2]float64{{0.0636, 11}, {47.1, 97.4}, {96.98, 97.02}, {-3, 2}, {0, 1e-5}, {1e5, 2e6}} {
		for _, h := range []int{6, 14, 33, 98} {
			c := NewCanvas(60, h)
			Chart{Series: []Series{{X: []float64{0, 1}, Y: ends[:]}}}.Draw(c)
			var labels []float64
			for _, row := range strings.Split(ansi.Strip(c.String(Dark())), "\n") {
				text, _, ok := strings.Cut(row, "┤")
				if !ok {
					continue
				}
				v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
				if err != nil {
					t.Fatal(err)
				}
				labels = append(labels, v)
			}
			n := len(labels)
			if n < 2 || n > mostTicks+1 {
				t.Fatalf("%v in %d rows has the labels %v", ends, h, labels)
			}
			step := (ends[1] - ends[0]) / float64(n-1)
			if d := math.Abs(labels[0] - ends[1]); d > step/9 {
				t.Errorf("%v in %d rows: the uppermost label is %v, by steps of %.3g", ends, h, labels[0], step)
			}
			for i := 1; i < n; i++ {
				if labels[i] >= labels[i-1] {
					t.Errorf("%v in %d rows has the labels %v", ends, h, labels)
				}
			}
		}
	}
}

// TestChartMiddle: the label in the middle of the X axis is a whole number that lies
// where it stands, and is left out where there is none between the ends.
func TestChartMiddle(t *testing.T) {
	for _, c := range []struct {
		to     float64
		middle string
		at     float64 // of the axis
	}{{0.8, "", 0}, {1, "", 0}, {3, "2", 2. / 3}, {400, "200", 0.5}, {4001, "2001", 0.5}} {
		canvas := NewCanvas(120, 10)
		Chart{Series: []Series{{X: []float64{0, c.to}, Y: []float64{1, 2}}}}.Draw(canvas)
		rows := strings.Split(ansi.Strip(canvas.String(Dark())), "\n")
		_, axis, _ := strings.Cut(rows[9], "└")
		labels := strings.FieldsFunc(axis, func(r rune) bool { return r == '─' || r == ' ' })
		if c.middle == "" {
			if len(labels) != 2 {
				t.Errorf("to %g: labels %q", c.to, labels)
			}
			continue
		}
		if len(labels) != 3 || labels[1] != c.middle {
			t.Errorf("to %g: labels %q, want %q between", c.to, labels, c.middle)
			continue
		}
		before, _, _ := strings.Cut(axis, c.middle)
		centre := (float64(ansi.StringWidth(before)) + float64(len(c.middle))/2) / float64(ansi.StringWidth(axis))
		if math.Abs(centre-c.at) > 0.02 {
			t.Errorf("to %g: %s stands at %.3f of the axis, want %.3f", c.to, c.middle, centre, c.at)
		}
	}
}
