//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// textOnly is BERT + CRF (MNER), or BERT with entity markers (MRE): the baseline
// that sees no picture.
type textOnly struct{ encoder *bert }

func newTextOnly(_ *torch.Params, _ *mmibx.Spec, encoder *bert, _ int64) network {
	return &textOnly{encoder}
}

func (m *textOnly) forward(p *pass, b *batch) state {
	in := b.tensors(p.Scope)
	return state{hBLD: p.drop(m.encoder.encode(p, in.idsBL, in.realBL))}
}
