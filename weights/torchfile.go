package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Bounds on what a pickle may describe, far above any model.
const (
	maxPickle  = 64 << 20 // bytes
	maxNodes   = 1 << 20  // keys that are visited on the way to tensors
	maxNesting = 8

	maxElements = 1 << 31 // of a storage; products of two such numbers fit into 64 bits
)

// storageTypes are the element types of PyTorch's storages.
var storageTypes = map[global]DType{
	"torch.FloatStorage": F32, "torch.DoubleStorage": F64, "torch.HalfStorage": F16, "torch.BFloat16Storage": BF16,
	"torch.LongStorage": I64, "torch.IntStorage": I32, "torch.ShortStorage": I16, "torch.CharStorage": I8,
	"torch.ByteStorage": U8, "torch.BoolStorage": BOOL,
}

// storage is a run of elements in a file.
type storage struct {
	dtype    DType
	elements int64
	read     func() ([]byte, error) // all of its bytes
}

// view is a tensor as PyTorch stores it: a window on a storage.
type view struct {
	storage      *storage
	offset       int64 // in elements
	size, stride []int64
}

// TorchFile is an open file of torch.save (.bin, .pt, .pth), of today's zip
// format or of the one before PyTorch 1.6. Its pickle is read by a machine that
// knows parameters and plain data only, so that opening a file from anywhere
// executes nothing.
type TorchFile struct {
	path  string
	file  *os.File
	views map[string]view
}

// OpenTorch reads the names and shapes of the tensors of a file. Keys of nested
// dictionaries are joined by a dot; what is no tensor is passed over. The caller
// closes it.
func OpenTorch(path string) (*TorchFile, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		var f *TorchFile
		if f, err = readTorch(path, file, info.Size()); err == nil {
			f.file = file
			return f, nil
		}
	}
	file.Close()
	return nil, err
}

// readTorch finds the tensors in size bytes of r.
func readTorch(path string, r io.ReaderAt, size int64) (*TorchFile, error) {
	value, err := readPickle(r, size)
	f := &TorchFile{path: path, views: map[string]view{}}
	if err == nil {
		nodes := 0
		err = f.gather("", value, 0, &nodes)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// readPickle reads the value that a file of torch.save holds, in either format.
func readPickle(r io.ReaderAt, size int64) (any, error) {
	head := make([]byte, min(size, int64(len(legacyMagic))))
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, err
	}
	switch {
	case string(head) == legacyMagic:
		return readLegacy(r, size)
	case strings.HasPrefix(string(head), "PK"):
		return readZip(r, size)
	}
	return nil, &mmibx.InputError{Found: fmt.Sprintf("a file that begins with %.20q", head), Expected: "a file of torch.save"}
}

// readZip reads the pickle of today's format: an archive of data.pkl and of a
// file for each storage.
func readZip(r io.ReaderAt, size int64) (any, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	files := map[string]*zip.File{}
	root := ""
	for _, entry := range z.File {
		if entry.Method != zip.Store {
			return nil, &mmibx.InputError{Key: entry.Name, Found: "a compressed entry", Expected: "entries that are stored, as torch.save does"}
		}
		files[entry.Name] = entry
		if path.Base(entry.Name) == "data.pkl" {
			root = path.Dir(entry.Name)
		}
	}
	if root == "" {
		return nil, &mmibx.InputError{Found: "no data.pkl in the archive", Expected: "a file of torch.save"}
	}
	if order, ok := files[root+"/byteorder"]; ok {
		if b, err := contents(order, 16); err != nil || string(b) != "little" {
			return nil, &mmibx.InputError{Key: "byteorder", Found: fmt.Sprintf("%q", b), Expected: "little"}
		}
	}
	pickle, err := contents(files[root+"/data.pkl"], maxPickle)
	if err != nil {
		return nil, err
	}
	value, _, err := unpickle(pickle, func(id any) (any, error) {
		key, s, err := parseStorage(id)
		if err != nil {
			return nil, err
		}
		entry, ok := files[root+"/data/"+key]
		if !ok {
			return nil, fmt.Errorf("no storage %q in the archive", key)
		}
		if s.bytes() != entry.UncompressedSize64 {
			return nil, fmt.Errorf("storage %q: %d bytes, not %d of %s", key, entry.UncompressedSize64, s.elements, s.dtype)
		}
		s.read = func() ([]byte, error) { return contents(entry, 1<<62) }
		return s, nil
	})
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	return value, nil
}

func contents(entry *zip.File, limit uint64) ([]byte, error) {
	if entry.UncompressedSize64 > limit {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", entry.Name, entry.UncompressedSize64, limit)
	}
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// parseStorage reads a persistent id: ("storage", type, key, device, elements),
// and in the old format None where the storage is no view of another.
func parseStorage(id any) (key string, s *storage, err error) {
	parts, _ := id.(tuple)
	if len(parts) == 6 && parts[5] == nil {
		parts = parts[:5]
	}
	if len(parts) != 5 || parts[0] != "storage" {
		return "", nil, errors.New("a persistent id that is no storage")
	}
	kind, _ := parts[1].(global)
	key, _ = parts[2].(string)
	elements, ok := parts[4].(int64)
	dtype, known := storageTypes[kind]
	if !ok || !known || elements < 0 || elements > maxElements {
		return "", nil, fmt.Errorf("a storage of %d elements of %q", elements, kind)
	}
	return key, &storage{dtype: dtype, elements: elements}, nil
}

func (s *storage) bytes() uint64 { return uint64(s.elements) * uint64(s.dtype.Size()) }

// rebuildTensor is called as (storage, offset, size, stride, requires_grad,
// backward_hooks, metadata).
func rebuildTensor(args tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("%d arguments", len(args))
	}
	s, ok := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	size, ok3 := ints(args[2])
	stride, ok4 := ints(args[3])
	if !ok || !ok2 || !ok3 || !ok4 || len(size) != len(stride) || offset < 0 || offset > s.elements {
		return nil, fmt.Errorf("a tensor of size %v and stride %v from element %d", size, stride, offset)
	}
	bytes, ok := byteSize(s.dtype, size)
	if !ok || bytes > s.bytes() {
		return nil, fmt.Errorf("size %v on %d elements", size, s.elements)
	}
	last := offset
	for i, n := range size {
		if stride[i] < 0 || bytes > 0 && (stride[i] > s.elements || last+(n-1)*stride[i] >= s.elements) {
			return nil, fmt.Errorf("size %v and stride %v from %d on %d elements", size, stride, offset, s.elements)
		}
		last += (n - 1) * stride[i]
	}
	if bytes > 0 && last >= s.elements {
		return nil, fmt.Errorf("element %d of %d", last, s.elements)
	}
	return view{s, offset, size, stride}, nil
}

// rebuildParameter is called as (tensor, requires_grad, backward_hooks).
func rebuildParameter(args tuple) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("no tensor")
	}
	return args[0], nil
}

