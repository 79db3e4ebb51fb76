package audit

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// The bounds of a verdict.
const (
	// Effect is by how many points of macro-F1 a classifier must beat its mean
	// under permuted labels to be a leak: among thousands of rows small honest
	// correlations are significant.
	Effect = 2.0
	// Level is the level of significance of a test.
	Level = 0.01
)

// enoughHits is how many permuted labellings that do as well as the gold one show
// that p is not small, and end a test early.
const enoughHits = 10

// Options are what a test draws.
type Options struct {
	Folds int    // of the cross-validation
	Draws int    // of permuted labels
	Seed  uint64 // of folds and draws
}

// Test is how well the labels of unseen pictures follow from a family of shape
// features.
type Test struct {
	Target   string   `json:"target"`   // what is predicted
	Family   string   `json:"family"`   // of Families, or "all"
	Columns  []string `json:"columns"`  // the features that are not constant
	Accuracy float64  `json:"accuracy"` // percent, cross-validated
	Majority float64  `json:"majority"` // percent of the commonest label
	MacroF1  float64  `json:"macro_f1"` // percent, cross-validated
	Permuted float64  `json:"permuted"` // mean macro-F1 under permuted labels, percent
	Effect   float64  `json:"effect"`   // MacroF1 - Permuted, in points
	P        float64  `json:"p"`        // of the cross-validated likelihood under permuted labels
	Draws    int      `json:"draws"`    // of permuted labels; fewer where p was soon seen not to be small
	Leak     bool     `json:"leak"`
}

// rows are labelled examples with groups that fold and permutation keep
// together.
type rows struct {
	labels []int
	number int // of labels
	groups []int
}

// newRows numbers labels and groups. Labels that are too rare to be in every
// fold are one.
func newRows(labels, groups []string, folds int) rows {
	count := map[string]int{}
	for _, l := range labels {
		count[l]++
	}
	label, group := numbering{}, numbering{}
	r := rows{labels: make([]int, len(labels)), groups: make([]int, len(labels))}
	for i, l := range labels {
		if count[l] < 2*folds {
			l = "\x00rare"
		}
		r.labels[i], r.groups[i] = label.of(l), group.of(groups[i])
	}
	r.number = len(label)
	return r
}

// numbering gives each string a number, from 0.
type numbering map[string]int

func (n numbering) of(s string) int {
	if _, ok := n[s]; !ok {
		n[s] = len(n)
	}
	return n[s]
}

// byGroup lists the rows of each group.
func (r *rows) byGroup() [][]int {
	var all [][]int
	for i, g := range r.groups {
		if g == len(all) {
			all = append(all, nil)
		}
		all[g] = append(all[g], i)
	}
	return all
}

// folds gives each row its fold: groups in random order, each to the fold with
// the fewest rows so far.
func (r *rows) folds(n int, random *rand.Rand) []int {
	groups := r.byGroup()
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	slices.SortStableFunc(groups, func(a, b []int) int { return cmp.Compare(len(b), len(a)) })
	fold, size := make([]int, len(r.labels)), make([]int, n)
	for _, g := range groups {
		k := slices.Index(size, slices.Min(size))
		size[k] += len(g)
		for _, i := range g {
			fold[i] = k
		}
	}
	return fold
}

// permuted hands the labels of whole groups around among groups of one size:
// rows of one picture are no independent witnesses.
func (r *rows) permuted(random *rand.Rand) []int {
	bySize := map[int][][]int{}
	for _, g := range r.byGroup() {
		bySize[len(g)] = append(bySize[len(g)], g)
	}
	labels := make([]int, len(r.labels))
	sizes := make([]int, 0, len(bySize))
	for size := range bySize {
		sizes = append(sizes, size)
	}
	slices.Sort(sizes)
	for _, size := range sizes {
		groups := bySize[size]
		for to, from := range random.Perm(len(groups)) {
			for k, i := range groups[to] {
				labels[i] = r.labels[groups[from][k]]
			}
		}
	}
	return labels
}

// outcome is what cross-validation says of one labelling.
type outcome struct{ macroF1, accuracy, logLikelihood float64 }

// validation is a cross-validation on fixed features and folds.
type validation struct {
	features [][]int32
	width    int
	cellOf   []int
	fold     []int
	folds    int
	classes  int
}

// permutationSolver is as exact as a mean of many fits needs.
var permutationSolver = solver{penalty: 1, gradient: 1e-3, iterations: 100}

// floor is the least probability that a likelihood counts: one row that was
// thought impossible is not to outweigh all others.
const floor = 1e-6

