//go:build torch

package model

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// SentenceRows is how many vectors stand for a caption: the pooled sentence and
// its first 15 word-pieces.
const SentenceRows = 16

// Sentences turns sentences into evidence with a frozen encoder. Each is given by
// its pieces, with the start and the end piece. Row 0 is the mean of the last
// hidden state over all of them; row i is the state of the i-th word-piece after
// the start piece; rows beyond the last word-piece are masked. Progress, which may
// be nil, is told how many sentences are done.
func Sentences(encoder *Pretrained, pieces [][]int32, progress func(done int)) (mmibx.EvidenceTable, error) {
	d := int(encoder.Config.Width)
	table := mmibx.EvidenceTable{
		Rows: SentenceRows, Width: d,
		Values: make([]float32, len(pieces)*SentenceRows*d), Masked: make([]bool, len(pieces)*SentenceRows),
	}
	lengths := make([]int, len(pieces))
	for i, p := range pieces {
		lengths[i] = len(p)
	}
	var failure error
	err := torch.Do(func() {
		params := torch.NewParams()
		defer params.Free()
		bert := newBert(params, encoder.Config)
		if failure = loadEncoder(params, encoder); failure != nil {
			return
		}
		done := 0
		torch.WithGrad(false, func() {
			for _, indices := range evaluationBatches(lengths, evaluationBatch) {
				encodeSentences(bert, pieces, indices, &table)
				done += len(indices)
				if progress != nil {
					progress(done)
				}
			}
		})
	})
	if failure != nil {
		return mmibx.EvidenceTable{}, failure
	}
	return table, err
}

func encodeSentences(e *bert, pieces [][]int32, indices []int, table *mmibx.EvidenceTable) {
	s := torch.NewScope()
	defer s.Free()
	samples := make([]*mmibx.Sample, len(indices))
	for row, i := range indices {
		samples[row] = &mmibx.Sample{Pieces: pieces[i]}
	}
	b := padded(samples, 0)
	in := b.tensors(s)
	hBLD := e.encode(&pass{Scope: s}, in, nil)
	mean := meanRows(s, hBLD, in.realBL).Floats()
	states := hBLD.Floats()

	d := table.Width
	for row, i := range indices {
		at := i * SentenceRows
		copy(table.Values[at*d:(at+1)*d], mean[row*d:])
		words := min(len(pieces[i])-2, SentenceRows-1) // without the start and the end piece
		from := (row*b.l + 1) * d
		copy(table.Values[(at+1)*d:], states[from:from+words*d])
		for j := 1 + words; j < SentenceRows; j++ {
			table.Masked[at+j] = true
		}
	}
}
