package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

// lanes is what each worker does now; those without a run wait.
func (s *uiSweep) lanes(ctx context.Context, db *tracker.DB, now time.Time) ([]tui.Lane, error) {
	if !s.status.Live {
		s.losses = nil
		return nil, nil
	}
	lanes := make([]tui.Lane, 0, s.status.Slots)
	curves := map[string]*losses{}
	for _, e := range s.status.Lanes {
		for len(lanes) < e.Lane-1 {
			lanes = append(lanes, tui.Lane{Worker: strconv.Itoa(len(lanes) + 1)})
		}
		lane := tui.Lane{Worker: cmp.Or(e.Device, strconv.Itoa(e.Lane)), Run: e.Run, Label: s.short(e.Label), Loss: math.NaN(), Dev: math.NaN()}
		if err := s.fill(ctx, db, &lane, e.Device, now.Sub(e.At)); err != nil {
			return nil, err
		}
		if l := s.losses[e.Run]; l != nil {
			curves[e.Run] = l
		}
		lanes = append(lanes, lane)
	}
	s.losses = curves // of runs that are over nothing is kept
	for len(lanes) < s.status.Slots {
		lanes = append(lanes, tui.Lane{Worker: strconv.Itoa(len(lanes) + 1)})
	}
	return lanes, nil
}

// fill adds what the store knows of a lane's run.
func (s *uiSweep) fill(ctx context.Context, db *tracker.DB, lane *tui.Lane, gpu string, since time.Duration) error {
	i := slices.IndexFunc(s.plan.Cells, func(c experiments.Cell) bool { return c.Run == lane.Run })
	r := s.rows[lane.Run]
	if i < 0 || r == nil {
		return nil
	}
	spec := &s.plan.Cells[i].Spec
	lane.Label = fmt.Sprintf("%s %s s%d", lane.Label, shortBenchmark(spec.Benchmark), spec.Seed)
	lane.Epochs, lane.Loss, lane.Dev = spec.Train.Epochs, number(r.Loss), number(r.DevF1)
	if r.Device != "" && gpu == "" {
		lane.Worker = r.Device + lane.Worker
	}
	if r.Epoch != nil && mmibx.Finite(*r.Epoch) {
		lane.Epoch = min(int(*r.Epoch)+1, lane.Epochs)
		if share := *r.Epoch / float64(lane.Epochs); share > 0.02 && share < 1 {
			lane.Remaining = time.Duration(float64(since) * (1 - share) / share)
		}
	}
	if v, ok := r.Values[mmibx.StepsPerSecond].(float64); ok {
		lane.StepsPerSecond = v
	}
	l := s.losses[lane.Run]
	if l == nil {
		l = &losses{after: tracker.Start}
		if s.losses == nil {
			s.losses = map[string]*losses{}
		}
		s.losses[lane.Run] = l
	}
	err := l.read(ctx, db, lane.Run)
	lane.Losses = l.line(8)
	return err
}

// losses is the training loss of a run so far.
type losses struct {
	after  int64
	values []float64
}

func (l *losses) read(ctx context.Context, db *tracker.DB, run string) error {
	points, err := db.Points(ctx, run, mmibx.Loss, l.after, uiRows)
	for _, p := range points {
		l.values = append(l.values, p.Value)
		l.after = p.Step
	}
	if n := len(l.values); n > 2*uiRows { // every other one is enough for a line of eight
		for i := range n / 2 {
			l.values[i] = l.values[2*i]
		}
		l.values = l.values[:n/2]
	}
	return err
}

// line is the means of at most n equal parts.
func (l *losses) line(n int) []float64 {
	n = min(n, len(l.values))
	line := make([]float64, n)
	for i := range line {
		part := l.values[i*len(l.values)/n : (i+1)*len(l.values)/n]
		for _, v := range part {
			line[i] += v / float64(len(part))
		}
	}
	return line
}

// axes is what a plan varies besides benchmark and seed.
type axes struct {
	list   []tui.Axis
	values [][]any
}

