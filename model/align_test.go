//go:build torch

package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// lossOf is a fresh aligner's loss of given vectors, after the parameters were
// written.
func lossOf(t *testing.T, spec mmibx.AlignSpec, z int, write map[string][]float32, text, image []float32) (loss, tau float64) {
	t.Helper()
	n := len(text) / z
	do(t, func() {
		p := torch.NewParams()
		defer p.Free()
		a := newAligner(p, &spec, int64(z))
		for name, values := range write {
			parameter, ok := p.Tensor(name)
			if !ok {
				t.Errorf("no parameter %s", name)
				return
			}
			parameter.Write(values)
		}
		s := torch.NewScope()
		defer s.Free()
		b := &batch{b: n}
		for i := range n {
			b.pictureB = append(b.pictureB, int32(i))
		}
		loss = a.loss(s, s.Float32s(text, int64(n), int64(z)), s.Float32s(image, int64(n), int64(z)), b).Number()
		tau = a.tau()
	})
	return loss, tau
}

// A projection onto the first two dimensions compares those alone.
func TestProjectionBeforeTheScore(t *testing.T) {
	const n, z = 6, 4
	r := rand.New(rand.NewPCG(3, 4))
	text, image := randomFloats(r, n*z), randomFloats(r, n*z)
	two := []float32{1, 0, 0, 0, 0, 1, 0, 0}
	got, _ := lossOf(t, mmibx.AlignSpec{Weight: 1, Estimator: "infonce", Tau: 0.3, Projection: 2}, z,
		map[string][]float32{"align.text_projection.weight": two, "align.image_projection.weight": two}, text, image)
	first := func(rows []float32) (out []float32) {
		for i := 0; i < len(rows); i += z {
			out = append(out, rows[i:i+2]...)
		}
		return out
	}
	want, _ := lossOf(t, mmibx.AlignSpec{Weight: 1, Estimator: "infonce", Tau: 0.3}, 2, nil, first(text), first(image))
	whole, _ := lossOf(t, mmibx.AlignSpec{Weight: 1, Estimator: "infonce", Tau: 0.3}, z, nil, text, image)
	if math.Abs(got-want) > 1e-6 || math.Abs(got-whole) < 1e-3 {
		t.Errorf("loss of projections %g, of the first two dimensions %g, of all four %g", got, want, whole)
	}
}

// A learned temperature is the one that the loss and the diagnostics use.
func TestLearnedTemperature(t *testing.T) {
	const n, z = 5, 3
	r := rand.New(rand.NewPCG(5, 6))
	text, image := randomFloats(r, n*z), randomFloats(r, n*z)
	got, tau := lossOf(t, mmibx.AlignSpec{Weight: 1, Estimator: "infonce", Tau: 0.1, LearnTau: true}, z,
		map[string][]float32{logTauName: {float32(math.Log(0.7))}}, text, image)
	want, fixed := lossOf(t, mmibx.AlignSpec{Weight: 1, Estimator: "infonce", Tau: 0.7}, z, nil, text, image)
	if math.Abs(got-want) > 1e-6 || math.Abs(tau-0.7) > 1e-6 || fixed != 0.7 {
		t.Errorf("at log tau = log 0.7 the loss is %g and tau %g, want %g and 0.7", got, tau, want)
	}
}
