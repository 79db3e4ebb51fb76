package datasets

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// miniature holds the probabilities of one generated benchmark. They are whole
// percentages and weights, so that a draw never depends on rounding.
//
// A *mention* is what a label is asked for: an entity (MNER) or the pair of
// entities of the tweet (MRE). Its *form* is the part of the text that decides
// or leaves open its label: the name, or the words between head and tail.
type miniature struct {
	name string
	seed uint64
	task mmibx.Task

	labels  []string   // as Set.Labels
	weights []int      // of each label among mentions whose form has one reading; 0 for None
	forms   [][]string // by label: forms that only this label uses
	pairs   []pair     // two labels that share forms

	ambiguous int // percent: of tweets (MNER) or of related pairs (MRE) with an ambiguous form
	second    int // percent of tweets with a second mention (MNER)
	none      int // percent of tweets whose pair has no relation (MRE)
	mismatch  int // percent of tweets with the picture of another tweet: q

	tweets  map[mmibx.Split]int
	glyph   int // the shape that shows label 0
	digests map[string]string
}

// pair is two labels that use the same forms equally often.
type pair struct {
	labels [2]int
	forms  []string
}

var (
	entityTypes = []string{"PER", "LOC", "ORG", "MISC"}
	relations   = []string{
		mmibx.NoRelation, "/per/per/couple", "/per/per/peer", "/per/loc/place_of_residence", "/per/loc/place_of_birth",
		"/org/org/alternate_names", "/org/org/subsidiary", "/per/misc/present_in", "/per/misc/awarded",
	}
)

// miniatures lists the generated benchmarks. Test is long enough for 1,500
// mentions that count in the score, which makes one standard error about 1 point.
var miniatures = []*miniature{
	{
		name: "mini-twitter2015", seed: 2015, task: mmibx.MNER,
		labels: entityTypes, weights: []int{35, 32, 18, 15}, forms: names(0), pairs: sharedNames(0),
		ambiguous: 75, second: 50, mismatch: 15,
		tweets: map[mmibx.Split]int{mmibx.Train: 1500, mmibx.Dev: 500, mmibx.Test: 1050},
		glyph:  0,
		digests: map[string]string{
			"pixels":    "944f5627556f1886185615efd170023212de395caa3c877a796025dee83e3fb0",
			"test.txt":  "3fc13bd1813edb690f76b09f48c0f91f7918b484f5e1d0ca85892bcfb6202878",
			"train.txt": "22838c66db0807c082fd06723b556a037c237c2dac18979661a74f380bf615de",
			"valid.txt": "82389d4cd99aea65d569b47584116e074fb9845071fc68ae26163a45ba6a2fd4",
		},
	},
	{
		name: "mini-twitter2017", seed: 2017, task: mmibx.MNER,
		labels: entityTypes, weights: []int{40, 20, 28, 12}, forms: names(1), pairs: sharedNames(1),
		ambiguous: 72, second: 60, mismatch: 12,
		tweets: map[mmibx.Split]int{mmibx.Train: 1500, mmibx.Dev: 500, mmibx.Test: 1000},
		glyph:  4,
		digests: map[string]string{
			"pixels":    "0c3aa9bc4125fbc88b375ec7aff19a0bbc6434df0351e0c1eca93fa3b99acf5f",
			"test.txt":  "4b8e819c0a8768b254299780c47a909b2bb5769d41f5a8d600146e8dd4a02dfa",
			"train.txt": "75592394a341ebf90ef6c1421f5713563891b49b1b37ee2fbef43739f219635c",
			"valid.txt": "4afddcfee042700c2c43625fcbfbaa31482739cbf71ab5272eed567be6536c52",
		},
	},
	{
		name: "mini-mnre", seed: 2021, task: mmibx.MRE,
		labels: relations, weights: []int{0, 12, 18, 14, 10, 10, 12, 14, 10},
		forms: [][]string{unrelated, couple, peer, residence, birth, otherNames, subsidiary, presentIn, awarded},
		pairs: []pair{
			{[2]int{1, 2}, coupleOrPeer}, {[2]int{3, 4}, residenceOrBirth},
			{[2]int{5, 6}, otherNamesOrSubsidiary}, {[2]int{7, 8}, presentInOrAwarded},
		},
		ambiguous: 50, none: 25, mismatch: 15,
		tweets: map[mmibx.Split]int{mmibx.Train: 1500, mmibx.Dev: 500, mmibx.Test: 2100},
		glyph:  7,
		digests: map[string]string{
			"mnre_test.txt":    "1af20d59af3e5cef390dfd639a732aa19b9b412b39fea5a5f869223a826eb27d",
			"mnre_train.txt":   "22320a68f80d9183c8920a29b49d2ca29b77e088767b79678ffd9def8ae9c9c5",
			"mnre_val.txt":     "38aa7410bcf8248b427153ac9bdbe93222b0aaf4965417d7994300fb3bc0f621",
			"ours_rel2id.json": "3ccd34d20b3bffd5e0aeb2fccd68cf706005f91ad8aa3d02adbb2fe0287021df",
			"pixels":           "96893a8e666849a2442e9313a37d09f96fb910bb9061e441abf2a6cf47615748",
		},
	},
}

