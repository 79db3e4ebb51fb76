package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
)

// Evidence is one source of evidence of a benchmark.
type Evidence struct {
	Kind string // captions, features, pixels or list
	Name string // captioner, feature file, folder or list
	// Named says that the evidence comes as named files, whose names and order may
	// give something away; a model that reads captions never sees a name.
	Named bool
	// Shapes reads the shapes of a split; mmibx.ErrNotFound where the source has
	// none of it.
	Shapes func(ctx context.Context, split mmibx.Split) ([]Shape, error)
}

// listEvidence is a published list as evidence of a set.
func listEvidence(set *datasets.Set, l List) Evidence {
	return Evidence{Kind: "list", Name: l.Name, Named: true, Shapes: func(_ context.Context, split mmibx.Split) ([]Shape, error) {
		if l.Files[split] == "" {
			return nil, fmt.Errorf("%w: %s has no file of %s", mmibx.ErrNotFound, l.Name, split)
		}
		return l.Shapes(split, set.Examples[split])
	}}
}

// sources lists the evidence of a set that is there, as a run would read it.
func sources(set *datasets.Set, dataDir string, pictures *album) ([]Evidence, error) {
	if set.Benchmark.Miniature {
		return []Evidence{{Kind: "pixels", Name: "generated", Shapes: miniature(set)}}, nil
	}
	all, err := captions(set, dataDir)
	if err != nil {
		return nil, err
	}
	files, err := featureFiles(set, dataDir)
	if err != nil {
		return nil, err
	}
	if all = append(all, files...); pictures.folder != nil {
		all = append(all, pictures.evidence(set))
	}
	return all, nil
}

// byPicture are shapes that follow from the picture's id.
func byPicture(set *datasets.Set, of func(id string) ([]Item, error)) func(context.Context, mmibx.Split) ([]Shape, error) {
	return func(ctx context.Context, split mmibx.Split) ([]Shape, error) {
		known := map[string][]Item{"": nil}
		shapes := make([]Shape, len(set.Examples[split]))
		for i, e := range set.Examples[split] {
			items, ok := known[e.Image]
			if !ok {
				var err error
				if err = ctx.Err(); err == nil {
					items, err = of(e.Image)
				}
				if err != nil {
					return nil, err
				}
				known[e.Image] = items
			}
			shapes[i].Items = items
		}
		return shapes, nil
	}
}

func miniature(set *datasets.Set) func(context.Context, mmibx.Split) ([]Shape, error) {
	return byPicture(set, func(id string) ([]Item, error) {
		img, err := datasets.MiniPicture(set.Benchmark.Name, id)
		if err != nil {
			return nil, err
		}
		return []Item{{Size: []float64{float64(img.Bounds().Dx()), float64(img.Bounds().Dy())}}}, nil
	})
}

// captions are the sentences of each captioner whose files are there.
func captions(set *datasets.Set, dataDir string) ([]Evidence, error) {
	names, err := datasets.Captioners(dataDir, set.Benchmark.Name)
	if err != nil {
		return nil, err
	}
	var all []Evidence
	for _, captioner := range names {
		c, err := datasets.Captions(set, dataDir, captioner)
		if errors.Is(err, mmibx.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, Evidence{Kind: "captions", Name: captioner, Shapes: byPicture(set, func(id string) ([]Item, error) {
			text, ok := c.Texts[id]
			if !ok {
				return nil, nil
			}
			words := strings.Fields(text)
			return []Item{{Size: []float64{float64(len(words)), float64(len([]rune(text)))}, Zero: len(words) == 0}}, nil
		})})
	}
	return all, nil
}

// featureFiles are the files of vectors in the benchmark's folder. The name of a
// picture is not known to a model that reads them.
func featureFiles(set *datasets.Set, dataDir string) ([]Evidence, error) {
	names, err := datasets.FeatureNames(filepath.Join(dataDir, set.Benchmark.Name))
	if err != nil {
		return nil, err
	}
	var all []Evidence
	for _, name := range names {
		file, err := datasets.FeatureFile(name)
		if err != nil {
			return nil, err
		}
		f, err := datasets.ReadFeatures(filepath.Join(dataDir, set.Benchmark.Name, file))
		if err != nil {
			return nil, err
		}
		row := numbering{}
		for _, id := range f.IDs {
			row.of(id)
		}
		all = append(all, Evidence{Kind: "features", Name: name, Shapes: byPicture(set, func(id string) ([]Item, error) {
			at, ok := row[id]
			if !ok {
				return nil, nil
			}
			return vectors(&f.Table, at), nil
		})})
	}
	return all, nil
}

// vectors are the rows of a picture that are not masked.
func vectors(t *mmibx.EvidenceTable, picture int) []Item {
	var items []Item
	for row := picture * t.Rows; row < (picture+1)*t.Rows; row++ {
		if t.Masked[row] {
			continue
		}
		item := Item{Zero: true}
		for _, v := range t.Values[row*t.Width : (row+1)*t.Width] {
			item.Zero = item.Zero && v == 0
		}
		items = append(items, item)
	}
	return items
}

// album remembers the pictures of a folder that have been decoded.
type album struct {
	folder *datasets.PictureFolder // nil: none
	items  map[string][]Item
	broken map[string]string // what is wrong with a picture, by id
}

func openAlbum(set *datasets.Set, dataDir string) (*album, error) {
	a := &album{items: map[string][]Item{}, broken: map[string]string{}}
	if set.Benchmark.Miniature {
		return a, nil
	}
	var err error
	if a.folder, err = datasets.OpenPictures(dataDir, set.Benchmark.Name); errors.Is(err, mmibx.ErrNotFound) {
		return a, nil
	}
	return a, err
}

// item decodes a picture; none where it is not there or broken, as a run has it.
func (a *album) item(id string) ([]Item, error) {
	items, ok := a.items[id]
	if ok {
		return items, nil
	}
	path, err := a.folder.Path(id)
	if errors.Is(err, mmibx.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	img, err := datasets.ReadPicture(path)
	if fault, bad := errors.AsType[*mmibx.InputError](err); bad {
		a.broken[id] = path + ": " + fault.Found
	} else if err != nil {
		return nil, err
	} else {
		items = []Item{{Name: id, Size: []float64{float64(info.Size()), float64(img.Bounds().Dx()), float64(img.Bounds().Dy())}}}
	}
	a.items[id] = items
	return items, nil
}

// evidence is the folder as a source.
func (a *album) evidence(set *datasets.Set) Evidence {
	return Evidence{Kind: "pixels", Name: a.folder.Dir, Named: true, Shapes: byPicture(set, a.item)}
}
