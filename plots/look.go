package plots

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot/vg"

	"github.com/mmibx/mmibx"
)

// look is how a series or a line appears everywhere in a figure.
type look struct {
	color  color.NRGBA
	dashes []vg.Length
	marker int
	width  vg.Length
}

func seriesLook(i int) look {
	return look{color: okabeIto[i%len(okabeIto)], dashes: dashes[i%len(dashes)], marker: i % numMarkers, width: 1.1}
}

func ceilingLook(i int) look {
	return look{color: boundGrey, dashes: boundDashes[i%len(boundDashes)], width: 0.7}
}

// looksOf gives each name a look. A method in its usual setting, known by its
// title, looks the same in every figure; other names share out what the methods
// of this figure leave, in the order in which they come.
func looksOf(names []string) map[string]look {
	looks, taken := map[string]look{}, map[int]bool{}
	for _, name := range names {
		if slot := methodSlot(name); slot >= 0 {
			looks[name] = seriesLook(slot)
			taken[slot%len(okabeIto)] = true
		}
	}
	next := 0
	for _, name := range names {
		if _, ok := looks[name]; ok {
			continue
		}
		for len(taken) < len(okabeIto) && taken[next%len(okabeIto)] {
			next++
		}
		looks[name] = seriesLook(next)
		taken[next%len(okabeIto)] = true
		next++
	}
	return looks
}

// methodSlot is the place of a method in the palette, -1 for another name: MMIB
// has the first, the others follow in the order of the registry.
func methodSlot(title string) int {
	at := slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Title == title })
	subject := slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Name == "mmib" })
	switch {
	case at == subject:
		return min(at, 0)
	case at >= 0 && at < subject:
		return at + 1
	}
	return at
}
