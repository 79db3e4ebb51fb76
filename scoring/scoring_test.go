package scoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// golden is testdata/scores.json, which testdata/make.py writes with seqeval
// and scikit-learn. Scores are [precision, recall, F1] as fractions; a type's
// fourth number is its support.
type golden struct {
	Letters, Tags encoded
	Relations     []string
	Entities      []struct {
		Gold, Pred                    []string
		Lenient, Strict, Concatenated []float64
		Types                         map[string][4]float64
	}
	Pairs []struct {
		Gold, Pred string
		Micro      []float64
		Types      map[string][4]float64
		Accuracy   float64
	}
}

// encoded is a list, or a string of letters.
type encoded []string

func (e *encoded) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		var s string
		err := json.Unmarshal(b, &s)
		*e = strings.Split(s, "")
		return err
	}
	return json.Unmarshal(b, (*[]string)(e))
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/scores.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g golden) decode(letters string, names []string) []string {
	all, out := strings.Join(g.Letters, ""), make([]string, len(letters))
	for i, l := range letters {
		out[i] = names[strings.IndexRune(all, l)]
	}
	return out
}

func (g golden) sequences(coded []string) [][]string {
	out := make([][]string, len(coded))
	for i, c := range coded {
		out[i] = g.decode(c, g.Tags)
	}
	return out
}

func same(a, b float64) bool { return math.Abs(a-b) < 1e-10 }

func wantScores(t *testing.T, name string, got Scores, want []float64) {
	t.Helper()
	if !same(got.Precision, 100*want[0]) || !same(got.Recall, 100*want[1]) || !same(got.F1, 100*want[2]) {
		t.Errorf("%s: got %+v, want %v", name, got, want)
	}
}

func wantTypes(t *testing.T, name string, got Report, want map[string][4]float64) {
	t.Helper()
	for kind, w := range want {
		s := got.Type(kind)
		wantScores(t, name+" "+kind, s, w[:3])
		if s.Gold != int(w[3]) {
			t.Errorf("%s %s: %d in gold, want %v", name, kind, s.Gold, w[3])
		}
	}
	for _, s := range got.Types {
		if _, ok := want[s.Type]; !ok {
			t.Errorf("%s: type %s is not in the source", name, s.Type)
		}
	}
}

func TestEntitiesAgainstSeqeval(t *testing.T) {
	g := readGolden(t)
	sequences, strict := 0, 0
	for _, c := range g.Entities {
		gold, pred := g.sequences(c.Gold), g.sequences(c.Pred)
		sequences += len(gold)
		r := Entities(gold, pred, Lenient)
		wantScores(t, "lenient", r.Scores, c.Lenient)
		wantTypes(t, "lenient", r, c.Types)
		wantScores(t, "concatenated", Entities(gold, pred, Concatenated).Scores, c.Concatenated)
		if c.Strict != nil {
			strict++
			wantScores(t, "strict", Entities(gold, pred, Strict).Scores, c.Strict)
		}
	}
	if sequences < 2000 || strict < 90 {
		t.Errorf("only %d sequences and %d strict cases", sequences, strict)
	}
}

func TestRelationsAgainstScikitLearn(t *testing.T) {
	g := readGolden(t)
	for _, c := range g.Pairs {
		r := Relations(g.decode(c.Gold, g.Relations), g.decode(c.Pred, g.Relations))
		wantScores(t, "micro", r.Scores, c.Micro)
		if !same(r.Accuracy, 100*c.Accuracy) {
			t.Errorf("accuracy %v, want %v", r.Accuracy, c.Accuracy)
		}
		for kind, w := range c.Types {
			wantScores(t, kind, r.Type(kind), w[:3])
		}
	}
	if len(g.Pairs) < 40 {
		t.Errorf("only %d cases", len(g.Pairs))
	}
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		tags string
		rule Rule
		want string
	}{
		{"", Lenient, ""},
		{"O O", Lenient, ""},
		{"B-PER I-PER O", Lenient, "PER[0,2)"},
		{"I-PER I-PER O", Lenient, "PER[0,2)"},
		{"I-PER I-PER O", Strict, ""},
		{"B-PER I-LOC", Lenient, "PER[0,1) LOC[1,2)"},
		{"B-PER I-LOC I-PER", Strict, "PER[0,1)"},
		{"B-PER B-PER", Lenient, "PER[0,1) PER[1,2)"},
		{"B-PER B-PER", Strict, "PER[0,1) PER[1,2)"},
		{"O [CLS] [SEP] O", Lenient, "CLS][1,2) SEP][2,3)"},
		{"O X B-PER", Lenient, "_[1,2) PER[2,3)"},
		{"O X O", Lenient, ""},
	} {
		var got []string
		for _, s := range Spans(strings.Fields(c.tags), c.rule) {
			b, _ := json.Marshal([]int{s.Start, s.End})
			got = append(got, s.Type+strings.ReplaceAll(string(b), "]", ")"))
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("Spans(%q, %s) = %q, want %q", c.tags, c.rule, g, c.want)
		}
	}
}

