package plots

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// PlaneFigure draws the information plane along the weight of the bottleneck:
// what the codes keep of the input against what they say of the label, a point
// per weight.
func PlaneFigure(runs []Run, o Options) (*Figure, error) {
	runs, about := entering("plane", runs, o)
	study := Study{Name: "plane", Axes: betaAxes, Joint: "β"}
	axes := study.drawn(runs, o)
	if len(axes) == 0 {
		return nil, fmt.Errorf("figure plane: %w: no arms that differ in the weight of the bottleneck only", mmibx.ErrNotFound)
	}
	label, names := axes[0].Label, []string{}
	if len(axes) > 1 {
		label = study.Joint
	}
	for _, a := range axes {
		names = append(names, a.names...)
	}
	f := plane(about, runs, o)
	f.Note = strings.TrimSpace(fmt.Sprintf("Beside the points, where there is room: %s. %s", label, f.Note))
	f.gather(runs, names, func(r *Run, name string) (at float64, ok bool) {
		for _, a := range axes {
			if s := slices.Index(a.names, name); s >= 0 {
				at, on := a.value(&r.Spec)
				return at, on && a.title(r.Spec, o) == a.arms[s]
			}
		}
		return 0, false
	}, func(r *Run, at float64, add func(at, x, y float64)) {
		x, okX := r.Values[mmibx.InformationInput]
		y, okY := r.Values[mmibx.InformationLabel]
		if okX && okY {
			add(at, x, y)
		}
	}, plain)
	study.noteLeftOut(&f.Meta, axes, runs, o, func(r *Run) bool {
		_, okX := r.Values[mmibx.InformationInput]
		_, okY := r.Values[mmibx.InformationLabel]
		return r.State == mmibx.Done && okX && okY
	})
	return f.settle()
}

// PlaneTrainingFigure draws the information plane along training, a point per
// epoch.
func PlaneTrainingFigure(runs []Run, o Options) (*Figure, error) {
	runs, about := entering("plane-training", runs, o)
	f := plane(about, runs, o)
	var names []string
	for _, r := range runs {
		if name := o.Title(r.Spec); len(r.Curves[mmibx.InformationInput]) > 0 && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if total := len(names); total > maxArms {
		names = slices.DeleteFunc(names, func(name string) bool { return methodSlot(name) < 0 })
		f.Note = strings.TrimSpace(fmt.Sprintf("%d of %d arms are drawn, those in the usual setting. %s", len(names), total, f.Note))
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("figure plane-training: %w: no runs that logged %s", mmibx.ErrNotFound, mmibx.InformationInput)
	}
	f.Note = strings.TrimSpace("Beside the points, where there is room: the first and the last epoch. " + f.Note)
	f.gather(runs, names, func(r *Run, name string) (float64, bool) { return 0, o.Title(r.Spec) == name },
		func(r *Run, _ float64, add func(at, x, y float64)) {
			ys := map[int64]float64{}
			for _, p := range r.Curves[mmibx.InformationLabel] {
				ys[p.Step] = p.Value
			}
			for i, p := range r.Curves[mmibx.InformationInput] {
				if y, ok := ys[p.Step]; ok {
					add(float64(i+1), p.Value, y)
				}
			}
		}, plain)
	for _, panel := range f.Rows[0].Panels {
		for s := range panel.Series {
			for i := range panel.Series[s].Points {
				if i > 0 && i < len(panel.Series[s].Points)-1 {
					panel.Series[s].Points[i].Name = ""
				}
			}
		}
	}
	return f.settle()
}

// plane is an information plane without its points. Of entities the bound of
// what the codes say of the label lacks the constant H(Y), and is negative.
func plane(about Meta, runs []Run, o Options) *Figure {
	if slices.ContainsFunc(benchmarks(runs), func(b mmibx.Benchmark) bool { return b.Task == mmibx.MNER }) {
		about.Note = strings.TrimSpace("Of entities I(Z; Y) is given up to the constant H(Y). " + about.Note)
	}
	return &Figure{
		Meta: about, Look: Path, Spread: o.spread(), X: Axis{Label: MetricLabel(mmibx.InformationInput), Limits: limitsOf(mmibx.InformationInput)},
		Rows: []Row{rowOf(mmibx.InformationLabel)},
	}
}
