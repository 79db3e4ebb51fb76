package model

import (
	"github.com/mmibx/mmibx"
)

// batch is some samples as rectangles of numbers, before they become tensors.
type batch struct {
	samples []*mmibx.Sample
	b, l    int
	w, m    int // positions with a tag (MNER) and rows of evidence

	idsBL      []int64
	realBL     []bool  // false at padding
	kindsBL    []int64 // token types; nil: all 0
	positionBW []int64
	tagBW      []int64
	taggedBW   []bool // false at padding
	markB2     []int64
	relationB  []int64
	evidence   []float32 // [B, M, E]
	evidenceBM []bool    // true at rows that may be attended to
	pictureB   []int32
}

// batcher makes batches of a run's samples.
type batcher struct {
	task      mmibx.Task
	scheme    *tagScheme       // MNER
	relations map[string]int64 // MRE
	evidence  *mmibx.EvidenceTable
	padTo     int
}

// make fills the rectangles.
func (r *batcher) make(samples []*mmibx.Sample) *batch {
	b := padded(samples, r.padTo)
	if r.task == mmibx.MNER {
		r.addTags(b)
	} else {
		r.addRelations(b)
	}
	if r.evidence != nil {
		r.addEvidence(b)
	}
	return b
}

// padded makes a batch of the samples' pieces only, filled up with id 0 to the
// longest of them, or to a least length.
func padded(samples []*mmibx.Sample, least int) *batch {
	b := &batch{samples: samples, b: len(samples), l: least}
	for _, s := range samples {
		b.l = max(b.l, len(s.Pieces))
	}
	b.idsBL = make([]int64, b.b*b.l)
	b.realBL = make([]bool, b.b*b.l)
	for i, s := range samples {
		for j, id := range s.Pieces {
			b.idsBL[i*b.l+j] = int64(id)
			b.realBL[i*b.l+j] = true
		}
	}
	return b
}

func (r *batcher) addTags(b *batch) {
	positions, tags := make([][]int64, b.b), make([][]int64, b.b)
	for i, s := range b.samples {
		positions[i], tags[i] = r.scheme.positions(s), r.scheme.gold(s)
		b.w = max(b.w, len(positions[i]))
	}
	b.positionBW = make([]int64, b.b*b.w)
	b.tagBW = make([]int64, b.b*b.w)
	b.taggedBW = make([]bool, b.b*b.w)
	for i := range b.samples {
		copy(b.positionBW[i*b.w:], positions[i])
		copy(b.tagBW[i*b.w:], tags[i])
		for j := range positions[i] {
			b.taggedBW[i*b.w+j] = true
		}
	}
}

func (r *batcher) addRelations(b *batch) {
	for _, s := range b.samples {
		b.markB2 = append(b.markB2, int64(s.Marks[0]), int64(s.Marks[1]))
		b.relationB = append(b.relationB, r.relations[s.Example.Relation])
	}
}

// addEvidence copies each sample's picture. A blank one is a single row of zeros
// that may be attended to: attention never meets a fully masked list of keys.
func (r *batcher) addEvidence(b *batch) {
	rows, width := r.evidence.Rows, r.evidence.Width
	b.m = rows
	b.evidence = make([]float32, b.b*rows*width)
	b.evidenceBM = make([]bool, b.b*rows)
	for i, s := range b.samples {
		b.pictureB = append(b.pictureB, s.Picture)
		if s.Picture < 0 {
			b.evidenceBM[i*rows] = true
			continue
		}
		p := int(s.Picture)
		copy(b.evidence[i*rows*width:(i+1)*rows*width], r.evidence.Values[p*rows*width:])
		for j := range rows {
			b.evidenceBM[i*rows+j] = !r.evidence.Masked[p*rows+j]
		}
	}
}

// samePicture marks the pairs of different rows that share a picture, [B, B].
func samePicture(pictures []int32) []bool {
	n := len(pictures)
	same := make([]bool, n*n)
	for i, p := range pictures {
		for j, q := range pictures {
			same[i*n+j] = i != j && p == q
		}
	}
	return same
}
