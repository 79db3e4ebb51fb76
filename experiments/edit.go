package experiments

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/tomlfile"
)

// Blank is the text of a sweep file to start from: three methods on a miniature
// benchmark.
const Blank = `name = "my-sweep"
benchmarks = ["mini-twitter2017"]
seeds = 5

[grid]
model = ["text", "concat", "mmib"]
`

// Said is what a sweep file says of a key outside its arms.
type Said struct {
	Values []string // as a person would type them; none where it says nothing
	Locked string   // why Edit cannot change the key, "" where it can
}

// Typed is the values on one line, as Edit takes them.
func (s Said) Typed() string { return strings.Join(s.Values, ", ") }

// Says looks up a key that Edit changes: name, benchmarks, seeds, or one of the
// spec.
func (s *Sweep) Says(key string) Said {
	switch key {
	case "name":
		return Said{Values: []string{s.Name}}
	case "benchmarks":
		return Said{Values: s.Benchmarks}
	case "seeds":
		return Said{Values: seedsTyped(s.Seeds)}
	}
	keys := standsFor(key)
	touches := func(k string) bool {
		return slices.ContainsFunc(standsFor(k), func(full string) bool { return slices.Contains(keys, full) })
	}
	if slices.ContainsFunc(s.Space, func(d Dimension) bool { return touches(d.Key) }) {
		return Said{Locked: "a sampler chooses it"}
	}
	for _, a := range s.Arms {
		if slices.ContainsFunc(a.Space, func(d Dimension) bool { return touches(d.Key) }) || slices.ContainsFunc(a.Settings, func(s Setting) bool { return touches(s.Key) }) || slices.ContainsFunc(a.Grid, func(x Axis) bool { return slices.ContainsFunc(x.Keys, touches) }) {
			return Said{Locked: "the arm " + strconv.Quote(a.Name) + " sets it"}
		}
	}
	var said Said
	for _, b := range s.Base {
		if touches(b.Key) {
			said = s.said(key, b.Key, []any{b.Value})
		}
	}
	for _, x := range s.Grid {
		if !slices.ContainsFunc(x.Keys, touches) {
			continue
		}
		if len(x.Keys) > 1 {
			return Said{Locked: "it is coupled with other keys"}
		}
		values := make([]any, len(x.Points))
		for i, p := range x.Points {
			values[i] = p[0]
		}
		said = s.said(key, x.Keys[0], values)
	}
	return said
}

func (s *Sweep) said(key, found string, values []any) Said {
	if !slices.Equal(standsFor(key), standsFor(found)) {
		return Said{Locked: "the file sets " + found}
	}
	var said Said
	for _, v := range values {
		said.Values = append(said.Values, fmt.Sprint(v))
	}
	return said
}

// seedsTyped is a count where the seeds are 0, 1, 2 and so on, else a list.
func seedsTyped(seeds []int) []string {
	list := make([]string, len(seeds))
	counted := true
	for i, s := range seeds {
		list[i] = strconv.Itoa(s)
		counted = counted && s == i
	}
	if counted {
		return []string{strconv.Itoa(len(seeds))}
	}
	if len(list) == 1 { // a comma tells it from a count
		return []string{list[0] + ","}
	}
	return list
}

// Edit gives a key of a sweep file other values, typed with commas between them,
// and leaves the rest of the text as it is. One value of a key of the spec goes
// into [base], several into [grid], none takes the key away. Whether the values
// are good ones Parse says; a text that Edit cannot change without changing
// something else is refused.
func Edit(text, key, typed string) (string, error) {
	var before map[string]any
	if _, err := tomlfile.Decode("the draft", text, &before, "a sweep file"); err != nil {
		return "", err
	}
	value, n := tomlValue(key, typed)
	e := editor{lines: strings.Split(text, "\n")}
	paths := places(key)
	section := ""
	switch {
	case len(paths) == 1: // a key of the top
	case n > 1:
		section = "grid"
	default:
		section = "base"
	}
	if err := e.change(paths, section, key, value); err != nil {
		return "", err
	}
	edited := strings.Join(e.lines, "\n")
	var after map[string]any
	if _, err := toml.Decode(edited, &after); err != nil || !reflect.DeepEqual(without(before, paths), without(after, paths)) {
		return "", &mmibx.InputError{Key: key, Found: "a file that is written in an unusual way", Expected: "the key on lines of its own", Cure: "change it in the file itself"}
	}
	return edited, nil
}

// places are the paths at which a file may hold a key that Edit changes.
func places(key string) []string {
	if key == "name" || key == "benchmarks" || key == "seeds" {
		return []string{key}
	}
	names := []string{key}
	for _, k := range standsFor(key) {
		if key != "ib.beta" && k != key {
			names = append(names, k)
		}
	}
	var paths []string
	for _, section := range []string{"base", "grid"} {
		for _, name := range names {
			paths = append(paths, section+"."+name)
		}
	}
	return paths
}

