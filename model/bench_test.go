//go:build torch

package model

import (
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// BenchmarkStep is one optimiser step at the shapes of MiniLM-L6: batch 16, 32
// pieces, 16 rows of evidence 384 wide. bench/speed.sh runs it, and BenchmarkEpoch,
// beside the same models in PyTorch, each in a process of its own, and reads their
// peak memory.
func BenchmarkStep(b *testing.B) {
	eachModel(b, func(b *testing.B, m *system) {
		samples := benchmarkSamples(slices.Repeat([]int{30}, 16))
		t := benchmarkTraining(m)
		defer t.optim.Free()
		batch := m.batcher.make(samples)
		for b.Loop() {
			if _, err := t.step(batch); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEpoch is the training half of an epoch as long as Twitter-2017's: 3,373
// tweets of 6 to 50 words, batches of 16 that are bucketed by length.
func BenchmarkEpoch(b *testing.B) {
	eachModel(b, func(b *testing.B, m *system) {
		words := make([]int, 3373)
		for i := range words {
			words[i] = 6 + i*37%45
		}
		samples := benchmarkSamples(words)
		t := benchmarkTraining(m)
		defer t.optim.Free()
		for b.Loop() {
			for _, indices := range epochBatches(words, 16, 0, 0) {
				batch := make([]*mmibx.Sample, len(indices))
				for k, i := range indices {
					batch[k] = samples[i]
				}
				if _, err := t.step(m.batcher.make(batch)); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// eachModel runs a benchmark of each model and precision, with the encoder at a
// random start: what the weights are does not matter.
func eachModel(b *testing.B, run func(*testing.B, *system)) {
	if _, err := torch.Init(runtime.NumCPU(), *device); err != nil {
		b.Fatal(err)
	}
	defer torch.Init(1, *device) //nolint:errcheck // the number of threads that TestMain set before
	for _, name := range []string{"text", "mmib"} {
		for _, precision := range []string{"float32", "bfloat16"} {
			b.Run(name+"/"+precision, func(b *testing.B) {
				spec, err := mmibx.Resolve(map[string]any{"benchmark": "twitter2017", "model": name, "train.precision": precision})
				if err != nil {
					b.Fatal(err)
				}
				err = torch.Do(func() {
					m, err := newSystem(spec, benchmarkData())
					if err != nil {
						b.Error(err)
						return
					}
					defer m.params.Free()
					run(b, m)
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(peakMiB(b), "peak-MiB")
			})
		}
	}
}

// peakMiB is the most memory that the process has held so far.
func peakMiB(b *testing.B) float64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return float64(usage.Maxrss) / 1024
}

const benchmarkPictures = 1024

func benchmarkData() Data {
	const rows, width = 16, 384
	config := BertConfig{
		Width: 384, Layers: 6, Heads: 12, Intermediate: 1536, Vocab: 30522, Positions: 512, Types: 2, Eps: 1e-12, InitDeviation: 0.02,
	}
	shapes := encoderShapes(config)
	return Data{
		Labels: types, Vocab: 30522,
		Evidence: &mmibx.EvidenceTable{
			Rows: rows, Width: width,
			Values: make([]float32, benchmarkPictures*rows*width), Masked: make([]bool, benchmarkPictures*rows),
		},
		Encoder: &Pretrained{Config: config, Tensor: func(name string) ([]int64, []float32, error) {
			t := shapes["bert."+name]
			return t.shape, t.values, nil
		}},
	}
}

// benchmarkSamples are tweets of so many words, a piece each.
func benchmarkSamples(words []int) []*mmibx.Sample {
	samples := make([]*mmibx.Sample, len(words))
	for i, n := range words {
		s := &mmibx.Sample{Example: &mmibx.Example{}, Pieces: []int32{101}, Picture: int32(i % benchmarkPictures)}
		for w := range n {
			s.Pieces = append(s.Pieces, int32(1000+(37*i+w)%29000))
			s.First = append(s.First, int32(w+1))
			s.Example.Tags = append(s.Example.Tags, []string{"O", "B-PER", "O", "B-LOC"}[w%4])
		}
		s.Pieces = append(s.Pieces, 102)
		samples[i] = s
	}
	return samples
}

func benchmarkTraining(m *system) *training {
	t := &training{system: m, total: 1 << 40}
	t.optim = torch.NewAdamW(m.params, m.groups(true)...)
	return t
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
