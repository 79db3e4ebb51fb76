//go:build torch

package model

import "github.com/mmibx/mmibx/model/torch"

// crf is a linear-chain conditional random field with scores for the first tag,
// the last tag and each pair of neighbours (Lafferty et al. 2001; parameter names
// and start as in pytorch-crf).
type crf struct {
	startK, endK, pairKK torch.Tensor
}

func newCRF(p *torch.Params, name string, tags int64) *crf {
	start := torch.Uniform(0.1)
	return &crf{
		startK: p.New(name+".start_transitions", start, tags),
		endK:   p.New(name+".end_transitions", start, tags),
		pairKK: p.New(name+".transitions", start, tags, tags),
	}
}

// negLogLikelihood returns -log p(tags | emissions) of each sequence [B], of tags
// [B, W] at the batch's tagged positions: they come first, and each sequence has
// one.
func (c *crf) negLogLikelihood(s *torch.Scope, emissionsBWK torch.Tensor, tagBW []int64, b *batch) torch.Tensor {
	maskBW := s.Bools(b.taggedBW, int64(b.b), int64(b.w))
	return s.Sub(c.logPartition(s, emissionsBWK, maskBW), c.pathScore(s, emissionsBWK, tagBW, b))
}

// pathScore is the score of the gold path [B]. Which scores a path adds up is
// known beforehand, so it is three look-ups and their masked sums.
func (c *crf) pathScore(s *torch.Scope, emissionsBWK torch.Tensor, tagBW []int64, b *batch) torch.Tensor {
	n, w, k := int64(b.b), int64(b.w), emissionsBWK.Dim(2)
	first, last := make([]int64, b.b), make([]int64, b.b)
	pair := make([]int64, b.b*b.w)
	paired := make([]bool, b.b*b.w)
	for i := range b.b {
		tags, real := tagBW[i*b.w:(i+1)*b.w], b.taggedBW[i*b.w:(i+1)*b.w]
		first[i], last[i] = tags[0], tags[0]
		for j := 1; j < b.w && real[j]; j++ {
			last[i] = tags[j]
			pair[i*b.w+j] = tags[j-1]*k + tags[j]
			paired[i*b.w+j] = true
		}
	}
	emissionBW := s.Reshape(s.Gather(emissionsBWK, 2, s.Int64s(tagBW, n, w, 1)), n, w)
	pairBW := s.Reshape(s.IndexSelect(s.Reshape(c.pairKK, k*k), 0, s.Int64s(pair, n*w)), n, w)
	total := s.Sum(s.Mul(emissionBW, s.To(s.Bools(b.taggedBW, n, w), emissionBW.Kind())), 1)
	total = s.Add(total, s.Sum(s.Mul(pairBW, s.To(s.Bools(paired, n, w), pairBW.Kind())), 1))
	total = s.Add(total, s.IndexSelect(c.startK, 0, s.Int64s(first, n)))
	return s.Add(total, s.IndexSelect(c.endK, 0, s.Int64s(last, n)))
}

// logPartition is the log of the sum over all paths of e to their score [B], by
// the forward algorithm: alpha holds it for the paths that end in each tag.
func (c *crf) logPartition(s *torch.Scope, emissionsBWK, maskBW torch.Tensor) torch.Tensor {
	alphaBK := s.Add(s.Select(emissionsBWK, 1, 0), c.startK)
	pair1KK := s.Unsqueeze(c.pairKK, 0)
	for w := int64(1); w < emissionsBWK.Dim(1); w++ {
		pathsBKK := s.Add(s.Unsqueeze(alphaBK, 2), pair1KK)
		nextBK := s.Add(s.LogSumExp(pathsBKK, 1), s.Select(emissionsBWK, 1, w))
		alphaBK = s.Where(s.Narrow(maskBW, 1, w, 1), nextBK, alphaBK)
	}
	return s.LogSumExp(s.Add(alphaBK, c.endK), 1)
}

// transitions copies the scores out, for Viterbi.
func (c *crf) transitions() *transitions {
	return &transitions{start: c.startK.Floats(), end: c.endK.Floats(), pair: c.pairKK.Floats()}
}
