//go:build torch

package model

import (
	"fmt"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// hvpnet is HVPNeT of Chen et al., "Good Visual Guidance Makes a Better Extractor"
// (NAACL Findings 2022), by its released code (github zjunlp/HVPNeT, commit
// 410bd0c): pictures enter BERT as keys and values that stand before the words'
// own in every layer. Each picture is 4 positions, each position 4 pieces, and
// each layer mixes the pieces by a gate of its own.
//
// Shapes: P positions of a picture, Q a quarter of the evidence's width, G pieces,
// U width of a key and its value together (2 D).
type hvpnet struct {
	spec     *mmibx.Spec
	encoder  *bert
	down, up linear // Q to hvpnet.hidden, and that to the pieces
	gates    []linear
}

const (
	hvpnetPositions = 4 // of a picture, prompt_len of the released code
	hvpnetPieces    = 4 // that a layer mixes
)

func newHVPNeT(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	d, hidden := encoder.config.Width, int64(spec.HVPNeT.Hidden)
	m := &hvpnet{
		spec:    spec,
		encoder: encoder,
		down:    newLinear(p, "encoder_conv.0", quarter(evidenceWidth), hidden),
		up:      newLinear(p, "encoder_conv.2", hidden, hvpnetPieces*2*d),
	}
	for i := range encoder.layers {
		m.gates = append(m.gates, newLinear(p, fmt.Sprintf("gates.%d", i), hvpnetPositions*2*d, hvpnetPieces))
	}
	return m
}

// quarter is how many of a row's numbers make one position.
func quarter(width int64) int64 { return (width + hvpnetPositions - 1) / hvpnetPositions }

func (m *hvpnet) forward(p *pass, in *tensors) state {
	return state{hBLD: m.encoder.words(p, m.spec, in, m.prefixes(p, in))}
}

// prefixes makes the picture's keys and values: of row 0, the whole picture, and
// of the next rows up to hvpnet.rows, where the released code has crops. Rows that
// are padding are hidden.
func (m *hvpnet) prefixes(p *pass, in *tensors) *prefixes {
	n, d := in.evidenceBME.Dim(0), m.encoder.config.Width
	rows := min(in.evidenceBME.Dim(1), int64(m.spec.HVPNeT.Rows))
	up := m.up.of(p.Scope, p.Tanh(m.down.of(p.Scope, m.quarters(p.Scope, in.evidenceBME, rows))))
	piecesBMPGU := p.Reshape(up, n, rows, hvpnetPositions, hvpnetPieces, 2*d)
	meanBMPU := p.Mean(piecesBMPGU, 3)
	gateInput := p.Reshape(meanBMPU, n, rows, hvpnetPositions*2*d)

	total := rows * hvpnetPositions
	hiddenBM1 := p.Unsqueeze(p.Not(p.Narrow(in.realBM, 1, 0, rows)), 2)
	out := &prefixes{hiddenBP: p.Reshape(p.Expand(hiddenBM1, -1, -1, hvpnetPositions), n, total)}
	for _, gate := range m.gates {
		gateBMG := p.Softmax(p.LeakyRelu(gate.of(p.Scope, gateInput)), -1)
		mixedBMPU := p.Sum(p.Mul(piecesBMPGU, p.Reshape(gateBMG, n, rows, 1, hvpnetPieces, 1)), 3)
		mixedBPU := p.Reshape(mixedBMPU, n, total, 2*d)
		out.layers = append(out.layers, prefix{keyBPD: p.Narrow(mixedBPU, 2, 0, d), valueBPD: p.Narrow(mixedBPU, 2, d, d)})
	}
	return out
}

// quarters cuts each of the first rows in 4 for its positions, [B, M, P, Q], with
// zeros after the last number where the width is no multiple of 4. The released
// code views the 3840 channels x 2 x 2 cells of a picture as 4 rows of 3840, so
// there too a position is a quarter of the channels.
func (m *hvpnet) quarters(s *torch.Scope, evidenceBME torch.Tensor, rows int64) torch.Tensor {
	n, width := evidenceBME.Dim(0), evidenceBME.Dim(2)
	e := s.Narrow(evidenceBME, 1, 0, rows)
	if missing := quarter(width)*hvpnetPositions - width; missing > 0 {
		e = s.Cat(2, e, s.Full(0, e.Kind(), n, rows, missing))
	}
	return s.Reshape(e, n, rows, hvpnetPositions, quarter(width))
}
