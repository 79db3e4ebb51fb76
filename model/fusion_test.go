//go:build torch

package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// The rivals that fuse pictures with the encoder's states.
var fusions = []string{"coattention", "umt", "umgf"}

// Parameters without BERT at the published widths, by the formulas of
// docs/reference/models.md.
func TestFusionParameterCounts(t *testing.T) {
	const d, e, k = 768, 2048, 13
	linear := func(in, out int) int { return in*out + out }
	crf := func(k int) int { return k*k + 2*k }
	const layerNorm = 2 * d
	bertLayer := 4*linear(d, d) + linear(d, 4*d) + linear(4*d, d) + 2*layerNorm // 7,087,872
	// UMGF: text has 4 maps in its attention, the rows 2; norms after three sums.
	const g, hidden, layers = 512, 256, 6
	feed := linear(g, hidden) + linear(hidden, g)
	text := 4*linear(g, g) + linear(2*g, g) + feed + 3*2*g
	rows, unread := 2*linear(g, g)+2*g, linear(2*g, g)+feed+2*2*g
	want := map[string]int{
		"coattention": linear(e, d) + 7*linear(d, d) + 2*linear(2*d, 1) + linear(2*d, k) + crf(k),
		"umt":         5*bertLayer + 2*linear(e, d) + linear(2*d, d) + linear(2*d, k) + crf(k) + linear(d, 7) + crf(7),
		"umgf":        linear(d, g) + linear(e, g) + linear(g, g) + layers*(text+rows) + (layers-1)*unread + linear(1280, k) + crf(k),
	}
	for _, name := range fusions {
		spec := defaultSpec(t, "twitter2017", "model", name, "model.tags", "official")
		if got := parametersBesideBert(t, spec, types, 0, e); got != want[name] {
			t.Errorf("%s: %d parameters, want %d", name, got, want[name])
		}
	}
}

// Rows that are hidden change nothing; pictures without any row that may be seen,
// which no reader makes, break nothing, under bfloat16 neither.
func TestFusionHiddenRows(t *testing.T) {
	for _, name := range fusions {
		for _, precision := range []string{"float32", "bfloat16"} {
			spec := defaultSpec(t, "mini-twitter2015", "model", name, "train.precision", precision)
			data := invented(mmibx.MNER, 8)
			e := data.Evidence
			withSystem(t, spec, data, func(m *system) {
				samples := pick(data.Samples[mmibx.Train], []int{0, 1, 2, 3, 4, 5, 6, 7})
				for row := range e.Masked {
					e.Masked[row] = row%e.Rows > 0
				}
				before := outputs(m, samples)
				for row, masked := range e.Masked {
					for i := range e.Width {
						if masked {
							e.Values[row*e.Width+i] += 100
						}
					}
				}
				after := outputs(m, samples)
				for i := range before {
					if !slices.Equal(before[i], after[i]) {
						t.Errorf("%s: hidden rows move the scores of sample %d", name, i)
					}
				}
				for row := range e.Masked {
					e.Masked[row] = true
				}
				finite(t, fmt.Sprintf("%s in %s, no row seen", name, precision), m, samples)
				samples[0].Picture = -1
				for row := range e.Masked {
					e.Masked[row] = false
				}
				finite(t, fmt.Sprintf("%s in %s", name, precision), m, samples)
			})
		}
	}
}

// finite says that a training pass with dropout has a finite loss and that every
// parameter has a finite gradient.
func finite(t *testing.T, where string, m *system, samples []*mmibx.Sample) {
	t.Helper()
	s := torch.NewScope()
	defer s.Free()
	var l losses
	torch.Autocast(m.spec.Train.Precision == "bfloat16", func() {
		l = m.loss(&pass{Scope: s, training: true, dropout: 0.1}, m.batcher.make(samples))
	})
	if v := l.total.Number(); !mmibx.Finite(v) {
		t.Errorf("%s: the loss is %g", where, v)
	}
	l.total.Backward()
	for _, name := range m.params.Names() {
		p, _ := m.params.Tensor(name)
		g, ok := s.Grad(p)
		if !ok {
			t.Errorf("%s: %s has no gradient", where, name)
			continue
		}
		if slices.ContainsFunc(g.Floats(), func(v float32) bool { return !mmibx.Finite(float64(v)) }) {
			t.Errorf("%s: the gradient of %s is not finite", where, name)
		}
	}
}

// Heads that do not divide the encoder are named with it.
func TestHeadsDivideTheEncoder(t *testing.T) {
	spec := defaultSpec(t, "mini-twitter2015", "model", "coattention", "coattention.heads", 3)
	do(t, func() {
		_, err := newSystem(spec, invented(mmibx.MNER, 4))
		if !errors.Is(err, mmibx.ErrBadSpec) || !strings.Contains(err.Error(), "coattention.heads 3") {
			t.Errorf("newSystem = %v, want a bad spec that names coattention.heads 3", err)
		}
	})
}
