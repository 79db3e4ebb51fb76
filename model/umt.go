//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// umt is the Unified Multimodal Transformer of Yu et al., "Improving Multimodal
// Named Entity Recognition via Entity Span Detection with Unified Multimodal
// Transformer" (ACL 2020), by its released code (github jefferyYu/UMT, commit
// f478ee6). Words look at the picture, and at what the picture saw in the words; a
// gate decides how much of the former counts. Beside it a tagger of spans without
// types, from the text alone, guides the tags.
//
// Instead of the 49 regions of ResNet-152 there are the rows of evidence.
type umt struct {
	spec    *mmibx.Spec
	encoder *bert
	// One layer of BERT each.
	spans, words              bertLayer // self_attention and self_attention_v2
	txt2img, img2txt, txt2txt bertLayer
	regions, regions2         linear // evidence to the encoder's width, for the two directions
	gate                      linear
}

func newUMT(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
	c := encoder.config
	layer := func(name string) bertLayer { return newBertLayer(p, name+".layer.0", c) }
	return &umt{
		spec:     spec,
		encoder:  encoder,
		spans:    layer("self_attention"),
		words:    layer("self_attention_v2"),
		regions:  newBertLinear(p, "vismap2text", c, evidenceWidth, c.Width),
		regions2: newBertLinear(p, "vismap2text_v2", c, evidenceWidth, c.Width),
		txt2img:  layer("txt2img_attention"),
		img2txt:  layer("img2txt_attention"),
		txt2txt:  layer("txt2txt_attention"),
		gate:     newBertLinear(p, "gate", c, 2*c.Width, c.Width),
	}
}

// headWidth is the words' states and the gated picture beside them.
func (m *umt) headWidth() int64 { return 2 * m.encoder.config.Width }

func (m *umt) forward(p *pass, in *tensors) state {
	c := m.encoder.config
	hiddenText := paddedKeys(p.Scope, in.realBL)
	hiddenRows := paddedKeys(p.Scope, in.realBM)
	hBLD := m.encoder.words(p, m.spec, in, nil)

	spanBLD := m.spans.forward(p, hBLD, hBLD, hiddenText, nil, c)
	tBLD := m.words.forward(p, hBLD, hBLD, hiddenText, nil, c)
	sawBLD := m.txt2img.forward(p, tBLD, m.regions.of(p.Scope, in.evidenceBME), hiddenRows, nil, c)
	readBMD := m.img2txt.forward(p, m.regions2.of(p.Scope, in.evidenceBME), tBLD, hiddenText, nil, c)
	tBLD = m.txt2txt.forward(p, tBLD, readBMD, hiddenRows, nil, c)

	gBLD := p.Sigmoid(m.gate.of(p.Scope, p.Cat(2, tBLD, sawBLD)))
	return state{hBLD: p.Cat(2, tBLD, p.Mul(gBLD, sawBLD)), spanBLD: spanBLD}
}

// umtMix is the share of the span tagger's scores in those of the tags (alpha of
// the released code).
const umtMix = 0.5

// newTagger adds the span tagger and its CRF to the usual head.
func (m *umt) newTagger(p *torch.Params, scheme *tagScheme, width int64) head {
	names, of := scheme.spans()
	k, c := int64(len(names)), m.encoder.config
	t := &spanTagger{tagger: newTagger(p, scheme, width), weight: m.spec.UMT.AuxWeight, spanOfTag: of}
	t.spanFC = newBertLinear(p, "aux_classifier", c, c.Width, k)
	t.spanCRF = newCRF(p, "aux_crf", k)
	return t
}

// spanTagger is a tagger that is guided by one of spans without types.
type spanTagger struct {
	*tagger
	spanFC    linear
	spanCRF   *crf
	spanOfTag []int64
	weight    float64 // of the span tagger's loss
}

// spanEmissions returns the score of each span tag at each tagged position,
// [B, W, S].
func (t *spanTagger) spanEmissions(p *pass, st state, b *batch) torch.Tensor {
	return scoresAtTags(p, t.spanFC, st.spanBLD, b)
}

// scores mixes the tags' own scores with those of their spans. A span tag's
// score is shared equally among its tags: a quarter to each of four types.
func (t *spanTagger) scores(p *pass, st state, b *batch) torch.Tensor {
	ownBWK := t.tagger.scores(p, st, b)
	shareK := p.Float32s(t.shares(), int64(len(t.spanOfTag)))
	spanBWK := p.Mul(p.IndexSelect(t.spanEmissions(p, st, b), 2, p.Int64s(t.spanOfTag, int64(len(t.spanOfTag)))), shareK)
	return p.Add(p.Scale(ownBWK, 1-umtMix), p.Scale(spanBWK, umtMix))
}

// shares are one over the number of tags with the same span.
func (t *spanTagger) shares() []float32 {
	tags := map[int64]float32{}
	for _, s := range t.spanOfTag {
		tags[s]++
	}
	shares := make([]float32, len(t.spanOfTag))
	for k, s := range t.spanOfTag {
		shares[k] = 1 / tags[s]
	}
	return shares
}

// loss is the tags' loss and a share of the spans'.
func (t *spanTagger) loss(p *pass, st state, b *batch) torch.Tensor {
	spanBW := make([]int64, len(b.tagBW))
	for i, tag := range b.tagBW {
		spanBW[i] = t.spanOfTag[tag]
	}
	mainB := t.crf.negLogLikelihood(p.Scope, t.scores(p, st, b), b.tagBW, b)
	spanB := t.spanCRF.negLogLikelihood(p.Scope, t.spanEmissions(p, st, b), spanBW, b)
	return p.Add(mainB, p.Scale(spanB, t.weight))
}

func (t *spanTagger) predict(p *pass, st state, b *batch) []mmibx.Prediction {
	return t.decode(t.scores(p, st, b).Floats(), b)
}
