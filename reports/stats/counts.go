package stats

import (
	"fmt"
	"math/rand/v2"
)

// Counts are what the micro F1 of some examples is made of.
type Counts struct{ Correct, Predicted, Gold int }

func (c Counts) plus(o Counts) Counts {
	return Counts{c.Correct + o.Correct, c.Predicted + o.Predicted, c.Gold + o.Gold}
}

func (c Counts) minus(o Counts) Counts {
	return Counts{c.Correct - o.Correct, c.Predicted - o.Predicted, c.Gold - o.Gold}
}

// F1 is in percent; 0/0 is 0.
func (c Counts) F1() float64 {
	if c.Predicted+c.Gold == 0 {
		return 0
	}
	return 200 * float64(c.Correct) / float64(c.Predicted+c.Gold)
}

func sumCounts(units []Counts) Counts {
	var all Counts
	for _, c := range units {
		all = all.plus(c)
	}
	return all
}

// Pairs holds the predictions of two systems with the same seeds on the same
// units, as counts. A unit is what is swapped or drawn as one: a sentence, or
// all pairs of entities that share a picture.
type Pairs struct {
	Seeds []int      // names of the seeds, for people
	A, B  [][]Counts // [seed][unit]
}

// Check refuses what does not make pairs.
func (p *Pairs) Check() error {
	if len(p.Seeds) == 0 || len(p.A) != len(p.Seeds) || len(p.B) != len(p.Seeds) {
		return fmt.Errorf("%w: %d seeds, %d and %d systems' predictions", ErrValues, len(p.Seeds), len(p.A), len(p.B))
	}
	units := len(p.A[0])
	if units == 0 {
		return fmt.Errorf("%w: no sentence", ErrValues)
	}
	for s, seed := range p.Seeds {
		if len(p.A[s]) != units || len(p.B[s]) != units {
			return fmt.Errorf("%w: seed %d has %d and %d units, the first seed %d", ErrValues, seed, len(p.A[s]), len(p.B[s]), units)
		}
	}
	return nil
}

// Units counts the units of each seed.
func (p *Pairs) Units() int { return len(p.A[0]) }

// Scores are the F1 per seed of either system, in percent.
func (p *Pairs) Scores() (a, b []float64) {
	for s := range p.Seeds {
		a = append(a, sumCounts(p.A[s]).F1())
		b = append(b, sumCounts(p.B[s]).F1())
	}
	return a, b
}

// Difference is the difference of mean F1, A less B, in points.
func (p *Pairs) Difference() float64 {
	a, b := p.Scores()
	return Mean(a) - Mean(b)
}

// Randomisation is the test by approximate randomisation on predictions (Noreen
// 1989; Yeh 2000): the two systems' outputs are swapped or not by a fair coin per
// unit, the same in every pair of seeds, and F1 is worked out anew from the
// counts. The statistic is the difference of mean F1; p = (1+hits)/(1+draws).
//
// Its null hypothesis is about these trained systems: it asks whether the
// difference could come from which sentences there are. What other seeds would
// have brought is in the interval of Hierarchical.
func (p *Pairs) Randomisation(r Resampling) (Test, error) {
	if err := p.Check(); err != nil {
		return Test{}, err
	}
	if err := r.check(); err != nil {
		return Test{}, err
	}
	seeds := len(p.Seeds)
	totalA, totalB := make([]Counts, seeds), make([]Counts, seeds)
	for s := range p.Seeds {
		totalA[s], totalB[s] = sumCounts(p.A[s]), sumCounts(p.B[s])
	}
	moves := p.moves()
	observed := sumF1(totalA) - sumF1(totalB)
	draw, hits := r.stream(streamSwaps), 0
	a, b := make([]Counts, seeds), make([]Counts, seeds)
	for range r.Draws {
		swapped(moves, a, draw)
		for s, move := range a {
			a[s], b[s] = totalA[s].minus(move), totalB[s].plus(move)
		}
		// Sums of a few quotients: rounding must not decide.
		if d := sumF1(a) - sumF1(b); abs(d) >= abs(observed)-1e-9 {
			hits++
		}
	}
	return Test{
		Method: "approximate randomisation on predictions", Statistic: observed / float64(seeds),
		P: float64(1+hits) / float64(1+r.Draws), N: seeds, Draws: r.Draws,
	}, nil
}

// moves are what a swap takes from A to B, per unit and seed, of the units on
// which any pair differs: on most sentences two systems agree.
func (p *Pairs) moves() [][]Counts {
	var moves [][]Counts
	for u := range p.Units() {
		move, differs := make([]Counts, len(p.Seeds)), false
		for s := range p.Seeds {
			move[s] = p.A[s][u].minus(p.B[s][u])
			differs = differs || move[s] != Counts{}
		}
		if differs {
			moves = append(moves, move)
		}
	}
	return moves
}

// swapped sums the moves of the units that a fair coin picks.
func swapped(moves [][]Counts, into []Counts, draw *rand.Rand) {
	clear(into)
	var coins uint64
	for u, move := range moves {
		if u%64 == 0 {
			coins = draw.Uint64()
		}
		if coins&1 == 1 {
			for s := range into {
				into[s] = into[s].plus(move[s])
			}
		}
		coins >>= 1
	}
}

func sumF1(totals []Counts) float64 {
	sum := 0.0
	for _, c := range totals {
		sum += c.F1()
	}
	return sum
}

func abs(v float64) float64 { return max(v, -v) }
