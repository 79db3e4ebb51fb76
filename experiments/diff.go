package experiments

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Difference is how a plan differs from an older one.
type Difference struct {
	Added   []*Cell  // where the older plan had nothing
	Gone    []*Cell  // of the older plan, where the newer has nothing
	Changed []Change // where both have a run, and not the same
}

// Change is a place of a sweep (arm, point, benchmark and seed) whose run is another.
type Change struct {
	Was, Is *Cell
	inputs  bool // what they read differs
}

// Counts is the difference in words for one line.
func (d *Difference) Counts() string {
	text := fmt.Sprintf("%d runs more, %d runs no longer in it", len(d.Added), len(d.Gone))
	if n := len(d.Changed); n > 0 {
		text += fmt.Sprintf(", %d changed", n)
	}
	return text
}

// Why says what changed: the values of keys, or else what no key says.
func (c *Change) Why() string {
	was, is := c.Was.Spec.Values(), c.Is.Spec.Values()
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if was[key] != is[key] {
			parts = append(parts, fmt.Sprintf("%s %v -> %v", key, was[key], is[key]))
		}
	}
	if c.inputs {
		parts = append(parts, "other data or weights")
	}
	if parts == nil {
		return "another revision of the model or its task"
	}
	return strings.Join(parts, ", ")
}

// places are where a run stands: its own and those that it collapsed with.
func (c *Cell) places() []string {
	all := []string{c.place(c.ArmName, c.Axes)}
	for _, s := range c.Also {
		all = append(all, c.place(s.ArmName, s.Axes))
	}
	return all
}

func (c *Cell) place(arm string, axes map[string]any) string {
	if axes == nil {
		axes = map[string]any{} // as before it was stored
	}
	point, err := json.Marshal(axes) // keys in order; the numbers of a plan that was read compare too
	if err != nil {
		panic("experiments: the axes of a cell are no JSON: " + err.Error())
	}
	return fmt.Sprintf("%q %s %s %d", arm, point, c.Spec.Benchmark, c.Spec.Seed)
}

// Diff compares a plan with an older one of the same sweep.
func (p *Plan) Diff(old *Plan) Difference {
	stays := map[string]bool{}
	for _, run := range p.IDs() {
		stays[run] = true
	}
	was, left := map[string]*Cell{}, map[string]*Cell{} // the older runs that are not in p, by place and by id
	before := map[string]bool{}
	for i := range old.Cells {
		c := &old.Cells[i]
		before[c.Run] = true
		if stays[c.Run] {
			continue
		}
		left[c.Run] = c
		for _, place := range c.places() {
			was[place] = c
		}
	}
	var d Difference
	for i := range p.Cells {
		c := &p.Cells[i]
		if before[c.Run] {
			continue
		}
		places := c.places()
		at := slices.IndexFunc(places, func(place string) bool { return was[place] != nil })
		if at < 0 {
			d.Added = append(d.Added, c)
			continue
		}
		o := was[places[at]]
		d.Changed = append(d.Changed, Change{o, c, !sameInputs(old, o, p, c)})
		delete(left, o.Run)
	}
	for i := range old.Cells {
		if c := &old.Cells[i]; left[c.Run] != nil {
			d.Gone = append(d.Gone, c)
		}
	}
	return d
}

func sameInputs(old *Plan, a *Cell, p *Plan, b *Cell) bool {
	x, y := old.Inputs[a.Input], p.Inputs[b.Input]
	return maps.Equal(x.Data, y.Data) && maps.Equal(x.Weights, y.Weights)
}
