// Package scoring computes the scores that papers report: entity spans by
// seqeval's rules, relations without None. It is pure: the same tags always
// give the same report.
package scoring

import (
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// Rule says how tags become spans.
type Rule string

const (
	// Lenient is seqeval's default, the rule of the published scores: a span
	// starts at B-x, at I-x after O and at a change of type.
	Lenient Rule = "lenient"
	// Strict counts only spans that B- opens and I- of the same type continues
	// (seqeval's mode "strict" with IOB2).
	Strict Rule = "strict"
	// Concatenated is UMGF's variant: lenient, over the whole split as one
	// sequence, so that a span may run from one tweet into the next.
	Concatenated Rule = "concatenated"
)

// Rules lists the rules, the default one first.
var Rules = []Rule{Lenient, Strict, Concatenated}

// Span is a typed, half-open range of word positions.
type Span struct {
	mmibx.Span
	Type string `json:"type"`
}

// Spans extracts the entities of one sequence of tags, in order and disjoint.
//
// Lenient follows seqeval beyond IOB: E- and S- have their meaning, and "PAD",
// "[CLS]" and "[SEP]" predicted by the 13-tag scheme count as entities, as they
// do in the published scores. A tag without a type ("X") before a typed one
// does so too; seqeval says that it began where the entity before it did, which
// no gold matches, and Spans where it stands. The empty tag is an O.
func Spans(tags []string, rule Rule) []Span {
	if rule == Strict {
		return strictSpans(tags)
	}
	var spans []Span
	start, prev := -1, outside
	for i := 0; i <= len(tags); i++ {
		cur := outside
		if i < len(tags) {
			cur = parseTag(tags[i])
		}
		if ends(prev, cur) {
			if start < 0 {
				start = i - 1
			}
			spans = append(spans, Span{mmibx.Span{Start: start, End: i}, prev.kind})
			start = -1
		}
		if starts(prev, cur) {
			start = i
		} else if cur.letter == 'O' {
			start = -1
		}
		prev = cur
	}
	return spans
}

// strictSpans opens a span at B- only.
func strictSpans(tags []string) []Span {
	var spans []Span
	open := false
	for i, t := range tags {
		cur := parseTag(t)
		switch {
		case cur.letter == 'B':
			spans = append(spans, Span{mmibx.Span{Start: i, End: i + 1}, cur.kind})
			open = true
		case open && cur.letter == 'I' && cur.kind == spans[len(spans)-1].Type:
			spans[len(spans)-1].End = i + 1
		default:
			open = false
		}
	}
	return spans
}

// tag is a tag taken apart: "B-PER" is 'B' and "PER", "O" is 'O' and "_".
type tag struct {
	letter rune
	kind   string
}

var outside = tag{'O', "_"}

func parseTag(s string) tag {
	if s == "" {
		return outside
	}
	letter, size := utf8.DecodeRuneInString(s)
	kind := s[size:]
	if _, after, found := strings.Cut(kind, "-"); found {
		kind = after
	}
	if kind == "" {
		kind = "_"
	}
	return tag{letter, kind}
}

// ends says whether a span that holds prev stops before cur.
func ends(prev, cur tag) bool {
	switch prev.letter {
	case 'O':
		return false
	case 'E', 'S':
		return true
	case 'B', 'I':
		if cur.letter == 'B' || cur.letter == 'S' || cur.letter == 'O' {
			return true
		}
	}
	return prev.kind != cur.kind
}

// starts says whether a span begins at cur.
func starts(prev, cur tag) bool {
	switch cur.letter {
	case 'O':
		return false
	case 'B', 'S':
		return true
	case 'E', 'I':
		if prev.letter == 'E' || prev.letter == 'S' || prev.letter == 'O' {
			return true
		}
	}
	return prev.kind != cur.kind
}
