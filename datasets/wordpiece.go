package datasets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// WordPiece is BERT's tokenizer, the same ids for the same word as Hugging
// Face's tokenizers gives (testdata/wordpiece/make.py asks it).
type WordPiece struct {
	normalizer normalizer
	begin      map[string]int32 // pieces that begin a word
	inside     map[string]int32 // pieces that go on with one, without their "##"
	longest    int              // of all pieces, in bytes
	maxChars   int              // a longer word is unknown
	size       int
	specials   Specials
	verbatim   map[string]int32 // [CLS] and the like, found before all else
}

// OpenWordPiece reads the tokenizer of a Hugging Face BERT folder:
// tokenizer.json, or else vocab.txt, which is uncased unless
// tokenizer_config.json says otherwise.
func OpenWordPiece(dir string) (*WordPiece, error) {
	path := filepath.Join(dir, "tokenizer.json")
	b, err := os.ReadFile(path)
	if err == nil {
		return parseTokenizer(path, b)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	vocab, err := os.ReadFile(filepath.Join(dir, "vocab.txt"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: neither tokenizer.json nor vocab.txt in %s", mmibx.ErrNotFound, dir)
	}
	if err != nil {
		return nil, err
	}
	config := struct {
		Lower   *bool `json:"do_lower_case"`
		Strip   *bool `json:"strip_accents"`
		Chinese *bool `json:"tokenize_chinese_chars"`
	}{}
	path = filepath.Join(dir, "tokenizer_config.json")
	if b, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(b, &config); err != nil {
			return nil, &mmibx.InputError{File: path, Found: err.Error(), Expected: "JSON"}
		}
	}
	lower := or(config.Lower, true)
	n := normalizer{clean: true, chinese: or(config.Chinese, true), strip: or(config.Strip, lower), lower: lower}
	return newWordPiece(filepath.Join(dir, "vocab.txt"), strings.Split(strings.TrimSuffix(string(vocab), "\n"), "\n"), n)
}

func or(v *bool, otherwise bool) bool {
	if v == nil {
		return otherwise
	}
	return *v
}

var specialPieces = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

// newWordPiece makes a tokenizer of pieces in the order of their ids, which the
// file named path holds.
func newWordPiece(path string, pieces []string, n normalizer) (*WordPiece, error) {
	ids := make(map[string]int32, len(pieces))
	for i, p := range pieces {
		ids[strings.TrimSuffix(p, "\r")] = int32(i)
	}
	t := &WordPiece{normalizer: n, maxChars: 100, verbatim: map[string]int32{}}
	for _, s := range specialPieces {
		if id, ok := ids[s]; ok {
			t.verbatim[s] = id
		}
	}
	return t, t.setVocabulary(path, ids, "##", "[UNK]")
}

// tokenizerFile is what we read of a tokenizer.json.
type tokenizerFile struct {
	Added []struct {
		ID      int32
		Content string
	} `json:"added_tokens"`
	Normalizer struct {
		Type    string
		Clean   bool  `json:"clean_text"`
		Chinese bool  `json:"handle_chinese_chars"`
		Strip   *bool `json:"strip_accents"`
		Lower   bool  `json:"lowercase"`
	}
	PreTokenizer struct{ Type string } `json:"pre_tokenizer"`
	Model        struct {
		Type     string
		Unknown  string           `json:"unk_token"`
		Prefix   string           `json:"continuing_subword_prefix"`
		MaxChars int              `json:"max_input_chars_per_word"`
		Vocab    map[string]int32 `json:"vocab"`
	}
}

func parseTokenizer(path string, b []byte) (*WordPiece, error) {
	var f tokenizerFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, &mmibx.InputError{File: path, Found: err.Error(), Expected: "a tokenizer of Hugging Face in JSON"}
	}
	// Older files leave the model's type out.
	if f.Model.Type != "" && f.Model.Type != "WordPiece" || f.Normalizer.Type != "BertNormalizer" || f.PreTokenizer.Type != "BertPreTokenizer" {
		return nil, &mmibx.InputError{
			File: path, Found: fmt.Sprintf("model %s, normalizer %s, pre-tokenizer %s", f.Model.Type, f.Normalizer.Type, f.PreTokenizer.Type),
			Expected: "BERT's: WordPiece, BertNormalizer, BertPreTokenizer",
		}
	}
	n := f.Normalizer
	t := &WordPiece{
		normalizer: normalizer{clean: n.Clean, chinese: n.Chinese, strip: or(n.Strip, n.Lower), lower: n.Lower},
		maxChars:   f.Model.MaxChars,
		verbatim:   map[string]int32{},
	}
	for _, a := range f.Added {
		t.verbatim[a.Content] = a.ID
	}
	return t, t.setVocabulary(path, f.Model.Vocab, f.Model.Prefix, f.Model.Unknown)
}

