package plots

import (
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Kind is a figure of runs by its name. A new one is a file and a line in Kinds.
type Kind struct {
	Name   string
	Doc    string   // what it shows
	Values []string // metrics of done runs that it reads, at the chosen checkpoint
	Curves []string // metrics of which it reads every point
	Choose int      // how many metrics may be asked for instead of these; -1: any number
	Keys   int      // how many keys of the spec it may be asked to draw along
	Pruned bool     // it reads Values of pruned runs besides, at the best dev F1 that they had reached
	Cost   bool     // it reads Seconds besides
	Cases  bool     // it reads Options.Cases
	Codes  bool     // it reads Options.Codes
	Types  bool     // it reads the F1 of every type besides
	Test   bool     // F1 on test may stand for that on dev
	Draw   func(runs []Run, o Options) (Drawing, error)
}

// Kinds lists the figures of runs.
var Kinds = slices.Concat(studyKinds(), []Kind{
	{Name: "curves", Doc: "dev F1 along training", Curves: []string{mmibx.DevF1}, Choose: 1, Draw: drawing(TrainingFigure)},
	{Name: "plane", Doc: "the information plane along the weight of the bottleneck", Values: []string{mmibx.InformationInput, mmibx.InformationLabel}, Draw: drawing(PlaneFigure)},
	{Name: "plane-training", Doc: "the information plane along training", Curves: []string{mmibx.InformationInput, mmibx.InformationLabel}, Draw: drawing(PlaneTrainingFigure)},
	{Name: "heatmap", Doc: "dev F1 over two settings", Values: []string{mmibx.DevF1}, Choose: 1, Keys: 2, Test: true, Draw: drawing(HeatFigure)},
	{Name: "types", Doc: "F1 of every type of entity or relation", Types: true, Test: true, Draw: drawing(TypesFigure)},
	{Name: "budget", Doc: "the expected best score against the number of trials", Values: []string{mmibx.DevF1}, Choose: 1, Pruned: true, Draw: drawing(BudgetFigure)},
	{Name: "cases", Doc: "what gold and two methods say of the same tweets", Cases: true, Test: true, Draw: drawing(CasesFigure)},
	{Name: "latents", Doc: "the codes of texts and pictures before and after training", Codes: true, Draw: drawing(LatentsFigure)},
	{Name: "cost", Doc: "score against the time that a run took", Values: []string{mmibx.DevF1}, Choose: 1, Test: true, Cost: true, Draw: drawing(CostFigure)},
})

// LookupKind finds a figure by name.
func LookupKind(name string) (Kind, bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

func studyKinds() []Kind {
	kinds := make([]Kind, len(Studies))
	for i, s := range Studies {
		kinds[i] = Kind{Name: s.Name, Doc: s.Doc, Values: s.Metrics, Choose: -1, Test: s.Metrics[0] == mmibx.DevF1, Draw: drawing(s.Figure)}
	}
	return kinds
}

// drawing is a figure of one kind as one of any.
func drawing[T any, D interface {
	*T
	Drawing
}](figure func([]Run, Options) (D, error)) func([]Run, Options) (Drawing, error) {
	return func(runs []Run, o Options) (Drawing, error) {
		f, err := figure(runs, o)
		if err != nil {
			return nil, err
		}
		about := D(f).About()
		about.Note = strings.TrimSpace(onTest(runs, about.Runs) + about.Note)
		return f, nil
	}
}
