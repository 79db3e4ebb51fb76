//go:build torch

package model

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// The rivals that fuse pictures with the encoder's states.
var fusions = []string{"coattention", "umt", "umgf"}

// TestFusionParity holds them against testdata/rivals.py, a PyTorch program that
// shares no code with this package: names and shapes of all parameters, scores,
// loss, the gradient of every parameter and the losses of ten optimiser steps.
func TestFusionParity(t *testing.T) {
	for _, c := range []struct{ file, model, tags string }{
		{"coattention_mner", "coattention", "bio"},
		{"umt_mner", "umt", "bio"},
		{"umt_mner_official", "umt", "official"},
		{"umgf_mner", "umgf", "bio"},
	} {
		t.Run(c.file, func(t *testing.T) {
			spec := defaultSpec(t, "twitter2017", "model", c.model, "model.tags", c.tags, "model.dropout", 0.0, "umgf.dropout", 0.0,
				"train.lr", 1e-3, "train.head_lr", 3e-3, "train.clip", 1.0, "train.max_length", 8)
			file, err := weights.Open("testdata/" + c.file + ".safetensors")
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			do(t, func() { (&fusionFile{t, file}).hold(spec) })
		})
	}
}

// fusionFile is one file of testdata/rivals.py.
type fusionFile struct {
	*testing.T
	file *weights.File
}

func (f *fusionFile) floats(name string) ([]int64, []float32) {
	tensor, err := f.file.Tensor(name)
	if err != nil {
		f.Fatal(err)
	}
	values, err := tensor.Floats()
	if err != nil {
		f.Fatal(err)
	}
	return tensor.Shape, values
}

func (f *fusionFile) ints(name string) []int64 {
	tensor, err := f.file.Tensor(name)
	if err != nil {
		f.Fatal(err)
	}
	values, err := tensor.Ints()
	if err != nil {
		f.Fatal(err)
	}
	return values
}

func (f *fusionFile) bools(name string) []bool {
	var out []bool
	for _, v := range f.ints(name) {
		out = append(out, v != 0)
	}
	return out
}

func (f *fusionFile) hold(spec mmibx.Spec) {
	m := f.system(spec)
	defer m.params.Free()
	_, evidence := f.floats("in.evidence")
	b := &batch{
		b: 4, l: 7, m: 3, idsBL: f.ints("in.ids"), realBL: f.bools("in.real"), evidence: evidence, evidenceBM: f.bools("in.rows"),
		positionBW: f.ints("in.positions"), tagBW: f.ints("in.tags"), taggedBW: f.bools("in.tagged"), pictureB: []int32{0, 1, 0, 2},
	}
	b.w = len(b.tagBW) / b.b
	s := torch.NewScope()
	defer s.Free()
	p := &pass{Scope: s, training: true}

	scores := m.head.(interface {
		emissions(p *pass, st state, b *batch) torch.Tensor
	}).emissions(p, m.forward(p, b), b).Floats()
	k := len(scores) / len(b.tagBW)
	for i, tagged := range b.taggedBW {
		if !tagged {
			clear(scores[i*k : (i+1)*k])
		}
	}
	f.compare("out.scores", scores, 0)
	l := m.loss(p, b)
	f.compare("out.loss", l.total.Floats(), 0)
	l.total.Backward()
	f.gradients(s, m)
	f.tenSteps(m, b)
}

// system builds the model with the file's parameters, all of them.
func (f *fusionFile) system(spec mmibx.Spec) *system {
	m, err := newSystem(spec, Data{
		Labels: types, Vocab: 14, Evidence: &mmibx.EvidenceTable{Rows: 3, Width: 5},
		Encoder: &Pretrained{
			Config: BertConfig{Width: 8, Layers: 2, Heads: 2, Intermediate: 16, Vocab: 14, Positions: 10, Types: 2, Eps: 1e-12, InitDeviation: 0.02},
			Tensor: func(name string) ([]int64, []float32, error) {
				shape, values := f.floats("param.bert." + name)
				return shape, values, nil
			},
		},
	})
	if err != nil {
		f.Fatal(err)
	}
	var names []string
	for _, name := range f.file.Names() {
		if bare, ok := strings.CutPrefix(name, "param."); ok {
			names = append(names, bare)
			shape, values := f.floats(name)
			if err := m.params.Load(bare, shape, values); err != nil {
				f.Fatal(err)
			}
		}
	}
	slices.Sort(names)
	if got := m.params.Names(); !slices.Equal(got, names) {
		f.Fatalf("parameters %q, the PyTorch program has %q", got, names)
	}
	return m
}

