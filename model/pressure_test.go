//go:build torch

package model

import (
	"math"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// The norms that an epoch logs are those of the terms of the loss that is trained:
// of the mean codes where those are trained, of drawn ones otherwise.
func TestGradNormsAreOfTheTrainedLoss(t *testing.T) {
	for _, latent := range []string{"mean", "sample"} {
		spec := defaultSpec(t, "mini-mnre", "ib.train_latent", latent, "model.dropout", 0.0, "ib.beta", 0.5, "train.batch", 8)
		data := invented(spec.TaskOf(), 8)
		withSystem(t, spec, data, func(m *system) {
			tr := &training{system: m, data: data, total: 100}
			tr.optim = torch.NewAdamW(m.params, m.groups(false)...)
			defer tr.optim.Free()
			logged := map[string]float64{}
			for _, metric := range tr.gradNorms() {
				logged[metric.Name] = metric.Value
			}
			s := torch.NewScope()
			defer s.Free()
			all := make([]int, 8)
			for i := range all {
				all[i] = i
			}
			l := m.loss(&pass{Scope: s, training: true}, m.batcher.make(pick(data.Samples[mmibx.Train], all)))
			for name, term := range map[string]torch.Tensor{
				mmibx.GradNormTask:    l.task,
				mmibx.GradNormAlign:   s.Scale(l.align, spec.Align.Weight),
				mmibx.GradNormKLText:  s.Scale(l.klText, 0.5),
				mmibx.GradNormKLImage: s.Scale(l.klImage, 0.5),
			} {
				term.BackwardKeeping()
				want := normOfGradients(s, m.params)
				tr.optim.DropGrads()
				close := math.Abs(logged[name]-want) <= 1e-5*want
				drawn := latent == "sample" && (name == mmibx.GradNormTask || name == mmibx.GradNormAlign)
				if close == drawn || logged[name] == 0 {
					t.Errorf("training on the %s: %s is %g, that of the mean codes %g", latent, name, logged[name], want)
				}
			}
		})
	}
}

func normOfGradients(s *torch.Scope, params *torch.Params) float64 {
	squares := 0.0
	for _, name := range params.Names() {
		p, _ := params.Tensor(name)
		if g, ok := s.Grad(p); ok {
			for _, v := range g.Floats() {
				squares += float64(v) * float64(v)
			}
		}
	}
	return math.Sqrt(squares)
}

// While beta warms up, the share that is held back is missing from both KL terms
// of the total, and from nothing else.
func TestHeldBackBeta(t *testing.T) {
	spec := defaultSpec(t, "mini-mnre", "model.dropout", 0.0, "ib.beta_text", 2.0, "ib.beta_image", 3.0)
	data := invented(spec.TaskOf(), 4)
	withSystem(t, spec, data, func(m *system) {
		s := torch.NewScope()
		defer s.Free()
		b := m.batcher.make(pick(data.Samples[mmibx.Train], []int{0, 1, 2, 3}))
		l := m.loss(&pass{Scope: s, training: true, heldBack: 0.25}, b)
		want := l.task.Number() + spec.Align.Weight*l.align.Number() + 0.75*(2*l.klText.Number()+3*l.klImage.Number())
		if got := l.total.Number(); math.Abs(got/want-1) > 1e-5 {
			t.Errorf("total %g, want %g", got, want)
		}
	})
}

// Where the codes have no spread left, what they say of the label is minus the
// loss of the mean codes, and H(Y) more for relations.
func TestInformationPlaneWithoutSpread(t *testing.T) {
	spec := defaultSpec(t, "mini-mnre")
	data := invented(spec.TaskOf(), 8)
	for i := range data.Samples[mmibx.Dev] {
		data.Samples[mmibx.Dev][i].Example.Relation = relations[i%2]
	}
	withSystem(t, spec, data, func(m *system) {
		for _, name := range []string{"txt_encoding_logstd_head.bias", "img_encoding_logstd_head.bias"} {
			p, ok := m.params.Tensor(name)
			if !ok {
				t.Errorf("no parameter %s among %q", name, m.params.Names())
				return
			}
			values := p.Floats()
			for i := range values {
				values[i] = -60
			}
			p.Write(values)
		}
		s := torch.NewScope()
		defer s.Free()
		all := []int{0, 1, 2, 3, 4, 5, 6, 7}
		b := m.batcher.make(pick(data.Samples[mmibx.Dev], all))
		want := math.Ln2 - m.loss(&pass{Scope: s}, b).task.Number()
		for _, metric := range m.plane(data.Samples[mmibx.Dev], 3) {
			if metric.Name == mmibx.InformationLabel && math.Abs(metric.Value-want) > 1e-5 {
				t.Errorf("the codes say %g nats of the label, want %g", metric.Value, want)
			}
		}
	})
}
