package datasets

import (
	"math"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
)

const numFresh = 20000

func TestPosteriorFindsTheGoldMentions(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		for _, e := range set.Examples[mmibx.Train] {
			posteriors, err := MiniPosterior(m.name, e)
			if err != nil {
				t.Fatal(err)
			}
			gold := goldMentions(&e)
			if len(gold) != len(posteriors) {
				t.Fatalf("%s: %d mentions in %q, read %d", e.ID, len(gold), e.Tokens, len(posteriors))
			}
			for i, p := range posteriors {
				sum := 0.0
				for _, x := range p.P {
					sum += x
				}
				truth := p.P[slices.Index(set.Labels, gold[i].label)]
				if p.Span != gold[i].span || truth <= 0 || math.Abs(sum-1) > 1e-12 {
					t.Errorf("%s: posterior %v for %v", e.ID, p, gold[i])
				}
			}
		}
	})
}

type goldMention struct {
	span  mmibx.Span
	label string
}

// goldMentions reads the mentions off the tags (MNER), or the pair.
func goldMentions(e *mmibx.Example) []goldMention {
	if e.Tags == nil {
		return []goldMention{{label: e.Relation}}
	}
	var all []goldMention
	for i, tag := range e.Tags {
		switch tag[0] {
		case 'B':
			all = append(all, goldMention{mmibx.Span{Start: i, End: i + 1}, tag[2:]})
		case 'I':
			all[len(all)-1].span.End = i + 1
		}
	}
	return all
}

// The closed forms of docs/reference/miniature.md.
func TestPopulationCeilings(t *testing.T) {
	for name, want := range map[string][2]float64{ // a', q
		"mini-twitter2015": {0.75 / 1.5, 0.15}, "mini-twitter2017": {0.72 / 1.6, 0.12}, "mini-mnre": {0.5, 0.15},
	} {
		m, err := lookupMini(name)
		if err != nil {
			t.Fatal(err)
		}
		for pictures, c := range map[bool]float64{false: 1 - want[0]/2, true: 1 - want[0]*want[1]/2} {
			if got := m.population(pictures); math.Abs(got-c) > 1e-12 {
				t.Errorf("%s: population ceiling with pictures %v = %v, want %v", name, pictures, got, c)
			}
		}
	}
}

func TestBestClassifierReachesTheCeilings(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, _ *Set) {
		for _, pictures := range []bool{false, true} {
			c, err := m.ceiling(fresh, numFresh, pictures)
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(c.Reached-c.Population) > 3*c.PopulationSE || math.Abs(c.Reached-c.Realised) > 3*c.RealisedSE {
				t.Errorf("on %d mentions the best classifier reaches %.2f; population %.2f +- %.2f, realised %.2f +- %.2f",
					c.Mentions, c.Reached, c.Population, c.PopulationSE, c.Realised, c.RealisedSE)
			}
		}
	})
}

// accuracy of the best classifier on fresh tweets, each shown the picture that
// picture picks for it, over mentions that count; and its standard error.
func accuracy(t *testing.T, m *miniature, picture func(i int) scene) (percent, se float64) {
	t.Helper()
	b := newBayes(m)
	right, n := 0.0, 0.0
	for i := range numFresh {
		x, _ := m.tweet(fresh, i)
		e, s := m.example(fresh, i), picture(i)
		posteriors, err := b.posterior(&e, &s)
		if err != nil {
			t.Fatal(err)
		}
		for j, mention := range x.mentions {
			if m.labels[mention.label] == mmibx.NoRelation {
				continue
			}
			n++
			if posteriors[j].Best() == mention.label {
				right++
			}
		}
	}
	p := right / n
	return 100 * p, 100 * math.Sqrt(p*(1-p)/n)
}

func TestShuffledPicturesGiveTheTextCeiling(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, _ *Set) {
		got, se := accuracy(t, m, func(i int) scene {
			x, _ := m.tweet(fresh, (i+1)%numFresh)
			return x.shows
		})
		if want := 100 * m.population(false); math.Abs(got-want) > 3*se {
			t.Errorf("with another's picture %.2f +- %.2f, want %.2f", got, se, want)
		}
	})
}

// A picture whose topic is not the tweet's, or whose label is outside the pair,
// leaves the coin; one that agrees in both decides, but not for certain.
func TestPosteriorBelievesThePictureAsMuchAsItShould(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, _ *Set) {
		b := newBayes(m)
		var sure, said, right, n float64
		for i := range numFresh {
			x, _ := m.tweet(fresh, i)
			e := m.example(fresh, i)
			posteriors, err := b.posterior(&e, &x.shows)
			if err != nil {
				t.Fatal(err)
			}
			for j, mention := range x.mentions {
				if !mention.ambiguous {
					continue
				}
				labels, p := b.reading[mention.form], posteriors[j].P[posteriors[j].Best()]
				told := x.shows.topic == x.topic && slices.Contains(labels, x.shows.label)
				if told != (p > 0.5) || p == 1 {
					t.Fatalf("%s: posterior %v, shows %v", e.ID, posteriors[j].P, x.shows)
				}
				if told {
					n, said, sure = n+1, said+p, sure+p*(1-p)
					if posteriors[j].Best() == mention.label {
						right++
					}
				}
			}
		}
		if math.Abs(right-said) > 3*math.Sqrt(sure) {
			t.Errorf("of %v pictures that tell, %v tell the truth; the posterior expects %.1f +- %.1f", n, right, said, math.Sqrt(sure))
		}
	})
}

func TestMiniCeilings(t *testing.T) {
	all, err := MiniCeilings("mini-mnre")
	if err != nil || len(all) != 4 {
		t.Fatalf("MiniCeilings = %d ceilings, %v", len(all), err)
	}
	set, err := Mini("mini-mnre")
	if err != nil {
		t.Fatal(err)
	}
	related := 0
	for _, e := range set.Examples[mmibx.Test] {
		if e.Relation != mmibx.NoRelation {
			related++
		}
	}
	test := all[3]
	if test.Split != mmibx.Test || !test.Pictures || test.Mentions != related || test.Mentions <= test.Ambiguous {
		t.Errorf("ceiling of test with pictures: %+v; %d related pairs", test, related)
	}
	for _, c := range all {
		want := 100 - 50*float64(c.Ambiguous)/float64(c.Mentions)
		if !c.Pictures && math.Abs(c.Realised-want) > 1e-9 {
			t.Errorf("%s from text: realised %v, want 1 - a'/2 of the split, %v", c.Split, c.Realised, want)
		}
		if math.Abs(c.Reached-c.Realised) > 4*c.RealisedSE {
			t.Errorf("%s: reached %v, expected %v +- %v", c.Split, c.Reached, c.Realised, c.RealisedSE)
		}
	}
}