// compare fails where the largest difference is more than the tolerance of the
// larger of the values' size and floor.
func (f *fusionFile) compare(name string, got []float32, floor float64) {
	f.Helper()
	_, want := f.floats(name)
	if len(got) != len(want) {
		f.Errorf("%s: %d numbers, want %d", name, len(got), len(want))
		return
	}
	size, worst := floor, 0.0
	for i := range want {
		size = max(size, math.Abs(float64(want[i])))
		worst = max(worst, math.Abs(float64(got[i]-want[i])))
	}
	if !(worst <= fixtureTolerance*size) {
		f.Errorf("%s: off by %.2g of %.2g", name, worst, size)
	}
}

// gradients compares those of all parameters. A key's bias adds the same to every
// score of a query: its true gradient is zero, and what is computed is rounding.
func (f *fusionFile) gradients(s *torch.Scope, m *system) {
	gradients := map[string][]float32{}
	largest := 0.0
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			f.Errorf("%s has no gradient", name)
			continue
		}
		gradients[name] = g.Floats()
		for _, v := range gradients[name] {
			largest = max(largest, math.Abs(float64(v)))
		}
	}
	for name, g := range gradients {
		if !strings.HasSuffix(name, "key.bias") && !strings.HasSuffix(name, "linears.1.bias") {
			f.compare("grad."+name, g, 1e-3*largest) // float32 rounds the largest by 6e-8
			continue
		}
		for _, v := range g {
			if math.Abs(float64(v)) > 1e-6*largest {
				f.Errorf("grad.%s is %g, its true value 0", name, v)
			}
		}
	}
}

func (f *fusionFile) tenSteps(m *system, b *batch) {
	optim := torch.NewAdamW(m.params, m.groups(true)...)
	defer optim.Free()
	optim.DropGrads()
	var losses []float32
	for step := range int64(10) {
		s := torch.NewScope()
		l := m.loss(&pass{Scope: s, training: true}, b)
		losses = append(losses, float32(l.total.Number()))
		l.total.Backward()
		optim.ClipGradNorm(m.spec.Train.Clip)
		optim.Step(factor(step, 2, 10))
		s.Free()
	}
	f.compare("out.ten_losses", losses, 0)
}

// Parameters without BERT at the published widths, by the formulas of
// docs/reference/models.md.
func TestFusionParameterCounts(t *testing.T) {
	const d, e, k = 768, 2048, 13
	linear := func(in, out int) int { return in*out + out }
	crf := func(k int) int { return k*k + 2*k }
	const layerNorm = 2 * d
	bertLayer := 4*linear(d, d) + linear(d, 4*d) + linear(4*d, d) + 2*layerNorm // 7,087,872
	// UMGF: text has 4 maps in its attention, the rows 2; norms after three sums.
	const g, hidden, layers = 512, 256, 6
	feed := linear(g, hidden) + linear(hidden, g)
	text := 4*linear(g, g) + linear(2*g, g) + feed + 3*2*g
	rows, unread := 2*linear(g, g)+2*g, linear(2*g, g)+feed+2*2*g
	want := map[string]int{
		"coattention": linear(e, d) + 7*linear(d, d) + 2*linear(2*d, 1) + linear(2*d, k) + crf(k),
		"umt":         5*bertLayer + 2*linear(e, d) + linear(2*d, d) + linear(2*d, k) + crf(k) + linear(d, 7) + crf(7),
		"umgf":        linear(d, g) + linear(e, g) + linear(g, g) + layers*(text+rows) + (layers-1)*unread + linear(1280, k) + crf(k),
	}
	for _, name := range fusions {
		spec := defaultSpec(t, "twitter2017", "model", name, "model.tags", "official")
		do(t, func() {
			m := &system{spec: spec, params: torch.NewParams(), batcher: &batcher{}}
			defer m.params.Free()
			encoder := newBert(m.params, BertConfig{Width: d, Layers: 0, Heads: 12, Intermediate: 4 * d, Vocab: 8, Positions: 8, Types: 2})
			before := m.params.Count()
			m.network = builders[name](m.params, &m.spec, encoder, e)
			if err := m.addHead(types, m.headWidth(d)); err != nil {
				t.Error(err)
			}
			if got := m.params.Count() - before; got != want[name] {
				t.Errorf("%s: %d parameters, want %d", name, got, want[name])
			}
		})
	}
}

