package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

func valueOf(t *testing.T, metrics []mmibx.Metric, name string) float64 {
	t.Helper()
	for _, m := range metrics {
		if m.Name == name {
			return m.Value
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestDiagnosisOfKnownLatents(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	const n, z = 320, 16
	text := randomFloats(r, n*z)
	distinct := make([]int32, n)
	for i := range distinct {
		distinct[i] = int32(i)
	}

	// The same vectors: everything is found and the bound is near its cap.
	same := diagnoseAlignment(pooled{text, text, distinct, z}, 0.05)
	if got := valueOf(t, same, mmibx.RecallAt1); got != 1 {
		t.Errorf("recall@1 of equal vectors is %g", got)
	}
	if gap := valueOf(t, same, mmibx.ModalityGap); gap > 1e-12 {
		t.Errorf("the gap of equal vectors is %g", gap)
	}
	bound, limit := valueOf(t, same, mmibx.InfoNCE), valueOf(t, same, mmibx.InfoNCECap)
	if math.Abs(limit-math.Log(retrievalBatch)) > 1e-12 || bound > limit || bound < limit-0.1 {
		t.Errorf("bound %g, cap %g, want the cap log %d and the bound just below", bound, limit, retrievalBatch)
	}

	// Independent vectors: chance, and a bound of about 0 or below.
	other := diagnoseAlignment(pooled{text, randomFloats(r, n*z), distinct, z}, 1)
	if got := valueOf(t, other, mmibx.RecallAt1); got > 0.1 {
		t.Errorf("recall@1 of independent vectors is %g, chance is %.3f", got, 1.0/retrievalBatch)
	}
	if got := valueOf(t, other, mmibx.InfoNCE); got > 0.05 {
		t.Errorf("independent vectors share %g nats", got)
	}

	// Opposite vectors of one direction: the centroids are 2 apart.
	up, down := make([]float32, n*z), make([]float32, n*z)
	for i := 0; i < n*z; i += z {
		up[i], down[i] = 3, -5
	}
	if gap := valueOf(t, diagnoseAlignment(pooled{up, down, distinct, z}, 1), mmibx.ModalityGap); math.Abs(gap-2) > 1e-12 {
		t.Errorf("the gap of opposite directions is %g, want 2", gap)
	}

	// One picture for all: nobody has a rival, so there is nothing to find out.
	shared := diagnoseAlignment(pooled{text, text, make([]int32, n), z}, 1)
	if got := valueOf(t, shared, mmibx.InfoNCECap); got != 0 {
		t.Errorf("log K is %g where no other picture is a candidate", got)
	}
	for _, m := range shared {
		if m.Name == mmibx.RecallAt1 {
			t.Errorf("recall@1 is %g where there is nothing to choose", m.Value)
		}
	}
}

// Whatever the vectors, pictures and temperature: neither bound is above the mean
// log K, and recall is a share.
func TestBoundsStayBelowLogK(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const z = 4
		n := rapid.IntRange(retrievalBatch, 3*retrievalBatch).Draw(t, "examples")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		v := pooled{randomFloats(r, n*z), randomFloats(r, n*z), make([]int32, n), z}
		pictures := rapid.IntRange(1, n).Draw(t, "pictures")
		for i := range n {
			v.pictures[i] = int32(r.IntN(pictures)) - 1
		}
		if rapid.Bool().Draw(t, "aligned") {
			v.image = v.text
		}
		values := map[string]float64{}
		for _, m := range diagnoseAlignment(v, rapid.Float64Range(1e-3, 100).Draw(t, "tau")) {
			if !mmibx.Finite(m.Value) {
				t.Fatalf("%s is %g", m.Name, m.Value)
			}
			values[m.Name] = m.Value
		}
		most := values[mmibx.InfoNCECap]
		if values[mmibx.InfoNCE] > most+1e-12 || values[mmibx.InfoNCEImage] > most+1e-12 || most > math.Log(retrievalBatch)+1e-12 {
			t.Fatalf("bounds %g and %g, mean log K %g", values[mmibx.InfoNCE], values[mmibx.InfoNCEImage], most)
		}
	})
}

// Alignment and uniformity of vectors that can be worked out by hand: 32 tweets
// alternate between two opposite directions, their pictures are at right angles.
func TestAlignmentAndUniformity(t *testing.T) {
	const n = retrievalBatch
	v := pooled{width: 2}
	for i := range n {
		sign := float32(1 - 2*(i%2))
		v.text = append(v.text, 3*sign, 0)
		v.image = append(v.image, 0, 0.5)
		v.pictures = append(v.pictures, int32(i))
	}
	metrics := diagnoseAlignment(v, 1)
	if got := valueOf(t, metrics, mmibx.Alignment); math.Abs(got-2) > 1e-12 {
		t.Errorf("alignment %g, want 2", got)
	}
	// 240 of the 496 pairs are equal, 256 are at a squared distance of 4.
	if got, want := valueOf(t, metrics, mmibx.UniformityText), math.Log((240+256*math.Exp(-8))/496); math.Abs(got-want) > 1e-12 {
		t.Errorf("uniformity %g, want %g", got, want)
	}
	if got := valueOf(t, metrics, mmibx.UniformityImage); math.Abs(got) > 1e-12 {
		t.Errorf("uniformity of one vector %g, want 0", got)
	}
}
