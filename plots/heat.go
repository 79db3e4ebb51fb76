package plots

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx/reports/stats"
)

// HeatMap is a score over two settings: a panel per benchmark, each with a scale
// of colours of its own and the mean in every cell.
type HeatMap struct {
	Meta
	X, Y          string   // labels of the axes
	Metric        string   // label of the scale
	Columns, Rows []string // names of the settings, left to right and upwards
	Panels        []HeatPanel
}

// HeatPanel is one benchmark.
type HeatPanel struct {
	Title string
	Cells [][]HeatCell // by row and column
}

// HeatCell holds the values of all seeds at one pair of settings.
type HeatCell struct {
	Values []float64
	Best   bool // the best mean on dev: framed
}

// mean is that of the finite values.
func (c *HeatCell) mean() (float64, bool) {
	s := stats.Summarize95(c.Values...)
	return s.Mean, s.HasMean()
}

func (h *HeatMap) check() error {
	if len(h.Panels) == 0 || len(h.Rows) == 0 || len(h.Columns) == 0 {
		return fmt.Errorf("a heat map without cells")
	}
	for _, p := range h.Panels {
		if len(p.Cells) != len(h.Rows) {
			return fmt.Errorf("panel %q has %d rows, want %d", p.Title, len(p.Cells), len(h.Rows))
		}
		for _, row := range p.Cells {
			if len(row) != len(h.Columns) {
				return fmt.Errorf("panel %q has a row of %d cells, want %d", p.Title, len(row), len(h.Columns))
			}
		}
	}
	return nil
}

// Caption implements Drawing.
func (h *HeatMap) Caption() string {
	least, most, missing, failed, best := 0, 0, 0, 0, false
	for c := range h.cells() {
		s := stats.NewSample(c.Values...)
		switch n := len(s.Values); {
		case n > 0:
			if most == 0 || n < least {
				least = n
			}
			most = max(most, n)
		case s.Dropped > 0:
			failed++
		default:
			missing++
		}
		best = best || c.Best
	}
	parts := []string{fmt.Sprintf("%s: means over %s; the colours of each panel span its own lowest to highest.", h.Metric, seedCount(least, most))}
	if best {
		parts = append(parts, "A frame marks the best mean on dev.")
	}
	if missing > 0 {
		parts = append(parts, fmt.Sprintf("– %s without a run that is done.", counted(missing, "cell", "cells")))
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("× %s whose runs gave no finite value.", counted(failed, "cell", "cells")))
	}
	if h.Note != "" {
		parts = append(parts, strings.TrimSuffix(h.Note, ".")+".")
	}
	return strings.Join(parts, " ")
}

func seedCount(least, most int) string {
	switch {
	case most == 1:
		return "1 seed"
	case least == most:
		return fmt.Sprintf("%d seeds", most)
	}
	return fmt.Sprintf("%d to %d seeds", least, most)
}

func (h *HeatMap) cells() func(yield func(*HeatCell) bool) {
	return func(yield func(*HeatCell) bool) {
		for p := range h.Panels {
			for r := range h.Panels[p].Cells {
				for c := range h.Panels[p].Cells[r] {
					if !yield(&h.Panels[p].Cells[r][c]) {
						return
					}
				}
			}
		}
	}
}

// Render implements Drawing.
func (h *HeatMap) Render(w io.Writer, format Format, width Width) error {
	return h.render(w, format, width, h.Caption(), func(width vg.Length) (sheet, error) {
		if err := h.check(); err != nil {
			return sheet{}, err
		}
		p := newHeatPage(h, width)
		if p.cellWidth < 6 {
			return sheet{}, fmt.Errorf("%d columns do not fit in %g inches", len(h.Columns), width/vg.Inch)
		}
		return sheet{width, p.height, p.draw}, nil
	})
}

// heatPage is a heat map with its places.
type heatPage struct {
	*HeatMap
	pen
	width, height         vg.Length
	perRow                int // panels side by side
	gutter                vg.Length
	cellWidth, cellHeight vg.Length
}

const (
	heatScale vg.Length = 30 // the scale right of a panel, with its numbers
	heatTop   vg.Length = 16
	heatFoot  vg.Length = labelSize + tickSize + 7
)

func newHeatPage(h *HeatMap, width vg.Length) *heatPage {
	p := &heatPage{HeatMap: h, width: width}
	for _, name := range h.Rows {
		p.gutter = max(p.gutter, textWidth(name, tickSize, false)+3)
	}
	p.gutter += labelSkip
	for p.perRow = len(h.Panels); ; p.perRow-- {
		n := vg.Length(p.perRow)
		p.cellWidth = min(((width-rightEdge)/n-p.gutter-heatScale)/vg.Length(len(h.Columns)), 34)
		if p.cellWidth >= 17 || p.perRow == 1 {
			break
		}
	}
	p.cellHeight = min(max(0.7*p.cellWidth, 11), 18)
	lines := (len(h.Panels) + p.perRow - 1) / p.perRow
	p.height = lineSkip + vg.Length(lines)*(heatTop+p.cellHeight*vg.Length(len(h.Rows))+heatFoot)
	return p
}

