//go:build torch

package model

import (
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/scoring"
)

// evaluationBatch is how many examples are labelled at once.
const evaluationBatch = 64

// evaluation is what a pass over a split gives.
type evaluation struct {
	predictions []mmibx.Prediction // in the order of the samples
	// Of networks with a bottleneck: the rates of both codes, and the pooled means
	// as alignment compares them.
	rateText, rateImage rate
	pooled              pooled
}

// evaluate labels samples without dropout. Sampled latents, where the spec asks
// for them, draw from a generator that depends on seed and step.
func (m *system) evaluate(samples []mmibx.Sample, step int64) *evaluation {
	e := &evaluation{predictions: make([]mmibx.Prediction, len(samples))}
	torch.Seed(hash(uint64(m.spec.Seed), forEvaluate, uint64(step)))
	torch.WithGrad(false, func() {
		for _, indices := range evaluationBatches(lengths(samples), evaluationBatch) {
			e.label(m, samples, indices)
		}
	})
	return e
}

// label fills in what one batch gives.
func (e *evaluation) label(m *system, samples []mmibx.Sample, indices []int) {
	s := torch.NewScope()
	defer s.Free() // a batch may be more than the memory holds, and the process goes on
	b := m.batcher.make(pick(samples, indices))
	p := &pass{Scope: s, sample: m.spec.IB.EvalLatent == "sample"}
	var st state
	torch.Autocast(m.spec.Train.Precision == "bfloat16", func() {
		st = m.forward(p, b)
		for i, prediction := range m.head.predict(p, st, b) {
			e.predictions[indices[i]] = prediction
		}
	})
	if n, ok := m.network.(bottlenecked); ok {
		e.rateText.add(s, st.latents.text, st.latents.realBL)
		e.rateImage.add(s, st.latents.image, st.latents.realBM)
		e.pool(s, n.aligner(), st.latents, b, indices, len(samples))
	}
}

// pool keeps the vectors that alignment works on, from the means.
func (e *evaluation) pool(s *torch.Scope, a *aligner, lat *latents, b *batch, indices []int, samples int) {
	text, image := a.compared(s, a.pool(s, lat.text.meanBTZ, lat.realBL), a.pool(s, lat.image.meanBTZ, lat.realBM))
	z := int(text.Dim(1))
	if e.pooled.width == 0 {
		e.pooled = pooled{text: make([]float32, samples*z), image: make([]float32, samples*z), pictures: make([]int32, samples), width: z}
	}
	t, v := text.Floats(), image.Floats()
	for row, i := range indices {
		copy(e.pooled.text[i*z:(i+1)*z], t[row*z:])
		copy(e.pooled.image[i*z:(i+1)*z], v[row*z:])
		e.pooled.pictures[i] = b.pictureB[row]
	}
}

// metrics scores an evaluation of the dev split and diagnoses its latents.
func (m *system) metrics(samples []mmibx.Sample, e *evaluation) ([]mmibx.Metric, error) {
	metrics, err := m.score(samples, e.predictions)
	if err != nil {
		return nil, err
	}
	if n, ok := m.network.(bottlenecked); ok {
		metrics = append(metrics,
			mmibx.Metric{Name: mmibx.RateText, Value: e.rateText.nats()},
			mmibx.Metric{Name: mmibx.RateImage, Value: e.rateImage.nats()},
			mmibx.Metric{Name: mmibx.ActiveText, Value: float64(e.rateText.active())},
			mmibx.Metric{Name: mmibx.ActiveImage, Value: float64(e.rateImage.active())})
		metrics = append(metrics, diagnoseAlignment(e.pooled, n.aligner().tau())...)
	}
	return metrics, nil
}

// score returns the dev metrics, mmibx.DevF1 first.
func (m *system) score(samples []mmibx.Sample, predictions []mmibx.Prediction) ([]mmibx.Metric, error) {
	examples := make([]mmibx.Example, len(samples))
	for i, s := range samples {
		examples[i] = *s.Example
	}
	metrics, _, err := scoring.DevMetrics(m.spec.TaskOf(), examples, predictions)
	return metrics, err
}

func lengths(samples []mmibx.Sample) []int {
	n := make([]int, len(samples))
	for i := range samples {
		n[i] = len(samples[i].Pieces)
	}
	return n
}

func pick(samples []mmibx.Sample, indices []int) []*mmibx.Sample {
	picked := make([]*mmibx.Sample, 0, len(indices))
	for i := range slices.Values(indices) {
		picked = append(picked, &samples[i])
	}
	return picked
}
