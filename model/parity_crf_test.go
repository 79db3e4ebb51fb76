//go:build torch

package model

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/mmibx/mmibx/model/torch"
)

// TestCRFParity holds the CRF against pytorch-crf on 1,000 random batches with
// ragged masks: log-likelihood in float32 and in float64, gradients, best paths.
func TestCRFParity(t *testing.T) {
	held(t, "crf.py", []string{"torch", "safetensors", "torchcrf", "numpy"}, func(t *testing.T, dir string, tolerance float64) {
		f := openFixture(t, dir+"/crf.safetensors", tolerance)
		nll, grad, path := f.doubles("nll"), f.doubles("grad"), f.ints("path")
		do(t, func() {
			for c := range 1000 {
				r := newCRFCase(c)
				n := r.b.b
				numbers := n*r.b.w*r.k + 2*r.k + r.k*r.k
				f.holdCRF(t, r, nll[:n], grad[:numbers])
				nll, grad = nll[n:], grad[numbers:]
				for i := range n {
					got := r.best(i)
					want := path[:len(got)]
					path = path[len(got):]
					if !slices.Equal(got, want) {
						t.Errorf("case %d, sequence %d: best path %v, pytorch-crf has %v", c, i, got, want)
					}
				}
			}
		})
		if left := len(nll) + len(grad) + len(path); left != 0 {
			t.Errorf("%d numbers of the fixture are left", left)
		}
		f.log(t)
	})
}

// crfCase is a case of testdata/crf.py.
type crfCase struct {
	c, k      int
	b         *batch
	emissions []float32 // [B, W, K]
	scores    transitions
}

func newCRFCase(c int) *crfCase {
	scale := []float64{0.5, 2, 6}[c%3]
	shape := uniform(fmt.Sprintf("crf shape %d", c), 20)
	k, n, w := 2+int(4*shape[0]), 1+int(3*shape[1]), 1+int(6*shape[2])
	if c%40 == 0 {
		k, n, w, scale = 9, 2, 24, 2
		if c%80 != 0 {
			k = 13
		}
	}
	r := &crfCase{c: c, k: k, b: &batch{b: n, w: w, tagBW: make([]int64, n*w), taggedBW: make([]bool, n*w)}}
	tags := uniform(fmt.Sprintf("crf tags %d", c), n*w)
	for i := range n {
		for j := range 1 + int(float64(w)*shape[3+i]) {
			r.b.taggedBW[i*w+j] = true
		}
	}
	for i, u := range tags {
		r.b.tagBW[i] = int64(u * float64(k))
	}
	var values []float32
	for _, u := range uniform(fmt.Sprintf("crf scores %d", c), n*w*k+2*k+k*k) {
		values = append(values, float32((2*u-1)*scale))
	}
	r.emissions, values = values[:n*w*k], values[n*w*k:]
	r.scores = transitions{start: values[:k], end: values[k : 2*k], pair: values[2*k:]}
	return r
}

func (f *fixture) holdCRF(t *testing.T, r *crfCase, nll, grad []float64) {
	t.Helper()
	// A likelihood is a difference of sums of scores, which are of their size; a
	// gradient is a difference of probabilities.
	size := 0.0
	for _, v := range r.emissions {
		size = max(size, math.Abs(float64(v)))
	}
	got, gradient := r.likelihood(t, false)
	f.compareTo(t, fmt.Sprintf("nll.case %d", r.c), got, nll, size, f.tolerance)
	f.compareTo(t, fmt.Sprintf("grad.case %d", r.c), gradient, grad, 1, f.tolerance)
	got, gradient = r.likelihood(t, true)
	f.compareTo(t, fmt.Sprintf("nll64.case %d", r.c), got, nll, size, doubleTolerance)
	// Its gradient ends in float32, at the parameters.
	f.compareTo(t, fmt.Sprintf("grad64.case %d", r.c), gradient, grad, 1e-6, 1e-6)
}

// likelihood is -log p of each sequence and the gradient of their sum: of the
// emissions, the starts, the ends, the pairs.
func (r *crfCase) likelihood(t *testing.T, inDoubles bool) (nll, grad []float64) {
	t.Helper()
	s, p := torch.NewScope(), torch.NewParams()
	defer s.Free()
	defer p.Free()
	c := newCRF(p, "crf", int64(r.k))
	c.startK.Write(r.scores.start)
	c.endK.Write(r.scores.end)
	c.pairKK.Write(r.scores.pair)
	e := p.New("emissions", torch.Constant(0), int64(r.b.b), int64(r.b.w), int64(r.k))
	e.Write(r.emissions)
	leaves := []torch.Tensor{e, c.startK, c.endK, c.pairKK}
	if inDoubles {
		double(s, reflect.ValueOf(c))
		e = s.To(e, torch.Float64)
	}
	loss := c.negLogLikelihood(s, e, r.b.tagBW, r.b)
	s.Sum(loss).Backward()
	for _, leaf := range leaves {
		g, ok := s.Grad(leaf)
		if !ok {
			t.Fatal("a leaf without a gradient")
		}
		grad = append(grad, g.Doubles()...)
	}
	return loss.Doubles(), grad
}

// best is the best path of a sequence, by Viterbi.
func (r *crfCase) best(i int) []int64 {
	from, n := i*r.b.w, 0
	for n < r.b.w && r.b.taggedBW[from+n] {
		n++
	}
	path, _ := r.scores.viterbi(r.emissions[from*r.k : (from+n)*r.k])
	tags := make([]int64, n)
	for j, tag := range path {
		tags[j] = int64(tag)
	}
	return tags
}
