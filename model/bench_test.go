//go:build torch

package model

import (
	"runtime"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// BenchmarkStep is one optimiser step at the shapes of MiniLM-L6: batch 16, 32
// pieces, 16 rows of evidence 384 wide. bench/step.sh runs it beside the same
// models in PyTorch.
func BenchmarkStep(b *testing.B) {
	if _, err := torch.Init(runtime.NumCPU(), "cpu"); err != nil {
		b.Fatal(err)
	}
	defer torch.Init(1, "cpu") //nolint:errcheck // the number of threads that TestMain set before
	for _, name := range []string{"text", "mmib"} {
		for _, precision := range []string{"float32", "bfloat16"} {
			b.Run(name+"/"+precision, func(b *testing.B) {
				spec, err := mmibx.Resolve(map[string]any{"benchmark": "twitter2017", "model": name, "train.precision": precision})
				if err != nil {
					b.Fatal(err)
				}
				if err := torch.Do(func() { benchmarkStep(b, spec) }); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

func benchmarkStep(b *testing.B, spec mmibx.Spec) {
	const size, words, rows, width = 16, 30, 16, 384
	config := BertConfig{
		Width: 384, Layers: 6, Heads: 12, Intermediate: 1536, Vocab: 30522, Positions: 512, Types: 2, Eps: 1e-12, InitDeviation: 0.02,
	}
	data := Data{
		Labels: types, Vocab: 30522,
		Evidence: &mmibx.EvidenceTable{Rows: rows, Width: width, Values: make([]float32, size*rows*width), Masked: make([]bool, size*rows)},
	}
	// The weights do not matter: each name is asked for once, with the shape that
	// a first, discarded system gives it.
	shapes := encoderShapes(config)
	data.Encoder = &Pretrained{Config: config, Tensor: func(name string) ([]int64, []float32, error) {
		t := shapes["bert."+name]
		return t.shape, t.values, nil
	}}
	m, err := newSystem(spec, data)
	if err != nil {
		b.Fatal(err)
	}
	defer m.params.Free()
	samples := make([]*mmibx.Sample, size)
	for i := range samples {
		s := &mmibx.Sample{Example: &mmibx.Example{}, Pieces: []int32{101}, Picture: int32(i)}
		for w := range words {
			s.Pieces = append(s.Pieces, int32(1000+37*i+w))
			s.First = append(s.First, int32(w+1))
			s.Example.Tags = append(s.Example.Tags, []string{"O", "B-PER", "O", "B-LOC"}[w%4])
		}
		s.Pieces = append(s.Pieces, 102)
		samples[i] = s
	}
	t := &training{system: m, data: data, total: 1 << 40}
	t.optim = torch.NewAdamW(m.params, m.groups(true)...)
	defer t.optim.Free()
	batch := m.batcher.make(samples)
	for b.Loop() {
		if _, err := t.step(batch); err != nil {
			b.Fatal(err)
		}
	}
}

type starting struct {
	shape  []int64
	values []float32
}

// encoderShapes are the parameters of an encoder at its random start.
func encoderShapes(config BertConfig) map[string]starting {
	p := torch.NewParams()
	defer p.Free()
	newBert(p, config)
	all := map[string]starting{}
	for _, name := range p.Names() {
		t, _ := p.Tensor(name)
		all[name] = starting{t.Shape(), t.Floats()}
	}
	return all
}
