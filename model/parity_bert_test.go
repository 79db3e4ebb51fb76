//go:build torch

package model

import (
	"math"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// TestBertParity holds the encoder with MiniLM's real weights against
// transformers: the state after each number of layers, a loss, and the gradient
// of every parameter.
func TestBertParity(t *testing.T) {
	dir := needs.Weights(t, "minilm", weights.Find)
	held(t, "bert.py", []string{"torch", "safetensors", "transformers", "numpy"}, func(t *testing.T, from string, tolerance float64) {
		folder, err := weights.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		f := openFixture(t, from+"/bert.safetensors", tolerance)
		do(t, func() { f.holdBert(t, folder) })
		f.log(t)
	}, dir)
}

func (f *fixture) holdBert(t *testing.T, folder *weights.Folder) {
	config := BertConfigOf(folder.Config)
	params := torch.NewParams()
	defer params.Free()
	e := newBert(params, config)
	if err := loadEncoder(params, &Pretrained{Config: config, Tensor: folder.Tensor}); err != nil {
		t.Fatal(err)
	}
	s := torch.NewScope()
	defer s.Free()
	p := &pass{Scope: s}
	shape := f.tensor("ids").Shape
	real := f.bools("real")
	in := &tensors{idsBL: s.Int64s(f.ints("ids"), shape...), realBL: s.Bools(real, shape...), kindsBL: s.Int64s(f.ints("kinds"), shape...)}

	layers := e.layers
	for k := range layers {
		e.layers = layers[:k]
		f.compare(t, "layer."+string(rune('0'+k)), described(e.encode(p, in, nil), real), 0)
	}
	e.layers = layers
	hBLD := e.encode(p, in, nil)
	f.compare(t, "layer."+string(rune('0'+len(layers))), described(hBLD, real), 0)
	var rows []int64
	for i, is := range real {
		if is {
			rows = append(rows, int64(i))
		}
	}
	hidden := s.IndexSelect(s.Reshape(hBLD, shape[0]*shape[1], config.Width), 0, s.Int64s(rows, int64(len(rows))))
	f.compare(t, "hidden", hidden.Doubles(), 0)

	wave := make([]float32, config.Width)
	for i := range wave {
		wave[i] = float32(math.Sin(float64(i)))
	}
	loss := s.MaskedMean(s.Sum(s.Mul(hBLD, s.Float32s(wave, config.Width)), -1), in.realBL)
	f.compare(t, "loss", loss.Doubles(), 0)
	loss.Backward()
	f.compareBertGradients(t, s, params)
}

// compareBertGradients holds what bert.py keeps of each gradient.
func (f *fixture) compareBertGradients(t *testing.T, s *torch.Scope, params *torch.Params) {
	largest := 0.0
	for _, name := range f.file.Names() {
		if strings.HasPrefix(name, "grad.") {
			largest = max(largest, f.doubles(name)[1])
		}
	}
	for _, name := range params.Names() {
		p, _ := params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			t.Errorf("%s has no gradient", name)
			continue
		}
		bare := strings.TrimPrefix(name, "bert.")
		values := g.Doubles()
		if shiftsAllScores("text", name) {
			if size := relativeError(values, make([]float64, len(values)), largest); size > 1e-6 {
				t.Errorf("the gradient of %s is %.2g of the largest, its true value 0", name, size)
			}
			continue
		}
		norm, size, sum := 0.0, 0.0, 0.0
		for i, v := range values {
			norm, size, sum = norm+v*v, max(size, math.Abs(v)), sum+v*math.Cos(float64(i))
		}
		norm = math.Sqrt(norm)
		want := f.doubles("grad." + bare)
		f.compareTo(t, "grad."+bare+" length and sum", []float64{norm, sum}, []float64{want[0], want[2]}, 1e-4*largest, f.tolerance)
		got := []float64{size}
		for _, at := range f.ints("at." + bare) {
			got = append(got, values[at])
		}
		f.compareTo(t, "grad."+bare, got, append(want[1:2:2], want[3:]...), 1e-4*largest, f.tolerance)
	}
}

// described is what bert.py keeps of a state: of each real piece 16 numbers, the
// length, and the sum weighted by cosines.
func described(hBLD torch.Tensor, real []bool) []float64 {
	width := int(hBLD.Dim(2))
	values := hBLD.Doubles()
	var out []float64
	for i, is := range real {
		if !is {
			continue
		}
		row := values[i*width : (i+1)*width]
		norm, sum := 0.0, 0.0
		for k, v := range row {
			norm, sum = norm+v*v, sum+v*math.Cos(float64(k))
		}
		out = append(append(out, row[:16]...), math.Sqrt(norm), sum)
	}
	return out
}
