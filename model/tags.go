package model

import (
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
)

// tagScheme says which positions of a sample carry a tag and what the tags are.
type tagScheme struct {
	names      []string
	ids        map[string]int64
	everyPiece bool // released code: continuation pieces and the ends carry tags too
}

// officialTags are the 13 of the released code, in its order.
var officialTags = []string{
	"PAD", "O", "B-MISC", "I-MISC", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "X", "[CLS]", "[SEP]",
}

// newTagScheme returns the scheme of a spec's model.tags for entity types.
func newTagScheme(kind string, types []string) (*tagScheme, error) {
	s := &tagScheme{everyPiece: kind == "official"}
	if s.everyPiece {
		s.names = officialTags
		for _, t := range types {
			if !slices.Contains(s.names, "B-"+t) {
				return nil, &mmibx.InputError{Key: "model.tags", Found: "official", Expected: fmt.Sprintf("a scheme with the type %s", t), Cure: "use model.tags = \"bio\""}
			}
		}
	} else {
		s.names = []string{"O"}
		for _, t := range types {
			s.names = append(s.names, "B-"+t, "I-"+t)
		}
	}
	s.ids = make(map[string]int64, len(s.names))
	for i, n := range s.names {
		s.ids[n] = int64(i)
	}
	return s, nil
}

// spans returns the tags without their types (B-PER is B, O is O) in their first
// order, and which of them each tag is.
func (t *tagScheme) spans() (names []string, of []int64) {
	for _, n := range t.names {
		if len(n) > 2 && n[1] == '-' {
			n = n[:1]
		}
		i := slices.Index(names, n)
		if i < 0 {
			i = len(names)
			names = append(names, n)
		}
		of = append(of, int64(i))
	}
	return names, of
}

// positions lists where in its pieces a sample carries tags. A sample without a
// visible word carries one at its first piece, so that no sequence is empty.
func (t *tagScheme) positions(s *mmibx.Sample) []int64 {
	var at []int64
	if t.everyPiece {
		for i := range s.Pieces {
			at = append(at, int64(i))
		}
		return at
	}
	for _, p := range s.First {
		if p >= 0 {
			at = append(at, int64(p))
		}
	}
	if len(at) == 0 {
		return []int64{0}
	}
	return at
}

// gold lists the tags at positions.
func (t *tagScheme) gold(s *mmibx.Sample) []int64 {
	if !t.everyPiece {
		var tags []int64
		for w, p := range s.First {
			if p >= 0 {
				tags = append(tags, t.ids[s.Example.Tags[w]])
			}
		}
		if len(tags) == 0 {
			return []int64{t.ids["O"]}
		}
		return tags
	}
	tags := make([]int64, len(s.Pieces))
	for i := range tags {
		tags[i] = t.ids["X"]
	}
	tags[0], tags[len(tags)-1] = t.ids["[CLS]"], t.ids["[SEP]"]
	for w, p := range s.First {
		if p >= 0 {
			tags[p] = t.ids[s.Example.Tags[w]]
		}
	}
	return tags
}

// words turns a path over positions into one tag a word, "" for words that the
// network did not see.
func (t *tagScheme) words(s *mmibx.Sample, path []int) []string {
	tags := make([]string, len(s.First))
	next := 0
	for w, p := range s.First {
		switch {
		case p < 0:
		case t.everyPiece:
			tags[w] = t.names[path[p]]
		default:
			tags[w] = t.names[path[next]]
			next++
		}
	}
	return tags
}
