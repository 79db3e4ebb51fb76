package plots

import (
	"github.com/mmibx/mmibx"
)

// Seconds is the value of a run that says how long its training took. No worker
// logs it: it is the time between the first and the last word of its journals.
const Seconds = "seconds"

// CostFigure draws the score against the time that a run took, a point per
// method in its usual setting.
func CostFigure(runs []Run, o Options) (*Figure, error) {
	runs, about := entering("cost", runs, o)
	metric := mmibx.DevF1
	if len(o.Metrics) > 0 {
		metric = o.Metrics[0]
	}
	names := usualNames(runs, o)
	f := &Figure{
		Meta: about, Look: Path, Spread: o.spread(),
		X: Axis{Label: "seconds of training, a run", Log: true, Limits: limitsOf(Seconds)}, Rows: []Row{rowOf(metric)},
	}
	f.gather(runs, names, func(r *Run, name string) (float64, bool) { return 0, o.Title(r.Spec) == name },
		func(r *Run, _ float64, add func(at, x, y float64)) {
			x, okX := r.Values[Seconds]
			if y, ok := r.Values[metric]; ok && okX && x > 0 {
				add(0, x, y)
			}
		}, func(float64) string { return "" })
	return f.settle()
}