func (t *WordPiece) setVocabulary(path string, ids map[string]int32, prefix, unknown string) error {
	t.begin, t.inside = make(map[string]int32, len(ids)), make(map[string]int32, len(ids))
	for p, id := range ids {
		if id < 0 {
			return &mmibx.InputError{File: path, Key: p, Found: fmt.Sprint(id), Expected: "an id from 0"}
		}
		t.begin[p] = id
		if rest, ok := strings.CutPrefix(p, prefix); ok {
			t.inside[rest] = id
		}
		t.size, t.longest = max(t.size, int(id)+1), max(t.longest, len(p))
	}
	for p, id := range t.verbatim {
		t.size = max(t.size, int(id)+1)
		if p == "" || id < 0 {
			return &mmibx.InputError{File: path, Key: "added_tokens", Found: fmt.Sprintf("%q with id %d", p, id), Expected: "a token with an id from 0"}
		}
	}
	for _, s := range []struct {
		piece string
		id    *int32
	}{{"[PAD]", &t.specials.Pad}, {unknown, &t.specials.Unknown}, {"[CLS]", &t.specials.Start}, {"[SEP]", &t.specials.End}} {
		id, ok := ids[s.piece]
		if !ok {
			return &mmibx.InputError{File: path, Found: "no piece " + s.piece, Expected: "BERT's special pieces"}
		}
		*s.id = id
	}
	return nil
}

// Size is the highest id and one.
func (t *WordPiece) Size() int { return t.size }

// Specials are the ids of [PAD], [UNK], [CLS] and [SEP].
func (t *WordPiece) Specials() Specials { return t.specials }

// Pieces normalizes a word, cuts it at punctuation, and cuts each part into the
// longest pieces from the left. A special piece that stands in the word as such
// ("[SEP]") is itself, as with Hugging Face.
func (t *WordPiece) Pieces(word string) []int32 {
	var ids []int32
	for word != "" {
		at, special := t.nextVerbatim(word)
		splitWords(t.normalizer.apply(word[:at]), func(w string) { ids = t.appendPieces(ids, w) })
		if special == "" {
			break
		}
		ids = append(ids, t.verbatim[special])
		word = word[at+len(special):]
	}
	return ids
}

// nextVerbatim finds the first special piece in a word, the longest of those
// that begin together; the end of the word when there is none.
func (t *WordPiece) nextVerbatim(word string) (at int, special string) {
	at = len(word)
	for s := range t.verbatim {
		if i := strings.Index(word, s); i >= 0 && (i < at || i == at && len(s) > len(special)) {
			at, special = i, s
		}
	}
	return at, special
}

// appendPieces appends the pieces of a normalized word, or the unknown piece
// where it cannot be made of pieces.
func (t *WordPiece) appendPieces(ids []int32, word string) []int32 {
	if utf8.RuneCountInString(word) > t.maxChars {
		return append(ids, t.specials.Unknown)
	}
	begun, pieces := len(ids), t.begin
	for rest := word; rest != ""; pieces = t.inside {
		end := min(len(rest), t.longest)
		for ; end > 0; end-- {
			if id, ok := pieces[rest[:end]]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == 0 {
			return append(ids[:begun], t.specials.Unknown)
		}
		rest = rest[end:]
	}
	return ids
}
