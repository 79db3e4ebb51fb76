package datasets

import (
	"cmp"
	"slices"

	"github.com/mmibx/mmibx"
)

// MarkerCount is how many ids the entity markers of MRE add to a vocabulary:
// Size()+0 is <s>, +1 </s>, +2 <o>, +3 </o>. <s> </s> stand round the head,
// <o> </o> round the tail.
const MarkerCount = 4

// Encoding says how a tweet becomes pieces.
type Encoding struct {
	Limit   int    // pieces, the start and the end included; at least 8
	Markers string // of MRE, as the spec's model.markers: "whole" or "released"
}

// Samples encodes a split of a set, in the order of its examples. For MRE the
// two entities stand between markers, and Sample.Marks are the positions of <s>
// and <o>. Picture is -1 (blank) for the caller to fill in.
//
// Where an MRE tweet is longer than the limit, words leave whole and from the end:
// first those outside both entities, then those inside, so that the markers
// stay and the entities stay as long as they can. An MNER tweet is simply cut
// off.
func Samples(set *Set, split mmibx.Split, t Tokenizer, how Encoding) []mmibx.Sample {
	examples := set.Examples[split]
	samples := make([]mmibx.Sample, len(examples))
	for i := range examples {
		s := mmibx.Sample{Example: &examples[i], Picture: -1}
		if set.Benchmark.Task == mmibx.MRE {
			s.Pieces, s.First, s.Marks = encodePair(t, &examples[i], how)
		} else {
			s.Pieces, s.First = Encode(t, examples[i].Tokens, how.Limit)
		}
		samples[i] = s
	}
	return samples
}

// marker is a marker before the word at position before.
type marker struct {
	before int
	which  int32 // 0 <s>, 1 </s>, 2 <o>, 3 </o>
	rank   int   // order among the markers before one word
}

// markers are the four markers in the order of the text. Before one word an
// entity that ends closes before one that begins opens; of two that begin
// together the longer opens first, of two that end together the shorter closes
// first. For one and the same span that reads <s> <o> ... </o> </s>.
func markers(head, tail mmibx.Span) []marker {
	words := func(s mmibx.Span) int { return s.End - s.Start }
	h, t := 2*words(head)+1, 2*words(tail)
	all := []marker{
		{head.Start, 0, -h},
		{tail.Start, 2, -t},
		{head.End, 1, h - closing},
		{tail.End, 3, t - closing},
	}
	slices.SortFunc(all, byPlace)
	return all
}

// closing ranks every closing marker before any opening one.
const closing = 1 << 30

// releasedMarkers are those that the released code of MMIB writes (github
// cuishiyao96/MMIB, commit 89be362). It asks before each word which markers stand
// there, always in the order <s> </s> <o> </o>, so that an entity at the end of
// the tweet is never closed.
func releasedMarkers(head, tail mmibx.Span, words int) []marker {
	all := []marker{{head.Start, 0, 0}, {head.End, 1, 1}, {tail.Start, 2, 2}, {tail.End, 3, 3}}
	all = slices.DeleteFunc(all, func(m marker) bool { return m.before == words })
	slices.SortFunc(all, byPlace)
	return all
}

func byPlace(a, b marker) int {
	return cmp.Or(cmp.Compare(a.before, b.before), cmp.Compare(a.rank, b.rank))
}

// encodePair is Encode for a pair of entities.
func encodePair(t Tokenizer, e *mmibx.Example, how Encoding) (pieces, first []int32, marks [2]int32) {
	words := make([][]int32, len(e.Tokens))
	for i, w := range e.Tokens {
		words[i] = t.Pieces(w)
	}
	trimPair(words, e.Head, e.Tail, how.Limit-2-MarkerCount)

	s := t.Specials()
	pieces, first = []int32{s.Start}, make([]int32, len(words))
	open := markers(e.Head, e.Tail)
	if how.Markers == "released" {
		open = releasedMarkers(e.Head, e.Tail, len(words))
	}
	for i := 0; i <= len(words); i++ {
		for ; len(open) > 0 && open[0].before == i; open = open[1:] {
			if which := open[0].which; which%2 == 0 {
				marks[which/2] = int32(len(pieces))
			}
			pieces = append(pieces, int32(t.Size())+open[0].which)
		}
		if i == len(words) {
			break
		}
		first[i] = -1
		if len(words[i]) > 0 {
			first[i] = int32(len(pieces))
			pieces = append(pieces, words[i]...)
		}
	}
	return append(pieces, s.End), first, marks
}

// trimPair empties words until all pieces together fit into room.
func trimPair(words [][]int32, head, tail mmibx.Span, room int) {
	total := 0
	for _, w := range words {
		total += len(w)
	}
	inside := func(i int) bool {
		return head.Start <= i && i < head.End || tail.Start <= i && i < tail.End
	}
	for _, entity := range []bool{false, true} {
		for i := len(words) - 1; i >= 0 && total > room; i-- {
			if inside(i) == entity {
				total -= len(words[i])
				words[i] = nil
			}
		}
	}
}
