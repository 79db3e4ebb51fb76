package datasets

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

// letters is a tokenizer for tests: a piece per byte, none for "-".
type letters struct{}

func (letters) Pieces(word string) []int32 {
	var ids []int32
	for _, b := range []byte(strings.ReplaceAll(word, "-", "")) {
		ids = append(ids, int32(b))
	}
	return ids
}
func (letters) Size() int          { return 256 }
func (letters) Specials() Specials { return Specials{Pad: 0, Unknown: 1, Start: '^', End: '$'} }

// spell writes pieces of letters out; the markers are < > for the head and { }
// for the tail.
func spell(pieces []int32) string {
	var b strings.Builder
	for _, p := range pieces {
		if p >= 256 {
			b.WriteByte("<>{}"[p-256])
		} else {
			b.WriteByte(byte(p))
		}
	}
	return b.String()
}

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		words string
		limit int
		want  string
		first []int32
	}{
		{"ab - c", 99, "^abc$", []int32{1, -1, 3}},
		{"ab cde f", 5, "^abc$", []int32{1, 3, -1}},
		{"ab cde f", 4, "^ab$", []int32{1, -1, -1}},
		{"-", 99, "^$", []int32{-1}},
	} {
		pieces, first := Encode(letters{}, strings.Fields(c.words), c.limit)
		if spell(pieces) != c.want || !slices.Equal(first, c.first) {
			t.Errorf("%s to %d: %s %v, want %s %v", c.words, c.limit, spell(pieces), first, c.want, c.first)
		}
	}
}

func TestMarkers(t *testing.T) {
	span := func(a, b int) mmibx.Span { return mmibx.Span{Start: a, End: b} }
	for _, c := range []struct {
		head, tail mmibx.Span
		limit      int
		want       string
	}{
		{span(1, 2), span(3, 5), 99, "^aa<b>c{de}$"},
		{span(3, 5), span(0, 1), 99, "^{aa}bc<de>$"},
		{span(1, 3), span(3, 4), 99, "^aa<bc>{d}e$"},
		{span(1, 4), span(2, 3), 99, "^aa<b{c}d>e$"}, // tail inside head
		{span(1, 2), span(1, 4), 99, "^aa{<b>cd}e$"}, // head begins the tail
		{span(1, 4), span(3, 4), 99, "^aa<bc{d}>e$"}, // tail ends the head
		{span(1, 3), span(2, 4), 99, "^aa<b{c>d}e$"}, // crossing
		{span(1, 3), span(1, 3), 99, "^aa<{bc}>de$"}, // the same
		{span(1, 2), span(4, 5), 11, "^aa<b>c{e}$"},  // d leaves first
		{span(1, 2), span(4, 5), 9, "^<b>{e}$"},
		{span(1, 2), span(4, 5), 7, "^<b>{}$"},
		{span(1, 2), span(4, 5), 6, "^<>{}$"},
	} {
		set := &Set{
			Benchmark: mmibx.Benchmark{Task: mmibx.MRE},
			Examples:  map[mmibx.Split][]mmibx.Example{mmibx.Dev: {{Tokens: strings.Fields("aa b c d e"), Head: c.head, Tail: c.tail}}},
		}
		s := Samples(set, mmibx.Dev, letters{}, Encoding{Limit: c.limit})[0]
		got := spell(s.Pieces)
		if got != c.want || got[s.Marks[0]] != '<' || got[s.Marks[1]] != '{' || s.Picture != -1 {
			t.Errorf("head %v tail %v to %d: %s with marks %v, want %s", c.head, c.tail, c.limit, got, s.Marks, c.want)
		}
	}
}

// The released code asks for <s>, </s>, <o> and </o> in turn before each word, and
// never after the last.
func TestReleasedMarkers(t *testing.T) {
	span := func(a, b int) mmibx.Span { return mmibx.Span{Start: a, End: b} }
	for _, c := range []struct {
		head, tail mmibx.Span
		want       string
	}{
		{span(1, 2), span(3, 4), "^aa<b>c{d}e$"},
		{span(1, 2), span(3, 5), "^aa<b>c{de$"},
		{span(4, 5), span(0, 1), "^{aa}bcd<e$"},
		{span(3, 5), span(4, 5), "^aabc<d{e$"},
		{span(1, 2), span(0, 1), "^{aa<}b>cde$"}, // <s> before the </o> that ends there
		{span(1, 3), span(1, 3), "^aa<{bc>}de$"},
	} {
		e := mmibx.Example{Tokens: strings.Fields("aa b c d e"), Head: c.head, Tail: c.tail}
		pieces, first, marks := encodePair(letters{}, &e, Encoding{Limit: 99, Markers: "released"})
		got := spell(pieces)
		if got != c.want || got[marks[0]] != '<' || got[marks[1]] != '{' || got[first[4]] != 'e' {
			t.Errorf("head %v tail %v: %s with marks %v, want %s", c.head, c.tail, got, marks, c.want)
		}
	}
}

