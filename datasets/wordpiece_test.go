package datasets

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

// modelFolder makes a folder of some files of testdata/wordpiece, renamed.
func modelFolder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for to, from := range files {
		b := []byte(from)
		if !strings.HasPrefix(from, "{") {
			var err error
			if b, err = os.ReadFile(filepath.Join("testdata", "wordpiece", from)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t testing.TB, files map[string]string) *WordPiece {
	t.Helper()
	w, err := OpenWordPiece(modelFolder(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var (
	uncasedFiles = []map[string]string{
		{"tokenizer.json": "uncased.json"},
		{"vocab.txt": "vocab.txt"},
		{"vocab.txt": "vocab.txt", "tokenizer_config.json": `{"do_lower_case":true}`},
	}
	casedFiles = []map[string]string{
		{"tokenizer.json": "cased.json"},
		{"vocab.txt": "vocab.txt", "tokenizer_config.json": `{"do_lower_case":false}`},
	}
)

// Nasty strings get the ids that Hugging Face's tokenizers gives them.
func TestWordPieceOnNastyStrings(t *testing.T) {
	b, err := os.ReadFile("testdata/wordpiece/nasty.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Strings        []string
		Uncased, Cased [][]int32
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	check := func(name string, folders []map[string]string, want [][]int32) {
		for _, files := range folders {
			w := open(t, files)
			unknown := 0
			for i, s := range golden.Strings {
				got := w.Pieces(s)
				if !slices.Equal(got, want[i]) {
					t.Errorf("%s %v: %+q is %v, want %v", name, files, s, got, want[i])
				}
				if slices.Contains(got, w.Specials().Unknown) {
					unknown++
				}
			}
			if unknown > len(golden.Strings)/2 {
				t.Errorf("%s: %d of %d strings are unknown, too many to show much", name, unknown, len(golden.Strings))
			}
		}
	}
	check("uncased", uncasedFiles, golden.Uncased)
	check("cased", casedFiles, golden.Cased)
}

func TestOpenWordPieceFaults(t *testing.T) {
	if _, err := OpenWordPiece(t.TempDir()); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("an empty folder: %v", err)
	}
	for _, c := range []struct {
		files map[string]string
		want  string
	}{
		{map[string]string{"tokenizer.json": "vocab.txt"}, "expected a tokenizer of Hugging Face in JSON"},
		{map[string]string{"tokenizer.json": `{"model":{"type":"BPE"}}`}, "found model BPE, normalizer , pre-tokenizer , expected BERT's"},
		{map[string]string{"vocab.txt": `{}`}, "found no piece [PAD], expected BERT's special pieces"},
		{map[string]string{"vocab.txt": "vocab.txt", "tokenizer_config.json": `{"do_lower_case":3}`}, "tokenizer_config.json: found json"},
	} {
		if _, err := OpenWordPiece(modelFolder(t, c.files)); err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%v: got %v, want %s", c.files, err, c.want)
		}
	}
}

func TestWordPieceAlignment(t *testing.T) {
	w := open(t, casedFiles[0])
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.String()).Draw(t, "words")
		limit := rapid.IntRange(2, 40).Draw(t, "limit")
		pieces, first := Encode(w, words, limit)
		if len(first) != len(words) || len(pieces) > limit || pieces[0] != w.Specials().Start || pieces[len(pieces)-1] != w.Specials().End {
			t.Fatalf("%d words to %d: pieces %v, first %v", len(words), limit, pieces, first)
		}
		last, cut := int32(0), false
		for i, f := range first {
			of := w.Pieces(words[i])
			switch {
			case f == -1:
				cut = cut || len(of) > 0
			case f <= last || cut || pieces[f] != of[0]:
				t.Fatalf("word %d begins at %d after %d: %v", i, f, last, pieces)
			default:
				last = f
			}
		}
	})
}

func FuzzWordPiece(f *testing.F) {
	uncased, cased := open(f, uncasedFiles[0]), open(f, casedFiles[0])
	f.Add("İstanbul[SEP]中a\u0301\ufe0f")
	f.Fuzz(func(t *testing.T, word string) {
		for _, w := range []*WordPiece{uncased, cased} {
			ids := w.Pieces(word)
			for _, id := range ids {
				if id < 0 || int(id) >= w.Size() {
					t.Fatalf("id %d of %d", id, w.Size())
				}
			}
			if len(ids) > 4*utf8.RuneCountInString(word) { // NFD takes a character to four at most
				t.Fatalf("%d pieces of %q", len(ids), word)
			}
		}
	})
}
