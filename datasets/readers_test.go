package datasets

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

func TestReadMNER(t *testing.T) {
	text := "\ufeffIMGID:7\r\nRT\tO\r\n\u00a0\tO\r\n\ufe0f\tB-OTHER\r\n\r\n\r\nIMGID:a_1.PNG\nNew York\tB-LOC\n#\tI-PER"
	got, err := parseMNER("x.txt", mmibx.Dev, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []mmibx.Example{
		{ID: "dev:0", Image: "7.jpg", Tokens: []string{"RT", "\u00a0", "\ufe0f"}, Tags: []string{"O", "O", "B-MISC"}},
		{ID: "dev:1", Image: "a_1.PNG", Tokens: []string{"New York", "#"}, Tags: []string{"B-LOC", "I-PER"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	bare, err := parseMNER("x.txt", mmibx.Test, []byte("a\tO\n\nb\tB-X\n"))
	if err != nil || len(bare) != 2 || bare[1].Image != "" {
		t.Errorf("a file without pictures: %+v, %v", bare, err)
	}
}

func TestReadMNERFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "x.txt: found no tweet, expected at least one",
		"IMGID:1\na O\n":                     `x.txt:2: found "a O", expected token<TAB>tag`,
		"IMGID:1\na\tO\tO\n":                 `x.txt:2: found tag "O\tO", expected O, B-<type> or I-<type>`,
		"IMGID:1\na\tB_PER\n":                `x.txt:2: found tag "B_PER", expected O, B-<type> or I-<type>`,
		"IMGID:1\na\tB-\n":                   `x.txt:2: found tag "B-", expected O, B-<type> or I-<type>`,
		"IMGID:1\n\tO\n":                     `x.txt:2: found "\tO", expected token<TAB>tag`,
		"IMGID:1\n\xff\tO\n":                 `x.txt:2: found "\xff", expected a token in UTF-8`,
		"IMGID:1\n\nIMGID:2\na\tO\n":         "x.txt:2: found the end of a tweet without a word, expected token<TAB>tag",
		"IMGID:1\na\tO\nIMGID:2\nb\tO\n":     "x.txt:3: found a line \"IMGID:\" inside a tweet, expected a blank line before it",
		"IMGID:1\na\tO\n\nb\tO\n":            `x.txt:4: found "b\tO", expected a line IMGID:<id> at the start of the tweet`,
		"a\tO\n\nIMGID:1\nb\tO\n":            "x.txt:3: found a line \"IMGID:\", expected none, as the first tweet of the file has none",
		"IMGID:1\na\tO\nb O\n\nc\tO\nd\tZ\n": "x.txt: 3 faults:\n  x.txt:3: found",
	} {
		_, err := parseMNER("x.txt", mmibx.Dev, []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestAWholeBadFileListsTheFirstTen(t *testing.T) {
	_, err := parseMNER("x.txt", mmibx.Dev, []byte(strings.Repeat("word O\n", 25)))
	e, ok := errors.AsType[*FileError](err)
	if !ok || e.Count != 25 || len(e.Faults) != 10 || e.Faults[9].Line != 10 {
		t.Fatalf("got %v, want 25 faults, the first ten kept", err)
	}
	if !strings.HasPrefix(err.Error(), "x.txt: 25 faults, the first 10:\n  x.txt:1: found") {
		t.Errorf("message %q", err)
	}
}

var someRelations = []string{"None", "/per/per/peer"}

const goodPair = `{'token': ['I', "it's", 'B'], 'h': {'name': 'I', 'pos': [0, 1]}, 't': {'name': "it's B", 'pos': [1, 3]}, 'img_id': 'p.jpg', 'relation': '/per/per/peer'}`

func TestReadMRE(t *testing.T) {
	got, err := parseMRE("x.txt", mmibx.Test, someRelations, []byte("\n"+goodPair+"\n\n"))
	want := []mmibx.Example{{
		ID: "test:0", Tokens: []string{"I", "it's", "B"}, Image: "p.jpg",
		Head: mmibx.Span{Start: 0, End: 1}, Tail: mmibx.Span{Start: 1, End: 3}, Relation: "/per/per/peer",
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestReadMREWithAnyRelation(t *testing.T) {
	if got, err := parseMRE("x.txt", mmibx.Test, nil, []byte(goodPair)); err != nil || got[0].Relation != "/per/per/peer" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadMREFaults(t *testing.T) {
	swap := func(old, with string) string { return strings.Replace(goodPair, old, with, 1) }
	for text, want := range map[string]string{
		"":                                 "x.txt: found no pair, expected at least one",
		goodPair[:len(goodPair)/2]:         "x.txt:1: found the end of the line at column 77, expected",
		goodPair + " x":                    `x.txt:1: found "x" at column 154, expected the end of the line`,
		"{" + goodPair + "}":               `x.txt:1: found "{'token': ['" at column 2, expected a key in quotes`,
		swap("/per/per/peer", "/per/peer"): `x.txt:1: relation: found "/per/peer", expected a known relation, such as /per/per/peer`,
		swap("[1, 3]", "[1, 4]"):           "x.txt:1: t.pos: found [1, 4], expected start < end within 3 words",
		swap("[1, 3]", "[1]"):              "x.txt:1: t.pos: found a list of 1, expected [start, end]",
		swap("'I', 'pos'", "'B', 'pos'"):   `x.txt:1: h.name: found "B", expected "I", the words at [0, 1)`,
		swap("'img_id'", "'image'"):        "x.txt:1: img_id: found nothing, expected a string",
		swap("'B']", "3]"):                 "x.txt:1: token: found 3, expected strings only",
		"['a']":                            "x.txt:1: token: found nothing, expected a list of words",
		"{'token': ['\xff']}":              `x.txt:1: found "{'token': ['\xff']}", expected a line in UTF-8`,
	} {
		_, err := parseMRE("x.txt", mmibx.Test, someRelations, []byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestParseRelations(t *testing.T) {
	if got, err := parseRelations("r.json", []byte(`{"None":0,"b":2,"a":1}`)); err != nil || !reflect.DeepEqual(got, []string{"None", "a", "b"}) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "[]", `{}`, `{"a":0}`, `{"None":0,"a":0}`, `{"None":0,"a":2}`, `{"None":-1}`} {
		if got, err := parseRelations("r.json", []byte(text)); !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%s: got %v, %v, want a usage error", text, got, err)
		}
	}
}

// counts are what facts are known of a split of a real benchmark.
type counts struct{ examples, begins, inside, none, pictures, overlapping, headAfterTail int }

func count(examples []mmibx.Example) counts {
	c := counts{examples: len(examples)}
	pictures := map[string]bool{}
	for _, e := range examples {
		pictures[e.Image] = true
		for _, tag := range e.Tags {
			switch tag[0] {
			case 'B':
				c.begins++
			case 'I':
				c.inside++
			}
		}
		if e.Relation == mmibx.NoRelation {
			c.none++
		}
		if e.Head.Start < e.Tail.End && e.Tail.Start < e.Head.End {
			c.overlapping++
		}
		if e.Head.Start > e.Tail.Start {
			c.headAfterTail++
		}
	}
	c.pictures = len(pictures)
	return c
}

func TestRealBenchmarks(t *testing.T) {
	for _, c := range []struct {
		name, version    string
		labels           int
		train, dev, test counts
	}{
		{
			name: "twitter2015", version: "original (UMT)", labels: 4,
			train: counts{examples: 4000, begins: 6166, inside: 3739, pictures: 4000},
			dev:   counts{examples: 1000, begins: 1541, inside: 948, pictures: 1000},
			test:  counts{examples: 3257, begins: 5072, inside: 3056, pictures: 3257},
		},
		{
			name: "twitter2017", version: "UMT", labels: 4,
			train: counts{examples: 3373, begins: 6049, inside: 3980, pictures: 3373},
			dev:   counts{examples: 723, begins: 1324, inside: 884, pictures: 723},
			test:  counts{examples: 723, begins: 1351, inside: 892, pictures: 723},
		},
		{
			name: "mnre", version: "v2", labels: 23,
			train: counts{examples: 12247, none: 7744, pictures: 7356, overlapping: 59, headAfterTail: 1397},
			dev:   counts{examples: 1624, none: 1000, pictures: 931, overlapping: 3, headAfterTail: 197},
			test:  counts{examples: 1614, none: 974, pictures: 914, overlapping: 5, headAfterTail: 214},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			set, err := Open(c.name, filepath.Dir(needs.Data(t, c.name)))
			if err != nil {
				t.Fatal(err)
			}
			if set.Version() != c.version || len(set.Labels) != c.labels {
				t.Errorf("version %q with %d labels, want %q with %d", set.Version(), len(set.Labels), c.version, c.labels)
			}
			for split, want := range map[mmibx.Split]counts{mmibx.Train: c.train, mmibx.Dev: c.dev, mmibx.Test: c.test} {
				if got := count(set.Examples[split]); got != want {
					t.Errorf("%s: got %+v, want %+v", split, got, want)
				}
			}
		})
	}
}

func TestRealTraps(t *testing.T) {
	dir := needs.Data(t, "twitter2015")
	dev, err := ReadMNER(filepath.Join(dir, "valid.txt"), mmibx.Dev)
	if err != nil {
		t.Fatal(err)
	}
	noBreakSpaces := 0
	for _, e := range dev {
		for _, w := range e.Tokens {
			if w == "\u00a0" {
				noBreakSpaces++
			}
		}
	}
	if noBreakSpaces != 1 {
		t.Errorf("%d no-break spaces in valid.txt, want 1", noBreakSpaces)
	}
}

// A miniature benchmark that is written out must read back as it was.
func TestMiniatureReadsBack(t *testing.T) {
	for _, name := range []string{"mini-twitter2017", "mini-mnre"} {
		want, err := Mini(name)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for _, f := range textFiles(want) {
			if err := os.WriteFile(filepath.Join(dir, f.name), f.bytes, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := OpenFolder(want.Benchmark, dir)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Examples, want.Examples) || !reflect.DeepEqual(got.Labels, want.Labels) {
			t.Errorf("%s: what was read is not what was written", name)
		}
		for file, digest := range got.Digests {
			if want.Digests[file] != digest {
				t.Errorf("%s: digest of %s is %s, want %s", name, file, digest, want.Digests[file])
			}
		}
	}
}

func TestOpenFaults(t *testing.T) {
	if _, err := Open("twitter2018", "."); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "expected one of twitter2015") {
		t.Errorf("an unknown benchmark: %v", err)
	}
	dir := t.TempDir()
	if _, err := Open("twitter2017", dir); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "MMIBX_DATA") {
		t.Errorf("a missing benchmark: %v", err)
	}
	folder := filepath.Join(dir, "twitter2017")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"train.txt", "valid.txt", "test.txt"} {
		if err := os.WriteFile(filepath.Join(folder, f), []byte("IMGID:1\na\tB-PET\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open("twitter2017", dir); err == nil || !strings.Contains(err.Error(), "train:0: found type PET of the word \"a\"") {
		t.Errorf("an unknown type: %v", err)
	}
}

func TestVersion(t *testing.T) {
	b, _ := mmibx.LookupBenchmark("twitter2015")
	set := Set{Benchmark: b, Digests: map[string]string{}}
	for name, digest := range releases[0].digests {
		set.Digests[name] = digest
	}
	if got := set.Version(); got != "original (UMT)" {
		t.Errorf("version %q", got)
	}
	set.Digests["test.txt"] = "0"
	if got := set.Version(); got != "unknown version (not original (UMT): test.txt)" {
		t.Errorf("version %q", got)
	}
}

func FuzzReadMNER(f *testing.F) {
	f.Add([]byte("IMGID:1\na\tO\n\nIMGID:2\nb\tB-X\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		examples, err := parseMNER("x", mmibx.Dev, b)
		if err != nil {
			return
		}
		if again, err := parseMNER("x", mmibx.Dev, conll(examples)); err == nil && len(again) != len(examples) {
			t.Errorf("%d tweets read, %d after writing them", len(examples), len(again))
		}
	})
}

func FuzzReadMRE(f *testing.F) {
	f.Add([]byte(goodPair))
	f.Fuzz(func(t *testing.T, b []byte) {
		examples, err := parseMRE("x", mmibx.Dev, someRelations, b)
		if (err == nil) != (len(examples) > 0) {
			t.Errorf("%d pairs with %v", len(examples), err)
		}
		for _, e := range examples {
			if e.Head.Start < 0 || e.Head.End > len(e.Tokens) || e.Tail.Start >= e.Tail.End {
				t.Errorf("entities %v %v of %d words", e.Head, e.Tail, len(e.Tokens))
			}
		}
	})
}