// names are the forms of the MNER set i, in the order of entityTypes.
func names(i int) [][]string {
	return [][]string{persons[i], places[i], organisations[i], miscellany[i]}
}

// sharedNames are the pairs of the MNER set i.
func sharedNames(i int) []pair {
	return []pair{
		{[2]int{0, 1}, personsOrPlaces[i]}, {[2]int{0, 2}, personsOrOrganisations[i]}, {[2]int{0, 3}, personsOrMiscellany[i]},
		{[2]int{1, 2}, placesOrOrganisations[i]}, {[2]int{1, 3}, placesOrMiscellany[i]}, {[2]int{2, 3}, organisationsOrMisc[i]},
	}
}

// Mini generates a miniature benchmark: mini-twitter2015, mini-twitter2017 or
// mini-mnre. The same name gives the same bytes everywhere; docs/reference/
// miniature.md says how they come about. Each call generates anew, in some
// milliseconds, and the set is the caller's.
func Mini(name string) (*Set, error) {
	m, err := lookupMini(name)
	if err != nil {
		return nil, err
	}
	return m.set(), nil
}

func (m *miniature) set() *Set {
	benchmark, _ := mmibx.LookupBenchmark(m.name)
	set := &Set{
		Benchmark: benchmark,
		Labels:    slices.Clone(m.labels),
		Examples:  map[mmibx.Split][]mmibx.Example{},
		Digests:   maps.Clone(m.digests),
	}
	for _, split := range mmibx.Splits {
		examples := make([]mmibx.Example, m.tweets[split])
		for i := range examples {
			examples[i] = m.example(split, i)
		}
		set.Examples[split] = examples
	}
	return set
}

// MiniDigests returns Set.Digests of a miniature benchmark without generating
// it: SHA-256 of the text files that WriteMini writes, and of the pixels of all
// pictures, which no PNG encoder can change.
func MiniDigests(name string) (map[string]string, error) {
	m, err := lookupMini(name)
	if err != nil {
		return nil, err
	}
	return maps.Clone(m.digests), nil
}

func lookupMini(name string) (*miniature, error) {
	var known []string
	for _, m := range miniatures {
		if m.name == name {
			return m, nil
		}
		known = append(known, m.name)
	}
	fault := &mmibx.InputError{Key: "miniature benchmark", Found: strconv.Quote(name), Expected: "one of " + strings.Join(known, ", ")}
	if near := mmibx.Nearest(name, known); near != "" {
		fault.Cure = "did you mean " + near + "?"
	}
	return nil, fmt.Errorf("%w: %w", mmibx.ErrNotFound, fault)
}
