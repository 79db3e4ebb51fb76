package datasets

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

// someFeatures are two pictures of three rows of two numbers.
func someFeatures() *Features {
	return &Features{
		IDs: []string{"a.jpg", "b.jpg"},
		Table: mmibx.EvidenceTable{
			Rows: 3, Width: 2,
			Values: []float32{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0},
			Masked: []bool{false, false, false, false, true, true},
		},
		Encoder: "e", Preprocessing: "p",
	}
}

func TestFeaturesRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.safetensors")
	given := someFeatures()
	given.Table.Values[8] = float32(math.NaN()) // of a masked row
	if err := WriteFeatures(path, given); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFeatures(path)
	if err != nil || !reflect.DeepEqual(got, someFeatures()) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadFeaturesFromPython(t *testing.T) {
	got, err := ReadFeatures("testdata/features/half.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	want := &Features{
		IDs: []string{"a.jpg", "ü/2.png"}, Encoder: "ResNet-50, torchvision IMAGENET1K_V2, layer4", Preprocessing: "Resize(256), CenterCrop(224)",
		Table: mmibx.EvidenceTable{Rows: 3, Width: 4, Values: make([]float32, 24), Masked: make([]bool, 6)},
	}
	want.Table.Masked[2] = true
	for i := range want.Table.Values {
		if i/4 != 2 {
			want.Table.Values[i] = float32(i) / 8
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// rawFeatures is a file that differs from a good one by change.
func rawFeatures(t *testing.T, change func(tensors map[string]weights.Tensor, metadata map[string]string)) string {
	t.Helper()
	tensors := map[string]weights.Tensor{
		"features": weights.FromFloats([]int64{2, 3, 1}, []float32{1, 2, 3, 4, 5, 6}),
		"padding":  weights.FromBools([]int64{2, 3}, make([]bool, 6)),
	}
	metadata := map[string]string{"mmibx.schema": "features/1", "mmibx.ids": `["a.jpg","b.jpg"]`}
	change(tensors, metadata)
	var named []weights.Named
	for name, tensor := range tensors {
		named = append(named, weights.Named{Name: name, Tensor: tensor})
	}
	path := filepath.Join(t.TempDir(), "f.safetensors")
	if err := weights.WriteFile(path, named, metadata); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadFeaturesWithoutRows(t *testing.T) {
	got, err := ReadFeatures(rawFeatures(t, func(tensors map[string]weights.Tensor, _ map[string]string) {
		tensors["features"] = weights.FromFloats([]int64{2, 3}, []float32{1, 2, 3, 4, 5, 6})
		delete(tensors, "padding")
	}))
	if err != nil || got.Table.Rows != 1 || got.Table.Width != 3 || got.Table.Pictures() != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadFeaturesFaults(t *testing.T) {
	type (
		ts = map[string]weights.Tensor
		ms = map[string]string
	)
	nan := float32(math.NaN())
	for want, change := range map[string]func(ts, ms){
		`mmibx.schema: found "", expected "features/1"`:                  func(_ ts, m ms) { delete(m, "mmibx.schema") },
		`mmibx.schema: found "features/2"`:                               func(_ ts, m ms) { m["mmibx.schema"] = "features/2" },
		`mmibx.ids: found "a.jpg"`:                                       func(_ ts, m ms) { m["mmibx.ids"] = "a.jpg" },
		`mmibx.ids: found "a.jpg" at position 1`:                         func(_ ts, m ms) { m["mmibx.ids"] = `["a.jpg","a.jpg"]` },
		`mmibx.ids: found "" at position 0`:                              func(_ ts, m ms) { m["mmibx.ids"] = `["","a.jpg"]` },
		"features: found shape [2 3 1] with 3 ids":                       func(_ ts, m ms) { m["mmibx.ids"] = `["a","b","c"]` },
		"features: found shape [2 3 1] with 0 ids":                       func(_ ts, m ms) { m["mmibx.ids"] = "null" },
		`features: found the tensors "padding", expected one`:            func(t ts, _ ms) { delete(t, "features") },
		"features: found shape [6] with":                                 func(t ts, _ ms) { t["features"] = weights.FromFloats([]int64{6}, make([]float32, 6)) },
		"features: found shape [2 0 5] with":                             func(t ts, _ ms) { t["features"] = weights.FromFloats([]int64{2, 0, 5}, nil) },
		"features: found I64, expected F32, F16 or BF16":                 func(t ts, _ ms) { t["features"] = weights.FromInts([]int64{2, 3}, make([]int64, 6)) },
		"features: found NaN in b.jpg, row 1, column 0, expected finite": func(t ts, _ ms) { t["features"] = weights.FromFloats([]int64{2, 3, 1}, []float32{1, 2, 3, 4, nan, 6}) },
		"padding: found BOOL of shape [3 2], expected BOOL of shape [2,": func(t ts, _ ms) { t["padding"] = weights.FromBools([]int64{3, 2}, make([]bool, 6)) },
		"padding: found F32 of shape [2 3]":                              func(t ts, _ ms) { t["padding"] = weights.FromFloats([]int64{2, 3}, make([]float32, 6)) },
		"padding: found row 0 of b.jpg as padding":                       func(t ts, _ ms) { t["padding"] = weights.FromBools([]int64{2, 3}, []bool{3: true, 5: false}) },
	} {
		path := rawFeatures(t, change)
		if _, err := ReadFeatures(path); err == nil || !strings.HasPrefix(err.Error(), path+": "+want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := ReadFeatures(filepath.Join(t.TempDir(), "none")); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no file: %v", err)
	}
}

func TestWriteFeaturesRefusesWhatCannotBeRead(t *testing.T) {
	for name, change := range map[string]func(*Features){
		"nothing":        func(f *Features) { *f = Features{} },
		"an id too many": func(f *Features) { f.IDs = append(f.IDs, "c.jpg") },
		"a number short": func(f *Features) { f.Table.Values = f.Table.Values[1:] },
		"infinity":       func(f *Features) { f.Table.Values[0] = float32(math.Inf(1)) },
		"an id twice":    func(f *Features) { f.IDs[1] = f.IDs[0] },
	} {
		f := someFeatures()
		change(f)
		path := filepath.Join(t.TempDir(), "f.safetensors")
		if err := WriteFeatures(path, f); !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: a file was written", name)
		}
	}
}

// Whatever a file holds, it is refused or it is a table that a model can read.
// Minimising takes all the time there is: use -fuzzminimizetime 1x.
func FuzzReadFeatures(f *testing.F) {
	half, err := os.ReadFile("testdata/features/half.safetensors")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(half)
	f.Add(half[:len(half)-1])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "f.safetensors")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := ReadFeatures(path)
		if err != nil {
			return
		}
		if err := got.check(); err != nil {
			t.Errorf("%+v: %v", got, err)
		}
	})
}
