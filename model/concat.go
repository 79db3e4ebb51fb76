//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// concat is the simplest use of a picture: the mean of its vectors, projected to
// the encoder's width, stands beside every word (MNER) or beside the pair of
// markers (MRE).
type concat struct {
	spec    *mmibx.Spec
	encoder *bert
	picture linear
}

// headWidth counts the picture's vector beside a word, or beside two markers.
func (m *concat) headWidth() int64 {
	if m.spec.TaskOf() == mmibx.MRE {
		return 3 * m.encoder.config.Width
	}
	return 2 * m.encoder.config.Width
}

func newConcat(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	return &concat{spec: spec, encoder: encoder, picture: newLinear(p, "picture", evidenceWidth, encoder.config.Width)}
}

func (m *concat) forward(p *pass, in *tensors) state {
	hBLD := m.encoder.words(p, m.spec, in, nil)
	pictureBD := m.picture.of(p.Scope, meanRows(p.Scope, in.evidenceBME, in.realBM))
	if m.spec.TaskOf() == mmibx.MRE {
		return state{hBLD: hBLD, pairBF: p.Cat(1, markers(p.Scope, hBLD, in.markB2), pictureBD)}
	}
	pictureBLD := p.Expand(p.Unsqueeze(pictureBD, 1), -1, hBLD.Dim(1), -1)
	return state{hBLD: p.Cat(2, hBLD, pictureBLD)}
}
