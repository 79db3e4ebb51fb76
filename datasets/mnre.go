package datasets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// ReadMRE reads a file of MNRE: one Python literal per line,
//
//	{'token': [...], 'h': {'name': ..., 'pos': [start, end]}, 't': {...}, 'img_id': ..., 'relation': ...}
//
// with half-open positions of words. The relation must be one of relations, or
// any where that is nil.
//
// A bad line is an *mmibx.InputError, several are a *FileError.
func ReadMRE(path string, split mmibx.Split, relations []string) ([]mmibx.Example, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseMRE(path, split, relations, b)
}

func parseMRE(path string, split mmibx.Split, relations []string, b []byte) ([]mmibx.Example, error) {
	return parsePairs(path, split, b, pairFormat{mnreKeys, relations, parseLiteral})
}

// pairKeys say where the parts of a pair stand in its dictionary; a dot goes down.
type pairKeys struct {
	Tokens   string `toml:"tokens"`
	Head     string `toml:"head"` // [start, end) or {"start": s, "end": e}, of words from 0
	Tail     string `toml:"tail"`
	Image    string `toml:"image"` // "" where the tweets have no pictures
	Relation string `toml:"relation"`
}

// mnreKeys are MNRE's.
var mnreKeys = pairKeys{Tokens: "token", Head: "h.pos", Tail: "t.pos", Image: "img_id", Relation: "relation"}

// pairFormat is a format of pairs, one a line.
type pairFormat struct {
	keys      pairKeys
	relations []string // that are known; nil: any
	parse     func(line string) (any, error)
}

// parseJSONValue reads a line of JSON into the values of parseLiteral; other
// numbers than whole ones stay json.Number. Errors are *literalError.
func parseJSONValue(line string) (any, error) {
	in := json.NewDecoder(strings.NewReader(line))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return nil, &literalError{quote(line) + " (" + err.Error() + ")", "a JSON object"}
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, &literalError{quote(line), "one JSON object a line"}
	}
	return wholeNumbers(v), nil
}

func wholeNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n
		}
	case []any:
		for i := range v {
			v[i] = wholeNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = wholeNumbers(v[k])
		}
	}
	return v
}

func parsePairs(path string, split mmibx.Split, b []byte, format pairFormat) ([]mmibx.Example, error) {
	var examples []mmibx.Example
	f := faults{file: path}
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		f.line++
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		e, fault := format.pair(line)
		if fault != nil {
			f.add(fault)
			continue
		}
		e.ID = exampleID(split, len(examples))
		examples = append(examples, e)
	}
	if len(examples) == 0 && f.count == 0 {
		f.add(&mmibx.InputError{Found: "no pair", Expected: "at least one"})
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return examples, nil
}

// pair reads one line.
func (p pairFormat) pair(line string) (mmibx.Example, *mmibx.InputError) {
	if !utf8.ValidString(line) {
		return mmibx.Example{}, &mmibx.InputError{Found: quote(line), Expected: "a line in UTF-8"}
	}
	v, err := p.parse(line)
	if fault, ok := errors.AsType[*literalError](err); ok {
		return mmibx.Example{}, &mmibx.InputError{Found: fault.found, Expected: fault.expected}
	}
	r := record{value: v}
	e := mmibx.Example{
		Tokens:   r.strings(keyPath(p.keys.Tokens)...),
		Head:     r.span(keyPath(p.keys.Head)...),
		Tail:     r.span(keyPath(p.keys.Tail)...),
		Relation: r.string(keyPath(p.keys.Relation)...),
	}
	if p.keys.Image != "" {
		e.Image = r.string(keyPath(p.keys.Image)...)
	}
	r.checkEntity(keyPath(p.keys.Head), e.Tokens, e.Head)
	r.checkEntity(keyPath(p.keys.Tail), e.Tokens, e.Tail)
	if r.fault == nil && p.relations != nil && !slices.Contains(p.relations, e.Relation) {
		near := mmibx.Nearest(e.Relation, p.relations)
		if near != "" {
			near = ", such as " + near
		}
		r.expect("a known relation"+near, quote(e.Relation), p.keys.Relation)
	}
	return e, r.fault
}

