package experiments

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// maxCells bounds a plan before memory does.
const maxCells = 1_000_000

// InputsFunc returns the digests of what a spec reads. It is asked once for
// every point of a plan, so it should remember its answers.
type InputsFunc func(mmibx.Spec) (mmibx.Inputs, error)

// Plan is the frozen list of the runs of a sweep. It holds resolved specs, so
// that neither the sweep file nor a preset is needed to run it.
type Plan struct {
	Sweep     string `json:"sweep"`
	Title     string `json:"title,omitempty"`
	Question  string `json:"question,omitempty"`
	Objective string `json:"objective"`
	Minimize  bool   `json:"minimize,omitempty"` // less of the objective is better
	Device    string `json:"device,omitempty"`   // that the runs need: cpu, cuda, or "" for any
	// Hours of run time after which no further run is begun; 0: as many as it takes.
	Hours float64 `json:"hours,omitempty"`
	// Hash is over the set of runs: it does not change with their order, with
	// the names of arms, or with how the file says it.
	Hash   string         `json:"hash"`
	Source string         `json:"source,omitempty"` // text of the sweep file
	Inputs []mmibx.Inputs `json:"inputs"`           // the distinct ones; Cell.Input points here
	Cells  []Cell         `json:"cells"`            // in the order in which they start
	// Collapsed counts the cells that turned out to be a run that the plan has
	// already, because they differ only in what their model does not read.
	Collapsed int `json:"collapsed"`
	// LeftOut counts the cells that did not meet a condition, or whose model is
	// for the other task.
	LeftOut int `json:"left_out,omitempty"`
	// Searches are the spaces that an adaptive sampler has not done with: Cells grows
	// by what they choose.
	Searches []*Search `json:"searches,omitempty"`
	// Pruner ends runs early; nil for none.
	Pruner *Pruner `json:"pruner,omitempty"`
}

// Cell is one run of a plan.
type Cell struct {
	Run     string         `json:"run"` // Spec.ID
	Arm     string         `json:"arm"` // Spec.Arm
	ArmName string         `json:"arm_name"`
	Label   string         `json:"label"` // Spec.Label
	Axes    map[string]any `json:"axes,omitempty"`
	Also    []Standing     `json:"also,omitempty"`
	Spec    mmibx.Spec     `json:"spec"`
	Input   int            `json:"input"`
	// Device that its arm needs, "": that of the plan. Which one ran it is provenance.
	Device string `json:"device,omitempty"`
}

// Standing is a further place of the sweep that a run stands for: the default
// cell of a model may lie on the curves of several arms.
type Standing struct {
	ArmName string         `json:"arm_name"`
	Axes    map[string]any `json:"axes,omitempty"`
}

// IDs lists the runs of the plan in order.
func (p *Plan) IDs() []string {
	ids := make([]string, len(p.Cells))
	for i, c := range p.Cells {
		ids[i] = c.Run
	}
	return ids
}

