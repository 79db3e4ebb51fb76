package datasets

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// fresh is a split that no set has: tweets that only tests draw.
const fresh mmibx.Split = "fresh"

// eachMini runs a test on each miniature benchmark.
func eachMini(t *testing.T, test func(t *testing.T, m *miniature, set *Set)) {
	for _, m := range miniatures {
		t.Run(m.name, func(t *testing.T) {
			set, err := Mini(m.name)
			if err != nil {
				t.Fatal(err)
			}
			test(t, m, set)
		})
	}
}

func TestMiniBytesNeverChange(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		got, err := m.measuredDigests(set)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got, set.Digests) {
			t.Errorf("the generator writes other bytes than it states:\ngot  %v\nwant %v", got, set.Digests)
		}
	})
}

func TestOtherSeedOtherTweets(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, _ *Set) {
		other := *m
		other.seed++
		same := 0
		for i := range 200 {
			if slices.Equal(m.example(mmibx.Train, i).Tokens, other.example(mmibx.Train, i).Tokens) {
				same++
			}
		}
		if same > 0 {
			t.Errorf("%d of 200 tweets are the same with another seed", same)
		}
	})
}

func TestMiniShape(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, set *Set) {
		if n := len(set.Examples[mmibx.Train]); n != 1500 {
			t.Errorf("train has %d tweets, want 1500", n)
		}
		if n := len(set.Examples[mmibx.Dev]); n != 500 {
			t.Errorf("dev has %d tweets, want 500", n)
		}
		if c, err := m.ceiling(mmibx.Test, m.tweets[mmibx.Test], false); err != nil || c.Mentions < 1500 {
			t.Errorf("test scores %d mentions (%v), want 1500 at least", c.Mentions, err)
		}
		known := map[string]bool{}
		for _, e := range set.Examples[mmibx.Train] {
			for _, word := range e.Tokens {
				known[word] = true
			}
		}
		if len(known) > 400 {
			t.Errorf("%d words, want a few hundred", len(known))
		}
		ids, pictures := map[string]bool{}, map[string]bool{}
		for _, split := range mmibx.Splits {
			for _, e := range set.Examples[split] {
				if ids[e.ID] || pictures[e.Image] {
					t.Fatalf("%s with picture %s stands twice", e.ID, e.Image)
				}
				ids[e.ID], pictures[e.Image] = true, true
				for _, word := range e.Tokens {
					if !known[word] {
						t.Errorf("%s: %q is not in train", e.ID, word)
					}
					if word == "" || strings.ContainsAny(word, "'\"\\\t\n ") {
						t.Errorf("%s: %q would need escapes in a file", e.ID, word)
					}
				}
			}
		}
	})
}

// Spans are decidable: each word of a form belongs to this form alone.
func TestFormsShareNoWords(t *testing.T) {
	frame := slices.Concat(leads, joins, tails, hints)
	for _, words := range topics {
		frame = append(frame, words...)
	}
	for _, m := range miniatures {
		lists := slices.Clone(m.forms)
		for _, p := range m.pairs {
			lists = append(lists, p.forms)
		}
		if m.task == mmibx.MRE { // whole connectors decide there; names must differ from all else
			checkDistinct(t, m.name, slices.Concat(lists...))
			lists = [][]string{namesOf("per"), namesOf("loc"), namesOf("org"), namesOf("misc")}
		}
		owner := map[string]string{}
		for _, phrase := range frame {
			for word := range strings.FieldsSeq(strings.ToLower(phrase)) {
				owner[word] = "the frame"
			}
		}
		for _, form := range slices.Concat(lists...) {
			for word := range strings.FieldsSeq(strings.ToLower(form)) {
				if owner[word] != "" {
					t.Errorf("%s: %q of %q belongs to %s, too", m.name, word, form, owner[word])
				}
				owner[word] = form
			}
		}
	}
}

func checkDistinct(t *testing.T, name string, list []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, s := range list {
		if seen[s] {
			t.Errorf("%s: %q stands twice", name, s)
		}
		seen[s] = true
	}
}

// independent fails unless Pearson's chi-square of a table of counts is what
// independent rows and columns give, within four standard deviations.
func independent(t *testing.T, what string, counts [][]float64) {
	t.Helper()
	rows, columns, all := make([]float64, len(counts)), make([]float64, len(counts[0])), 0.0
	for i, row := range counts {
		for j, n := range row {
			rows[i], columns[j], all = rows[i]+n, columns[j]+n, all+n
		}
	}
	chi := 0.0
	used := func(sums []float64) float64 {
		return float64(len(slices.DeleteFunc(slices.Clone(sums), func(n float64) bool { return n == 0 })))
	}
	for i, row := range counts {
		for j, n := range row {
			if expected := rows[i] * columns[j] / all; expected > 0 {
				chi += (n - expected) * (n - expected) / expected
			}
		}
	}
	freedom := (used(rows) - 1) * (used(columns) - 1)
	if chi > freedom+4*math.Sqrt(2*freedom) {
		t.Errorf("%s: chi-square %.1f with %.0f degrees of freedom", what, chi, freedom)
	}
}

func table(rows, columns int) [][]float64 {
	counts := make([][]float64, rows)
	for i := range counts {
		counts[i] = make([]float64, columns)
	}
	return counts
}

func TestNothingLeaks(t *testing.T) {
	eachMini(t, func(t *testing.T, m *miniature, _ *Set) {
		const n = 40000
		k := len(topics)
		textTopic, pictureTopic := table(k, len(m.labels)), table(k, len(m.labels))
		coin, related, words := table(2*len(m.pairs), k), table(2, len(m.labels)), table(2, 2*len(m.pairs))
		agree := 0.0
		for i := range n {
			x, d := m.tweet(fresh, i)
			for _, mention := range x.mentions {
				textTopic[x.topic][mention.label]++
				pictureTopic[x.shows.topic][mention.label]++
				if mention.ambiguous {
					p := slices.IndexFunc(m.pairs, func(p pair) bool { return slices.Contains(p.forms, mention.form) })
					side := slices.Index(m.pairs[p].labels[:], mention.label)
					coin[2*p+side][x.topic]++
					words[d.below(2)][2*p+side]++
				}
			}
			if m.task == mmibx.MRE {
				related[min(x.mentions[0].label, 1)][x.shows.label]++
			}
			if x.topic == x.shows.topic {
				agree++
			}
		}
		independent(t, "topic of the text and label", textTopic)
		independent(t, "topic of the picture and label", pictureTopic)
		independent(t, "topic and the coin of an ambiguous mention", coin)
		independent(t, "what is drawn after the label and the coin", words)
		if m.task == mmibx.MRE {
			independent(t, "what a picture shows and whether there is a relation", related)
		}
		q := float64(m.mismatch) / 100
		want := 1 - q + q/float64(k)
		if se := math.Sqrt(want * (1 - want) / n); math.Abs(agree/n-want) > 3*se {
			t.Errorf("picture and text share the topic in %.4f of the tweets, want %.4f +- %.4f", agree/n, want, se)
		}
	})
}

func TestMiniOfAnotherName(t *testing.T) {
	if _, err := Mini("mini-twitter2016"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("Mini of an unknown name: %v", err)
	}
	for _, b := range mmibx.Benchmarks() {
		if _, err := Mini(b.Name); (err == nil) != b.Miniature {
			t.Errorf("Mini(%s) = %v", b.Name, err)
		}
	}
}
