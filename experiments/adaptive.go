package experiments

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments/search"
	"github.com/mmibx/mmibx/tracker/journal"
)

// Search is a space of one arm on one benchmark whose points an adaptive sampler
// chooses while the sweep runs. It holds all that this needs besides the results, so
// that a sweep goes on from the store alone.
type Search struct {
	// ID is over what decides the choices: not over the budget, which may grow.
	ID       string         `json:"id"`
	ArmName  string         `json:"arm_name"`
	Device   string         `json:"device,omitempty"` // that the arm asks for itself
	Sampler  string         `json:"sampler"`
	Seed     uint64         `json:"seed"`
	Points   int            `json:"points"` // the budget: exactly so many are chosen
	Seeds    []int          `json:"seeds"`  // that each point is run with
	Space    []Dimension    `json:"space"`
	Settings map[string]any `json:"settings"`       // of every point, besides its space
	Axes     map[string]any `json:"axes,omitempty"` // its place on the arm's other axes
	Derive   []Formula      `json:"derive,omitempty"`
	When     []string       `json:"when,omitempty"`
	// Chosen are the points so far: those of the start, then one proposal after another.
	Chosen []Proposal `json:"chosen"`

	rules *armLayers // Derive and When, compiled
}

// Formula is a derivation as it was written.
type Formula struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// Proposal is a point of a search.
type Proposal struct {
	Search string    `json:"search,omitempty"` // Search.ID, in the journal of choices
	Number int       `json:"number"`           // among the points of the search, from 0
	At     []float64 `json:"at"`               // in the unit cube
	Runs   []string  `json:"runs"`             // one for each seed
}

// Open counts the runs that the plan's searches have not chosen yet.
func (p *Plan) Open() (runs int) {
	for _, s := range p.Searches {
		runs += (s.Points - len(s.Chosen)) * len(s.Seeds)
	}
	return runs
}

// searchOf finds or makes the search that a point of the start belongs to: that of
// its arm and benchmark at its place on the other axes. What its first point reads
// is part of its identity: choices by other data are not taken up.
func (x *expansion) searchOf(arm armLayers, settings, axes map[string]any, spec *mmibx.Spec) (*Search, error) {
	s := &Search{ArmName: arm.name, Device: arm.device, Sampler: x.sweep.Choice.Sampler, Seed: x.sweep.Choice.Seed, Points: x.sweep.Budget.Points, Seeds: x.sweep.Seeds,
		Space: arm.space, Settings: maps.Clone(settings), Axes: maps.Clone(axes)}
	for _, d := range arm.space {
		for _, key := range standsFor(d.Key) {
			delete(s.Settings, key)
		}
		delete(s.Axes, d.Key)
	}
	for _, d := range arm.derive {
		s.Derive = append(s.Derive, Formula{d.Key, d.Text})
		delete(s.Settings, d.Key)
	}
	for _, w := range arm.when {
		s.When = append(s.When, w.Text)
	}
	blob, err := json.Marshal([]any{x.sweep.Objective, x.sweep.Minimize, s.ArmName, s.Sampler, s.Seed, s.Space, s.Settings, s.Axes, s.Derive, s.When})
	if err != nil {
		return nil, err
	}
	if known := x.searches[string(blob)]; known != nil {
		return known, nil
	}
	in, err := x.inputs(*spec)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append(blob, spec.Arm(in)...))
	s.ID = hex.EncodeToString(sum[:])[:12]
	x.searches[string(blob)] = s
	x.plan.Searches = append(x.plan.Searches, s)
	return s, nil
}

// expansion is that of a plan which is there, for more points of its searches.
func (p *Plan) expansion(inputs InputsFunc) (*expansion, error) {
	x := &expansion{inputs: inputs, plan: p, read: map[*layered]bool{}, cell: map[string]int{}, inputIndex: map[string]int{}}
	for i, c := range p.Cells {
		x.cell[c.Run] = i
	}
	for i, in := range p.Inputs {
		blob, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		x.inputIndex[string(blob)] = i
	}
	return x, nil
}

