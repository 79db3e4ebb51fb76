package scoring

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

var (
	mnerKey = Key{Task: mmibx.MNER, Labels: []string{"PER", "MISC"}, Examples: []mmibx.Example{
		{ID: "dev:0", Tokens: []string{"Ann", "\u00a0", "won"}, Tags: []string{"B-PER", "O", "O"}},
		{ID: "dev:1", Tokens: []string{"hi"}, Tags: []string{"B-MISC"}},
	}}
	mreKey = Key{Task: mmibx.MRE, Labels: []string{"None", "/per/per/peer"}, Examples: []mmibx.Example{
		{ID: "test:0", Tokens: []string{"a", "b"}, Relation: "None"}, {ID: "test:1", Tokens: []string{"c"}, Relation: "/per/per/peer"},
	}}
)

func TestReadForeign(t *testing.T) {
	entities := []mmibx.Prediction{{ID: "dev:0", Tags: []string{"B-PER", "I-PER", ""}}, {ID: "dev:1", Tags: []string{"I-MISC"}}}
	pairs := []mmibx.Prediction{{ID: "test:0", Relation: "/per/per/peer"}, {ID: "test:1", Relation: "None"}}
	for _, c := range []struct {
		name, text string
		key        Key
		want       []mmibx.Prediction
	}{
		{"CoNLL", "Ann\tB-PER\n\u00a0\tI-PER\nwon\t\n\nhi\tI-OTHER\n", mnerKey, entities},
		{"CoNLL of a benchmark", "\ufeffIMGID:7\r\nAnn\tB-PER\r\n\u00a0\tI-PER\r\nwon\t\r\n\r\n\r\nIMGID:8\r\nhi\tI-MISC", mnerKey, entities},
		{"CoNLL with gold", "Ann\tB-PER\tB-PER\n\u00a0\tO\tI-PER\nwon\tO\t\n\nhi\tB-OTHER\tI-MISC\n", mnerKey, entities},
		{"JSON lines", `{"id":"dev:1","tags":["I-OTHER"]}` + "\n\n" + `{"id":"dev:0","tags":["B-PER","I-PER",""],"score":0.5}`, mnerKey, entities},
		{"JSON lines without ids", `{"tokens":["Ann","` + "\u00a0" + `","won"],"tags":["B-PER","I-PER",""]}` + "\n" + `{"tags":["I-MISC"]}`, mnerKey, entities},
		{"relations", ` {"id":"test:0","relation":"/per/per/peer"}` + "\n" + `{"id":"test:1","relation":"None"}`, mreKey, pairs},
		{"relations in order", `{"relation":"/per/per/peer"}` + "\n" + `{"relation":"None"}`, mreKey, pairs},
	} {
		got, err := ReadForeign("x", []byte(c.text), GuessFormat([]byte(c.text)), c.key)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

// A benchmark of one's own may have a type OTHER, which then is no MISC.
func TestReadForeignOther(t *testing.T) {
	key := Key{Task: mmibx.MNER, Labels: []string{"OTHER"}, Examples: []mmibx.Example{{ID: "dev:0", Tokens: []string{"hi"}, Tags: []string{"B-OTHER"}}}}
	got, err := ReadForeign("x", []byte("hi\tB-OTHER\tI-OTHER\n"), CoNLL, key)
	if err != nil || got[0].Tags[0] != "I-OTHER" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReadForeignFaults(t *testing.T) {
	whole := "Ann\tO\n\u00a0\tO\nwon\tO\n\n"
	for _, c := range []struct {
		text string
		key  Key
		want string
	}{
		{whole, mnerKey, "x: found no prediction for 1 of 2 examples, the first dev:1"},
		{"", mnerKey, "no prediction for 2 of 2"},
		{whole + "hi\tO\n\nmore\tO\n\nand\tO\n", mnerKey, "x:7: found example 3, expected the end of the file: the split has 2"},
		{whole + "hi\tB-LOC\n", mnerKey, `x:5: dev:1: found the tag "B-LOC", expected O, or B- or I- with one of PER, MISC`},
		{"Ann\tO\n\u00a0\tO\nwon\tPER\n\nhi\tO\n", mnerKey, `x:3: dev:0: found the tag "PER"`},
		{whole + "ho\tO\n", mnerKey, `x:5: dev:1: found the word "ho", expected "hi"`},
		{"Ann\tO\nwon\tO\n\nhi\tO\n", mnerKey, "x:1: dev:0: found 2 words, expected 3"},
		{whole + "hi\tO\tO\n", mnerKey, "found the gold tag O of hi, expected B-MISC; the program has another version of the data"},
		{"Ann O\n", mnerKey, `x:1: found "Ann O", expected token<TAB>tag`},
		{"a\tb\tc\td\n", mnerKey, "x:1: found"},
		{`{"id":"dev:0","tags":["O","O","O"]}` + "\n" + `{"id":"dev:0","tags":["O","O","O"]}`, mnerKey, "x:2: dev:0: found a second prediction, expected one; the first is on line 1"},
		{`{"id":"test:0","tags":["O"]}`, mnerKey, `x:1: id: found "test:0", expected an example of the split, the last of which is dev:1`},
		{`{"id":"dev:0","tags":["O","O","O"]}` + "\n" + `{"tags":["O"]}`, mnerKey, "x:2: id: found an id on some lines only"},
		{`{"id":"dev:1","tags":["O","O"]}`, mnerKey, "x:1: dev:1: found 2 tags, expected 1"},
		{`{"id":"dev:1","tags":"O"}`, mnerKey, "x:1: found"},
		{`{"id":"test:1","relation":"/per/per/pier"}`, mreKey, `x:1: test:1: found the relation "/per/per/pier", expected one of the benchmark's; did you mean /per/per/peer?`},
		{`{"id":"test:1"}`, mreKey, "x:1: test:1: found no relation"},
		{"a\tNone\n", mreKey, "x: format: found conll, expected jsonl"},
		{"\xff\tO\n", mnerKey, "x: found bytes that are no UTF-8"},
		{strings.Repeat("bad\n", 12), mnerKey, "x: found 12 faults, expected none; these were the first 10"},
	} {
		_, err := ReadForeign("x", []byte(c.text), GuessFormat([]byte(c.text)), c.key)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

// FuzzReadForeign: what is accepted can be scored and reads back the same.
func FuzzReadForeign(f *testing.F) {
	f.Add([]byte("Ann\tO\tB-PER\n\u00a0\tO\tX\nwon\tO\t\n\nhi\tB-MISC\tO\n"))
	f.Add([]byte(`{"id":"dev:1","tags":["I-OTHER"]}` + "\n" + `{"id":"dev:0","tags":["B-PER","",""]}`))
	f.Add([]byte(`{"relation":"None"}` + "\n" + `{"relation":"None"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, key := range []Key{mnerKey, mreKey} {
			got, err := ReadForeign("x", text, GuessFormat(text), key)
			if err != nil {
				continue
			}
			if key.Task == mmibx.MNER {
				_, err = MNER(key.Examples, got, Lenient)
			} else {
				_, err = MRE(key.Examples, got)
			}
			if err != nil {
				t.Fatalf("accepted and not to be scored: %v", err)
			}
			var kept strings.Builder
			if err := WritePredictions(&kept, got); err != nil {
				t.Fatal(err)
			}
			again, err := ReadForeign("y", []byte(kept.String()), JSONLines, key)
			if err != nil || !slices.EqualFunc(got, again, func(a, b mmibx.Prediction) bool { return reflect.DeepEqual(a, b) }) {
				t.Fatalf("%v after writing %v, %v", again, got, err)
			}
		}
	})
}
