package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

// List is a published list of evidence, a file per split: object crops, boxes or
// phrases, keyed by picture or by the position of the example from 0.
type List struct {
	// Name is the path of its files, the split's name in them as {split}.
	Name  string
	Files map[mmibx.Split]string
}

// splitWords are the names of splits in file names.
var splitWords = map[string]mmibx.Split{"train": mmibx.Train, "dev": mmibx.Dev, "val": mmibx.Dev, "valid": mmibx.Dev, "test": mmibx.Test}

var splitWord = regexp.MustCompile(`(?:^|[^a-z])(train|dev|valid|val|test)(?:[^a-z]|$)`)

// FindLists finds the lists (.json, or .pth and .pt of torch.save) of a folder,
// or the one that a file belongs to. Files whose names differ in the name of the
// split only (train; dev, val or valid; test) are one list.
func FindLists(path string) ([]List, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no evidence %s", mmibx.ErrNotFound, path)
	}
	if err != nil {
		return nil, err
	}
	dir := path
	if !info.IsDir() {
		dir = filepath.Dir(path)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	lists := map[string]*List{}
	wanted, _ := patternOf(filepath.Base(path))
	for _, entry := range entries {
		name, split := patternOf(entry.Name())
		if split == "" || entry.IsDir() || !info.IsDir() && name != wanted {
			continue
		}
		if lists[name] == nil {
			lists[name] = &List{Name: filepath.Join(dir, name), Files: map[mmibx.Split]string{}}
		}
		file := filepath.Join(dir, entry.Name())
		if other, taken := lists[name].Files[split]; taken {
			return nil, &mmibx.InputError{File: file, Found: "two files of " + string(split) + ", the other " + other, Expected: "one"}
		}
		lists[name].Files[split] = file
	}
	if len(lists) == 0 {
		return nil, &mmibx.InputError{File: path, Found: "no list of evidence",
			Expected: "files .json or .pth whose names hold the split: train; dev, val or valid; test"}
	}
	var all []List
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		all = append(all, *lists[name])
	}
	return all, nil
}

// patternOf replaces the split in the name of a list's file by {split}; no split
// where the name is none of a list.
func patternOf(name string) (pattern string, split mmibx.Split) {
	switch filepath.Ext(name) {
	case ".json", ".pth", ".pt":
	default:
		return name, ""
	}
	at := splitWord.FindStringSubmatchIndex(name)
	if at == nil {
		return name, ""
	}
	return name[:at[2]] + "{split}" + name[at[3]:], splitWords[name[at[2]:at[3]]]
}

// Shapes reads the shapes of a split's examples; nil for examples that the list
// does not name.
func (l *List) Shapes(split mmibx.Split, examples []mmibx.Example) ([]Shape, error) {
	path := l.Files[split]
	read := readJSON
	if filepath.Ext(path) != ".json" {
		read = weights.ReadPlain
	}
	value, err := read(path)
	if err != nil {
		return nil, err
	}
	entries, err := keyed(path, value)
	if err != nil {
		return nil, err
	}
	key, err := joinBy(path, entries, examples)
	if err != nil {
		return nil, err
	}
	shapes := make([]Shape, len(examples))
	for i := range examples {
		k := key(i)
		if entries[k] == nil {
			continue
		}
		var fault *mmibx.InputError
		if shapes[i].Items, fault = itemsOf(entries[k]); fault != nil {
			fault.File, fault.Key = path, k
			return nil, fault
		}
	}
	return shapes, nil
}

func readJSON(path string) (any, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return nil, &mmibx.InputError{File: path, Found: err.Error(), Expected: "JSON"}
	}
	return v, nil
}

// keyed makes a dictionary of a list, by position.
func keyed(path string, value any) (map[string]any, error) {
	switch v := value.(type) {
	case map[string]any:
		return v, nil
	case []any:
		m := make(map[string]any, len(v))
		for i, item := range v {
			m[strconv.Itoa(i)] = item
		}
		return m, nil
	}
	return nil, &mmibx.InputError{File: path, Found: fmt.Sprintf("a %T", value), Expected: "a dictionary by picture or position, or a list by position"}
}

// joinBy says how the entries are keyed: by the example's picture, or its
// position in the split. Keys by picture must be those of the split for the most
// part, and keys by position all: a list of other tweets would say nothing.
func joinBy(path string, entries map[string]any, examples []mmibx.Example) (func(int) string, error) {
	pictured, found, keys := 0, 0, map[string]bool{}
	for i := range examples {
		if examples[i].Image == "" {
			continue
		}
		pictured++
		if _, ok := entries[examples[i].Image]; ok {
			found++
			keys[examples[i].Image] = true
		}
	}
	if 2*len(keys) >= len(entries) && 2*found >= pictured && found > 0 {
		return func(i int) string { return examples[i].Image }, nil
	}
	for key := range entries {
		if n, err := strconv.Atoi(key); err == nil && 0 <= n && n < len(examples) {
			continue
		}
		if found > 0 {
			return nil, &mmibx.InputError{File: path, Found: fmt.Sprintf("%d of %d keys that are pictures of the split, for %d of %d examples with a picture", len(keys), len(entries), found, pictured),
				Expected: "at least half of either", Cure: "is this the list of another split, or of another version of the benchmark?"}
		}
		return nil, &mmibx.InputError{File: path, Key: key, Found: "a key that is neither a picture of the split nor a position in it",
			Expected: fmt.Sprintf("pictures such as %s, or the numbers 0 to %d", examples[0].Image, len(examples)-1)}
	}
	return strconv.Itoa, nil
}

// itemsOf reads an entry: names of crops, boxes (numbers), or a phrase, whose
// words are its items.
func itemsOf(entry any) ([]Item, *mmibx.InputError) {
	switch v := entry.(type) {
	case string:
		words := strings.Fields(v)
		items := make([]Item, len(words))
		for i, w := range words {
			items[i].Size = []float64{float64(len([]rune(w)))}
		}
		return items, nil
	case []any:
		items := make([]Item, len(v))
		for i, piece := range v {
			var fault *mmibx.InputError
			if items[i], fault = itemOf(piece); fault != nil {
				return nil, fault
			}
		}
		return items, nil
	}
	return nil, &mmibx.InputError{Found: fmt.Sprintf("a %T", entry), Expected: "a list of names or boxes, or a text"}
}

// itemOf reads a name, or a box of numbers: left, top, right and bottom give its
// width and height, other numbers are sizes.
func itemOf(piece any) (Item, *mmibx.InputError) {
	switch v := piece.(type) {
	case string:
		return Item{Name: v}, nil
	case []any:
		item := Item{Zero: true}
		for _, number := range v {
			n, ok := toFloat(number)
			if !ok {
				return item, &mmibx.InputError{Found: fmt.Sprintf("%v in a box", number), Expected: "numbers"}
			}
			item.Zero = item.Zero && n == 0
			item.Size = append(item.Size, n)
		}
		if len(item.Size) == 4 {
			item.Size = []float64{(item.Size[2] - item.Size[0]) * (item.Size[3] - item.Size[1]), item.Size[2] - item.Size[0], item.Size[3] - item.Size[1]}
		}
		return item, nil
	}
	return Item{}, &mmibx.InputError{Found: fmt.Sprintf("a %T", piece), Expected: "the name of a crop, or a box of numbers"}
}

func toFloat(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int64:
		return float64(n), true
	}
	return 0, false
}