func TestWordVocab(t *testing.T) {
	v := NewWordVocab([]mmibx.Example{{Tokens: []string{"b", "a"}}, {Tokens: []string{"b", "c"}}})
	pieces, first := Encode(v, []string{"c", "x", "a"}, 9)
	if v.Size() != 7 || !reflect.DeepEqual(pieces, []int32{2, 6, 1, 4, 3}) || !reflect.DeepEqual(first, []int32{1, 2, 3}) {
		t.Errorf("size %d, pieces %v, first %v", v.Size(), pieces, first)
	}
}

// drawExample draws a tweet with two entities anywhere.
func drawExample(t *rapid.T) mmibx.Example {
	e := mmibx.Example{Tokens: rapid.SliceOfN(rapid.StringMatching("-|[a-z]{1,5}"), 1, 12).Draw(t, "words")}
	span := func(name string) mmibx.Span {
		start := rapid.IntRange(0, len(e.Tokens)-1).Draw(t, name)
		return mmibx.Span{Start: start, End: rapid.IntRange(start+1, len(e.Tokens)).Draw(t, name+" end")}
	}
	e.Head, e.Tail = span("head"), span("tail")
	return e
}

func TestSamplesKeepTheirPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawExample(t)
		limit := rapid.IntRange(8, 40).Draw(t, "limit")
		released := rapid.SampledFrom([]string{"whole", "released"}).Draw(t, "markers")
		task := rapid.SampledFrom([]mmibx.Task{mmibx.MNER, mmibx.MRE}).Draw(t, "task")
		set := &Set{Benchmark: mmibx.Benchmark{Task: task}, Examples: map[mmibx.Split][]mmibx.Example{mmibx.Dev: {e}}}
		s := Samples(set, mmibx.Dev, letters{}, Encoding{Limit: limit, Markers: released})[0]
		text := spell(s.Pieces)
		if len(text) > limit || text[0] != '^' || text[len(text)-1] != '$' || len(s.First) != len(e.Tokens) {
			t.Fatalf("%d pieces %s of at most %d, %d firsts", len(text), text, limit, len(s.First))
		}
		last := int32(0)
		for i, f := range s.First {
			if f == -1 {
				continue
			}
			if f <= last || text[f] != e.Tokens[i][0] {
				t.Fatalf("word %d %q begins at %d of %s after %d", i, e.Tokens[i], f, text, last)
			}
			last = f
		}
		if task == mmibx.MRE {
			for m, end := range map[string]int{"<": 0, ">": e.Head.End, "{": 0, "}": e.Tail.End} {
				want := 1
				if released == "released" && end == len(e.Tokens) {
					want = 0
				}
				if strings.Count(text, m) != want {
					t.Fatalf("marker %s in %s", m, text)
				}
			}
			if text[s.Marks[0]] != '<' || text[s.Marks[1]] != '{' {
				t.Fatalf("marks %v of %s", s.Marks, text)
			}
		}
	})
}

func TestRealTweetsFitTheLimits(t *testing.T) {
	dir := filepath.Dir(needs.Data(t, "mnre"))
	set, err := Open("mnre", dir)
	if err != nil {
		t.Fatal(err)
	}
	v := NewWordVocab(set.Examples[mmibx.Train])
	for _, s := range Samples(set, mmibx.Train, v, Encoding{Limit: 128}) {
		if fmt.Sprint(s.Pieces[s.Marks[0]], s.Pieces[s.Marks[1]]) != fmt.Sprint(v.Size(), v.Size()+2) || slices.Contains(s.First, -1) {
			t.Fatalf("%s: marks %v, first %v", s.Example.ID, s.Marks, s.First)
		}
	}
}
