//go:build torch

package model

import (
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// compareLayers holds the layers one by one in float64: BERT, a block of MMIB as
// self-attention and across the modalities, KL, InfoNCE and the CRF. Only the
// whole of MMIB is float32 by design (variational.encode).
func (f *fixture) compareLayers(t *testing.T, s *torch.Scope, m *system, b *batch) {
	t.Helper()
	n, d := m.network.(*mmib), doubler{s}
	p := &pass{Scope: s, training: true}
	hold := func(name string, got torch.Tensor) {
		t.Helper()
		f.compareTo(t, "layer."+name, got.Doubles(), f.doubles("layer."+name), 0, doubleTolerance)
	}
	in := b.tensors(s)
	masks := n.masks(s, in)

	hBLD := d.bert(n.encoder).encode(p, in, nil)
	hold("hidden", hBLD)
	q := gaussian{d.block(n.text.mean).forward(p, hBLD, hBLD, masks.text), d.block(n.text.logVar).forward(p, hBLD, hBLD, masks.text)}
	hold("self", q.meanBTZ)
	vBMD := d.linear(n.picture).of(s, d.of(in.evidenceBME))
	hold("across", d.block(n.txt2img).forward(p, q.meanBTZ, vBMD, masks.textToImage))
	hold("kl", q.kl(s, in.realBL, &m.spec.IB))
	if m.spec.Align.Estimator == "infonce" {
		hold("align", n.align.loss(s, s.Select(q.meanBTZ, 1, 0), s.Select(vBMD, 1, 0), b))
	}
	if m.spec.TaskOf() == mmibx.MNER {
		tags := m.head.(*tagger)
		allBLK := d.linear(tags.fc).of(s, d.block(n.txt2img).forward(p, q.meanBTZ, vBMD, masks.textToImage))
		index := s.Expand(s.Int64s(b.positionBW, int64(b.b), int64(b.w), 1), -1, -1, allBLK.Dim(2))
		hold("crf", d.crf(tags.crf).negLogLikelihood(s, s.Gather(allBLK, 1, index), b.tagBW, b))
	}
}

// doubler copies layers to float64.
type doubler struct{ s *torch.Scope }

func (d doubler) of(t torch.Tensor) torch.Tensor {
	if t == torch.None {
		return t
	}
	return d.s.To(t, torch.Float64)
}

func (d doubler) linear(l linear) linear { return linear{d.of(l.w), d.of(l.b)} }

func (d doubler) block(c *block) *block {
	return &block{
		query: d.linear(c.query), key: d.linear(c.key), value: d.linear(c.value), output: d.linear(c.output), dense: d.linear(c.dense),
		norm1W: d.of(c.norm1W), norm1B: d.of(c.norm1B), norm2W: d.of(c.norm2W), norm2B: d.of(c.norm2B), heads: c.heads,
	}
}

func (d doubler) bert(e *bert) *bert {
	double := &bert{
		config: e.config, word: d.of(e.word), position: d.of(e.position), kind: d.of(e.kind),
		embedNormW: d.of(e.embedNormW), embedNormB: d.of(e.embedNormB),
	}
	for _, y := range e.layers {
		double.layers = append(double.layers, bertLayer{
			query: d.linear(y.query), key: d.linear(y.key), value: d.linear(y.value),
			output: d.linear(y.output), up: d.linear(y.up), down: d.linear(y.down),
			normW: d.of(y.normW), normB: d.of(y.normB), outNormW: d.of(y.outNormW), outNormB: d.of(y.outNormB),
		})
	}
	return double
}

func (d doubler) crf(c *crf) *crf { return &crf{d.of(c.startK), d.of(c.endK), d.of(c.pairKK)} }
