package weights

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"os"
	"slices"

	"github.com/mmibx/mmibx"
)

// maxHeader bounds the header of a safetensors file, in bytes, as the format's
// own library does.
const maxHeader = 100_000_000

// metadataKey is the entry of a header that is not a tensor.
const metadataKey = "__metadata__"

// entry is a tensor as the header of a file describes it.
type entry struct {
	DType   DType    `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"` // begin and end, from the end of the header
}

// File is an open safetensors file. Tensors are read when they are asked for,
// from any goroutine.
type File struct {
	Metadata map[string]string

	path    string
	r       io.ReaderAt
	closer  io.Closer
	data    int64 // where tensors begin
	entries map[string]entry
}

// Open reads the header of a safetensors file and checks that its tensors fill
// the file without a gap or an overlap. The caller closes it.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	file, err := newFile(path, f, info.Size())
	if err != nil {
		f.Close()
		return nil, err
	}
	file.closer = f
	return file, nil
}

// newFile reads the header of size bytes in r.
func newFile(path string, r io.ReaderAt, size int64) (*File, error) {
	f := &File{path: path, r: r, entries: map[string]entry{}}
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, f.bad("", fmt.Sprintf("a file of %d bytes", size), "a safetensors file: 8 bytes of length, then a header")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, f.bad("", fmt.Sprintf("a header of %d bytes in a file of %d", n, size), fmt.Sprintf("a header that fits, of at most %d", maxHeader))
	}
	header := make([]byte, n)
	if _, err := r.ReadAt(header, 8); err != nil {
		return nil, fmt.Errorf("%s: header: %w", path, err)
	}
	f.data = 8 + int64(n)
	if err := f.parseHeader(header); err != nil {
		return nil, err
	}
	return f, f.checkLayout(size - f.data)
}

func (f *File) bad(tensor, found, expected string) error {
	return &mmibx.InputError{File: f.path, Key: tensor, Found: found, Expected: expected}
}

func (f *File) parseHeader(header []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(header, &raw); err != nil {
		return f.bad("header", err.Error(), "a JSON object")
	}
	for name, text := range raw {
		if name == metadataKey {
			if err := json.Unmarshal(text, &f.Metadata); err != nil {
				return f.bad(name, err.Error(), "strings")
			}
			continue
		}
		var e entry
		if err := json.Unmarshal(text, &e); err != nil {
			return f.bad(name, err.Error(), "dtype, shape and data_offsets")
		}
		if e.DType.Size() == 0 {
			return f.bad(name, fmt.Sprintf("dtype %q", e.DType), "one of "+dtypeNames())
		}
		size, ok := byteSize(e.DType, e.Shape)
		if begin, end := e.Offsets[0], e.Offsets[1]; !ok || begin < 0 || end < begin || uint64(end-begin) != size {
			return f.bad(name, fmt.Sprintf("%s of shape %v at bytes %d to %d", e.DType, e.Shape, begin, end), "a shape that fills them")
		}
		f.entries[name] = e
	}
	return nil
}

// byteSize multiplies a shape; false where it is negative or too large.
func byteSize(d DType, shape []int64) (uint64, bool) {
	size := uint64(d.Size())
	for _, n := range shape {
		high, low := bits.Mul64(size, uint64(n))
		if n < 0 || high != 0 {
			return 0, false
		}
		size = low
	}
	return size, size < 1<<62
}

// checkLayout checks that the tensors lie one after another in size bytes.
func (f *File) checkLayout(size int64) error {
	names := f.Names()
	slices.SortStableFunc(names, func(a, b string) int {
		x, y := f.entries[a].Offsets, f.entries[b].Offsets
		return slices.Compare(x[:], y[:])
	})
	at := int64(0)
	for _, name := range names {
		e := f.entries[name]
		if e.Offsets[0] != at {
			return f.bad(name, fmt.Sprintf("a tensor that begins at byte %d", e.Offsets[0]), fmt.Sprintf("%d, where the one before it ends", at))
		}
		at = e.Offsets[1]
		if at > size {
			return f.bad(name, fmt.Sprintf("a tensor that ends at byte %d of %d", at, size), "a file that was written whole")
		}
	}
	if at != size {
		return f.bad("", fmt.Sprintf("%d bytes after the last tensor", size-at), "none")
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.closer.Close() }

// Names lists the tensors, sorted.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.entries)) }

// Shape returns a tensor's shape and element type without reading it; false
// where the file has no such tensor.
func (f *File) Shape(name string) ([]int64, DType, bool) {
	e, ok := f.entries[name]
	return slices.Clone(e.Shape), e.DType, ok
}

// Tensor reads a tensor; mmibx.ErrNotFound where the file has none of that name.
func (f *File) Tensor(name string) (Tensor, error) {
	e, ok := f.entries[name]
	if !ok {
		return Tensor{}, missingTensor(f.path, name, f.Names())
	}
	t := Tensor{DType: e.DType, Shape: slices.Clone(e.Shape), Bytes: make([]byte, e.Offsets[1]-e.Offsets[0])}
	if len(t.Bytes) == 0 {
		return t, nil
	}
	if _, err := f.r.ReadAt(t.Bytes, f.data+e.Offsets[0]); err != nil {
		return Tensor{}, fmt.Errorf("%s: tensor %s: %w", f.path, name, err)
	}
	return t, nil
}

func missingTensor(path, name string, names []string) error {
	near := mmibx.Nearest(name, names)
	if near != "" {
		near = "; the nearest name is " + near
	}
	return fmt.Errorf("%s: %w: no tensor %s among %d%s", path, mmibx.ErrNotFound, name, len(names), near)
}
