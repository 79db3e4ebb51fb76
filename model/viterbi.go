package model

import "math"

// transitions are the scores of a linear-chain CRF: of starting in a tag, of
// ending in one, and of going from one (row) to another (column).
type transitions struct {
	start, end []float32 // [K]
	pair       []float32 // [K, K]
}

// viterbi returns the best path through emissions [W, K] and its score. Ties go
// to the lower tag, as in pytorch-crf.
func (t *transitions) viterbi(emissionsWK []float32) ([]int, float64) {
	k := len(t.start)
	steps := len(emissionsWK) / k
	score, next := make([]float64, k), make([]float64, k)
	back := make([]int, steps*k)
	for j := range k {
		score[j] = float64(t.start[j]) + float64(emissionsWK[j])
	}
	for w := 1; w < steps; w++ {
		for j := range k {
			best, from := math.Inf(-1), 0
			for i := range k {
				if s := score[i] + float64(t.pair[i*k+j]); s > best {
					best, from = s, i
				}
			}
			next[j] = best + float64(emissionsWK[w*k+j])
			back[w*k+j] = from
		}
		score, next = next, score
	}
	best, last := math.Inf(-1), 0
	for j := range k {
		if s := score[j] + float64(t.end[j]); s > best {
			best, last = s, j
		}
	}
	path := make([]int, steps)
	for w := steps - 1; w >= 0; w-- {
		path[w] = last
		last = back[w*k+last]
	}
	return path, best
}
