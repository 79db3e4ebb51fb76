package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// shownCases is how many tweets of a benchmark a figure shows that the second
// system alone has right.
const shownCases = 1

// addCases picks, on every benchmark of the list, examples that two systems
// answer differently, with the lowest seed that both have. On test it is a look.
func (a *app) addCases(ctx context.Context, db *tracker.DB, o *plots.Options, list []result, systems []string, split mmibx.Split) error {
	names, pairs, err := casePairs(list, systems)
	if err != nil {
		return err
	}
	o.CasesRuns = idsOf(pairs)
	said, err := a.answers(ctx, db, pairs, split)
	if err != nil {
		return err
	}
	var notes []string
	for i := 0; i < len(pairs); i += 2 {
		set := said.sets[pairs[i].Spec.Benchmark]
		picked, err := reports.PickCases(set.Benchmark.Task, set.Examples[split], said.kept[pairs[i].ID], said.kept[pairs[i+1].ID], shownCases)
		if errors.Is(err, mmibx.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", set.Benchmark.Name, err)
		}
		for _, c := range picked.List {
			o.Cases = append(o.Cases, caseOf(set.Benchmark, names, &c))
		}
		notes = append(notes, fmt.Sprintf("%s (seed %d): of %d examples of %s both have %d wholly right, %s alone %d, %s alone %d, neither %d",
			set.Benchmark.Title, pairs[i].Spec.Seed, picked.Total, split, picked.Both, names[0], picked.OnlyA, names[1], picked.OnlyB, picked.Neither))
	}
	o.CasesNote = "Shown are the first examples in the order of the split that one system alone has wholly right. " + strings.Join(notes, ". ")
	return nil
}

// casePairs are two runs of each benchmark that has both systems.
func casePairs(list []result, systems []string) (names [2]string, pairs []result, err error) {
	if names, err = twoSystems(list, systems); err != nil {
		return names, nil, err
	}
	for _, b := range benchmarksOf(list) {
		if first, second, ok := sameSeed(list, b.Name, names); ok {
			pairs = append(pairs, *first, *second)
		}
	}
	return names, pairs, nil
}

// twoSystems are the arms that are shown, by their titles: those that were asked
// for, or the first method of the list and the last.
func twoSystems(list []result, asked []string) ([2]string, error) {
	var titles []string
	for _, m := range mmibx.Models {
		for i := range list {
			if list[i].State != mmibx.Done || list[i].Spec.Model.Name != m.Name {
				continue
			}
			if title := reports.ArmTitle(list[i].Spec); !slices.Contains(titles, title) {
				titles = append(titles, title)
			}
		}
	}
	if len(asked) == 0 {
		usual := slices.DeleteFunc(slices.Clone(titles), func(title string) bool {
			return !slices.ContainsFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Title == title })
		})
		if len(usual) < 2 {
			return [2]string{}, fmt.Errorf("figure cases: %w: fewer than two methods in their usual setting are done; name two rows with --system", mmibx.ErrNotFound)
		}
		return [2]string{usual[0], usual[len(usual)-1]}, nil
	}
	var names [2]string
	for i, word := range asked {
		at := slices.IndexFunc(titles, func(title string) bool { return strings.EqualFold(title, word) })
		if at < 0 {
			return names, &mmibx.InputError{Key: "--system", Found: fmt.Sprintf("%q", word), Expected: "a method that is done: " + strings.Join(titles, "; ")}
		}
		names[i] = titles[at]
	}
	return names, nil
}

// sameSeed finds a run of each on a benchmark, of the lowest seed that both have.
func sameSeed(list []result, benchmark string, names [2]string) (first, second *result, ok bool) {
	var of [2]map[int]*result // by seed
	for k, name := range names {
		of[k] = map[int]*result{}
		for i := range list {
			if r := &list[i]; r.State == mmibx.Done && r.Spec.Benchmark == benchmark && reports.ArmTitle(r.Spec) == name {
				of[k][r.Spec.Seed] = r
			}
		}
	}
	for _, seed := range slices.Sorted(maps.Keys(of[0])) {
		if second, ok := of[1][seed]; ok {
			return of[0][seed], second, true
		}
	}
	return nil, nil, false
}

// benchmarksOf lists the benchmarks of a list, in the order of tables.
func benchmarksOf(list []result) []mmibx.Benchmark {
	return mmibx.BenchmarksOf(list, func(r result) string { return r.Spec.Benchmark })
}

// caseOf lays a case out for the figure.
func caseOf(b mmibx.Benchmark, names [2]string, c *reports.Case) plots.Case {
	items := func(said []reports.Said, marked bool) []plots.Item {
		var list []plots.Item
		for _, s := range said {
			item := plots.Item{Label: s.Label}
			if b.Task != mmibx.MRE {
				item.Text = strings.Join(c.Example.Tokens[s.Start:s.End], " ")
			}
			switch {
			case marked && s.Right:
				item.Mark = plots.Right
			case marked:
				item.Mark = plots.Wrong
			}
			list = append(list, item)
		}
		for _, g := range c.Gold {
			named := slices.ContainsFunc(said, func(s reports.Said) bool { return s.Span == g.Span })
			if marked && !named {
				list = append(list, plots.Item{Text: strings.Join(c.Example.Tokens[g.Start:g.End], " "), Label: g.Label, Mark: plots.Missed})
			}
		}
		return list
	}
	out := plots.Case{Title: b.Title + ", " + c.Example.ID, Tokens: c.Example.Tokens}
	if b.Task == mmibx.MRE {
		out.Bold = []mmibx.Span{c.Example.Head, c.Example.Tail}
	} else {
		for _, g := range c.Gold {
			out.Bold = append(out.Bold, g.Span)
		}
	}
	out.Answers = []plots.Answer{{Name: "gold", Items: items(c.Gold, false)}, {Name: names[0], Items: items(c.A, true)}, {Name: names[1], Items: items(c.B, true)}}
	return out
}
