//go:build torch

package model

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// Fixtures may come from another instruction set than the test runs on.
const fixtureTolerance = 1e-4

// TestParity holds MMIB against testdata/mmib.py, a PyTorch program that shares
// no code with this package: each output, each term of the loss, the gradient of
// every parameter and the losses of ten optimiser steps.
func TestParity(t *testing.T) {
	for _, c := range []struct {
		file, benchmark string
		settings        []any
	}{
		{"mmib_mner_default", "twitter2017", defaultParity},
		{"mmib_mre_default", "mnre", defaultParity},
		{"mmib_mner_official", "twitter2017", officialParity},
		{"mmib_mre_official", "mnre", officialParity},
	} {
		t.Run(c.file, func(t *testing.T) {
			spec := defaultSpec(t, c.benchmark, append(c.settings, "model.dropout", 0.0, "train.warmup", 0.2)...)
			f := openFixture(t, "testdata/"+c.file+".safetensors")
			do(t, func() { f.hold(t, spec) })
		})
	}
}

var (
	defaultParity = []any{
		"ib.size", 3, "ib.beta_text", 0.05, "ib.beta_image", 0.02, "align.tau", 0.1, "align.weight", 0.1,
		"train.lr", 1e-3, "train.head_lr", 1e-2, "train.clip", 1.0,
	}
	officialParity = []any{"preset", "official", "train.lr", 3e-4}
)

// fixture is one file of testdata/mmib.py.
type fixture struct {
	t    *testing.T
	file *weights.File
}

func openFixture(t *testing.T, path string) *fixture {
	t.Helper()
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &fixture{t, f}
}

func (f *fixture) floats(name string) ([]int64, []float32) {
	tensor, err := f.file.Tensor(name)
	if err != nil {
		f.t.Fatal(err)
	}
	if tensor.DType == "I64" {
		ints, err := tensor.Ints()
		if err != nil {
			f.t.Fatal(err)
		}
		values := make([]float32, len(ints))
		for i, v := range ints {
			values[i] = float32(v)
		}
		return tensor.Shape, values
	}
	values, err := tensor.Floats()
	if err != nil {
		f.t.Fatal(err)
	}
	return tensor.Shape, values
}

func (f *fixture) ints(name string) []int64 {
	_, values := f.floats("in." + name)
	ints := make([]int64, len(values))
	for i, v := range values {
		ints[i] = int64(v)
	}
	return ints
}

func (f *fixture) bools(name string) []bool {
	var bools []bool
	for _, v := range f.ints(name) {
		bools = append(bools, v != 0)
	}
	return bools
}

func (f *fixture) hold(t *testing.T, spec mmibx.Spec) {
	m := f.system(spec)
	defer m.params.Free()
	b := f.batch(m)
	s := torch.NewScope()
	defer s.Free()
	p := f.pass(s)

	st := m.forward(p, b)
	f.compare(t, "out.mean_text", st.latents.text.meanBTZ.Floats(), 0)
	f.compare(t, "out.logvar_image", st.latents.image.logVarBTZ.Floats(), 0)
	f.compare(t, "out.z_text", st.latents.zTextBLZ.Floats(), 0)
	f.compare(t, "out.fused", st.hBLD.Floats(), 0)
	if h, ok := m.head.(*tagger); ok {
		f.compare(t, "out.emissions", h.emissions(p, st, b).Floats(), 0)
	} else {
		f.compare(t, "out.logits", m.head.(*relator).logits(p, st, b).Floats(), 0)
	}

	l := m.loss(p, b)
	for name, term := range map[string]torch.Tensor{
		"out.loss_task": l.task, "out.loss_align": l.align, "out.kl_text": l.klText, "out.kl_image": l.klImage, "out.loss": l.total,
	} {
		f.compare(t, name, term.Floats(), 0)
	}
	l.total.Backward()
	f.compareGradients(t, s, m)
	f.compareSteps(t, m, b)
}

