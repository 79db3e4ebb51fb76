//go:build torch

package model

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// TestRivalParity holds the rivals against testdata/rivals.py and
// testdata/hvpnet_mega.py, PyTorch programs that share no code with this package:
// names and shapes of all parameters, states, scores, loss, the gradient of every
// parameter and the losses of ten optimiser steps.
func TestRivalParity(t *testing.T) {
	for _, c := range []struct {
		file, benchmark string
		settings        []any
		// alone: the program takes one sample at a time, so it has zeros at padding;
		// and small gradients are held to a larger share of the largest.
		alone bool
	}{
		{"coattention_mner", "twitter2017", []any{"model", "coattention"}, true},
		{"umt_mner", "twitter2017", []any{"model", "umt"}, true},
		{"umt_mner_official", "twitter2017", []any{"model", "umt", "model.tags", "official"}, true},
		{"umgf_mner", "twitter2017", []any{"model", "umgf", "umgf.dropout", 0.0}, true},
		{"hvpnet_mner", "twitter2017", []any{"model", "hvpnet", "hvpnet.hidden", 6}, false},
		{"hvpnet_mre", "mnre", []any{"model", "hvpnet", "hvpnet.hidden", 6, "hvpnet.rows", 2}, false},
		{"mega_mre", "mnre", []any{"model", "mega", "mega.dropout", 0.0}, false},
	} {
		t.Run(c.file, func(t *testing.T) {
			settings := append(c.settings, "model.dropout", 0.0, "train.lr", 1e-3, "train.head_lr", 3e-3, "train.clip", 1.0)
			spec := defaultSpec(t, c.benchmark, settings...)
			f := openFixture(t, "testdata/"+c.file+".safetensors", fixtureTolerance)
			do(t, func() { f.holdRival(t, spec, c.alone) })
			f.log(t)
		})
	}
}

func (f *fixture) holdRival(t *testing.T, spec mmibx.Spec, alone bool) {
	m := f.system(spec)
	defer m.params.Free()
	b := f.batch(m)
	s := torch.NewScope()
	defer s.Free()
	p := f.pass(s)

	st := m.forward(p, b)
	states := st.hBLD.Doubles()
	scores, share := m.head.scores(p, st, b).Doubles(), 1e-4
	if alone {
		share = 1e-3 // float32 rounds the largest by 6e-8
		clearRows(states, b.realBL)
		clearRows(scores, b.taggedBW)
	}
	f.compare(t, "out.states", states, 0)
	f.compare(t, "out.scores", scores, 0)
	l := m.loss(p, b)
	f.compare(t, "out.loss", l.total.Doubles(), 0)
	l.total.Backward()
	f.compareGradients(t, s, m, "grad", share, f.tolerance)
	f.compareSteps(t, m, b)
}

// clearRows sets the rows that are not real to zero.
func clearRows(values []float64, real []bool) {
	width := len(values) / len(real)
	for i, is := range real {
		if !is {
			clear(values[i*width : (i+1)*width])
		}
	}
}

// Parameters without BERT at the published widths, from the descriptions in
// docs/reference/models.md.
func TestRivalParameterCounts(t *testing.T) {
	const d, tags, relations = 768, 13, 23
	linear := func(in, out int) int { return in*out + out }
	hvpnet := linear(3840, 800) + linear(800, 4*2*d) + 12*linear(4*2*d, 4)
	mega := linear(4096, 2*d) + linear(d, 2*d) + 3*linear(2*d, 2*d) + 2*linear(4*d, 2*d)
	for _, c := range []struct {
		model, benchmark string
		evidence         int64
		want             int
	}{
		// Four quarters of 3840: the channels of four stages of ResNet-50, at 2 x 2 cells.
		{"hvpnet", "twitter2017", 4 * 3840, hvpnet + linear(d, tags) + 2*tags + tags*tags},
		{"hvpnet", "mnre", 4 * 3840, hvpnet + linear(2*d, relations)},
		{"mega", "mnre", 4096, mega + linear(2*d, relations)},
	} {
		spec := defaultSpec(t, c.benchmark, "model", c.model)
		labels := types
		if spec.TaskOf() == mmibx.MRE {
			labels = make([]string, relations)
			for i := range labels {
				labels[i] = fmt.Sprint(i)
			}
		} else {
			spec.Model.Tags = "official"
		}
		if got := parametersBesideBert(t, spec, labels, 12, c.evidence); got != c.want {
			t.Errorf("%s on %s: %d parameters, want %d", c.model, c.benchmark, got, c.want)
		}
	}
}