// Plan expands the sweep. Seeds vary slowest, so that every arm has its first
// run before any has its second; then come benchmarks, arms and grids.
func (s *Sweep) Plan(inputs InputsFunc) (*Plan, error) {
	x := expansion{sweep: s, inputs: inputs, read: map[*layered]bool{}, cell: map[string]int{}, inputIndex: map[string]int{}, searches: map[string]*Search{}}
	x.plan = &Plan{Sweep: s.Name, Title: s.Title, Question: s.Question, Objective: s.Objective, Minimize: s.Minimize, Device: s.Device, Hours: s.Budget.Hours, Pruner: s.Pruner, Source: s.Text}
	arms, err := s.layers()
	if err != nil {
		return nil, err
	}
	if err := s.variesDerived(arms); err != nil {
		return nil, err
	}
	points := 0
	for _, a := range arms {
		points += a.points()
	}
	if cells := points * max(1, len(s.Benchmarks)) * len(s.Seeds); cells > maxCells || points > maxCells {
		return nil, &mmibx.InputError{File: s.File, Found: fmt.Sprintf("%d points for each benchmark and seed", points), Expected: fmt.Sprintf("at most %d cells in all", maxCells), Cure: "make the grids smaller"}
	}
	if len(s.Benchmarks) == 0 {
		return nil, &mmibx.InputError{File: s.File, Key: "benchmarks", Found: "nothing", Expected: "one or more of the benchmarks", Cure: `write benchmarks = ["mini-mnre"], or give --benchmarks mini-mnre`}
	}
	var all []resolved
	for _, benchmark := range s.Benchmarks {
		for _, arm := range arms {
			points, err := x.resolve(benchmark, arm)
			if err != nil {
				return nil, err
			}
			all = append(all, points...)
		}
	}
	if len(all) == 0 {
		fault := &mmibx.InputError{File: s.File, Key: "when", Found: "conditions that no cell meets", Expected: "at least one cell"}
		if len(s.replaced) > 0 {
			fault.Cure = "--benchmarks may have left out all that the models are for"
		}
		for _, a := range slices.Backward(arms) { // the first says where
			if len(a.when) > 0 {
				fault.Line = a.when[0].Where.Line
			}
		}
		return nil, fault
	}
	if err := unread(arms, x.read); err != nil {
		return nil, err
	}
	for _, seed := range s.Seeds {
		for i := range all {
			x.add(&all[i], seed)
		}
	}
	if err := s.oneDevice(x.plan); err != nil {
		return nil, err
	}
	if n := len(x.plan.Cells) + x.plan.Open(); s.Budget.Runs > 0 && n > s.Budget.Runs {
		return nil, &mmibx.InputError{File: s.Budget.Where.File, Line: s.Budget.Where.Line, Key: "budget.runs", Found: fmt.Sprintf("%d, and a plan of %d runs", s.Budget.Runs, n),
			Expected: "a plan within the budget", Cure: "take fewer values, points, arms or seeds, or raise the budget"}
	}
	x.plan.Hash = hashOf(x.plan.IDs())
	return x.plan, nil
}

// expansion is the work of one call of Plan.
type expansion struct {
	sweep      *Sweep
	inputs     InputsFunc
	plan       *Plan
	read       map[*layered]bool // settings in force somewhere: does any cell read them
	cell       map[string]int    // run id to its place in plan.Cells
	inputIndex map[string]int    // JSON of Inputs to its place in plan.Inputs
	searches   map[string]*Search
}

// resolved is one point of an arm on one benchmark, before the seed.
type resolved struct {
	spec    mmibx.Spec
	armName string
	device  string
	label   string
	axes    map[string]any
	arm     string
	input   int
	search  *Search // of an adaptive sampler
	number  int     // in search.Chosen
}

// resolve expands an arm on a benchmark.
func (x *expansion) resolve(benchmark string, arm armLayers) ([]resolved, error) {
	points := make([]resolved, 0, arm.points())
	for choice := range arm.choices() {
		settings, axes := arm.at(choice)
		settings["benchmark"] = benchmark
		if x.sweep.elsewhere(settings) {
			x.plan.LeftOut += len(x.sweep.Seeds)
			continue
		}
		spec, err := arm.spec(settings)
		if err != nil {
			return nil, arm.locate(err, x.sweep.File)
		}
		var in *Search
		at, sampled := arm.cubeAt(choice)
		if sampled && x.sweep.adaptive() {
			if in, err = x.searchOf(arm, settings, axes, &spec); err != nil {
				return nil, err
			}
		}
		wanted, err := arm.wants(&spec)
		if err != nil {
			return nil, err
		}
		if !wanted {
			x.plan.LeftOut += len(x.sweep.Seeds)
			continue
		}
		point, err := x.point(spec, arm, axes)
		if err != nil {
			return nil, err
		}
		if in != nil {
			point.search, point.number = in, len(in.Chosen)
			in.Chosen = append(in.Chosen, Proposal{Number: point.number, At: at})
		}
		points = append(points, point)
	}
	return points, nil
}

