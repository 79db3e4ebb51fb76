//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// head turns what a network computed into the task's loss and labels.
type head interface {
	// scores of each tag at each tagged position, [B, W, K], or of each relation,
	// [B, K], in float32.
	scores(p *pass, st state, b *batch) torch.Tensor
	// loss of each sample, [B].
	loss(p *pass, st state, b *batch) torch.Tensor
	// predict labels every sample of the batch.
	predict(p *pass, st state, b *batch) []mmibx.Prediction
}

// tagger is a linear layer and a CRF over the positions that carry tags.
type tagger struct {
	scheme *tagScheme
	fc     linear
	crf    *crf
}

func newTagger(p *torch.Params, scheme *tagScheme, width int64) *tagger {
	k := int64(len(scheme.names))
	return &tagger{scheme: scheme, fc: newLinear(p, "fc", width, k), crf: newCRF(p, "crf", k)}
}

func (t *tagger) scores(p *pass, st state, b *batch) torch.Tensor {
	return scoresAtTags(p, t.fc, st.hBLD, b)
}

// scoresAtTags maps states to scores and picks those of the tagged positions,
// [B, W, K] in float32.
func scoresAtTags(p *pass, fc linear, hBLD torch.Tensor, b *batch) torch.Tensor {
	allBLK := p.AtLeastFloat32(fc.of(p.Scope, hBLD))
	index := p.Expand(p.Int64s(b.positionBW, int64(b.b), int64(b.w), 1), -1, -1, allBLK.Dim(2))
	return p.Gather(allBLK, 1, index)
}

func (t *tagger) loss(p *pass, st state, b *batch) torch.Tensor {
	return t.crf.negLogLikelihood(p.Scope, t.scores(p, st, b), b.tagBW, b)
}

func (t *tagger) predict(p *pass, st state, b *batch) []mmibx.Prediction {
	return t.decode(t.scores(p, st, b).Floats(), b)
}

// decode takes the best path through each sample's emissions [B, W, K].
func (t *tagger) decode(emissions []float32, b *batch) []mmibx.Prediction {
	scores := t.crf.transitions()
	k := len(t.scheme.names)
	out := make([]mmibx.Prediction, b.b)
	for i, s := range b.samples {
		from := i * b.w
		n := 0
		for n < b.w && b.taggedBW[from+n] {
			n++
		}
		path, _ := scores.viterbi(emissions[from*k : (from+n)*k])
		out[i] = mmibx.Prediction{ID: s.Example.ID, Tags: t.scheme.words(s, path)}
	}
	return out
}

// relator is a linear layer on the states of the two entity markers, or on what
// the network made of them.
type relator struct {
	relations  []string
	classifier linear
}

func newRelator(p *torch.Params, relations []string, width int64) *relator {
	return &relator{relations: relations, classifier: newLinear(p, "classifier", width, int64(len(relations)))}
}

func (r *relator) scores(p *pass, st state, b *batch) torch.Tensor {
	fBF := st.pairBF
	if fBF == torch.None {
		fBF = markers(p.Scope, st.hBLD, p.Int64s(b.markB2, int64(b.b), 2))
	}
	return p.AtLeastFloat32(r.classifier.of(p.Scope, fBF))
}

// markers are the states of the two entity markers side by side, [B, 2 D].
func markers(s *torch.Scope, hBLD, markB2 torch.Tensor) torch.Tensor {
	n, d := hBLD.Dim(0), hBLD.Dim(2)
	index := s.Expand(s.Unsqueeze(markB2, 2), -1, -1, d)
	return s.Reshape(s.Gather(hBLD, 1, index), n, 2*d)
}

func (r *relator) loss(p *pass, st state, b *batch) torch.Tensor {
	return p.CrossEntropyEach(r.scores(p, st, b), p.Int64s(b.relationB, int64(b.b)))
}

func (r *relator) predict(p *pass, st state, b *batch) []mmibx.Prediction {
	logits := r.scores(p, st, b).Floats()
	k := len(r.relations)
	out := make([]mmibx.Prediction, b.b)
	for i, s := range b.samples {
		row := logits[i*k : (i+1)*k]
		best := 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		out[i] = mmibx.Prediction{ID: s.Example.ID, Relation: r.relations[best]}
	}
	return out
}
