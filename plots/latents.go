package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx"
)

// Codes are what a run kept of its latents: rows of text and picture, in the same
// order, before the first step and at the chosen checkpoint.
type Codes struct{ Start, Best Pairs }

// Pairs are vectors of texts and of the pictures beside them.
type Pairs struct{ Text, Image [][]float64 }

// Latents shows texts and pictures before and after training, each moment on the two
// joint principal components of both: a row per benchmark.
type Latents struct {
	Meta
	Rows  []LatentRow
	Pairs int // that the components are of
	Shown int // pairs of each cloud that are drawn
}

// LatentRow is one run.
type LatentRow struct {
	Title  string
	Clouds [2]Cloud // before, after
}

// Cloud is one moment.
type Cloud struct {
	Text, Image [][2]float64
	Share       [2]float64 // of the variance, by component
	Gap         float64    // distance of the centroids of the normalised vectors
}

// maxPairs is how many pairs a panel shows, and how many of them a file holds.
const maxPairs = 64

// LatentsFigure draws the codes that runs kept, of one run per benchmark: of MMIB in
// its usual setting where there is one, of the lowest seed.
func LatentsFigure(all []Run, o Options) (*Latents, error) {
	runs, about := entering("latents", all, o)
	f := &Latents{Meta: about}
	var named []string
	for _, b := range benchmarks(runs) {
		run, codes, err := latentRun(runs, b.Name, o)
		if err != nil {
			return nil, fmt.Errorf("figure latents: %w", err)
		}
		if run == nil {
			continue
		}
		row := LatentRow{Title: b.Title}
		for i, pairs := range []Pairs{codes.Start, codes.Best} {
			if row.Clouds[i], err = cloudOf(pairs); err != nil {
				return nil, fmt.Errorf("figure latents: run %s: %w", run.ID, err)
			}
			f.Pairs = max(f.Pairs, len(pairs.Text))
		}
		f.Rows = append(f.Rows, row)
		f.ran(run)
		named = append(named, fmt.Sprintf("%s, seed %d, on %s", o.Title(run.Spec), run.Spec.Seed, b.Title))
	}
	if len(f.Rows) == 0 {
		return nil, fmt.Errorf("figure latents: %w: no run that is done kept codes; those of networks with a bottleneck do, since mmibx keeps them", mmibx.ErrNotFound)
	}
	f.Shown = min(f.Pairs, maxPairs)
	f.Note = strings.TrimSpace("Shown: " + strings.Join(named, "; ") + ". " + f.Note)
	return f, nil
}

// latentRun is the run of a benchmark that is shown: the first that kept codes.
func latentRun(runs []Run, benchmark string, o Options) (*Run, *Codes, error) {
	rank := func(r *Run) int {
		m, _ := mmibx.LookupModel(r.Spec.Model.Name)
		n := 0
		if m.Name == "mmib" {
			n -= 2
		}
		if o.Title(r.Spec) == m.Title {
			n--
		}
		return n
	}
	var done []*Run
	for i := range runs {
		if r := &runs[i]; r.State == mmibx.Done && r.Spec.Benchmark == benchmark {
			done = append(done, r)
		}
	}
	slices.SortStableFunc(done, func(a, b *Run) int { // runs come by seed
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Spec.Seed, b.Spec.Seed))
	})
	for _, r := range done {
		if codes, err := o.Codes(r.ID); err != nil || codes != nil {
			return r, codes, err
		}
	}
	return nil, nil, nil
}

// cloudOf normalises the vectors, as alignment compares them, and projects both kinds
// together.
func cloudOf(p Pairs) (Cloud, error) {
	var c Cloud
	n := len(p.Text)
	if n < 2 || len(p.Image) != n {
		return c, fmt.Errorf("codes of %d texts and %d pictures", n, len(p.Image))
	}
	points := slices.Concat(p.Text, p.Image)
	difference := make([]float64, len(points[0]))
	for i, v := range points {
		unit := make([]float64, len(v))
		norm, sign := 0.0, 1.0
		for _, x := range v {
			norm += x * x
		}
		norm = max(math.Sqrt(norm), 1e-12)
		if i >= n {
			sign = -1
		}
		for d, x := range v {
			unit[d] = x / norm
			difference[d] += sign * unit[d] / float64(n)
		}
		points[i] = unit
	}
	at, share, err := principal(points)
	if err != nil {
		return c, err
	}
	for _, d := range difference {
		c.Gap += d * d
	}
	c.Text, c.Image, c.Share, c.Gap = at[:n], at[n:], share, math.Sqrt(c.Gap)
	return c, nil
}

// Caption implements Drawing.
func (f *Latents) Caption() string {
	text := fmt.Sprintf("Codes of dev before the first step and at the chosen checkpoint, normalised, on the first two principal components of texts and pictures together, of %d pairs", f.Pairs)
	if f.Shown < f.Pairs {
		text += fmt.Sprintf(", of which the first %d are drawn", f.Shown)
	}
	text += ". A line joins a text with its picture; each panel has components of its own, with their shares of the variance, and the panels of a benchmark one scale. The gap is the distance of the two centroids in the whole space."
	if f.Note != "" {
		text += " " + strings.TrimSuffix(f.Note, ".") + "."
	}
	return text
}

