//go:build torch

package model

import (
	"math"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// aligner is the alignment regularizer L_ar: a lower bound of the mutual
// information of a tweet's latent and its picture's, negated.
type aligner struct {
	spec     *mmibx.AlignSpec
	scorer   linear       // bce-concat
	bilinear linear       // bce-bilinear
	logTau   torch.Tensor // infonce with a learned temperature
	// To a common width, for infonce with a projection.
	projectText, projectImage linear
}

// logTauName is the parameter of a learned temperature.
const logTauName = "align.log_tau"

// newAligner has no parameters where alignment has no weight: then it only says
// what the diagnostics compare.
func newAligner(p *torch.Params, spec *mmibx.AlignSpec, z int64) *aligner {
	a := &aligner{spec: spec}
	switch {
	case spec.Weight == 0:
	case spec.Estimator == "bce-concat":
		scores := int64(spec.Width)
		if scores == 0 {
			scores = z
		}
		a.scorer = newLinear(p, "discrimonator", 2*z, scores)
	case spec.Estimator == "bce-bilinear":
		start := torch.FanIn(z)
		a.bilinear = linear{p.New("discrimonator.weight", start, 1, z, z), p.New("discrimonator.bias", start, 1)}
	default:
		if spec.LearnTau {
			a.logTau = p.New(logTauName, torch.Constant(math.Log(spec.Tau)), 1)
		}
		if width := int64(spec.Projection); width > 0 {
			start := torch.FanIn(z)
			a.projectText.w = p.New("align.text_projection.weight", start, width, z)
			a.projectImage.w = p.New("align.image_projection.weight", start, width, z)
		}
	}
	return a
}

// compared returns the vectors that infonce takes the cosine of, from pooled
// latents [B, Z]: themselves, or their projections (without a bias, as CLIP has
// them: Radford et al. 2021).
func (a *aligner) compared(s *torch.Scope, textBZ, imageBZ torch.Tensor) (text, image torch.Tensor) {
	if a.projectText.w == torch.None {
		return textBZ, imageBZ
	}
	return a.projectText.of(s, textBZ), a.projectImage.of(s, imageBZ)
}

// tau is the temperature of the moment.
func (a *aligner) tau() float64 {
	if a.logTau == torch.None {
		return a.spec.Tau
	}
	return math.Exp(a.logTau.Number())
}

// pool turns latents [B, T, Z] into one vector a sample.
func (a *aligner) pool(s *torch.Scope, zBTZ, realBT torch.Tensor) torch.Tensor {
	if a.spec.Pooling == "first" {
		return s.Select(zBTZ, 1, 0)
	}
	if a.spec.Pooling == "sum" {
		return s.Sum(s.Mul(zBTZ, maskAs(s, realBT, zBTZ.Kind())), 1)
	}
	return meanRows(s, zBTZ, realBT)
}

// loss takes pooled latents [B, Z] of texts and pictures.
func (a *aligner) loss(s *torch.Scope, textBZ, imageBZ torch.Tensor, b *batch) torch.Tensor {
	if a.spec.Estimator == "infonce" {
		return a.infoNCE(s, textBZ, imageBZ, b)
	}
	// Binary cross-entropy: a tweet and its own picture against the tweet and the
	// picture of the row 1, 2, ... before it.
	total := s.BinaryCrossEntropy(a.score(s, textBZ, imageBZ), 1)
	for shift := 1; shift <= a.spec.Negatives; shift++ {
		total = s.Add(total, s.BinaryCrossEntropy(a.score(s, textBZ, s.Roll(imageBZ, int64(shift), 0)), 0))
	}
	return total
}

// score is the discriminator's probability that a pair belongs together. The
// sigmoid is taken before the loss, as released: it saturates in float32.
func (a *aligner) score(s *torch.Scope, textBZ, imageBZ torch.Tensor) torch.Tensor {
	var logits torch.Tensor
	if a.spec.Estimator == "bce-bilinear" {
		logits = s.Bilinear(textBZ, imageBZ, a.bilinear.w, a.bilinear.b)
	} else {
		logits = a.scorer.of(s, s.Cat(1, textBZ, imageBZ))
	}
	return s.Sigmoid(s.AtLeastFloat32(logits))
}

// infoNCE is the symmetric cross-entropy of cosine / tau (van den Oord et al.
// 2018): each tweet chooses its picture among the batch and each picture its
// tweet. Other rows with the same picture are no negatives.
func (a *aligner) infoNCE(s *torch.Scope, textBZ, imageBZ torch.Tensor, b *batch) torch.Tensor {
	var similarity torch.Tensor
	torch.InFloat32(func() {
		textBZ, imageBZ = a.compared(s, textBZ, imageBZ)
		similarity = s.MatMul(s.Normalize(textBZ), s.Transpose(s.Normalize(imageBZ), 0, 1))
	})
	var logitsBB torch.Tensor
	if a.spec.LearnTau {
		logitsBB = s.Mul(similarity, s.Exp(s.Scale(a.logTau, -1)))
	} else {
		logitsBB = s.Scale(similarity, 1/a.spec.Tau)
	}
	logitsBB = s.MaskedFill(logitsBB, s.Bools(samePicture(b.pictureB), int64(b.b), int64(b.b)), math.Inf(-1))
	own := make([]int64, b.b)
	for i := range own {
		own[i] = int64(i)
	}
	target := s.Int64s(own, int64(b.b))
	forward := s.CrossEntropy(logitsBB, target)
	backward := s.CrossEntropy(s.Transpose(logitsBB, 0, 1), target)
	return s.Scale(s.Add(forward, backward), 0.5)
}
