package audit

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// drawn are examples whose pictures have several rows each: rows of a picture
// have the same label more often than not, and the same evidence.
func drawn(random *rand.Rand, pictures, each int, items func(label string) int) (labels, groups []string, shapes []Shape) {
	for picture := range pictures {
		first := []string{"a", "b"}[random.IntN(2)]
		shape := Shape{Items: make([]Item, items(first))}
		for range each {
			label := first
			if random.IntN(10) == 0 {
				label = "c"
			}
			labels, groups, shapes = append(labels, label), append(groups, fmt.Sprint(picture)), append(shapes, shape)
		}
	}
	return labels, groups, shapes
}

func mustTest(t *testing.T, labels, groups []string, shapes []Shape, o Options) Test {
	t.Helper()
	r := newRows(labels, groups, o.Folds)
	got, err := test(context.Background(), families(shapes), &r, o, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLeakIsCaughtAndHonestEvidencePasses(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	o := Options{Folds: 5, Draws: 99, Seed: 1}
	telling := func(label string) int { // the count tells three times of four
		if random.IntN(4) == 0 {
			return 1 + random.IntN(3)
		}
		return map[string]int{"a": 1, "b": 3}[label]
	}
	labels, groups, shapes := drawn(random, 150, 2, telling)
	if got := mustTest(t, labels, groups, shapes, o); !got.Leak || got.Effect < 10 || got.Accuracy < got.Majority+10 || got.P != 0.01 {
		t.Errorf("a count that tells the label: %+v", got)
	}
	labels, groups, shapes = drawn(random, 150, 2, func(string) int { return 1 + random.IntN(3) })
	if got := mustTest(t, labels, groups, shapes, o); got.Leak || got.P <= Level {
		t.Errorf("a count that says nothing: %+v", got)
	}
}

// A leak need not be straight: here the middle count is one label.
func TestLeakByParity(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	labels, groups, shapes := drawn(random, 150, 1, func(label string) int {
		if label == "a" {
			return 2
		}
		return 1 + 2*random.IntN(2)
	})
	if got := mustTest(t, labels, groups, shapes, Options{Folds: 5, Draws: 99, Seed: 1}); !got.Leak {
		t.Errorf("%+v", got)
	}
}

// Under the null p is uniform, though rows of a picture go together: permuting
// single rows would find leaks everywhere.
func TestPIsUniformUnderTheNull(t *testing.T) {
	const runs = 200
	random := rand.New(rand.NewPCG(9, 9))
	var ps []float64
	for run := range runs {
		labels, groups, shapes := drawn(random, 20, 3, func(string) int { return 1 + random.IntN(2) })
		// 19 draws are made at once, so that no p is from fewer
		ps = append(ps, mustTest(t, labels, groups, shapes, Options{Folds: 2, Draws: 19, Seed: uint64(run)}).P)
	}
	slices.Sort(ps)
	distance := 0.0 // Kolmogorov and Smirnov's, from the steps of 1/20
	for i, p := range ps {
		distance = max(distance, math.Abs(float64(i+1)/runs-p), math.Abs(float64(i)/runs-(p-1.0/20)))
	}
	if limit := 1.63 / math.Sqrt(runs); distance > limit { // 1 % of samples
		t.Errorf("p-values are %.3f from uniform, limit %.3f: %v", distance, limit, ps)
	}
}

// Folds and permutations keep the rows of a picture together, and a permutation
// changes no label's number.
func TestGroupsStayTogether(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	var labels, groups []string
	for i := range 60 {
		labels, groups = append(labels, string(rune('a'+i%3))), append(groups, fmt.Sprint(i*i%23))
	}
	r := newRows(labels, groups, 4)
	fold := r.folds(4, random)
	of := map[int]int{}
	for i, g := range r.groups {
		if k, ok := of[g]; ok && k != fold[i] {
			t.Fatalf("group %d is in folds %d and %d", g, k, fold[i])
		}
		of[g] = fold[i]
	}
	count := func(labels []int) (n [3]int) {
		for _, l := range labels {
			n[l]++
		}
		return n
	}
	permuted := r.permuted(random)
	if count(permuted) != count(r.labels) {
		t.Errorf("labels %v, permuted %v", count(r.labels), count(permuted))
	}
	given := map[string]int{} // label vectors of groups, whole
	for _, g := range r.byGroup() {
		var own, now []int
		for _, i := range g {
			own, now = append(own, r.labels[i]), append(now, permuted[i])
		}
		given[fmt.Sprint(own)]++
		given[fmt.Sprint(now)]--
	}
	for vector, n := range given {
		if n != 0 {
			t.Errorf("the labels %s stood %d times more in one group before", vector, n)
		}
	}
}

// Each family sees its own part of a shape only.
func TestFamilies(t *testing.T) {
	base := func() []Shape {
		var all []Shape
		for range 40 {
			all = append(all, Shape{Items: []Item{{Name: "a1", Size: []float64{2}}, {Name: "a3", Size: []float64{1}}}})
		}
		return all
	}
	for _, c := range []struct {
		family string
		change func(*Shape)
	}{
		{"count", func(s *Shape) {
			s.Items = append(s.Items, Item{Name: "a4", Size: []float64{1.5}}, Item{Name: "a5", Size: []float64{1.5}})
		}},
		{"padding", func(s *Shape) { s.Items[1].Zero = true }},
		{"size", func(s *Shape) { s.Items[0].Size = []float64{9} }},
		{"name", func(s *Shape) { s.Items[0].Name = "b1" }},
		{"order", func(s *Shape) { s.Items[1].Name = "a0" }},
	} {
		shapes := base()
		for i := range 20 {
			shapes[i].Items = slices.Clone(shapes[i].Items)
			c.change(&shapes[i])
		}
		var differ []string
		for _, f := range families(shapes) {
			for k := range f.columns {
				if f.values[k][0] != f.values[k][30] {
					differ = append(differ, f.name)
				}
			}
		}
		if !slices.Equal(slices.Compact(differ), []string{c.family}) {
			t.Errorf("a change of %s shows in %v", c.family, differ)
		}
	}
}

// A column of patterns keeps the commonest, not those that come first in the
// alphabet.
func TestCommonPatternsHaveTheirOwnLevel(t *testing.T) {
	var shapes []Shape
	add := func(name string, n int) {
		for range n {
			shapes = append(shapes, Shape{Items: []Item{{Name: name}}})
		}
	}
	for rare := range maxLevels {
		add(string(rune('a'+rare))+".png", 10)
	}
	add("y.png", 100)
	add("z.png", 100)
	var f family
	f.addNames(shapes)
	first := f.values[slices.Index(f.columns, "pattern of the first")]
	n := len(shapes)
	if y, z := first[n-101], first[n-1]; y == 0 || z == 0 || y == z {
		t.Errorf("the commonest patterns are %v and %v, want levels of their own", y, z)
	}
}
