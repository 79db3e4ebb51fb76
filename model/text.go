//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// textOnly is BERT + CRF (MNER), or BERT with entity markers (MRE): the baseline
// that sees no picture.
type textOnly struct {
	spec    *mmibx.Spec
	encoder *bert
}

func newTextOnly(_ *torch.Params, spec *mmibx.Spec, encoder *bert, _ int64) network {
	return &textOnly{spec, encoder}
}

func (m *textOnly) forward(p *pass, in *tensors) state {
	return state{hBLD: m.encoder.words(p, m.spec, in, nil)}
}
