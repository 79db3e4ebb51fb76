//go:build torch

package model

import (
	"math"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// states are what mmib gives its head for three samples, per sample and position,
// in training without dropout; latents are the text's, before they are widened.
func states(t *testing.T, m *system, samples []*mmibx.Sample) (hLD [][]float32, z, mean []float32, d int) {
	t.Helper()
	s := torch.NewScope()
	defer s.Free()
	out := m.forward(&pass{Scope: s, training: true, sample: m.spec.IB.TrainLatent == "sample"}, m.batcher.make(samples))
	d = int(out.hBLD.Dim(2))
	per := int(out.hBLD.Dim(1)) * d
	all := out.hBLD.Floats()
	for i := range samples {
		hLD = append(hLD, all[i*per:(i+1)*per])
	}
	return hLD, out.latents.zTextBLZ.Floats(), out.latents.text.meanBTZ.Floats(), d
}

// Training on the mean draws nothing and keeps both KL terms; on samples the same
// network draws.
func TestTrainingLatent(t *testing.T) {
	for _, latent := range []string{"sample", "mean"} {
		spec := defaultSpec(t, "mini-mnre", "ib.train_latent", latent, "model.dropout", 0.0)
		data := invented(spec.TaskOf(), 12)
		withSystem(t, spec, data, func(m *system) {
			samples := pick(data.Samples[mmibx.Train], []int{0, 1, 2})
			_, z, mean, _ := states(t, m, samples)
			if far := farthest(z, mean); (far == 0) != (latent == "mean") {
				t.Errorf("%s: latents lie %g from their means", latent, far)
			}
			s := torch.NewScope()
			defer s.Free()
			b := m.batcher.make(samples)
			lat := m.forward(&pass{Scope: s, training: true}, b).latents
			_, klText, klImage := m.network.(bottlenecked).regularizers(s, lat, b)
			if klText.Number() <= 0 || klImage.Number() <= 0 {
				t.Errorf("%s: KL %g and %g", latent, klText.Number(), klImage.Number())
			}
		})
	}
}

// Under concat a picture adds the same vector to every word of its tweet; under
// cross-modal attention each word takes its own.
func TestConcatenationMovesEveryWordAlike(t *testing.T) {
	for _, fusion := range []string{"cross", "concat"} {
		spec := defaultSpec(t, "mini-mnre", "model.fusion", fusion, "ib.train_latent", "mean", "model.dropout", 0.0)
		data := invented(spec.TaskOf(), 12)
		withSystem(t, spec, data, func(m *system) {
			own := *pick(data.Samples[mmibx.Train], []int{0})[0]
			other := own
			other.Picture = (own.Picture + 1) % 7
			h, _, _, d := states(t, m, []*mmibx.Sample{&own, &other})
			apart, moved := 0.0, 0.0
			for l := range len(own.Pieces) {
				for j := range d {
					by := h[1][l*d+j] - h[0][l*d+j]
					moved = max(moved, math.Abs(float64(by)))
					apart = max(apart, math.Abs(float64(by-(h[1][j]-h[0][j]))))
				}
			}
			if moved < 1e-3 || (apart < 1e-5) != (fusion == "concat") {
				t.Errorf("%s: another picture moves words by %g, and some by %g more than the first", fusion, moved, apart)
			}
		})
	}
}
