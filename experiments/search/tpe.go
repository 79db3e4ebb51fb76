package search

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Startup is how many points TPE sees before it learns; those are Sobol's.
const Startup = 10

const (
	candidates = 24 // drawn where points were good; the most promising is taken
	best       = 25 // of the seen points at most count as good
)

// tpePoint is the tree-structured Parzen estimator of Bergstra et al. (2011) with
// kernels over all dimensions at once (as Falkner et al. 2018): of candidates drawn
// from the density of the best tenth of the seen points, the one at which that
// exceeds the density of the others most. The densities are those of Optuna.
func tpePoint(s Space, seed uint64, i int, seen []Seen) []float64 {
	if len(seen) < Startup {
		return sobolPoint(s, seed, i, nil)
	}
	order := slices.Clone(seen)
	slices.SortStableFunc(order, func(a, b Seen) int { return cmp.Compare(a.Loss, b.Loss) })
	n := min((len(order)+9)/10, best)
	good, rest := newParzen(s, order[:n]), newParzen(s, order[n:])
	random := draws(seed, i)
	var chosen []float64
	most := math.Inf(-1)
	for range candidates {
		point := good.draw(random)
		if gain := good.logDensity(point) - rest.logDensity(point); chosen == nil || gain > most {
			chosen, most = point, gain
		}
	}
	return chosen
}

// parzen is a density over the cube: an equal mixture of a kernel around each point
// and of a wide one.
type parzen struct {
	space Space
	at    [][]float64 // centres, the wide kernel's last
	sigma [][]float64 // widths along continuous dimensions
}

func newParzen(s Space, points []Seen) *parzen {
	p := &parzen{space: s}
	for range len(points) + 1 {
		p.at, p.sigma = append(p.at, make([]float64, len(s))), append(p.sigma, make([]float64, len(s)))
	}
	for k := range s {
		column := make([]float64, len(points))
		for i := range points {
			column[i] = points[i].At[k]
			p.at[i][k] = column[i]
		}
		for i, width := range widths(column) {
			p.sigma[i][k] = width
		}
		p.at[len(points)][k], p.sigma[len(points)][k] = 0.5, 1
	}
	return p
}

// widths of kernels: the distance to the farther of both neighbours, at the ends to
// the only one, but no less than a share of the whole that shrinks with their number.
func widths(column []float64) []float64 {
	n := len(column)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(column[a], column[b]) })
	least := 1 / math.Min(100, float64(n+2))
	all := make([]float64, n)
	for rank, i := range order {
		below, above := column[i], 1-column[i] // of a single point: to the walls
		if rank > 0 {
			below = column[i] - column[order[rank-1]]
		}
		if rank < n-1 {
			above = column[order[rank+1]] - column[i]
		}
		width := math.Max(below, above)
		switch {
		case n > 1 && rank == 0:
			width = above
		case n > 1 && rank == n-1:
			width = below
		}
		all[i] = math.Min(math.Max(width, least), 1)
	}
	return all
}

// choice is the category of a coordinate.
func choice(x float64, n int) int { return min(int(x*float64(n)), n-1) }

// shares are the weights of n categories in kernel i.
func (p *parzen) shares(i, k int) []float64 {
	n, kernels := p.space[k], float64(len(p.at))
	w := make([]float64, n)
	own := 0.0
	if i < len(p.at)-1 {
		own = 1
	}
	for c := range w {
		w[c] = 1 / kernels
		if own > 0 && c == choice(p.at[i][k], n) {
			w[c] += own
		}
		w[c] /= float64(n)/kernels + own
	}
	return w
}

// logDensity is the logarithm of the density; along dimensions with choices it is
// that of their probability.
func (p *parzen) logDensity(x []float64) float64 {
	logs := make([]float64, len(p.at))
	for i := range p.at {
		for k, n := range p.space {
			if n > 0 {
				logs[i] += math.Log(p.shares(i, k)[choice(x[k], n)])
				continue
			}
			mean, sigma := p.at[i][k], p.sigma[i][k]
			z := (x[k] - mean) / sigma
			logs[i] += -z*z/2 - math.Log(sigma*math.Sqrt(2*math.Pi)*(normal((1-mean)/sigma)-normal(-mean/sigma)))
		}
	}
	top := slices.Max(logs)
	sum := 0.0
	for _, l := range logs {
		sum += math.Exp(l - top)
	}
	return top + math.Log(sum/float64(len(logs)))
}

// draw is a point of the density.
func (p *parzen) draw(random *rand.Rand) []float64 {
	i := random.IntN(len(p.at))
	point := make([]float64, len(p.space))
	for k, n := range p.space {
		u := random.Float64()
		if n > 0 {
			c := 0
			for w := p.shares(i, k); c < n-1 && u >= w[c]; c++ {
				u -= w[c]
			}
			point[k] = (float64(c) + 0.5) / float64(n)
			continue
		}
		mean, sigma := p.at[i][k], p.sigma[i][k]
		low, high := normal(-mean/sigma), normal((1-mean)/sigma)
		x := mean + sigma*math.Sqrt2*math.Erfinv(2*(low+u*(high-low))-1)
		point[k] = math.Min(math.Max(x, 0), math.Nextafter(1, 0))
	}
	return point
}

// normal is the distribution function of the standard normal.
func normal(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
