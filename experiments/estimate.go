package experiments

import (
	"fmt"
	"slices"
	"time"
)

// Measured is how long a run took that was done in one attempt, with what decides
// most of that.
type Measured struct {
	Arm, Benchmark, Model, Encoder, Evidence, Precision string
	Threads, Epochs                                     int
	Took                                                time.Duration
}

// Basis is what a run's estimate is taken from.
type Basis string

// The bases, the surest first. All but the first are per epoch.
const (
	SameArm     Basis = "same arm"     // the same spec with another seed, on as many threads
	SameSetting Basis = "same setting" // model, encoder, evidence, precision, threads and benchmark
	Similar     Basis = "similar"      // model, encoder and benchmark
	Rough       Basis = "rough"        // encoder and benchmark
	NoBasis     Basis = "none"
)

// Bases lists them in that order.
var Bases = []Basis{SameArm, SameSetting, Similar, Rough, NoBasis}

// key is what two runs have in common where one is a basis for the other.
func (b Basis) key(m *Measured) string {
	switch b {
	case SameArm:
		return fmt.Sprint(b, m.Arm, " ", m.Threads)
	case SameSetting:
		return fmt.Sprintln(b, m.Benchmark, m.Model, m.Encoder, m.Evidence, m.Precision, m.Threads)
	case Similar:
		return fmt.Sprintln(b, m.Benchmark, m.Model, m.Encoder)
	}
	return fmt.Sprintln(b, m.Benchmark, m.Encoder)
}

// Guess is how long one run will take.
type Guess struct {
	Took  time.Duration `json:"took"`
	Basis Basis         `json:"basis"`
}

// Estimate is how long the runs of a plan that are left will take.
type Estimate struct {
	// Wall is until the last is done, with so many at once; runs without a basis
	// are not in it, nor in Work, which is one after another.
	Wall time.Duration `json:"wall"`
	Work time.Duration `json:"work"`
	Jobs int           `json:"jobs"`
	// Threads is how many each of them has.
	Threads int           `json:"threads"`
	Left    int           `json:"left"` // runs, those too that a sampler has not chosen yet
	Runs    map[Basis]int `json:"runs"` // how many are estimated by what
	// Arms are the guesses by arm (Cell.Arm).
	Arms map[string]Guess `json:"-"`
}

// Estimate guesses from measured runs, with the median of the surest basis that
// each run has. Done says which runs need no time.
func (p *Plan) Estimate(measured []Measured, done func(run string) bool, jobs int) Estimate {
	e := Estimate{Jobs: jobs, Threads: threads(jobs), Runs: map[Basis]int{}, Arms: map[string]Guess{}}
	known := index(measured)
	lanes := make([]time.Duration, jobs)
	start := func(guess Guess) {
		e.Left++
		e.Runs[guess.Basis]++
		e.Work += guess.Took
		free := slices.Index(lanes, slices.Min(lanes)) // the next run starts where a worker is free first
		lanes[free] += guess.Took
	}
	cells := map[string]*Cell{}
	for i := range p.Cells {
		c := &p.Cells[i]
		cells[c.Run] = c
		if done(c.Run) {
			continue
		}
		guess, ok := e.Arms[c.Arm]
		if !ok {
			guess = known.guess(c, e.Threads)
			e.Arms[c.Arm] = guess
		}
		start(guess)
	}
	for _, s := range p.Searches { // what is to be chosen yet is like the first point, though of another arm
		guess := Guess{Basis: NoBasis}
		if len(s.Chosen) > 0 {
			like := *cells[s.Chosen[0].Runs[0]]
			like.Arm = ""
			guess = known.guess(&like, e.Threads)
		}
		for range (s.Points - len(s.Chosen)) * len(s.Seeds) {
			start(guess)
		}
	}
	e.Wall = slices.Max(lanes)
	return e
}

// medians are those of times by the key of a basis.
type medians map[string]time.Duration

func index(measured []Measured) medians {
	times := map[string][]time.Duration{}
	for i := range measured {
		m := &measured[i]
		for _, b := range Bases[:len(Bases)-1] {
			took := m.Took
			if b != SameArm {
				took /= time.Duration(max(1, m.Epochs))
			}
			times[b.key(m)] = append(times[b.key(m)], took)
		}
	}
	known := medians{}
	for key, all := range times {
		slices.Sort(all)
		n := len(all)
		known[key] = (all[(n-1)/2] + all[n/2]) / 2
	}
	return known
}

func (known medians) guess(c *Cell, threads int) Guess {
	s := &c.Spec
	like := Measured{
		Arm: c.Arm, Benchmark: s.Benchmark, Model: s.Model.Name, Encoder: s.Encoder.Name, Precision: s.Train.Precision, Threads: threads, Epochs: s.Train.Epochs,
	}
	if len(s.Unread([]string{"evidence.kind"})) == 0 {
		like.Evidence = s.Evidence.Kind
	}
	for _, b := range Bases[:len(Bases)-1] {
		if took, ok := known[b.key(&like)]; ok {
			if b != SameArm {
				took *= time.Duration(s.Train.Epochs)
			}
			return Guess{took, b}
		}
	}
	return Guess{Basis: NoBasis}
}
