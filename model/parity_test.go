//go:build torch

package model

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// TestParity holds MMIB against testdata/mmib.py, a PyTorch program that shares
// no code with this package: each output, each term of the loss and the gradient of
// every parameter, in float32 and in float64; dropout, the optimiser's groups, the
// losses of ten steps and the parameters after them; with random weights and with
// trained ones.
func TestParity(t *testing.T) {
	held(t, "mmib.py", []string{"torch", "safetensors", "numpy"}, func(t *testing.T, dir string, tolerance float64) {
		for name, c := range parityCases {
			for _, trained := range []string{"", "_trained"} {
				t.Run(name+trained, func(t *testing.T) {
					f := openFixture(t, dir+"/mmib_"+name+trained+".safetensors", tolerance)
					spec := defaultSpec(t, c.benchmark, append(c.settings, "model.dropout", 0.1, "train.warmup", 0.2)...)
					do(t, func() { f.hold(t, spec) })
					f.log(t)
				})
			}
		}
	})
}

var parityCases = map[string]struct {
	benchmark string
	settings  []any
}{
	"mner_default":  {"twitter2017", defaultParity},
	"mre_default":   {"mnre", defaultParity},
	"mner_official": {"twitter2017", officialParity},
	"mre_official":  {"mnre", officialParity},
}

var (
	defaultParity = []any{
		"ib.size", 3, "ib.beta_text", 0.05, "ib.beta_image", 0.02, "align.tau", 0.1, "align.weight", 0.1,
		"train.lr", 3e-4, "train.head_lr", 1e-3, "train.clip", 1.0,
	}
	officialParity = []any{"preset", "official", "train.lr", 3e-4}
)

func (f *fixture) hold(t *testing.T, spec mmibx.Spec) {
	m := f.system(spec)
	defer m.params.Free()
	b := f.batch(m)
	s := torch.NewScope()
	defer s.Free()
	p := f.pass(s)

	st := m.forward(p, b)
	f.compare(t, "out.mean_text", st.latents.text.meanBTZ.Doubles(), 0)
	f.compare(t, "out.logvar_image", st.latents.image.logVarBTZ.Doubles(), 0)
	f.compare(t, "out.logvar_text", st.latents.text.logVarBTZ.Doubles(), 0)
	f.compare(t, "out.mean_image", st.latents.image.meanBTZ.Doubles(), 0)
	f.compare(t, "out.z_text", st.latents.zTextBLZ.Doubles(), 0)
	f.compare(t, "out.z_image", st.latents.zImageBMZ.Doubles(), 0)
	f.compare(t, "out.fused", st.hBLD.Doubles(), 0)
	name := "emissions"
	if spec.TaskOf() == mmibx.MRE {
		name = "logits"
	}
	f.compare(t, "out."+name, m.head.scores(p, st, b).Doubles(), 0)

	l := m.loss(p, b)
	for name, term := range map[string]torch.Tensor{
		"out.loss_task": l.task, "out.loss_align": l.align, "out.kl_text": l.klText, "out.kl_image": l.klImage, "out.loss": l.total,
	} {
		f.compare(t, name, term.Doubles(), 0)
	}
	l.total.Backward()
	f.compareGradients(t, s, m, "grad", 1e-4, f.tolerance)
	f.holdDoubles(t, spec)
	f.compareDropout(t, s, m, b)
	f.compareGroups(t, m)
	f.compareSteps(t, m, b)
}

