package audit

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Item is one piece of an example's evidence, without what it says.
type Item struct {
	Name string    // of its file; "" where it has none
	Size []float64 // in any units, the same number for every item: bytes, width, height; words, characters
	Zero bool      // nothing but zeros
}

// Shape is all of an example's evidence, in the order of its file; nil where the
// source does not know the example.
type Shape struct{ Items []Item }

// Families are the groups of shape features, each tested on its own.
var Families = []string{"count", "padding", "size", "name", "order"}

// family is a group of features of every row: column k of a row is a number
// that levels turn into a category.
type family struct {
	name    string
	columns []string
	values  [][]float64 // [columns][rows]
}

// families takes shapes apart. Columns that say the same of every row are left
// out, and families that have no other.
func families(shapes []Shape) []family {
	var all []family
	for _, name := range Families {
		f := family{name: name}
		switch name {
		case "count":
			f.add("items", shapes, func(s *Shape) float64 { return float64(len(s.Items)) })
		case "padding":
			f.add("zero items", shapes, zeros)
			f.add("no item", shapes, func(s *Shape) float64 { return truth(len(s.Items) == 0) })
		case "size":
			f.addSizes(shapes)
		case "name":
			f.addNames(shapes)
		case "order":
			f.add("direction", shapes, direction)
			f.add("largest first", shapes, largestFirst)
		}
		if len(f.columns) > 0 {
			all = append(all, f)
		}
	}
	return all
}

// add appends a column, unless it is constant.
func (f *family) add(column string, shapes []Shape, of func(*Shape) float64) {
	values := make([]float64, len(shapes))
	for i := range shapes {
		values[i] = of(&shapes[i])
	}
	if slices.Min(values) < slices.Max(values) {
		f.columns, f.values = append(f.columns, column), append(f.values, values)
	}
}

// place is where each of n examples stands in its file: what no source of evidence
// tells, but the file itself.
func place(n int) family {
	f := family{name: "place", columns: []string{"place in the file"}, values: [][]float64{make([]float64, n)}}
	for i := range n {
		f.values[0][i] = float64(i)
	}
	return f
}

func zeros(s *Shape) float64 {
	n := 0.0
	for _, item := range s.Items {
		n += truth(item.Zero)
	}
	return n
}

func (f *family) addSizes(shapes []Shape) {
	widest := 0
	for i := range shapes {
		for _, item := range shapes[i].Items {
			widest = max(widest, len(item.Size))
		}
	}
	for k := range widest {
		f.add(fmt.Sprintf("largest %d", k), shapes, func(s *Shape) float64 {
			largest := 0.0
			for _, item := range s.Items {
				if k < len(item.Size) {
					largest = max(largest, item.Size[k])
				}
			}
			return largest
		})
		f.add(fmt.Sprintf("mean %d", k), shapes, func(s *Shape) float64 {
			sum := 0.0
			for _, item := range s.Items {
				if k < len(item.Size) {
					sum += item.Size[k]
				}
			}
			return sum / max(1, float64(len(s.Items)))
		})
	}
}

// addNames looks at names only as far as they do not tell the number of items:
// the first one's pattern and length, and the last number in each.
func (f *family) addNames(shapes []Shape) {
	patterns := map[string]int{}
	for i := range shapes {
		patterns[pattern(&shapes[i])]++
	}
	ids := map[string]float64{} // of the commonest; the rest is 0
	for _, p := range slices.SortedFunc(maps.Keys(patterns), func(a, b string) int {
		return cmp.Or(cmp.Compare(patterns[b], patterns[a]), cmp.Compare(a, b))
	}) {
		if patterns[p] >= len(shapes)/50 && len(ids) < maxLevels {
			ids[p] = float64(len(ids) + 1)
		}
	}
	f.add("pattern of the first", shapes, func(s *Shape) float64 { return ids[pattern(s)] })
	f.add("length of the first", shapes, func(s *Shape) float64 {
		if len(s.Items) == 0 {
			return 0
		}
		return float64(len(s.Items[0].Name))
	})
	f.add("number in the first", shapes, func(s *Shape) float64 {
		if len(s.Items) == 0 {
			return -1
		}
		return lastNumber(s.Items[0].Name)
	})
}

var digits = regexp.MustCompile(`[0-9]+`)

// pattern is the name of the first item, every number in it as #.
func pattern(s *Shape) string {
	if len(s.Items) == 0 {
		return ""
	}
	return digits.ReplaceAllString(s.Items[0].Name, "#")
}

// lastNumber is the last number in a name, -1 where there is none.
func lastNumber(name string) float64 {
	all := digits.FindAllString(name, -1)
	if len(all) == 0 {
		return -1
	}
	n, err := strconv.ParseFloat(all[len(all)-1], 64)
	if err != nil { // beyond any float: as large as can be
		return math.MaxFloat64
	}
	return n
}

// direction says how the names follow each other: 1 up, 2 down, 3 neither, 0
// where there are no two.
func direction(s *Shape) float64 {
	up, down := 0, 0
	for i := 1; i < len(s.Items); i++ {
		a, b := s.Items[i-1].Name, s.Items[i].Name
		order := int(math.Copysign(1, lastNumber(b)-lastNumber(a)))
		if lastNumber(a) == lastNumber(b) {
			order = strings.Compare(b, a)
		}
		switch {
		case order > 0:
			up++
		case order < 0:
			down++
		}
	}
	switch {
	case up+down == 0:
		return 0
	case down == 0:
		return 1
	case up == 0:
		return 2
	}
	return 3
}

// largestFirst says whether the first of several items has the largest size.
func largestFirst(s *Shape) float64 {
	if len(s.Items) < 2 || len(s.Items[0].Size) == 0 {
		return 0
	}
	for _, item := range s.Items[1:] {
		if len(item.Size) > 0 && item.Size[0] > s.Items[0].Size[0] {
			return 2
		}
	}
	return 1
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// maxLevels is into how many categories a column is cut: a leak need not be
// straight, and a category of its own for each count would learn by heart.
const maxLevels = 8

// cells makes binary features of columns, a category of a column each, and puts
// rows with the same features into one cell. It returns the features of each
// cell, the number of features, and the cell of each row.
func cells(families []family, rows int) (features [][]int32, width int, cellOf []int) {
	levels := make([][]int32, rows)
	for _, f := range families {
		for _, column := range f.values {
			of, n := cut(column)
			for i, level := range of {
				levels[i] = append(levels[i], int32(width+level))
			}
			width += n
		}
	}
	seen := map[string]int{}
	cellOf = make([]int, rows)
	for i, l := range levels {
		key := fmt.Sprint(l)
		cell, ok := seen[key]
		if !ok {
			cell = len(features)
			seen[key], features = cell, append(features, l)
		}
		cellOf[i] = cell
	}
	return features, width, cellOf
}

// cut gives each value its category: of at most maxLevels values each has its
// own, of more they are cut where about as many rows lie on either side.
func cut(column []float64) (levels []int, n int) {
	sorted := slices.Sorted(slices.Values(column))
	edges := slices.Compact(slices.Clone(sorted))
	if len(edges) > maxLevels {
		edges = edges[:0]
		for k := range maxLevels {
			edges = append(edges, sorted[k*len(sorted)/maxLevels])
		}
		edges = slices.Compact(edges)
	}
	levels = make([]int, len(column))
	for i, v := range column { // the last edge that is not above
		at, found := slices.BinarySearch(edges, v)
		if !found {
			at--
		}
		levels[i] = at
	}
	return levels, len(edges)
}