// keyPath splits a key at its dots.
func keyPath(key string) []string { return strings.Split(key, ".") }

// record takes a literal apart and keeps the first fault that it meets.
type record struct {
	value any
	fault *mmibx.InputError
}

func (r *record) expect(expected, found string, keys ...string) {
	if r.fault == nil {
		r.fault = &mmibx.InputError{Key: strings.Join(keys, "."), Found: found, Expected: expected}
	}
}

// at walks down dictionaries; nil where a key is missing.
func (r *record) at(keys ...string) any {
	v := r.value
	for _, k := range keys {
		dict, _ := v.(map[string]any)
		v = dict[k]
	}
	return v
}

func (r *record) string(keys ...string) string {
	s, ok := r.at(keys...).(string)
	if !ok {
		r.expect("a string", describe(r.at(keys...)), keys...)
	}
	return s
}

func (r *record) strings(keys ...string) []string {
	list, _ := r.at(keys...).([]any)
	words := make([]string, len(list))
	for i, v := range list {
		s, ok := v.(string)
		if !ok {
			r.expect("strings only", describe(v), keys...)
		}
		words[i] = s
	}
	if len(words) == 0 {
		r.expect("a list of words", describe(r.at(keys...)), keys...)
	}
	return words
}

func (r *record) span(keys ...string) mmibx.Span {
	list, _ := r.at(keys...).([]any)
	if at, ok := r.at(keys...).(map[string]any); ok {
		list = []any{at["start"], at["end"]}
	}
	if len(list) == 2 {
		start, ok := list[0].(int)
		end, ok2 := list[1].(int)
		if ok && ok2 {
			return mmibx.Span{Start: start, End: end}
		}
	}
	r.expect("[start, end]", describe(r.at(keys...)), keys...)
	return mmibx.Span{}
}

// checkEntity holds an entity's position against the words and the name beside
// it, if there is one; a name may be spaced in another way.
func (r *record) checkEntity(keys []string, words []string, s mmibx.Span) {
	if r.fault != nil {
		return
	}
	if s.Start < 0 || s.End <= s.Start || s.End > len(words) {
		r.expect(fmt.Sprintf("start < end within %d words", len(words)), fmt.Sprintf("[%d, %d]", s.Start, s.End), keys...)
		return
	}
	beside := append(slices.Clone(keys[:len(keys)-1]), "name")
	name, there := r.at(beside...).(string)
	there = there && len(keys) > 1
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if at := strings.Join(words[s.Start:s.End], " "); there && squeeze(name) != squeeze(at) {
		r.expect(fmt.Sprintf("%s, the words at [%d, %d)", quote(at), s.Start, s.End), quote(name), beside...)
	}
}

// describe says what a value is, for an error.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		return quote(v)
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case map[string]any:
		return "a dictionary"
	}
	return fmt.Sprint(v)
}

// parseRelations reads a JSON object of relation to number (ours_rel2id.json)
// and returns the relations in the order of their numbers: 0, 1, 2, ... with
// None first.
func parseRelations(path string, b []byte) ([]string, error) {
	var ids map[string]int
	if err := json.Unmarshal(b, &ids); err != nil {
		return nil, &mmibx.InputError{File: path, Found: err.Error(), Expected: "a JSON object of relation to number"}
	}
	relations := make([]string, len(ids))
	for name, id := range ids {
		if id < 0 || id >= len(ids) || relations[id] != "" || name == "" {
			return nil, &mmibx.InputError{File: path, Key: name, Found: fmt.Sprint(id), Expected: fmt.Sprintf("the numbers 0 to %d, each once", len(ids)-1)}
		}
		relations[id] = name
	}
	if len(relations) == 0 || relations[0] != mmibx.NoRelation {
		return nil, &mmibx.InputError{File: path, Found: "no None", Expected: "None as number 0"}
	}
	return relations, nil
}
