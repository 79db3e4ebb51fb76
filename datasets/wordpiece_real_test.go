package datasets

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/weights"
)

// pieceDigest is what make.py computes of the ids of all sentences.
type pieceDigest struct {
	Sentences, Pieces int
	SHA256            string
}

func digestPieces(w *WordPiece, sentences [][]string) pieceDigest {
	d, sum := pieceDigest{Sentences: len(sentences)}, sha256.New()
	out := bufio.NewWriter(sum)
	for _, words := range sentences {
		for i, word := range words {
			if i > 0 {
				out.WriteByte('|')
			}
			ids := w.Pieces(word)
			d.Pieces += len(ids)
			for k, id := range ids {
				if k > 0 {
					out.WriteByte(' ')
				}
				out.WriteString(strconv.Itoa(int(id)))
			}
		}
		out.WriteByte('\n')
	}
	out.Flush()
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return d
}

// realSentences are those of the three benchmarks, in make.py's order.
func realSentences(t testing.TB) (sentences [][]string) {
	t.Helper()
	for _, name := range []string{"twitter2015", "twitter2017", "mnre"} {
		set, err := Open(name, filepath.Dir(needs.Data(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		for _, split := range mmibx.Splits {
			for i := range set.Examples[split] {
				sentences = append(sentences, set.Examples[split][i].Tokens)
			}
		}
	}
	return sentences
}

// miniLM is the folder of MiniLM's files.
func miniLM(t testing.TB) string {
	t.Helper()
	return needs.Weights(t, "minilm", weights.Find)
}

// Every sentence of the three benchmarks gets the ids that Hugging Face's
// tokenizers gives it, uncased and cased, with the vocabulary of BERT.
func TestWordPieceOnTheRealBenchmarks(t *testing.T) {
	dir, sentences := miniLM(t), realSentences(t)
	b, err := os.ReadFile("testdata/wordpiece/real.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct{ Uncased, Cased pieceDigest }
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	uncased, err := OpenWordPiece(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := digestPieces(uncased, sentences); got != want.Uncased {
		t.Errorf("uncased: %+v, want %+v", got, want.Uncased)
	}
	cased := *uncased
	cased.normalizer.lower, cased.normalizer.strip = false, false
	if got := digestPieces(&cased, sentences); got != want.Cased {
		t.Errorf("cased: %+v, want %+v", got, want.Cased)
	}
}

func BenchmarkWordPiece(b *testing.B) {
	dir, sentences := miniLM(b), realSentences(b)
	w, err := OpenWordPiece(dir)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, words := range sentences {
			Encode(w, words, 128)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(sentences)), "us/sentence")
}
