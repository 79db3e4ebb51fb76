//go:build torch

package model

import (
	"testing"

	"github.com/mmibx/mmibx/model/torch"
)

// What decays, by the names that the released code tests for ("bias" and
// "LayerNorm" for MNER; for MRE every parameter is in the one group with decay),
// and by default.
func TestWhatDecays(t *testing.T) {
	const matrices, mner, mre = "mini-twitter2015 matrices", "mini-twitter2015 released", "mini-mnre released"
	data := map[string]Data{}
	for _, benchmark := range []string{"mini-twitter2015", "mini-mnre"} {
		spec := defaultSpec(t, benchmark)
		data[benchmark] = invented(spec.TaskOf(), 8)
	}
	for _, c := range []struct {
		name   string
		decays map[string]bool // by benchmark and train.decay
	}{
		{"bert.encoder.layer.0.output.dense.weight", map[string]bool{matrices: true, mner: true, mre: true}},
		{"bert.encoder.layer.0.output.dense.bias", map[string]bool{matrices: false, mner: false, mre: true}},
		{"bert.encoder.layer.0.output.LayerNorm.weight", map[string]bool{matrices: false, mner: false, mre: true}},
		{"img2txt_cross.dense.weight", map[string]bool{matrices: true, mner: true, mre: true}},
		{"img2txt_cross.ln1.weight", map[string]bool{matrices: false, mner: true, mre: true}},
		{"img2txt_cross.ln2.weight", map[string]bool{matrices: false, mner: true, mre: true}},
		{"img2txt_cross.ln2.bias", map[string]bool{matrices: false, mner: false, mre: true}},
		{"crf.transitions", map[string]bool{matrices: true, mner: true}},
		{"classifier.bias", map[string]bool{mre: true}},
		{"align.log_tau", map[string]bool{matrices: false}},
	} {
		for key, want := range c.decays {
			benchmark, decay := "mini-twitter2015", "matrices"
			switch key {
			case mner:
				decay = "released"
			case mre:
				benchmark, decay = "mini-mnre", "released"
			}
			spec := defaultSpec(t, benchmark, "train.decay", decay, "align.learn_tau", true)
			do(t, func() {
				m, err := newSystem(spec, data[benchmark])
				if err != nil {
					t.Error(err)
					return
				}
				defer m.params.Free()
				g := groupOf(m.groups(false), c.name)
				if g == nil || (g.Decay > 0) != want {
					t.Errorf("%s: %s is in the group %+v, want decay = %v", key, c.name, g, want)
				}
			})
		}
	}
}

func groupOf(groups []*torch.Group, name string) *torch.Group {
	for _, g := range groups {
		for _, n := range g.Names {
			if n == name {
				return g
			}
		}
	}
	return nil
}

// Under the official preset MRE has one group: one rate, decay for all.
func TestReleasedMREHasOneGroup(t *testing.T) {
	spec := defaultSpec(t, "mnre", "preset", "official")
	data := invented(spec.TaskOf(), 8)
	spec.Encoder.Name, spec.Encoder.Width, spec.Encoder.Layers = "small", 32, 1
	withSystem(t, spec, data, func(m *system) {
		groups := m.groups(true)
		names := 0
		for _, g := range groups {
			names += len(g.Names)
			if g.LR != 3e-5 || g.Decay != 0.01 {
				t.Errorf("a group has the rate %g and the decay %g, want 3e-5 and 0.01", g.LR, g.Decay)
			}
		}
		if names != len(m.params.Names()) {
			t.Errorf("%d of %d parameters are in a group", names, len(m.params.Names()))
		}
	})
}
