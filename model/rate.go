//go:build torch

package model

import "github.com/mmibx/mmibx/model/torch"

// activeNats is the least mean rate of a dimension that is in use. Burda et al.
// (2016) call a unit active where the variance of its mean is more than 0.01; here
// it is its KL, as for Sønderby et al. (2016), since the rate is what is paid for.
const activeNats = 0.01

// rate adds up the KL of a code over batches, by dimension, in float32: near the
// prior a KL is the small difference of numbers near 1, which bfloat16 rounds away
// or turns negative.
type rate struct {
	sumZ      []float64 // nats of each dimension over real positions
	positions float64
}

func (r *rate) add(s *torch.Scope, q gaussian, realBT torch.Tensor) {
	weightBT := s.To(realBT, torch.Float32)
	q = gaussian{s.To(q.meanBTZ, torch.Float32), s.To(q.logVarBTZ, torch.Float32)}
	klZ := s.Sum(s.Mul(q.klPerDimension(s), s.Unsqueeze(weightBT, 2)), 0, 1).Floats()
	if r.sumZ == nil {
		r.sumZ = make([]float64, len(klZ))
	}
	for d, nats := range klZ {
		r.sumZ[d] += float64(nats)
	}
	r.positions += s.Sum(weightBT).Number()
}

// width is the number of dimensions, 0 where there is no code.
func (r *rate) width() int { return len(r.sumZ) }

// total is in nats, over all that was added.
func (r *rate) total() float64 {
	var nats float64
	for _, sum := range r.sumZ {
		nats += sum
	}
	return nats
}

// nats is the rate of a real position.
func (r *rate) nats() float64 { return r.total() / max(1, r.positions) }

// active counts the dimensions that are in use.
func (r *rate) active() int {
	n := 0
	for _, sum := range r.sumZ {
		if sum/max(1, r.positions) > activeNats {
			n++
		}
	}
	return n
}
