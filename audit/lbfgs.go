package audit

import (
	"fmt"
	"math"
)

// remembered is how many steps L-BFGS keeps of the way that it came.
const remembered = 8

// step is how x and the gradient changed from one point to the next.
type step struct{ dx, dg []float64 }

// minimize walks down a smooth convex function from start by L-BFGS (Nocedal and
// Wright, algorithms 7.4 and 7.5) with halving of steps, until the slope is below
// s.gradient everywhere, or floating point shows no way down. What takes more than
// s.iterations is an error. (gonum's needs strong Wolfe steps, which it no longer
// finds where values differ by rounding only.)
func (s solver) minimize(f func(x, gradient []float64) float64, start []float64) ([]float64, error) {
	x, g := start, make([]float64, len(start))
	value := f(x, g)
	var way []step
	for range s.iterations {
		if largest(g) <= s.gradient {
			return x, nil
		}
		direction := downhill(way, g)
		slope, length := dot(direction, g), 1.0
		if len(way) == 0 {
			length = min(1, 1/math.Sqrt(-slope))
		}
		next, nextG := make([]float64, len(x)), make([]float64, len(x))
		for {
			for i, d := range direction {
				next[i] = x[i] + length*d
			}
			v := f(next, nextG)
			if v <= value+1e-4*length*slope { // Armijo's condition; NaN fails it
				value = v
				break
			}
			if length /= 2; length < 1e-12 {
				return x, nil
			}
		}
		way = extend(way, x, next, g, nextG)
		x, g = next, nextG
	}
	if slope := largest(g); slope > s.gradient {
		return nil, fmt.Errorf("a regression did not converge: its slope is %.3g after %d steps, expected %g", slope, s.iterations, s.gradient)
	}
	return x, nil
}

// extend remembers a step, unless it says nothing of the curvature.
func extend(way []step, x, next, g, nextG []float64) []step {
	n := step{make([]float64, len(x)), make([]float64, len(x))}
	for i := range x {
		n.dx[i], n.dg[i] = next[i]-x[i], nextG[i]-g[i]
	}
	if dot(n.dx, n.dg) <= 1e-14*dot(n.dg, n.dg) {
		return way
	}
	if len(way) == remembered {
		way = way[1:]
	}
	return append(way, n)
}

// downhill is minus the gradient times what the steps tell of the inverse of the
// Hessian.
func downhill(way []step, g []float64) []float64 {
	d := make([]float64, len(g))
	for i, v := range g {
		d[i] = -v
	}
	alpha := make([]float64, len(way))
	for k := len(way) - 1; k >= 0; k-- {
		alpha[k] = dot(way[k].dx, d) / dot(way[k].dx, way[k].dg)
		add(d, -alpha[k], way[k].dg)
	}
	if len(way) > 0 {
		last := way[len(way)-1]
		scale := dot(last.dx, last.dg) / dot(last.dg, last.dg)
		for i := range d {
			d[i] *= scale
		}
	}
	for k := range way {
		beta := dot(way[k].dg, d) / dot(way[k].dx, way[k].dg)
		add(d, alpha[k]-beta, way[k].dx)
	}
	return d
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

func add(to []float64, times float64, v []float64) {
	for i := range to {
		to[i] += times * v[i]
	}
}

func largest(v []float64) float64 {
	most := 0.0
	for _, x := range v {
		most = max(most, math.Abs(x))
	}
	return most
}
