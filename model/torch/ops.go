//go:build torch

package torch

// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Each operation makes a tensor in its scope and has the semantics of the
// PyTorch function of the same name. Dimensions may be negative.

// noKind leaves the element type of a reduction to libtorch.
const noKind = -1

// Add returns a + b, with broadcasting.
func (s *Scope) Add(a, b Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgAdd(&out, a.c, b.c)
	return s.own("add", out)
}

// Sub returns a - b, with broadcasting.
func (s *Scope) Sub(a, b Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgSub(&out, a.c, b.c)
	return s.own("sub", out)
}

// Mul returns the elementwise product, with broadcasting.
func (s *Scope) Mul(a, b Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgMul(&out, a.c, b.c)
	return s.own("mul", out)
}

// Div returns the elementwise quotient, with broadcasting.
func (s *Scope) Div(a, b Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgDiv(&out, a.c, b.c)
	return s.own("div", out)
}

// Scale returns a times a number.
func (s *Scope) Scale(a Tensor, by float64) Tensor {
	if widens(a) {
		return s.Mul(a, s.Full(by, a.Kind()))
	}
	number := libtch.AtsFloat(by)
	defer libtch.AtsFree(number)
	var out libtch.Ctensor
	libtch.AtgMulScalar(&out, a.c, number)
	return s.own("mul scalar", out)
}

// AddScalar returns a plus a number.
func (s *Scope) AddScalar(a Tensor, number float64) Tensor {
	if widens(a) {
		return s.Add(a, s.Full(number, a.Kind()))
	}
	n := libtch.AtsFloat(number)
	defer libtch.AtsFree(n)
	var out libtch.Ctensor
	libtch.AtgAddScalar(&out, a.c, n)
	return s.own("add scalar", out)
}

// widens says that a number would turn the tensor into float64: lazy ones without a
// dimension take it for a tensor of that kind.
func widens(a Tensor) bool { return inUse.device == "lazy" && libtch.AtDim(a.c) == 0 }

// Exp returns e to the a.
func (s *Scope) Exp(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgExp(&out, a.c)
	return s.own("exp", out)
}

// Square returns a squared.
func (s *Scope) Square(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgSquare(&out, a.c)
	return s.own("square", out)
}

// Gelu is the exact Gaussian error unit, as in BERT.
func (s *Scope) Gelu(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgGelu(&out, a.c, "none")
	return s.own("gelu", out)
}

// LeakyRelu returns a where it is positive and a / 100 elsewhere.
func (s *Scope) LeakyRelu(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgLeakyRelu(&out, a.c)
	return s.own("leaky relu", out)
}

// MatMul is the batched matrix product.
func (s *Scope) MatMul(a, b Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgMatmul(&out, a.c, b.c)
	return s.own("matmul", out)
}

// Linear returns x w^T + bias; w is [out, in] and bias may be None.
func (s *Scope) Linear(x, w, bias Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgLinear(&out, x.c, w.c, bias.c)
	return s.own("linear", out)
}

// Bilinear returns a w b + bias with w [out, inA, inB].
func (s *Scope) Bilinear(a, b, w, bias Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgBilinear(&out, a.c, b.c, w.c, bias.c)
	return s.own("bilinear", out)
}

// LayerNorm normalises the last dimension.
func (s *Scope) LayerNorm(x, weight, bias Tensor, eps float64) Tensor {
	shape := []int64{weight.Dim(0)}
	var out libtch.Ctensor
	libtch.AtgLayerNorm(&out, x.c, shape, 1, weight.c, bias.c, eps, 0)
	return s.own("layer norm", out)
}

// Dropout zeroes a share p of x while training and scales the rest.
func (s *Scope) Dropout(x Tensor, p float64, training bool) Tensor {
	if !training || p == 0 {
		return x
	}
	var out libtch.Ctensor
	libtch.AtgDropout(&out, x.c, p, 1)
	return s.own("dropout", out)
}

// Softmax normalises over a dimension.
func (s *Scope) Softmax(a Tensor, dim int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgSoftmax(&out, a.c, dim, int32(a.Kind()))
	return s.own("softmax", out)
}

// LogSumExp reduces a dimension.
func (s *Scope) LogSumExp(a Tensor, dim int64) Tensor {
	dims := []int64{dim}
	var out libtch.Ctensor
	libtch.AtgLogsumexp(&out, a.c, dims, 1, 0)
	return s.own("logsumexp", out)
}

