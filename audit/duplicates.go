package audit

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/mmibx/mmibx"
)

// Near is the share of common shingles (Jaccard) from which two texts are near
// duplicates.
const Near = 0.9

// shingle is the length of the pieces of text that are compared, in characters:
// it works without words, too.
const shingle = 5

// maxShown is how many pairs a report names.
const maxShown = 5

// Overlap counts what two splits share.
type Overlap struct {
	First    mmibx.Split `json:"first"`
	Second   mmibx.Split `json:"second"`
	Exact    int         `json:"exact"` // examples of the second whose text stands in the first
	Near     int         `json:"near"`  // others that are nearly one of the first
	Pictures int         `json:"pictures"`
	// Pairs are the first few of each, as "id = id", "id ~ id" and pictures.
	ExactPairs   []string `json:"exact_pairs,omitempty"`
	NearPairs    []string `json:"near_pairs,omitempty"`
	PictureNames []string `json:"picture_names,omitempty"`
}

// Overlaps compares each pair of splits.
func Overlaps(examples map[mmibx.Split][]mmibx.Example) []Overlap {
	texts := map[mmibx.Split][]text{}
	rarity := map[string]int{}
	for _, split := range mmibx.Splits {
		texts[split] = textsOf(examples[split])
		for _, t := range texts[split] {
			for _, s := range t.shingles {
				rarity[s]++
			}
		}
	}
	for _, list := range texts {
		for i := range list { // the rarest first, for near
			slices.SortFunc(list[i].shingles, func(a, b string) int {
				return cmp.Or(cmp.Compare(rarity[a], rarity[b]), cmp.Compare(a, b))
			})
		}
	}
	var all []Overlap
	for i, first := range mmibx.Splits {
		for _, second := range mmibx.Splits[i+1:] {
			o := Overlap{First: first, Second: second}
			o.texts(texts[first], texts[second])
			o.pictures(examples[first], examples[second])
			all = append(all, o)
		}
	}
	return all
}

// text is a distinct text of a split.
type text struct {
	normal   string
	shingles []string // distinct
	ids      []string // of the examples that have it
}

var address = regexp.MustCompile(`https?://\S+|https?\s*:\s*/\s*/\s*\S+`)

// normalize leaves out what does not make two tweets different: case, forms of
// one character, addresses, white space.
func normalize(words []string) string {
	joined := address.ReplaceAllString(strings.ToLower(norm.NFKC.String(strings.Join(words, " "))), " ")
	return strings.Join(strings.Fields(joined), " ")
}

func textsOf(examples []mmibx.Example) []text {
	var all []text
	at := numbering{}
	for _, e := range examples {
		normal := normalize(e.Tokens)
		if normal == "" {
			continue
		}
		i := at.of(normal)
		if i == len(all) {
			all = append(all, text{normal: normal, shingles: shingles(normal)})
		}
		all[i].ids = append(all[i].ids, e.ID)
	}
	return all
}

// shingles are the distinct pieces of a text; a text that is shorter is one.
func shingles(normal string) []string {
	runes := []rune(normal)
	var all []string
	for i := range max(1, len(runes)-shingle+1) {
		all = append(all, string(runes[i:min(i+shingle, len(runes))]))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (o *Overlap) texts(first, second []text) {
	exact := make(map[string]int, len(first))
	byRarest := map[string][]int{}
	for i := range first {
		exact[first[i].normal] = i
		for _, s := range prefix(first[i].shingles) {
			byRarest[s] = append(byRarest[s], i)
		}
	}
	for i := range second {
		t := &second[i]
		if at, ok := exact[t.normal]; ok {
			o.Exact += len(t.ids)
			o.ExactPairs = show(o.ExactPairs, first[at].ids[0]+" = "+t.ids[0])
			continue
		}
		if at := nearest(t, first, byRarest); at >= 0 {
			o.Near += len(t.ids)
			o.NearPairs = show(o.NearPairs, first[at].ids[0]+" ~ "+t.ids[0])
		}
	}
}

// prefix are the shingles, the rarest first, of which two near duplicates must
// share one: two sets whose Jaccard is at least Near leave each other less than
// a share 1-Near of their own, so no more than that can be missed in a row.
func prefix(shingles []string) []string {
	n := len(shingles)
	return shingles[:n-ceil(Near*float64(n))+1]
}

// ceil rounds up, but for what floating point adds.
func ceil(v float64) int {
	n := int(v)
	if v-float64(n) > 1e-9 {
		n++
	}
	return n
}

// nearest finds a text that is nearly t, -1 for none.
func nearest(t *text, among []text, byRarest map[string][]int) int {
	tried := map[int]bool{}
	for _, s := range prefix(t.shingles) {
		for _, i := range byRarest[s] {
			if tried[i] {
				continue
			}
			tried[i] = true
			if jaccard(t.shingles, among[i].shingles) >= Near {
				return i
			}
		}
	}
	return -1
}

// jaccard is the share of common members of two sets.
func jaccard(a, b []string) float64 {
	in := make(map[string]bool, len(a))
	for _, s := range a {
		in[s] = true
	}
	common := 0
	for _, s := range b {
		if in[s] {
			common++
		}
	}
	return float64(common) / float64(len(a)+len(b)-common)
}

func (o *Overlap) pictures(first, second []mmibx.Example) {
	in := map[string]bool{}
	for _, e := range first {
		in[e.Image] = e.Image != ""
	}
	for _, e := range second {
		if in[e.Image] {
			in[e.Image] = false // once
			o.Pictures++
			o.PictureNames = show(o.PictureNames, e.Image)
		}
	}
}

func show(list []string, s string) []string {
	if len(list) < maxShown {
		return append(list, s)
	}
	return list
}
