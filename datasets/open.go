package datasets

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// textFile names the file of each split, by task.
var textFile = map[mmibx.Task]map[mmibx.Split]string{
	mmibx.MNER: {mmibx.Train: "train.txt", mmibx.Dev: "valid.txt", mmibx.Test: "test.txt"},
	mmibx.MRE:  {mmibx.Train: "mnre_train.txt", mmibx.Dev: "mnre_val.txt", mmibx.Test: "mnre_test.txt"},
}

const relationsFile = "ours_rel2id.json"

// Open reads a real benchmark from dataDir/NAME, or generates a miniature one.
// One whose files are not there is mmibx.ErrNotFound.
func Open(name, dataDir string) (*Set, error) {
	b, ok := mmibx.LookupBenchmark(name)
	if !ok {
		fault := &mmibx.InputError{Key: "benchmark", Found: quote(name), Expected: "one of " + strings.Join(mmibx.BenchmarkNames(), ", ")}
		if near := mmibx.Nearest(name, mmibx.BenchmarkNames()); near != "" {
			fault.Cure = "did you mean " + near + "?"
		}
		return nil, fault
	}
	switch {
	case b.Miniature:
		return Mini(name)
	case b.Own:
		return openOwn(b, filepath.Join(dataDir, name))
	}
	return OpenFolder(b, filepath.Join(dataDir, name))
}

// OpenFolder reads a benchmark whose files lie in dir, in the formats and by
// the names of the real ones; a miniature one that was written out reads back.
func OpenFolder(b mmibx.Benchmark, dir string) (*Set, error) {
	r := opener{dir: dir, set: &Set{
		Benchmark: b,
		Labels:    slices.Clone(entityTypes),
		Examples:  map[mmibx.Split][]mmibx.Example{},
		Digests:   map[string]string{},
	}}
	if b.Task == mmibx.MRE {
		if err := r.relations(); err != nil {
			return nil, err
		}
	}
	for _, split := range mmibx.Splits {
		if err := r.split(split); err != nil {
			return nil, err
		}
	}
	return r.set, nil
}

// opener reads the files of a folder into a set.
type opener struct {
	dir string
	set *Set
}

// file reads a file whole and notes its digest.
func (r *opener) file(name string) (path string, b []byte, err error) {
	path = filepath.Join(r.dir, name)
	b, err = os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil, fmt.Errorf("benchmark %s: %w: no file %s; --data or $MMIBX_DATA names the folder that holds %s/",
			r.set.Benchmark.Name, mmibx.ErrNotFound, path, r.set.Benchmark.Name)
	}
	if err != nil {
		return path, nil, fmt.Errorf("benchmark %s: %w", r.set.Benchmark.Name, err)
	}
	sum := sha256.Sum256(b)
	r.set.Digests[name] = hex.EncodeToString(sum[:])
	return path, b, nil
}

func (r *opener) relations() error {
	path, b, err := r.file(relationsFile)
	if err != nil {
		return err
	}
	r.set.Labels, err = parseRelations(path, b)
	return err
}

func (r *opener) split(split mmibx.Split) error {
	path, b, err := r.file(textFile[r.set.Benchmark.Task][split])
	if err != nil {
		return err
	}
	var examples []mmibx.Example
	if r.set.Benchmark.Task == mmibx.MRE {
		examples, err = parseMRE(path, split, r.set.Labels, b)
	} else if examples, err = parseMNER(path, split, b); err == nil {
		err = r.checkTypes(path, examples)
	}
	r.set.Examples[split] = examples
	return err
}

// checkTypes refuses tags whose type the benchmark does not have.
func (r *opener) checkTypes(path string, examples []mmibx.Example) error {
	for _, e := range examples {
		for i, tag := range e.Tags {
			if _, kind, ok := strings.Cut(tag, "-"); ok && !slices.Contains(r.set.Labels, kind) {
				return &mmibx.InputError{
					File: path, Key: e.ID, Found: fmt.Sprintf("type %s of the word %s", kind, quote(e.Tokens[i])),
					Expected: "one of " + strings.Join(r.set.Labels, ", "),
				}
			}
		}
	}
	return nil
}
