//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// coAttention is the adaptive co-attention network of Zhang et al., "Adaptive
// Co-attention Network for Named Entity Recognition in Tweets" (AAAI 2018), on
// BERT as in the rows "AdapCoAtt-BERT-CRF" of later papers: each word looks at the
// picture, then by what it saw at the other words; a gate sums the two, and a
// filter decides how much of the sum stands beside the word.
//
// Instead of the 49 regions of VGG-16 there are the rows of evidence, instead of
// the BiLSTM over words and characters there is the encoder. Attention is the
// scaled dot product: the published score w tanh([a; b]) (github
// jinlanfu/NERmultimodal, commit 2a79979) is w_a tanh(a) + w_b tanh(b), whose part
// of the word is the same for every region and falls out of the softmax, so that
// all words would see one and the same picture.
type coAttention struct {
	spec            *mmibx.Spec
	encoder         *bert
	picture         linear // evidence to the encoder's width
	guide           lookup // words look at the picture
	back            lookup // what they saw looks at the words
	sawMap, readMap linear
	gate, filter    linear // [.; .] to one number
	kept            linear
}

// lookup is attention that maps queries and keys and takes the values as they are.
type lookup struct{ query, key linear }

func newLookup(p *torch.Params, name string, width int64) lookup {
	return lookup{newLinear(p, name+".query", width, width), newLinear(p, name+".key", width, width)}
}

func (a lookup) of(p *pass, qBQD, kvBND, hidden torch.Tensor, heads int64) torch.Tensor {
	return attend(p, a.query.of(p.Scope, qBQD), a.key.of(p.Scope, kvBND), kvBND, hidden, heads)
}

func newCoAttention(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	d := encoder.config.Width
	return &coAttention{
		spec:    spec,
		encoder: encoder,
		picture: newLinear(p, "picture", evidenceWidth, d),
		guide:   newLookup(p, "word_to_picture", d),
		back:    newLookup(p, "picture_to_word", d),
		sawMap:  newLinear(p, "gate.picture", d, d),
		readMap: newLinear(p, "gate.text", d, d),
		gate:    newLinear(p, "gate.gate", 2*d, 1),
		filter:  newLinear(p, "filter.gate", 2*d, 1),
		kept:    newLinear(p, "filter.kept", d, d),
	}
}

// headWidth is a word's state and what was kept beside it.
func (m *coAttention) headWidth() int64 { return 2 * m.encoder.config.Width }

func (m *coAttention) forward(p *pass, in *tensors) state {
	heads := int64(m.spec.CoAttention.Heads)
	hBLD := m.encoder.words(p, m.spec, in, nil)
	vBMD := m.picture.of(p.Scope, in.evidenceBME)

	// Word-guided visual attention, then picture-guided textual attention.
	sawBLD := m.guide.of(p, hBLD, vBMD, paddedKeys(p.Scope, in.realBM), heads)
	readBLD := m.back.of(p, sawBLD, hBLD, paddedKeys(p.Scope, in.realBL), heads)

	// Gated fusion: g u + (1 - g) r, with one g a word.
	uBLD := p.Tanh(m.sawMap.of(p.Scope, sawBLD))
	rBLD := p.Tanh(m.readMap.of(p.Scope, readBLD))
	gBL1 := p.Sigmoid(m.gate.of(p.Scope, p.Cat(2, uBLD, rBLD)))
	fusedBLD := p.Add(rBLD, p.Mul(gBL1, p.Sub(uBLD, rBLD)))

	// Filtration gate: one number a word.
	sBL1 := p.Sigmoid(m.filter.of(p.Scope, p.Cat(2, hBLD, fusedBLD)))
	keptBLD := p.Mul(sBL1, p.Tanh(m.kept.of(p.Scope, fusedBLD)))
	return state{hBLD: p.Cat(2, hBLD, keptBLD)}
}
