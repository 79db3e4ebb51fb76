package tui

import (
	"slices"
	"strings"
)

// mark is a run or an arm that was marked. Marks belong to no screen: they stay
// while the UI lives, whatever a list shows.
type mark struct {
	id    string // of the run, or of the arm
	arm   bool
	label string   // for people
	runs  []string // of an arm, those that were listed; of a run itself
}

// toggle marks, or takes the mark away.
func (e *env) toggle(m mark) {
	if i := e.markOf(m.id, m.arm); i >= 0 {
		e.marked = slices.Delete(slices.Clone(e.marked), i, i+1)
		return
	}
	e.marked = append(slices.Clip(e.marked), m)
}

// markOf is the place of a mark among all, -1 where there is none.
func (e *env) markOf(id string, arm bool) int {
	return slices.IndexFunc(e.marked, func(m mark) bool { return m.id == id && m.arm == arm })
}

// onMarked are the actions on what is marked: two to five runs or arms side by
// side, their curves, a table, a figure.
func (e *env) onMarked() []action {
	return append([]action{compareAction(e, e.marked), curvesAction(e, e.marked)}, e.papers("")...)
}

// papers are the table and the figure of what is marked, or else of all of a sweep
// where there is one.
func (e *env) papers(sweep string) []action {
	q := PaperQuery{Runs: runsOf(e.marked)}
	if len(q.Runs) == 0 {
		q.Sweep = sweep
	}
	acts := []action{tableAction(e, q), figureAction(e, q)}
	if q.Sweep == "" && len(q.Runs) == 0 {
		acts[0].why, acts[1].why = "nothing is marked: space marks", "nothing is marked: space marks"
	}
	return acts
}

// runsOf lists the runs of marks, each once.
func runsOf(marks []mark) []string {
	var ids []string
	for _, m := range marks {
		for _, id := range m.runs {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// filterOf is a filter that lets runs through, all of them and no others.
func filterOf(ids []string) string { return "id in (" + strings.Join(ids, ", ") + ")" }
