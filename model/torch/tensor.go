//go:build torch

package torch

// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Kind is a tensor's element type, by libtorch's numbers.
type Kind int32

// The kinds that the models use.
const (
	Int64    Kind = 4
	Float32  Kind = 6
	Float64  Kind = 7
	Bool     Kind = 11
	BFloat16 Kind = 15
)

// Tensor is a handle. It is freed with the Scope or the Params that made it and
// must not be used after.
type Tensor struct{ c libtch.Ctensor }

// None is the absent tensor, for an optional bias.
var None Tensor

// Shape returns the lengths of the tensor's dimensions.
func (t Tensor) Shape() []int64 {
	n := libtch.AtDim(t.c)
	if n == 0 {
		check("shape")
		return nil
	}
	shape := make([]int64, n)
	libtch.AtShape(t.c, unsafe.Pointer(&shape[0]))
	check("shape")
	return shape
}

// Dim returns the length of one dimension; negative ones count from the end.
func (t Tensor) Dim(i int) int64 {
	shape := t.Shape()
	if i < 0 {
		i += len(shape)
	}
	return shape[i]
}

// Len returns the number of elements.
func (t Tensor) Len() int {
	n := int64(1)
	for _, d := range t.Shape() {
		n *= d
	}
	return int(n)
}

// Kind returns the element type.
func (t Tensor) Kind() Kind { return Kind(libtch.AtScalarType(t.c)) }

// Number returns the value of a tensor with one element.
func (t Tensor) Number() float64 {
	var v C.double
	must("number", C.mx_number(&v, C.mx_tensor(t.c)))
	return float64(v)
}

// Floats copies the elements out, row-major, converting where needed.
func (t Tensor) Floats() []float32 {
	s := NewScope()
	defer s.Free()
	f := s.To(t, Float32)
	out := make([]float32, f.Len())
	readInto(f, unsafe.Pointer(unsafe.SliceData(out)), len(out)*4)
	return out
}

// Doubles copies the elements out in double precision.
func (t Tensor) Doubles() []float64 {
	s := NewScope()
	defer s.Free()
	f := s.To(t, Float64)
	out := make([]float64, f.Len())
	readInto(f, unsafe.Pointer(unsafe.SliceData(out)), len(out)*8)
	return out
}

func readInto(t Tensor, to unsafe.Pointer, bytes int) {
	if bytes > 0 {
		must("read", C.mx_read(C.mx_tensor(t.c), to, C.size_t(bytes)))
	}
}

// Backward computes the gradients of a scalar and frees its graph.
func (t Tensor) Backward() {
	libtch.AtBackward(t.c, 0, 0)
	check("backward")
}

// Scope owns the tensors of one step and frees them together.
type Scope struct{ owned []libtch.Ctensor }

// BackwardKeeping is Backward for one of several losses of one graph: it keeps
// the graph, which goes with its tensors.
func (t Tensor) BackwardKeeping() {
	libtch.AtBackward(t.c, 1, 0)
	check("backward")
}

// NewScope returns an empty scope; the caller frees it.
func NewScope() *Scope { return &Scope{} }

// Free frees every tensor that the scope made.
func (s *Scope) Free() {
	for _, c := range s.owned {
		libtch.AtFree(c)
	}
	live -= len(s.owned)
	s.owned = s.owned[:0]
}

// live counts tensors that a scope or parameters own; only the torch goroutine
// touches it.
var live int

// Live returns the number of tensors that somebody owns.
func Live() int { return live }

// own takes a new handle into the scope, after the check for an error.
func (s *Scope) own(op string, c libtch.Ctensor) Tensor {
	check(op)
	s.owned = append(s.owned, c)
	live++
	return Tensor{c}
}

// Float32s makes a tensor of the numbers, copied.
func (s *Scope) Float32s(data []float32, shape ...int64) Tensor {
	return s.fromData("float32s", unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Float32)
}

// Int64s makes a tensor of the numbers, copied.
func (s *Scope) Int64s(data []int64, shape ...int64) Tensor {
	return s.fromData("int64s", unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Int64)
}

// Bools makes a tensor of the truth values, copied.
func (s *Scope) Bools(data []bool, shape ...int64) Tensor {
	return s.fromData("bools", unsafe.Pointer(unsafe.SliceData(data)), len(data), shape, Bool)
}

func (s *Scope) fromData(op string, data unsafe.Pointer, n int, shape []int64, kind Kind) Tensor {
	want := int64(1)
	for _, d := range shape {
		want *= d
	}
	if int64(n) != want {
		panic(shapeError(op, "%d numbers do not fill the shape %v", n, shape))
	}
	var out C.mx_tensor
	must(op, C.mx_from_data(&out, data, (*C.int64_t)(unsafe.SliceData(shape)), C.int(len(shape)), C.int(kind)))
	return s.own(op, libtch.Ctensor(out))
}

// Grad returns the gradient of a parameter, and false where there is none.
func (s *Scope) Grad(t Tensor) (Tensor, bool) {
	var out C.mx_tensor
	must("grad", C.mx_grad(&out, C.mx_tensor(t.c)))
	if out == nil {
		return None, false
	}
	return s.own("grad", libtch.Ctensor(out)), true
}
