package parquet

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx/internal/needs"
)

var columns = []Column{{"run", Text}, {"step", Int}, {"value", Real}, {"ok", Bool}, {"at", Time}}

// read asks pyarrow, which shares no code with us, for the file and checks it
// cell by cell: rows 0 to n-1 as row makes them.
const read = `
import sys, math, datetime
import pyarrow.parquet as pq
t = pq.read_table(sys.argv[1])
n = int(sys.argv[2])
pq.ParquetFile(sys.argv[1]).metadata.row_group(0)
print(*[f"{f.name}:{f.type}" for f in t.schema])
assert t.num_rows == n, t.num_rows
odd = [math.nan, math.inf, -math.inf, -0.0]
for i, r in enumerate(t.to_pylist()):
    assert r["run"] == (None if i % 7 == 0 else "läuf " * (i % 3)), r
    assert r["step"] == (None if i % 5 == 4 else -i * 2**40), r
    v = r["value"]
    if i % 11 == 3: assert v is None, r
    elif i % 11 < 5: assert math.copysign(1, v) == math.copysign(1, odd[i % 4]) and (v == odd[i % 4] or math.isnan(v) and i % 4 == 0), (i, r)
    else: assert v == i / 3, r
    assert r["ok"] == (None if i % 3 == 2 else i % 4 < 2), r
    want = datetime.datetime(2026, 1, 31, 12, 0, 0, 5000, datetime.timezone.utc) + datetime.timedelta(seconds=i)
    assert r["at"] == (None if i > n // 2 else want), r
`

func row(i, n int) []any {
	values := make([]any, len(columns))
	if i%7 != 0 {
		values[0] = strings.Repeat("läuf ", i%3)
	}
	if i%5 != 4 {
		values[1] = int64(-i) << 40
	}
	switch {
	case i%11 == 3:
	case i%11 < 5:
		values[2] = []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}[i%4]
	default:
		values[2] = float64(i) / 3
	}
	if i%3 != 2 {
		values[3] = i%4 < 2
	}
	if i <= n/2 {
		values[4] = time.Date(2026, 1, 31, 12, 0, i, 5e6, time.UTC)
	}
	return values
}

func TestPyarrowReadsIt(t *testing.T) {
	python := needs.Python(t, "pandas", "pyarrow")
	for name, n := range map[string]int{"empty": 0, "one": 1, "group": rowsPerGroup, "groups": rowsPerGroup + 17} {
		path := filepath.Join(t.TempDir(), name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		w, err := NewWriter(f, columns)
		for i := 0; i < n && err == nil; i++ {
			err = w.Row(row(i, n))
		}
		if err := errors.Join(err, w.Close(), f.Close()); err != nil {
			t.Fatal(err)
		}
		args := []string{"-c", read, path, strconv.Itoa(n)}
		if n == 0 {
			args[1] = strings.Replace(read, "pq.ParquetFile", "#", 1) // it has no row group
		}
		out, err := exec.Command(python, args...).CombinedOutput()
		if got, want := strings.TrimSpace(string(out)), "run:string step:int64 value:double ok:bool at:timestamp[ms, tz=UTC]"; err != nil || got != want {
			t.Errorf("%s: %v: %s", name, err, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for want, values := range map[string][]any{
		"a row of 1 values, the table has 2 columns": {"a"},
		"column b holds real, found string":          {"a", "x"},
		"column a holds text, found int64":           {int64(1), 2.0},
	} {
		w, err := NewWriter(&bytes.Buffer{}, []Column{{"a", Text}, {"b", Real}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Row(values); err == nil || err.Error() != want {
			t.Errorf("%v: %v", values, err)
		}
	}
}

// full fails after so many bytes, as a full disk does.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return len(b), nil
}

func TestAFullDiskIsAnError(t *testing.T) {
	for _, room := range []int{4, 100, 200} {
		w, err := NewWriter(&full{room}, columns)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Row(row(1, 10)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); !errors.Is(err, errFull) {
			t.Errorf("%d bytes of room: %v", room, err)
		}
	}
}
