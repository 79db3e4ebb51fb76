//go:build torch

package model

import (
	"fmt"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// BertConfig holds the sizes of a BERT encoder (Devlin et al. 2019), by the
// meaning of the keys of Hugging Face's config.json.
type BertConfig struct {
	Width, Layers, Heads, Intermediate int64
	Vocab, Positions, Types            int64
	Eps                                float64 // of LayerNorm, 1e-12 in BERT
	InitDeviation                      float64 // of the normal start, 0.02 in BERT
}

// BertConfigOf is the configuration of a Hugging Face folder.
func BertConfigOf(c weights.Config) BertConfig {
	return BertConfig{
		Width: int64(c.Width), Layers: int64(c.Layers), Heads: int64(c.Heads), Intermediate: int64(c.Intermediate),
		Vocab: int64(c.Vocab), Positions: int64(c.Positions), Types: int64(c.Types), Eps: c.Epsilon, InitDeviation: 0.02,
	}
}

// smallBert is the encoder of the miniature benchmarks, trained from scratch.
func smallBert(width, layers, vocab, positions int) BertConfig {
	return BertConfig{
		Width: int64(width), Layers: int64(layers), Heads: headsOf(int64(width)), Intermediate: 4 * int64(width),
		Vocab: int64(vocab), Positions: int64(positions), Types: 1, Eps: 1e-12, InitDeviation: 0.1,
	}
}

// headsOf returns the number of heads of a width without a published one: 8 wide
// each, at most 12.
func headsOf(width int64) int64 {
	for heads := min(12, max(1, width/8)); heads > 1; heads-- {
		if width%heads == 0 {
			return heads
		}
	}
	return 1
}

// padding is the id that fills rows up. Its vector is not trained, as in Hugging
// Face's BertModel: it matters where padded pieces are attended to.
const padding = 0

// bert is the encoder; its parameters have the names of Hugging Face's BertModel.
type bert struct {
	config                 BertConfig
	word, position, kind   torch.Tensor
	embedNormW, embedNormB torch.Tensor
	layers                 []bertLayer
}

type bertLayer struct {
	query, key, value, output, up, down linear
	normW, normB, outNormW, outNormB    torch.Tensor
}

// linear is a weight [out, in] and a bias, which may be torch.None.
type linear struct{ w, b torch.Tensor }

func (l linear) of(s *torch.Scope, x torch.Tensor) torch.Tensor { return s.Linear(x, l.w, l.b) }

// newLinear starts as PyTorch's Linear does.
func newLinear(p *torch.Params, name string, in, out int64) linear {
	start := torch.FanIn(in)
	return linear{p.New(name+".weight", start, out, in), p.New(name+".bias", start, out)}
}

func newBert(p *torch.Params, c BertConfig) *bert {
	start := torch.Normal(c.InitDeviation)
	zero, one := torch.Constant(0), torch.Constant(1)
	e := &bert{
		config:     c,
		word:       p.New("bert.embeddings.word_embeddings.weight", start, c.Vocab, c.Width),
		position:   p.New("bert.embeddings.position_embeddings.weight", start, c.Positions, c.Width),
		kind:       p.New("bert.embeddings.token_type_embeddings.weight", start, c.Types, c.Width),
		embedNormW: p.New("bert.embeddings.LayerNorm.weight", one, c.Width),
		embedNormB: p.New("bert.embeddings.LayerNorm.bias", zero, c.Width),
	}
	for i := range c.Layers {
		e.layers = append(e.layers, newBertLayer(p, fmt.Sprintf("bert.encoder.layer.%d", i), c))
	}
	return e
}

// newBertLayer makes one layer of an encoder, or of the same shape outside it.
func newBertLayer(p *torch.Params, name string, c BertConfig) bertLayer {
	zero, one := torch.Constant(0), torch.Constant(1)
	dense := func(part string, in, out int64) linear { return newBertLinear(p, name+"."+part, c, in, out) }
	return bertLayer{
		query:    dense("attention.self.query", c.Width, c.Width),
		key:      dense("attention.self.key", c.Width, c.Width),
		value:    dense("attention.self.value", c.Width, c.Width),
		output:   dense("attention.output.dense", c.Width, c.Width),
		normW:    p.New(name+".attention.output.LayerNorm.weight", one, c.Width),
		normB:    p.New(name+".attention.output.LayerNorm.bias", zero, c.Width),
		up:       dense("intermediate.dense", c.Width, c.Intermediate),
		down:     dense("output.dense", c.Intermediate, c.Width),
		outNormW: p.New(name+".output.LayerNorm.weight", one, c.Width),
		outNormB: p.New(name+".output.LayerNorm.bias", zero, c.Width),
	}
}

// newBertLinear starts as BERT's do: normal weights, biases of zero.
func newBertLinear(p *torch.Params, name string, c BertConfig, in, out int64) linear {
	return linear{p.New(name+".weight", torch.Normal(c.InitDeviation), out, in), p.New(name+".bias", torch.Constant(0), out)}
}

// words returns what the networks start from: the last hidden state [B, L, D],
// with dropout for MNER and without for MRE, as MMIB's released code has it.
// Prefixes may be nil.
func (e *bert) words(p *pass, spec *mmibx.Spec, in *tensors, before *prefixes) torch.Tensor {
	hBLD := e.encode(p, in, before)
	if spec.TaskOf() == mmibx.MRE {
		return hBLD
	}
	return p.drop(hBLD)
}

// prefixes are keys and values that stand before the words' own in the attention
// of every layer: a network's way into the encoder. Words keep their positions.
type prefixes struct {
	layers   []prefix     // one for each layer of the encoder
	hiddenBP torch.Tensor // true where none may attend to it
}

// prefix is what one layer gets: [B, P, D] each.
type prefix struct{ keyBPD, valueBPD torch.Tensor }

// encode returns the last hidden state [B, L, D]. Dropout stands after the
// embeddings, on the attention weights and after each sublayer. Prefixes may be
// nil.
func (e *bert) encode(p *pass, in *tensors, before *prefixes) torch.Tensor {
	n, l := in.idsBL.Dim(0), in.idsBL.Dim(1)
	hBLD := p.Add(p.Embedding(e.word, in.idsBL, padding), p.Narrow(e.position, 0, 0, l))
	if in.kindsBL == torch.None {
		hBLD = p.Add(hBLD, p.Select(e.kind, 0, 0))
	} else {
		hBLD = p.Add(hBLD, p.Embedding(e.kind, in.kindsBL, -1))
	}
	hBLD = p.drop(p.LayerNorm(hBLD, e.embedNormW, e.embedNormB, e.config.Eps))
	hiddenBN := p.Not(in.realBL)
	if before != nil {
		hiddenBN = p.Cat(1, before.hiddenBP, hiddenBN)
	}
	hiddenB11N := p.Reshape(hiddenBN, n, 1, 1, hiddenBN.Dim(1))
	for i, layer := range e.layers {
		var own *prefix
		if before != nil {
			own = &before.layers[i]
		}
		hBLD = layer.forward(p, hBLD, hBLD, hiddenB11N, own, e.config)
	}
	return hBLD
}

// forward lets h attend to a memory (itself, in BERT) with a prefix, which may be
// nil, before it. Scores where hidden is true do not count.
func (y *bertLayer) forward(p *pass, hBLD, memoryBND, hidden torch.Tensor, before *prefix, c BertConfig) torch.Tensor {
	q, k, v := y.query.of(p.Scope, hBLD), y.key.of(p.Scope, memoryBND), y.value.of(p.Scope, memoryBND)
	if before != nil {
		k, v = p.Cat(1, before.keyBPD, k), p.Cat(1, before.valueBPD, v)
	}
	attended := attend(p, q, k, v, hidden, c.Heads)
	hBLD = p.LayerNorm(p.Add(p.drop(y.output.of(p.Scope, attended)), hBLD), y.normW, y.normB, c.Eps)
	up := p.Gelu(y.up.of(p.Scope, hBLD))
	return p.LayerNorm(p.Add(p.drop(y.down.of(p.Scope, up)), hBLD), y.outNormW, y.outNormB, c.Eps)
}
