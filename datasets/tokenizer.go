package datasets

import (
	"slices"

	"github.com/mmibx/mmibx"
)

// Tokenizer turns words into pieces, the rows of an encoder's embedding. Words
// are cut one by one, so that each piece belongs to one word.
type Tokenizer interface {
	// Pieces returns the ids of a word's pieces; none for a word that holds
	// nothing that the tokenizer keeps, such as a lone variation selector.
	Pieces(word string) []int32
	// Size counts the ids: they run from 0 to Size()-1.
	Size() int
	Specials() Specials
}

// Specials are the ids that stand for no word.
type Specials struct {
	Pad, Unknown, Start, End int32 // [PAD], [UNK], [CLS], [SEP]
}

// Encode returns the pieces of a tweet between the start and the end piece, at
// most limit in all, and for each word the position of its first piece: -1
// where the word has no piece or was cut off. The limit may cut within a word,
// as Hugging Face's does.
func Encode(t Tokenizer, words []string, limit int) (pieces, first []int32) {
	s := t.Specials()
	pieces, first = []int32{s.Start}, make([]int32, len(words))
	for i, w := range words {
		of := t.Pieces(w)
		first[i] = -1
		if room := limit - 1 - len(pieces); len(of) > 0 && room > 0 {
			first[i] = int32(len(pieces))
			pieces = append(pieces, of[:min(room, len(of))]...)
		}
	}
	return append(pieces, s.End), first
}

// WordVocab is a tokenizer whose pieces are whole words: those of a training
// split, sorted, after the special ids 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP]. Any
// other word is [UNK].
type WordVocab struct{ ids map[string]int32 }

// NewWordVocab collects the words of examples, which should be those of the
// training split.
func NewWordVocab(examples []mmibx.Example) *WordVocab {
	var words []string
	for i := range examples {
		words = append(words, examples[i].Tokens...)
	}
	slices.Sort(words)
	v := &WordVocab{ids: map[string]int32{}}
	for i, w := range slices.Compact(words) {
		v.ids[w] = int32(4 + i)
	}
	return v
}

// Pieces returns the word's one id.
func (v *WordVocab) Pieces(word string) []int32 {
	if id, ok := v.ids[word]; ok {
		return []int32{id}
	}
	return []int32{v.Specials().Unknown}
}

// Size counts the special ids and the words.
func (v *WordVocab) Size() int { return 4 + len(v.ids) }

// Specials are the first four ids.
func (v *WordVocab) Specials() Specials { return Specials{Pad: 0, Unknown: 1, Start: 2, End: 3} }
