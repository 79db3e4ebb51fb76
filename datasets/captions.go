package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// CaptionSet holds what a frozen captioner wrote about the pictures of a set.
type CaptionSet struct {
	Captioner string
	// Texts maps each picture of the set, as Example.Image spells it, to its
	// caption without the white space around it; "" where the captioner found no
	// words. A picture that is not a key is to be blank.
	Texts map[string]string
	// Broken lists, sorted, the pictures of the set that are known to be broken
	// in the public files; they count as no picture and are not in Texts.
	Broken []string
	// Digests maps each file that was read, by its name in the benchmark's
	// folder, to its SHA-256; it enters the identity of a run.
	Digests map[string]string
}

// captioner is one who described the pictures of a benchmark.
type captioner struct {
	name  string
	files []string // in the benchmark's folder
	parse func(*captionReader, string, []byte) error
}

// captioners lists them by benchmark, the usual one first. A benchmark of the
// user's own names its in its benchmark.toml.
var captioners = map[string][]captioner{
	"twitter2015": {
		{"blip2", []string{"captions/BLIP2_15.txt"}, (*captionReader).lines},
		{"catr", []string{"captions/catr_twitter2015_images.json"}, (*captionReader).object},
	},
	"twitter2017": {
		{"blip2", []string{"captions/BLIP2_17.txt"}, (*captionReader).lines},
		{"catr", []string{"captions/catr_twitter2017_images.json"}, (*captionReader).object},
	},
	"mnre": {
		camim("llavanext", "llavanext"), camim("blip2", "BLIP"), camim("cogvlm", "cogvlm"),
		camim("instructblip", "instruct"), camim("minicpm", "minicpm"), camim("qwen", "caption"),
	},
}

// camim is a captioner of MNRE as published with CAMIM: a file per split.
func camim(name, prefix string) captioner {
	c := captioner{name: name, parse: (*captionReader).literals}
	for _, split := range []string{"train", "val", "test"} {
		c.files = append(c.files, "captions_camim/"+prefix+"_"+split+".txt")
	}
	return c
}

// Of Twitter-2017, 358 pictures are broken in the public set. BLIP-2's file says
// the same of each; CATR's lacks them.
const (
	brokenBenchmark = "twitter2017"
	brokenCaption   = "a man is standing on a skateboard in the snow"
	numBroken       = 358
)

// Captioners names those who described a benchmark's pictures, the usual one
// first; nil for a benchmark that has no captions.
func Captioners(dataDir, benchmark string) ([]string, error) {
	all, err := captionersOf(dataDir, benchmark)
	return captionerNames(all), err
}

func captionerNames(all []captioner) []string {
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	return names
}

func captionersOf(dataDir, benchmark string) ([]captioner, error) {
	if b, ok := mmibx.LookupBenchmark(benchmark); !ok || !b.Own {
		return captioners[benchmark], nil
	}
	o, err := readOwn(filepath.Join(dataDir, benchmark, ownFile))
	if err != nil {
		return nil, err
	}
	return o.captioners(), nil
}

// CaptionFiles lists the files of a captioner in the benchmark's folder. "" is
// the usual captioner: BLIP-2 for Twitter, LLaVA-NeXT for MNRE, the first of a
// benchmark.toml.
func CaptionFiles(dataDir, benchmark, captioner string) ([]string, error) {
	c, err := lookupCaptioner(dataDir, benchmark, captioner)
	return slices.Clone(c.files), err
}

func lookupCaptioner(dataDir, benchmark, name string) (captioner, error) {
	all, err := captionersOf(dataDir, benchmark)
	if err != nil {
		return captioner{}, err
	}
	if len(all) == 0 {
		return captioner{}, &mmibx.InputError{Key: "evidence.kind", Found: "captions for " + benchmark,
			Expected: "one of " + strings.Join(slices.Sorted(maps.Keys(captioners)), ", ") + ", or a benchmark of your own with [captions]"}
	}
	if name == "" {
		return all[0], nil
	}
	for _, c := range all {
		if c.name == name {
			return c, nil
		}
	}
	names := captionerNames(all)
	e := &mmibx.InputError{Key: "evidence.captioner", Found: quote(name), Expected: "one of " + strings.Join(names, ", ")}
	if near := mmibx.Nearest(name, names); near != "" {
		e.Cure = "the nearest is " + near
	}
	return captioner{}, e
}

// CaptionDigests digests the files that Captions would read, without parsing
// them.
func CaptionDigests(dataDir, benchmark, captioner string) (map[string]string, error) {
	c, err := lookupCaptioner(dataDir, benchmark, captioner)
	if err != nil {
		return nil, err
	}
	r := captionFolder(dataDir, mmibx.Benchmark{Name: benchmark})
	for _, name := range c.files {
		if _, _, err := r.file(name); err != nil {
			return nil, err
		}
	}
	return r.set.Digests, nil
}

// captionFolder reads files beside those of a benchmark and digests them.
func captionFolder(dataDir string, b mmibx.Benchmark) opener {
	return opener{dir: filepath.Join(dataDir, b.Name), set: &Set{Benchmark: b, Digests: map[string]string{}}}
}

