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
	// Of networks with a bottleneck: nats per real position and per row of
	// evidence, and the pooled means.
	rateText, rateImage float64
	pooled              pooled
}

// evaluate labels samples without dropout. Sampled latents, where the spec asks
// for them, draw from a generator that depends on seed and step.
func (m *system) evaluate(samples []mmibx.Sample, step int64) *evaluation {
	e := &evaluation{predictions: make([]mmibx.Prediction, len(samples))}
	torch.Seed(hash(uint64(m.spec.Seed), forEvaluate, uint64(step)))
	var rates rateSum
	torch.WithGrad(false, func() {
		for _, indices := range evaluationBatches(lengths(samples), evaluationBatch) {
			e.label(m, samples, indices, &rates)
		}
	})
	e.rateText, e.rateImage = rates.means()
	return e
}

// label fills in what one batch gives.
func (e *evaluation) label(m *system, samples []mmibx.Sample, indices []int, rates *rateSum) {
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
	if st.latents != nil {
		rates.add(s, st.latents)
		e.pool(s, m, st.latents, b, indices, len(samples))
	}
}

// pool keeps the vectors that alignment works on, from the means.
func (e *evaluation) pool(s *torch.Scope, m *system, lat *latents, b *batch, indices []int, n int) {
	a := aligner{spec: &m.spec.Align}
	text := a.pool(s, lat.text.meanBTZ, lat.realBL)
	image := a.pool(s, lat.image.meanBTZ, lat.realBM)
	z := int(text.Dim(1))
	if e.pooled.width == 0 {
		e.pooled = pooled{text: make([]float32, n*z), image: make([]float32, n*z), pictures: make([]int32, n), width: z}
	}
	t, v := text.Floats(), image.Floats()
	for row, i := range indices {
		copy(e.pooled.text[i*z:(i+1)*z], t[row*z:])
		copy(e.pooled.image[i*z:(i+1)*z], v[row*z:])
		e.pooled.pictures[i] = b.pictureB[row]
	}
}

// rateSum adds up the rate of each modality over batches, in float32: near the
// prior a KL is the small difference of numbers near 1, which bfloat16 rounds
// away or turns negative.
type rateSum struct{ text, image, words, rows float64 }

func (r *rateSum) add(s *torch.Scope, lat *latents) {
	sum := func(q gaussian, real torch.Tensor) (nats, n float64) {
		weight := s.To(real, torch.Float32)
		q = gaussian{s.To(q.meanBTZ, torch.Float32), s.To(q.logVarBTZ, torch.Float32)}
		klBT := s.Sum(q.klPerDimension(s), -1)
		return s.Sum(s.Mul(klBT, weight)).Number(), s.Sum(weight).Number()
	}
	text, words := sum(lat.text, lat.realBL)
	image, rows := sum(lat.image, lat.realBM)
	r.text, r.words, r.image, r.rows = r.text+text, r.words+words, r.image+image, r.rows+rows
}

func (r *rateSum) means() (text, image float64) {
	return r.text / max(1, r.words), r.image / max(1, r.rows)
}

// metrics scores an evaluation of the dev split and diagnoses its latents.
func (m *system) metrics(samples []mmibx.Sample, e *evaluation) ([]mmibx.Metric, error) {
	scores, err := m.score(samples, e.predictions)
	if err != nil || e.pooled.width == 0 {
		return scores, err
	}
	scores = append(scores, mmibx.Metric{Name: mmibx.RateText, Value: e.rateText}, mmibx.Metric{Name: mmibx.RateImage, Value: e.rateImage})
	return append(scores, diagnoseAlignment(e.pooled, m.spec.Align.Tau)...), nil
}

// score returns the dev metrics, mmibx.DevF1 first.
func (m *system) score(samples []mmibx.Sample, predictions []mmibx.Prediction) ([]mmibx.Metric, error) {
	examples := make([]mmibx.Example, len(samples))
	for i, s := range samples {
		examples[i] = *s.Example
	}
	var report scoring.Report
	var err error
	if m.spec.TaskOf() == mmibx.MRE {
		report, err = scoring.MRE(examples, predictions)
	} else {
		report, err = scoring.MNER(examples, predictions, scoring.Lenient)
	}
	if err != nil {
		return nil, err
	}
	metrics := []mmibx.Metric{
		{Name: mmibx.DevF1, Value: report.F1}, {Name: mmibx.DevPrecision, Value: report.Precision}, {Name: mmibx.DevRecall, Value: report.Recall},
	}
	for _, t := range report.Types {
		metrics = append(metrics, mmibx.Metric{Name: mmibx.DevF1 + "." + t.Type, Value: t.F1})
	}
	if m.spec.TaskOf() == mmibx.MNER {
		strict, err := scoring.MNER(examples, predictions, scoring.Strict)
		if err != nil {
			return nil, err
		}
		metrics = append(metrics, mmibx.Metric{Name: mmibx.DevF1Strict, Value: strict.F1})
	}
	return metrics, nil
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
