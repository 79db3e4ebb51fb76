package datasets

import "math"

// taps are the source positions that make one position of the result: those
// from first on, with weights in units of 1/weightOne that sum to 1.
type taps struct {
	first   int
	weights []int
}

// Pillow resamples pictures of 8 bits in fixed point.
const (
	weightBits = 22
	weightOne  = 1 << weightBits
)

// triangle computes the positions from..from+n-1 of a line of in pixels that is
// resampled to out, as Pillow's BILINEAR does: a triangle as wide as two pixels
// of the coarser grid, so that shrinking averages over all that it covers
// (torchvision says antialias).
//
// The products are converted so that no processor fuses them with the sums.
func triangle(in, out, from, n int) []taps {
	scale := float64(in) / float64(out)
	reach := max(scale, 1)
	all := make([]taps, n)
	for i := range all {
		centre := float64((float64(from+i) + 0.5) * scale)
		first := max(int(centre-reach+0.5), 0)
		last := min(int(centre+reach+0.5), in)
		w := make([]float64, last-first)
		sum := 0.0
		for k := range w {
			w[k] = max(1-math.Abs((float64(first+k)-centre+0.5)*(1/reach)), 0)
			sum += w[k]
		}
		all[i] = taps{first, make([]int, len(w))}
		for k := range w {
			all[i].weights[k] = int(w[k]/sum*weightOne + 0.5)
		}
	}
	return all
}

// resample makes a picture of len(xs) by len(ys) pixels: first along the lines,
// rounded to 8 bits, then across them, as Pillow does.
func (p rgb) resample(xs, ys []taps) rgb {
	top := ys[0].first
	bottom := ys[len(ys)-1].first + len(ys[len(ys)-1].weights)
	wide := newRGB(len(xs), bottom-top)
	for y := range wide.h {
		line := p.pix[3*(top+y)*p.w:]
		for x, t := range xs {
			weigh(wide.pix[3*(y*wide.w+x):], line[3*t.first:], 3, t.weights)
		}
	}
	out := newRGB(len(xs), len(ys))
	for y, t := range ys {
		for x := range out.w {
			weigh(out.pix[3*(y*out.w+x):], wide.pix[3*((t.first-top)*wide.w+x):], 3*wide.w, t.weights)
		}
	}
	return out
}

// weigh sets the three channels of a pixel to the weighted sums of pixels that
// stand step bytes apart.
func weigh(to, from []uint8, step int, weights []int) {
	r, g, b := weightOne/2, weightOne/2, weightOne/2
	for k, w := range weights {
		at := from[k*step : k*step+3]
		r += w * int(at[0])
		g += w * int(at[1])
		b += w * int(at[2])
	}
	to[0], to[1], to[2] = clamp8(r>>weightBits), clamp8(g>>weightBits), clamp8(b>>weightBits)
}

func clamp8(v int) uint8 { return uint8(min(max(v, 0), 255)) }