func TestDroppedWordsLeaveGold(t *testing.T) {
	gold := [][]string{{"B-PER", "O", "B-LOC", "I-LOC", "B-ORG"}, {"B-PER"}}
	pred := [][]string{{"B-PER", "O", "B-LOC", "", ""}, {"B-PER"}}
	r := Entities(gold, pred, Lenient)
	if r.Dropped != (Dropped{Words: 2, Spans: 2}) {
		t.Errorf("dropped %+v, want 2 words and 2 spans", r.Dropped)
	}
	if r.Counts != (Counts{Correct: 3, Predicted: 3, Gold: 3}) { // the cut-off LOC counts as its one seen word
		t.Errorf("counts %+v, want 3 of 3 of 3", r.Counts)
	}
	if pred[0][3] != "" || gold[0][4] != "B-ORG" {
		t.Error("the arguments were changed")
	}
}

func TestConcatenatedRunsOverTheEndOfATweet(t *testing.T) {
	tags := [][]string{{"O", "B-PER"}, {"I-PER", "O"}}
	if got := Entities(tags, tags, Concatenated).Gold; got != 1 {
		t.Errorf("concatenated gold has %d spans, want 1", got)
	}
	if got := Entities(tags, tags, Lenient).Gold; got != 2 {
		t.Errorf("lenient gold has %d spans, want 2", got)
	}
}

func TestMatching(t *testing.T) {
	examples := []mmibx.Example{{ID: "dev:0", Tags: []string{"O", "B-PER"}}, {ID: "dev:1", Tags: []string{"O"}}}
	good := []mmibx.Prediction{{ID: "dev:1", Tags: []string{"O"}}, {ID: "dev:0", Tags: []string{"O", "B-PER"}}}
	if r, err := MNER(examples, good, Lenient); err != nil || r.F1 != 100 {
		t.Errorf("MNER in another order: %v, %v", r.F1, err)
	}
	for _, c := range []struct {
		name string
		pred []mmibx.Prediction
		want string
	}{
		{"missing", good[:1], "dev:0: found no prediction"},
		{"twice", append(good[:2:2], good[0]), "dev:1: found two predictions"},
		{"too many", append(good[:2:2], mmibx.Prediction{ID: "dev:9"}), "found 3 predictions, expected 2"},
		{"length", []mmibx.Prediction{{ID: "dev:0", Tags: []string{"O"}}, good[0]}, "dev:0: found 1 tags, expected 2, one per word"},
	} {
		_, err := MNER(examples, c.pred, Lenient)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := MRE(examples[:1], good[1:]); err == nil || !strings.Contains(err.Error(), "found no relation") {
		t.Errorf("MRE without a relation: %v", err)
	}
}

func TestPredictionsFile(t *testing.T) {
	want := []mmibx.Prediction{{ID: "dev:0", Tags: []string{"", "B-PER"}}, {ID: "dev:1", Relation: "/per/per/<peer>"}}
	var b bytes.Buffer
	if err := WritePredictions(&b, want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "p.jsonl")
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(b.String())
	if got, err := ReadPredictions(path); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, %v, want %v", got, err, want)
	}
	for text, fault := range map[string]string{
		"{\"id\":\"a\"}\n\n{\"id\":7}\n":  path + `:3: found "{\"id\":7}" (id is a number)`,
		"{\"id\":\"a\"}\n{\"tags\":[]}\n": path + ":2: id: found nothing",
		"IMGID:1\n":                       path + ":1: found \"IMGID:1\"",
	} {
		write(text)
		if _, err := ReadPredictions(path); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%q: got %v, want %q", text, err, fault)
		}
	}
}

func FuzzSpans(f *testing.F) {
	for _, seed := range []string{"B-PER I-PER O", "I-a-b X PAD .-x O-x", "E-PER S-PER - \xff B"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tags := strings.Split(text, " ")
		for _, rule := range Rules {
			end := 0
			for _, s := range Spans(tags, rule) {
				if s.Start < end || s.End <= s.Start || s.End > len(tags) {
					t.Fatalf("%s of %q: span %v after %d", rule, tags, s, end)
				}
				end = s.End
			}
		}
	})
}

func BenchmarkEntities(b *testing.B) {
	gold := make([][]string, 3257)
	for i := range gold {
		gold[i] = strings.Fields("O O B-PER I-PER O O O B-LOC O O O O B-ORG I-ORG O O")
	}
	for b.Loop() {
		Entities(gold, gold, Lenient)
	}
}
