package datasets

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math"
	"testing"

	"github.com/mmibx/mmibx"
)

// read finds out from the pixels alone what a picture shows: the topic from its
// frame, which no shape touches, the label from the pixels that differ from it.
func (m *miniature) read(img *image.RGBA) scene {
	frame, shape := [3]float64{}, [3]float64{}
	framed, shaped := 0.0, 0.0
	each := func(f func(x, y int, colour [3]float64)) {
		for y := range pictureSize {
			for x := range pictureSize {
				c := img.RGBAAt(x, y)
				f(x, y, [3]float64{float64(c.R), float64(c.G), float64(c.B)})
			}
		}
	}
	add := func(sum *[3]float64, n *float64, colour [3]float64) {
		for c := range sum {
			sum[c] += colour[c]
		}
		*n++
	}
	each(func(x, y int, colour [3]float64) {
		if min(x, y) < 2 || max(x, y) >= pictureSize-2 {
			add(&frame, &framed, colour)
		}
	})
	for c := range frame {
		frame[c] /= framed
	}
	each(func(_, _ int, colour [3]float64) {
		far := 0.0
		for c := range colour {
			far = max(far, math.Abs(colour[c]-frame[c]))
		}
		if far > pixelNoise+4 {
			add(&shape, &shaped, colour)
		}
	})
	for c := range shape {
		shape[c] /= shaped
	}
	var colours [][3]int
	for label := range m.labels {
		colours = append(colours, glyphs[(label+m.glyph)%len(glyphs)].colour)
	}
	first := 0
	if m.task == mmibx.MRE {
		first = 1 // no shape stands for None
	}
	return scene{label: first + nearest(shape, colours[first:]), topic: nearest(frame, backgrounds[:])}
}

func nearest(colour [3]float64, list [][3]int) int {
	best, distance := 0, math.Inf(1)
	for i, candidate := range list {
		d := 0.0
		for c := range colour {
			d += (colour[c] - float64(candidate[c])) * (colour[c] - float64(candidate[c]))
		}
		if d < distance {
			best, distance = i, d
		}
	}
	return best
}

// The ceilings take it that a picture can be read without fault.
func TestPicturesCanBeRead(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		for _, split := range mmibx.Splits {
			for i, e := range set.Examples[split] {
				img, err := MiniPicture(m.name, e.Image)
				if err != nil {
					t.Fatal(err)
				}
				want, _ := m.tweet(split, i)
				if got := m.read(img.(*image.RGBA)); got != want.shows {
					t.Errorf("%s: read %v, shows %v", e.Image, got, want.shows)
				}
			}
		}
	})
}

func TestMiniPictureIsTheSameThroughPNG(t *testing.T) {
	img, err := MiniPicture("mini-mnre", "dev_7.png")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	back, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := MiniPicture("mini-mnre", "dev_7.png")
	if err != nil {
		t.Fatal(err)
	}
	want := img.(*image.RGBA).Pix
	if !bytes.Equal(toRGBA(back).Pix, want) || !bytes.Equal(again.(*image.RGBA).Pix, want) {
		t.Error("a picture differs from itself, rendered again or read from PNG")
	}
}

func TestUnknownPictures(t *testing.T) {
	for _, id := range []string{"", "train_1500.png", "train_-1.png", "train_01.png", "train_1", "fresh_0.png", "train_1.png.png"} {
		if _, err := MiniPicture("mini-twitter2015", id); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("MiniPicture(%q): %v, want ErrNotFound", id, err)
		}
	}
}
