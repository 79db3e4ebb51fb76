package datasets

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const ownTags = `head = "entities"
format = "conll"
labels = ["人物", "OTHER"]
evidence = ["features"]
splits = {train = "a.txt", dev = "a.txt", test = "a.txt"}
`

const ownPairs = `head = "relations"
format = "jsonl"
labels = ["None", "parent of"]
evidence = ["pixels"]
splits = {train = "a.txt", dev = "a.txt", test = "a.txt"}
`

func openOwnTest(t *testing.T, files map[string]string) (*Set, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		writeFiles(t, filepath.Join(dir, "mine"), map[string]string{name: text})
	}
	if err := RegisterOwn(dir); err != nil {
		return nil, err
	}
	return Open("mine", dir)
}

func TestOwnTags(t *testing.T) {
	set, err := openOwnTest(t, map[string]string{
		ownFile: ownTags + "[columns]\nseparator = \"space\"\ntoken = 2\ntag = 4\nimage = \"# picture = \"\n",
		"a.txt": "# picture = 7\n1 李 _ B-人物\n2 娜 _ I-人物\n3 👩‍🚀 _ O\n\n# picture = x.png\n1 # picture O\n2 ليلى _ B-OTHER\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	e := set.Examples[mmibx.Dev]
	if len(e) != 2 || e[0].Image != "7.jpg" || e[1].Image != "x.png" || e[1].ID != "dev:1" ||
		!slices.Equal(e[0].Tokens, []string{"李", "娜", "👩‍🚀"}) || !slices.Equal(e[0].Tags, []string{"B-人物", "I-人物", "O"}) ||
		!slices.Equal(e[1].Tokens, []string{"#", "ليلى"}) || e[1].Tags[1] != "B-OTHER" {
		t.Errorf("examples %+v", e)
	}
	if !slices.Equal(set.Labels, []string{"人物", "OTHER"}) || set.Benchmark.Task != mmibx.MNER || set.Digests[ownFile] == "" || set.Digests["a.txt"] == "" {
		t.Errorf("set %+v", set)
	}
}

func TestOwnPairs(t *testing.T) {
	for format, line := range map[string]string{
		"jsonl":    `{"words": ["ليلى", "👍🏽", "Bo"], "a": {"pos": [0, 1]}, "b": {"start": 2, "end": 3}, "kind": "parent of"}`,
		"literals": `{'words': ['ليلى', '👍🏽', 'Bo'], 'a': {'pos': [0, 1], 'name': 'ليلى'}, 'b': {'start': 2, 'end': 3}, 'kind': 'parent of'}`,
	} {
		set, err := openOwnTest(t, map[string]string{
			ownFile: strings.Replace(ownPairs, "jsonl", format, 1) + "[keys]\ntokens = \"words\"\nhead = \"a.pos\"\ntail = \"b\"\nimage = \"\"\nrelation = \"kind\"\n",
			"a.txt": line + "\n",
		})
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		e := set.Examples[mmibx.Test][0]
		if e.Head != (mmibx.Span{Start: 0, End: 1}) || e.Tail != (mmibx.Span{Start: 2, End: 3}) || e.Relation != "parent of" || e.Tokens[1] != "👍🏽" || e.Image != "" {
			t.Errorf("%s: %+v", format, e)
		}
		if faults, err := set.Verify(); err != nil || len(faults) != 1 || !strings.Contains(faults[0], "None") {
			t.Errorf("verify: %v, %v", faults, err)
		}
	}
}

// Captions of one's own are read by captioner, the first that the file names being
// the usual one, and their files count among the digests.
func TestOwnCaptions(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, filepath.Join(dir, "mine"), map[string]string{
		ownFile:       strings.Replace(ownTags, "features", "captions", 1) + "[captions]\nqwen = \"text/q.json\"\nblip2 = \"b.json\"\n",
		"a.txt":       "IMGID:7\n李\tB-人物\n",
		"text/q.json": `{"7.jpg": " أم و👩‍🚀 ", "stray.jpg": "x"}`,
		"b.json":      `{"8.jpg": "no such picture"}`,
	})
	if err := RegisterOwn(dir); err != nil {
		t.Fatal(err)
	}
	set, err := Open("mine", dir)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := Captioners(dir, "mine"); err != nil || !slices.Equal(names, []string{"qwen", "blip2"}) {
		t.Errorf("captioners %v, %v", names, err)
	}
	got, err := Captions(set, dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if got.Captioner != "qwen" || len(got.Texts) != 1 || got.Texts["7.jpg"] != "أم و👩‍🚀" || got.Digests["text/q.json"] == "" {
		t.Errorf("captions %+v", got)
	}
	if _, err := Captions(set, dir, "blip2"); err == nil || !strings.Contains(err.Error(), "7.jpg: found no caption by blip2") {
		t.Errorf("a picture without its caption: %v", err)
	}
	if _, err := Captions(set, dir, "quen"); err == nil || !strings.HasSuffix(err.Error(), "the nearest is qwen") {
		t.Errorf("a captioner that the file does not name: %v", err)
	}
}

func TestOwnFaults(t *testing.T) {
	good := map[string]string{ownFile: ownTags, "a.txt": "x\tO\n"}
	for _, c := range []struct{ file, text, want string }{
		{ownFile, strings.Replace(ownTags, "entities", "tags", 1), `benchmark.toml:1: head: found "tags"`},
		{ownFile, strings.Replace(ownTags, "conll", "jsonl", 1), `benchmark.toml:2: format: found "jsonl", expected for entities conll`},
		{ownFile, strings.Replace(ownTags, "features", "captions", 1), `benchmark.toml:4: evidence: found "captions", expected a table [captions] with a file`},
		{ownFile, ownTags + "[captions]\nblip2 = \"c.json\"\n", `benchmark.toml:6: captions: found captions, expected "captions" among evidence`},
		{ownFile, strings.Replace(ownTags, "features", "captions", 1) + "[captions]\nblip2 = \"../c.json\"\n", `benchmark.toml:7: captions.blip2: found "../c.json"`},
		{ownFile, strings.Replace(ownTags, "features", "words", 1), `benchmark.toml:4: evidence: found "words", expected captions or features or pixels`},
		{ownFile, strings.Replace(ownTags, "evidence", "evidenc", 1), `benchmark.toml:4: evidenc: found an unknown key, expected a key of docs/guide/own-benchmark.md; did you mean evidence?`},
		{ownFile, ownTags + "\n[columns]\ntag = 1\n", "benchmark.toml:8: columns.tag: found token in column 1, tag in column 1"},
		{ownFile, ownTags + "\n[columns]\ntab = 1\n", "benchmark.toml:8: columns.tab: found an unknown key"},
		{ownFile, ownTags + "\n[columns]\nimage = \"a\\tb\"\n", `benchmark.toml:8: columns.image: found "a\tb", expected how the line begins that names a picture, without tabs`},
		{ownFile, strings.Replace(ownTags, `"OTHER"`, `"人物"`, 1), `benchmark.toml:3: labels: found "人物" twice`},
		{ownFile, strings.Replace(ownPairs, `"None", `, "", 1), `benchmark.toml:3: labels: found ["parent of"], expected None first`},
		{ownFile, ownTags + "head =\n", "benchmark.toml:6:"},
		{ownFile, strings.Replace(ownTags, `train = "a.txt"`, `train = "../a.txt"`, 1), `benchmark.toml:5: splits.train: found "../a.txt"`},
		{"a.txt", "x\tB-PER\n", `found type PER of the word "x", expected one of 人物, OTHER`},
		{"a.txt", "x O\n", `a.txt:1: found "x O", expected token<TAB>tag`},
	} {
		files := map[string]string{}
		for name, text := range good {
			files[name] = text
		}
		files[c.file] = c.text
		_, err := openOwnTest(t, files)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	pairs := map[string]string{ownFile: ownPairs, "a.txt": `{"token": ["a", "b"], "h": {"pos": [0, 1]}, "t": {"pos": [1, 2.5]}, "img_id": "x", "relation": "None"}`}
	if _, err := openOwnTest(t, pairs); err == nil || !strings.Contains(err.Error(), "a.txt:1: t.pos: found a list of 2, expected [start, end]") {
		t.Errorf("a position that is not whole: %v", err)
	}
	dir := t.TempDir()
	writeFiles(t, filepath.Join(dir, "mnre"), good)
	if err := RegisterOwn(dir); err == nil || !strings.Contains(err.Error(), "built in") {
		t.Errorf("the name of a built-in benchmark: %v", err)
	}
	writeFiles(t, filepath.Join(dir, "zebra"), good)
	if err := RegisterOwn(dir); err == nil {
		t.Error("no fault")
	}
	if _, known := mmibx.LookupBenchmark("zebra"); !known {
		t.Error("one faulty folder hides the others")
	}
}

// A folder is taken as it is called, whatever a pattern would make of its name;
// what lies beside the folders is no benchmark.
func TestOwnInAFolderWithBrackets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data [2024]*")
	writeFiles(t, dir, map[string]string{
		"in brackets/" + ownFile: ownTags, "in brackets/features/a.safetensors": "", "in brackets/features/b.txt": "", "README": "", "none/a.txt": "",
	})
	if err := RegisterOwn(dir); err != nil {
		t.Fatal(err)
	}
	if _, known := mmibx.LookupBenchmark("in brackets"); !known {
		t.Error("the benchmark is not known")
	}
	names, err := FeatureNames(filepath.Join(dir, "in brackets"))
	if err != nil || !slices.Equal(names, []string{"a"}) {
		t.Errorf("feature files %v, %v", names, err)
	}
}

// The benchmarks of docs/examples are whole, and only what their files say.
func TestExamplesOfTheGuide(t *testing.T) {
	dir := filepath.Join("..", "docs", "examples")
	if err := RegisterOwn(dir); err != nil {
		t.Fatal(err)
	}
	for name, labels := range map[string][]string{"weibo-mini": {"人物", "球队", "歌曲"}, "kin-mini": {"None", "parent of", "rival of"}} {
		set, err := Open(name, dir)
		if err != nil {
			t.Fatal(err)
		}
		if faults, err := set.Verify(); err != nil || len(faults) > 0 || !slices.Equal(set.Labels, labels) {
			t.Errorf("%s: %v, %v, labels %v", name, faults, err, set.Labels)
		}
	}
}
