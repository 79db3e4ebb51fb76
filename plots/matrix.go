package plots

import (
	"math"

	"gonum.org/v1/plot/vg"
)

// matrix is a transformation of the plane: x' = m0 x + m2 y + m4, y' = m1 x + m3 y + m5.
// Canvases that keep it themselves write places of the page.
type matrix [6]float64

// times is n first, then m.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

// at is where a point comes to lie.
func (m matrix) at(p vg.Point) (x, y float64) {
	px, py := p.X.Points(), p.Y.Points()
	return m[0]*px + m[2]*py + m[4], m[1]*px + m[3]*py + m[5]
}

func (m *matrix) rotate(rad float64) {
	s, k := math.Sincos(rad)
	*m = m.times(matrix{k, s, -s, k, 0, 0})
}

func (m *matrix) translate(p vg.Point) {
	*m = m.times(matrix{1, 0, 0, 1, p.X.Points(), p.Y.Points()})
}

func (m *matrix) scale(x, y float64) { *m = m.times(matrix{x, 0, 0, y, 0, 0}) }
