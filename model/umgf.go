//go:build torch

package model

import (
	"fmt"
	"math"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// umgf is the Unified Multimodal Graph Fusion of Zhang et al., "Multi-modal Graph
// Fusion for Named Entity Recognition with Targeted Visual Guidance" (AAAI 2021),
// by its released code (github TransformersWsz/UMGF, commit 55adc07). Words and
// pictures are the nodes of a graph: layers of self-attention inside each modality
// and of gated sums over all nodes of the other.
//
// Instead of four object crops through a ResNet-152 that is trained too, there are
// the rows of evidence. Left out is what the released code builds and no output
// depends on: what the last layer does to the pictures after the words saw them.
//
// Shapes: G width of the graph.
type umgf struct {
	spec    *mmibx.Spec
	encoder *bert
	words   linear    // encoder to graph
	rows    [2]linear // evidence to graph
	layers  []umgfLayer
}

// Layers of the graph and heads of its attention, as released.
const (
	umgfLayers = 6
	umgfHeads  = 8
)

// umgfWidths are the graph's width and that inside its feed-forward layers, in
// proportion to the encoder's: 512 and 256 for 768, as released. Heads need the
// former to be a multiple of 8.
func umgfWidths(d int64) (width, hidden int64) {
	return umgfHeads * max(1, (2*d+3*umgfHeads/2)/(3*umgfHeads)), d / 3
}

// umgfLayer is one layer. Names in the released code: mhatt_x, mhatt_o, mhatt_x2o,
// mhatt_o2x, ffn_x, ffn_o, and res4mes, gate, res4ffn with _x and _o.
type umgfLayer struct {
	text, rows             lookup
	textValue, textOutput  linear // pictures' values are taken as they are
	textToRows, rowsToText linear // gates, 2 G to G
	textUp, textDown       linear
	rowsUp, rowsDown       linear
	textNorms, rowsNorms   [3]norm // after self-attention, gated sum and feed-forward
}

// norm is LayerNorm(x + dropout(y)).
type norm struct{ w, b torch.Tensor }

func newNorm(p *torch.Params, name string, width int64) norm {
	return norm{p.New(name+".LayerNorm.weight", torch.Constant(1), width), p.New(name+".LayerNorm.bias", torch.Constant(0), width)}
}

func (n norm) of(p *pass, x, y torch.Tensor) torch.Tensor {
	return p.LayerNorm(p.Add(x, p.drop(y)), n.w, n.b, blockEps)
}

// newGlorot is a linear map that starts as UMGF's do: Glorot's uniform weights,
// biases of zero.
func newGlorot(p *torch.Params, name string, in, out int64) linear {
	start := torch.Uniform(math.Sqrt(6 / float64(in+out)))
	return linear{p.New(name+".weight", start, out, in), p.New(name+".bias", torch.Constant(0), out)}
}

func newUMGF(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	g, hidden := umgfWidths(encoder.config.Width)
	m := &umgf{
		spec:    spec,
		encoder: encoder,
		words:   newLinear(p, "trans_txt", encoder.config.Width, g),
		rows:    [2]linear{newGlorot(p, "trans_obj.0", evidenceWidth, g), newGlorot(p, "trans_obj.3", g, g)},
	}
	for i := range umgfLayers {
		m.layers = append(m.layers, newUMGFLayer(p, i, g, hidden))
	}
	return m
}

func newUMGFLayer(p *torch.Params, i int, g, hidden int64) umgfLayer {
	part := func(name string, in, out int64) linear { return newGlorot(p, fmt.Sprintf(name, i), in, out) }
	after := func(name string) norm { return newNorm(p, fmt.Sprintf(name, i), g) }
	y := umgfLayer{
		text:       lookup{part("mhatt_x.%d.linears.0", g, g), part("mhatt_x.%d.linears.1", g, g)},
		textValue:  part("mhatt_x.%d.linears.2", g, g),
		textOutput: part("mhatt_x.%d.linears.3", g, g),
		rows:       lookup{part("mhatt_o.%d.linears.0", g, g), part("mhatt_o.%d.linears.1", g, g)},
		textToRows: part("mhatt_x2o.%d", 2*g, g),
		textUp:     part("ffn_x.%d.w_1", g, hidden),
		textDown:   part("ffn_x.%d.w_2", hidden, g),
		textNorms:  [3]norm{after("res4mes_x.%d"), after("xgate.%d"), after("res4ffn_x.%d")},
		rowsNorms:  [3]norm{after("res4mes_o.%d")},
	}
	if i < umgfLayers-1 {
		y.rowsToText = part("mhatt_o2x.%d", 2*g, g)
		y.rowsUp, y.rowsDown = part("ffn_o.%d.w_1", g, hidden), part("ffn_o.%d.w_2", hidden, g)
		y.rowsNorms[1], y.rowsNorms[2] = after("ogate.%d"), after("res4ffn_o.%d")
	}
	return y
}

// headWidth is the encoder's state of a word and, beside it, the graph's.
func (m *umgf) headWidth() int64 { return m.encoder.config.Width + m.words.w.Dim(0) }

func (m *umgf) forward(p *pass, in *tensors) state {
	hBLD := m.encoder.encode(p, in, nil) // no dropout on it, as released
	graph := p.dropping(m.spec.UMGF.Dropout)
	xBLG := m.words.of(p.Scope, hBLD)
	oBMG := in.evidenceBME
	for _, l := range m.rows {
		oBMG = graph.drop(p.Relu(l.of(p.Scope, oBMG)))
	}
	for i := range m.layers {
		xBLG, oBMG = m.layers[i].forward(graph, xBLG, oBMG, in)
	}
	return state{hBLD: p.Cat(2, hBLD, xBLG)}
}

// forward takes and returns the nodes of words and of pictures.
func (y *umgfLayer) forward(p *pass, xBLG, oBMG torch.Tensor, in *tensors) (x, o torch.Tensor) {
	hiddenText, hiddenRows := paddedKeys(p.Scope, in.realBL), paddedKeys(p.Scope, in.realBM)

	mixed := attend(p, y.text.query.of(p.Scope, xBLG), y.text.key.of(p.Scope, xBLG), y.textValue.of(p.Scope, xBLG), hiddenText, umgfHeads)
	xBLG = y.textNorms[0].of(p, xBLG, y.textOutput.of(p.Scope, mixed))
	oBMG = y.rowsNorms[0].of(p, oBMG, y.rows.of(p, oBMG, oBMG, hiddenRows, umgfHeads))

	// Every word gathers from every picture and, unless nothing depends on it, the
	// other way round.
	realBMG := p.Mul(oBMG, maskAs(p.Scope, in.realBM, torch.Float32))
	seenBLG := p.Sum(p.Mul(gates(p, y.textToRows, xBLG, oBMG), p.Unsqueeze(realBMG, 1)), 2)
	x = y.textNorms[1].of(p, xBLG, seenBLG)
	x = y.textNorms[2].of(p, x, feedForward(p, x, y.textUp, y.textDown))
	if y.rowsToText.w == torch.None {
		return x, torch.None
	}
	realBLG := p.Mul(xBLG, maskAs(p.Scope, in.realBL, torch.Float32))
	readBMG := p.Sum(p.Mul(gates(p, y.rowsToText, xBLG, oBMG), p.Unsqueeze(realBLG, 2)), 1)
	o = y.rowsNorms[1].of(p, oBMG, readBMG)
	return x, y.rowsNorms[2].of(p, o, feedForward(p, o, y.rowsUp, y.rowsDown))
}

// gates are sigmoid(W [x; o]) of each pair of a word and a picture, [B, L, M, G]. W
// is applied to the words and to the pictures apart: the pairs only add.
func gates(p *pass, l linear, xBLG, oBMG torch.Tensor) torch.Tensor {
	g := l.w.Dim(0)
	ofText := linear{p.Narrow(l.w, 1, 0, g), l.b}.of(p.Scope, xBLG)
	ofRows := linear{p.Narrow(l.w, 1, g, g), torch.None}.of(p.Scope, oBMG)
	return p.Sigmoid(p.Add(p.Unsqueeze(ofText, 2), p.Unsqueeze(ofRows, 1)))
}

// feedForward is W2 relu(W1 x), without dropout inside.
func feedForward(p *pass, x torch.Tensor, up, down linear) torch.Tensor {
	return down.of(p.Scope, p.Relu(up.of(p.Scope, x)))
}
