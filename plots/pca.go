package plots

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// principal projects points on the two directions in which they vary most, and says
// which share of their variance each has. A direction points to where its largest
// weight is positive, so that the same points give the same picture.
func principal(points [][]float64) (at [][2]float64, share [2]float64, err error) {
	n := len(points)
	if n < 2 || len(points[0]) < 2 {
		return nil, share, fmt.Errorf("principal components: %d points", n)
	}
	width := len(points[0])
	flat, mean := make([]float64, 0, n*width), make([]float64, width)
	for _, p := range points {
		flat = append(flat, p...)
		for d, v := range p {
			mean[d] += v / float64(n)
		}
	}
	var pc stat.PC
	if !pc.PrincipalComponents(mat.NewDense(n, width, flat), nil) {
		return nil, share, fmt.Errorf("principal components: no decomposition of %d points of %d numbers", n, width)
	}
	var directions mat.Dense
	pc.VectorsTo(&directions)
	variances := pc.VarsTo(nil)
	total := 0.0
	for _, v := range variances {
		total += v
	}
	at = make([][2]float64, n)
	for k := range 2 {
		if k >= len(variances) {
			break
		}
		if total > 0 {
			share[k] = variances[k] / total
		}
		largest := 0.0
		for d := range width {
			if w := directions.At(d, k); math.Abs(w) > math.Abs(largest) {
				largest = w
			}
		}
		for i, p := range points {
			for d, v := range p {
				at[i][k] += (v - mean[d]) * directions.At(d, k)
			}
			if largest < 0 {
				at[i][k] = -at[i][k]
			}
		}
	}
	return at, share, nil
}
