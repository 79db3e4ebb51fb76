package weights

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mmibx/mmibx"
)

// ReadPlain reads a file of torch.save that holds no tensor but plain data, such
// as lists of names: nil, bool, int64, float64, string, []any and
// map[string]any, whose keys are printed where they were numbers. As with
// OpenTorch nothing in the file is executed. What is not plain is an
// *mmibx.InputError, as are keys that print alike.
func ReadPlain(path string) (any, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	value, err := readPickle(file, info.Size())
	if err == nil {
		value, err = plain(value, 0)
	}
	if _, io := errors.AsType[*fs.PathError](err); io {
		return nil, err
	}
	if err != nil {
		return nil, &mmibx.InputError{File: path, Found: err.Error(), Expected: "plain data by torch.save: lists, dictionaries, numbers, texts"}
	}
	return value, nil
}

// plain turns the machine's containers into Go's.
func plain(value any, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("more than %d levels", maxNesting)
	}
	switch v := value.(type) {
	case nil, bool, int64, float64, string:
		return v, nil
	case *list:
		return plainList(v.items, depth)
	case tuple:
		return plainList(v, depth)
	case *dict:
		out := make(map[string]any, len(v.keys))
		for i, key := range v.keys {
			switch key.(type) {
			case string, int64:
			default:
				return nil, fmt.Errorf("a key that is a %T", key)
			}
			name := fmt.Sprint(key)
			if _, twice := out[name]; twice {
				return nil, fmt.Errorf("both the number and the text %s as keys of one dictionary", name)
			}
			item, err := plain(v.values[i], depth+1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = item
		}
		return out, nil
	}
	return nil, fmt.Errorf("a value that is a %T", value)
}

func plainList(items []any, depth int) (any, error) {
	out := make([]any, len(items))
	for i, item := range items {
		var err error
		if out[i], err = plain(item, depth+1); err != nil {
			return nil, fmt.Errorf("%d: %w", i, err)
		}
	}
	return out, nil
}
