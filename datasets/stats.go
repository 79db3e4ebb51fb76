package datasets

import (
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
)

// Counts says how much there is in a split.
type Counts struct {
	Split  mmibx.Split `json:"split"`
	Tweets int         `json:"tweets"` // MRE: pairs; a tweet with several stands as often
	Words  int         `json:"words"`
	// Labels counts entities by type (MNER) or pairs by relation, None included
	// (MRE); Mentions is their sum without None.
	Labels   map[string]int `json:"labels"`
	Mentions int            `json:"mentions"`
	Pictures int            `json:"pictures"` // distinct
	Blank    int            `json:"blank"`    // tweets without a picture
}

// Counts counts a split.
func (s *Set) Counts(split mmibx.Split) Counts {
	c := Counts{Split: split, Labels: map[string]int{}}
	pictures := map[string]bool{}
	for _, e := range s.Examples[split] {
		c.Tweets++
		c.Words += len(e.Tokens)
		if e.Image == "" {
			c.Blank++
		} else {
			pictures[e.Image] = true
		}
		if s.Benchmark.Task == mmibx.MRE {
			c.Labels[e.Relation]++
			continue
		}
		for i, tag := range e.Tags {
			if startsEntity(e.Tags[:i], tag) {
				c.Labels[tag[2:]]++
			}
		}
	}
	c.Pictures = len(pictures)
	for label, n := range c.Labels {
		if label != mmibx.NoRelation {
			c.Mentions += n
		}
	}
	return c
}

// startsEntity says whether an entity begins at tag, as seqeval's lenient rule
// has it: at every B, and at an I that goes on from nothing of its type.
func startsEntity(before []string, tag string) bool {
	if tag == "O" {
		return false
	}
	if tag[0] == 'B' || len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	return last == "O" || last[2:] != tag[2:]
}

// published are the numbers of the papers' tables for train, dev and test.
var published = []struct {
	benchmark                  string
	tweets, mentions, pictures [3]int
}{
	{"twitter2015", [3]int{4000, 1000, 3257}, [3]int{6352, 1594, 5207}, [3]int{4000, 1000, 3257}},
	{"twitter2017", [3]int{3373, 723, 723}, [3]int{6049, 1324, 1351}, [3]int{3373, 723, 723}},
	{"mnre", [3]int{12247, 1624, 1614}, [3]int{4503, 624, 640}, [3]int{7356, 931, 914}},
}

// repairedMentions is the number of entities in the test split of the repaired
// Twitter-2015.
const repairedMentions = 5237

// Verify lists what tells a set from the one of its name that is known: of a
// real benchmark the published version and its numbers, of a miniature one the
// digests that this program states. Of one of the user's own nothing is known but
// what its benchmark.toml says: a label that train lacks. An empty list is good.
func (s *Set) Verify() ([]string, error) {
	if s.Benchmark.Miniature {
		return s.verifyMini()
	}
	if s.Benchmark.Own {
		return s.verifyOwn(), nil
	}
	var faults []string
	if !slices.ContainsFunc(releases, func(r release) bool {
		return r.benchmark == s.Benchmark.Name && len(r.differ(s.Digests)) == 0
	}) {
		faults = append(faults, s.Version())
	}
	for _, p := range published {
		if p.benchmark != s.Benchmark.Name {
			continue
		}
		for i, split := range mmibx.Splits {
			c := s.Counts(split)
			faults = append(faults, differs(split, "tweets", c.Tweets, p.tweets[i])...)
			faults = append(faults, differs(split, "mentions", c.Mentions, p.mentions[i])...)
			faults = append(faults, differs(split, "pictures", c.Pictures, p.pictures[i])...)
			if split == mmibx.Test && s.Benchmark.Name == "twitter2015" && c.Mentions == repairedMentions {
				faults = append(faults, "this is the number of the repaired Twitter-2015; do not mix its scores with the original's")
			}
		}
	}
	return faults, nil
}

func differs(split mmibx.Split, what string, found, expected int) []string {
	if found == expected {
		return nil
	}
	return []string{fmt.Sprintf("%s has %d %s, published are %d", split, found, what, expected)}
}

func (s *Set) verifyMini() ([]string, error) {
	m, err := lookupMini(s.Benchmark.Name)
	if err != nil {
		return nil, err
	}
	measured, err := m.measuredDigests(s)
	if err != nil {
		return nil, err
	}
	var faults []string
	for name, digest := range measured {
		if m.digests[name] != digest {
			faults = append(faults, fmt.Sprintf("%s has digest %s, stated is %s", name, digest, m.digests[name]))
		}
	}
	slices.Sort(faults)
	return faults, nil
}

func (s *Set) verifyOwn() []string {
	var faults []string
	train := s.Counts(mmibx.Train)
	for _, label := range s.Labels {
		if train.Labels[label] == 0 {
			faults = append(faults, fmt.Sprintf("train has no %s, which %s lists", quote(label), ownFile))
		}
	}
	return faults
}
