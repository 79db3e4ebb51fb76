//go:build torch

package torch

// #include "shim.h"
import "C"

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Params owns the trainable tensors of a model by name, in float32, and lives as
// long as the model.
type Params struct {
	named map[string]Tensor
	scope Scope
}

// NewParams returns an empty set; the caller frees it.
func NewParams() *Params { return &Params{named: map[string]Tensor{}} }

// Free frees every parameter.
func (p *Params) Free() { p.scope.Free() }

// Start makes the starting values of a parameter on the processor, whatever the
// device: a model starts with the same numbers everywhere.
type Start func(s *Scope, shape []int64) Tensor

// onProcessor is gotch's number for it.
const onProcessor = -1

// Normal draws from a normal distribution around 0, as BERT starts.
func Normal(deviation float64) Start {
	return func(s *Scope, shape []int64) Tensor {
		var out libtch.Ctensor
		libtch.AtgRandn(&out, shape, len(shape), int32(Float32), onProcessor)
		return s.Scale(s.own("randn", out), deviation)
	}
}

// Uniform draws from [-bound, bound].
func Uniform(bound float64) Start {
	return func(s *Scope, shape []int64) Tensor {
		t := filled(s, 0, shape)
		var out libtch.Ctensor
		libtch.AtgUniform_(&out, t.c, -bound, bound)
		return s.own("uniform", out)
	}
}

// FanIn draws as PyTorch's Linear does: uniform within 1 / sqrt(in).
func FanIn(in int64) Start { return Uniform(1 / math.Sqrt(float64(in))) }

// Constant starts at one value.
func Constant(v float64) Start {
	return func(s *Scope, shape []int64) Tensor { return filled(s, v, shape) }
}

func filled(s *Scope, v float64, shape []int64) Tensor {
	number := libtch.AtsFloat(v)
	defer libtch.AtsFree(number)
	var out libtch.Ctensor
	libtch.AtgFull(&out, shape, len(shape), number, int32(Float32), onProcessor)
	return s.own("full", out)
}

// New makes a parameter. The order of calls decides the random numbers that each
// one gets, so it is part of a model's definition.
func (p *Params) New(name string, start Start, shape ...int64) Tensor {
	if _, ok := p.named[name]; ok {
		panic("torch: two parameters named " + name)
	}
	temporary := NewScope()
	defer temporary.Free()
	var t Tensor
	WithGrad(false, func() {
		values := start(temporary, shape)
		t = p.scope.Float32s(values.Floats(), shape...)
	})
	var same libtch.Ctensor
	libtch.AtgSetRequiresGrad(&same, t.c, 1)
	p.scope.own("requires grad", same)
	p.named[name] = t
	return t
}

// Names lists the parameters, sorted.
func (p *Params) Names() []string { return slices.Sorted(maps.Keys(p.named)) }

// Tensor returns a parameter by name.
func (p *Params) Tensor(name string) (Tensor, bool) {
	t, ok := p.named[name]
	return t, ok
}

// Count returns the number of trainable numbers.
func (p *Params) Count() int {
	n := 0
	for _, t := range p.named {
		n += t.Len()
	}
	return n
}

// Load overwrites a parameter, checking the shape.
func (p *Params) Load(name string, shape []int64, values []float32) error {
	t, ok := p.named[name]
	if !ok {
		return fmt.Errorf("the model has no parameter %q", name)
	}
	if want := t.Shape(); !slices.Equal(want, shape) {
		return fmt.Errorf("parameter %q has the shape %v, not %v", name, want, shape)
	}
	t.Write(values)
	return nil
}

// Write overwrites the tensor's numbers in place.
func (t Tensor) Write(values []float32) {
	must("write", C.mx_write(C.mx_tensor(t.c), unsafe.Pointer(unsafe.SliceData(values)), C.size_t(len(values)*4)))
}
