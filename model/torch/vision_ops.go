//go:build torch

package torch

import (
	"slices"

	"github.com/sugarme/gotch/libtch"
)

// What picture encoders need besides ops.go. Pictures are [B, channels, H, W].

// Conv2d convolves x with w [out, in/groups, k, k], with the same stride and the
// same padding by zeros on each side; bias may be None.
func (s *Scope) Conv2d(x, w, bias Tensor, stride, padding, groups int64) Tensor {
	two := func(n int64) []int64 { return []int64{n, n} }
	var out libtch.Ctensor
	libtch.AtgConv2d(&out, x.c, w.c, bias.c, two(stride), 2, two(padding), 2, two(1), 2, groups)
	return s.own("conv2d", out)
}

// BatchNorm normalises each channel by the given mean and variance: what batch
// normalisation computes at evaluation.
func (s *Scope) BatchNorm(x, weight, bias, mean, variance Tensor, eps float64) Tensor {
	var out libtch.Ctensor
	libtch.AtgBatchNorm(&out, x.c, weight.c, bias.c, mean.c, variance.c, 0, 0, eps, 0)
	return s.own("batch norm", out)
}

// MaxPool2d takes the largest of each square of side k.
func (s *Scope) MaxPool2d(x Tensor, k, stride, padding int64) Tensor {
	two := func(n int64) []int64 { return []int64{n, n} }
	var out libtch.Ctensor
	libtch.AtgMaxPool2d(&out, x.c, two(k), 2, two(stride), 2, two(padding), 2, two(1), 2, 0)
	return s.own("max pool", out)
}

// AdaptiveAvgPool2d averages x down to side x side. Row i of n covers the rows
// from floor(i n/side) to ceil((i+1) n/side), so neighbours may share one. On a GPU it
// has a gradient only where side divides n, by the plain form: CUDA's of the general
// one is not deterministic. The two may round otherwise, and the processor does without.
func (s *Scope) AdaptiveAvgPool2d(x Tensor, side int64) Tensor {
	var out libtch.Ctensor
	if h, w := x.Dim(2), x.Dim(3); inUse.device != "cpu" && h%side == 0 && w%side == 0 {
		cell := []int64{h / side, w / side}
		libtch.AtgAvgPool2d(&out, x.c, cell, 2, cell, 2, []int64{0, 0}, 2, 0, 1, 0, 1)
		return s.own("average pool", out)
	}
	libtch.AtgAdaptiveAvgPool2d(&out, x.c, []int64{side, side}, 2)
	return s.own("adaptive average pool", out)
}

// Pad2d surrounds x by zeros.
func (s *Scope) Pad2d(x Tensor, left, right, top, bottom int64) Tensor {
	sides := []int64{left, right, top, bottom}
	var out libtch.Ctensor
	libtch.AtgConstantPadNd(&out, x.c, sides, len(sides))
	return s.own("pad", out)
}

// Relu returns max(a, 0).
func (s *Scope) Relu(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgRelu(&out, a.c)
	return s.own("relu", out)
}

// Relu6 returns min(max(a, 0), 6).
func (s *Scope) Relu6(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgRelu6(&out, a.c)
	return s.own("relu6", out)
}

// Within runs fn in a scope of its own and keeps its result only: a deep network
// without gradients needs the memory of one block, not of all.
func (s *Scope) Within(fn func(inner *Scope) Tensor) Tensor {
	inner := NewScope()
	defer inner.Free()
	out := fn(inner)
	if i := slices.Index(inner.owned, out.c); i >= 0 {
		inner.owned = slices.Delete(inner.owned, i, i+1)
		s.owned = append(s.owned, out.c)
	}
	return out
}
