package experiments

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments/search"
)

// Budget bounds a sweep.
type Budget struct {
	// Points is how many points of its space a sampler chooses for each arm on each
	// benchmark; each is run with every seed.
	Points int
	// Runs is how many runs a plan may hold; 0: any number.
	Runs int
	// Hours of run time, summed over all attempts at runs of the plan, after which no
	// further run is begun; 0: as many as it takes.
	Hours float64
	Where Place
}

// Choice says how points of spaces are chosen.
type Choice struct {
	Sampler string // of search.Samplers, or "grid"
	Seed    uint64
	Where   Place
}

// Dimension is a key of the spec in a space.
type Dimension struct {
	Key string `json:"key"`
	// From and To bound a number, both included; in equal ratios where Log is set, and
	// whole where the key has whole numbers.
	From  float64 `json:"from,omitempty"`
	To    float64 `json:"to,omitempty"`
	Log   bool    `json:"log,omitempty"`
	Whole bool    `json:"whole,omitempty"`
	// Values are the choices, where there is no range.
	Values []any `json:"values,omitempty"`

	where Place
}

// objective reads a metric of dev and whether less of it is better.
func (p *parser) objective(v any) (metric string, minimize bool) {
	path := []string{"objective"}
	t, isTable := v.(map[string]any)
	if !isTable {
		t = map[string]any{"metric": v}
	}
	p.known(path, t, "metric", "direction")
	metric, ok := t["metric"].(string)
	if v == nil {
		metric, ok = mmibx.DevF1, true
	}
	if !ok || !strings.HasPrefix(metric, "dev.") {
		p.fail(path, quoted(t["metric"]), "a metric of dev, such as "+mmibx.DevF1, "test is sealed: choices never look at it")
		return metric, false
	}
	names := mmibx.MetricNames()
	info, ok := mmibx.LookupMetric(metric)
	if !ok {
		p.fail(path, quoted(metric), "a metric of dev that runs log (docs/reference/metrics.md), or dev.f1.TYPE", didYouMean(metric, names))
		return metric, false
	}
	switch direction := t["direction"]; {
	case direction == "minimize" || direction == nil && info.Better == "lower":
		return metric, true
	case direction == "maximize" || direction == nil && info.Better == "higher":
	case direction == nil:
		p.fail(path, metric+", of which neither more nor less is better", "a direction", fmt.Sprintf(`write objective = {metric = %q, direction = "minimize"} or "maximize"`, metric))
	default:
		p.fail(path, "direction "+quoted(direction), `"maximize" or "minimize"`, "")
	}
	return metric, false
}

// device reads which device the runs need; "" is any.
func (p *parser) device(path []string, v any) string {
	device, _ := v.(string)
	if v != nil && device != cpu && device != cuda {
		p.fail(path, quoted(v), `"cpu" or "cuda"`, "leave it out where either will do")
	}
	return device
}

func (p *parser) budget(v any) Budget {
	path := []string{"budget"}
	t := p.table(path, v)
	p.known(path, t, "points", "runs", "hours")
	b := Budget{Where: p.place(path)}
	for key, into := range map[string]*int{"points": &b.Points, "runs": &b.Runs} {
		n, ok := t[key].(int64)
		if t[key] != nil && (!ok || n < 1 || n > maxCells) {
			p.fail(append(slices.Clone(path), key), quoted(t[key]), fmt.Sprintf("a count from 1 to %d", maxCells), "")
			n = 1
		}
		*into = int(n)
	}
	if v := t["hours"]; v != nil {
		hours, ok := number(v)
		if !ok || !(hours > 0) || hours > maxHours {
			p.fail(append(slices.Clone(path), "hours"), quoted(v), fmt.Sprintf("a number of hours above 0, at most %d", maxHours), "write for example hours = 12 or hours = 0.5")
		}
		b.Hours = hours
	}
	return b
}

// maxHours bounds a budget of hours: what a duration holds.
const maxHours = 1_000_000

// sampler reads a name, or a table of name and seed.
func (p *parser) sampler(v any) Choice {
	path := []string{"sampler"}
	c := Choice{Sampler: "grid", Where: p.place(path)}
	t, isTable := v.(map[string]any)
	if !isTable {
		t = map[string]any{"name": v}
	}
	if v == nil {
		return c
	}
	p.known(path, t, "name", "seed")
	names := []string{"grid"}
	for _, s := range search.Samplers {
		names = append(names, s.Name)
	}
	name, _ := t["name"].(string)
	if !slices.Contains(names, name) {
		p.fail(path, quoted(t["name"]), "one of "+strings.Join(names, ", "), didYouMean(name, names))
		return c
	}
	c.Sampler = name
	seed, ok := t["seed"].(int64)
	if t["seed"] != nil && (!ok || seed < 0) {
		p.fail(append(path, "seed"), quoted(t["seed"]), "a whole number from 0", "")
	}
	c.Seed = uint64(max(0, seed))
	return c
}

