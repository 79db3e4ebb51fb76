//go:build torch

package model

import (
	"math"
	"math/rand/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

const (
	planeDraws    = 8   // codes drawn per example for the information plane
	planeExamples = 128 // of the split, always the same ones
)

// plane is where the drawn codes lie in the information plane (Tishby et al.
// 1999), in nats per example: on the one axis the KL of both codes to the prior,
// an upper bound of I(X; Z); on the other a lower bound of I(Z; Y), from the
// log likelihood of the labels given a drawn code. For MNER the constant H(Y) of
// the second is left out, so that it is negative; for MRE it is the entropy of
// the split's relations. Nil for networks that draw nothing.
func (m *system) plane(samples []mmibx.Sample, step int64) []mmibx.Metric {
	n, ok := m.network.(bottlenecked)
	if !ok {
		return nil
	}
	chosen := subset(samples, planeExamples)
	torch.Seed(hash(uint64(m.spec.Seed), forPlane, uint64(step)))
	var text, image rate
	var negLogLikelihood float64
	torch.WithGrad(false, func() {
		for _, indices := range evaluationBatches(lengths(chosen), evaluationBatch) {
			negLogLikelihood += m.drawnLoss(n, m.batcher.make(pick(chosen, indices)), &text, &image)
		}
	})
	label := -negLogLikelihood / float64(len(chosen))
	if m.spec.TaskOf() == mmibx.MRE {
		label += relationEntropy(samples)
	}
	return []mmibx.Metric{
		{Name: mmibx.InformationInput, Value: (text.total() + image.total()) / float64(len(chosen))},
		{Name: mmibx.InformationLabel, Value: label},
	}
}

// drawnLoss is the sum over a batch of the task's loss, each the mean over codes
// that are drawn. It adds the rates of the codes' distributions.
func (m *system) drawnLoss(n bottlenecked, b *batch, text, image *rate) float64 {
	s := torch.NewScope()
	defer s.Free()
	var sum float64
	torch.Autocast(m.spec.Train.Precision == "bfloat16", func() {
		p := &pass{Scope: s, sample: true}
		in := m.inputs(p, b)
		q := n.encode(p, in)
		text.add(s, q.text, q.realBL)
		image.add(s, q.image, q.realBM)
		for range planeDraws {
			sum += m.drawOnce(n, in, q, b)
		}
	})
	return sum / planeDraws
}

// drawOnce is the sum of the task's loss over a batch for one draw of the codes.
func (m *system) drawOnce(n bottlenecked, in *tensors, q *latents, b *batch) float64 {
	p := &pass{Scope: torch.NewScope(), sample: true}
	defer p.Free()
	return p.Sum(m.head.loss(p, n.decode(p, in, q), b)).Number()
}

// subset takes at most n samples, the same ones whatever the seed.
func subset(samples []mmibx.Sample, n int) []mmibx.Sample {
	order := rand.New(rand.NewPCG(hash(forDiagnosis), 1)).Perm(len(samples))
	chosen := make([]mmibx.Sample, min(n, len(samples)))
	for i := range chosen {
		chosen[i] = samples[order[i]]
	}
	return chosen
}

// relationEntropy is H(Y) of the relations as they are distributed in a split.
func relationEntropy(samples []mmibx.Sample) float64 {
	count := map[string]int{}
	for i := range samples {
		count[samples[i].Example.Relation]++
	}
	var nats float64
	for _, c := range count {
		share := float64(c) / float64(len(samples))
		nats -= share * math.Log(share)
	}
	return nats
}
