package plots

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// drawnAxis is an axis with its series: their names among the arms, and in the figure.
type drawnAxis struct {
	StudyAxis
	arms, names []string
	official    bool // the released code's setting stands apart
}

// drawn are the axes that a figure shows: the one along which the runs vary most, the
// first of equals; where it and others have one series each, and theirs are half as
// long at least, all of these.
func (s Study) drawn(runs []Run, o Options) []drawnAxis {
	var all []drawnAxis
	most, longest := -1, 0
	for _, a := range s.Axes {
		arms, _ := a.series(runs, o)
		if n := a.longest(runs, o); len(arms) > 0 {
			if n > longest {
				most, longest = len(all), n
			}
			all = append(all, drawnAxis{StudyAxis: a, arms: arms, names: slices.Clone(arms)})
		}
	}
	if most < 0 {
		return nil
	}
	if len(all[most].arms) == 1 && s.Joint != "" {
		joined := slices.DeleteFunc(slices.Clone(all), func(a drawnAxis) bool { return len(a.arms) > 1 || 2*a.longest(runs, o) < longest })
		if len(joined) > 1 {
			for i := range joined {
				joined[i].official = i == 0
				joined[i].names = []string{joined[i].arms[0] + ", " + joined[i].Short}
			}
			return joined
		}
	}
	all[most].official = !s.Given
	return all[most : most+1]
}

// value is where a run lies on the axis, and whether it does.
func (a StudyAxis) value(s *mmibx.Spec) (float64, bool) {
	if len(s.Unread(a.Keys)) > 0 {
		if a.Idle == nil || len(s.Unread(a.Aside)) > 0 || !usual(s, a.Aside) {
			return 0, false
		}
		return *a.Idle, true
	}
	var at float64
	for i, k := range a.Keys {
		v, _ := s.Get(k)
		var x float64
		switch v := v.(type) {
		case float64:
			x = v
		case int:
			x = float64(v)
		}
		if i > 0 && x != at {
			return 0, false
		}
		at = x
	}
	return at, true
}

// usual says that keys have the values of the preset default.
func usual(s *mmibx.Spec, keys []string) bool {
	base, err := mmibx.Resolve(map[string]any{"benchmark": s.Benchmark, "model.name": s.Model.Name, "encoder.name": s.Encoder.Name})
	return err == nil && !slices.ContainsFunc(keys, func(key string) bool {
		own, _ := s.Get(key)
		want, _ := base.Get(key)
		return own != want
	})
}

// title names the series of a run.
func (a StudyAxis) title(s mmibx.Spec, o Options, without ...string) string {
	return o.Title(s, slices.Concat(a.Keys, a.Aside, without)...)
}

// settings lists the values of the axis that each series of runs has.
func (a StudyAxis) settings(runs []Run, o Options) map[string][]float64 {
	found := map[string][]float64{}
	for i := range runs {
		if x, ok := a.value(&runs[i].Spec); ok {
			name := a.title(runs[i].Spec, o)
			if !slices.Contains(found[name], x) {
				found[name] = append(found[name], x)
			}
		}
	}
	return found
}

func (a StudyAxis) longest(runs []Run, o Options) int {
	n := 0
	for _, values := range a.settings(runs, o) {
		n = max(n, len(values))
	}
	return n
}

// series names the arms that have two values on the axis at least, in the order of the
// runs: those that have half as many as the longest, and those of fewer. Where one
// series is a curve, another of two points that some other study left is not.
func (a StudyAxis) series(runs []Run, o Options) (names, short []string) {
	settings, longest := a.settings(runs, o), a.longest(runs, o)
	for i := range runs {
		name := a.title(runs[i].Spec, o)
		switch n := len(settings[name]); {
		case n < 2 || slices.Contains(names, name) || slices.Contains(short, name):
		case 2*n < longest:
			short = append(short, name)
		default:
			names = append(names, name)
		}
	}
	return names, short
}

// fewArms is how many of those that are left out a caption names.
const fewArms = 3

// noteLeftOut says which arms that vary along the axes of the study are not drawn,
// though their runs have a value: those of too few settings along a drawn axis, then
// those along the other axes.
func (s Study) noteLeftOut(about *Meta, drawn []drawnAxis, runs []Run, o Options, valued func(*Run) bool) {
	told := map[string]bool{} // runs
	missing := func(a StudyAxis, arms []string) (names []string) {
		for i := range runs {
			r := &runs[i]
			if _, on := a.value(&r.Spec); !on || !valued(r) || about.seen[r.ID] || told[r.ID] {
				continue
			}
			if name := a.title(r.Spec, o); slices.Contains(arms, name) {
				told[r.ID] = true
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		return names
	}
	var short, axes, parts []string
	for i := range drawn {
		_, few := drawn[i].series(runs, o)
		short = append(short, missing(drawn[i].StudyAxis, few)...)
	}
	for _, a := range s.Axes {
		names, few := a.series(runs, o)
		if len(missing(a, slices.Concat(names, few))) > 0 {
			axes = append(axes, cmp.Or(a.Short, a.Label))
		}
	}
	if n := len(short); n > 0 {
		part := fmt.Sprintf("Not drawn: %s with fewer than half as many settings as the longest series", counted(n, "arm", "arms"))
		if n <= fewArms {
			part += " (" + strings.Join(short, "; ") + ")"
		}
		parts = append(parts, part)
	}
	if len(axes) > 0 {
		parts = append(parts, "Not drawn: what varies along "+strings.Join(axes, ", along "))
	}
	if about.Note != "" {
		parts = append(parts, strings.TrimSuffix(about.Note, "."))
	}
	about.Note = strings.Join(parts, ". ")
}