// pruner reads a name, or a table of name and settings.
func (p *parser) pruner(v any) *Pruner {
	path := []string{"pruner"}
	if v == nil {
		return nil
	}
	t, isTable := v.(map[string]any)
	if !isTable {
		t = map[string]any{"name": v}
	}
	var names []string
	for _, k := range pruners {
		names = append(names, k.Name)
	}
	name, _ := t["name"].(string)
	i := slices.Index(names, name)
	if i < 0 {
		p.fail(path, quoted(t["name"]), "one of "+strings.Join(names, ", "), didYouMean(name, names))
		return nil
	}
	pruner := pruners[i]
	settings := map[string]*int{"after": &pruner.After, "runs": &pruner.Runs}
	if pruner.Factor > 0 {
		settings = map[string]*int{"after": &pruner.After, "factor": &pruner.Factor}
	}
	p.known(path, t, append([]string{"name"}, slices.Sorted(maps.Keys(settings))...)...)
	for key, into := range settings {
		if t[key] == nil {
			continue
		}
		n, ok := t[key].(int64)
		from := 1
		if key == "factor" {
			from = 2
		}
		if !ok || n < int64(from) || n > 1000 {
			p.fail(append(slices.Clone(path), key), quoted(t[key]), fmt.Sprintf("a whole number from %d to 1000", from), "")
			continue
		}
		*into = int(n)
	}
	return &pruner
}

// known refuses the keys of a table that it does not have.
func (p *parser) known(path []string, t map[string]any, keys ...string) {
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if !slices.Contains(keys, k) {
			p.fail(append(slices.Clone(path), k), "an unknown key", "one of "+strings.Join(keys, ", "), didYouMean(k, keys))
		}
	}
}

// space reads a table of keys, each with a range or a list of choices.
func (p *parser) space(path []string, t map[string]any) []Dimension {
	var all []Dimension
	p.leaves(path, "", t, func(path []string, key string, v any) {
		before := len(p.faults)
		d := Dimension{where: p.place(path)}
		switch v := v.(type) {
		case []any:
			axis, _ := p.axis(path, key, v)
			d.Key = axis.Keys[0]
			for _, point := range axis.Points {
				if slices.Contains(d.Values, point[0]) {
					p.fail(path, quoted(point[0])+" twice", "each choice once", "")
					return
				}
				d.Values = append(d.Values, point[0])
			}
			if len(v) < 2 {
				p.fail(path, quoted(v), "two choices or more", "a key with one value belongs into [base]")
			}
		case map[string]any:
			d = p.continuous(path, key, v)
		default:
			p.fail(path, quoted(v), "a range or a list of choices", `write for example {from = 0.01, to = 1, scale = "log"} or [8, 16, 32]`)
		}
		if len(p.faults) == before {
			all = append(all, d)
		}
	})
	return all
}

// continuous reads a range of a space: a grid's without a count.
func (p *parser) continuous(path []string, key string, t map[string]any) Dimension {
	d := Dimension{where: p.place(path)}
	if t["n"] != nil {
		p.fail(path, "a count n", "from, to and scale", "a sampler chooses as many as [budget] points says; a range with n belongs into [grid]")
		return d
	}
	var ok bool
	if d.From, d.To, d.Log, ok = p.bounds(path, t); !ok {
		return d
	}
	if d.From >= d.To {
		p.fail(path, fmt.Sprintf("a range from %g to %g", d.From, d.To), "a range that goes up", "")
		return d
	}
	for _, end := range []float64{d.From, d.To} {
		var ok bool
		if d.Key, _, ok = p.setting(path, key, end); !ok {
			return d
		}
	}
	d.Whole = wholeNumbers(d.Key)
	return d
}

// at is the value at a coordinate in [0, 1). Numbers are rounded to four digits, for
// they are part of a run's identity and of its label.
func (d *Dimension) at(u float64) any {
	if d.Values != nil {
		return d.Values[int(u*float64(len(d.Values)))]
	}
	from, to := d.From, d.To
	if d.Whole { // each number has the same share, on either scale
		from, to = from-0.5, to+0.5
	}
	x := from + u*(to-from)
	if d.Log {
		x = from * math.Pow(to/from, u)
	}
	if d.Whole {
		return int(min(max(math.Round(x), d.From), d.To))
	}
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	return min(max(x, d.From), d.To)
}

// choices is what a sampler must know of the dimension.
func (d *Dimension) choices() int { return len(d.Values) }

// size is how many values there are, +Inf where a range has no end of them.
func (d *Dimension) size() float64 {
	switch {
	case d.Values != nil:
		return float64(len(d.Values))
	case d.Whole:
		return d.To - d.From + 1
	}
	return math.Inf(1)
}

