package model

import (
	"math"
	"math/rand/v2"

	"github.com/mmibx/mmibx"
)

// retrievalBatch is the fixed number of candidates that the retrieval diagnostics
// choose among.
const retrievalBatch = 32

// pooled holds one vector of each modality per example of a split, row-major
// [N, Z], and which picture each example has.
type pooled struct {
	text, image []float32
	pictures    []int32
	width       int
}

// diagnoseAlignment measures how close the modalities are on a split: recall@1 of
// choosing a tweet's own picture by cosine, the InfoNCE bound on the mutual
// information of the two latents with its cap log K (nats), and the distance of
// the centroids of the normalised vectors (the modality gap). Batches of
// retrievalBatch examples are drawn once, by a fixed hash.
func diagnoseAlignment(v pooled, tau float64) []mmibx.Metric {
	text, image := normalized(v.text, v.width), normalized(v.image, v.width)
	n := len(v.pictures)
	order := rand.New(rand.NewPCG(hash(forDiagnosis), 0)).Perm(n)
	var hits, rivalled, bound, logK, rows float64
	for from := 0; from+retrievalBatch <= n; from += retrievalBatch {
		batch := order[from : from+retrievalBatch]
		for _, i := range batch {
			hit, b, k := retrieve(i, batch, text, image, v, tau)
			bound, logK, rows = bound+b, logK+k, rows+1
			if k > 0 {
				hits, rivalled = hits+hit, rivalled+1
			}
		}
	}
	metrics := []mmibx.Metric{{Name: mmibx.ModalityGap, Value: centroidDistance(text, image, v.width)}}
	if rows == 0 {
		return metrics
	}
	if rivalled > 0 { // without another picture to choose there is nothing to recall
		metrics = append(metrics, mmibx.Metric{Name: mmibx.RecallAt1, Value: hits / rivalled})
	}
	return append(metrics,
		mmibx.Metric{Name: mmibx.InfoNCE, Value: bound / rows},
		mmibx.Metric{Name: mmibx.InfoNCECap, Value: logK / rows})
}

// retrieve lets the text of example i choose among the pictures of a batch. Other
// examples with the same picture are no candidates. A picture that scores as high
// as the own one does not count as found.
func retrieve(i int, batch []int, text, image []float64, v pooled, tau float64) (hit, bound, logK float64) {
	z := v.width
	similarity := func(j int) float64 {
		var dot float64
		for d := range z {
			dot += text[i*z+d] * image[j*z+d]
		}
		return dot
	}
	own := similarity(i)
	hit = 1
	candidates, sum := 1.0, 1.0 // of exp((similarity - own) / tau)
	for _, j := range batch {
		if j == i || v.pictures[j] == v.pictures[i] {
			continue
		}
		s := similarity(j)
		if s >= own {
			hit = 0
		}
		candidates++
		sum += math.Exp((s - own) / tau)
	}
	return hit, math.Log(candidates) - math.Log(sum), math.Log(candidates)
}

// normalized divides each row by its L2 norm.
func normalized(rows []float32, width int) []float64 {
	out := make([]float64, len(rows))
	for from := 0; from < len(rows); from += width {
		var norm float64
		for _, v := range rows[from : from+width] {
			norm += float64(v) * float64(v)
		}
		norm = max(math.Sqrt(norm), 1e-12)
		for d, v := range rows[from : from+width] {
			out[from+d] = float64(v) / norm
		}
	}
	return out
}

func centroidDistance(a, b []float64, width int) float64 {
	difference := make([]float64, width)
	for i := range a {
		difference[i%width] += a[i] - b[i]
	}
	var squares float64
	for _, d := range difference {
		squares += d * d
	}
	return math.Sqrt(squares) * float64(width) / float64(len(a))
}
