package datasets

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

// captionedSet is a set whose examples show these pictures, and a data folder
// that holds these files of it.
func captionedSet(t *testing.T, benchmark string, ids []string, files map[string]string) (*Set, string) {
	t.Helper()
	b, _ := mmibx.LookupBenchmark(benchmark)
	set := &Set{Benchmark: b, Examples: map[mmibx.Split][]mmibx.Example{}}
	for _, id := range ids {
		set.Examples[mmibx.Train] = append(set.Examples[mmibx.Train], mmibx.Example{Image: id})
	}
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, benchmark, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return set, dir
}

const (
	blip15, blip17 = "captions/BLIP2_15.txt", "captions/BLIP2_17.txt"
	catr15, catr17 = "captions/catr_twitter2015_images.json", "captions/catr_twitter2017_images.json"
)

func TestCaptions(t *testing.T) {
	for _, c := range []struct {
		name, benchmark, captioner string
		ids                        []string
		files                      map[string]string
		want                       map[string]string
		broken                     []string
	}{
		{
			"BLIP-2 is usual for Twitter", "twitter2015", "", []string{"1.jpg", "2.jpg", "", "1.jpg"},
			map[string]string{blip15: "\ufeff1.jpg : score 2 :1 \r\n9.jpg :stray\n\n2.jpg :"},
			map[string]string{"1.jpg": "score 2 :1", "2.jpg": ""}, nil,
		},
		{
			"CATR", "twitter2015", "catr", []string{"1.jpg"},
			map[string]string{catr15: `{"1.jpg": "A man.\n", "9.jpg": "Stray."}`},
			map[string]string{"1.jpg": "A man."}, nil,
		},
		{
			"the broken ones by BLIP-2", "twitter2017", "blip2", []string{"1.jpg", "2.jpg"},
			map[string]string{blip17: "1.jpg :" + brokenCaption + "\n2.jpg :" + brokenCaption + " again\n"},
			map[string]string{"2.jpg": brokenCaption + " again"}, []string{"1.jpg"},
		},
		{
			"a skateboarder of Twitter-2015", "twitter2015", "blip2", []string{"1.jpg"},
			map[string]string{blip15: "1.jpg :" + brokenCaption + "\n"},
			map[string]string{"1.jpg": brokenCaption}, nil,
		},
		{
			"the broken ones by CATR", "twitter2017", "catr", []string{"1.jpg", "2.jpg"},
			map[string]string{catr17: `{"2.jpg": "A dog."}`},
			map[string]string{"2.jpg": "A dog."}, []string{"1.jpg"},
		},
		{
			"LLaVA-NeXT is usual for MNRE", "mnre", "", []string{"1.jpg", "2.jpg", "3.jpg"},
			map[string]string{
				"captions_camim/llavanext_train.txt": `{'img_id': '1.jpg', 'text': '\nIt\'s "A".\nB'}`,
				"captions_camim/llavanext_val.txt":   `{'img_id': '2.jpg', 'text': "It's"}` + "\n" + `{'img_id': 'inf.png', 'text': 'no'}`,
				"captions_camim/llavanext_test.txt":  `{'img_id': '3.jpg', 'text': ''}` + "\n" + `{'img_id': 'inf.png', 'text': 'yes'}`,
			},
			map[string]string{"1.jpg": "It's \"A\".\nB", "2.jpg": "It's", "3.jpg": ""}, nil,
		},
	} {
		set, dir := captionedSet(t, c.benchmark, c.ids, c.files)
		got, err := Captions(set, dir, c.captioner)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !reflect.DeepEqual(got.Texts, c.want) || !slices.Equal(got.Broken, c.broken) {
			t.Errorf("%s: got %q, broken %q, want %q, %q", c.name, got.Texts, got.Broken, c.want, c.broken)
		}
		if digests, err := CaptionDigests(dir, c.benchmark, c.captioner); err != nil || !maps.Equal(digests, got.Digests) || len(digests) != len(c.files) {
			t.Errorf("%s: digests %v, %v, want %v", c.name, digests, err, got.Digests)
		}
	}
}

