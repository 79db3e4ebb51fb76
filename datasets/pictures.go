package datasets

import (
	"fmt"
	"math"
	"slices"

	"github.com/mmibx/mmibx"
)

// AssignPictures returns for each example of a split the id of the picture that
// a run shows with it, "" for none.
//
//   - own: the example's picture.
//   - blank: none.
//   - shuffled: round(share x n) of the n examples, drawn at random, hand their
//     pictures around among themselves, so that none keeps its own and every
//     picture is seen as often as before. Where that cannot be, because one
//     picture belongs to more than half of the drawn examples, as few as
//     possible keep theirs. A tweet without a picture takes part: "" is handed
//     around like any other, lest a missing picture give away whose it is.
//
// The draw follows from the run's seed and the split, so a mean over seeds is a
// mean over shuffles, too; arms with the same seed see the same shuffle, and
// the examples of a smaller share are among those of a larger one.
func AssignPictures(spec mmibx.EvidenceSpec, seed int, split mmibx.Split, examples []mmibx.Example) []string {
	ids := make([]string, len(examples))
	switch spec.Pictures {
	case "blank":
		return ids
	case "shuffled":
		for i := range examples {
			ids[i] = examples[i].Image
		}
		order := newDice(fmt.Sprintf("pictures/%s/%d", split, seed)).permutation(len(ids))
		handAround(ids, order[:int(math.Round(spec.ShuffleShare*float64(len(ids))))])
		return ids
	default:
		for i := range examples {
			ids[i] = examples[i].Image
		}
		return ids
	}
}

// handAround moves pictures among the examples that drawn lists in random
// order: those with the same picture are put side by side, and each takes the
// picture that stands as many places further on as the commonest has owners.
func handAround(ids []string, drawn []int) {
	place, owners := map[string]int{}, map[string]int{}
	most := 0
	for k, i := range drawn {
		if owners[ids[i]] == 0 {
			place[ids[i]] = k
		}
		owners[ids[i]]++
		most = max(most, owners[ids[i]])
	}
	slices.SortStableFunc(drawn, func(a, b int) int { return place[ids[a]] - place[ids[b]] })
	given := make([]string, len(drawn))
	for k, i := range drawn {
		given[k] = ids[i]
	}
	for k, i := range drawn {
		ids[i] = given[(k+most)%len(drawn)]
	}
}

// permutation shuffles the numbers below n (Fisher and Yates).
func (d dice) permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		j := d.below(i + 1)
		p[i], p[j] = p[j], i
	}
	return p
}