// elsewhere says whether a cell's model is not for the task of its benchmark, but
// for that of another benchmark of the sweep, or of its file: a sweep over both
// tasks may hold models of one, and may be run for one of its benchmarks.
func (s *Sweep) elsewhere(settings map[string]any) bool {
	m, ok := mmibx.LookupModel(fmt.Sprint(settings["model.name"]))
	if !ok {
		return false
	}
	fits := func(benchmark string) bool {
		b, _ := mmibx.LookupBenchmark(benchmark)
		return slices.Contains(m.Tasks, b.Task)
	}
	return !fits(fmt.Sprint(settings["benchmark"])) && (slices.ContainsFunc(s.Benchmarks, fits) || slices.ContainsFunc(s.replaced, fits))
}

// at returns the settings at a point of the arm's grids, and its place on them.
func (a armLayers) at(choice []int) (settings, axes map[string]any) {
	settings, axes = map[string]any{}, map[string]any{}
	for i, l := range a.layers {
		for j, v := range l.Points[choice[i]] {
			if v == nil {
				continue
			}
			for _, key := range standsFor(l.Keys[j]) {
				settings[key] = v
			}
			if l.axis {
				axes[l.Keys[j]] = v
			}
		}
	}
	return settings, axes
}

// spec resolves settings, and with what is derived from them.
func (a armLayers) spec(settings map[string]any) (mmibx.Spec, error) {
	spec, err := mmibx.Resolve(settings)
	if err == nil && len(a.derive) > 0 {
		for _, d := range a.derive {
			if settings[d.Key], err = d.value(&spec); err != nil {
				return mmibx.Spec{}, err
			}
		}
		spec, err = mmibx.Resolve(settings)
	}
	return spec, err
}

