//go:build torch

package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Group is a set of parameters that share a rate and a decay.
type Group struct {
	Names  []string
	LR     float64 // peak rate; Step multiplies it by the schedule's factor
	Decay  float64 // decoupled weight decay
	params []Tensor
	m, v   []Tensor // first and second moments
	steps  []Tensor // one count per parameter, float32 as libtorch wants it
}

// AdamW is libtorch's fused AdamW with beta 0.9 and 0.999 and eps 1e-8.
type AdamW struct {
	Groups []*Group
	all    []Tensor
	scope  Scope
}

// NewAdamW makes the state for the groups' parameters; the caller frees it.
func NewAdamW(p *Params, groups ...*Group) *AdamW {
	o := &AdamW{Groups: groups}
	whole := false
	defer func() {
		if !whole { // its moments are twice the parameters: memory may run out here
			o.Free()
		}
	}()
	for _, g := range groups {
		for _, name := range g.Names {
			t, ok := p.Tensor(name)
			if !ok {
				panic("torch: no parameter " + name)
			}
			shape := t.Shape()
			g.params = append(g.params, t)
			g.m = append(g.m, o.scope.Full(0, Float32, shape...))
			g.v = append(g.v, o.scope.Full(0, Float32, shape...))
			g.steps = append(g.steps, o.scope.Float32s([]float32{0}))
			o.all = append(o.all, t)
		}
	}
	whole = true
	return o
}

// Free frees the optimiser's state.
func (o *AdamW) Free() { o.scope.Free() }

// ClipGradNorm scales all gradients so that their common L2 norm is at most max
// (0: no limit) and returns the norm before.
func (o *AdamW) ClipGradNorm(limit float64) float64 {
	params, n := handles(o.all)
	var norm C.double
	must("clip gradients", C.mx_clip_grad_norm(&norm, params, n, C.double(limit)))
	return float64(norm)
}

// Step applies the gradients at factor times each group's rate and drops them.
func (o *AdamW) Step(factor float64) {
	for _, g := range o.Groups {
		params, n := handles(g.params)
		m, _ := handles(g.m)
		v, _ := handles(g.v)
		steps, _ := handles(g.steps)
		must("adamw", C.mx_adamw(params, m, v, steps, n, C.double(g.LR*factor), 0.9, 0.999, C.double(g.Decay), 1e-8))
	}
	o.DropGrads()
}

// DropGrads makes every gradient undefined.
func (o *AdamW) DropGrads() {
	params, n := handles(o.all)
	must("drop gradients", C.mx_drop_grads(params, n))
}

// State is the optimiser's memory of one parameter.
type State struct {
	M, V []float32
	Step float32
}

// State copies out what the optimiser remembers, by parameter name.
func (o *AdamW) State() map[string]State {
	state := map[string]State{}
	for _, g := range o.Groups {
		for i, name := range g.Names {
			state[name] = State{M: g.m[i].Floats(), V: g.v[i].Floats(), Step: float32(g.steps[i].Number())}
		}
	}
	return state
}

// SetState restores what State returned.
func (o *AdamW) SetState(state map[string]State) error {
	for _, g := range o.Groups {
		for i, name := range g.Names {
			s, ok := state[name]
			if !ok || len(s.M) != g.m[i].Len() || len(s.V) != g.v[i].Len() {
				return fmt.Errorf("the optimiser's state for %q is missing or of another size", name)
			}
			g.m[i].Write(s.M)
			g.v[i].Write(s.V)
			step := []float32{s.Step}
			must("write", C.mx_write(C.mx_tensor(g.steps[i].c), unsafe.Pointer(&step[0]), 4))
		}
	}
	return nil
}
