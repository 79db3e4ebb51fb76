package widget

import (
	"fmt"
	"image"
)

// Picture is an image as a canvas can show it: two pixels to a cell.
type Picture struct {
	W, H   int
	Pixels []uint32 // 0xRRGGBB, in reading order
}

// NewPicture makes one of at most side x side pixels, each the mean of those that
// it stands for.
func NewPicture(img image.Image, side int) Picture {
	b := img.Bounds()
	w, h := fit(b.Dx(), b.Dy(), side, side)
	p := Picture{W: w, H: h, Pixels: make([]uint32, w*h)}
	for y := range h {
		for x := range w {
			from := image.Pt(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h)
			to := image.Pt(b.Min.X+(x+1)*b.Dx()/w, b.Min.Y+(y+1)*b.Dy()/h)
			p.Pixels[y*w+x] = mean(img, from, to)
		}
	}
	return p
}

// mean is the mean colour of a part of an image, of its first pixel at least.
func mean(img image.Image, from, to image.Point) uint32 {
	var r, g, b, n uint64
	for y := from.Y; y < max(to.Y, from.Y+1); y++ {
		for x := from.X; x < max(to.X, from.X+1); x++ {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			r, g, b, n = r+uint64(cr), g+uint64(cg), b+uint64(cb), n+1
		}
	}
	return uint32(r/n>>8)<<16 | uint32(g/n>>8)<<8 | uint32(b/n>>8)
}

// fit is the largest size of the shape of w x h within the bounds; one that is
// smaller is not made larger.
func fit(w, h, boundW, boundH int) (int, int) {
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	if w > boundW {
		w, h = boundW, max(1, h*boundW/w)
	}
	if h > boundH {
		w, h = max(1, w*boundH/h), boundH
	}
	return w, h
}

// picture marks a colour as one of a picture.
const picture = 1 << 31

// Painter shows pictures by the means of a terminal.
type Painter interface {
	// Paint paints a picture in the upper left of a canvas, as large as fits.
	Paint(c Canvas, p Picture)
}

// Draw paints the picture by the painter of the canvas.
func (p Picture) Draw(c Canvas) {
	if p.W > 0 && c.W() > 0 && c.H() > 0 {
		c.grid.painter.Paint(c, p)
	}
}

// Painted is the canvas with another painter.
func (c Canvas) Painted(by Painter) Canvas {
	c.grid.painter = by
	return c
}

// size is how large a picture is on a canvas, in half cells.
func (p Picture) size(c Canvas) (w, h int) {
	w, h = p.W, p.H
	for w < c.W() && h < 2*c.H() { // a small one is shown larger
		w, h = 2*w, 2*h
	}
	return fit(w, h, c.W(), 2*c.H())
}

// HalfBlocks shows two pixels in a cell, which every terminal can.
type HalfBlocks struct{}

// Paint implements Painter.
func (HalfBlocks) Paint(c Canvas, p Picture) {
	w, h := p.size(c)
	at := func(x, y int) uint32 { return picture | p.Pixels[min(y, h-1)*p.H/h*p.W+x*p.W/w] }
	for y := 0; y < (h+1)/2; y++ {
		for x := range w {
			c.pixel(x, y, at(x, 2*y), at(x, 2*y+1))
		}
	}
}

func (c Canvas) pixel(x, y int, above, below uint32) {
	c.set(x, y, "▀", Plain)
	x, y = x+c.r.X, y+c.r.Y
	if c.clip.has(x, y) {
		at := &c.grid.cells[y*c.grid.w+x]
		at.above, at.below = above, below
	}
}

// pixels is a cell of a picture: two halves in their colours, or where there is no
// colour a shade.
func (t *Theme) pixels(above, below uint32) string {
	if t.colourless {
		shades := []rune(" ░▒▓█")
		light := (brightness(above) + brightness(below)) / 2
		return t.sequence(Plain, false) + string(shades[light*len(shades)/256])
	}
	return fmt.Sprintf("\x1b[0;38;2;%d;%d;%d;48;2;%d;%d;%dm▀", above>>16&255, above>>8&255, above&255, below>>16&255, below>>8&255, below&255)
}

// brightness is that of a colour as eyes see it, 0 to 255.
func brightness(c uint32) int {
	return int((299*(c>>16&255) + 587*(c>>8&255) + 114*(c&255)) / 1000)
}
