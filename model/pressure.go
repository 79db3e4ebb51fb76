//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// pressure says, at the end of an epoch, how hard each term of the loss pulls: the
// weight of a nat, the temperature where it is learned, and the norm of the
// gradient of each term as it stands in the loss. Nil for networks with one term.
func (t *training) pressure(e *evaluation) []mmibx.Metric {
	n, ok := t.network.(bottlenecked)
	if !ok {
		return nil
	}
	ib := &t.spec.IB
	perNat := 1 - heldBack(t.at.Step, t.betaWarmup)
	if ib.KLReduction == "mean" {
		perNat /= float64(e.rateText.width())
	}
	metrics := append(t.gradNorms(),
		mmibx.Metric{Name: mmibx.BetaTextPerNat, Value: ib.BetaText * perNat},
		mmibx.Metric{Name: mmibx.BetaImagePerNat, Value: ib.BetaImage * perNat})
	if n.aligner().logTau != torch.None {
		metrics = append(metrics, mmibx.Metric{Name: mmibx.LogTau, Value: n.aligner().logTau.Number()})
	}
	return metrics
}

// gradNorms measures the gradient of each weighted term on one batch of the
// training split, with dropout and noise: the same batch, dropout and noise after
// each epoch.
func (t *training) gradNorms() []mmibx.Metric {
	s := torch.NewScope()
	defer s.Free()
	torch.Seed(hash(uint64(t.spec.Seed), forGradients))
	samples := subset(t.data.Samples[mmibx.Train], t.spec.Train.Batch)
	indices := make([]int, len(samples))
	for i := range indices {
		indices[i] = i
	}
	p := t.pass(s)
	var l losses
	torch.Autocast(t.spec.Train.Precision == "bfloat16", func() { l = t.loss(p, t.batcher.make(pick(samples, indices))) })
	var metrics []mmibx.Metric
	ib := &t.spec.IB
	for _, term := range []struct {
		name   string
		t      torch.Tensor
		weight float64
	}{
		{mmibx.GradNormTask, l.task, 1},
		{mmibx.GradNormAlign, l.align, t.spec.Align.Weight},
		{mmibx.GradNormKLText, l.klText, ib.BetaText * (1 - p.heldBack)},
		{mmibx.GradNormKLImage, l.klImage, ib.BetaImage * (1 - p.heldBack)},
	} {
		if term.t == torch.None {
			continue
		}
		s.Scale(term.t, term.weight).BackwardKeeping()
		metrics = append(metrics, mmibx.Metric{Name: term.name, Value: t.optim.ClipGradNorm(0)})
		t.optim.DropGrads()
	}
	return metrics
}
