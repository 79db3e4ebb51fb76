package reports

import (
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/scoring"
)

// Cases are examples of a split that two systems answer differently, picked by a
// rule and not by hand: in the order of the split the first ones that B alone has
// wholly right, then the first that A alone has.
type Cases struct {
	List                 []Case
	OnlyA, OnlyB         int // examples of the split that one of them alone has wholly right
	Both, Neither, Total int
}

// Case is one example with what gold and two systems say of it.
type Case struct {
	Example    *mmibx.Example
	Gold, A, B []Said
}

// Said is an entity, or a relation over the whole example.
type Said struct {
	mmibx.Span
	Label string
	Right bool // as gold has it
}

// PickCases finds examples to show: n that B alone has wholly right and one that
// A alone has, or the other way round where there are fewer.
func PickCases(task mmibx.Task, examples []mmibx.Example, a, b []mmibx.Prediction, n int) (*Cases, error) {
	said := make([]map[string]mmibx.Prediction, 2)
	for i, list := range [][]mmibx.Prediction{a, b} {
		if _, err := scoring.PerExample(task, examples, list, scoring.Lenient); err != nil { // refuses what does not fit
			return nil, err
		}
		said[i] = map[string]mmibx.Prediction{}
		for _, p := range list {
			said[i][p.ID] = p
		}
	}
	c := &Cases{Total: len(examples)}
	var onlyA, onlyB []Case
	for i := range examples {
		e := &examples[i]
		one := Case{Example: e, Gold: sayings(task, e, mmibx.Prediction{Tags: e.Tags, Relation: e.Relation}, nil)}
		one.A = sayings(task, e, said[0][e.ID], one.Gold)
		one.B = sayings(task, e, said[1][e.ID], one.Gold)
		switch rightA, rightB := wholly(one.A, one.Gold), wholly(one.B, one.Gold); {
		case rightA && rightB:
			c.Both++
		case rightA:
			c.OnlyA++
			onlyA = append(onlyA, one)
		case rightB:
			c.OnlyB++
			onlyB = append(onlyB, one)
		default:
			c.Neither++
		}
	}
	c.List = append(c.List, onlyB[:min(n, len(onlyB))]...)
	c.List = append(c.List, onlyA[:min(n+1-len(c.List), len(onlyA))]...)
	if len(c.List) == 0 {
		return nil, fmt.Errorf("%w: no example that one of the two systems alone has right", mmibx.ErrNotFound)
	}
	return c, nil
}

// sayings lists what tags or a relation say; of gold itself all is right.
func sayings(task mmibx.Task, e *mmibx.Example, p mmibx.Prediction, gold []Said) []Said {
	var list []Said
	if task == mmibx.MRE {
		list = []Said{{Span: mmibx.Span{End: len(e.Tokens)}, Label: p.Relation}}
	} else {
		for _, s := range scoring.Spans(p.Tags, scoring.Lenient) {
			list = append(list, Said{Span: mmibx.Span{Start: s.Start, End: s.End}, Label: s.Type})
		}
	}
	for i := range list {
		list[i].Right = gold == nil || slices.ContainsFunc(gold, func(g Said) bool { return g.Span == list[i].Span && g.Label == list[i].Label })
	}
	return list
}

func wholly(said, gold []Said) bool {
	return len(said) == len(gold) && !slices.ContainsFunc(said, func(s Said) bool { return !s.Right })
}
