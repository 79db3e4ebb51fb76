//go:build torch

package model

import (
	"fmt"
	"math"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// smallVision is the picture encoder that is trained with the network: four 3 x 3
// convolutions of stride 2, each with a ReLU. They have no bias, so a blank
// picture, which is zeros, stays zeros.
type smallVision struct {
	side  int64 // of a picture, in pixels
	convs []torch.Tensor
}

// smallChannels are those of the picture and of each convolution.
var smallChannels = []int64{3, 32, 64, 128, 128}

// newSmallVision makes the encoder for evidence of one row a picture: its pixels,
// [3, side, side].
func newSmallVision(p *torch.Params, data *mmibx.EvidenceTable) (*smallVision, error) {
	side := int64(math.Round(math.Sqrt(float64(data.Width) / 3)))
	if data.Rows != 1 || 3*side*side != int64(data.Width) {
		return nil, fmt.Errorf("%w: the small picture encoder reads square pictures of three colours, not %d rows of %d numbers", mmibx.ErrBadSpec, data.Rows, data.Width)
	}
	v := &smallVision{side: side}
	for i, out := range smallChannels[1:] {
		in := smallChannels[i]
		he := torch.Normal(math.Sqrt(2 / float64(9*in))) // He et al. 2015: keeps the variance under ReLU
		v.convs = append(v.convs, p.New(fmt.Sprintf("pictures.conv%d.weight", i+1), he, out, in, 3, 3))
	}
	return v, nil
}

// width is that of a row of evidence as networks see it.
func (v *smallVision) width() int64 { return smallChannels[len(smallChannels)-1] }

func (v *smallVision) features(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	for _, w := range v.convs {
		xBCHW = s.Relu(s.Conv2d(xBCHW, w, torch.None, 2, 1, 1))
	}
	return xBCHW
}

// see puts the encoder's rows in the place of the pixels: the whole picture and
// its quarters, as frozen encoders give them. Of a blank picture only the first
// row may be attended to.
func (v *smallVision) see(s *torch.Scope, in *tensors, pictures []int32) {
	n := int64(len(pictures))
	in.evidenceBME = pictureRows(s, v.features(s, s.Reshape(in.evidenceBME, n, 3, v.side, v.side)))
	real := make([]bool, n*PictureRows)
	for i, picture := range pictures {
		for row := range PictureRows {
			real[i*PictureRows+row] = row == 0 || picture >= 0
		}
	}
	in.realBM = s.Bools(real, n, PictureRows)
}
