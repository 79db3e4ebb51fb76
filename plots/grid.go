package plots

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// HeatFigure draws a metric over two settings of one method: those of the
// options, or the two that vary most.
func HeatFigure(runs []Run, o Options) (*HeatMap, error) {
	runs, about := entering("heatmap", runs, o)
	metric := mmibx.DevF1
	if len(o.Metrics) > 0 {
		metric = o.Metrics[0]
	}
	g, err := pickGrid(runs, o)
	if err != nil {
		return nil, err
	}
	h := &HeatMap{Meta: about, X: g.x.Label, Y: g.y.Label, Metric: MetricLabel(metric)}
	h.Note = strings.TrimSpace("The method is " + g.name + ". " + h.Note)
	xs, ys := g.places()
	for _, x := range xs {
		h.Columns = append(h.Columns, g.x.nameOf(x))
	}
	for _, y := range ys {
		h.Rows = append(h.Rows, g.y.nameOf(y))
	}
	for _, b := range benchmarks(g.runs) {
		panel := HeatPanel{Title: b.Title, Cells: make([][]HeatCell, len(ys))}
		for i := range panel.Cells {
			panel.Cells[i] = make([]HeatCell, len(xs))
		}
		for i := range g.runs {
			r := &g.runs[i]
			value, ok := r.value(metric)
			if r.Spec.Benchmark != b.Name || !ok {
				continue
			}
			at := g.at(r)
			c := &panel.Cells[slices.Index(ys, at[1])][slices.Index(xs, at[0])]
			c.Values = append(c.Values, value)
			h.ran(r)
		}
		if metric == mmibx.DevF1 {
			panel.frameBest()
		}
		h.Panels = append(h.Panels, panel)
	}
	if len(h.Runs) == 0 {
		return nil, fmt.Errorf("figure heatmap: %w: none of the runs that it shows is done with %s", mmibx.ErrNotFound, metric)
	}
	return h, nil
}

func (panel *HeatPanel) frameBest() {
	var best *HeatCell
	top := math.Inf(-1)
	for _, row := range panel.Cells {
		for i := range row {
			if mean, ok := row[i].mean(); ok && mean > top {
				best, top = &row[i], mean
			}
		}
	}
	if best != nil {
		best.Best = true
	}
}

// grid is two axes and the runs of one method that lie on both.
type grid struct {
	x, y StudyAxis
	name string
	runs []Run
}

func (g *grid) at(r *Run) [2]float64 {
	x, _ := g.x.value(&r.Spec)
	y, _ := g.y.value(&r.Spec)
	return [2]float64{x, y}
}

func (g *grid) places() (xs, ys []float64) {
	for i := range g.runs {
		at := g.at(&g.runs[i])
		xs, ys = append(xs, at[0]), append(ys, at[1])
	}
	slices.Sort(xs)
	slices.Sort(ys)
	return slices.Compact(xs), slices.Compact(ys)
}

// crossed counts the pairs of settings that have runs; 0 where no two values of one
// setting were both run with two of the other: a row and a column that meet in the
// usual setting are two figures of sensitivity, and most of a map of them is empty.
func (g *grid) crossed() int {
	xs, ys := g.places()
	if len(xs) < 2 || len(ys) < 2 {
		return 0
	}
	found := map[[2]float64]bool{}
	for i := range g.runs {
		found[g.at(&g.runs[i])] = true
	}
	for _, x := range xs {
		for _, other := range xs {
			n := 0
			for _, y := range ys {
				if x < other && found[[2]float64{x, y}] && found[[2]float64{other, y}] {
					n++
				}
			}
			if n > 1 {
				return len(found)
			}
		}
	}
	return 0
}

// pickGrid finds the pair of axes, and the method on them, with the most cells.
func pickGrid(runs []Run, o Options) (*grid, error) {
	var axes []StudyAxis
	for _, s := range Studies[:3] {
		axes = append(axes, s.Axes...)
	}
	if len(o.Keys) == 2 {
		axes = []StudyAxis{axisOf(o.Keys[0]), axisOf(o.Keys[1])}
	}
	var best *grid
	for i, x := range axes {
		for _, y := range axes[i+1:] {
			if slices.ContainsFunc(x.Keys, func(k string) bool { return slices.Contains(y.Keys, k) }) && len(x.Keys) != len(y.Keys) {
				continue // both together against one of them
			}
			for _, g := range gridsOf(x, y, runs, o) {
				if best == nil || g.crossed() > best.crossed() {
					best = g
				}
			}
		}
	}
	if best == nil || best.crossed() == 0 {
		return nil, fmt.Errorf("figure heatmap: %w: no method whose runs vary two settings against each other; name them with --along", mmibx.ErrNotFound)
	}
	return best, nil
}

// gridsOf are the methods on two axes, by name.
func gridsOf(x, y StudyAxis, runs []Run, o Options) []*grid {
	byName := map[string]*grid{}
	for i := range runs {
		_, onX := x.value(&runs[i].Spec)
		_, onY := y.value(&runs[i].Spec)
		if !onX || !onY {
			continue
		}
		name := o.Title(runs[i].Spec, slices.Concat(x.Keys, y.Keys)...)
		if byName[name] == nil {
			byName[name] = &grid{x: x, y: y, name: name}
		}
		byName[name].runs = append(byName[name].runs, runs[i])
	}
	return slices.SortedFunc(maps.Values(byName), func(a, b *grid) int { return cmp.Compare(a.name, b.name) })
}

// axisOf is a key of the spec as an axis; ib.beta is both weights.
func axisOf(key string) StudyAxis {
	keys := []string{key}
	if key == "ib.beta" {
		keys = []string{"ib.beta_text", "ib.beta_image"}
	}
	for _, s := range Studies {
		for _, a := range s.Axes {
			if slices.Equal(a.Keys, keys) {
				return a
			}
		}
	}
	return StudyAxis{Keys: keys, Label: key}
}

// nameOf is how a place of the axis reads.
func (a StudyAxis) nameOf(x float64) string {
	if pt := a.point(x); pt.Label != "" {
		return pt.Label
	}
	return plain(round3(x))
}
