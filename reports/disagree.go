package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/scoring"
)

// Disagreement is an example that some systems get right in more of their runs than
// others do.
type Disagreement struct {
	Example *mmibx.Example
	Gold    []string     // what there is to find: entities with their type, or the relation
	Sides   []SideAnswer // by system
}

// SideAnswer is what the runs of one system say of an example.
type SideAnswer struct {
	Runs, Right int // right: all of the example, and nothing besides
	Found       []Finding
}

// Finding is something that was found, and in how many runs.
type Finding struct {
	What  string
	Runs  int
	Right bool
}

// spread is the difference between the shares of right runs of the best and of the
// worst system.
func (d *Disagreement) spread() float64 {
	low, high := 1.0, 0.0
	for _, s := range d.Sides {
		share := float64(s.Right) / float64(max(1, s.Runs))
		low, high = min(low, share), max(high, share)
	}
	return high - low
}

// Disagreements finds the examples of a split on which systems differ most in how
// many of their runs are right, at most so many, the largest difference first and
// then in the order of the split. Each system is the predictions of its runs.
func Disagreements(task mmibx.Task, examples []mmibx.Example, systems [][][]mmibx.Prediction, limit int) ([]Disagreement, error) {
	all := make([]Disagreement, len(examples))
	for i := range all {
		e := &examples[i]
		all[i] = Disagreement{Example: e, Gold: answersOf(task, e, mmibx.Prediction{Tags: e.Tags, Relation: e.Relation}), Sides: make([]SideAnswer, len(systems))}
	}
	for s, runs := range systems {
		for _, predictions := range runs {
			byID := make(map[string]mmibx.Prediction, len(predictions))
			for _, p := range predictions {
				byID[p.ID] = p
			}
			for i := range all {
				p, ok := byID[all[i].Example.ID]
				if !ok {
					return nil, &mmibx.InputError{Key: all[i].Example.ID, Found: "no prediction", Expected: "one per example"}
				}
				all[i].Sides[s].add(answersOf(task, all[i].Example, p), all[i].Gold)
			}
		}
	}
	all = slices.DeleteFunc(all, func(d Disagreement) bool { return d.spread() == 0 })
	slices.SortStableFunc(all, func(a, b Disagreement) int { return cmp.Compare(b.spread(), a.spread()) })
	all = all[:min(limit, len(all))]
	for i := range all {
		for s := range all[i].Sides {
			slices.SortStableFunc(all[i].Sides[s].Found, func(a, b Finding) int { return cmp.Compare(b.Runs, a.Runs) })
		}
	}
	return all, nil
}

// add counts the answers of one run.
func (s *SideAnswer) add(found, gold []string) {
	s.Runs++
	if slices.Equal(found, gold) {
		s.Right++
	}
	for _, what := range found {
		i := slices.IndexFunc(s.Found, func(f Finding) bool { return f.What == what })
		if i < 0 {
			i = len(s.Found)
			s.Found = append(s.Found, Finding{What: what, Right: slices.Contains(gold, what)})
		}
		s.Found[i].Runs++
	}
}

// answersOf puts an answer into words: each entity with its type, or the relation.
// An entity that occurs twice carries its position.
func answersOf(task mmibx.Task, e *mmibx.Example, p mmibx.Prediction) []string {
	if task == mmibx.MRE {
		return []string{p.Relation}
	}
	found := []string{}
	for _, span := range scoring.Spans(p.Tags, scoring.Lenient) {
		words := strings.Join(e.Tokens[min(span.Start, len(e.Tokens)):min(span.End, len(e.Tokens))], " ")
		if strings.Count(" "+strings.Join(e.Tokens, " ")+" ", " "+words+" ") > 1 {
			words += fmt.Sprintf(" (word %d)", span.Start+1)
		}
		found = append(found, span.Type+" "+words)
	}
	return found
}
