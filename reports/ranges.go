package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// ranges says in which settings runs differ on one benchmark, and over which values
// on all of them, as in "image β 0.01, 0.1; size 4, 8", or "none". Presets of two
// benchmarks differ, and that is no choice of anybody's.
func ranges[R any](runs []R, spec func(*R) *mmibx.Spec) string {
	var parts []string
	for _, key := range mmibx.FieldKeys() {
		if key == "seed" || key == "benchmark" {
			continue
		}
		first := map[string]any{} // by benchmark
		found, varies := map[any]bool{}, false
		for i := range runs {
			s := spec(&runs[i])
			v, _ := s.Get(key)
			was, ok := first[s.Benchmark]
			varies = varies || ok && was != v
			first[s.Benchmark], found[v] = v, true
		}
		if !varies {
			continue
		}
		var values []string
		for v := range found {
			values = append(values, fmt.Sprint(v))
		}
		slices.SortFunc(values, func(a, b string) int { return naturalCompare("x="+a, "x="+b) })
		parts = append(parts, cmp.Or(settingTitles[key], key)+" "+strings.Join(values, ", "))
	}
	return cmp.Or(strings.Join(parts, "; "), "none")
}
