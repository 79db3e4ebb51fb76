package experiments

import (
	"iter"
	"slices"
)

// layered is a setting or an axis that one or more arms share.
type layered struct {
	Axis
	axis bool // varies: part of a cell's coordinates
	// sampled axes are one for all keys of a space; who reads a key is asked of the
	// layer of its dimension.
	sampled bool
	cube    [][]float64 // where the points of a sampled axis lie
}

// armLayers are the settings in force in an arm, one layer per key.
type armLayers struct {
	name   string
	device string     // that the arm asks for itself
	said   []*layered // all that is said of the arm, before the later replaces the earlier
	layers []*layered
	derive []derived
	when   []*Expression
	space  []Dimension // that a sampler chooses points of
	dims   []*layered  // of the space, a layer per dimension
	sanity bool        // added by withSanity, not declared
}

// derived is a formula, and the layer that its key makes.
type derived struct {
	*Expression
	layer *layered
}

// layers merges what the sweep says into one list per arm, where later layers
// replace earlier ones: base, grid, the arm's settings, the arm's grid and space, --set.
func (s *Sweep) layers() ([]armLayers, error) {
	shared, overrides := append(fixed(s.Base), varying(s.Grid)...), s.overriding()
	arms := s.Arms
	if len(arms) == 0 {
		arms = []Arm{{}}
	}
	formulas := deriving(s.Derive)
	dims := map[Place]*layered{} // arms that share a dimension share its layer
	var all []armLayers
	for _, a := range arms {
		own, space := append(fixed(a.Settings), varying(a.Grid)...), s.joint(a)
		if len(space) > 0 {
			sampled, err := s.sampled(space)
			if err != nil {
				return nil, err
			}
			own = append(own, sampled)
		}
		arm := s.follow(a, formulas, slices.Concat(shared, own, overrides))
		arm.space = space
		for i := range space {
			at := space[i].where
			if dims[at] == nil {
				dims[at] = space[i].layer()
			}
			arm.dims = append(arm.dims, dims[at])
		}
		all = append(all, arm)
	}
	if s.Sanity.Wanted {
		all = append(all, s.sanityArms(all, s.follow(Arm{}, formulas, slices.Concat(shared, overrides)))...)
	}
	return all, nil
}

// follow makes an arm of what is said of it, with the formulas and conditions of
// the sweep and of its own.
func (s *Sweep) follow(a Arm, shared []derived, said []*layered) armLayers {
	arm := armLayers{name: a.Name, device: a.Device, said: said, layers: merge(said)}
	for _, e := range slices.Concat(shared, deriving(a.Derive)) {
		arm.derive = slices.DeleteFunc(arm.derive, func(d derived) bool { return d.Key == e.Key })
		arm.derive = append(arm.derive, e)
	}
	for _, when := range []*Expression{s.When, a.When} {
		if when != nil {
			arm.when = append(arm.when, when)
		}
	}
	return arm
}

// deriving gives each formula the layer of its key; arms that share the formula
// share the layer.
func deriving(formulas []*Expression) []derived {
	all := make([]derived, len(formulas))
	for i, e := range formulas {
		all[i] = derived{e, &layered{Axis: oneKey(e.Key, nil, e.Where)}}
	}
	return all
}

func (s *Sweep) overriding() []*layered {
	var layers []*layered
	for _, o := range s.overrides {
		layers = append(layers, &layered{Axis: o, axis: len(o.Points) > 1})
	}
	return layers
}

func fixed(settings []Setting) []*layered {
	var layers []*layered
	for _, s := range settings {
		layers = append(layers, &layered{Axis: oneKey(s.Key, []any{s.Value}, s.Where)})
	}
	return layers
}

func varying(axes []Axis) []*layered {
	var layers []*layered
	for _, a := range axes {
		layers = append(layers, &layered{Axis: a, axis: true})
	}
	return layers
}

// merge keeps, of the layers that set a key, the last. One that sets several keys
// (ib.beta, zip, rows) stays in front of a later one that replaces only some of
// them.
func merge(said []*layered) []*layered {
	var kept []*layered
	covered := map[string]bool{}
	for _, l := range slices.Backward(said) {
		if !slices.ContainsFunc(l.touches(), func(k string) bool { return !covered[k] }) {
			continue
		}
		for _, k := range l.sets() {
			covered[k] = true
		}
		kept = append(kept, l)
	}
	slices.Reverse(kept)
	return kept
}

// every lists the layers with those of what is derived; for a space, those of its
// dimensions.
func (a armLayers) every() []*layered {
	all := slices.DeleteFunc(slices.Clone(a.layers), func(l *layered) bool { return l.sampled })
	all = append(all, a.dims...)
	for _, d := range a.derive {
		all = append(all, d.layer)
	}
	return all
}

// points counts the points of the arm's grids, stopping above maxCells.
func (a armLayers) points() int {
	n := 1
	for _, l := range a.layers {
		if n *= len(l.Points); n > maxCells {
			return maxCells + 1
		}
	}
	return n
}

// choices runs through the indices of the values, the last layer fastest. The
// slice is reused.
func (a armLayers) choices() iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		choice := make([]int, len(a.layers))
		for {
			if !yield(choice) {
				return
			}
			i := len(choice) - 1
			for ; i >= 0; i-- {
				if choice[i]++; choice[i] < len(a.layers[i].Points) {
					break
				}
				choice[i] = 0
			}
			if i < 0 {
				return
			}
		}
	}
}

// cubeAt is where the sampler's point at a choice lies; ok is false without a space.
func (a armLayers) cubeAt(choice []int) (at []float64, ok bool) {
	for i, l := range a.layers {
		if l.sampled {
			return l.cube[choice[i]], true
		}
	}
	return nil, false
}

func uniqueLayers(arms []armLayers) []*layered {
	var all []*layered
	seen := map[*layered]bool{}
	for _, a := range arms {
		for _, l := range a.every() {
			if !seen[l] {
				seen[l] = true
				all = append(all, l)
			}
		}
	}
	return all
}