// system builds the model and gives it the fixture's parameters, all of them.
func (f *fixture) system(spec mmibx.Spec) *system {
	labels := types
	if spec.TaskOf() == mmibx.MRE {
		labels = []string{"None", "/per/loc/from", "/per/org/member", "/per/per/peer"}
	}
	config := BertConfig{Width: 8, Layers: 1, Heads: 2, Intermediate: 16, Vocab: 14, Positions: 10, Types: 2, Eps: 1e-12, InitDeviation: 0.02}
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

func (f *fixture) batch(m *system) *batch {
	_, evidence := f.floats("in.evidence")
	b := &batch{
		b: 4, l: 7, m: 3, idsBL: f.ints("ids"), realBL: f.bools("real"),
		evidence: evidence, evidenceBM: f.bools("rows"),
	}
	for _, p := range f.ints("pictures") {
		b.pictureB = append(b.pictureB, int32(p))
	}
	if m.spec.TaskOf() == mmibx.MRE {
		b.markB2, b.relationB = f.ints("marks"), f.ints("relations")
		return b
	}
	b.positionBW, b.tagBW, b.taggedBW = f.ints("positions"), f.ints("tags"), f.bools("tagged")
	b.w = len(b.tagBW) / b.b
	return b
}

// pass is a training pass with the fixture's noise.
func (f *fixture) pass(s *torch.Scope) *pass {
	noise := func(name string) torch.Tensor {
		shape, values := f.floats(name)
		return s.Float32s(values, shape...)
	}
	return &pass{Scope: s, training: true, sample: true, epsText: noise("in.eps_text"), epsImage: noise("in.eps_image")}
}

// compare fails where the largest difference is more than the tolerance of the
// larger of the values' size and floor.
func (f *fixture) compare(t *testing.T, name string, got []float32, floor float64) {
	t.Helper()
	_, want := f.floats(name)
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", name, len(got), len(want))
		return
	}
	size, worst := floor, 0.0
	for i := range want {
		size = max(size, math.Abs(float64(want[i])))
		worst = max(worst, math.Abs(float64(got[i]-want[i])))
	}
	if !(worst <= fixtureTolerance*size) {
		t.Errorf("%s: off by %.2g of %.2g", name, worst, size)
	}
}

func (f *fixture) compareGradients(t *testing.T, s *torch.Scope, m *system) {
	largest := 0.0
	gradients := map[string][]float32{}
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			t.Errorf("%s has no gradient", name)
			continue
		}
		gradients[name] = g.Floats()
		for _, v := range gradients[name] {
			largest = max(largest, math.Abs(float64(v)))
		}
	}
	for name, g := range gradients {
		// A key's bias adds the same to every score of a query: its true
		// gradient is zero, and what is computed is rounding.
		if strings.HasSuffix(name, "attention.self.key.bias") {
			for _, v := range g {
				if math.Abs(float64(v)) > 1e-6*largest {
					t.Errorf("grad.%s is %g, its true value 0", name, v)
				}
			}
			continue
		}
		f.compare(t, "grad."+name, g, 1e-4*largest)
	}
}

// compareSteps trains ten steps on the one batch, always with the same noise.
func (f *fixture) compareSteps(t *testing.T, m *system, b *batch) {
	optim := torch.NewAdamW(m.params, m.groups(true)...)
	defer optim.Free()
	optim.DropGrads()
	var losses []float32
	for step := range int64(10) {
		s := torch.NewScope()
		l := m.loss(f.pass(s), b)
		losses = append(losses, float32(l.total.Number()))
		l.total.Backward()
		optim.ClipGradNorm(m.spec.Train.Clip)
		optim.Step(factor(step, 2, 10))
		s.Free()
	}
	f.compare(t, "out.ten_losses", losses, 0)
	if losses[0] == losses[9] {
		t.Error("ten steps did not change the loss")
	}
}