// resolve makes the point at a place of the space; ok is false where it does not
// meet the conditions.
func (s *Search) resolve(x *expansion, at []float64) (point resolved, ok bool, err error) {
	if s.rules == nil {
		p := parser{file: "the plan"}
		s.rules = &armLayers{name: s.ArmName, device: s.Device}
		var formulas []*Expression
		for _, f := range s.Derive {
			formulas = append(formulas, p.expression([]string{"derive"}, f.Key, f.Text))
		}
		for _, text := range s.When {
			s.rules.when = append(s.rules.when, p.expression([]string{"when"}, "", text))
		}
		if err := p.err(); err != nil {
			return resolved{}, false, err
		}
		s.rules.derive = deriving(formulas)
	}
	settings, axes := maps.Clone(s.Settings), map[string]any{}
	maps.Copy(axes, s.Axes)
	for k, v := range valuesAt(s.Space, at) {
		axes[s.Space[k].Key] = v
		for _, key := range standsFor(s.Space[k].Key) {
			settings[key] = v
		}
	}
	spec, err := s.rules.spec(settings)
	if err != nil {
		return resolved{}, false, err
	}
	if ok, err = s.rules.wants(&spec); err != nil || !ok {
		return resolved{}, false, err
	}
	point, err = x.point(spec, *s.rules, axes)
	return point, err == nil, err
}

// unchanged makes sure that what the first point of a search reads is what it was: a
// choice by some data is not run with others.
func (x *expansion) unchanged(s *Search) error {
	if len(s.Chosen) == 0 {
		return nil
	}
	c := &x.plan.Cells[x.cell[s.Chosen[0].Runs[0]]]
	in, err := x.inputs(c.Spec)
	if err != nil {
		return err
	}
	was := x.plan.Inputs[c.Input]
	if !maps.Equal(in.Data, was.Data) || !maps.Equal(in.Weights, was.Weights) {
		return &mmibx.InputError{Key: "sweep " + x.plan.Sweep, Found: "other data or weights than those of its plan", Expected: "the same, for choices rest on them",
			Cure: "put them back, or plan anew from the sweep file"}
	}
	return nil
}

// extend adds a point to a search and its runs to the plan.
func (x *expansion) extend(s *Search, at []float64) (Proposal, error) {
	if err := x.unchanged(s); err != nil {
		return Proposal{}, err
	}
	point, ok, err := s.resolve(x, at)
	if err == nil && !ok {
		err = fmt.Errorf("search %s of arm %q: point %d does not meet the conditions", s.ID, s.ArmName, len(s.Chosen))
	}
	if err != nil {
		return Proposal{}, err
	}
	point.search, point.number = s, len(s.Chosen)
	s.Chosen = append(s.Chosen, Proposal{Number: point.number, At: at})
	for _, seed := range s.Seeds {
		x.add(&point, seed)
	}
	x.plan.Hash = hashOf(x.plan.IDs())
	return s.Chosen[point.number], nil
}

// propose chooses the next point of a search, which is none that it has; nil where
// no more is found.
func (s *Search) propose(x *expansion, seen []search.Seen) ([]float64, error) {
	sampler, ok := search.Lookup(s.Sampler)
	if !ok {
		return nil, fmt.Errorf("search %s: the sampler %s is not one of this program", s.ID, s.Sampler)
	}
	var cube search.Space
	for _, d := range s.Space {
		cube = append(cube, d.choices())
	}
	known := map[string]bool{}
	for _, c := range s.Chosen {
		known[fmt.Sprint(valuesAt(s.Space, c.At))] = true
	}
	for try := range 2 * tooMany {
		if try == tooMany { // where points were good all are used up: anywhere
			seen = nil
		}
		at := sampler.Next(cube, s.Seed, len(s.Chosen)+try, seen)
		if known[fmt.Sprint(valuesAt(s.Space, at))] {
			continue
		}
		if _, wanted, err := s.resolve(x, at); err != nil || wanted {
			return at, err
		}
	}
	return nil, nil
}

func choicesPath(store mmibx.Store, sweep string) string {
	return filepath.Join(store.Sweep(sweep), "choices")
}

// The kinds of entries in a sweep's journal of choices.
const (
	proposalKind = "proposal"
	pruningKind  = "pruning"
)

// TakeUp adds what the searches of the plan chose before, as the store's journal of
// choices has it; beyond the budget nothing is taken up.
func (p *Plan) TakeUp(store mmibx.Store, inputs InputsFunc) error {
	if len(p.Searches) == 0 {
		return nil
	}
	path := choicesPath(store, p.Sweep)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	x, err := p.expansion(inputs)
	if err != nil {
		return err
	}
	byID := map[string]*Search{}
	for _, s := range p.Searches {
		byID[s.ID] = s
	}
	_, err = journal.Read(path, 0, func(r journal.Record) error {
		if r.Type != journal.TypeEntry || r.Kind != proposalKind {
			return nil
		}
		var was Proposal
		if err := json.Unmarshal(r.Entry, &was); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		s := byID[was.Search]
		if s == nil || was.Number != len(s.Chosen) || was.Number >= s.Points {
			return nil // of another space, or in the plan already
		}
		_, err := x.extend(s, was.At)
		return err
	})
	return err
}