// run fits on all folds but one and looks at that one, for each.
func (v *validation) run(labels []int) (outcome, error) {
	cells := len(v.features)
	tables := make([]*table, v.folds) // the rows of each fold
	all := newTable(v.features, v.width, v.classes)
	for k := range tables {
		tables[k] = newTable(v.features, v.width, v.classes)
	}
	for i, label := range labels {
		at := v.cellOf[i]*v.classes + label
		tables[v.fold[i]].counts[at]++
		all.counts[at]++
	}
	confusion, o := make([]float64, v.classes*v.classes), outcome{}
	p := make([]float64, v.classes)
	rest := newTable(v.features, v.width, v.classes)
	for _, held := range tables {
		for i, n := range all.counts {
			rest.counts[i] = n - held.counts[i]
		}
		m, err := permutationSolver.fit(rest)
		if err != nil {
			return o, err
		}
		for cell := range cells {
			counts := held.of(cell)
			if !slices.ContainsFunc(counts, func(n float64) bool { return n > 0 }) {
				continue
			}
			m.scores(v.features[cell], p)
			softmax(p, counts)
			guess := slices.Index(p, slices.Max(p))
			for c, n := range counts {
				confusion[c*v.classes+guess] += n
				o.logLikelihood += n * math.Log(max(p[c], floor))
			}
		}
	}
	o.macroF1, o.accuracy = macroF1(confusion, v.classes)
	return o, nil
}

// macroF1 is the mean F1 of the labels that are there or were guessed, and the
// accuracy, both in percent; a row of the confusion is a gold label.
func macroF1(confusion []float64, classes int) (macro, accuracy float64) {
	sum, n, right, all := 0.0, 0.0, 0.0, 0.0
	for c := range classes {
		gold, guessed := 0.0, 0.0
		for k := range classes {
			gold += confusion[c*classes+k]
			guessed += confusion[k*classes+c]
		}
		all += gold
		right += confusion[c*classes+c]
		if gold+guessed > 0 {
			n++
			sum += 2 * confusion[c*classes+c] / (gold + guessed)
		}
	}
	return 100 * sum / n, 100 * right / all
}

// test predicts labels from families of features, and from permuted labels for
// comparison. Tell hears how many draws there were.
func test(ctx context.Context, families []family, r *rows, o Options, tell func(draws int)) (Test, error) {
	var t Test
	for _, f := range families {
		t.Columns = append(t.Columns, f.columns...)
	}
	v := validation{folds: o.Folds, classes: r.number, fold: r.folds(o.Folds, rand.New(rand.NewPCG(o.Seed, 0)))}
	v.features, v.width, v.cellOf = cells(families, len(r.labels))
	own, err := v.run(r.labels)
	if err != nil {
		return t, err
	}
	counts := make([]int, r.number)
	for _, l := range r.labels {
		counts[l]++
	}
	t.MacroF1, t.Accuracy = own.macroF1, own.accuracy
	t.Majority = 100 * float64(slices.Max(counts)) / float64(len(r.labels))
	hits := 0
	for hits < enoughHits && t.Draws < o.Draws {
		draws, err := v.permutations(ctx, r, o.Seed, t.Draws, min(t.Draws+2*enoughHits, o.Draws))
		if err != nil {
			return t, err
		}
		for _, d := range draws {
			t.Permuted += d.macroF1
			if d.logLikelihood >= own.logLikelihood {
				hits++
			}
		}
		t.Draws += len(draws)
		tell(t.Draws)
	}
	t.Permuted /= float64(t.Draws)
	t.Effect = t.MacroF1 - t.Permuted
	t.P = float64(1+hits) / float64(1+t.Draws)
	t.Leak = t.P <= Level && t.Effect >= Effect
	return t, nil
}

// permutations runs the draws from up to before, two at a time.
func (v *validation) permutations(ctx context.Context, r *rows, seed uint64, from, before int) ([]outcome, error) {
	draws, failed := make([]outcome, before-from), make([]error, 2)
	var wait sync.WaitGroup
	for half := range failed {
		wait.Go(func() {
			for d := half; d < len(draws) && failed[half] == nil; d += len(failed) {
				if failed[half] = ctx.Err(); failed[half] == nil {
					random := rand.New(rand.NewPCG(seed, uint64(from+d)+1))
					draws[d], failed[half] = v.run(r.permuted(random))
				}
			}
		})
	}
	wait.Wait()
	return draws, errors.Join(failed...)
}
