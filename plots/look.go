package plots

import (
	"image/color"
	"slices"
	"strings"

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

// seriesLook is that of a place in the palette, which may be gone through several
// times: then dashes and markers differ.
func seriesLook(i int) look {
	n := len(okabeIto)
	return look{color: okabeIto[i%n], dashes: dashes[(i+i/n)%len(dashes)], marker: i % numMarkers, width: 1.1}
}

func ceilingLook(i int) look {
	return look{color: boundGrey, dashes: boundDashes[i%len(boundDashes)], width: 0.7}
}

// looksOf gives each name a look. A method in its usual setting, known by its
// title, looks the same in every figure; other names share out what the methods
// of this figure leave, in the order in which they come.
func looksOf(names []string) map[string]look {
	looks, colours, slots := map[string]look{}, map[int]bool{}, map[int]bool{}
	give := func(name string, slot int) {
		looks[name] = seriesLook(slot)
		colours[slot%len(okabeIto)], slots[slot] = true, true
	}
	for _, name := range names {
		if slot := methodSlot(name); slot >= 0 {
			give(name, slot)
		}
	}
	for _, name := range names {
		if _, ok := looks[name]; ok {
			continue
		}
		slot := 0
		for len(colours) < len(okabeIto) && colours[slot] || slots[slot] { // with every colour taken, dashes and markers tell them apart
			slot++
		}
		give(name, slot)
	}
	return looks
}

// methodOrder is the place of a name in legends: methods and their arms come in the order
// of the registry, whatever panel has them first; other names behind.
func methodOrder(name string) int {
	at := slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Title == name || strings.HasPrefix(name, m.Title+", ") })
	if at < 0 {
		return len(mmibx.Models)
	}
	return at
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
