package tracker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// awkward are names and values that the filter language may trip over: its own
// signs and words, both quotes, globs, and texts that look like something else.
var awkward = []any{
	"", " ", "a", "a b", "'", `"`, `'"`, `it's`, `say "it's"`, `''`, `""`, "a''b", `"a"`, "'a'", "(", ")", "a=b", "a,b", "<1", "!", "~",
	"*", "?", "[", "]", "[a]", "[*]", "a*", "a[b]?", "a\nb", "a\tb", "a\rb", `\`, `\'`, "é", "ａ",
	"not", "and", "or", "in", "is", "missing", "NOT", "true", "false", "True", "t", "f", "T",
	"1", "0", "-1", "1.0", "01", "1e3", "1000", "0x10", "1e400", "nan", "NaN", "inf", "+inf", "-inf", ".5", "5.", "+1", "1_0", "2026-01-31",
	true, false, 1, 0, 1000, -7, 9007199254740993, 1.0, 0.1, 1e-5, 1e6, 1e300, 2.5, -0.5, 9007199254740992.0, 5e-324,
}

// same is what the language takes for one value: numbers are compared as numbers,
// and true is 1.
func same(v any) string {
	switch x := v.(type) {
	case bool:
		return map[bool]string{true: "1", false: "0"}[x]
	case float64:
		if x == float64(int64(x)) {
			return fmt.Sprint(int64(x))
		}
	case string:
		return "text " + x
	}
	return fmt.Sprint(v)
}

// TestCompletionsReadBack: whatever names and values runs have, each completion is
// a filter for the runs that have that very value, and each value has one.
func TestCompletionsReadBack(t *testing.T) {
	l := newLab(t)
	keys := []string{"plain", "with space", `it's "both"`, "not", "and", "(", "a=b", "1", "tail:max"}
	byKey := map[string]map[string][]int{"note": {}, "tag": {}} // value: seeds of the runs that have it
	for seed, v := range awkward {
		params := map[string]any{"seed": seed}
		for i, key := range keys {
			params[key] = awkward[(seed+i)%len(awkward)]
		}
		r, err := NewRun(l.store, "own", params)
		l.must(err)
		for _, key := range keys {
			if byKey[key] == nil {
				byKey[key] = map[string][]int{}
			}
			byKey[key][same(params[key])] = append(byKey[key][same(params[key])], seed)
		}
		l.must(r.Finish(nil))
		text, isText := v.(string)
		if !isText || strings.TrimSpace(text) != text || text == "" || strings.ContainsAny(text, "\n\t\r,") {
			continue // no tag
		}
		l.must(Tag(l.store, []string{r.ID}, text))
		l.must(Note(l.store, []string{r.ID}, text))
		byKey["tag"][same(text)] = []int{seed}
		byKey["note"][same(text)] = []int{seed}
	}
	db := l.synced()
	if words := l.complete(db, "not wit"); !slices.Equal(words, []string{"'with space'"}) {
		t.Errorf("completions of a key with a space are %v", words)
	}
	for key, want := range byKey {
		for _, signs := range [][2]string{{"=", ""}, {" in (0.125, ", ")"}, {" ~ ", ""}} {
			if signs[0] == " ~ " && key != "tag" && key != "note" {
				continue // of other keys, numbers are globbed as texts too
			}
			missing := map[string]bool{}
			for _, seeds := range want {
				missing[fmt.Sprint(seeds)] = true
			}
			for _, word := range l.complete(db, writeKey(key)+signs[0]) {
				filter := writeKey(key) + signs[0] + word + signs[1]
				seeds := l.seeds(db, filter)
				if !missing[seeds] {
					t.Errorf("%s finds the runs %s, which no value has or another completion found", filter, seeds)
				}
				delete(missing, seeds)
			}
			if len(missing) > 0 {
				t.Errorf("%s%s has no completion for the values of %v", writeKey(key), signs[0], slices.Collect(maps.Keys(missing)))
			}
		}
	}
}

func (l *lab) complete(db *DB, filter string) []string {
	l.Helper()
	at, err := db.Complete(context.Background(), filter)
	l.must(err)
	return at.Words
}

// seeds are those of the runs that a filter lets through.
func (l *lab) seeds(db *DB, filter string) string {
	l.Helper()
	var seeds []int
	for _, r := range l.runs(db, Query{Filter: filter, Sort: "seed"}) {
		seeds = append(seeds, r.Seed)
	}
	return fmt.Sprint(seeds)
}
