//go:build torch

package model

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
)

// A run keeps codes of before and after, those that its diagnostics are of, and the
// same whether it was broken off or not; a network without a bottleneck has none.
func TestCodesAreKept(t *testing.T) {
	spec := defaultSpec(t, "mini-mnre", "train.epochs", 2, "train.batch", 8)
	data := invented(mmibx.MRE, 32)
	whole := run(t, spec, data)
	start, best := whole.result.Start, whole.result.Best
	if start == nil || best == nil {
		t.Fatal("no codes")
	}
	n := len(data.Samples[mmibx.Dev]) * best.Width
	if len(start.Text) != n || len(start.Image) != n || len(best.Text) != n || len(best.Image) != n || n == 0 {
		t.Errorf("%d, %d, %d, %d numbers, want %d of each", len(start.Text), len(start.Image), len(best.Text), len(best.Image), n)
	}
	if slices.Equal(start.Text, best.Text) || slices.Equal(start.Image, best.Image) {
		t.Error("training changed no code")
	}
	var gaps []float64 // after each epoch
	for _, p := range whole.points {
		if p.Metric == mmibx.ModalityGap {
			gaps = append(gaps, p.Value)
		}
	}
	got := centroidDistance(normalized(best.Text, best.Width), normalized(best.Image, best.Width), best.Width)
	if want := gaps[whole.result.BestEpoch-1]; math.Abs(got-want) > 1e-6 {
		t.Errorf("the codes have a gap of %g, the run logged %g", got, want)
	}
	if broken := run(t, spec, data, end{after: 3}, end{after: 2, killed: true}); !reflect.DeepEqual(broken, whole) {
		t.Error("a resumed run ends differently, or with other codes")
	}
	bare := run(t, defaultSpec(t, "mini-mnre", "model", "text", "train.epochs", 1, "train.batch", 8), data)
	if bare.result.Start != nil || bare.result.Best != nil {
		t.Error("a network without a bottleneck has codes")
	}
}
