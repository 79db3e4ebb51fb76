package experiments

import (
	"slices"

	"github.com/mmibx/mmibx"
)

// sanityPictures are what every multimodal arm is shown where the sweep says
// `sanity = true`; text only stands beside them for no picture.
var sanityPictures = []any{"own", "shuffled", "blank"}

// sanityArms are those that tell whether a gain comes from the pictures: each arm
// whose model reads evidence with its own, shuffled and blank pictures, and one of
// text only, which has what none shares. They are in the usual setting of their arm:
// without its axes, but for those that choose preset, model or encoder, so that
// what an axis covers counts again; and they follow the formulas and conditions of
// the sweep. What an arm runs already collapses.
func (s *Sweep) sanityArms(arms []armLayers, none armLayers) []armLayers {
	var all []armLayers
	add := func(a armLayers, name string, key string, values []any) {
		choice := &layered{Axis: oneKey(key, values, s.Sanity.Where), axis: len(values) > 1}
		a.name, a.sanity, a.space, a.dims = sanityName(name), true, nil, nil
		a.layers = merge(append(a.usual(), choice))
		all = append(all, a)
	}
	for _, a := range arms {
		if a.multimodal() {
			add(a, a.name, "evidence.pictures", sanityPictures)
		}
	}
	add(none, "text only", "model.name", []any{"text"})
	return all
}

func sanityName(arm string) string {
	if arm == "" {
		return "sanity"
	}
	return arm + " (sanity)"
}

// usual leaves the axes out of what is said of an arm that do not choose preset, model or
// encoder, and what else is said of the choice of pictures.
func (a armLayers) usual() []*layered {
	chooses := func(key string) bool { return key == "preset" || key == "model.name" || key == "encoder.name" }
	return slices.DeleteFunc(slices.Clone(a.said), func(l *layered) bool {
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
