package weights

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Pending is a tensor that is not in memory: Bytes makes its numbers, row-major
// and little-endian, when their turn to be written has come.
type Pending struct {
	Name  string
	DType DType
	Shape []int64
	Bytes func() ([]byte, error)
}

func pending(tensors []Named) []Pending {
	all := make([]Pending, len(tensors))
	for i, t := range tensors {
		all[i] = Pending{t.Name, t.DType, t.Shape, func() ([]byte, error) { return t.Bytes, nil }}
	}
	return all
}

// WriteFile writes a safetensors file: it appears under its name when it is
// whole and on disk, or not at all.
func WriteFile(path string, tensors []Named, metadata map[string]string) error {
	return WritePending(path, pending(tensors), metadata)
}

// WritePending is WriteFile for tensors that need not fit into memory together.
func WritePending(path string, tensors []Pending, metadata map[string]string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	whole := false
	defer func() {
		if !whole { // an error, or a panic while numbers were made
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f, tensors, metadata); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	whole = true
	dir, err := os.Open(filepath.Dir(path)) // the name must be on disk too
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Write writes tensors in safetensors' format. The same tensors in any order
// give the same bytes, those of the format's own library: wide elements first,
// then by name, the header padded to eight bytes.
func Write(w io.Writer, tensors []Named, metadata map[string]string) error {
	return write(w, pending(tensors), metadata)
}

func write(w io.Writer, tensors []Pending, metadata map[string]string) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Pending) int {
		x, _ := a.DType.rank()
		y, _ := b.DType.rank()
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(a.Name, b.Name))
	})
	header, err := header(sorted, metadata)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := binary.Write(out, binary.LittleEndian, uint64(len(header))); err != nil {
		return err
	}
	if _, err := out.Write(header); err != nil {
		return err
	}
	for _, t := range sorted {
		b, err := t.Bytes()
		if size, _ := byteSize(t.DType, t.Shape); err == nil && size != uint64(len(b)) {
			err = fmt.Errorf("%d bytes do not fill %s of shape %v", len(b), t.DType, t.Shape)
		}
		if err == nil {
			_, err = out.Write(b)
		}
		if err != nil {
			return fmt.Errorf("tensor %s: %w", t.Name, err)
		}
	}
	return out.Flush()
}

// header is the JSON object that describes sorted tensors, whose keys are in
// the order of the data.
func header(sorted []Pending, metadata map[string]string) ([]byte, error) {
	b := bytes.NewBufferString("{")
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	field := func(key string, value any) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		if err := enc.Encode(key); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1) // Encode's newline
		b.WriteByte(':')
		if err := enc.Encode(value); err != nil {
			return err
		}
		b.Truncate(b.Len() - 1)
		return nil
	}
	if metadata != nil {
		if err := field(metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{metadataKey: true}
	at := int64(0)
	for _, t := range sorted {
		size, ok := byteSize(t.DType, t.Shape)
		if !ok || t.DType.Size() == 0 {
			return nil, fmt.Errorf("tensor %s: nothing is %s of shape %v", t.Name, t.DType, t.Shape)
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("tensor %s: the name is taken", t.Name)
		}
		seen[t.Name] = true
		end := at + int64(size)
		if err := field(t.Name, entry{t.DType, append([]int64{}, t.Shape...), [2]int64{at, end}}); err != nil {
			return nil, err
		}
		at = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	return b.Bytes(), nil
}
