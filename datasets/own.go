package datasets

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/tomlfile"
)

// ownFile describes a benchmark of the user's own, in the benchmark's folder.
const ownFile = "benchmark.toml"

// own is what a benchmark.toml says (docs/guide/own-benchmark.md).
type own struct {
	Title    string   `toml:"title"`
	Head     string   `toml:"head"`     // entities or relations
	Format   string   `toml:"format"`   // of ownFormats
	Labels   []string `toml:"labels"`   // entity types, or relations with None first
	Evidence []string `toml:"evidence"` // kinds, the usual one first
	Splits   struct {
		Train string `toml:"train"`
		Dev   string `toml:"dev"`
		Test  string `toml:"test"`
	} `toml:"splits"`
	Columns struct {
		Separator string `toml:"separator"` // tab or space
		Token     int    `toml:"token"`     // from 1
		Tag       int    `toml:"tag"`       // from 1
		Image     string `toml:"image"`     // beginning of the line that names a tweet's picture
	} `toml:"columns"`
	Keys     pairKeys          `toml:"keys"`
	Captions map[string]string `toml:"captions"` // file by captioner

	file  string
	lines tomlfile.Lines
}

// ownFormats are the formats of each head.
var ownFormats = map[string][]string{"entities": {"conll"}, "relations": {"jsonl", "literals"}}

// ownEvidence are the kinds of evidence that need nothing but the folder.
var ownEvidence = []string{"captions", "features", "pixels"}

// RegisterOwn makes the benchmarks known whose folders under dataDir hold a
// benchmark.toml; the name of the folder is the benchmark's. The error joins one
// *mmibx.InputError, with line and key, for each file that is none; all others are
// known even so. A folder that is not there has none.
func RegisterOwn(dataDir string) error {
	if dataDir == "" {
		return nil
	}
	folders, err := os.ReadDir(dataDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("benchmarks: %w", err)
	}
	var faults []error
	for _, folder := range folders {
		file := filepath.Join(dataDir, folder.Name(), ownFile)
		o, err := readOwn(file)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			continue // no folder of a benchmark
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if !mmibx.RegisterBenchmark(o.benchmark()) {
			faults = append(faults, &mmibx.InputError{File: file, Found: fmt.Sprintf("the name %s of a benchmark that is built in", quote(o.name())), Expected: "a folder of another name"})
		}
	}
	return errors.Join(faults...)
}

func (o *own) name() string { return filepath.Base(filepath.Dir(o.file)) }

func (o *own) benchmark() mmibx.Benchmark {
	task := mmibx.MNER
	if o.Head == "relations" {
		task = mmibx.MRE
	}
	return mmibx.Benchmark{Name: o.name(), Title: cmp.Or(o.Title, o.name()), Task: task, Own: true, Evidence: o.Evidence}
}

func readOwn(file string) (*own, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	o := &own{file: file}
	o.Columns.Separator, o.Columns.Token, o.Columns.Tag, o.Columns.Image = "tab", 1, 2, imageLine
	o.Keys = mnreKeys
	meta, err := tomlfile.Decode(file, string(b), o, "a description of a benchmark")
	if err != nil {
		return nil, err
	}
	o.lines = tomlfile.LinesOf(string(b))
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		fault := o.fault(unknown[0].String(), "an unknown key", "a key of docs/guide/own-benchmark.md")
		if near := mmibx.Nearest(unknown[0].String(), ownKeys); near != "" {
			fault.Cure = "did you mean " + near + "?"
		}
		return nil, fault
	}
	if fault := o.check(); fault != nil {
		return nil, fault
	}
	return o, nil
}

// ownKeys are the keys of a benchmark.toml.
var ownKeys = []string{
	"title", "head", "format", "labels", "evidence", "splits.train", "splits.dev", "splits.test",
	"columns.separator", "columns.token", "columns.tag", "columns.image", "captions", "keys.tokens", "keys.head", "keys.tail", "keys.image", "keys.relation",
}

// fault is a fault at a key, with the line of it or of what should hold it.
func (o *own) fault(key, found, expected string) *mmibx.InputError {
	return &mmibx.InputError{File: o.file, Line: o.lines.Of(strings.Split(key, ".")...), Key: key, Found: found, Expected: expected}
}

func (o *own) check() *mmibx.InputError {
	formats, ok := ownFormats[o.Head]
	if !ok {
		return o.fault("head", quote(o.Head), `"entities" (a tag per word) or "relations" (a relation per pair)`)
	}
	if !slices.Contains(formats, o.Format) {
		return o.fault("format", quote(o.Format), "for "+o.Head+" "+strings.Join(formats, " or "))
	}
	for _, kind := range o.Evidence {
		if !slices.Contains(ownEvidence, kind) {
			return o.fault("evidence", quote(kind), strings.Join(ownEvidence, " or "))
		}
	}
	if len(o.Evidence) == 0 {
		return o.fault("evidence", "none", `kinds, the usual one first, such as ["features"]; a text-only model needs no file of it`)
	}
	if fault := o.checkCaptions(); fault != nil {
		return fault
	}
	files := o.files()
	for _, split := range mmibx.Splits {
		if name := files[split]; !filepath.IsLocal(name) {
			return o.fault("splits."+string(split), quote(name), "the path of a file within the benchmark's folder")
		}
	}
	if o.Head == "entities" {
		if fault := o.checkColumns(); fault != nil {
			return fault
		}
	}
	return o.checkLabels()
}

