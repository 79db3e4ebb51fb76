package experiments

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// rangeKeys are the keys of a range: n values from one number to another, both
// included, in equal steps (linear) or equal ratios (log).
var rangeKeys = []string{"from", "to", "n", "scale"}

// isRange tells a range from a nested group of keys.
func isRange(t map[string]any) bool {
	_, from := t["from"]
	_, to := t["to"]
	_, n := t["n"]
	return from || to || n
}

// expand replaces the ranges in a list of values.
func (p *parser) expand(path []string, key string, list []any) []any {
	var values []any
	for _, v := range list {
		t, ok := v.(map[string]any)
		if !ok {
			values = append(values, v)
			continue
		}
		values = append(values, p.ranged(path, key, t)...)
	}
	return values
}

func (p *parser) ranged(path []string, key string, t map[string]any) []any {
	for _, k := range slices.Sorted(maps.Keys(t)) {
		if !slices.Contains(rangeKeys, k) {
			p.fail(path, fmt.Sprintf("the key %s in a range", k), "from, to, n and scale", didYouMean(k, rangeKeys))
			return nil
		}
	}
	n, ok := t["n"].(int64)
	if !ok || n < 2 || n > 1000 {
		p.fail(path, "an incomplete range", "numbers from and to, and a count n from 2 to 1000", `write for example {from = 0.01, to = 1, n = 3, scale = "log"}`)
		return nil
	}
	from, to, log, ok := p.bounds(path, t)
	if !ok {
		return nil
	}
	return spread(key, from, to, int(n), log)
}

// bounds reads the ends and the scale of a range.
func (p *parser) bounds(path []string, t map[string]any) (from, to float64, log, ok bool) {
	from, okFrom := number(t["from"])
	to, okTo := number(t["to"])
	scale, okScale := t["scale"].(string)
	if t["scale"] == nil {
		scale, okScale = "linear", true
	}
	switch {
	case !okFrom || !okTo:
		p.fail(path, "an incomplete range", "numbers from and to", `write for example {from = 0.01, to = 1, scale = "log"}`)
	case !okScale || scale != "linear" && scale != "log":
		p.fail(path, "scale "+quoted(t["scale"]), `"linear" or "log"`, "")
	case scale == "log" && (from <= 0 || to <= 0):
		p.fail(path, fmt.Sprintf("a log range from %g to %g", from, to), "numbers above 0", `in a grid 0 can stand beside a range: [0, {from = 0.01, to = 1, n = 3, scale = "log"}]`)
	default:
		return from, to, scale == "log", true
	}
	return 0, 0, false, false
}

// spread returns n values from one number to another. Those between are rounded
// to four digits, and for whole-number keys to whole numbers, each once: a value
// is part of a run's identity and of its label, and should look as a person
// would type it.
func spread(key string, from, to float64, n int, log bool) []any {
	whole := wholeNumbers(key)
	var values []any
	for i := range n {
		share := float64(i) / float64(n-1)
		v := from + share*(to-from)
		if log {
			v = from * math.Pow(to/from, share)
		}
		switch {
		case i == 0:
			v = from
		case i == n-1:
			v = to
		case whole:
			v = math.Round(v)
		default:
			v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
		}
		if !slices.Contains(values, any(v)) {
			values = append(values, v)
		}
	}
	return values
}

// wholeNumbers says whether the values of a key are whole numbers.
func wholeNumbers(key string) bool {
	f, ok := mmibx.LookupField(key)
	if !ok {
		return false
	}
	_, whole := f.Frozen.(int)
	return whole
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return 0, false
}

// quoted shows a value of a sweep file in a message.
func quoted(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(v)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = quoted(x)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any, []map[string]any:
		return "a table"
	}
	return fmt.Sprint(v)
}

func itoa(n int) string { return strconv.Itoa(n) }

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