// Rows that are hidden change nothing; pictures without any row that may be seen,
// which no reader makes, break nothing, under bfloat16 neither.
func TestFusionHiddenRows(t *testing.T) {
	for _, name := range fusions {
		for _, precision := range []string{"float32", "bfloat16"} {
			spec := defaultSpec(t, "mini-twitter2015", "model", name, "train.precision", precision)
			data := invented(mmibx.MNER, 8)
			e := data.Evidence
			do(t, func() {
				m, err := newSystem(spec, data)
				if err != nil {
					t.Error(err)
					return
				}
				defer m.params.Free()
				samples := pick(data.Samples[mmibx.Train], []int{0, 1, 2, 3, 4, 5, 6, 7})
				for row := range e.Masked {
					e.Masked[row] = row%e.Rows > 0
				}
				before := outputs(m, samples)
				for row, masked := range e.Masked {
					for i := range e.Width {
						if masked {
							e.Values[row*e.Width+i] += 100
						}
					}
				}
				after := outputs(m, samples)
				for i := range before {
					if !slices.Equal(before[i], after[i]) {
						t.Errorf("%s: hidden rows move the scores of sample %d", name, i)
					}
				}
				for row := range e.Masked {
					e.Masked[row] = true
				}
				finite(t, fmt.Sprintf("%s in %s, no row seen", name, precision), m, samples)
				samples[0].Picture = -1
				for row := range e.Masked {
					e.Masked[row] = false
				}
				finite(t, fmt.Sprintf("%s in %s", name, precision), m, samples)
			})
		}
	}
}

// finite says that a training pass with dropout has a finite loss and that every
// parameter has a finite gradient.
func finite(t *testing.T, where string, m *system, samples []*mmibx.Sample) {
	t.Helper()
	s := torch.NewScope()
	defer s.Free()
	var l losses
	torch.Autocast(m.spec.Train.Precision == "bfloat16", func() {
		l = m.loss(&pass{Scope: s, training: true, dropout: 0.1}, m.batcher.make(samples))
	})
	if v := l.total.Number(); !mmibx.Finite(v) {
		t.Errorf("%s: the loss is %g", where, v)
	}
	l.total.Backward()
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			t.Errorf("%s: %s has no gradient", where, name)
			continue
		}
		if slices.ContainsFunc(g.Floats(), func(v float32) bool { return !mmibx.Finite(float64(v)) }) {
			t.Errorf("%s: the gradient of %s is not finite", where, name)
		}
	}
}

// Heads that do not divide the encoder are named with it.
func TestHeadsDivideTheEncoder(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "model", "coattention", "coattention.heads", 3)
	do(t, func() {
		_, err := newSystem(spec, invented(mmibx.MNER, 4))
		if !errors.Is(err, mmibx.ErrBadSpec) || !strings.Contains(err.Error(), "coattention.heads 3") {
			t.Errorf("newSystem = %v, want a bad spec that names coattention.heads 3", err)
		}
	})
}