// axesOf finds the keys in which the specs of one benchmark differ, where they are
// read. Numbers rise; the model, which is rather a family of arms, comes last.
func axesOf(p *experiments.Plan) axes {
	var a axes
	var models axes
	for _, f := range mmibx.Fields {
		if f.Key == "benchmark" || f.Key == "seed" {
			continue
		}
		values, first, swept := map[any]bool{}, map[string]any{}, false
		for i := range p.Cells {
			if spec := &p.Cells[i].Spec; len(spec.Unread([]string{f.Key})) == 0 {
				v, _ := spec.Get(f.Key)
				values[v] = true
				if _, ok := first[spec.Benchmark]; !ok {
					first[spec.Benchmark] = v
				}
				swept = swept || first[spec.Benchmark] != v
			}
		}
		to := &a
		if f.Key == "model.name" {
			to = &models
		}
		if swept {
			to.add(f.Key, slices.SortedFunc(maps.Keys(values), compareValues))
		}
	}
	return axes{append(a.list, models.list...), append(a.values, models.values...)}
}

func (a *axes) add(key string, values []any) {
	axis := tui.Axis{Key: key, Label: shortKey(key)}
	for _, v := range values {
		axis.Values = append(axis.Values, shortValue(v))
	}
	a.list, a.values = append(a.list, axis), append(a.values, values)
}

// place is where a spec lies on each axis, -1 where its model does not read it.
func (a *axes) place(spec *mmibx.Spec) []int {
	at := make([]int, len(a.list))
	for i, axis := range a.list {
		at[i] = -1
		if v, ok := spec.Get(axis.Key); ok && len(spec.Unread([]string{axis.Key})) == 0 {
			at[i] = slices.Index(a.values[i], v)
		}
	}
	return at
}

func compareValues(x, y any) int {
	fx, xIsNumber := toFloat(x)
	fy, yIsNumber := toFloat(y)
	switch {
	case !xIsNumber || !yIsNumber:
		return strings.Compare(fmt.Sprint(x), fmt.Sprint(y))
	case fx < fy:
		return -1
	case fx > fy:
		return 1
	}
	return 0
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// shortKeys are the names that the paper has for keys.
var shortKeys = map[string]string{
	"ib.beta_text": "β text", "ib.beta_image": "β image", "ib.size": "d", "align.tau": "τ", "align.weight": "λ",
	"align.estimator": "estimator", "model.name": "model", "evidence.kind": "evidence", "evidence.pictures": "pictures",
	"evidence.shuffle_share": "shuffled", "train.lr": "lr", "encoder.name": "encoder",
}

func shortKey(key string) string {
	if short, ok := shortKeys[key]; ok {
		return short
	}
	return key
}

// shortLabel writes a label's keys as the paper does.
func shortLabel(label string) string {
	parts := strings.Fields(label)
	for i, part := range parts {
		if key, value, ok := strings.Cut(part, "="); ok {
			parts[i] = shortKey(key) + " " + shortValue(value)
		}
	}
	return strings.Join(parts, "  ")
}

// sharedParts lists the settings that the labels of all arms of a plan have, where
// there are several.
func sharedParts(p *experiments.Plan) []string {
	shared := strings.Fields(p.Cells[0].Label)[1:]
	several := false
	for i := range p.Cells {
		parts := strings.Fields(p.Cells[i].Label)
		shared = slices.DeleteFunc(shared, func(part string) bool { return !slices.Contains(parts, part) })
		several = several || p.Cells[i].Arm != p.Cells[0].Arm
	}
	if !several {
		return nil
	}
	return shared
}

// short is a label as the paper writes it, without what all arms of the sweep say,
// unless it says no more than that.
func (s *uiSweep) short(label string) string {
	parts := slices.DeleteFunc(strings.Fields(label), func(part string) bool { return slices.Contains(s.shared, part) })
	if len(parts) == 0 {
		return shortLabel(label)
	}
	return shortLabel(strings.Join(parts, " "))
}

// shortValue is a value as narrow as it can be read: .01, 3e-05, infonce.
func shortValue(v any) string {
	text := fmt.Sprint(v)
	if strings.HasPrefix(text, "0.") {
		return text[1:]
	}
	return text
}

// shortBenchmark is a benchmark's name where there is no room: tw17.
func shortBenchmark(name string) string {
	return strings.NewReplacer("twitter20", "tw", "mini-", "m-").Replace(name)
}
