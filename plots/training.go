package plots

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// maxArms is how many lines a panel can hold and still be read.
const maxArms = 8

// maxPlaces is how many places a line keeps; more would only make bytes.
const maxPlaces = 250

// TrainingFigure draws a metric of runs (dev.f1, or the one of the options)
// against training: dev.* metrics by
// epoch, since they are logged after each, others by optimiser step. Where the
// arms are too many to be told apart, those in the usual setting are drawn.
func TrainingFigure(runs []Run, o Options) (*Figure, error) {
	runs, about := entering("curves", runs, o)
	metric := mmibx.DevF1
	if len(o.Metrics) > 0 {
		metric = o.Metrics[0]
	}
	arms := func(keep func(Run) bool) []string {
		var names []string
		for _, r := range runs {
			if name := o.Title(r.Spec); len(r.Curves[metric]) > 0 && keep(r) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	}
	names := arms(func(Run) bool { return true })
	f := &Figure{Meta: about, Look: Training, Spread: o.spread(), X: Axis{Label: "optimiser steps"}}
	if total := len(names); total > maxArms {
		names = arms(func(r Run) bool { m, _ := mmibx.LookupModel(r.Spec.Model.Name); return o.Title(r.Spec) == m.Title })
		f.Note = strings.Join(strings.Fields(fmt.Sprintf("%d of %d arms are drawn, those in the usual setting. %s", len(names), total, f.Note)), " ")
	}
	if len(names) == 0 || len(names) > maxArms {
		return nil, fmt.Errorf("figure curves: %w: %d arms with %s, want 1 to %d; choose with --filter", mmibx.ErrNotFound, len(names), metric, maxArms)
	}
	byEpoch := strings.HasPrefix(metric, string(mmibx.Dev)+".")
	if byEpoch {
		f.X.Label = "epoch"
	}
	row := rowOf(metric)
	for _, b := range benchmarks(runs) {
		p := Panel{Title: b.Title}
		for _, name := range names {
			s := Series{Name: name}
			for _, r := range runs {
				if r.Spec.Benchmark == b.Name && o.Title(r.Spec) == name && len(r.Curves[metric]) > 0 {
					f.ran(&r)
					s.addCurve(r.Curves[metric], byEpoch)
				}
			}
			p.Series = append(p.Series, s.thin())
		}
		row.Panels = append(row.Panels, p)
	}
	f.Rows = []Row{row}
	return f, nil
}

func (s *Series) addCurve(curve []mmibx.Point, byEpoch bool) {
	places := make(map[float64]int, len(s.Points))
	for i, p := range s.Points {
		places[p.X] = i
	}
	for i, c := range curve {
		x := float64(c.Step)
		if byEpoch {
			x = float64(i + 1)
		}
		at, ok := places[x]
		if !ok {
			at = len(s.Points)
			places[x] = at
			s.Points = append(s.Points, Point{X: x})
		}
		s.Points[at].Values = append(s.Points[at].Values, c.Value)
	}
}

// thin keeps every k-th place, and the last.
func (s *Series) thin() Series {
	every := (len(s.Points) + maxPlaces - 1) / maxPlaces
	if every <= 1 {
		return *s
	}
	kept := Series{Name: s.Name}
	for i, p := range s.Points {
		if i%every == 0 || i == len(s.Points)-1 {
			kept.Points = append(kept.Points, p)
		}
	}
	return kept
}
