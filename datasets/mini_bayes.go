package datasets

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmibx/mmibx"
)

// Posterior is the exact distribution of the label of one mention, given all
// of its tweet and the picture, under the process that generated them.
type Posterior struct {
	Span mmibx.Span // MNER: the mention; MRE: empty, the pair is meant
	P    []float64  // by index in Set.Labels, sums to 1
}

// Best is the index of the likeliest label, the lower one of two that are
// equally likely.
func (p Posterior) Best() int {
	best := 0
	for i, x := range p.P {
		if x > p.P[best] {
			best = i
		}
	}
	return best
}

// MiniPosterior reads words and picture of an example of a miniature benchmark
// and returns a Posterior per mention, in the order of the text. Gold labels of
// the example are not looked at. Without a picture (Image is "") the text alone
// decides. The picture may be that of any example, shuffled ones included.
//
// With q the share of mismatched pictures, K topics and s(A) the share of
// pictures that show label A, the weight of A among the two labels that share
// the mention's form is
//
//	(1-q) [picture shows A] [picture has the tweet's topic] + q s(shown)/K
//
// for the coin is fair and a mismatched picture is independent of the tweet.
func MiniPosterior(name string, e mmibx.Example) ([]Posterior, error) {
	m, err := lookupMini(name)
	if err != nil {
		return nil, err
	}
	var picture *scene
	if e.Image != "" {
		s, err := m.scene(e.Image)
		if err != nil {
			return nil, err
		}
		picture = &s
	}
	return newBayes(m).posterior(&e, picture)
}

// bayes is the best classifier that there can be for a miniature benchmark.
type bayes struct {
	m       *miniature
	reading map[string][]int // form to the one or two labels that use it
	topic   map[string]int   // topic word to topic
	shown   []float64        // share of pictures that show each label
}

func newBayes(m *miniature) *bayes {
	b := &bayes{m: m, reading: map[string][]int{}, topic: map[string]int{}, shown: m.shownShares()}
	for label, forms := range m.forms {
		for _, form := range forms {
			b.reading[form] = []int{label}
		}
	}
	for _, p := range m.pairs {
		for _, form := range p.forms {
			b.reading[form] = p.labels[:]
		}
	}
	for topic, words := range topics {
		for _, word := range words {
			b.topic[word] = topic
		}
	}
	return b
}

// posterior returns a Posterior per mention; picture is nil for the text alone.
func (b *bayes) posterior(e *mmibx.Example, picture *scene) ([]Posterior, error) {
	topic := -1
	for _, word := range e.Tokens {
		if t, ok := b.topic[word]; ok {
			topic = t
		}
	}
	if b.m.task == mmibx.MRE {
		between := e.Tokens[min(e.Head.End, e.Tail.End):max(e.Head.Start, e.Tail.Start)]
		labels, ok := b.reading[strings.Join(between, " ")]
		if !ok {
			return nil, fmt.Errorf("example %s: %q is no connector of %s", e.ID, between, b.m.name)
		}
		return []Posterior{{P: b.weigh(labels, topic, picture)}}, nil
	}
	var all []Posterior
	for i := 0; i < len(e.Tokens); i++ {
		for end := i + 1; end <= min(i+2, len(e.Tokens)); end++ { // names have at most two words
			if labels, ok := b.reading[strings.Join(e.Tokens[i:end], " ")]; ok {
				all = append(all, Posterior{Span: mmibx.Span{Start: i, End: end}, P: b.weigh(labels, topic, picture)})
				i = end - 1
				break
			}
		}
	}
	return all, nil
}

// weigh spreads probability 1 over the labels that a form may have.
func (b *bayes) weigh(labels []int, topic int, picture *scene) []float64 {
	p := make([]float64, len(b.m.labels))
	sum := 0.0
	for _, label := range labels {
		p[label] = 1
		if picture != nil {
			p[label] = b.m.likelihood(b.shown, label, picture.label, picture.topic == topic) / float64(len(topics))
		}
		sum += p[label]
	}
	for _, label := range labels {
		p[label] /= sum
	}
	return p
}

// likelihood is K times the probability of a picture that shows a label on one
// given topic, for a tweet whose ambiguous mention has the label truth; agree
// says whether the topic is the tweet's.
func (m *miniature) likelihood(shownShares []float64, truth, shown int, agree bool) float64 {
	q := float64(m.mismatch) / 100
	p := q * shownShares[shown]
	if truth == shown && agree {
		p += (1 - q) * float64(len(topics))
	}
	return p
}

