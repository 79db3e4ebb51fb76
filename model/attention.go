//go:build torch

package model

import (
	"math"

	"github.com/mmibx/mmibx/model/torch"
)

// pass is one forward pass: a scope for its tensors and how to compute it.
type pass struct {
	*torch.Scope
	training bool
	dropout  float64
	sample   bool    // draw the latents instead of taking their means
	heldBack float64 // share of the betas that their warm-up still keeps back
	// epsText and epsImage stand for the noise where they are given, and keep,
	// factors of x's shape, for what dropout draws.
	epsText, epsImage torch.Tensor
	keep              func(x torch.Tensor) torch.Tensor
}

// dropping is the pass with another rate of dropout; at 0 it has no sites.
func (p *pass) dropping(rate float64) *pass {
	other := *p
	other.dropout = rate
	if rate == 0 {
		other.keep = nil
	}
	return &other
}

func (p *pass) drop(x torch.Tensor) torch.Tensor {
	if p.keep != nil {
		return p.Mul(x, p.keep(x))
	}
	return p.Dropout(x, p.dropout, p.training)
}

// maskAs makes a mask [B, T] of real positions a factor [B, T, 1] of a kind.
func maskAs(s *torch.Scope, realBT torch.Tensor, kind torch.Kind) torch.Tensor {
	return s.To(s.Unsqueeze(realBT, 2), kind)
}

// meanRows is the mean of x [B, T, D] over its real positions, [B, D], in float32
// where x is lower.
func meanRows(s *torch.Scope, xBTD, realBT torch.Tensor) torch.Tensor {
	weightBT1 := maskAs(s, realBT, torch.Float32)
	return s.Div(s.Sum(s.Mul(xBTD, weightBT1), 1), s.Sum(weightBT1, 1))
}

// paddedKeys hides the keys of an attention that are not real, [B, 1, 1, N].
func paddedKeys(s *torch.Scope, realBN torch.Tensor) torch.Tensor {
	return s.Reshape(s.Not(realBN), realBN.Dim(0), 1, 1, realBN.Dim(1))
}

// hiddenScore is what a masked attention score becomes, as in the released code.
const hiddenScore = -1e9

// attend is multi-head scaled dot-product attention: q [B, Q, D], k and v
// [B, N, D] give [B, Q, D]. Scores where hidden, a tensor of truth values that
// broadcasts to [B, H, Q, N], is true do not count; torch.None hides nothing.
// The products are explicit since fused attention does not reproduce query rows
// that are hidden as a whole (they become uniform, as in the released code).
func attend(p *pass, qBQD, kBND, vBND, hidden torch.Tensor, heads int64) torch.Tensor {
	q, k, v := splitHeads(p, qBQD, heads), splitHeads(p, kBND, heads), splitHeads(p, vBND, heads)
	scale := 1 / math.Sqrt(float64(q.Dim(3)))
	scoresBHQN := p.Scale(p.MatMul(q, p.Transpose(k, 2, 3)), scale)
	if hidden != torch.None {
		scoresBHQN = p.MaskedFill(scoresBHQN, hidden, hiddenScore)
	}
	weightsBHQN := p.drop(p.Softmax(scoresBHQN, -1))
	mixedBQHD := p.Transpose(p.MatMul(weightsBHQN, v), 1, 2)
	return p.Reshape(mixedBQHD, qBQD.Dim(0), qBQD.Dim(1), qBQD.Dim(2))
}

func splitHeads(p *pass, xBND torch.Tensor, heads int64) torch.Tensor {
	shape := xBND.Shape()
	return p.Transpose(p.Reshape(xBND, shape[0], shape[1], heads, shape[2]/heads), 1, 2)
}

// block is CA(q, k, v, mask) of MMIB's code: multi-head attention without biases
// on q, k and v; P = LayerNorm(q + attention); LayerNorm(P + W P) with one linear
// map W and no activation.
type block struct {
	query, key, value, output, dense linear
	norm1W, norm1B, norm2W, norm2B   torch.Tensor
	heads                            int64
}

// blockEps is LayerNorm's in the blocks: PyTorch's default, not BERT's.
const blockEps = 1e-5

func newBlock(p *torch.Params, name string, width, heads int64) *block {
	bare := func(part string) linear {
		return linear{w: p.New(name+".cross_attn.linears."+part+".weight", torch.FanIn(width), width, width)}
	}
	one, zero := torch.Constant(1), torch.Constant(0)
	return &block{
		query: bare("0"), key: bare("1"), value: bare("2"),
		output: newLinear(p, name+".cross_attn.last_linear", width, width),
		norm1W: p.New(name+".ln1.weight", one, width), norm1B: p.New(name+".ln1.bias", zero, width),
		norm2W: p.New(name+".ln2.weight", one, width), norm2B: p.New(name+".ln2.bias", zero, width),
		dense: newLinear(p, name+".dense", width, width),
		heads: heads,
	}
}

func (c *block) forward(p *pass, qBQD, kvBND, hidden torch.Tensor) torch.Tensor {
	attended := attend(p, c.query.of(p.Scope, qBQD), c.key.of(p.Scope, kvBND), c.value.of(p.Scope, kvBND), hidden, c.heads)
	pBQD := p.LayerNorm(p.Add(qBQD, c.output.of(p.Scope, attended)), c.norm1W, c.norm1B, blockEps)
	return p.LayerNorm(p.Add(pBQD, c.dense.of(p.Scope, pBQD)), c.norm2W, c.norm2B, blockEps)
}