// Sum reduces the given dimensions, or all of them when none is given.
func (s *Scope) Sum(a Tensor, dims ...int64) Tensor {
	over := allOr(a, dims)
	if len(over) == 0 {
		return a
	}
	var out libtch.Ctensor
	libtch.AtgSumDimIntlist(&out, a.c, over, len(over), 0, noKind)
	return s.own("sum", out)
}

// Mean reduces the given dimensions, or all of them when none is given.
func (s *Scope) Mean(a Tensor, dims ...int64) Tensor {
	over := allOr(a, dims)
	if len(over) == 0 {
		return a
	}
	var out libtch.Ctensor
	libtch.AtgMeanDim(&out, a.c, over, len(over), 0, noKind)
	return s.own("mean", out)
}

// allOr returns dims, or every dimension of a when there are none.
func allOr(a Tensor, dims []int64) []int64 {
	if len(dims) > 0 {
		return dims
	}
	all := make([]int64, libtch.AtDim(a.c))
	for i := range all {
		all[i] = int64(i)
	}
	return all
}

// MaskedMean is the mean of a over the positions where the mask, a tensor of
// truth values of the same shape, is true.
func (s *Scope) MaskedMean(a, mask Tensor) Tensor {
	weight := s.To(mask, a.Kind())
	return s.Div(s.Sum(s.Mul(a, weight)), s.Sum(weight))
}

// MaskedFill replaces the elements where mask is true; the mask broadcasts.
func (s *Scope) MaskedFill(a, mask Tensor, value float64) Tensor {
	v := libtch.AtsFloat(value)
	defer libtch.AtsFree(v)
	var out libtch.Ctensor
	libtch.AtgMaskedFill(&out, a.c, mask.c, v)
	return s.own("masked fill", out)
}

// Where picks from a where the condition is true, else from b.
func (s *Scope) Where(condition, a, b Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgWhereSelf(&out, condition.c, a.c, b.c)
	return s.own("where", out)
}

// Not negates truth values.
func (s *Scope) Not(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgLogicalNot(&out, a.c)
	return s.own("logical not", out)
}

// Reshape gives the elements another shape; one length may be -1.
func (s *Scope) Reshape(a Tensor, shape ...int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgReshape(&out, a.c, shape, len(shape))
	return s.own("reshape", out)
}

// Transpose exchanges two dimensions.
func (s *Scope) Transpose(a Tensor, i, j int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgTranspose(&out, a.c, i, j)
	return s.own("transpose", out)
}

// Unsqueeze adds a dimension of length one.
func (s *Scope) Unsqueeze(a Tensor, dim int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgUnsqueeze(&out, a.c, dim)
	return s.own("unsqueeze", out)
}

// Expand repeats dimensions of length one without copying; -1 keeps a length.
func (s *Scope) Expand(a Tensor, shape ...int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgExpand(&out, a.c, shape, len(shape), 0)
	return s.own("expand", out)
}

// Select takes one index of a dimension, which disappears.
func (s *Scope) Select(a Tensor, dim, index int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgSelect(&out, a.c, dim, index)
	return s.own("select", out)
}

// Narrow takes length indices of a dimension from start on.
func (s *Scope) Narrow(a Tensor, dim, start, length int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgNarrow(&out, a.c, dim, start, length)
	return s.own("narrow", out)
}

// Roll shifts a dimension cyclically.
func (s *Scope) Roll(a Tensor, shift, dim int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgRoll(&out, a.c, []int64{shift}, 1, []int64{dim}, 1)
	return s.own("roll", out)
}

// Cat joins tensors along a dimension.
func (s *Scope) Cat(dim int64, tensors ...Tensor) Tensor {
	cs := make([]libtch.Ctensor, len(tensors))
	for i, t := range tensors {
		cs[i] = t.c
	}
	var out libtch.Ctensor
	libtch.AtgCat(&out, cs, len(cs), dim)
	return s.own("cat", out)
}

// Gather picks elements along a dimension; index has the result's shape.
func (s *Scope) Gather(a Tensor, dim int64, index Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgGather(&out, a.c, dim, index.c, 0)
	return s.own("gather", out)
}

