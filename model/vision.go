//go:build torch

package model

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// PictureRows is how many vectors stand for a picture: the whole of it and its
// four quarters.
const PictureRows = 5

// pictureSide is the height and the width of what an encoder reads, in pixels.
const pictureSide = 224

// pictureBatch is how many pictures are encoded at once. Statistics are frozen,
// so a picture's vectors do not depend on the others.
const pictureBatch = 8

// PretrainedVision is a picture encoder with weights. Name is one of
// mmibx.PictureEncoders; Tensor returns a parameter by its published name.
type PretrainedVision struct {
	Name   string
	Tensor func(name string) (shape []int64, values []float32, err error)
}

// visionNet is a picture encoder up to its last map of features.
type visionNet interface {
	// features turns pictures, standardised as torchvision does for ImageNet,
	// into a map [B, C, h, w].
	features(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor
}

// visionBuilders makes each picture encoder; mmibx.PictureEncoders names them.
var visionBuilders = map[string]func(*frozen) visionNet{
	"efficientnet-lite0": newEfficientNetLite0,
	"resnet50":           newResNet50,
}

// Pictures turns n pictures into evidence with a frozen encoder, in evaluation
// mode: images returns picture i as datasets.Pixels does, [3, 224, 224].
//
// Row 0 is the whole picture: the mean of the last map of features, which is
// what a classifier of ImageNet would see. Published systems add the vectors of
// object crops. In their place rows 1 to 4 hold the means over the quarters of
// the same map (top left, top right, bottom left, bottom right), so that
// attention over rows can tell places apart; of 7 x 7 cells each covers 4 x 4,
// and neighbours share the middle. No row is ever masked.
//
// Progress, which may be nil, is told how many pictures are done. The pictures of
// the next batch are read while one is encoded; images is called from one
// goroutine, in order.
func Pictures(ctx context.Context, encoder *PretrainedVision, images func(i int) ([]float32, error), n int, progress func(done int)) (mmibx.EvidenceTable, error) {
	build, ok := visionBuilders[encoder.Name]
	if !ok {
		return mmibx.EvidenceTable{}, fmt.Errorf("%w: no picture encoder named %q", mmibx.ErrBadSpec, encoder.Name)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the reader
	batches := readPictures(ctx, images, n)
	table := mmibx.EvidenceTable{Rows: PictureRows, Masked: make([]bool, n*PictureRows)}
	var failure error
	err := torch.Do(func() {
		weights := &frozen{from: encoder}
		defer weights.scope.Free()
		net := build(weights)
		if failure = weights.err; failure == nil {
			table.Values, failure = encodeBatches(ctx, net, batches, progress)
		}
	})
	if err = errors.Join(failure, err); err != nil {
		return mmibx.EvidenceTable{}, err
	}
	if n > 0 {
		table.Width = len(table.Values) / len(table.Masked)
	}
	return table, nil
}

// pixelBatch is n pictures on their way to the encoder, or why there are no more.
type pixelBatch struct {
	pixels []float32 // [n, 3, 224, 224]
	n      int
	err    error
}

// readPictures reads batches ahead of the encoder. The channel is closed after
// the last one, after an error, or when ctx is cancelled.
func readPictures(ctx context.Context, images func(i int) ([]float32, error), n int) <-chan pixelBatch {
	batches := make(chan pixelBatch, 1)
	go func() {
		defer close(batches)
		for first := 0; first < n; first += pictureBatch {
			b := readBatch(ctx, images, first, min(pictureBatch, n-first))
			select {
			case batches <- b:
			case <-ctx.Done():
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return batches
}

func readBatch(ctx context.Context, images func(i int) ([]float32, error), first, n int) pixelBatch {
	const values = 3 * pictureSide * pictureSide
	b := pixelBatch{n: n, pixels: make([]float32, 0, n*values)}
	for i := first; i < first+n && ctx.Err() == nil; i++ {
		pixels, err := images(i)
		if err == nil && len(pixels) != values {
			err = fmt.Errorf("picture %d has %d numbers, not 3 x %d x %d", i, len(pixels), pictureSide, pictureSide)
		}
		if err != nil {
			return pixelBatch{err: err}
		}
		b.pixels = append(b.pixels, pixels...)
	}
	return b
}

// encodeBatches returns the rows of all pictures.
func encodeBatches(ctx context.Context, net visionNet, batches <-chan pixelBatch, progress func(done int)) ([]float32, error) {
	var rows []float32
	done := 0
	for b := range batches {
		if b.err != nil {
			return nil, b.err
		}
		if ctx.Err() != nil {
			break
		}
		torch.WithGrad(false, func() { rows = append(rows, encodePictures(net, b.pixels, b.n)...) })
		done += b.n
		if progress != nil {
			progress(done)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", mmibx.ErrInterrupted, err)
	}
	return rows, nil
}

// encodePictures returns the rows of n pictures, [n, PictureRows, C].
func encodePictures(net visionNet, pixels []float32, n int) []float32 {
	s := torch.NewScope()
	defer s.Free()
	xBCHW := s.Float32s(pixels, int64(n), 3, pictureSide, pictureSide)
	return pictureRows(s, net.features(s, xBCHW)).Floats()
}

// pictureRows are the means of a map [B, C, h, w] over the whole and over its
// quarters, [B, PictureRows, C].
func pictureRows(s *torch.Scope, mapBCHW torch.Tensor) torch.Tensor {
	b, c := mapBCHW.Dim(0), mapBCHW.Dim(1)
	wholeB1C := s.Reshape(s.Mean(mapBCHW, 2, 3), b, 1, c)
	quartersB4C := s.Transpose(s.Reshape(s.AdaptiveAvgPool2d(mapBCHW, 2), b, c, PictureRows-1), 1, 2)
	return s.Cat(1, wholeB1C, quartersB4C)
}

// frozen reads the weights of an encoder that is not trained. The first error
// stays; tensors asked for after it are None.
type frozen struct {
	from  *PretrainedVision
	scope torch.Scope
	err   error
}

func (f *frozen) tensor(name string, shape ...int64) torch.Tensor {
	if f.err != nil {
		return torch.None
	}
	got, values, err := f.from.Tensor(name)
	if err == nil && !slices.Equal(got, shape) {
		err = &mmibx.InputError{Key: name, Found: fmt.Sprintf("shape %v", got), Expected: fmt.Sprint(shape)}
	}
	if err != nil {
		f.err = fmt.Errorf("weights of %s: %w", f.from.Name, err)
		return torch.None
	}
	return f.scope.Float32s(values, shape...)
}

// batchNorm holds the scale of a channel and the statistics of its training.
type batchNorm struct {
	weight, bias, mean, variance torch.Tensor
	eps                          float64
}

func (f *frozen) batchNorm(name string, channels int64, eps float64) batchNorm {
	return batchNorm{
		f.tensor(name+".weight", channels), f.tensor(name+".bias", channels),
		f.tensor(name+".running_mean", channels), f.tensor(name+".running_var", channels), eps,
	}
}

func (n batchNorm) of(s *torch.Scope, xBCHW torch.Tensor) torch.Tensor {
	return s.BatchNorm(xBCHW, n.weight, n.bias, n.mean, n.variance, n.eps)
}
