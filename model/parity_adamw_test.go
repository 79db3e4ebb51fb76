//go:build torch

package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/model/torch"
)

// TestAdamWParity holds the optimiser, its clipping and the schedule against
// torch.optim.AdamW under transformers' linear schedules, over 100 steps.
func TestAdamWParity(t *testing.T) {
	held(t, "adamw.py", []string{"torch", "safetensors", "transformers", "numpy"}, func(t *testing.T, dir string, tolerance float64) {
		f := openFixture(t, dir+"/adamw.safetensors", tolerance)
		for _, warmup := range []int64{0, 6, 20} {
			do(t, func() { f.holdAdamW(t, warmup) })
		}
		f.log(t)
	})
}

func (f *fixture) holdAdamW(t *testing.T, warmup int64) {
	const steps, limit = 100, 1
	numbers := func(name string, n int, scale float64) []float32 {
		var values []float32
		for _, u := range uniform(name, n) {
			values = append(values, float32((2*u-1)*scale))
		}
		return values
	}
	params := torch.NewParams()
	defer params.Free()
	shapes := map[string][]int64{"matrix": {6, 5}, "row": {7}, "sometimes": {3, 2}}
	for _, name := range []string{"matrix", "row", "sometimes"} {
		p := params.New(name, torch.Constant(0), shapes[name]...)
		p.Write(numbers("start "+name, p.Len(), 1))
	}
	optim := torch.NewAdamW(params,
		&torch.Group{Names: []string{"matrix"}, LR: 1e-3, Decay: 0.01},
		&torch.Group{Names: []string{"row"}, LR: 1e-2},
		&torch.Group{Names: []string{"sometimes"}, LR: 1e-2, Decay: 0.1})
	defer optim.Free()

	var factors []float64
	for step := range int64(steps) {
		s := torch.NewScope()
		loss := s.Float32s([]float32{0})
		for _, name := range params.Names() {
			if name == "sometimes" && step%3 == 0 {
				continue // no gradient at all: neither a step nor decay
			}
			p, _ := params.Tensor(name)
			scale := []float64{1, 1e-3, 0.1, 10, 1e-8}[step%5]
			g := s.Float32s(numbers(fmt.Sprintf("gradient %s %d", name, step), p.Len(), scale), p.Shape()...)
			loss = s.Add(loss, s.Sum(s.Mul(p, g)))
		}
		loss.Backward()
		optim.ClipGradNorm(limit)
		factors = append(factors, factor(step, warmup, steps))
		optim.Step(factors[step])
		s.Free()
		at := fmt.Sprintf("step.%d.%d.", warmup, step+1)
		for _, name := range params.Names() {
			if p, _ := params.Tensor(name); slices.Contains([]int64{1, 2, 10, 50, 100}, step+1) {
				f.compare(t, at+name, p.Doubles(), 0)
			}
		}
	}
	want := 0
	for _, name := range f.file.Names() {
		if strings.HasPrefix(name, "step.") {
			want++
		}
	}
	if want != 45 {
		t.Errorf("%d states in the fixture, want 45", want)
	}
	f.compareTo(t, fmt.Sprintf("factor.%d", warmup), factors, f.doubles(fmt.Sprintf("factor.%d", warmup)), 0, doubleTolerance)
}
