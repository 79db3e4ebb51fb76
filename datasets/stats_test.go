package datasets

import (
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestCounts(t *testing.T) {
	set := &Set{Benchmark: mmibx.Benchmark{Task: mmibx.MNER}, Examples: map[mmibx.Split][]mmibx.Example{mmibx.Dev: {
		{Tokens: make([]string, 6), Image: "a", Tags: []string{"I-PER", "I-PER", "B-PER", "I-LOC", "O", "I-LOC"}},
		{Tokens: make([]string, 1), Tags: []string{"O"}},
		{Tokens: make([]string, 2), Image: "a", Tags: []string{"B-ORG", "I-ORG"}},
	}}}
	c := set.Counts(mmibx.Dev)
	if c.Tweets != 3 || c.Words != 9 || c.Mentions != 5 || c.Pictures != 1 || c.Blank != 1 ||
		c.Labels["PER"] != 2 || c.Labels["LOC"] != 2 || c.Labels["ORG"] != 1 {
		t.Errorf("counts %+v", c)
	}
	set.Benchmark.Task = mmibx.MRE
	set.Examples[mmibx.Dev] = []mmibx.Example{{Relation: mmibx.NoRelation}, {Relation: "/per/per/peer"}}
	if c := set.Counts(mmibx.Dev); c.Mentions != 1 || c.Labels[mmibx.NoRelation] != 1 {
		t.Errorf("counts of pairs %+v", c)
	}
}

func TestVerify(t *testing.T) {
	eachMini(t, func(t *testing.T, _ *miniature, set *Set) {
		if faults, err := set.Verify(); err != nil || len(faults) != 0 {
			t.Errorf("Verify = %q, %v", faults, err)
		}
		e := &set.Examples[mmibx.Dev][4]
		e.Tokens[0] += "x"
		faults, err := set.Verify()
		if err != nil || len(faults) != 1 || !strings.Contains(faults[0], "val") {
			t.Errorf("Verify with a changed word of dev = %q, %v", faults, err)
		}
	})
}

// A set that is not the published one is told by digest and by numbers.
func TestVerifyOfAnotherVersion(t *testing.T) {
	var tweets []mmibx.Example
	for range repairedMentions {
		tweets = append(tweets, mmibx.Example{Tokens: []string{"x"}, Tags: []string{"B-PER"}})
	}
	b, _ := mmibx.LookupBenchmark("twitter2015")
	set := &Set{Benchmark: b, Examples: map[mmibx.Split][]mmibx.Example{mmibx.Test: tweets}}
	faults, err := set.Verify()
	if err != nil || !slices.Contains(faults, "train has 0 tweets, published are 4000") ||
		!strings.Contains(strings.Join(faults, "\n"), "repaired Twitter-2015") || !strings.HasPrefix(faults[0], "unknown version") {
		t.Errorf("Verify = %q, %v", faults, err)
	}
}
