//go:build torch

package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// TestRivalParity holds rivals against testdata/hvpnet_mega.py, a PyTorch program
// that shares no code with this package: names of the parameters, states, scores,
// loss, every gradient and the losses of ten optimiser steps.
func TestRivalParity(t *testing.T) {
	for _, c := range []struct {
		file, benchmark string
		settings        []any
	}{
		{"hvpnet_mner", "twitter2017", []any{"model", "hvpnet", "hvpnet.hidden", 6}},
		{"hvpnet_mre", "mnre", []any{"model", "hvpnet", "hvpnet.hidden", 6, "hvpnet.rows", 2}},
		{"mega_mre", "mnre", []any{"model", "mega", "mega.dropout", 0.0}},
	} {
		t.Run(c.file, func(t *testing.T) {
			settings := append(c.settings, "model.dropout", 0.0, "train.lr", 1e-3, "train.head_lr", 3e-3, "train.clip", 1.0)
			spec := defaultSpec(t, c.benchmark, settings...)
			f := openFixture(t, "testdata/"+c.file+".safetensors", fixtureTolerance)
			do(t, func() { f.holdRival(t, spec) })
		})
	}
}

func (f *fixture) holdRival(t *testing.T, spec mmibx.Spec) {
	m := f.rival(spec)
	defer m.params.Free()
	b := f.batch(m)
	s := torch.NewScope()
	defer s.Free()
	p := &pass{Scope: s, training: true}

	st := m.forward(p, b)
	f.compare(t, "out.states", st.hBLD.Doubles(), 0)
	if h, ok := m.head.(*relator); ok {
		f.compare(t, "out.scores", h.logits(p, st, b).Doubles(), 0)
	} else {
		f.compare(t, "out.scores", m.head.(*tagger).emissions(p, st, b).Doubles(), 0)
	}
	l := m.loss(p, b)
	f.compare(t, "out.loss", l.total.Doubles(), 0)
	l.total.Backward()
	f.rivalGradients(t, s, m)
	f.rivalSteps(t, m, b)
}

// rivalGradients compares every gradient, but for those that are zero whatever
// the batch: what is computed of them is rounding.
func (f *fixture) rivalGradients(t *testing.T, s *torch.Scope, m *system) {
	gradients := map[string][]float64{}
	largest := 0.0
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			t.Errorf("%s has no gradient", name)
			continue
		}
		gradients[name] = g.Doubles()
		largest = max(largest, largestOf(gradients[name]))
	}
	for name, g := range gradients {
		if !shiftsAllScores(m.spec.Model.Name, name) {
			f.compare(t, "grad."+name, g, 1e-4*largest)
		} else if largestOf(g) > 1e-6*largest {
			t.Errorf("grad.%s is up to %g, its true value 0", name, largestOf(g))
		}
	}
}

// shiftsAllScores names biases of keys that add the same to every score of a
// query. Those of a BERT with prefixes do not: a prefix has no bias.
func shiftsAllScores(model, name string) bool {
	return name == "linear_k.bias" || model != "hvpnet" && strings.HasSuffix(name, "attention.self.key.bias")
}

func largestOf(values []float64) float64 {
	largest := 0.0
	for _, v := range values {
		largest = max(largest, math.Abs(v))
	}
	return largest
}

// rivalSteps trains ten steps on the one batch.
func (f *fixture) rivalSteps(t *testing.T, m *system, b *batch) {
	optim := torch.NewAdamW(m.params, m.groups(true)...)
	defer optim.Free()
	optim.DropGrads()
	var losses []float64
	for step := range int64(10) {
		s := torch.NewScope()
		l := m.loss(&pass{Scope: s, training: true}, b)
		losses = append(losses, l.total.Number())
		l.total.Backward()
		optim.ClipGradNorm(m.spec.Train.Clip)
		optim.Step(factor(step, 2, 10))
		s.Free()
	}
	f.compare(t, "out.ten_losses", losses, 0)
}

