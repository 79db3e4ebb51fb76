//go:build torch

package model

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// How far bfloat16 may take a number from float32, in units of how far PyTorch's
// own autocast takes it in the same model on the same batches.
const bfloat16Share = 1.2

// TestBFloat16Parity holds the error of bfloat16 against that of PyTorch's
// autocast (testdata/bfloat16.py): each output, each term of the loss, and the
// gradients.
func TestBFloat16Parity(t *testing.T) {
	held(t, "bfloat16.py", []string{"torch", "safetensors", "numpy"}, func(t *testing.T, dir string, _ float64) {
		blob, err := os.ReadFile(dir + "/bfloat16.json")
		if err != nil {
			t.Fatal(err)
		}
		theirs := map[string]map[string]float64{}
		if err := json.Unmarshal(blob, &theirs); err != nil {
			t.Fatal(err)
		}
		for name, c := range parityCases {
			t.Run(name, func(t *testing.T) {
				settings := append(slices.Clone(c.settings), "model.dropout", 0.0, "train.precision", "bfloat16")
				if strings.HasSuffix(name, "default") {
					settings = append(settings, "ib.size", 16)
				}
				spec := defaultSpec(t, c.benchmark, settings...)
				var ours map[string]float64
				do(t, func() { ours = lowered(t, spec) })
				compareLowered(t, ours, theirs[name])
			})
		}
	})
}

func compareLowered(t *testing.T, ours, theirs map[string]float64) {
	t.Helper()
	worst, where := 0.0, ""
	var mine, pytorch float64 // gradients, by the mean over the parameters
	for name, e := range ours {
		limit, ok := theirs[name]
		if !ok {
			t.Errorf("PyTorch's program has no %s", name)
			continue
		}
		if strings.HasPrefix(name, "grad.") {
			mine, pytorch = mine+e, pytorch+limit
			continue
		}
		if e/limit > worst {
			worst, where = e/limit, name
		}
		if !(e <= bfloat16Share*limit) {
			t.Errorf("%s: bfloat16 is off by %.2g, PyTorch's by %.2g", name, e, limit)
		}
	}
	t.Logf("PARITY bfloat16 outputs at most %.2f of PyTorch's error (%s), gradients %.2f", worst, where, mine/pytorch)
	if !(mine <= bfloat16Share*pytorch) {
		t.Errorf("gradients: bfloat16 is off by %.2g in the sum over parameters, PyTorch's by %.2g", mine, pytorch)
	}
}

// lowered measures what bfloat16.py measures: by name, the largest difference
// from float32 in a batch, averaged over the batches, over the largest size; of
// loss terms, the root of the mean square.
func lowered(t *testing.T, spec mmibx.Spec) map[string]float64 {
	m := loweredSystem(t, spec)
	defer m.params.Free()
	optim := torch.NewAdamW(m.params, m.groups(true)...) // only to drop gradients
	defer optim.Free()
	size, off := map[string]float64{}, map[string]float64{}
	const batches = 32
	scalars := map[string]float64{} // mean squares
	for k := range batches {
		full, low := loweredPass(t, m, optim, k, false), loweredPass(t, m, optim, k, true)
		for name, want := range full {
			scalar, difference := len(want) == 1 && !strings.HasPrefix(name, "grad."), 0.0
			for i, v := range want {
				size[name] = max(size[name], math.Abs(v))
				difference = max(difference, math.Abs(v-low[name][i]))
			}
			if scalar {
				scalars[name] += difference * difference / batches
			} else {
				off[name] += difference / batches
			}
		}
	}
	for name, square := range scalars {
		off[name] = math.Sqrt(square)
	}
	largest := 0.0
	for name, s := range size {
		if strings.HasPrefix(name, "grad.") {
			largest = max(largest, s)
		}
	}
	for name := range off {
		if strings.HasPrefix(name, "grad.") {
			size[name] = max(size[name], 1e-4*largest)
		}
		off[name] /= size[name]
	}
	return off
}

