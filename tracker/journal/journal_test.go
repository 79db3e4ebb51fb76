package journal

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

func testHeader() Header {
	return Header{
		Run: "4f1c9a0b11ee", Arm: "77ab02c3d4e5", Attempt: 2, Sweep: "beta",
		Spec:          map[string]any{"benchmark": "mini-mnre", "seed": 3, "train.lr": 1.0, "model.key_mask": true, "of.tomorrow": "x"},
		Inputs:        mmibx.Inputs{Data: map[string]string{"train.txt": "aa"}},
		ResumeAttempt: 1, ResumeStep: 40, Started: time.Unix(1_700_000_000, 5).UTC(),
		Env: Environment{Command: []string{"mmibx", "sweep"}, Host: "h", Threads: 2},
	}
}

// sample writes one record of each type.
func sample(t testing.TB, path string) {
	t.Helper()
	w, err := Create(path, testHeader())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.Log(1, mmibx.Metric{Name: mmibx.Loss, Value: 1.5}, mmibx.Metric{Name: mmibx.KLText, Value: math.NaN()}),
		w.Event("epoch", "1 of 6"),
		w.Log(-2, mmibx.Metric{Name: mmibx.DevF1, Value: math.Inf(-1)}),
		w.Artifact(Artifact{Name: "predictions.dev", SHA256: "ab", Size: 12, Step: 1}),
		w.Checkpoint(1, "checkpoint-1"),
		w.Entry("proposal", map[string]int{"cell": 3}),
		w.Close(Trailer{State: mmibx.Failed, Class: mmibx.FailIO, Error: "disk", Output: []string{"a", "b"}, Finished: time.Unix(9, 0).UTC()}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func readAll(t testing.TB, path string) (records []Record, next int64) {
	t.Helper()
	next, err := Read(path, 0, func(r Record) error { records = append(records, r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return records, next
}

// same compares records, NaN with NaN.
func same(a, b Record) bool {
	if len(a.Metrics) != len(b.Metrics) || !a.At.Equal(b.At) {
		return false
	}
	for i := range a.Metrics {
		if a.Metrics[i].Name != b.Metrics[i].Name || math.Float64bits(a.Metrics[i].Value) != math.Float64bits(b.Metrics[i].Value) {
			return false
		}
	}
	a.Metrics, b.Metrics = nil, nil
	return reflect.DeepEqual(a, b)
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs", "a", "1", "journal")
	sample(t, path)
	got, next := readAll(t, path)
	if info, err := os.Stat(path); err != nil || info.Size() != next {
		t.Errorf("next is %d, the file has %v bytes (%v)", next, info.Size(), err)
	}
	want := []Type{TypeHeader, TypePoints, TypeEvent, TypePoints, TypeArtifact, TypeCheckpoint, TypeEntry, TypeTrailer}
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i, r := range got {
		if r.Type != want[i] {
			t.Errorf("record %d is a %s, want %s", i, r.Type, want[i])
		}
		if time.Since(r.At) > time.Minute {
			t.Errorf("record %d was written at %v", i, r.At)
		}
	}
	if h := testHeader(); !reflect.DeepEqual(*got[0].Header, h) {
		t.Errorf("header is %#v, want %#v", *got[0].Header, h)
	}
	if m := got[1].Metrics; got[1].Step != 1 || m[0] != (mmibx.Metric{Name: mmibx.Loss, Value: 1.5}) || !math.IsNaN(m[1].Value) {
		t.Errorf("points are %v", got[1])
	}
	if r := got[3]; r.Step != -2 || !math.IsInf(r.Metrics[0].Value, -1) {
		t.Errorf("points are %v", r)
	}
	if r := got[5]; r.Step != 1 || r.Text != "checkpoint-1" {
		t.Errorf("checkpoint is %v", r)
	}
	if r := got[6]; r.Kind != "proposal" || string(r.Entry) != `{"cell":3}` {
		t.Errorf("entry is %v", r)
	}
	if tr := got[7].Trailer; tr.State != mmibx.Failed || tr.Class != mmibx.FailIO || len(tr.Output) != 2 {
		t.Errorf("trailer is %v", tr)
	}
}

func TestPointsKeepEveryBit(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, "j", string(rune('a'+n%26)), time.Now().Format("150405.000000000"))
		w, err := Create(path, testHeader())
		if err != nil {
			rt.Fatal(err)
		}
		type record struct {
			step    int64
			metrics []mmibx.Metric
		}
		value := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 0,
			math.Float64frombits(0x7ff8000000000123), math.SmallestNonzeroFloat64}))
		metric := rapid.Custom(func(rt *rapid.T) mmibx.Metric {
			return mmibx.Metric{Name: rapid.String().Draw(rt, "name"), Value: value.Draw(rt, "value")}
		})
		var want []record
		for range rapid.IntRange(0, 8).Draw(rt, "records") {
			r := record{rapid.Int64().Draw(rt, "step"), rapid.SliceOfN(metric, 0, 5).Draw(rt, "metrics")}
			if err := w.Log(r.step, r.metrics...); err != nil {
				rt.Fatal(err)
			}
			want = append(want, r)
		}
		if err := w.Abandon(); err != nil {
			rt.Fatal(err)
		}
		i := -1
		_, err = Read(path, 0, func(r Record) error {
			if i >= 0 && !same(Record{Step: want[i].step, Metrics: want[i].metrics}, Record{Step: r.Step, Metrics: r.Metrics}) {
				rt.Fatalf("record %d: got %v, want %v", i, r, want[i])
			}
			i++
			return nil
		})
		if err != nil || i != len(want) {
			rt.Fatalf("read %d records of %d: %v", i, len(want), err)
		}
	})
}

func TestCutAtEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "whole")
	sample(t, path)
	whole, _ := readAll(t, path)
	blob, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut")
	for n := range blob {
		if err := os.WriteFile(cut, blob[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		got, next := readAll(t, cut)
		want := 0
		for want < len(whole) && whole[want].End <= int64(n) {
			want++
		}
		if len(got) != want {
			t.Fatalf("cut at %d: %d records, want %d", n, len(got), want)
		}
		for i := range got {
			if !same(got[i], whole[i]) {
				t.Fatalf("cut at %d: record %d is %v", n, i, got[i])
			}
		}
		// The rest of the file comes: reading goes on at next as if nothing had been.
		if err := os.WriteFile(cut, blob, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(cut, next, func(r Record) error { got = append(got, r); return nil }); err != nil || len(got) != len(whole) {
			t.Fatalf("cut at %d and continued: %d records (%v), want %d", n, len(got), err, len(whole))
		}
	}
}

func TestFlippedByteAtEveryPosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "whole")
	sample(t, path)
	whole, _ := readAll(t, path)
	blob, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	for n := range blob {
		for _, mask := range []byte{0x01, 0x80, 0xff} {
			blob[n] ^= mask
			if err := os.WriteFile(bad, blob, 0o600); err != nil {
				t.Fatal(err)
			}
			blob[n] ^= mask
			checkFlip(t, bad, int64(n), whole)
		}
	}
}

// checkFlip expects every record but the one that byte n belongs to.
func checkFlip(t *testing.T, path string, n int64, whole []Record) {
	t.Helper()
	var got []Record
	_, err := Read(path, 0, func(r Record) error {
		if r.Type != Damaged {
			got = append(got, r)
		}
		return nil
	})
	if n < int64(len(magic)) {
		if err == nil {
			t.Fatalf("byte %d flipped: the file passes for a journal", n)
		}
		return
	}
	if err != nil {
		t.Fatalf("byte %d flipped: %v", n, err)
	}
	var want []Record
	for _, r := range whole {
		if n < r.Offset || n >= r.End {
			want = append(want, r)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("byte %d flipped: %d records, want %d", n, len(got), len(want))
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("byte %d flipped: record %d is %v, want %v", n, i, got[i], want[i])
		}
	}
	d, err := Check(path)
	if err != nil || d.Lost+d.Tail == 0 || d.Records != int64(len(want)) {
		t.Fatalf("byte %d flipped: Check says %+v, %v", n, d, err)
	}
}

func TestARecordInsideAnotherIsNoRecord(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "inner")
	sample(t, inner)
	blob, err := os.ReadFile(inner)
	if err != nil {
		t.Fatal(err)
	}
	// Names may hold any bytes, so a points record can carry a whole journal.
	outer := filepath.Join(dir, "outer")
	w, err := Create(outer, testHeader())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Log(1, mmibx.Metric{Name: string(blob)}), w.Log(2), w.Abandon()); err != nil {
		t.Fatal(err)
	}
	records, _ := readAll(t, outer)
	file, err := os.ReadFile(outer)
	if err != nil {
		t.Fatal(err)
	}
	file[records[1].Offset+6] ^= 1 // its checksum
	if err := os.WriteFile(outer, file, 0o600); err != nil {
		t.Fatal(err)
	}
	got, _ := readAll(t, outer)
	if len(got) != 3 || got[1].Type != Damaged || got[2].Step != 2 {
		t.Errorf("read %v", got)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "journal")
	sample(t, path)
	if _, err := Create(path, testHeader()); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second Create: %v", err)
	}
	other := filepath.Join(dir, "other")
	for blob, want := range map[string]string{
		"hello, I am a text": "not a journal",
		"mmibxj\x02\nrest":   "version 2",
	} {
		if err := os.WriteFile(other, []byte(blob), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(other, 0, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Read of %q: %v", blob, err)
		}
		if _, err := OpenAppend(other); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("OpenAppend of %q: %v", blob, err)
		}
	}
	if _, err := Read(filepath.Join(dir, "none"), 0, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Read of no file: %v", err)
	}
	w, err := Create(filepath.Join(dir, "closed"), testHeader())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Abandon(), w.Abandon()); err != nil {
		t.Error(err)
	}
	if err := w.Log(1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Log after Abandon: %v", err)
	}
}

func TestReadStopsWhereTheCallerFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	sample(t, path)
	stop := errors.New("stop")
	n := 0
	next, err := Read(path, 0, func(Record) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	records, _ := readAll(t, path)
	if !errors.Is(err, stop) || next != records[2].Offset {
		t.Errorf("next is %d, %v; want %d", next, err, records[2].Offset)
	}
}