func (p *heatPage) draw(canvas vg.Canvas) {
	p.canvas = canvas
	p.rect(paper, 0, 0, p.width, p.height)
	p.text(p.width/2, p.height-tickSize, p.Metric, tickSize, false, 0.5)
	wide, high := p.cellWidth*vg.Length(len(p.Columns)), p.cellHeight*vg.Length(len(p.Rows))
	each := (p.width - rightEdge) / vg.Length(p.perRow)
	for i := range p.Panels {
		x0 := vg.Length(i%p.perRow)*each + p.gutter
		y1 := p.height - lineSkip - vg.Length(i/p.perRow)*(heatTop+high+heatFoot) - heatTop
		b := box{x0, y1 - high, x0 + wide, y1}
		p.text((b.x0+b.x1)/2, b.y1+4, shorten(p.Panels[i].Title, labelSize, true, each), labelSize, true, 0.5)
		p.panel(&p.Panels[i], b)
		p.textUp(b.x0-p.gutter+labelSize-1, (b.y0+b.y1)/2, shorten(p.Y, labelSize, false, high+heatFoot), labelSize)
		p.text((b.x0+b.x1)/2, b.y0-heatFoot+3, shorten(p.X, labelSize, false, each), labelSize, false, 0.5)
	}
}

func (p *heatPage) panel(panel *HeatPanel, b box) {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, row := range panel.Cells {
		for i := range row {
			if mean, ok := row[i].mean(); ok {
				lo, hi = min(lo, mean), max(hi, mean)
			}
		}
	}
	share := func(v float64) float64 {
		if hi <= lo {
			return 0.5
		}
		return (v - lo) / (hi - lo)
	}
	var frame *box
	for r, row := range panel.Cells {
		y := b.y0 + vg.Length(r)*p.cellHeight
		p.text(b.x0-2.5, y+p.cellHeight/2-0.36*tickSize, p.Rows[r], tickSize, false, 1)
		for c := range row {
			at := box{b.x0 + vg.Length(c)*p.cellWidth, y, b.x0 + vg.Length(c+1)*p.cellWidth, y + p.cellHeight}
			p.cell(&row[c], at, share)
			if row[c].Best {
				frame = &at
			}
		}
	}
	for c, name := range p.Columns {
		x := b.x0 + (vg.Length(c)+0.5)*p.cellWidth
		p.text(x, b.y0-tickSize-0.5, shorten(name, tickSize, false, p.cellWidth), tickSize, false, 0.5)
	}
	if frame != nil {
		f := *frame
		p.stroke(ink, 1.2, nil, vg.Point{X: f.x0, Y: f.y0}, vg.Point{X: f.x1, Y: f.y0}, vg.Point{X: f.x1, Y: f.y1}, vg.Point{X: f.x0, Y: f.y1}, vg.Point{X: f.x0, Y: f.y0})
	}
	if lo <= hi {
		p.scale(b, lo, hi)
	}
}

func (p *heatPage) cell(c *HeatCell, at box, share func(float64) float64) {
	mean, ok := c.mean()
	middle, base := (at.x0+at.x1)/2, (at.y0+at.y1)/2-0.36*tickSize
	switch {
	case ok:
		fill := heat(share(mean))
		p.rect(fill, at.x0+0.3, at.y0+0.3, at.x1-0.3, at.y1-0.3)
		if number := fmt.Sprintf("%.1f", mean); textWidth(number, tickSize, false) < p.cellWidth-1 {
			p.textIn(contrast(fill), middle-textWidth(minus(number), tickSize, false)/2, base, minus(number), tickSize)
		}
	case len(c.Values) > 0:
		p.cross(ink, vg.Point{X: middle, Y: (at.y0 + at.y1) / 2})
	default:
		p.text(middle, base, "–", tickSize, false, 0.5)
	}
}

// scale draws the colours of a panel with their numbers.
func (p *heatPage) scale(b box, lo, hi float64) {
	const steps = 24
	x, high := b.x1+3, b.y1-b.y0
	for i := range steps {
		y := b.y0 + high*vg.Length(i)/steps
		p.rect(heat((float64(i)+0.5)/steps), x, y, x+4, y+high/steps+0.05)
	}
	p.text(x+5.5, b.y1-0.72*tickSize, minus(fmt.Sprintf("%.1f", hi)), tickSize, false, 0)
	p.text(x+5.5, b.y0, minus(fmt.Sprintf("%.1f", lo)), tickSize, false, 0)
}

// heats are the ends and the middle of a scale that falls evenly in lightness,
// so that it reads the same in grey and in every form of colour vision.
var heats = []color.NRGBA{{0xf4, 0xf8, 0xfc, 0xff}, {0x9c, 0xc4, 0xe0, 0xff}, {0x3a, 0x84, 0xbc, 0xff}, {0x08, 0x3c, 0x78, 0xff}}

// heat is the colour of a share of the scale.
func heat(share float64) color.NRGBA {
	at := min(max(share, 0), 1) * float64(len(heats)-1)
	i := min(int(at), len(heats)-2)
	mix := func(a, b uint8) uint8 {
		return uint8(math.Round(float64(a) + (at-float64(i))*(float64(b)-float64(a))))
	}
	a, b := heats[i], heats[i+1]
	return color.NRGBA{R: mix(a.R, b.R), G: mix(a.G, b.G), B: mix(a.B, b.B), A: 0xff}
}

// contrast is ink or paper, whichever is easier to read on a colour.
func contrast(c color.NRGBA) color.NRGBA {
	if 0.299*float64(c.R)+0.587*float64(c.G)+0.114*float64(c.B) < 140 {
		return paper
	}
	return ink
}