var (
	textColor  = okabeIto[0]
	imageColor = okabeIto[1]
	pairGrey   = color.NRGBA{R: 0x99, G: 0x99, B: 0x99, A: 0x66}
)

// Render implements Drawing.
func (f *Latents) Render(w io.Writer, format Format, width Width) error {
	return f.render(w, format, width, f.Caption(), func(width vg.Length) (sheet, error) {
		if len(f.Rows) == 0 {
			return sheet{}, fmt.Errorf("no codes")
		}
		const between, below, above = 14, tickSize + 6, 2*titleSkip + 2
		side := (width - between - labelSkip - rightEdge) / 2
		tall := min(side, 0.5*side+60)
		row := tall + below + above
		height := lineSkip + 3 + row*vg.Length(len(f.Rows))
		return sheet{width, height, func(canvas vg.Canvas) {
			p := pen{canvas}
			p.rect(paper, 0, 0, width, height)
			p.latentLegend(width, height-lineSkip+2)
			for i := range f.Rows {
				top := height - lineSkip - 3 - row*vg.Length(i)
				extent := max(f.Rows[i].Clouds[0].extent(f.Shown), f.Rows[i].Clouds[1].extent(f.Shown))
				for j, moment := range []string{"before", "after"} {
					x0 := labelSkip + vg.Length(j)*(side+between)
					b := box{x0, top - above - tall, x0 + side, top - above}
					c := &f.Rows[i].Clouds[j]
					p.text((b.x0+b.x1)/2, b.y1+titleSkip+1, shorten(f.Rows[i].Title+", "+moment, labelSize, true, side+between), labelSize, true, 0.5)
					p.text((b.x0+b.x1)/2, b.y1+3, fmt.Sprintf("gap %.2f", c.Gap), tickSize, false, 0.5)
					p.cloud(c, b, f.Shown, extent)
				}
			}
		}}, nil
	})
}

// latentLegend says which sign is a text and which a picture.
func (p pen) latentLegend(width, y vg.Length) {
	text, image := textWidth("text", tickSize, false), textWidth("picture", tickSize, false)
	x := (width - text - image - 40) / 2
	p.dot(textColor, vg.Point{X: x, Y: y + 2}, 1.6)
	p.text(x+6, y, "text", tickSize, false, 0)
	x += text + 28
	p.marker(look{color: imageColor, marker: 2}, vg.Point{X: x, Y: y + 2})
	p.text(x+6, y, "picture", tickSize, false, 0)
}

// bounds are the least and the largest place of the pairs that are shown.
func (c *Cloud) bounds(shown int) (lo, hi [2]float64) {
	shown = min(shown, len(c.Text))
	lo, hi = c.Text[0], c.Text[0]
	for _, q := range slices.Concat(c.Text[:shown], c.Image[:shown]) {
		for k := range 2 {
			lo[k], hi[k] = min(lo[k], q[k]), max(hi[k], q[k])
		}
	}
	return lo, hi
}

// extent is the longer side of what is shown, above 0.
func (c *Cloud) extent(shown int) float64 {
	lo, hi := c.bounds(shown)
	return max(hi[0]-lo[0], hi[1]-lo[1], 1e-12)
}

// cloud draws one moment: lines between pairs under the points. Both moments and both
// axes have one scale, by the extent, so that distances can be compared.
func (p pen) cloud(c *Cloud, b box, shown int, extent float64) {
	lo, hi := c.bounds(shown)
	shown = min(shown, len(c.Text))
	text, image := c.Text[:shown], c.Image[:shown]
	scale := (min(b.x1-b.x0, b.y1-b.y0) - 2*inset) / vg.Length(extent)
	place := func(q [2]float64) vg.Point {
		return vg.Point{
			X: (b.x0+b.x1)/2 + scale*vg.Length(q[0]-(lo[0]+hi[0])/2),
			Y: (b.y0+b.y1)/2 + scale*vg.Length(q[1]-(lo[1]+hi[1])/2),
		}
	}
	var lines vg.Path
	var dots []vg.Point
	for i := range text {
		lines.Move(place(text[i]))
		lines.Line(place(image[i]))
		dots = append(dots, place(text[i]))
	}
	p.canvas.SetColor(pairGrey)
	p.canvas.SetLineWidth(0.4)
	p.canvas.SetLineDash(nil, 0)
	p.canvas.Stroke(lines)
	p.dots(textColor, dots, 1.5)
	for _, q := range image {
		p.marker(look{color: imageColor, marker: 2}, place(q))
	}
	p.stroke(axisGrey, 0.5, nil, vg.Point{X: b.x0, Y: b.y1}, vg.Point{X: b.x0, Y: b.y0}, vg.Point{X: b.x1, Y: b.y0})
	p.text((b.x0+b.x1)/2, b.y0-tickSize-2, fmt.Sprintf("component 1 (%.0f %%)", 100*c.Share[0]), tickSize, false, 0.5)
	p.textUp(b.x0-4, (b.y0+b.y1)/2, fmt.Sprintf("component 2 (%.0f %%)", 100*c.Share[1]), tickSize)
}
