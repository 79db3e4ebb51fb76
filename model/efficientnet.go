//go:build torch

package model

import (
	"fmt"

	"github.com/mmibx/mmibx/model/torch"
)

// efficientNet is EfficientNet-Lite0 (Tan and Le 2019, and Google's Lite variant
// of 2020: ReLU6, no squeeze and excitation), as it was trained in TensorFlow:
// that padding, that epsilon, pixels as (v - 127) / 128. Parameters have the
// names of the PyTorch ports that begin with an underscore.
type efficientNet struct {
	scale, shift torch.Tensor // from ImageNet's standardisation to the network's own
	stem         squareConv
	stemNorm     batchNorm
	blocks       []invertedResidual
	head         squareConv
	headNorm     batchNorm
}

const efficientNetEps = 1e-3

// liteStages are the blocks of EfficientNet-Lite0; the first of a stage has the
// stride.
var liteStages = []struct{ repeats, kernel, stride, expansion, channels int64 }{
	{1, 3, 1, 1, 16},
	{2, 3, 2, 6, 24},
	{2, 5, 2, 6, 40},
	{3, 3, 2, 6, 80},
	{3, 5, 1, 6, 112},
	{4, 5, 2, 6, 192},
	{1, 3, 1, 6, 320},
}

func newEfficientNetLite0(f *frozen) visionNet {
	const stem, head = 32, 1280
	e := &efficientNet{stem: f.squareConv("_conv_stem", 3, stem, 3, 2, 1), stemNorm: f.batchNorm("_bn0", stem, efficientNetEps)}
	e.scale, e.shift = f.liteStandard()
	in := int64(stem)
	for _, stage := range liteStages {
		for i := range stage.repeats {
			stride := stage.stride
			if i > 0 {
				stride = 1
			}
			name := fmt.Sprintf("_blocks.%d.", len(e.blocks))
			e.blocks = append(e.blocks, f.invertedResidual(name, in, stage.channels, stage.expansion, stage.kernel, stride))
			in = stage.channels
		}
	}
	e.head, e.headNorm = f.squareConv("_conv_head", in, head, 1, 1, 1), f.batchNorm("_bn1", head, efficientNetEps)
	return e
}

// liteStandard returns the scale and the shift that turn (v/255 - mean)/deviation
// into (v - 127)/128, by channel.
func (f *frozen) liteStandard() (scale, shift torch.Tensor) {
	mean, deviation := [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
	var by, plus [3]float32
	for c := range 3 {
		by[c] = deviation[c] * 255 / 128
		plus[c] = (mean[c]*255 - 127) / 128
	}
	return f.scope.Float32s(by[:], 1, 3, 1, 1), f.scope.Float32s(plus[:], 1, 3, 1, 1)
}

func (e *efficientNet) features(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	x := s.Within(func(s *torch.Scope) torch.Tensor {
		x := s.Add(s.Mul(xBCHW, e.scale), e.shift)
		return s.Relu6(e.stemNorm.of(s, e.stem.of(s, x)))
	})
	for _, block := range e.blocks {
		x = s.Within(func(s *torch.Scope) torch.Tensor { return block.of(s, x) })
	}
	return s.Within(func(s *torch.Scope) torch.Tensor { return s.Relu6(e.headNorm.of(s, e.head.of(s, x))) })
}

// invertedResidual widens, convolves each channel for itself, and narrows again.
type invertedResidual struct {
	expands, skips               bool
	expand, depthwise, project   squareConv
	expandNorm, depthNorm, pNorm batchNorm
}

func (f *frozen) invertedResidual(name string, in, out, expansion, kernel, stride int64) invertedResidual {
	wide := in * expansion
	b := invertedResidual{expands: expansion > 1, skips: stride == 1 && in == out}
	if b.expands {
		b.expand, b.expandNorm = f.squareConv(name+"_expand_conv", in, wide, 1, 1, 1), f.batchNorm(name+"_bn0", wide, efficientNetEps)
	}
	b.depthwise, b.depthNorm = f.squareConv(name+"_depthwise_conv", wide, wide, kernel, stride, wide), f.batchNorm(name+"_bn1", wide, efficientNetEps)
	b.project, b.pNorm = f.squareConv(name+"_project_conv", wide, out, 1, 1, 1), f.batchNorm(name+"_bn2", out, efficientNetEps)
	return b
}

func (b *invertedResidual) of(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	x := xBCHW
	if b.expands {
		x = s.Relu6(b.expandNorm.of(s, b.expand.of(s, x)))
	}
	x = s.Relu6(b.depthNorm.of(s, b.depthwise.of(s, x)))
	x = b.pNorm.of(s, b.project.of(s, x))
	if b.skips {
		x = s.Add(x, xBCHW)
	}
	return x
}

// squareConv is a convolution without bias that pads as TensorFlow's "same": the
// odd zero stands on the right and below.
type squareConv struct {
	w                      torch.Tensor
	kernel, stride, groups int64
}

func (f *frozen) squareConv(name string, in, out, kernel, stride, groups int64) squareConv {
	return squareConv{f.tensor(name+".weight", out, in/groups, kernel, kernel), kernel, stride, groups}
}

func (c squareConv) of(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	if c.stride == 1 {
		return s.Conv2d(xBCHW, c.w, torch.None, 1, c.kernel/2, c.groups)
	}
	top, bottom := samePadding(xBCHW.Dim(2), c.kernel, c.stride)
	left, right := samePadding(xBCHW.Dim(3), c.kernel, c.stride)
	return s.Conv2d(s.Pad2d(xBCHW, left, right, top, bottom), c.w, torch.None, c.stride, 0, c.groups)
}

// samePadding makes n positions give ceil(n / stride).
func samePadding(n, kernel, stride int64) (before, after int64) {
	all := max(0, ((n+stride-1)/stride-1)*stride+kernel-n)
	return all / 2, all - all/2
}
