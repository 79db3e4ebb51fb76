//go:build torch

package model

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/weights"
)

const (
	// fixtureTolerance holds numbers against a file that may come from another
	// instruction set than the test runs on.
	fixtureTolerance = 1e-4
	// besideTolerance holds them against PyTorch on the same machine.
	besideTolerance = 1e-5
	// doubleTolerance holds what is computed in float64.
	doubleTolerance = 1e-9
)

// held runs a test of parity against the committed fixtures, and against what
// the script testdata/SCRIPT writes now, where there is a Python for it. The
// script's last argument is the folder that it writes to.
func held(t *testing.T, script string, modules []string, test func(t *testing.T, dir string, tolerance float64), args ...string) {
	t.Run("fixture", func(t *testing.T) { test(t, "testdata", fixtureTolerance) })
	if *device != "cpu" { // PyTorch's numbers beside ours are the processor's
		return
	}
	t.Run("beside", func(t *testing.T) {
		dir := t.TempDir()
		args := append(append([]string{"testdata/" + script}, args...), dir)
		if out, err := exec.CommandContext(t.Context(), needs.Python(t, modules...), args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
		test(t, dir, besideTolerance)
	})
}

// fixture is a file of numbers that an independent program wrote.
type fixture struct {
	t         *testing.T
	file      *weights.File
	tolerance float64
	worst     map[string]float64 // the largest error of each kind of number
}

func openFixture(t *testing.T, path string, tolerance float64) *fixture {
	t.Helper()
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &fixture{t, f, tolerance, map[string]float64{}}
}

func (f *fixture) tensor(name string) weights.Tensor {
	f.t.Helper()
	tensor, err := f.file.Tensor(name)
	if err != nil {
		f.t.Fatal(err)
	}
	return tensor
}

func (f *fixture) floats(name string) ([]int64, []float32) {
	f.t.Helper()
	tensor := f.tensor(name)
	values, err := tensor.Floats()
	if err != nil {
		f.t.Fatal(err)
	}
	return tensor.Shape, values
}

// doubles reads float64 to the bit.
func (f *fixture) doubles(name string) []float64 {
	f.t.Helper()
	tensor := f.tensor(name)
	if tensor.DType == weights.F64 {
		values := make([]float64, len(tensor.Bytes)/8)
		for i := range values {
			values[i] = math.Float64frombits(binary.LittleEndian.Uint64(tensor.Bytes[8*i:]))
		}
		return values
	}
	_, floats := f.floats(name)
	return widened(floats)
}

func (f *fixture) ints(name string) []int64 {
	f.t.Helper()
	ints, err := f.tensor(name).Ints()
	if err != nil {
		f.t.Fatal(err)
	}
	return ints
}

func (f *fixture) bools(name string) []bool {
	f.t.Helper()
	var bools []bool
	for _, v := range f.ints(name) {
		bools = append(bools, v != 0)
	}
	return bools
}

func widened(floats []float32) []float64 {
	values := make([]float64, len(floats))
	for i, v := range floats {
		values[i] = float64(v)
	}
	return values
}

// compare fails where the largest difference is more than the tolerance of the
// larger of the values' size and floor. What stands before the first dot of a
// name is the kind under which the error is logged.
func (f *fixture) compare(t *testing.T, name string, got []float64, floor float64) {
	t.Helper()
	f.compareTo(t, name, got, f.doubles(name), floor, f.tolerance)
}

func (f *fixture) compareTo(t *testing.T, name string, got, want []float64, floor, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", name, len(got), len(want))
		return
	}
	off := relativeError(got, want, floor)
	kind, _, _ := strings.Cut(name, ".")
	f.worst[kind] = max(f.worst[kind], off)
	if !(off <= tolerance) {
		t.Errorf("%s: off by %.2g, at most %.0e", name, off, tolerance)
	}
}

// relativeError is the largest difference over the larger of want's size and
// floor; 0 where both are 0.
func relativeError(got, want []float64, floor float64) float64 {
	size, worst := floor, 0.0
	for i := range want {
		size = max(size, math.Abs(want[i]))
		if d := math.Abs(got[i] - want[i]); d > worst || math.IsNaN(d) {
			worst = d
		}
	}
	if worst == 0 {
		return 0
	}
	return worst / size
}

// log says the largest error of each kind.
func (f *fixture) log(t *testing.T) {
	t.Helper()
	for _, kind := range slices.Sorted(maps.Keys(f.worst)) {
		t.Logf("PARITY %-6s largest error %.2g", kind, f.worst[kind])
	}
}

// uniform is that of testdata/invented.py: n numbers in (0, 1) that look drawn at
// random.
func uniform(name string, n int) []float64 {
	seed := fnv.New32a()
	_, _ = seed.Write([]byte(name))
	values := make([]float64, n)
	for i := range values {
		h := uint32(i)*0x9E3779B1 + seed.Sum32()
		h = (h ^ h>>16) * 0x85EBCA6B
		h = (h ^ h>>13) * 0xC2B2AE35
		values[i] = (float64(h^h>>16) + 0.5) / (1 << 32)
	}
	return values
}
