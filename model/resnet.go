//go:build torch

package model

import (
	"fmt"

	"github.com/mmibx/mmibx/model/torch"
)

// resNet is ResNet-50 (He et al. 2016) as torchvision has it, the stride in a
// block's middle convolution, by torchvision's names. It is the picture encoder
// of MMIB.
type resNet struct {
	stem     torch.Tensor
	stemNorm batchNorm
	blocks   []residual
}

const resNetEps = 1e-5

// residual is a bottleneck block; shortcut is None where x itself is added.
type residual struct {
	stride              int64
	conv1, conv2, conv3 torch.Tensor
	norm1, norm2, norm3 batchNorm
	shortcut            torch.Tensor
	shortcutNorm        batchNorm
}

func newResNet50(f *frozen) visionNet {
	r := &resNet{stem: f.tensor("conv1.weight", 64, 3, 7, 7), stemNorm: f.batchNorm("bn1", 64, resNetEps)}
	in := int64(64)
	for i, repeats := range []int{3, 4, 6, 3} {
		width := int64(64) << i
		for j := range repeats {
			stride := int64(1)
			if i > 0 && j == 0 {
				stride = 2
			}
			r.blocks = append(r.blocks, f.residual(fmt.Sprintf("layer%d.%d.", i+1, j), in, width, stride))
			in = 4 * width
		}
	}
	return r
}

func (f *frozen) residual(name string, in, width, stride int64) residual {
	out := 4 * width
	b := residual{
		stride: stride,
		conv1:  f.tensor(name+"conv1.weight", width, in, 1, 1), norm1: f.batchNorm(name+"bn1", width, resNetEps),
		conv2: f.tensor(name+"conv2.weight", width, width, 3, 3), norm2: f.batchNorm(name+"bn2", width, resNetEps),
		conv3: f.tensor(name+"conv3.weight", out, width, 1, 1), norm3: f.batchNorm(name+"bn3", out, resNetEps),
	}
	if in != out {
		b.shortcut = f.tensor(name+"downsample.0.weight", out, in, 1, 1)
		b.shortcutNorm = f.batchNorm(name+"downsample.1", out, resNetEps)
	}
	return b
}

func (r *resNet) features(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	x := s.Within(func(s *torch.Scope) torch.Tensor {
		x := s.Conv2d(xBCHW, r.stem, torch.None, 2, 3, 1)
		return s.MaxPool2d(s.Relu(r.stemNorm.of(s, x)), 3, 2, 1)
	})
	for _, block := range r.blocks {
		x = s.Within(func(s *torch.Scope) torch.Tensor { return block.of(s, x) })
	}
	return x
}

func (b *residual) of(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	x := s.Relu(b.norm1.of(s, s.Conv2d(xBCHW, b.conv1, torch.None, 1, 0, 1)))
	x = s.Relu(b.norm2.of(s, s.Conv2d(x, b.conv2, torch.None, b.stride, 1, 1)))
	x = b.norm3.of(s, s.Conv2d(x, b.conv3, torch.None, 1, 0, 1))
	if b.shortcut != torch.None {
		xBCHW = b.shortcutNorm.of(s, s.Conv2d(xBCHW, b.shortcut, torch.None, b.stride, 0, 1))
	}
	return s.Relu(s.Add(x, xBCHW))
}
