package weights

import (
	"fmt"
	"os"
)

// ReadPlain reads a file of torch.save that holds no tensor but plain data, such
// as lists of names: nil, bool, int64, float64, string, []any and
// map[string]any, whose keys are printed where they were numbers. As with
// OpenTorch nothing in the file is executed. What is not plain is an error.
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
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
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
				return nil, fmt.Errorf("a key of type %T, expected a string or a whole number", key)
			}
			item, err := plain(v.values[i], depth+1)
			if err != nil {
				return nil, fmt.Errorf("%v: %w", key, err)
			}
			out[fmt.Sprint(key)] = item
		}
		return out, nil
	}
	return nil, fmt.Errorf("a value of type %T, expected plain data", value)
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
