package datasets

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Shown lists, sorted, those pictures of a set that evidence can be computed of:
// their files are in the folder, and they are not known to be broken. What else
// the set names is to be blank.
func (f *PictureFolder) Shown(set *Set, dataDir string) ([]string, error) {
	broken, err := KnownBroken(set, dataDir)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(pictures(set))) {
		_, err := f.Path(id)
		if errors.Is(err, mmibx.ErrNotFound) || slices.Contains(broken, id) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// KnownBroken lists the pictures of a set that are broken in the public files,
// as BLIP-2's captions give it away; nil where those do not lie beside them.
func KnownBroken(set *Set, dataDir string) ([]string, error) {
	if set.Benchmark.Name != brokenBenchmark {
		return nil, nil
	}
	captions, err := Captions(set, dataDir, "blip2")
	if errors.Is(err, mmibx.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return captions.Broken, nil
}

// featureFolder holds the feature files of a benchmark, by name.
const featureFolder = "features"

// FeatureNames lists the feature files in the folder of a benchmark, sorted.
func FeatureNames(dir string) ([]string, error) {
	files, err := os.ReadDir(filepath.Join(dir, featureFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, file := range files {
		if name, ok := strings.CutSuffix(file.Name(), ".safetensors"); ok {
			names = append(names, name)
		}
	}
	return names, err
}

// FeatureFile is the path of a benchmark's feature file NAME, within the folder of
// the benchmark.
func FeatureFile(name string) (string, error) {
	if name == "" || name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return "", &mmibx.InputError{Key: "evidence.features", Found: quote(name), Expected: "the NAME of " + featureFolder + "/NAME.safetensors in the benchmark's folder"}
	}
	return filepath.Join(featureFolder, name+".safetensors"), nil
}
