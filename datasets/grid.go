package datasets

import (
	"fmt"
	"image"
	"image/draw"

	"github.com/mmibx/mmibx"
)

// The shape of the grid evidence: the whole picture, then its quadrants; 4 x 4
// cells of four numbers.
const (
	GridRows  = 5
	GridWidth = gridCells * gridCells * cellWidth

	gridCells = 4
	cellWidth = 4
)

// The features of a cell are shifted and scaled by constants, so that they are
// of order 1 on the miniature pictures: brightness by its middle, edges by their
// mean and deviation there.
const (
	brightnessMiddle, brightnessScale = 127.5, 45
	edgeMiddle, edgeScale             = 15, 5
)

// GridEvidence computes fixed features of a picture, [GridRows][GridWidth]. Row
// 0 is the whole picture: for each of 4 x 4 cells in reading order the mean of
// red, green and blue and the edge energy, which is the mean absolute difference
// to the next pixel on the right and below within the cell, over the channels.
// Rows 1 to 4 are the quadrants (top left, top right, bottom left, bottom
// right): the same numbers in the same places, 0 for the cells of the others.
// So the first row, and the mean of all rows, both say everything.
//
// A cell without a pixel, in a picture less than 4 pixels wide or high, is 0.
func GridEvidence(img image.Image) [][]float32 {
	rgba := toRGBA(img)
	rows := make([][]float32, GridRows)
	for i := range rows {
		rows[i] = make([]float32, GridWidth)
	}
	for y := range gridCells {
		for x := range gridCells {
			f := cellFeatures(rgba, cell(rgba.Bounds(), x, y))
			at := (y*gridCells + x) * cellWidth
			quadrant := 1 + 2*(y/(gridCells/2)) + x/(gridCells/2)
			copy(rows[0][at:], f[:])
			copy(rows[quadrant][at:], f[:])
		}
	}
	return rows
}

// cell is the cell in column x and row y of a picture that is cut into 4 x 4.
func cell(r image.Rectangle, x, y int) image.Rectangle {
	return image.Rect(
		r.Min.X+x*r.Dx()/gridCells, r.Min.Y+y*r.Dy()/gridCells,
		r.Min.X+(x+1)*r.Dx()/gridCells, r.Min.Y+(y+1)*r.Dy()/gridCells)
}

// cellFeatures are mean red, green, blue and edge energy, standardised.
func cellFeatures(img *image.RGBA, r image.Rectangle) [cellWidth]float32 {
	if r.Empty() {
		return [cellWidth]float32{}
	}
	var sum [3]int
	edges, steps := 0, 0
	step := func(a, b int) {
		for c := range 3 {
			edges += abs(int(img.Pix[a+c]) - int(img.Pix[b+c]))
		}
		steps += 3
	}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			at := img.PixOffset(x, y)
			for c := range sum {
				sum[c] += int(img.Pix[at+c])
			}
			if x+1 < r.Max.X {
				step(at, at+4)
			}
			if y+1 < r.Max.Y {
				step(at, at+img.Stride)
			}
		}
	}
	var f [cellWidth]float32
	for c := range sum {
		f[c] = float32((float64(sum[c])/float64(r.Dx()*r.Dy()) - brightnessMiddle) / brightnessScale)
	}
	if steps > 0 {
		f[3] = float32((float64(edges)/float64(steps) - edgeMiddle) / edgeScale)
	}
	return f
}

func toRGBA(img image.Image) *image.RGBA {
	if rgba, ok := img.(*image.RGBA); ok {
		return rgba
	}
	rgba := image.NewRGBA(img.Bounds())
	draw.Draw(rgba, rgba.Bounds(), img, img.Bounds().Min, draw.Src)
	return rgba
}

// GridTable computes the evidence of the pictures with these ids, in their
// order; open finds a picture by id, as MiniPicture does for a miniature
// benchmark.
func GridTable(ids []string, open func(id string) (image.Image, error)) (mmibx.EvidenceTable, error) {
	t := mmibx.EvidenceTable{
		Rows: GridRows, Width: GridWidth,
		Values: make([]float32, 0, len(ids)*GridRows*GridWidth),
		Masked: make([]bool, len(ids)*GridRows),
	}
	for _, id := range ids {
		img, err := open(id)
		if err != nil {
			return mmibx.EvidenceTable{}, fmt.Errorf("grid evidence: %w", err)
		}
		for _, row := range GridEvidence(img) {
			t.Values = append(t.Values, row...)
		}
	}
	return t, nil
}