// IndexSelect picks whole slices of a dimension; index is one-dimensional.
func (s *Scope) IndexSelect(a Tensor, dim int64, index Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgIndexSelect(&out, a.c, dim, index.c)
	return s.own("index select", out)
}

// Embedding looks rows of a table up. The row padding gets no gradient, as in
// PyTorch's Embedding with a padding_idx; -1 is none of them.
func (s *Scope) Embedding(table, ids Tensor, padding int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgEmbedding(&out, table.c, ids.c, padding, 0, 0)
	return s.own("embedding", out)
}

// Normalize divides by the L2 norm of the last dimension.
func (s *Scope) Normalize(a Tensor) Tensor {
	two := libtch.AtsFloat(2)
	defer libtch.AtsFree(two)
	var norm libtch.Ctensor
	libtch.AtgNormScalaroptDim(&norm, a.c, two, []int64{-1}, 1, 1)
	n := s.own("norm", norm)
	least := libtch.AtsFloat(1e-12)
	defer libtch.AtsFree(least)
	var clamped libtch.Ctensor
	libtch.AtgClampMin(&clamped, n.c, least)
	return s.Div(a, s.own("clamp", clamped))
}

// Reductions of a loss, by libtorch's numbers.
const (
	reduceNone = 0
	reduceMean = 1
)

// CrossEntropy of logits [N, C] against class ids [N], averaged.
func (s *Scope) CrossEntropy(logits, classes Tensor) Tensor {
	return s.crossEntropy(logits, classes, reduceMean)
}

// CrossEntropyEach is the cross-entropy of each row, [N].
func (s *Scope) CrossEntropyEach(logits, classes Tensor) Tensor {
	return s.crossEntropy(logits, classes, reduceNone)
}

func (s *Scope) crossEntropy(logits, classes Tensor, reduction int64) Tensor {
	var out libtch.Ctensor
	libtch.AtgCrossEntropyLoss(&out, logits.c, classes.c, nil, reduction, -100, 0)
	return s.own("cross entropy", out)
}

// Sigmoid returns 1 / (1 + e to the -a).
func (s *Scope) Sigmoid(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgSigmoid(&out, a.c)
	return s.own("sigmoid", out)
}

// Tanh returns the hyperbolic tangent.
func (s *Scope) Tanh(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgTanh(&out, a.c)
	return s.own("tanh", out)
}

// BinaryCrossEntropy of probabilities against the target 1 or 0, averaged; a
// logarithm is at least -100, as in PyTorch. It is in the probabilities' own
// precision: CUDA's autocast refuses it.
func (s *Scope) BinaryCrossEntropy(probabilities Tensor, target float64) Tensor {
	t := s.Full(target, probabilities.Kind(), probabilities.Shape()...)
	var out libtch.Ctensor
	InFloat32(func() { libtch.AtgBinaryCrossEntropy(&out, probabilities.c, t.c, nil, reduceMean) })
	return s.own("binary cross entropy", out)
}

// Full makes a tensor of one value.
func (s *Scope) Full(value float64, kind Kind, shape ...int64) Tensor {
	var out C.mx_tensor
	must("full", C.mx_full(&out, C.double(value), (*C.int64_t)(unsafe.SliceData(shape)), C.int(len(shape)), C.int(kind)))
	return s.own("full", libtch.Ctensor(out))
}

// RandnLike draws from the standard normal distribution, in a's shape, where a lies.
func (s *Scope) RandnLike(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgRandnLike(&out, a.c)
	return s.own("randn", out)
}

// To converts the element type; the same tensor where it has it already.
func (s *Scope) To(a Tensor, kind Kind) Tensor {
	var out libtch.Ctensor
	libtch.AtgToDtype(&out, a.c, int32(kind), 0, 0)
	return s.own("to", out)
}

// AtLeastFloat32 widens the elements of lower precision; others stay as they are.
func (s *Scope) AtLeastFloat32(a Tensor) Tensor {
	if k := a.Kind(); k == Float32 || k == Float64 {
		return a
	}
	return s.To(a, Float32)
}

// Detach cuts a tensor off its graph.
func (s *Scope) Detach(a Tensor) Tensor {
	var out libtch.Ctensor
	libtch.AtgDetach(&out, a.c)
	return s.own("detach", out)
}
