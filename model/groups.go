//go:build torch

package model

import (
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// groups sorts the parameters into those of a pretrained encoder and the rest,
// each with and without weight decay.
func (m *system) groups(pretrained bool) []*torch.Group {
	t := &m.spec.Train
	headLR := t.HeadLR
	if headLR == 0 {
		headLR = t.LR
	}
	encoder := &torch.Group{LR: t.LR, Decay: t.WeightDecay}
	encoderBare := &torch.Group{LR: t.LR}
	rest := &torch.Group{LR: headLR, Decay: t.WeightDecay}
	restBare := &torch.Group{LR: headLR}
	for _, name := range m.params.Names() {
		g, bare := rest, restBare
		if pretrained && strings.HasPrefix(name, "bert.") {
			g, bare = encoder, encoderBare
		}
		if !m.decays(name) {
			g = bare
		}
		g.Names = append(g.Names, name)
	}
	groups := []*torch.Group{encoder, encoderBare, rest, restBare}
	return slices.DeleteFunc(groups, func(g *torch.Group) bool { return len(g.Names) == 0 })
}

// decays says whether weight decay acts on a parameter. The released code spares
// names with "bias" or "LayerNorm" for MNER, so that ln1 and ln2 of the blocks
// decay, and nothing for MRE.
func (m *system) decays(name string) bool {
	bare := strings.HasSuffix(name, "bias") || strings.Contains(name, "LayerNorm")
	if m.spec.Train.Decay == "released" {
		return !bare || m.spec.TaskOf() == mmibx.MRE
	}
	return !bare && !strings.Contains(name, ".ln1.") && !strings.Contains(name, ".ln2.") && name != logTauName
}