// parametersBesideBert counts those of a model at BERT-base's width but for the
// encoder's own, which has so many layers.
func parametersBesideBert(t *testing.T, spec mmibx.Spec, labels []string, layers, evidenceWidth int64) int {
	t.Helper()
	const d = 768
	count := 0
	do(t, func() {
		m := &system{spec: spec, params: torch.NewParams(), batcher: &batcher{}}
		defer m.params.Free()
		bert := newBert(m.params, BertConfig{Width: d, Layers: layers, Heads: 12, Intermediate: 4 * d, Vocab: 8, Positions: 8, Types: 2})
		before := m.params.Count()
		m.network = builders[spec.Model.Name](m.params, &m.spec, bert, evidenceWidth)
		if err := m.addHead(labels, m.headWidth(d)); err != nil {
			t.Error(err)
		}
		count = m.params.Count() - before
	})
	return count
}

// What a picture holds where it is padding, or beyond the rows that a model reads,
// is not seen; what it holds elsewhere is.
func TestRowsThatAreRead(t *testing.T) {
	for _, c := range []struct {
		model    string
		settings []any
		masked   bool // row 2
		seen     bool
	}{
		{"hvpnet", []any{"hvpnet.rows", 2}, false, false},
		{"hvpnet", []any{"hvpnet.rows", 3}, false, true},
		{"hvpnet", []any{"hvpnet.rows", 64}, false, true}, // more than there are
		{"hvpnet", nil, true, false},
		{"mega", nil, false, true},
		{"mega", nil, true, false},
	} {
		spec := defaultSpec(t, "mini-mnre", append([]any{"model", c.model}, c.settings...)...)
		data := invented(mmibx.MRE, 4)
		e := data.Evidence
		withSystem(t, spec, data, func(m *system) {
			for row := 2; row < len(e.Masked); row += e.Rows {
				e.Masked[row] = c.masked
			}
			samples := pick(data.Samples[mmibx.Dev], []int{0, 1, 2, 3})
			before := outputs(m, samples)
			for row := 2; row < len(e.Masked); row += e.Rows {
				for i := range e.Width {
					e.Values[row*e.Width+i] += 3
				}
			}
			after := outputs(m, samples)
			if seen := !slices.EqualFunc(before, after, slices.Equal[[]float32]); seen != c.seen {
				t.Errorf("%s %v, row 2 masked %v: seen is %v", c.model, c.settings, c.masked, seen)
			}
		})
	}
}

// A missing picture is one row of zeros: no model may answer with NaN, nor break
// its gradients, alone or beside samples with pictures, in either precision.
func TestFiniteGradients(t *testing.T) {
	for _, registered := range mmibx.Models {
		for _, benchmark := range benchmarksOf(registered) {
			for _, precision := range []string{"float32", "bfloat16"} {
				spec := defaultSpec(t, benchmark, "model", registered.Name, "train.precision", precision)
				data := invented(spec.TaskOf(), 8)
				withSystem(t, spec, data, func(m *system) {
					for _, missing := range []int{0, 3, 8} {
						samples := slices.Clone(data.Samples[mmibx.Train])
						for i := range missing {
							samples[i].Picture = -1
						}
						where := fmt.Sprintf("%s on %s in %s, %d of 8 pictures missing", registered.Name, benchmark, precision, missing)
						finite(t, where, m, pick(samples, []int{0, 1, 2, 3, 4, 5, 6, 7}))
					}
				})
			}
		}
	}
}
