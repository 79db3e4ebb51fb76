//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// mmib is the model of Cui et al., "Enhancing Multimodal Entity and Relation
// Extraction with Variational Information Bottleneck" (TASLP 2024), by its
// released code (github cuishiyao96/MMIB, commit 89be362).
type mmib struct {
	spec        *mmibx.Spec
	encoder     *bert
	picture     linear // evidence to the encoder's width
	text, image *variational
	expand      linear // latents back to the encoder's width, with a bottleneck size
	img2txt     *block
	txt2img     *block
	beside      linear // instead of both blocks, where the fusion is concat
	align       *aligner
}

func newMMIB(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	d, heads := encoder.config.Width, encoder.config.Heads
	names := [4]string{"txt_mean", "txt_logstd", "img_mean", "img_logstd"}
	if spec.TaskOf() == mmibx.MRE {
		names = [4]string{"txt_encoding_mean", "txt_encoding_logstd", "img_encoding_mean", "img_encoding_logstd"}
	}
	m := &mmib{
		spec:    spec,
		encoder: encoder,
		picture: newLinear(p, "linear", evidenceWidth, d),
		text:    newVariational(p, names[0], names[1], d, heads, spec.IB.Size),
		image:   newVariational(p, names[2], names[3], d, heads, spec.IB.Size),
	}
	if spec.Model.Fusion == "concat" {
		m.beside = newLinear(p, "beside", 2*d, d)
	} else {
		m.img2txt = newBlock(p, "img2txt_cross", d, heads)
		m.txt2img = newBlock(p, "txt2img_cross", d, heads)
	}
	z := d
	if spec.IB.Size > 0 {
		z = int64(spec.IB.Size)
		m.expand = newLinear(p, "expand", z, d)
	}
	m.align = newAligner(p, &spec.Align, z)
	return m
}

func (m *mmib) forward(p *pass, in *tensors) state { return m.decode(p, in, m.encode(p, in)) }

func (m *mmib) aligner() *aligner { return m.align }

// encode returns the distributions of both codes.
func (m *mmib) encode(p *pass, in *tensors) *latents {
	hBLD := m.encoder.words(p, m.spec, in, nil)
	vBMD := m.picture.of(p.Scope, in.evidenceBME)

	masks := m.masks(p.Scope, in)
	lat := &latents{realBL: in.realBL, realBM: in.realBM}
	lat.text = m.text.encode(p, hBLD, masks.text)
	lat.image = m.image.encode(p, vBMD, masks.image)
	return lat
}

// decode draws the codes, or takes their means, and fuses them.
func (m *mmib) decode(p *pass, in *tensors, q *latents) state {
	masks := m.masks(p.Scope, in)
	lat := *q
	lat.zTextBLZ = lat.text.sample(p, p.epsText)
	lat.zImageBMZ = lat.image.sample(p, p.epsImage)

	tBLD, iBMD := m.widen(p.Scope, lat.zTextBLZ), m.widen(p.Scope, lat.zImageBMZ)
	if m.spec.Model.Fusion == "concat" {
		return state{hBLD: m.concatenate(p.Scope, tBLD, iBMD, in.realBM), latents: &lat}
	}
	// Fusion: the picture asks the text, then the text asks what came of it.
	hBMD := m.img2txt.forward(p, iBMD, tBLD, masks.imageToText)
	return state{hBLD: m.txt2img.forward(p, tBLD, hBMD, masks.textToImage), latents: &lat}
}

// concatenate is the ablation of the fusion: the mean of the picture's real rows
// beside every word, and a linear map of both.
func (m *mmib) concatenate(s *torch.Scope, tBLD, iBMD, realBM torch.Tensor) torch.Tensor {
	everyBLD := s.Expand(s.Unsqueeze(meanRows(s, iBMD, realBM), 1), tBLD.Dim(0), tBLD.Dim(1), tBLD.Dim(2))
	return m.beside.of(s, s.Cat(-1, tBLD, everyBLD))
}

// widen brings latents to the width of the fusion.
func (m *mmib) widen(s *torch.Scope, zBTZ torch.Tensor) torch.Tensor {
	if m.spec.IB.Size == 0 {
		return zBTZ
	}
	return m.expand.of(s, zBTZ)
}

// mmibMasks are the hidden scores of each attention.
type mmibMasks struct{ text, image, imageToText, textToImage torch.Tensor }

// masks hides padded keys. The released code hides padded queries instead, whose
// rows so become uniform, and attends to padded keys.
func (m *mmib) masks(s *torch.Scope, in *tensors) mmibMasks {
	if !m.spec.Model.KeyMask {
		queries := s.Reshape(s.Not(in.realBL), in.realBL.Dim(0), 1, in.realBL.Dim(1), 1)
		return mmibMasks{text: queries, textToImage: queries}
	}
	keys, rowKeys := paddedKeys(s, in.realBL), paddedKeys(s, in.realBM)
	return mmibMasks{text: keys, image: rowKeys, imageToText: keys, textToImage: rowKeys}
}

// regularizers are the terms beside the task's: alignment, KL of text, KL of
// picture.
func (m *mmib) regularizers(s *torch.Scope, lat *latents, b *batch) (align, klText, klImage torch.Tensor) {
	klText = lat.text.kl(s, lat.realBL, &m.spec.IB)
	klImage = lat.image.kl(s, lat.realBM, &m.spec.IB)
	if m.spec.Align.Weight == 0 {
		return torch.None, klText, klImage
	}
	align = m.align.loss(s, m.align.pool(s, lat.zTextBLZ, lat.realBL), m.align.pool(s, lat.zImageBMZ, lat.realBM), b)
	return align, klText, klImage
}