func ints(v any) ([]int64, bool) {
	items, ok := v.(tuple)
	out := make([]int64, len(items))
	for i, item := range items {
		n, isInt := item.(int64)
		out[i], ok = n, ok && isInt
	}
	return out, ok
}

// gather walks dictionaries and lists down to tensors.
func (f *TorchFile) gather(name string, value any, depth int, nodes *int) error {
	if *nodes++; *nodes > maxNodes || depth > maxNesting {
		return fmt.Errorf("more than %d keys, or more than %d levels", maxNodes, maxNesting)
	}
	switch v := value.(type) {
	case view:
		if _, taken := f.views[name]; taken {
			return &mmibx.InputError{Key: name, Found: "two tensors of one name", Expected: "one"}
		}
		f.views[name] = v
	case *dict:
		for i, key := range v.keys {
			switch key.(type) {
			case string, int64:
			default:
				continue // no name of a parameter
			}
			if err := f.gather(strings.TrimPrefix(fmt.Sprintf("%s.%v", name, key), "."), v.values[i], depth+1, nodes); err != nil {
				return err
			}
		}
	case *list:
		return f.gatherAll(name, v.items, depth, nodes)
	case tuple:
		return f.gatherAll(name, v, depth, nodes)
	}
	return nil
}

func (f *TorchFile) gatherAll(name string, items []any, depth int, nodes *int) error {
	for i, item := range items {
		if err := f.gather(strings.TrimPrefix(fmt.Sprintf("%s.%d", name, i), "."), item, depth+1, nodes); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the file.
func (f *TorchFile) Close() error { return f.file.Close() }

// Names lists the tensors, sorted.
func (f *TorchFile) Names() []string { return slices.Sorted(maps.Keys(f.views)) }

// Shape returns a tensor's shape and element type; false where the file has no
// such tensor.
func (f *TorchFile) Shape(name string) ([]int64, DType, bool) {
	v, ok := f.views[name]
	if !ok {
		return nil, "", false
	}
	return slices.Clone(v.size), v.storage.dtype, true
}

// Tensor reads a tensor; mmibx.ErrNotFound where the file has none of that name.
func (f *TorchFile) Tensor(name string) (Tensor, error) {
	v, ok := f.views[name]
	if !ok {
		return Tensor{}, missingTensor(f.path, name, f.Names())
	}
	b, err := v.storage.read()
	if err != nil {
		return Tensor{}, fmt.Errorf("%s: tensor %s: %w", f.path, name, err)
	}
	return Tensor{DType: v.storage.dtype, Shape: slices.Clone(v.size), Bytes: v.copyOut(b)}, nil
}

// copyOut copies a view out of its storage's bytes, row-major.
func (v view) copyOut(b []byte) []byte {
	width := int64(v.storage.dtype.Size())
	elements := int64(1)
	for _, n := range v.size {
		elements *= n
	}
	if v.contiguous() {
		return b[v.offset*width : (v.offset+elements)*width]
	}
	out := make([]byte, 0, elements*width)
	index := make([]int64, len(v.size))
	for range elements {
		at := v.offset
		for d, i := range index {
			at += i * v.stride[d]
		}
		out = append(out, b[at*width:(at+1)*width]...)
		for d := len(index) - 1; d >= 0; d-- { // the next index, last axis first
			if index[d]++; index[d] < v.size[d] {
				break
			}
			index[d] = 0
		}
	}
	return out
}

func (v view) contiguous() bool {
	want := int64(1)
	for d := len(v.size) - 1; d >= 0; d-- {
		if v.size[d] != 1 && v.stride[d] != want {
			return false
		}
		want *= v.size[d]
	}
	return true
}
