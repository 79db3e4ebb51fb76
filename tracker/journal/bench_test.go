package journal

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
)

var benchMetrics = []mmibx.Metric{{Name: mmibx.Loss, Value: 0.693147}, {Name: mmibx.KLText, Value: 12.25}, {Name: mmibx.Epoch, Value: 1.5}}

// BenchmarkLog puts a log call beside a bare write of as many bytes and a line of
// JSON with the same content, in turn, and reports the ratios.
func BenchmarkLog(b *testing.B) {
	dir := b.TempDir()
	w, err := Create(filepath.Join(dir, "journal"), testHeader())
	if err != nil {
		b.Fatal(err)
	}
	bare, lines := create(b, filepath.Join(dir, "bare")), create(b, filepath.Join(dir, "lines"))
	start := w.size
	record := make([]byte, 9+8+2+3*9+len(mmibx.Loss)+len(mmibx.KLText)+len(mmibx.Epoch))
	var spent [3]time.Duration
	const block = 1000
	n := 0
	for b.Loop() {
		for i, call := range []func() error{
			func() error { return w.Log(int64(n), benchMetrics...) },
			func() error { _, err := bare.Write(record); return err },
			func() error { return jsonLine(lines, int64(n)) },
		} {
			began := time.Now()
			for range block {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
			spent[i] += time.Since(began)
		}
		n += block
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(n), "ns/log")
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "x-write")
	b.ReportMetric(float64(spent[0])/float64(spent[2]), "x-jsonl")
	b.ReportMetric(float64(w.size-start)/float64(n*len(benchMetrics)), "B/point")
	if err := w.Abandon(); err != nil {
		b.Fatal(err)
	}
}

func create(b *testing.B, path string) *os.File {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	return f
}

// jsonLine is what a plain logger does: a map, a time, a line.
func jsonLine(f *os.File, step int64) error {
	line := map[string]any{"step": step, "time": time.Now().UnixNano()}
	for _, m := range benchMetrics {
		line[m.Name] = m.Value
	}
	blob, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = f.Write(append(blob, '\n'))
	return err
}

func BenchmarkRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "journal")
	w, err := Create(path, testHeader())
	if err != nil {
		b.Fatal(err)
	}
	const records = 100_000
	for i := range records {
		if err := w.Log(int64(i), benchMetrics...); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Abandon(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Read(path, 0, func(Record) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*records*len(benchMetrics)), "ns/point")
}
