package datasets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

// Features are vectors of pictures, computed before and outside of training.
type Features struct {
	// IDs names the pictures of Table in order, as Example.Image spells them.
	IDs []string
	// Table holds their vectors. Row 0 of a picture is the whole of it and is
	// never masked; masked rows are zeros.
	Table mmibx.EvidenceTable
	// Encoder and Preprocessing say in free words where the vectors come from.
	Encoder, Preprocessing string
}

// The names within a feature file; docs/reference/evidence.md describes them.
const (
	featuresTensor = "features" // [P, rows, width] or [P, width]
	paddingTensor  = "padding"  // [P, rows], may be left out

	schemaKey        = "mmibx.schema"
	idsKey           = "mmibx.ids"
	encoderKey       = "mmibx.encoder"
	preprocessingKey = "mmibx.preprocessing"

	featureSchema = "features/1"
)

// ReadFeatures reads a feature file. What does not follow the schema is an
// *mmibx.InputError; a file that is not there, mmibx.ErrNotFound.
func ReadFeatures(path string) (*Features, error) {
	file, err := weights.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no feature file %s; mmibx features makes one from a folder of pictures", mmibx.ErrNotFound, path)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f, err := readFeatures(file)
	if e, ok := errors.AsType[*mmibx.InputError](err); ok && e.File == "" {
		e.File = path
	}
	return f, err
}

func readFeatures(file *weights.File) (*Features, error) {
	if got := file.Metadata[schemaKey]; got != featureSchema {
		return nil, &mmibx.InputError{Key: schemaKey, Found: quote(got), Expected: quote(featureSchema) + " in the metadata",
			Cure: "write the file as docs/reference/evidence.md says"}
	}
	f := &Features{Encoder: file.Metadata[encoderKey], Preprocessing: file.Metadata[preprocessingKey]}
	if err := json.Unmarshal([]byte(file.Metadata[idsKey]), &f.IDs); err != nil {
		return nil, &mmibx.InputError{Key: idsKey, Found: quote(file.Metadata[idsKey]), Expected: "a JSON list of picture ids in the metadata"}
	}
	if err := f.readTable(file); err != nil {
		return nil, err
	}
	return f, f.check()
}

// readTable reads the tensors, whose shapes follow from the ids and each other.
func (f *Features) readTable(file *weights.File) error {
	shape, dtype, ok := file.Shape(featuresTensor)
	if !ok {
		return &mmibx.InputError{Key: featuresTensor, Found: "the tensors " + quote(strings.Join(file.Names(), " ")), Expected: "one of that name"}
	}
	if len(shape) == 2 {
		shape = []int64{shape[0], 1, shape[1]}
	}
	pictures := int64(len(f.IDs))
	if len(shape) != 3 || pictures == 0 || shape[0] != pictures || shape[1] < 1 || shape[2] < 1 {
		return &mmibx.InputError{Key: featuresTensor, Found: fmt.Sprintf("shape %v with %d ids", shape, pictures),
			Expected: "[pictures, rows, width] or [pictures, width], as many pictures as ids and at least one"}
	}
	if dtype != weights.F32 && dtype != weights.F16 && dtype != weights.BF16 {
		return &mmibx.InputError{Key: featuresTensor, Found: string(dtype), Expected: "F32, F16 or BF16"}
	}
	tensor, err := file.Tensor(featuresTensor)
	if err != nil {
		return err
	}
	values, err := tensor.Floats()
	if err != nil {
		return err
	}
	f.Table = mmibx.EvidenceTable{Rows: int(shape[1]), Width: int(shape[2]), Values: values, Masked: make([]bool, shape[0]*shape[1])}
	return f.readPadding(file)
}

func (f *Features) readPadding(file *weights.File) error {
	shape, dtype, ok := file.Shape(paddingTensor)
	if !ok {
		return nil
	}
	if dtype != weights.BOOL || len(shape) != 2 || shape[0] != int64(len(f.IDs)) || shape[1] != int64(f.Table.Rows) {
		return &mmibx.InputError{Key: paddingTensor, Found: fmt.Sprintf("%s of shape %v", dtype, shape),
			Expected: fmt.Sprintf("BOOL of shape [%d, %d]", len(f.IDs), f.Table.Rows)}
	}
	tensor, err := file.Tensor(paddingTensor)
	if err != nil {
		return err
	}
	for i, b := range tensor.Bytes {
		f.Table.Masked[i] = b != 0
	}
	return nil
}

// check holds features to what a model relies on, and clears masked rows.
func (f *Features) check() error {
	t := &f.Table
	if len(f.IDs) == 0 || t.Rows < 1 || t.Width < 1 || len(t.Masked) != len(f.IDs)*t.Rows || len(t.Values) != len(t.Masked)*t.Width {
		return &mmibx.InputError{Key: featuresTensor, Expected: fmt.Sprintf("%d pictures, one per id and at least one", len(f.IDs)),
			Found: fmt.Sprintf("%d numbers and %d marks for rows of %d x %d", len(t.Values), len(t.Masked), t.Rows, t.Width)}
	}
	seen := make(map[string]bool, len(f.IDs))
	for i, id := range f.IDs {
		if id == "" || seen[id] {
			return &mmibx.InputError{Key: idsKey, Found: fmt.Sprintf("%s at position %d", quote(id), i), Expected: "ids that are not empty, each once"}
		}
		seen[id] = true
		if t.Masked[i*t.Rows] {
			return &mmibx.InputError{Key: paddingTensor, Found: "row 0 of " + id + " as padding", Expected: "the whole picture in row 0",
				Cure: "leave a picture without vectors out: it counts as blank"}
		}
	}
	for row, masked := range t.Masked {
		values := t.Values[row*t.Width : (row+1)*t.Width]
		if masked {
			clear(values)
			continue
		}
		for k, v := range values {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return &mmibx.InputError{Key: featuresTensor, Found: fmt.Sprintf("%v in %s, row %d, column %d", v, f.IDs[row/t.Rows], row%t.Rows, k), Expected: "finite numbers"}
			}
		}
	}
	return nil
}

// WriteFeatures writes a feature file, of 32 bits per number: it appears under
// its name whole or not at all. The same features give the same bytes. Masked
// rows of f are cleared.
func WriteFeatures(path string, f *Features) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("features: %w", err)
	}
	list, err := json.Marshal(f.IDs)
	if err != nil {
		return err
	}
	pictures, rows, width := int64(len(f.IDs)), int64(f.Table.Rows), int64(f.Table.Width)
	return weights.WriteFile(path, []weights.Named{
		{Name: featuresTensor, Tensor: weights.FromFloats([]int64{pictures, rows, width}, f.Table.Values)},
		{Name: paddingTensor, Tensor: weights.FromBools([]int64{pictures, rows}, f.Table.Masked)},
	}, map[string]string{schemaKey: featureSchema, idsKey: string(list), encoderKey: f.Encoder, preprocessingKey: f.Preprocessing})
}