// spaces refuses spaces without a sampler, and the other way round.
func (p *parser) spaces(s *Sweep) {
	all := slices.Clone(s.Space)
	for _, a := range s.Arms {
		all = append(all, a.Space...)
	}
	switch sampled := s.Choice.Sampler != "grid"; {
	case sampled && len(all) == 0 && len(p.faults) > 0: // the space may be what is at fault
	case sampled && len(all) == 0:
		p.fail([]string{"sampler"}, quoted(s.Choice.Sampler), "a [space] of keys, or one of an arm, to choose from", `write for example [space] and "ib.beta_image" = {from = 1e-4, to = 1, scale = "log"}`)
	case sampled && s.Budget.Points == 0:
		p.fail([]string{"sampler"}, "no number of points", "[budget] with points", "write [budget] and points = 20")
	case !sampled && len(all) > 0:
		p.faults = append(p.faults, &mmibx.InputError{File: p.file, Line: all[0].where.Line, Key: all[0].Key, Found: "a space without a sampler", Expected: `a sampler at the top of the file`, Cure: `write sampler = "sobol"`})
	case !sampled && s.Budget.Points > 0:
		p.fail([]string{"budget", "points"}, itoa(s.Budget.Points), "nothing: a grid has the points that it lists", `a sampler would choose so many: sampler = "sobol"`)
	}
}

// joint is the space of an arm: the sweep's, but for the keys that the arm or --set
// says something of, and the arm's own.
func (s *Sweep) joint(a Arm) []Dimension {
	without := func(space []Dimension, said []*layered) []Dimension {
		return slices.DeleteFunc(slices.Clone(space), func(d Dimension) bool {
			return slices.ContainsFunc(said, func(l *layered) bool {
				return slices.ContainsFunc(standsFor(d.Key), func(k string) bool { return slices.Contains(l.touches(), k) })
			})
		})
	}
	set := s.overriding()
	said := slices.Concat(set, fixed(a.Settings), varying(a.Grid))
	for _, d := range a.Space {
		said = append(said, d.layer())
	}
	return append(without(s.Space, said), without(a.Space, set)...)
}

// layer stands for the dimension where it is asked who reads its key.
func (d *Dimension) layer() *layered { return &layered{Axis: oneKey(d.Key, nil, d.where), axis: true} }

// tooMany is how many known points in a row a sampler may choose before its space
// counts as used up; of a large budget, more.
const tooMany = 1000

// adaptive says that the sampler learns: only its first points are known before runs
// are done.
func (s *Sweep) adaptive() bool {
	sampler, ok := search.Lookup(s.Choice.Sampler)
	return ok && sampler.Adaptive
}

// sampled are the points that the sampler chooses of a space without having seen any,
// as an axis of coupled keys; the same for all arms with equal spaces. A point that
// was chosen before (a space may have few) is not counted and chosen anew.
func (s *Sweep) sampled(space []Dimension) (*layered, error) {
	l := &layered{Axis: Axis{Where: space[0].where}, axis: true, sampled: true}
	size := 1.0
	var cube search.Space
	for _, d := range space {
		l.Keys = append(l.Keys, d.Key)
		cube = append(cube, d.choices())
		size *= d.size()
	}
	points := s.Budget.Points
	fault := &mmibx.InputError{File: s.Budget.Where.File, Line: s.Budget.Where.Line, Key: "budget.points"}
	switch {
	case len(cube) > search.MaxDimensions:
		fault.File, fault.Line, fault.Key = l.Where.File, l.Where.Line, "space"
		fault.Found, fault.Expected = fmt.Sprintf("%d keys", len(cube)), fmt.Sprintf("at most %d", search.MaxDimensions)
		return nil, fault
	case float64(points) > size:
		fault.Found, fault.Expected = fmt.Sprintf("%d points of a space that has %g%s", points, size, l.Where.inWords()), "as many as there are at most"
		fault.Cure = "list the values in [grid] to run them all"
		return nil, fault
	}
	if s.adaptive() {
		points = min(points, search.Startup)
	}
	sampler, _ := search.Lookup(s.Choice.Sampler)
	seen := map[string]bool{}
	for i, last := 0, 0; len(l.Points) < points; i++ {
		if i-last > tooMany+20*points {
			fault.Found, fault.Expected = fmt.Sprintf("%d points, of which the sampler finds %d", points, len(l.Points)), "fewer points, or a larger space"
			return nil, fault
		}
		at := sampler.Next(cube, s.Choice.Seed, i, nil)
		values := valuesAt(space, at)
		if name := fmt.Sprint(values); !seen[name] {
			seen[name], last = true, i
			l.Points, l.cube = append(l.Points, values), append(l.cube, at)
		}
	}
	return l, nil
}

func valuesAt(space []Dimension, point []float64) []any {
	values := make([]any, len(space))
	for k := range space {
		values[k] = space[k].at(point[k])
	}
	return values
}
