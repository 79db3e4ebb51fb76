//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// gaussian is q(z | x): independent normal variables by their means and log
// variances, [B, T, Z].
type gaussian struct {
	meanBTZ, logVarBTZ torch.Tensor
}

// sample returns mean + eps * sigma, or the mean when latents are not drawn.
// Sigma is exp(logVar / 2): the released code calls the logarithm "logstd" and
// uses it as a log variance. A given eps takes the place of a drawn one.
func (q gaussian) sample(p *pass, eps torch.Tensor) torch.Tensor {
	if !p.sample && eps == torch.None {
		return q.meanBTZ
	}
	if eps == torch.None {
		eps = p.RandnLike(q.meanBTZ)
	}
	return p.Add(q.meanBTZ, p.Mul(eps, p.Exp(p.Scale(q.logVarBTZ, 0.5))))
}

// klPerDimension is KL(q || N(0, I)) of each latent in nats, [B, T, Z].
func (q gaussian) klPerDimension(s *torch.Scope) torch.Tensor {
	squares := s.Add(s.Square(q.meanBTZ), s.Exp(q.logVarBTZ))
	return s.Scale(s.Sub(squares, s.AddScalar(q.logVarBTZ, 1)), 0.5)
}

// kl is the loss term of one modality. By default the sum over dimensions (nats),
// averaged over real positions; the released code takes the mean over
// everything, padding included.
func (q gaussian) kl(s *torch.Scope, maskBT torch.Tensor, spec *mmibx.IBSpec) torch.Tensor {
	klBTZ := q.klPerDimension(s)
	var klBT torch.Tensor
	if spec.KLReduction == "sum" {
		klBT = s.Sum(klBTZ, -1)
	} else {
		klBT = s.Mean(klBTZ, -1)
	}
	if spec.KLPositions == "all" {
		return s.Mean(klBT)
	}
	return s.MaskedMean(klBT, maskBT)
}

// variational is a variational encoder: one block for the mean and one for the
// log variance, used as self-attention. With a bottleneck size each is followed
// by a linear map to it, without LayerNorm, so that mean and variance are free to
// reach the prior; without one they are as wide as the encoder, as released.
type variational struct {
	mean, logVar         *block
	meanHead, logVarHead linear
	projected            bool
}

// startLogVar is where log variances start under a bottleneck size: small enough
// that the latents carry information from the first step.
const startLogVar = -4

// newVariational names its blocks as the released code does.
func newVariational(p *torch.Params, meanName, logVarName string, width, heads int64, size int) *variational {
	v := &variational{mean: newBlock(p, meanName, width, heads), logVar: newBlock(p, logVarName, width, heads)}
	if size > 0 {
		z := int64(size)
		v.projected = true
		v.meanHead = newLinear(p, meanName+"_head", width, z)
		v.logVarHead = linear{
			p.New(logVarName+"_head.weight", torch.Constant(0), z, width),
			p.New(logVarName+"_head.bias", torch.Constant(startLogVar), z),
		}
	}
	return v
}

// encode returns at least float32, also under bfloat16: near the prior a KL is a small
// difference of large terms.
func (v *variational) encode(p *pass, hBTD, hidden torch.Tensor) gaussian {
	q := gaussian{v.mean.forward(p, hBTD, hBTD, hidden), v.logVar.forward(p, hBTD, hBTD, hidden)}
	if v.projected {
		q = gaussian{v.meanHead.of(p.Scope, q.meanBTZ), v.logVarHead.of(p.Scope, q.logVarBTZ)}
	}
	return gaussian{p.AtLeastFloat32(q.meanBTZ), p.AtLeastFloat32(q.logVarBTZ)}
}