// Captions reads what a captioner wrote about the pictures of a benchmark,
// from dataDir/NAME; "" is the usual captioner. Every picture must have its
// caption, but for those that are known to be broken.
//
// A bad line is an *mmibx.InputError, several are a *FileError; files that are
// not there are mmibx.ErrNotFound.
func Captions(set *Set, dataDir, captioner string) (*CaptionSet, error) {
	c, err := lookupCaptioner(dataDir, set.Benchmark.Name, captioner)
	if err != nil {
		return nil, err
	}
	files := captionFolder(dataDir, set.Benchmark)
	r := captionReader{wanted: pictures(set), texts: map[string]string{}}
	for _, name := range c.files {
		path, b, err := files.file(name)
		if err != nil {
			return nil, err
		}
		if err := c.parse(&r, path, b); err != nil {
			return nil, err
		}
	}
	broken, err := r.dropBroken(set.Benchmark.Name, c, files.dir)
	if err != nil {
		return nil, err
	}
	return &CaptionSet{Captioner: c.name, Texts: r.texts, Broken: broken, Digests: files.set.Digests}, nil
}

// pictures is the set of the pictures of all splits.
func pictures(set *Set) map[string]bool {
	ids := map[string]bool{}
	for _, examples := range set.Examples {
		for _, e := range examples {
			if e.Image != "" {
				ids[e.Image] = true
			}
		}
	}
	return ids
}

// captionReader gathers the captions of the pictures that are wanted.
type captionReader struct {
	wanted map[string]bool
	texts  map[string]string
}

// keep takes a caption; one picture with two different captions is a fault.
func (r *captionReader) keep(id, text string) *mmibx.InputError {
	if !r.wanted[id] {
		return nil // CAMIM's files describe a placeholder, Twitter-2015's some stray pictures
	}
	text = strings.TrimSpace(text)
	if known, ok := r.texts[id]; ok && known != text {
		return &mmibx.InputError{Key: id, Found: "a second caption, " + quote(text), Expected: quote(known) + " or nothing"}
	}
	r.texts[id] = text
	return nil
}

// eachLine hands over the lines that are not empty and gathers their faults.
func (r *captionReader) eachLine(path string, b []byte, parse func(line string) *mmibx.InputError) error {
	f := faults{file: path}
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		f.line++
		line = strings.TrimRight(line, "\r\n")
		switch {
		case line == "":
		case !utf8.ValidString(line):
			f.add(&mmibx.InputError{Found: quote(line), Expected: "a line in UTF-8"})
		default:
			if fault := parse(line); fault != nil {
				f.add(fault)
			}
		}
	}
	return f.err()
}

// lines reads BLIP-2's captions of Twitter: "<id>.jpg :caption".
func (r *captionReader) lines(path string, b []byte) error {
	return r.eachLine(path, b, func(line string) *mmibx.InputError {
		id, text, ok := strings.Cut(line, " :")
		if !ok || id == "" {
			return &mmibx.InputError{Found: quote(line), Expected: "<id>.jpg :caption"}
		}
		return r.keep(id, text)
	})
}

// literals reads the captions of MNRE: {'img_id': '<id>.jpg', 'text': 'caption'}.
func (r *captionReader) literals(path string, b []byte) error {
	return r.eachLine(path, b, func(line string) *mmibx.InputError {
		v, err := parseLiteral(line)
		if e, ok := errors.AsType[*literalError](err); ok {
			return &mmibx.InputError{Found: e.found, Expected: e.expected}
		}
		entry := record{value: v}
		id, text := entry.string("img_id"), entry.string("text")
		if entry.fault != nil {
			return entry.fault
		}
		return r.keep(id, text)
	})
}

// object reads CATR's captions of Twitter, and those of a benchmark of the user's
// own: one JSON object of picture to caption.
func (r *captionReader) object(path string, b []byte) error {
	var texts map[string]*string
	if err := json.Unmarshal(b, &texts); err != nil {
		return &mmibx.InputError{File: path, Line: jsonLine(b, err), Found: err.Error(), Expected: "a JSON object of picture to caption"}
	}
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		if texts[id] == nil {
			return &mmibx.InputError{File: path, Key: id, Found: "null", Expected: "a caption"}
		}
		if fault := r.keep(id, *texts[id]); fault != nil {
			fault.File = path
			return fault
		}
	}
	return nil
}

// jsonLine is the line, from 1, at which decoding b ended in err; 0 if err does
// not say.
func jsonLine(b []byte, err error) int {
	offset := int64(-1)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = e.Offset
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = e.Offset
	}
	if offset < 0 || offset > int64(len(b)) {
		return 0
	}
	return 1 + bytes.Count(b[:offset], []byte("\n"))
}

// dropBroken removes the captions of broken pictures and lists those pictures.
// Any other picture without a caption is an error.
func (r *captionReader) dropBroken(benchmark string, c captioner, dir string) ([]string, error) {
	var broken, missing []string
	for _, id := range slices.Sorted(maps.Keys(r.wanted)) {
		text, ok := r.texts[id]
		switch {
		case !ok:
			missing = append(missing, id)
		case benchmark == brokenBenchmark && c.name == "blip2" && text == brokenCaption:
			broken = append(broken, id)
			delete(r.texts, id)
		}
	}
	if benchmark == brokenBenchmark && c.name == "catr" && len(missing) <= numBroken {
		return missing, nil
	}
	if len(missing) > 0 {
		return nil, &mmibx.InputError{File: filepath.Join(dir, filepath.Dir(c.files[0])), Key: missing[0],
			Found:    fmt.Sprintf("no caption by %s (nor of %d more pictures)", c.name, len(missing)-1),
			Expected: fmt.Sprintf("one of each of %d pictures", len(r.wanted)),
			Cure:     "use the files as published, or another evidence.captioner"}
	}
	return broken, nil
}
