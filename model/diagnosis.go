package model

import (
	"math"
	"math/rand/v2"
	"slices"

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

// diagnoseAlignment measures how close the modalities are on a split, by the
// vectors that alignment compares: recall@1 of choosing a tweet's own picture by
// cosine; the InfoNCE bounds on the mutual information of the two, by tweets that
// choose among pictures and by pictures that choose among tweets, with their
// common cap log K (nats); the distance of the centroids of the normalised vectors
// (the modality gap: Liang et al. 2022); alignment and uniformity of Wang and Isola
// (2020). Batches of retrievalBatch examples are drawn once, by a fixed hash.
func diagnoseAlignment(v pooled, tau float64) []mmibx.Metric {
	text, image := normalized(v.text, v.width), normalized(v.image, v.width)
	n := len(v.pictures)
	order := rand.New(rand.NewPCG(hash(forDiagnosis), 0)).Perm(n)
	var hits, rivalled, textBound, imageBound, logK, rows float64
	var spreadText, spreadImage spread
	for from := 0; from+retrievalBatch <= n; from += retrievalBatch {
		batch := order[from : from+retrievalBatch]
		for _, i := range batch {
			hit, b, k := retrieve(i, batch, text, image, v, tau)
			textBound, logK, rows = textBound+b, logK+k, rows+1
			if k > 0 {
				hits, rivalled = hits+hit, rivalled+1
			}
			_, b, _ = retrieve(i, batch, image, text, v, tau)
			imageBound += b
		}
		spreadText.add(batch, text, v)
		spreadImage.add(batch, image, v)
	}
	metrics := []mmibx.Metric{
		{Name: mmibx.ModalityGap, Value: centroidDistance(text, image, v.width)},
		{Name: mmibx.Alignment, Value: meanSquare(text, image, n)},
	}
	if rows == 0 {
		return metrics
	}
	if rivalled > 0 { // without another picture there is nothing to recall and no pair
		metrics = append(metrics,
			mmibx.Metric{Name: mmibx.RecallAt1, Value: hits / rivalled},
			mmibx.Metric{Name: mmibx.UniformityText, Value: spreadText.uniformity()},
			mmibx.Metric{Name: mmibx.UniformityImage, Value: spreadImage.uniformity()})
	}
	return append(metrics,
		mmibx.Metric{Name: mmibx.InfoNCE, Value: textBound / rows},
		mmibx.Metric{Name: mmibx.InfoNCEImage, Value: imageBound / rows},
		mmibx.Metric{Name: mmibx.InfoNCECap, Value: logK / rows})
}

// retrieve lets example i of the one modality choose among those of the other in
// a batch. Other examples with the same picture are no candidates. One that scores
// as high as the own one does not count as found.
func retrieve(i int, batch []int, from, among []float64, v pooled, tau float64) (hit, bound, logK float64) {
	z := v.width
	own := dot(from, among, i, i, z)
	hit = 1
	logits := []float64{0} // (similarity - own) / tau, of the own one first
	for _, j := range batch {
		if j == i || v.pictures[j] == v.pictures[i] {
			continue
		}
		s := dot(from, among, i, j, z)
		if s >= own {
			hit = 0
		}
		logits = append(logits, (s-own)/tau)
	}
	logK = math.Log(float64(len(logits)))
	return hit, logK - logSumExp(logits), logK
}

// logSumExp does not overflow.
func logSumExp(x []float64) float64 {
	largest, sum := slices.Max(x), 0.0
	for _, v := range x {
		sum += math.Exp(v - largest)
	}
	return largest + math.Log(sum)
}

// dot multiplies row i of a with row j of b.
func dot(a, b []float64, i, j, width int) float64 {
	var sum float64
	for d := range width {
		sum += a[i*width+d] * b[j*width+d]
	}
	return sum
}

// spread adds up exp(-2 distance^2) over pairs of examples with different
// pictures: of independent draws, in the words of Wang and Isola.
type spread struct{ sum, pairs float64 }

func (s *spread) add(batch []int, unit []float64, v pooled) {
	for at, i := range batch {
		for _, j := range batch[:at] {
			if v.pictures[i] != v.pictures[j] {
				squared := 2 - 2*dot(unit, unit, i, j, v.width)
				s.sum, s.pairs = s.sum+math.Exp(-2*squared), s.pairs+1
			}
		}
	}
}

// uniformity is 0 where all vectors are one, and the lower the wider they spread.
func (s *spread) uniformity() float64 { return math.Log(s.sum / s.pairs) }

// meanSquare is the mean squared distance of the rows of a and b.
func meanSquare(a, b []float64, rows int) float64 {
	var squares float64
	for i := range a {
		squares += (a[i] - b[i]) * (a[i] - b[i])
	}
	return squares / float64(rows)
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