// system builds the model and gives it the fixture's parameters, all of them.
func (f *fixture) system(spec mmibx.Spec) *system {
	labels := types
	if spec.TaskOf() == mmibx.MRE {
		labels = []string{"None", "/per/loc/from", "/per/org/member", "/per/per/peer"}
	}
	config := BertConfig{Width: 8, Layers: f.layers(), Heads: 2, Intermediate: 16, Vocab: 14, Positions: 10, Types: 2, Eps: 1e-12, InitDeviation: 0.02}
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

// layers counts the layers of the fixture's encoder.
func (f *fixture) layers() int64 {
	n := int64(0)
	for ; slices.Contains(f.file.Names(), fmt.Sprintf("param.bert.encoder.layer.%d.output.dense.weight", n)); n++ {
	}
	return n
}

func (f *fixture) batch(m *system) *batch {
	_, evidence := f.floats("in.evidence")
	b := &batch{
		b: 4, l: 7, m: 3, idsBL: f.ints("in.ids"), realBL: f.bools("in.real"),
		evidence: evidence, evidenceBM: f.bools("in.rows"),
	}
	for _, p := range f.ints("in.pictures") {
		b.pictureB = append(b.pictureB, int32(p))
	}
	if m.spec.TaskOf() == mmibx.MRE {
		b.markB2, b.relationB = f.ints("in.marks"), f.ints("in.relations")
		return b
	}
	b.positionBW, b.tagBW, b.taggedBW = f.ints("in.positions"), f.ints("in.tags"), f.bools("in.tagged")
	b.w = len(b.tagBW) / b.b
	return b
}

// pass is a training pass without dropout, with the fixture's noise where it has
// some.
func (f *fixture) pass(s *torch.Scope) *pass {
	if !slices.Contains(f.file.Names(), "in.eps_text") {
		return &pass{Scope: s, training: true}
	}
	noise := func(name string) torch.Tensor {
		shape, values := f.floats(name)
		return s.Float32s(values, shape...)
	}
	return &pass{Scope: s, training: true, sample: true, epsText: noise("in.eps_text"), epsImage: noise("in.eps_image")}
}

// compareDropout holds a pass whose dropout is decided as the program decides
// it, and the sites of dropout in the order in which they are met.
func (f *fixture) compareDropout(t *testing.T, s *torch.Scope, m *system, b *batch) {
	p := f.pass(s)
	p.dropout = m.spec.Model.Dropout
	var shapes []string
	p.keep = func(x torch.Tensor) torch.Tensor {
		factors := make([]float32, x.Len())
		for i, u := range uniform(fmt.Sprintf("dropout %d", len(shapes)), len(factors)) {
			if u >= p.dropout {
				factors[i] = float32(1 / (1 - p.dropout))
			}
		}
		shapes = append(shapes, fmt.Sprint(x.Shape()))
		return p.Float32s(factors, x.Shape()...)
	}
	st := m.forward(p, b)
	l := m.terms(p, st, b)
	var want [][2]any
	if err := json.Unmarshal([]byte(f.file.Metadata["dropout"]), &want); err != nil {
		t.Fatal(err)
	}
	for i, site := range want {
		shape := fmt.Sprint(site[1])
		if i >= len(shapes) || shapes[i] != shape {
			t.Fatalf("dropout at %v: site %d of the program is %s, %s", shapes, i, site[0], shape)
		}
	}
	if len(shapes) != len(want) {
		t.Errorf("%d sites of dropout, the program has %d", len(shapes), len(want))
	}
	f.compare(t, "drop.fused", st.hBLD.Doubles(), 0)
	f.compare(t, "drop.z_text", st.latents.zTextBLZ.Doubles(), 0)
	f.compare(t, "drop.z_image", st.latents.zImageBMZ.Doubles(), 0)
	f.compare(t, "drop.loss", l.total.Doubles(), 0)
}

// compareGroups holds the peak rate and the decay of every parameter.
func (f *fixture) compareGroups(t *testing.T, m *system) {
	var want [][3]any // name, rate, decay
	if err := json.Unmarshal([]byte(f.file.Metadata["groups"]), &want); err != nil {
		t.Fatal(err)
	}
	got := map[string][2]float64{}
	for _, g := range m.groups(true) {
		for _, name := range g.Names {
			if _, twice := got[name]; twice {
				t.Errorf("%s is in two groups", name)
			}
			got[name] = [2]float64{g.LR, g.Decay}
		}
	}
	for _, w := range want {
		if g, ok := got[w[0].(string)]; !ok || g != [2]float64{w[1].(float64), w[2].(float64)} {
			t.Errorf("%s: rate and decay %v, the program has %v", w[0], g, w[1:])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d parameters are optimised, the program has %d", len(got), len(want))
	}
}

// compareGradients holds every gradient, as a kind of number; one that is small is
// held to a share of the largest.
func (f *fixture) compareGradients(t *testing.T, s *torch.Scope, m *system, kind string, share, tolerance float64) {
	t.Helper()
	largest := 0.0
	gradients := map[string][]float64{}
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			t.Errorf("%s has no gradient", name)
			continue
		}
		gradients[name] = g.Doubles()
		for _, v := range gradients[name] {
			largest = max(largest, math.Abs(v))
		}
	}
	for name, g := range gradients {
		if shiftsAllScores(m.spec.Model.Name, name) {
			for _, v := range g {
				if math.Abs(v) > 1e-6*largest {
					t.Errorf("grad.%s is %g, its true value 0", name, v)
				}
			}
			continue
		}
		f.compareTo(t, kind+"."+name, g, f.doubles(kind+"."+name), share*largest, tolerance)
	}
}

// shiftsAllScores names the biases of an attention's keys. Such a bias adds the
// same to every score of a query: its true gradient is zero, and what is computed
// is rounding, which AdamW makes steps of. Those of a BERT with prefixes do not: a
// prefix has no bias.
func shiftsAllScores(model, name string) bool {
	for _, suffix := range []string{"key.bias", "linears.1.bias", "linear_k.bias"} {
		if strings.HasSuffix(name, suffix) {
			return model != "hvpnet"
		}
	}
	return false
}

// compareSteps trains ten steps on the one batch, always with the same noise.
func (f *fixture) compareSteps(t *testing.T, m *system, b *batch) {
	optim := torch.NewAdamW(m.params, m.groups(true)...)
	defer optim.Free()
	optim.DropGrads()
	var losses []float64
	for step := range int64(10) {
		s := torch.NewScope()
		l := m.loss(f.pass(s), b)
		losses = append(losses, l.total.Number())
		l.total.Backward()
		optim.ClipGradNorm(m.spec.Train.Clip)
		optim.Step(factor(step, 2, 10))
		s.Free()
	}
	f.compare(t, "out.ten_losses", losses, 0)
	if losses[0] == losses[9] {
		t.Error("ten steps did not change the loss")
	}
	for _, name := range m.params.Names() {
		if p, _ := m.params.Tensor(name); slices.Contains(f.file.Names(), "after."+name) && !shiftsAllScores(m.spec.Model.Name, name) {
			f.compare(t, "after."+name, p.Doubles(), 0)
		}
	}
}
