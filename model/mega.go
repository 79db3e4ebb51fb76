//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// mega is MEGA of Zheng et al., "Multimodal Relation Extraction with Efficient
// Graph Alignment" (MM 2021), by its released code (github thecharm/Mega, commit
// e5638f2): objects of the picture are aligned with the words by what they mean,
// through attention, and by where they stand in a scene graph and a parse tree.
// Rows of evidence are the objects here. There are no graphs, so all words weigh
// the same in the second alignment.
//
// Shapes: F is the width of two markers, 2 D.
type mega struct {
	spec              *mmibx.Spec
	encoder           *bert
	picture, hidden   linear // to F, of the objects and of the words
	query, key, value linear // F to F
	merge             linear // both alignments to F
	fuse              linear // markers and picture to F
}

func newMEGA(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	d := encoder.config.Width
	f := 2 * d
	return &mega{
		spec:    spec,
		encoder: encoder,
		picture: newLinear(p, "linear_pic", evidenceWidth, f),
		hidden:  newLinear(p, "linear_hidden", d, f),
		query:   newLinear(p, "linear_q", f, f),
		key:     newLinear(p, "linear_k", f, f),
		value:   newLinear(p, "linear_v", f, f),
		merge:   newLinear(p, "linear_final1", 2*f, f),
		fuse:    newLinear(p, "linear_final", 2*f, f),
	}
}

func (m *mega) forward(p *pass, in *tensors) state {
	hBLD := m.encoder.words(p, m.spec, in, nil)
	wordsBLF := m.hidden.of(p.Scope, hBLD)
	objectsBMF := m.picture.of(p.Scope, in.evidenceBME)

	semanticBMF := m.semantic(p, objectsBMF, wordsBLF, in.realBL)
	structuralBMF := m.structural(p.Scope, wordsBLF, in)
	alignedBMF := m.merge.of(p.Scope, p.Cat(2, semanticBMF, structuralBMF))
	pictureBF := p.Sum(p.Mul(alignedBMF, maskAs(p.Scope, in.realBM, alignedBMF.Kind())), 1)

	pairBF := m.fuse.of(p.Scope, p.Cat(1, markers(p.Scope, hBLD, in.markB2), pictureBF))
	return state{hBLD: hBLD, pairBF: p.dropping(m.spec.MEGA.Dropout).drop(pairBF)}
}

// semantic lets each object attend to the words: one head, no dropout on its
// weights, and a sigmoid on what it gathers.
func (m *mega) semantic(p *pass, objectsBMF, wordsBLF, realBL torch.Tensor) torch.Tensor {
	q, k, v := m.query.of(p.Scope, objectsBMF), m.key.of(p.Scope, wordsBLF), m.value.of(p.Scope, wordsBLF)
	return p.Sigmoid(attend(p.dropping(0), q, k, v, paddedKeys(p.Scope, realBL), 1))
}

// structural stands for the weights of the graph alignment times the words' states
// with 1 / words as every weight: each object gets the mean state.
func (m *mega) structural(s *torch.Scope, wordsBLF torch.Tensor, in *tensors) torch.Tensor {
	return s.Expand(s.Unsqueeze(meanRows(s, wordsBLF, in.realBL), 1), -1, in.realBM.Dim(1), -1)
}
