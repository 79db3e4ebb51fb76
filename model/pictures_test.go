//go:build torch

package model

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// seen makes a benchmark whose relation only the pictures tell: the colour that
// is bright.
func seen(n int) Data {
	const side = 16
	data := invented(mmibx.MRE, n)
	r := rand.New(rand.NewPCG(3, 4))
	pictures := len(relations) * 2
	table := &mmibx.EvidenceTable{Rows: 1, Width: 3 * side * side, Masked: make([]bool, pictures)}
	for picture := range pictures {
		for c := range 3 {
			for range side * side {
				bright := 0.0
				if c == picture%len(relations) {
					bright = 2
				}
				table.Values = append(table.Values, float32(bright+0.3*r.NormFloat64()))
			}
		}
	}
	data.Evidence = table
	for _, samples := range data.Samples {
		for i := range samples {
			picture := r.IntN(pictures)
			samples[i].Picture = int32(picture)
			samples[i].Example.Relation = relations[picture%len(relations)]
		}
	}
	return data
}

func smallSpec(t *testing.T, settings ...any) mmibx.Spec {
	return defaultSpec(t, "mini-mnre", append([]any{"evidence.kind", "pixels", "evidence.encoder", mmibx.SmallPictureEncoder}, settings...)...)
}

// What only the pictures show is learnt, on examples that were not trained on,
// and not without the pictures.
func TestSmallPictureEncoderLearns(t *testing.T) {
	for _, name := range []string{"concat", "mmib"} {
		for _, pictures := range []string{"own", "blank"} {
			spec := smallSpec(t, "model", name, "train.epochs", 8, "train.batch", 8, "evidence.pictures", pictures)
			data := seen(64)
			if pictures == "blank" {
				for _, samples := range data.Samples {
					for i := range samples {
						samples[i].Picture = -1
					}
				}
			}
			r, err := Train(context.Background(), spec, data, Options{Sink: &memory{}, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			if own := pictures == "own"; own && r.BestScore < 95 || !own && r.BestScore > 75 {
				t.Errorf("%s with %s pictures reached F1 %.1f", name, pictures, r.BestScore)
			}
		}
	}
}

// The map is that of a convolution written out as loops; a blank picture is one
// row of zeros, and no other row of it is attended to.
func TestSmallPictureEncoder(t *testing.T) {
	data := seen(4)
	do(t, func() {
		m, err := newSystem(smallSpec(t), data)
		if err != nil {
			t.Error(err)
			return
		}
		defer m.params.Free()
		s := torch.NewScope()
		defer s.Free()
		samples := pick(data.Samples[mmibx.Dev], []int{0, 1})
		blank := *samples[1]
		blank.Picture = -1
		b := m.batcher.make([]*mmibx.Sample{samples[0], &blank})
		in := b.tensors(s)
		pixels := in.evidenceBME.Floats()[:data.Evidence.Width]
		m.small.see(s, in, b.pictureB)

		if got, want := in.realBM.Shape(), []int64{2, PictureRows}; !slices.Equal(got, want) {
			t.Errorf("mask of the shape %v, want %v", got, want)
		}
		real := s.To(in.realBM, torch.Float32).Floats()
		if want := []float32{1, 1, 1, 1, 1, 1, 0, 0, 0, 0}; !slices.Equal(real, want) {
			t.Errorf("mask %v, want %v", real, want)
		}
		rows := in.evidenceBME.Floats()
		width := int(m.small.width())
		if blank := rows[PictureRows*width:]; slices.ContainsFunc(blank, func(v float32) bool { return v != 0 }) {
			t.Error("a blank picture is not zeros")
		}
		whole := meansByHand(m.small, pixels)
		for c := range whole {
			if d := math.Abs(whole[c] - float64(rows[c])); d > 1e-5 {
				t.Fatalf("channel %d of the whole picture is %g, by hand %g", c, rows[c], whole[c])
			}
		}
	})
}

// meansByHand are the channels' means after all convolutions.
func meansByHand(v *smallVision, pixels []float32) []float64 {
	x := make([]float64, len(pixels))
	for i, p := range pixels {
		x[i] = float64(p)
	}
	side := int(v.side)
	for layer, w := range v.convs {
		in, out, half := int(smallChannels[layer]), int(smallChannels[layer+1]), (side+1)/2
		kernel := w.Floats()
		y := make([]float64, out*half*half)
		for o := range out {
			for row := range half {
				for col := range half {
					sum := 0.0
					for c := range in {
						for k := range 9 {
							i, j := 2*row+k/3-1, 2*col+k%3-1
							if i >= 0 && j >= 0 && i < side && j < side {
								sum += float64(kernel[(o*in+c)*9+k]) * x[(c*side+i)*side+j]
							}
						}
					}
					y[(o*half+row)*half+col] = max(0, sum)
				}
			}
		}
		x, side = y, half
	}
	means := make([]float64, len(x)/(side*side))
	for i, v := range x {
		means[i/(side*side)] += v / float64(side*side)
	}
	return means
}

func TestSmallPictureEncoderRefusesRows(t *testing.T) {
	do(t, func() {
		m, err := newSystem(smallSpec(t), invented(mmibx.MRE, 2))
		if err == nil {
			m.params.Free()
		}
		if !errors.Is(err, mmibx.ErrBadSpec) {
			t.Errorf("vectors in the place of pixels: %v", err)
		}
	})
}