func loweredSystem(t *testing.T, spec mmibx.Spec) *system {
	labels := types
	if spec.TaskOf() == mmibx.MRE {
		labels = []string{"None", "/per/loc/from", "/per/org/member", "/per/per/peer"}
	}
	config := BertConfig{Width: 64, Layers: 2, Heads: 4, Intermediate: 128, Vocab: 50, Positions: 20, Types: 2, Eps: 1e-12, InitDeviation: 0.02}
	spec.Train.MaxLength, spec.Train.PadTo = 16, 0
	m, err := newSystem(spec, Data{
		Labels: labels, Vocab: 50, Evidence: &mmibx.EvidenceTable{Rows: 5, Width: 24},
		Encoder: &Pretrained{Config: config, Tensor: func(name string) ([]int64, []float32, error) { return bertStart(config, name) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		p.Write(loweredStart(name, p.Shape()))
	}
	return m
}

// bertStart gives an encoder any weights: the test writes its own.
func bertStart(c BertConfig, name string) ([]int64, []float32, error) {
	p := torch.NewParams()
	defer p.Free()
	newBert(p, c)
	w, ok := p.Tensor("bert." + name)
	if !ok {
		return nil, nil, fmt.Errorf("no %s", name)
	}
	return w.Shape(), w.Floats(), nil
}

// loweredStart is parameters of bfloat16.py.
func loweredStart(name string, shape []int64) []float32 {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	norm := strings.Contains(name, "LayerNorm.weight") || strings.Contains(name, "ln1.weight") || strings.Contains(name, "ln2.weight")
	values := make([]float32, n)
	for i, u := range uniform(name, n) {
		u = 2*u - 1
		switch {
		case norm:
			u = 1 + 0.3*u
		case len(shape) == 2 && !strings.Contains(name, "embeddings"):
			u *= math.Sqrt(3 / float64(shape[1]))
		default:
			u *= 0.3
		}
		values[i] = float32(u)
	}
	return values
}

// loweredPass computes batch k, its loss and its gradients, by name.
func loweredPass(t *testing.T, m *system, optim *torch.AdamW, k int, low bool) map[string][]float64 {
	s := torch.NewScope()
	defer s.Free()
	b := loweredBatch(m, k)
	z := int64(m.spec.IB.Size)
	if z == 0 {
		z = 64
	}
	noise := func(name string, rows int) torch.Tensor {
		return s.Float32s(normalish(name, k, b.b*rows*int(z)), int64(b.b), int64(rows), z)
	}
	p := &pass{Scope: s, training: true, sample: true, epsText: noise("eps text", b.l), epsImage: noise("eps image", b.m)}
	var st state
	var l losses
	var scores torch.Tensor
	torch.Autocast(low, func() {
		st = m.forward(p, b)
		l = m.terms(p, st, b)
		scores = m.head.scores(p, st, b)
	})
	name := "logits"
	if m.spec.TaskOf() == mmibx.MNER {
		name = "emissions"
	}
	lat := st.latents
	out := map[string][]float64{}
	for name, v := range map[string]torch.Tensor{
		"mean_text": lat.text.meanBTZ, "logvar_text": lat.text.logVarBTZ, "z_text": lat.zTextBLZ,
		"mean_image": lat.image.meanBTZ, "logvar_image": lat.image.logVarBTZ, "z_image": lat.zImageBMZ,
		"fused": st.hBLD, name: scores,
		"loss_task": l.task, "loss_align": l.align, "kl_text": l.klText, "kl_image": l.klImage, "loss": l.total,
	} {
		out[name] = v.Doubles()
	}
	l.total.Backward()
	for _, name := range m.params.Names() {
		w, _ := m.params.Tensor(name)
		g, ok := s.Grad(w)
		if !ok {
			t.Fatalf("%s has no gradient", name)
		}
		if !shiftsAllScores("mmib", name) {
			out["grad."+name] = g.Doubles()
		}
	}
	optim.DropGrads()
	return out
}

// normalish draws with the variance of the normal distribution, as bfloat16.py.
func normalish(name string, k, n int) []float32 {
	var values []float32
	for _, u := range uniform(fmt.Sprintf("%s %d", name, k), n) {
		values = append(values, float32(math.Sqrt(12)*(u-0.5)))
	}
	return values
}

// loweredBatch is batch of bfloat16.py.
func loweredBatch(m *system, k int) *batch {
	b := &batch{b: 8, l: 16, m: 5, evidence: normalish("evidence", k, 8*5*24)}
	draw := func(name string, n int) []float64 { return uniform(fmt.Sprintf("%s %d", name, k), n) }
	lengths := draw("lengths", b.b)
	b.idsBL, b.realBL = make([]int64, b.b*b.l), make([]bool, b.b*b.l)
	for i, u := range draw("ids", b.b*b.l) {
		if i%b.l < 6+int(lengths[i/b.l]*float64(b.l-5)) {
			b.idsBL[i], b.realBL[i] = 1+int64(u*49), true
		}
	}
	for i := range b.b {
		b.pictureB = append(b.pictureB, int32(i))
	}
	b.evidenceBM = make([]bool, b.b*b.m)
	for i := range b.evidenceBM {
		b.evidenceBM[i] = true
	}
	if m.spec.TaskOf() == mmibx.MRE {
		for _, u := range draw("marks", 2*b.b) {
			b.markB2 = append(b.markB2, int64(u*6))
		}
		for _, u := range draw("relations", b.b) {
			b.relationB = append(b.relationB, int64(u*4))
		}
		return b
	}
	b.w, b.taggedBW = b.l, b.realBL
	b.tagBW = make([]int64, b.b*b.w)
	for i, u := range draw("tags", b.b*b.w) {
		b.positionBW = append(b.positionBW, int64(i%b.w))
		if b.taggedBW[i] {
			b.tagBW[i] = int64(u * float64(len(m.head.(*tagger).scheme.names)))
		}
	}
	return b
}