// tomlValue writes typed values as TOML and counts them. A text in brackets is
// TOML already.
func tomlValue(key, typed string) (value string, n int) {
	typed = strings.TrimSpace(typed)
	if strings.HasPrefix(typed, "[") {
		return typed, 2
	}
	if strings.HasPrefix(typed, "{") {
		return "[" + typed + "]", 2
	}
	var words []string
	for word := range strings.SplitSeq(typed, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, tomlWord(key, word))
		}
	}
	list := "[" + strings.Join(words, ", ") + "]"
	switch {
	case len(words) == 0:
		return "", 0
	case key == "benchmarks", key == "seeds" && strings.Contains(typed, ","), len(words) > 1:
		return list, len(words)
	}
	return words[0], 1
}

// tomlWord is a number or a truth value as TOML has it, else a string, which names
// always are.
func tomlWord(key, word string) string {
	if key == "name" || key == "benchmarks" {
		return strconv.Quote(word)
	}
	if word == "true" || word == "false" {
		return word
	}
	if i, err := strconv.ParseInt(word, 10, 64); err == nil {
		return strconv.FormatInt(i, 10)
	}
	if f, err := strconv.ParseFloat(word, 64); err == nil {
		if text := strconv.FormatFloat(f, 'g', -1, 64); strings.ContainsAny(text, ".e") {
			return text
		}
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.Quote(word)
}

// editor changes a text by whole statements.
type editor struct{ lines []string }

// change replaces the statement of a key where it stands in the section already,
// and else takes it away and writes it there. Without a value it only goes.
func (e *editor) change(paths []string, section, key, value string) error {
	statement := key + " = " + value
	done := value == ""
	for _, path := range paths {
		for {
			at, ok := tomlfile.LinesOf(strings.Join(e.lines, "\n"))[path]
			if !ok {
				break
			}
			n, err := e.statement(at-1, path)
			if err != nil {
				return err
			}
			var instead []string
			if !done && strings.HasPrefix(path, section) {
				instead, done = []string{statementAs(e.lines[at-1], value)}, true
			}
			e.lines = slices.Replace(e.lines, at-1, at-1+n, instead...)
			if instead != nil {
				break
			}
		}
	}
	if !done {
		e.add(section, statement)
	}
	return nil
}

// statementAs keeps how a key is spelled.
func statementAs(line, value string) string {
	name, _, _ := strings.Cut(line, "=")
	return strings.TrimRight(name, " \t") + " = " + value
}

// statement counts the lines of the assignment that begins at a line, which must
// be that of the path and of nothing else.
func (e *editor) statement(at int, path string) (int, error) {
	for n := 1; at+n <= len(e.lines); n++ {
		var doc map[string]any
		if _, err := toml.Decode(strings.Join(e.lines[at:at+n], "\n"), &doc); err != nil {
			continue
		}
		if name := onlyKey(doc); name != "" && (path == name || strings.HasSuffix(path, "."+name)) {
			return n, nil
		}
		break
	}
	return 0, &mmibx.InputError{Key: path, Found: "a key that shares its line with others", Expected: "the key on lines of its own", Cure: "change it in the file itself"}
}

// onlyKey is the dotted name of the only value in a document.
func onlyKey(doc map[string]any) string {
	if len(doc) != 1 {
		return ""
	}
	for k, v := range doc {
		if inner, ok := v.(map[string]any); ok && !isRange(inner) {
			if rest := onlyKey(inner); rest != "" {
				return k + "." + rest
			}
			return ""
		}
		return k
	}
	return ""
}

// add writes a statement at the end of a section, which is made where there is
// none: before the arms.
func (e *editor) add(section, statement string) {
	headers := tomlfile.Headers(strings.Join(e.lines, "\n"))
	next := 0 // the header behind the section
	if section != "" {
		next = slices.IndexFunc(headers, func(h tomlfile.Header) bool { return h.Name == section && !h.Array }) + 1
		if next == 0 {
			at := e.before(headers, slices.IndexFunc(headers, func(h tomlfile.Header) bool { return h.Array }))
			e.lines = slices.Insert(e.trimmed(at), e.at(at), "", "["+section+"]", statement, "")
			return
		}
	}
	e.lines = slices.Insert(e.lines, e.at(e.before(headers, next)), statement)
}

// before is the place of a header, the end of the text where there is none.
func (e *editor) before(headers []tomlfile.Header, i int) int {
	if i < 0 || i >= len(headers) {
		return len(e.lines)
	}
	return headers[i].Line - 1
}

// at is the place after the last line before another that is not blank.
func (e *editor) at(end int) int {
	for end > 0 && strings.TrimSpace(e.lines[end-1]) == "" {
		end--
	}
	return end
}

// trimmed is the lines without the blank ones before a place.
func (e *editor) trimmed(end int) []string {
	return slices.Delete(slices.Clone(e.lines), e.at(end), end)
}

// without is a document less some paths, and less tables that are empty then.
func without(doc map[string]any, paths []string) map[string]any {
	left := map[string]any{}
	for k, v := range doc {
		var below []string
		gone := false
		for _, p := range paths {
			gone = gone || p == k
			if rest, ok := strings.CutPrefix(p, k+"."); ok {
				below = append(below, rest)
			}
		}
		inner, isTable := v.(map[string]any)
		switch {
		case gone:
		case isTable && len(below) > 0:
			if rest := without(inner, below); len(rest) > 0 {
				left[k] = rest
			}
		default:
			left[k] = v
		}
	}
	return left
}
