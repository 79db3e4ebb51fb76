package datasets

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// dice are a stream of draws. Only PCG's own numbers are used, which are
// specified, and whole-number arithmetic: every machine and every Go release
// throws the same.
type dice struct{ pcg *rand.PCG }

// newDice returns the stream of a name, independent of that of any other name.
func newDice(stream string) dice {
	sum := sha256.Sum256([]byte(stream))
	return dice{rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16]))}
}

// dice returns a stream that depends on the seed, too.
func (m *miniature) dice(stream string) dice { return newDice(fmt.Sprintf("%d/%s", m.seed, stream)) }

// below draws a number from 0 to n-1.
func (d dice) below(n int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(hi)
}

// chance is true in the given percentage of throws.
func (d dice) chance(percent int) bool { return d.below(100) < percent }

func (d dice) one(list []string) string { return list[d.below(len(list))] }

// weighted draws an index in proportion to its weight.
func (d dice) weighted(weights []int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	left := d.below(sum)
	return slices.IndexFunc(weights, func(w int) bool { left -= w; return left < 0 })
}

// scene is what a picture shows: the shape of a label on the background of a
// topic.
type scene struct{ label, topic int }

// mention is a form and its gold label.
type mention struct {
	form      string
	label     int
	ambiguous bool // two labels use the form
}

// tweet is all that is decided about a tweet and its picture before words
// around the mentions and pixels are chosen.
type tweet struct {
	mentions []mention
	topic    int
	shows    scene
}

// draw makes a tweet. In m.mismatch percent of the cases its picture is that of
// another tweet, which is drawn for the purpose and stands in no split: so
// pictures are independent of all other examples.
func (m *miniature) draw(d dice) tweet {
	t := m.drawMatched(d)
	if d.chance(m.mismatch) {
		t.shows = m.drawMatched(d).shows
	}
	return t
}

// drawMatched makes a tweet with its own picture. The picture shows the label
// of the ambiguous mention; without one, that of a mention taken at random; and
// of a pair without a relation, the label that another pair would have had, so
// that a picture does not say whether there is something to find.
func (m *miniature) drawMatched(d dice) tweet {
	t := tweet{topic: d.below(len(topics))}
	t.shows.topic = t.topic
	if d.chance(m.none) {
		t.mentions = []mention{{form: d.one(m.forms[0])}}
		t.shows.label = m.drawMention(d, d.chance(m.ambiguous)).label
		return t
	}
	t.mentions = make([]mention, 1)
	if d.chance(m.second) {
		t.mentions = make([]mention, 2)
	}
	seen, ambiguous := d.below(len(t.mentions)), d.chance(m.ambiguous)
	for i := range t.mentions {
		t.mentions[i] = m.drawMention(d, ambiguous && i == seen)
	}
	t.shows.label = t.mentions[seen].label
	return t
}

// drawMention draws label, then form; or pair, then form, and the label last,
// by a fair coin.
func (m *miniature) drawMention(d dice, ambiguous bool) mention {
	if !ambiguous {
		label := d.weighted(m.weights)
		return mention{form: d.one(m.forms[label]), label: label}
	}
	p := m.pairs[d.weighted(m.pairWeights())]
	return mention{form: d.one(p.forms), label: p.labels[d.below(2)], ambiguous: true}
}

// pairWeights are how often each pair is drawn: as often as its two labels meet.
func (m *miniature) pairWeights() []int {
	weights := make([]int, len(m.pairs))
	for i, p := range m.pairs {
		weights[i] = m.weights[p.labels[0]] * m.weights[p.labels[1]]
	}
	return weights
}

// tweet returns tweet i of a split and the dice that go on to choose its words.
func (m *miniature) tweet(split mmibx.Split, i int) (tweet, dice) {
	d := m.dice(fmt.Sprintf("%s/%d", split, i))
	return m.draw(d), d
}

// example writes tweet i of a split out in words.
func (m *miniature) example(split mmibx.Split, i int) mmibx.Example {
	t, d := m.tweet(split, i)
	e := mmibx.Example{ID: exampleID(split, i), Image: miniPictureID(split, i)}
	hint := strings.Fields(d.one(hints) + " " + d.one(topics[t.topic]))
	hintFirst := d.chance(50)
	w := writer{example: &e}
	if hintFirst {
		w.words(append(hint, ",")...)
	}
	w.phrase(d.one(leads))
	if m.task == mmibx.MRE {
		m.writePair(&w, t.mentions[0], d)
	} else {
		m.writeMentions(&w, t.mentions, d)
	}
	if d.chance(70) {
		w.phrase(d.one(tails))
	}
	if !hintFirst {
		w.words(hint...)
	}
	if m.task == mmibx.MRE {
		e.Tags = nil
	}
	return e
}

// writeMentions writes names that are joined by words.
func (m *miniature) writeMentions(w *writer, mentions []mention, d dice) {
	for i, x := range mentions {
		if i > 0 {
			w.phrase(d.one(joins))
		}
		w.name(x.form, m.labels[x.label])
	}
}

// writePair writes head, connector and tail; in a fifth of the tweets the tail
// stands first. Names say no more than the two entity types of the relation,
// which the connector tells as well; those of no relation come from any.
func (m *miniature) writePair(w *writer, x mention, d dice) {
	as := x.label
	if as == 0 {
		as = d.weighted(m.weights)
	}
	kinds := strings.Split(m.labels[as], "/") // "", head's type, tail's type, relation
	head, tail := d.one(namesOf(kinds[1])), d.one(namesOf(kinds[2]))
	w.example.Relation = m.labels[x.label]
	if d.chance(20) {
		w.example.Tail = w.name(tail, kinds[2])
		w.phrase(x.form)
		w.example.Head = w.name(head, kinds[1])
		return
	}
	w.example.Head = w.name(head, kinds[1])
	w.phrase(x.form)
	w.example.Tail = w.name(tail, kinds[2])
}

// namesOf lists the names of an entity type as relations abbreviate it.
func namesOf(kind string) []string {
	lists := map[string][2][]string{"per": persons, "loc": places, "org": organisations, "misc": miscellany}[kind]
	return slices.Concat(lists[0], lists[1])
}

// writer appends words and their tags to an example.
type writer struct{ example *mmibx.Example }

func (w *writer) words(words ...string) {
	for _, word := range words {
		w.example.Tokens = append(w.example.Tokens, word)
		w.example.Tags = append(w.example.Tags, "O")
	}
}

func (w *writer) phrase(phrase string) { w.words(strings.Fields(phrase)...) }

// name writes an entity and returns its span.
func (w *writer) name(form, label string) mmibx.Span {
	start := len(w.example.Tokens)
	w.phrase(form)
	for i := range w.example.Tags[start:] {
		w.example.Tags[start+i] = "I-" + label
	}
	w.example.Tags[start] = "B-" + label
	return mmibx.Span{Start: start, End: len(w.example.Tokens)}
}
