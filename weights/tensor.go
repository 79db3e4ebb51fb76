package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/mmibx/mmibx"
)

// DType is the type of a tensor's elements, by safetensors' name.
type DType string

// The types of elements that are read and written.
const (
	BOOL DType = "BOOL"
	U8   DType = "U8"
	I8   DType = "I8"
	I16  DType = "I16"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I32  DType = "I32"
	F32  DType = "F32"
	F64  DType = "F64"
	I64  DType = "I64"
)

// dtypes is in the order in which the format's own library lays tensors out,
// the last first.
var dtypes = []struct {
	dtype DType
	size  int
}{{BOOL, 1}, {U8, 1}, {I8, 1}, {I16, 2}, {F16, 2}, {BF16, 2}, {I32, 4}, {F32, 4}, {F64, 8}, {I64, 8}}

// Size is the bytes of an element, 0 for a type that is not known.
func (d DType) Size() int {
	_, size := d.rank()
	return size
}

func (d DType) rank() (rank, size int) {
	for i, known := range dtypes {
		if known.dtype == d {
			return i, known.size
		}
	}
	return -1, 0
}

func dtypeNames() string {
	names := make([]string, len(dtypes))
	for i, known := range dtypes {
		names[i] = string(known.dtype)
	}
	return strings.Join(names, ", ")
}

// Tensor is a rectangle of numbers in memory, row-major and little-endian.
type Tensor struct {
	DType DType
	Shape []int64
	Bytes []byte
}

// Named is a tensor with its name.
type Named struct {
	Name string
	Tensor
}

// FromFloats makes an F32 tensor of values, which it copies.
func FromFloats(shape []int64, values []float32) Tensor {
	t := Tensor{DType: F32, Shape: shape, Bytes: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.Bytes = binary.LittleEndian.AppendUint32(t.Bytes, math.Float32bits(v))
	}
	return t
}

// FromInts makes an I64 tensor of values, which it copies.
func FromInts(shape []int64, values []int64) Tensor {
	t := Tensor{DType: I64, Shape: shape, Bytes: make([]byte, 0, 8*len(values))}
	for _, v := range values {
		t.Bytes = binary.LittleEndian.AppendUint64(t.Bytes, uint64(v))
	}
	return t
}

// FromBools makes a BOOL tensor of values, which it copies.
func FromBools(shape []int64, values []bool) Tensor {
	t := Tensor{DType: BOOL, Shape: shape, Bytes: make([]byte, len(values))}
	for i, v := range values {
		if v {
			t.Bytes[i] = 1
		}
	}
	return t
}

// Floats returns the numbers of a floating tensor; F64 is rounded.
func (t Tensor) Floats() ([]float32, error) {
	le := binary.LittleEndian
	switch t.DType {
	case F32:
		return decode(t.Bytes, 4, func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) }), nil
	case BF16:
		return decode(t.Bytes, 2, func(b []byte) float32 { return math.Float32frombits(uint32(le.Uint16(b)) << 16) }), nil
	case F16:
		return decode(t.Bytes, 2, func(b []byte) float32 { return half(le.Uint16(b)) }), nil
	case F64:
		return decode(t.Bytes, 8, func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) }), nil
	}
	return nil, &mmibx.InputError{Found: fmt.Sprintf("a tensor of %s", t.DType), Expected: "floating-point numbers"}
}

// Ints returns the numbers of an integer tensor; a BOOL is 0 or 1.
func (t Tensor) Ints() ([]int64, error) {
	le := binary.LittleEndian
	switch t.DType {
	case I64:
		return decode(t.Bytes, 8, func(b []byte) int64 { return int64(le.Uint64(b)) }), nil
	case I32:
		return decode(t.Bytes, 4, func(b []byte) int64 { return int64(int32(le.Uint32(b))) }), nil
	case I16:
		return decode(t.Bytes, 2, func(b []byte) int64 { return int64(int16(le.Uint16(b))) }), nil
	case I8:
		return decode(t.Bytes, 1, func(b []byte) int64 { return int64(int8(b[0])) }), nil
	case U8:
		return decode(t.Bytes, 1, func(b []byte) int64 { return int64(b[0]) }), nil
	case BOOL:
		return decode(t.Bytes, 1, func(b []byte) int64 { return min(int64(b[0]), 1) }), nil
	}
	return nil, &mmibx.InputError{Found: fmt.Sprintf("a tensor of %s", t.DType), Expected: "whole numbers"}
}

func decode[T any](b []byte, size int, one func([]byte) T) []T {
	values := make([]T, len(b)/size)
	for i := range values {
		values[i] = one(b[i*size : (i+1)*size])
	}
	return values
}

// half widens an IEEE 754 binary16.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0: // zero and subnormal: fraction x 2^-24
		v := float32(fraction) * 0x1p-24
		return math.Float32frombits(sign | math.Float32bits(v))
	case 0x1f: // infinity and NaN
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
