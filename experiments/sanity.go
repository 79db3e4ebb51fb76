package experiments

import (
	"slices"

	"github.com/mmibx/mmibx"
)

// sanityPictures are what every multimodal arm is shown where the sweep says
// `sanity = true`; text only stands beside them for no picture.
var sanityPictures = []any{"own", "shuffled", "blank"}

// withSanity adds the arms that tell whether a gain comes from the pictures: each
// arm whose model reads evidence with its own, shuffled and blank pictures, and
// one of text only. They are in the usual setting of their arm: without its axes,
// but for those that choose preset, model or encoder, and follow the formulas and
// conditions of the sweep. What an arm runs already collapses.
func (s *Sweep) withSanity(shared []*layered, arms []armLayers) []armLayers {
	if !s.Sanity.Wanted {
		return arms
	}
	pictures := &layered{oneKey("evidence.pictures", sanityPictures, s.Sanity.Where), true}
	text := &layered{oneKey("model.name", []any{"text"}, s.Sanity.Where), false}
	all := slices.Clone(arms)
	for _, a := range arms {
		if a.multimodal() {
			a.name, a.layers = sanityName(a.name), merge(a.usual(), []*layered{pictures})
			all = append(all, a)
		}
	}
	none := s.follow(armLayers{name: sanityName("text only"), layers: merge(shared, s.overriding())}, Arm{})
	none.layers = merge(none.usual(), []*layered{text})
	return append(all, none)
}

func sanityName(arm string) string {
	if arm == "" {
		return "sanity"
	}
	return arm + ", sanity"
}

// usual leaves out the axes that do not choose preset, model or encoder, and what
// else is said of the choice of pictures.
func (a armLayers) usual() []*layered {
	chooses := func(key string) bool { return key == "preset" || key == "model.name" || key == "encoder.name" }
	return slices.DeleteFunc(slices.Clone(a.layers), func(l *layered) bool {
		if l.axis {
			return !slices.ContainsFunc(l.touches(), chooses)
		}
		return slices.Contains(l.Keys, "evidence.pictures") || slices.Contains(l.Keys, "evidence.shuffle_share")
	})
}

// multimodal says that a model of the arm reads evidence.
func (a armLayers) multimodal() bool {
	for _, l := range a.layers {
		i := slices.Index(l.Keys, "model.name")
		if i < 0 {
			continue
		}
		if slices.ContainsFunc(l.Points, func(values []any) bool {
			name, _ := values[i].(string)
			m, _ := mmibx.LookupModel(name)
			return slices.Contains(m.Reads, "evidence")
		}) {
			return true
		}
	}
	return false
}