// checkCaptions makes sure that captions are a kind of evidence exactly where there
// are files of them.
func (o *own) checkCaptions() *mmibx.InputError {
	if wanted := slices.Contains(o.Evidence, "captions"); wanted && len(o.Captions) == 0 {
		return o.fault("evidence", `"captions"`, `a table [captions] with a file for each captioner, such as blip2 = "captions.json"`)
	} else if !wanted && len(o.Captions) > 0 {
		return o.fault("captions", "captions", `"captions" among evidence, or no such table`)
	}
	for _, c := range o.captioners() {
		if name := c.files[0]; !filepath.IsLocal(name) {
			return o.fault("captions."+c.name, quote(name), "the path of a file within the benchmark's folder")
		}
	}
	return nil
}

// captioners lists those of the benchmark, as they stand in its benchmark.toml.
func (o *own) captioners() []captioner {
	line := func(name string) int { return o.lines.Of("captions", name) }
	names := slices.SortedFunc(maps.Keys(o.Captions), func(a, b string) int {
		return cmp.Or(cmp.Compare(line(a), line(b)), cmp.Compare(a, b))
	})
	all := make([]captioner, len(names))
	for i, name := range names {
		all[i] = captioner{name, []string{o.Captions[name]}, (*captionReader).object}
	}
	return all
}

func (o *own) checkColumns() *mmibx.InputError {
	if c := o.Columns; c.Separator != "tab" && c.Separator != "space" {
		return o.fault("columns.separator", quote(c.Separator), `"tab", between which a token may be any text, or "space", for any white space`)
	} else if c.Token < 1 || c.Tag < 1 || c.Token == c.Tag {
		return o.fault("columns.tag", fmt.Sprintf("token in column %d, tag in column %d", c.Token, c.Tag), "two columns, from 1")
	} else if strings.TrimSpace(c.Image) == "" || strings.Contains(c.Image, "\t") {
		return o.fault("columns.image", quote(c.Image), "how the line begins that names a picture, without tabs, such as "+quote(imageLine))
	}
	return nil
}

func (o *own) checkLabels() *mmibx.InputError {
	seen := map[string]bool{}
	for _, label := range o.Labels {
		switch {
		case label == "" || label == "O" && o.Head == "entities" || strings.ContainsAny(label, "\t\n"):
			return o.fault("labels", quote(label), "names of types or relations")
		case seen[label]:
			return o.fault("labels", quote(label)+" twice", "each label once")
		}
		seen[label] = true
	}
	if o.Head == "relations" && (len(o.Labels) < 2 || o.Labels[0] != mmibx.NoRelation) {
		return o.fault("labels", fmt.Sprintf("%q", o.Labels), "None first, which scores leave out, and then a relation at least")
	}
	if len(o.Labels) == 0 || o.Head == "entities" && seen[mmibx.NoRelation] {
		return o.fault("labels", fmt.Sprintf("%q", o.Labels), "entity types, without None")
	}
	return nil
}

func (o *own) files() map[mmibx.Split]string {
	return map[mmibx.Split]string{mmibx.Train: o.Splits.Train, mmibx.Dev: o.Splits.Dev, mmibx.Test: o.Splits.Test}
}

// openOwn reads a benchmark by its benchmark.toml, which is one of the files
// whose digests a run is known by.
func openOwn(b mmibx.Benchmark, dir string) (*Set, error) {
	r := opener{dir: dir, set: &Set{Benchmark: b, Examples: map[mmibx.Split][]mmibx.Example{}, Digests: map[string]string{}}}
	path, _, err := r.file(ownFile)
	if err != nil {
		return nil, err
	}
	o, err := readOwn(path)
	if err != nil {
		return nil, err
	}
	r.set.Labels = o.Labels
	files := o.files()
	for _, split := range mmibx.Splits {
		path, text, err := r.file(files[split])
		if err != nil {
			return nil, err
		}
		if r.set.Examples[split], err = o.parse(&r, path, split, text); err != nil {
			return nil, err
		}
	}
	return r.set, nil
}

func (o *own) parse(r *opener, path string, split mmibx.Split, text []byte) ([]mmibx.Example, error) {
	if o.Head == "relations" {
		parse := parseLiteral
		if o.Format == "jsonl" {
			parse = parseJSONValue
		}
		return parsePairs(path, split, text, pairFormat{keys: o.Keys, relations: o.Labels, parse: parse})
	}
	layout := conllLayout{token: o.Columns.Token - 1, tag: o.Columns.Tag - 1, spaces: o.Columns.Separator == "space", image: o.Columns.Image}
	examples, err := parseTagged(path, split, text, layout)
	if err != nil {
		return nil, err
	}
	return examples, r.checkTypes(path, examples)
}
