package datasets

import (
	"image"
	"image/color"
)

// rgb is a picture of 8 bits per channel: w x h pixels of three bytes, in
// reading order.
type rgb struct {
	w, h int
	pix  []uint8
}

func newRGB(w, h int) rgb { return rgb{w, h, make([]uint8, 3*w*h)} }

// toRGB converts a decoded picture as Pillow's convert("RGB") does: alpha is
// dropped, not blended; a palette's colours are taken as they stand; of 16 bits
// per channel the upper eight count, but grey of 16 bits is cut off at 255.
func toRGB(img image.Image) rgb {
	bounds := img.Bounds()
	p := newRGB(bounds.Dx(), bounds.Dy())
	if ycc, ok := img.(*image.YCbCr); ok {
		p.fillYCbCr(ycc)
		return p
	}
	at := colours(img)
	for i, y := 0, bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			p.pix[i], p.pix[i+1], p.pix[i+2] = at(x, y)
			i += 3
		}
	}
	return p
}

// colours reads the pixels of a picture.
func colours(img image.Image) func(x, y int) (r, g, b uint8) {
	switch img := img.(type) {
	case *image.Gray:
		return func(x, y int) (r, g, b uint8) { v := img.GrayAt(x, y).Y; return v, v, v }
	case *image.Gray16:
		return func(x, y int) (r, g, b uint8) { v := uint8(min(img.Gray16At(x, y).Y, 255)); return v, v, v }
	case *image.RGBA: // opaque, from a decoder
		return func(x, y int) (r, g, b uint8) { c := img.RGBAAt(x, y); return c.R, c.G, c.B }
	case *image.RGBA64: // opaque, from a decoder
		return func(x, y int) (r, g, b uint8) {
			c := img.RGBA64At(x, y)
			return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
		}
	case *image.NRGBA64:
		return func(x, y int) (r, g, b uint8) {
			c := img.NRGBA64At(x, y)
			return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
		}
	case *image.CMYK:
		return func(x, y int) (r, g, b uint8) { return inks(img.CMYKAt(x, y)) }
	}
	return func(x, y int) (r, g, b uint8) {
		if c, ok := img.At(x, y).(color.NRGBA); ok { // an image.NRGBA, and a palette with transparency
			return c.R, c.G, c.B
		}
		c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
		return c.R, c.G, c.B
	}
}

// inks is what white paper shows under four inks.
func inks(c color.CMYK) (r, g, b uint8) {
	light := 255 - int(c.K)
	under := func(ink uint8) uint8 {
		v := int(ink)*light + 128 // v/255, rounded
		return uint8(light - (v>>8+v)>>8)
	}
	return under(c.C), under(c.M), under(c.Y)
}

// fillYCbCr converts a JPEG's luminance and colour, by JFIF's formula in 16 bits
// of fixed point. Colour of a coarser grid is interpolated first, as libjpeg
// does and Go's own conversion does not: at edges that is many levels.
func (p rgb) fillYCbCr(img *image.YCbCr) {
	const half = 1 << 15
	cb, cr := newChroma(img, img.Cb), newChroma(img, img.Cr)
	i := 0
	for y := range p.h {
		blues, reds := cb.line(y), cr.line(y)
		luma := img.Y[img.YOffset(img.Rect.Min.X, img.Rect.Min.Y+y):]
		for x := range p.w {
			v, blue, red := int(luma[x]), blues[x]-128, reds[x]-128
			p.pix[i] = clamp8(v + (91881*red+half)>>16)
			p.pix[i+1] = clamp8(v + (-22554*blue-46802*red+half)>>16)
			p.pix[i+2] = clamp8(v + (116130*blue+half)>>16)
			i += 3
		}
	}
}

// chroma is a plane of colour on a grid that may be coarser than the picture's.
type chroma struct {
	samples      []uint8
	w, h, stride int   // of the plane
	across, down int   // pixels of the picture per sample
	sums         []int // a line of the plane; weighted, where it lies between two
	fine         []int // the line of the picture
}

func newChroma(img *image.YCbCr, samples []uint8) *chroma {
	c := &chroma{samples: samples, stride: img.CStride, across: 1, down: 1}
	switch img.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		c.across = 2
	case image.YCbCrSubsampleRatio420:
		c.across, c.down = 2, 2
	case image.YCbCrSubsampleRatio440:
		c.down = 2
	case image.YCbCrSubsampleRatio411:
		c.across = 4
	case image.YCbCrSubsampleRatio410:
		c.across, c.down = 4, 2
	}
	c.w, c.h = (img.Rect.Dx()+c.across-1)/c.across, (img.Rect.Dy()+c.down-1)/c.down
	c.sums, c.fine = make([]int, c.w), make([]int, c.w*c.across)
	return c
}

// line interpolates line y of the picture: 3/4 of the nearer and 1/4 of the
// farther sample, in both directions where both are halved; sums that end in a
// half are rounded down and up in turn. libjpeg repeats samples instead on grids
// of a quarter and in pictures that are at most 4 pixels wide. The next call
// overwrites the line.
func (c *chroma) line(y int) []int {
	near := c.samples[y/c.down*c.stride:]
	repeat := c.across == 4 || c.across == 2 && c.w <= 2
	if c.down == 1 || repeat {
		for i := range c.sums {
			c.sums[i] = int(near[i])
		}
	} else {
		far := c.samples[min(max(y/2+y%2*2-1, 0), c.h-1)*c.stride:]
		for i := range c.sums {
			c.sums[i] = 3*int(near[i]) + int(far[i])
		}
	}
	switch {
	case repeat:
		for x := range c.fine {
			c.fine[x] = c.sums[x/c.across]
		}
	case c.across == 2 && c.down == 2:
		c.interpolate(4, 8, 7)
	case c.across == 2:
		c.interpolate(2, 1, 2)
	case c.down == 2:
		for x, sum := range c.sums {
			c.fine[x] = (sum + 1 + y%2) >> 2
		}
	default:
		return c.sums
	}
	return c.fine
}

// interpolate makes two pixels of each sample of the line, with what is added
// to the left and to the right one before shift bits are cut off.
func (c *chroma) interpolate(shift, left, right int) {
	for i, sum := range c.sums {
		c.fine[2*i] = (3*sum + c.sums[max(i-1, 0)] + left) >> shift
		c.fine[2*i+1] = (3*sum + c.sums[min(i+1, c.w-1)] + right) >> shift
	}
}
