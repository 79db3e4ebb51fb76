//go:build torch

package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/mmibx/mmibx/model/torch"
)

// The log-likelihood of ragged sequences against the sum over all paths, by the
// definition of a CRF.
func TestCRFAgainstAllPaths(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		const n = 3
		k, w := 2+r.IntN(3), 1+r.IntN(4)
		scores := &transitions{start: randomFloats(r, k), end: randomFloats(r, k), pair: randomFloats(r, k*k)}
		emissions := randomFloats(r, n*w*k)
		b := &batch{b: n, w: w, tagBW: make([]int64, n*w), taggedBW: make([]bool, n*w)}
		want := make([]float64, n)
		for i := range n {
			length := 1 + r.IntN(w)
			own := emissions[i*w*k : (i*w+length)*k]
			gold := make([]int, length)
			for j := range length {
				gold[j] = r.IntN(k)
				b.tagBW[i*w+j], b.taggedBW[i*w+j] = int64(gold[j]), true
			}
			var sum float64
			paths(length, k, func(p []int) { sum += math.Exp(scoreOf(scores, own, p)) })
			want[i] = math.Log(sum) - scoreOf(scores, own, gold)
		}
		var got []float64
		do(t, func() {
			s, p := torch.NewScope(), torch.NewParams()
			defer s.Free()
			defer p.Free()
			c := newCRF(p, "crf", int64(k))
			c.startK.Write(scores.start)
			c.endK.Write(scores.end)
			c.pairKK.Write(scores.pair)
			got = c.negLogLikelihood(s, s.Float32s(emissions, n, int64(w), int64(k)), b.tagBW, b).Doubles()
		})
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-5*max(1, math.Abs(want[i])) {
				t.Fatalf("-log p = %g, all paths give %g", got[i], want[i])
			}
		}
	}
}

// KL(N(m, v) || N(0, 1)) = (m^2 + v - log v - 1) / 2, and its reductions.
func TestKL(t *testing.T) {
	do(t, func() {
		s := torch.NewScope()
		defer s.Free()
		q := gaussian{
			meanBTZ:   s.Float32s([]float32{0, 1, 2, 0, 5, 5}, 1, 3, 2),
			logVarBTZ: s.Float32s([]float32{0, 0, 0, float32(math.Log(2)), 1, 1}, 1, 3, 2),
		}
		want := []float64{0, 0.5, 2, (2 - math.Log(2) - 1) / 2, (25 + math.E - 2) / 2, (25 + math.E - 2) / 2}
		for i, got := range q.klPerDimension(s).Doubles() {
			if math.Abs(got-want[i]) > 1e-5 {
				t.Errorf("dimension %d: %g nats, want %g", i, got, want[i])
			}
		}
		real := s.Bools([]bool{true, true, false}, 1, 3) // the third position is padding
		spec := defaultSpec(t, "mini-mnre").IB
		if got, want := q.kl(s, real, &spec).Number(), (want[0]+want[1]+want[2]+want[3])/2; math.Abs(got-want) > 1e-5 {
			t.Errorf("sum over dimensions, real positions: %g, want %g", got, want)
		}
		spec.KLReduction, spec.KLPositions = "mean", "all"
		if got, want := q.kl(s, real, &spec).Number(), (want[0]+want[1]+want[2]+want[3]+want[4]+want[5])/6; math.Abs(got-want) > 1e-5 {
			t.Errorf("mean over everything: %g, want %g", got, want)
		}
	})
}