// wants says whether a cell meets all conditions.
func (a armLayers) wants(spec *mmibx.Spec) (bool, error) {
	for _, when := range a.when {
		if ok, err := when.holds(spec); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

func (x *expansion) point(spec mmibx.Spec, arm armLayers, axes map[string]any) (resolved, error) {
	for _, l := range arm.every() {
		keys := l.touches()
		x.read[l] = x.read[l] || len(spec.Unread(keys)) < len(keys)
	}
	in, err := x.inputs(spec)
	if err != nil {
		return resolved{}, err
	}
	blob, err := json.Marshal(in)
	if err != nil {
		return resolved{}, err
	}
	index, known := x.inputIndex[string(blob)]
	if !known {
		index = len(x.plan.Inputs)
		x.inputIndex[string(blob)] = index
		x.plan.Inputs = append(x.plan.Inputs, in)
	}
	name := arm.name
	if name == "" {
		name = spec.Model.Name
	}
	return resolved{spec: spec, armName: name, device: arm.device, label: spec.Label(), axes: axes, arm: spec.Arm(in), input: index}, nil
}

// add puts a point with a seed into the plan, or onto the run that it equals.
func (x *expansion) add(r *resolved, seed int) {
	spec := r.spec
	spec.Seed = seed
	id := spec.ID(x.plan.Inputs[r.input])
	if r.search != nil {
		chosen := &r.search.Chosen[r.number]
		chosen.Runs = append(chosen.Runs, id)
	}
	if i, ok := x.cell[id]; ok {
		x.plan.Collapsed++
		x.plan.Cells[i].Also = append(x.plan.Cells[i].Also, Standing{r.armName, r.axes})
		return
	}
	x.cell[id] = len(x.plan.Cells)
	x.plan.Cells = append(x.plan.Cells, Cell{Run: id, Arm: r.arm, ArmName: r.armName, Label: r.label, Axes: r.axes, Spec: spec, Input: r.input, Device: r.device})
}

// oneDevice refuses a run that two arms of the file want on different devices. The arms
// of sanity are no wish of anybody: they stand for the run where it is done.
func (s *Sweep) oneDevice(p *Plan) error {
	arms := map[string]*Arm{}
	for i := range s.Arms {
		arms[s.Arms[i].Name] = &s.Arms[i]
	}
	wanted := func(device string) string { return cmp.Or(device, s.Device, "any") }
	for i := range p.Cells {
		c := &p.Cells[i]
		for _, also := range c.Also {
			a, first := arms[also.ArmName], arms[c.ArmName]
			if a == nil || first == nil || wanted(a.Device) == wanted(first.Device) {
				continue
			}
			return &mmibx.InputError{
				File: a.Where.File, Line: a.Where.Line, Key: fmt.Sprintf("arm %q: device", a.Name),
				Found:    fmt.Sprintf("%s, for a run (%s) that is one of arm %q too, on %s%s", wanted(a.Device), c.Label, first.Name, wanted(first.Device), first.Where.inWords()),
				Expected: "one device for each run", Cure: "give both arms the same device, or leave the run out of one by a condition (when)",
			}
		}
	}
	return nil
}

// unread refuses settings that are in force somewhere and read nowhere. A
// setting that only some of its cells read is what a grid over several models
// or estimators looks like; the other cells collapse. What only sanity arms bring
// into force, such as a value that every arm replaces, nobody set for them.
func unread(arms []armLayers, read map[*layered]bool) error {
	var faults parser
	arms = slices.DeleteFunc(slices.Clone(arms), func(a armLayers) bool { return a.sanity })
	for _, l := range uniqueLayers(arms) {
		if did, inForce := read[l]; inForce && !did {
			faults.faults = append(faults.faults, &mmibx.InputError{
				File: l.Where.File, Line: l.Where.Line, Key: strings.Join(l.Keys, ", "), Found: "a key that no cell reads",
				Expected: "a key that the model, the evidence or the estimator of at least one of its cells reads",
				Cure:     "remove it, or move it to an arm that reads it",
			})
		}
	}
	return faults.err()
}

// variesDerived refuses axes and --set of a key that a formula of the same arm
// sets: the formula would win, the cells of the axis would be one run, and their
// labels would lie. A plain setting is what a formula is there to replace.
func (s *Sweep) variesDerived(arms []armLayers) error {
	var faults parser
	seen := map[*layered]bool{}
	for _, a := range arms {
		for _, l := range a.layers {
			set := l.Where.File == overrideFile
			if seen[l] || !l.axis && !set {
				continue
			}
			for _, d := range a.derive {
				if !slices.Contains(l.touches(), d.Key) {
					continue
				}
				seen[l] = true
				found := "an axis"
				if set {
					found = "a value"
				}
				faults.faults = append(faults.faults, &mmibx.InputError{
					File: l.Where.File, Line: l.Where.Line, Key: d.Key, Found: found + " of a key that [derive] sets" + d.Where.inWords(),
					Expected: "keys that no formula sets", Cure: "vary what the formula reads, or remove the formula",
				})
			}
		}
	}
	return faults.err()
}

func hashOf(ids []string) string {
	h := sha256.New()
	for _, id := range slices.Sorted(slices.Values(ids)) {
		fmt.Fprintln(h, id)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// locate adds the place of the guilty setting to an error of mmibx.Resolve.
func (a armLayers) locate(err error, file string) error {
	var in *mmibx.InputError
	if !errors.As(err, &in) {
		return err
	}
	fault := *in
	fault.File = file
	for _, l := range a.every() {
		if slices.Contains(l.touches(), in.Key) {
			fault.File, fault.Line = l.Where.File, l.Where.Line
		}
	}
	if fault.Line == 0 && a.name != "" && fault.File == file {
		fault.Key = fmt.Sprintf("arm %q: %s", a.name, fault.Key)
	}
	return &fault
}

// Arms lists the names of the plan's arms in the order of their first cells.
func (p *Plan) Arms() []string {
	var names []string
	seen := map[string]bool{}
	note := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, c := range p.Cells {
		note(c.ArmName)
		for _, also := range c.Also {
			note(also.ArmName)
		}
	}
	return names
}

// Axes lists the keys that vary in the plan, with their values in order.
func (p *Plan) Axes() map[string][]any {
	axes := map[string][]any{}
	note := func(point map[string]any) {
		for _, k := range slices.Sorted(maps.Keys(point)) {
			if v := point[k]; !slices.Contains(axes[k], v) {
				axes[k] = append(axes[k], v)
			}
		}
	}
	for _, c := range p.Cells {
		note(c.Axes)
		for _, also := range c.Also {
			note(also.Axes)
		}
	}
	return axes
}