// shownShares is the distribution of the label that a picture shows.
func (m *miniature) shownShares() []float64 {
	shares := make([]float64, len(m.labels))
	ambiguous := float64(m.ambiguous) / 100
	for label, share := range normalised(m.weights) {
		shares[label] = (1 - ambiguous) * share
	}
	for i, share := range normalised(m.pairWeights()) {
		for _, label := range m.pairs[i].labels {
			shares[label] += ambiguous * share / 2
		}
	}
	return shares
}

func normalised(weights []int) []float64 {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	shares := make([]float64, len(weights))
	for i, w := range weights {
		shares[i] = float64(w) / float64(sum)
	}
	return shares
}

// Ceiling is the best score that a split of a miniature benchmark allows, as
// micro-F1 in percent: for MRE without None. As spans (and None) can be read
// off the text, it is the accuracy over mentions (over related pairs).
type Ceiling struct {
	Split    mmibx.Split `json:"split"`
	Pictures bool        `json:"pictures"` // false: from the text alone
	// Mentions counts what the score is over, Ambiguous those with two readings.
	Mentions  int `json:"mentions"`
	Ambiguous int `json:"ambiguous"`
	// Population is the expected score of the best classifier on an endless
	// split, exact; PopulationSE is one standard error of a score on a split of
	// this size about it, sqrt(c(1-c)/Mentions).
	Population   float64 `json:"population"`
	PopulationSE float64 `json:"population_se"`
	// Realised is the expected score of the best classifier given the texts and
	// pictures of this very split: the mean of its posterior's maximum.
	// RealisedSE is one standard error of Reached about it: the luck that is
	// left, that of the gold labels.
	Realised   float64 `json:"realised"`
	RealisedSE float64 `json:"realised_se"`
	// Reached is what the best classifier scores on the split's gold labels; it
	// takes the lower label of two that are equally likely.
	Reached float64 `json:"reached"`
}

// MiniCeilings returns the ceilings of dev and test of a miniature benchmark,
// from the text alone and with pictures.
func MiniCeilings(name string) ([]Ceiling, error) {
	m, err := lookupMini(name)
	if err != nil {
		return nil, err
	}
	var all []Ceiling
	for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
		for _, pictures := range []bool{false, true} {
			c, err := m.ceiling(split, m.tweets[split], pictures)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// ceiling measures the first n tweets of a split.
func (m *miniature) ceiling(split mmibx.Split, n int, pictures bool) (Ceiling, error) {
	b := newBayes(m)
	c := Ceiling{Split: split, Pictures: pictures, Population: 100 * m.population(pictures)}
	var expected, variance, right float64
	for i := range n {
		t, _ := m.tweet(split, i)
		e := m.example(split, i)
		var picture *scene
		if pictures {
			picture = &t.shows
		}
		posteriors, err := b.posterior(&e, picture)
		if err != nil {
			return Ceiling{}, err
		}
		for j, x := range t.mentions {
			if m.labels[x.label] == mmibx.NoRelation {
				continue
			}
			best := posteriors[j].Best()
			p := posteriors[j].P[best]
			expected, variance = expected+p, variance+p*(1-p)
			c.Mentions++
			if x.ambiguous {
				c.Ambiguous++
			}
			if best == x.label {
				right++
			}
		}
	}
	count := float64(c.Mentions)
	c.PopulationSE = math.Sqrt(c.Population * (100 - c.Population) / count)
	c.Realised, c.RealisedSE = 100*expected/count, 100*math.Sqrt(variance)/count
	c.Reached = 100 * right / count
	return c, nil
}

// population is the accuracy of the best classifier over all tweets that m can
// draw. A coin is all that the text leaves open, so it is 1 - a'/2 from text,
// with a' the share of ambiguous mentions. With pictures it sums, over all that
// an ambiguous mention and a picture can be, the probability of the likelier
// label: 1 - a'q/2, as a mismatched picture leaves the coin as it was.
func (m *miniature) population(pictures bool) float64 {
	share := float64(m.ambiguous) / 100 / (1 + float64(m.second)/100)
	right := 0.5
	if pictures {
		right = 0
		shown, k := m.shownShares(), float64(len(topics))
		for i, weight := range normalised(m.pairWeights()) {
			a, b := m.pairs[i].labels[0], m.pairs[i].labels[1]
			for s := range shown {
				agree := max(m.likelihood(shown, a, s, true), m.likelihood(shown, b, s, true))
				other := max(m.likelihood(shown, a, s, false), m.likelihood(shown, b, s, false))
				right += weight / 2 * (agree + (k-1)*other) / k
			}
		}
	}
	return 1 - share + share*right
}
