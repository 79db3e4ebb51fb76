package weights

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// wantTensors holds a source against a JSON file of shapes and values.
func wantTensors(t *testing.T, s Source, golden string) {
	t.Helper()
	b, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]struct {
		Shape  []int64
		Values []string
	}
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	if len(s.Names()) != len(want) {
		t.Errorf("%d tensors, want %d: %q", len(s.Names()), len(want), s.Names())
	}
	for name, w := range want {
		x, err := s.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		shape, dtype, _ := s.Shape(name)
		if !slices.Equal(x.Shape, w.Shape) || !slices.Equal(shape, w.Shape) || dtype != x.DType {
			t.Errorf("%s: shape %v and %v, want %v", name, x.Shape, shape, w.Shape)
		}
		wantValues(t, name, numbers(t, x), w.Values)
	}
}

func TestReadsWhatPyTorchSaved(t *testing.T) {
	for _, name := range []string{"torch2.pt", "torch4.pt", "legacy.pt"} {
		s, err := OpenSource(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		wantTensors(t, s, "testdata/torch.json")
		if _, err := s.Tensor("state_dict.bas"); !errors.Is(err, mmibx.ErrNotFound) {
			t.Errorf("a missing tensor: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// archive makes a file as torch.save lays it out.
func archive(t testing.TB, method uint16, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readBytes(b []byte) (*TorchFile, error) {
	return readTorch("x", bytes.NewReader(b), int64(len(b)))
}

// tensorPickle is {"w": a tensor} on the storage "0" of four floats, of a size
// and a stride of one axis, all numbers below 256.
func tensorPickle(elements, offset, size, stride byte) string {
	return "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(" +
		"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK" + string([]byte{elements}) + "tQ" +
		"K" + string([]byte{offset}) + "K" + string([]byte{size}) + "\x85K" + string([]byte{stride}) + "\x85\x89NtRs."
}

const fourFloats = "0123456789abcdef"

func TestRefusesWhatIsNotParameters(t *testing.T) {
	for _, c := range []struct{ name, pickle, want string }{
		{"a call of the system", "\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R.", `the Python name "os.system", which is not one of those that hold parameters`},
		{"the same, protocol 4", "\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", `the Python name "os.system"`},
		{"builtins", "\x80\x02cbuiltins\neval\n.", `the Python name "builtins.eval"`},
		{"a call of a type", "\x80\x02ctorch\nFloatStorage\n)R.", "a call of a weights.global with a weights.tuple"},
		{"a call of a text", "\x80\x02X\x01\x00\x00\x00a)R.", "a call of a string"},
		{"an old opcode", "\x80\x02I1\n.", "opcode 0x49, which plain data do not need"},
		{"an instance", "\x80\x02(i__main__\nA\n.", "opcode 0x69"},
		{"attributes", "\x80\x02K\x01}b.", "attributes for a int64"},
		{"cut off", "\x80\x02}X\xff\x00\x00\x00w", "a text of 255 bytes"},
		{"nothing", "", "the pickle ends too early"},
		{"an empty stack", "\x80\x02.", "too few values on the stack"},
		{"below the mark", "\x80\x02K\x01(\x85.", "too few values"},
		{"no mark", "\x80\x02t.", "no mark on the stack"},
		{"no memory", "\x80\x02h\x07.", "no memory 7"},
		{"another storage", "\x80\x02K\x01Q.", "a persistent id that is no storage"},
		{"more elements than bytes", tensorPickle(5, 0, 4, 1), `storage "0": 16 bytes, not 5 of F32`},
		{"too large", tensorPickle(4, 0, 5, 0), "size [5] on 4 elements"},
		{"past the end", tensorPickle(4, 1, 4, 1), "size [4] and stride [1] from 1 on 4 elements"},
		{"a stride past the end", tensorPickle(4, 0, 2, 4), "on 4 elements"},
		{"an offset past the end", tensorPickle(4, 9, 0, 1), "from element 9"},
	} {
		_, err := readBytes(archive(t, zip.Store, map[string]string{"data.pkl": c.pickle, "data/0": fourFloats}))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	f, err := readBytes(archive(t, zip.Store, map[string]string{"data.pkl": tensorPickle(4, 1, 2, 2), "data/0": fourFloats}))
	if err != nil {
		t.Fatal(err)
	}
	if x, err := f.Tensor("w"); err != nil || string(x.Bytes) != "4567cdef" {
		t.Errorf("a window: %q, %v", x.Bytes, err)
	}
}

func TestOpenTorchFaults(t *testing.T) {
	pickle := map[string]string{"data.pkl": tensorPickle(4, 0, 4, 1), "data/0": fourFloats}
	big := map[string]string{"data.pkl": pickle["data.pkl"], "data/0": fourFloats, "byteorder": "big"}
	for want, b := range map[string][]byte{
		`found a file that begins with "IMGID", expected a file of torch.save`: []byte("IMGID"),
		"begins with \"\"":                                 nil,
		"zip: not a valid zip file":                        []byte("PK, but no more"),
		"pickle 2 of 5: the pickle ends too early":         []byte(legacyMagic),
		"found a compressed entry":                         archive(t, zip.Deflate, pickle),
		"found no data.pkl in the archive":                 archive(t, zip.Store, map[string]string{"x": ""}),
		`byteorder: found "big", expected little`:          archive(t, zip.Store, big),
		`data.pkl: byte 94: no storage "0" in the archive`: archive(t, zip.Store, map[string]string{"data.pkl": pickle["data.pkl"]}),
	} {
		path := filepath.Join(t.TempDir(), "x.bin")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenSource(path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), path) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestFolderWithTorchFile(t *testing.T) {
	dir := writeFolder(t, tinyConfig, same)
	safe := filepath.Join(dir, safetensorsFile)
	b, err := os.ReadFile("testdata/torch2.pt")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, torchFile), b, 0o644); err != nil {
		t.Fatal(err)
	}
	if names, err := Files(dir); err != nil || !slices.Equal(names, []string{configFile, safetensorsFile}) {
		t.Errorf("files %v, %v", names, err)
	}
	if err := os.Remove(safe); err != nil {
		t.Fatal(err)
	}
	if names, err := Files(dir); err != nil || !slices.Equal(names, []string{configFile, torchFile}) {
		t.Errorf("files %v, %v", names, err)
	}
	if _, err := OpenFolder(dir); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "no tensor ") {
		t.Errorf("a checkpoint that is no BERT: %v", err)
	}
}

func TestDamagedLegacyFiles(t *testing.T) {
	whole, err := os.ReadFile("testdata/legacy.pt")
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 13 { // no prefix of the file is a file
		if f, err := readBytes(whole[:n]); err == nil {
			t.Fatalf("the first %d bytes of %d: %q", n, len(whole), f.Names())
		}
	}
	pickles := func(parts ...string) []byte { return []byte(legacyMagic + strings.Join(parts, "")) }
	const protocol, machine = "\x80\x02M\xe9\x03.", "\x80\x02}."
	keys := func(names ...string) string {
		list := "\x80\x02]("
		for _, n := range names {
			list += "U" + string([]byte{byte(len(n))}) + n
		}
		return list + "e."
	}
	four := "\x04\x00\x00\x00\x00\x00\x00\x00"
	good := tensorPickle(4, 0, 4, 1)
	f, err := readBytes(pickles(protocol, machine, good, keys("0"), four, fourFloats))
	if err != nil {
		t.Fatal(err)
	}
	if x, err := f.Tensor("w"); err != nil || string(x.Bytes) != fourFloats {
		t.Errorf("tensor %q, %v", x.Bytes, err)
	}
	for want, b := range map[string][]byte{
		"a protocol that is not 1001":                      pickles(machine, machine, good, keys("0"), four, fourFloats),
		"no list of storages":                              pickles(protocol, machine, good, machine, four, fourFloats),
		`storage "1", which no tensor asks for`:            pickles(protocol, machine, good, keys("1"), four, fourFloats),
		`storage "0", which no tensor asks for, or`:        pickles(protocol, machine, good, keys("0", "0"), four, fourFloats, four, fourFloats),
		"0 storages, but tensors ask for 1":                pickles(protocol, machine, good, keys()),
		`storage "0": 3978425819141910832 elements, not 4`: pickles(protocol, machine, good, keys("0"), fourFloats, fourFloats),
		`16 bytes, of which the file holds 15`:             pickles(protocol, machine, good, keys("0"), four, fourFloats[1:]),
		`pickle 3 of 5: byte 13: the Python name`:          pickles(protocol, "\x80\x02cos\nsystem\n.", good),
	} {
		if _, err := readBytes(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A pickle whose tuples share their parts would take for ever to print or walk.
func TestSharedPartsAreCheap(t *testing.T) {
	pickle := "\x80\x02K\x01"
	for range 200 {
		pickle += "q\x00h\x00\x86"
	}
	for _, end := range []string{"Q.", ")R.", "."} {
		_, err := readBytes(archive(t, zip.Store, map[string]string{"data.pkl": pickle + end}))
		if err == nil {
			t.Error("no error")
		}
	}
}

func FuzzUnpickle(f *testing.F) {
	f.Add([]byte(tensorPickle(4, 1, 2, 2)))
	f.Add([]byte("\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94K\x01u."))
	f.Add([]byte("\x80\x02](K\x01K\x02e}X\x01\x00\x00\x00as.N\x88G12345678\x8a\x02\x00\xff"))
	z, err := zip.OpenReader("testdata/torch2.pt")
	if err != nil {
		f.Fatal(err)
	}
	defer z.Close()
	for _, entry := range z.File {
		if strings.HasSuffix(entry.Name, "data.pkl") {
			b, err := contents(entry, maxPickle)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	legacy, err := os.ReadFile("testdata/legacy.pt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(legacy)
	f.Fuzz(func(t *testing.T, b []byte) {
		if !strings.HasPrefix(string(b), legacyMagic) {
			b = archive(t, zip.Store, map[string]string{"data.pkl": string(b), "data/0": fourFloats})
		}
		file, err := readBytes(b)
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			x, err := file.Tensor(name)
			if size, ok := byteSize(x.DType, x.Shape); err != nil || !ok || size != uint64(len(x.Bytes)) {
				t.Fatalf("%s: %d bytes of shape %v, %v", name, len(x.Bytes), x.Shape, err)
			}
		}
	})
}

// parse reads a number as Python prints it.
func parse(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		t.Fatal(fmt.Errorf("%q: %w", text, err))
	}
	return v
}