// rival builds a model with the fixture's parameters, all of them.
func (f *fixture) rival(spec mmibx.Spec) *system {
	labels := types
	if spec.TaskOf() == mmibx.MRE {
		labels = []string{mmibx.NoRelation, "/per/loc/from", "/per/org/member", "/per/per/peer"}
	}
	config := BertConfig{Width: 8, Layers: 2, Heads: 2, Intermediate: 16, Vocab: 14, Positions: 10, Types: 2, Eps: 1e-12, InitDeviation: 0.02}
	spec.Train.MaxLength, spec.Train.PadTo = 8, 0
	m, err := newSystem(spec, Data{
		Labels: labels, Vocab: 14, Evidence: &mmibx.EvidenceTable{Rows: 3, Width: 5},
		Encoder: &Pretrained{Config: config, Tensor: func(name string) ([]int64, []float32, error) {
			shape, values := f.floats("param.bert." + name)
			return shape, values, nil
		}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	var names []string
	for _, name := range f.file.Names() {
		if bare, ok := strings.CutPrefix(name, "param."); ok {
			names = append(names, bare)
			shape, values := f.floats(name)
			if err := m.params.Load(bare, shape, values); err != nil {
				f.t.Fatal(err)
			}
		}
	}
	slices.Sort(names)
	if got := m.params.Names(); !slices.Equal(got, names) {
		f.t.Fatalf("parameters %q, the PyTorch program has %q", got, names)
	}
	return m
}

// Parameters without BERT at the published widths, from the descriptions in
// docs/reference/models.md.
func TestRivalParameterCounts(t *testing.T) {
	const d, tags, relations = 768, 13, 23
	linear := func(in, out int) int { return in*out + out }
	hvpnet := linear(3840, 800) + linear(800, 4*2*d) + 12*linear(4*2*d, 4)
	mega := linear(4096, 2*d) + linear(d, 2*d) + 3*linear(2*d, 2*d) + 2*linear(4*d, 2*d)
	for _, c := range []struct {
		model, benchmark string
		evidence         int64
		want             int
	}{
		// Four quarters of 3840: the channels of four stages of ResNet-50, at 2 x 2 cells.
		{"hvpnet", "twitter2017", 4 * 3840, hvpnet + linear(d, tags) + 2*tags + tags*tags},
		{"hvpnet", "mnre", 4 * 3840, hvpnet + linear(2*d, relations)},
		{"mega", "mnre", 4096, mega + linear(2*d, relations)},
	} {
		spec := defaultSpec(t, c.benchmark, "model", c.model)
		labels := types
		if spec.TaskOf() == mmibx.MRE {
			labels = make([]string, relations)
			for i := range labels {
				labels[i] = fmt.Sprint(i)
			}
		} else {
			spec.Model.Tags = "official"
		}
		do(t, func() {
			m := &system{spec: spec, params: torch.NewParams(), batcher: &batcher{}}
			defer m.params.Free()
			bert := newBert(m.params, BertConfig{Width: d, Layers: 12, Heads: 12, Intermediate: 8, Vocab: 8, Positions: 8, Types: 2})
			before := m.params.Count()
			m.network = builders[c.model](m.params, &m.spec, bert, c.evidence)
			if err := m.addHead(labels, m.headWidth(d)); err != nil {
				t.Error(err)
			}
			if got := m.params.Count() - before; got != c.want {
				t.Errorf("%s on %s: %d parameters, want %d", c.model, c.benchmark, got, c.want)
			}
		})
	}
}

// What a picture holds where it is padding, or beyond the rows that a model reads,
// is not seen; what it holds elsewhere is.
func TestRowsThatAreRead(t *testing.T) {
	for _, c := range []struct {
		model    string
		settings []any
		masked   bool // row 2
		seen     bool
	}{
		{"hvpnet", []any{"hvpnet.rows", 2}, false, false},
		{"hvpnet", []any{"hvpnet.rows", 3}, false, true},
		{"hvpnet", []any{"hvpnet.rows", 64}, false, true}, // more than there are
		{"hvpnet", nil, true, false},
		{"mega", nil, false, true},
		{"mega", nil, true, false},
	} {
		spec := defaultSpec(t, "mini-mnre", append([]any{"model", c.model}, c.settings...)...)
		data := invented(mmibx.MRE, 4)
		e := data.Evidence
		do(t, func() {
			m, err := newSystem(spec, data)
			if err != nil {
				t.Error(err)
				return
			}
			defer m.params.Free()
			for row := 2; row < len(e.Masked); row += e.Rows {
				e.Masked[row] = c.masked
			}
			samples := pick(data.Samples[mmibx.Dev], []int{0, 1, 2, 3})
			before := outputs(m, samples)
			for row := 2; row < len(e.Masked); row += e.Rows {
				for i := range e.Width {
					e.Values[row*e.Width+i] += 3
				}
			}
			after := outputs(m, samples)
			if seen := !slices.EqualFunc(before, after, slices.Equal[[]float32]); seen != c.seen {
				t.Errorf("%s %v, row 2 masked %v: seen is %v", c.model, c.settings, c.masked, seen)
			}
		})
	}
}

// A missing picture is one row of zeros: no model may answer with NaN, nor break
// its gradients, alone or beside samples with pictures, in either precision.
func TestFiniteGradients(t *testing.T) {
	for _, registered := range mmibx.Models {
		for _, benchmark := range benchmarksOf(registered) {
			for _, precision := range []string{"float32", "bfloat16"} {
				spec := defaultSpec(t, benchmark, "model", registered.Name, "train.precision", precision)
				data := invented(spec.TaskOf(), 8)
				do(t, func() {
					m, err := newSystem(spec, data)
					if err != nil {
						t.Error(err)
						return
					}
					defer m.params.Free()
					for _, missing := range []int{0, 3, 8} {
						samples := slices.Clone(data.Samples[mmibx.Train])
						for i := range missing {
							samples[i].Picture = -1
						}
						where := fmt.Sprintf("%s on %s in %s, %d of 8 pictures missing", registered.Name, benchmark, precision, missing)
						finite(t, where, m, pick(samples, []int{0, 1, 2, 3, 4, 5, 6, 7}))
					}
				})
			}
		}
	}
}