func TestCaptionFaults(t *testing.T) {
	for _, c := range []struct{ benchmark, captioner, file, text, want string }{
		{"twitter2015", "", blip15, "1.jpg :a\n1.jpg a dog\n", `:2: found "1.jpg a dog", expected <id>.jpg :caption`},
		{"twitter2015", "", blip15, "1.jpg :a\n :b\nc", ": 2 faults:\n"},
		{"twitter2015", "", blip15, "1.jpg :a\xff", `:1: found "1.jpg :a\xff", expected a line in UTF-8`},
		{"twitter2015", "", blip15, "1.jpg :a\n1.jpg :b\n", `:2: 1.jpg: found a second caption, "b", expected "a" or nothing`},
		{"twitter2015", "", blip15, "2.jpg :a\n", ": 1.jpg: found no caption by blip2 (nor of 0 more pictures), expected one of each of 1 pictures"},
		{"twitter2017", "", blip17, "", ": 1.jpg: found no caption by"},
		{"twitter2015", "catr", catr15, "{}", ": 1.jpg: found no caption by"},
		{"twitter2015", "catr", catr15, `{"1.jpg": null}`, ": 1.jpg: found null, expected a caption"},
		{"twitter2015", "catr", catr15, "{\n\"1.jpg\": 3}", ":2: found json: cannot unmarshal number"},
		{"twitter2015", "catr", catr15, "{\n\"1.jpg\": \"a", ":2: found unexpected end of JSON input, expected a JSON object"},
		{"mnre", "qwen", "captions_camim/caption_train.txt", "\n{'img_id': '1.jpg', 'text'", ":2: found the end of the line at column 27, expected a colon"},
		{"mnre", "qwen", "captions_camim/caption_train.txt", "{'img_id': '1.jpg', 'caption': 'a'}", ":1: text: found nothing, expected a string"},
	} {
		set, dir := captionedSet(t, c.benchmark, []string{"1.jpg"}, map[string]string{c.file: c.text})
		_, err := Captions(set, dir, c.captioner)
		where := filepath.Join(dir, c.benchmark, c.file)
		if strings.Contains(c.want, "no caption") {
			where = filepath.Dir(where)
		}
		if want := where + c.want; err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: got %v, want %s", c.text, err, want)
		}
	}
	set, dir := captionedSet(t, "twitter2015", []string{"1.jpg"}, nil)
	if _, err := Captions(set, dir, ""); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no file: %v", err)
	}
	if _, err := CaptionDigests(dir, "twitter2015", "catr"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no file to digest: %v", err)
	}
}

// More pictures without a caption than are broken is a file cut short.
func TestCATRMayLackTheBrokenPicturesOnly(t *testing.T) {
	ids := make([]string, numBroken+1)
	for i := range ids {
		ids[i] = exampleID(mmibx.Train, i) + ".jpg"
	}
	set, dir := captionedSet(t, "twitter2017", ids, map[string]string{catr17: "{}"})
	if _, err := Captions(set, dir, "catr"); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("got %v, want a usage error", err)
	}
}

func TestCaptioners(t *testing.T) {
	if _, err := CaptionFiles("", "mnre", "lavanext"); err == nil || !strings.HasSuffix(err.Error(), "the nearest is llavanext") || !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("a captioner that does not exist: %v", err)
	}
	if _, err := CaptionFiles("", "mini-mnre", ""); err == nil || !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("a benchmark without captions: %v", err)
	}
	want := []string{"captions_camim/BLIP_train.txt", "captions_camim/BLIP_val.txt", "captions_camim/BLIP_test.txt"}
	if got, err := CaptionFiles("", "mnre", "blip2"); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// Each captioner covers each picture of its benchmark, and of Twitter-2017 the
// two agree on which are broken.
func TestCaptionsOfTheRealBenchmarks(t *testing.T) {
	for benchmark, want := range map[string]struct {
		pictures int
		empty    map[string]int // captions without a word
	}{
		"twitter2015": {8257, map[string]int{"blip2": 2}},
		"twitter2017": {4819 - numBroken, nil},
		"mnre":        {7356 + 931 + 914, map[string]int{"blip2": 30 + 4 + 1}},
	} {
		t.Run(benchmark, func(t *testing.T) {
			dataDir := filepath.Dir(needs.Data(t, benchmark))
			set, err := Open(benchmark, dataDir)
			if err != nil {
				t.Fatal(err)
			}
			var broken []string
			names, err := Captioners(dataDir, benchmark)
			if err != nil {
				t.Fatal(err)
			}
			for i, name := range names {
				got, err := Captions(set, dataDir, name)
				if err != nil {
					t.Fatal(err)
				}
				empty := 0
				for _, text := range got.Texts {
					if text == "" {
						empty++
					}
				}
				if len(got.Texts) != want.pictures || empty != want.empty[name] {
					t.Errorf("%s: %d captions, %d empty, want %d, %d", name, len(got.Texts), empty, want.pictures, want.empty[name])
				}
				if i > 0 && !slices.Equal(got.Broken, broken) {
					t.Errorf("%s: %d broken pictures, not those of %s", name, len(got.Broken), names[0])
				}
				broken = got.Broken
			}
			if benchmark == brokenBenchmark && len(broken) != numBroken {
				t.Errorf("%d broken pictures, want %d", len(broken), numBroken)
			}
		})
	}
}
