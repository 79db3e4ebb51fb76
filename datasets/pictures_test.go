package datasets

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

// withPictures makes examples from picture ids.
func withPictures(ids ...string) []mmibx.Example {
	examples := make([]mmibx.Example, len(ids))
	for i, id := range ids {
		examples[i].Image = id
	}
	return examples
}

func shuffle(share float64) mmibx.EvidenceSpec {
	return mmibx.EvidenceSpec{Kind: "grid", Pictures: "shuffled", ShuffleShare: share}
}

func TestAssignOwnAndBlank(t *testing.T) {
	examples := withPictures("a", "b", "", "a")
	if got := AssignPictures(mmibx.EvidenceSpec{Pictures: "own"}, 1, mmibx.Dev, examples); !slices.Equal(got, []string{"a", "b", "", "a"}) {
		t.Errorf("own: %q", got)
	}
	if got := AssignPictures(mmibx.EvidenceSpec{Pictures: "blank"}, 1, mmibx.Dev, examples); !slices.Equal(got, []string{"", "", "", ""}) {
		t.Errorf("blank: %q", got)
	}
}

// Distinct pictures: exactly the share is changed, and pictures stay among the
// changed examples.
func TestShuffleOfDistinctPictures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 60).Draw(t, "n")
		share := rapid.Float64Range(0, 1).Draw(t, "share")
		seed := rapid.IntRange(0, 9).Draw(t, "seed")
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprint(i)
		}
		got := AssignPictures(shuffle(share), seed, mmibx.Train, withPictures(ids...))
		want := int(math.Round(share * float64(n)))
		if want == 1 {
			want = 0 // one example alone has nobody to trade with
		}
		var own, given []string
		for i := range ids {
			if got[i] != ids[i] {
				own, given = append(own, ids[i]), append(given, got[i])
			}
		}
		if len(own) != want {
			t.Fatalf("%d of %d pictures changed, want %d", len(own), n, want)
		}
		slices.Sort(own)
		slices.Sort(given)
		if !slices.Equal(own, given) {
			t.Fatal("pictures came from outside of the changed examples")
		}
	})
}

// Shared pictures: as few keep theirs as can be, and each is seen as often.
func TestShuffleOfSharedPictures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e", "f"}), 1, 40).Draw(t, "ids")
		got := AssignPictures(shuffle(1), rapid.IntRange(0, 9).Draw(t, "seed"), mmibx.Test, withPictures(ids...))
		kept, most := 0, 0
		count := map[string]int{}
		for i, id := range ids {
			if got[i] == id {
				kept++
			}
			count[id]++
			most = max(most, count[id])
		}
		if want := max(0, 2*most-len(ids)); kept != want {
			t.Fatalf("%q -> %q: %d kept their picture, want %d", ids, got, kept, want)
		}
		a, b := slices.Sorted(slices.Values(ids)), slices.Sorted(slices.Values(got))
		if !slices.Equal(a, b) {
			t.Fatalf("%q -> %q: other pictures than before", ids, got)
		}
	})
}

func TestShuffleFollowsSeedAndSplit(t *testing.T) {
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	examples := withPictures(ids...)
	base := AssignPictures(shuffle(1), 1, mmibx.Train, examples)
	if !slices.Equal(base, AssignPictures(shuffle(1), 1, mmibx.Train, examples)) {
		t.Error("the same seed gave two shuffles")
	}
	for name, other := range map[string][]string{
		"seed":  AssignPictures(shuffle(1), 2, mmibx.Train, examples),
		"split": AssignPictures(shuffle(1), 1, mmibx.Dev, examples),
	} {
		same := 0
		for i := range base {
			if base[i] == other[i] {
				same++
			}
		}
		if same > 10 { // 1 is expected, 10 has a chance of 1e-7
			t.Errorf("another %s gave the same picture to %d of 100 examples", name, same)
		}
	}
	half := AssignPictures(shuffle(0.5), 1, mmibx.Train, examples)
	for i, id := range AssignPictures(shuffle(0.2), 1, mmibx.Train, examples) {
		if id != ids[i] && half[i] == ids[i] {
			t.Errorf("example %d is shuffled at a share of 0.2 and not at 0.5", i)
		}
	}
}
