package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

const fixture = "testdata/fixture.safetensors"

func openFixture(t testing.TB) *File {
	t.Helper()
	f, err := Open(fixture)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// numbers are a tensor's values as make.py prints them, each parsed.
func numbers(t *testing.T, x Tensor) []float64 {
	t.Helper()
	if ints, err := x.Ints(); err == nil {
		return decode(make([]byte, len(ints)), 1, func([]byte) float64 { v := ints[0]; ints = ints[1:]; return float64(v) })
	}
	floats, err := x.Floats()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(floats))
	for i, v := range floats {
		out[i] = float64(v)
	}
	return out
}

func TestReadsWhatTheLibraryWrote(t *testing.T) {
	f := openFixture(t)
	wantTensors(t, f, "testdata/fixture.json")
	if f.Metadata["format"] != "pt" {
		t.Errorf("metadata %q", f.Metadata)
	}
	if _, err := f.Tensor("f3"); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "the nearest name is f32") {
		t.Errorf("a missing tensor: %v", err)
	}
}

// wantValues compares bit for bit, but for the bits of a NaN.
func wantValues(t *testing.T, name string, got []float64, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", name, len(got), len(want))
	}
	for i, text := range want {
		v := parse(t, text)
		if got[i] != v && !(math.IsNaN(got[i]) && math.IsNaN(v)) || math.Signbit(got[i]) != math.Signbit(v) && v == 0 {
			t.Errorf("%s[%d] = %v, want %s", name, i, got[i], text)
		}
	}
}

func all(t testing.TB, f interface {
	Names() []string
	Tensor(name string) (Tensor, error)
}) []Named {
	t.Helper()
	var tensors []Named
	for _, name := range f.Names() {
		x, err := f.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, Named{name, x})
	}
	return tensors
}

func TestWritesTheBytesOfTheLibrary(t *testing.T) {
	f := openFixture(t)
	tensors := all(t, f)
	slices.Reverse(tensors)
	var b bytes.Buffer
	if err := Write(&b, tensors, f.Metadata); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(fixture)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("wrote %q, the library %q", b.Bytes()[:min(1500, b.Len())], want[:1500])
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	tensors := []Named{
		{"b", FromFloats([]int64{2}, []float32{1, float32(math.Inf(-1))})},
		{"a", FromInts([]int64{1, 1}, []int64{-7})},
		{"c", FromBools([]int64{3}, []bool{true, false, true})},
	}
	if err := WriteFile(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, x := range tensors {
		got, err := f.Tensor(x.Name)
		if err != nil || !slices.Equal(numbers(t, got), numbers(t, x.Tensor)) {
			t.Errorf("%s: got %v, %v", x.Name, got, err)
		}
	}
	bad := []Named{{"a", Tensor{F32, []int64{2}, make([]byte, 4)}}}
	if err := WriteFile(path, bad, nil); err == nil || !strings.Contains(err.Error(), "tensor a: 4 bytes do not fill F32 of shape [2]") {
		t.Errorf("a short tensor: %v", err)
	}
	if err := WriteFile(path, append(tensors, tensors[0]), nil); err == nil || !strings.Contains(err.Error(), "tensor b: the name is taken") {
		t.Errorf("a name twice: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("a failed write left %v", left)
	}
	if again, err := Open(path); err != nil {
		t.Errorf("a failed write harmed the file: %v", err)
	} else {
		again.Close()
	}
}

// framed puts a header's length before it, and data after.
func framed(header string, data int) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), make([]byte, data)...)
}

func TestRefusesDamagedFiles(t *testing.T) {
	one := `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	for _, c := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"empty", nil, "x: found a file of 0 bytes, expected a safetensors file"},
		{"no header", framed("", 0)[:7], "x: found a file of 7 bytes"},
		{"header too long", append(binary.LittleEndian.AppendUint64(nil, 1<<40), "{}"...), "x: found a header of 1099511627776 bytes in a file of 10, expected a header that fits"},
		{"header past the end", framed("{}", 0)[:9], "x: found a header of 2 bytes in a file of 9"},
		{"negative header", append(binary.LittleEndian.AppendUint64(nil, math.MaxUint64), "{}"...), "expected a header that fits"},
		{"no JSON", framed("[]", 0), "x: header: found json"},
		{"trailing JSON", framed("{}{}", 0), "x: header: found invalid character"},
		{"metadata of numbers", framed(`{"__metadata__":{"a":1}}`, 0), "x: __metadata__: found json"},
		{"short", framed(one+"}", 7), "x: a: found a tensor that ends at byte 8 of 7, expected a file that was written whole"},
		{"long", framed(one+"}", 9), "x: found 1 bytes after the last tensor, expected none"},
		{"overlap", framed(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "x: b: found a tensor that begins at byte 4, expected 8, where the one before it ends"},
		{"gap", framed(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, 16), "x: b: found a tensor that begins at byte 12"},
		{"wrong size", framed(strings.Replace(one, "[2]", "[3]", 1)+"}", 8), "x: a: found F32 of shape [3] at bytes 0 to 8, expected a shape that fills them"},
		{"negative shape", framed(strings.Replace(one, "[2]", "[-2,-1]", 1)+"}", 8), "x: a: found F32 of shape [-2 -1]"},
		{"overflow", framed(strings.Replace(one, "[2]", "[4611686018427387904,4611686018427387904]", 1)+"}", 8), "expected a shape that fills them"},
		{"backwards", framed(strings.Replace(one, "[0,8]", "[8,0]", 1)+"}", 8), "at bytes 8 to 0"},
		{"dtype", framed(strings.Replace(one, "F32", "F8_E4M3", 1)+"}", 8), `x: a: found dtype "F8_E4M3", expected one of BOOL`},
	} {
		_, err := newFile("x", bytes.NewReader(c.bytes), int64(len(c.bytes)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		v := float64(half(uint16(h)))
		exponent, fraction := h>>10&0x1f, float64(h&0x3ff)
		want := math.Ldexp(1+fraction/1024, exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(fraction, -24)
		case exponent == 31 && fraction == 0:
			want = math.Inf(1)
		case exponent == 31:
			want = math.NaN()
		}
		if h>>15 == 1 {
			want = -want
		}
		if v != want && !(math.IsNaN(v) && math.IsNaN(want)) {
			t.Fatalf("half(%#04x) = %v, want %v", h, v, want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b, err := os.ReadFile(fixture)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(framed(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := newFile("x", bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, all(t, file), file.Metadata); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if _, err := newFile("x", bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}
