//go:build torch

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// A run on a GPU says how much of it is in use.
func TestMeterOfGPU(t *testing.T) {
	dir := t.TempDir()
	const answers = "#!/bin/sh\n[ \"$1 $2\" = '-i GPU-aaaa' ] && echo '0, GPU-aaaa, NVIDIA H100, 37, 2048, 81559, 41, 123.45, Disabled'\n"
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(answers), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("CUDA_VISIBLE_DEVICES", "GPU-aaaa")
	path := filepath.Join(dir, "journal")
	w, err := journal.Create(path, journal.Header{Run: "0123456789ab", Attempt: 1, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	m := newMeter(t.Context(), w, "cuda")
	for deadline := time.Now().Add(time.Minute); m.gpu.Load() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is told of the GPU")
		}
	}
	m.at = time.Now().Add(-2 * meterEvery)
	if err := m.Log(20); err != nil {
		t.Fatal(err)
	}
	logged := map[string]float64{}
	if _, err := journal.Read(path, 0, func(r journal.Record) error {
		for _, metric := range r.Metrics {
			logged[metric.Name] = metric.Value
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if logged[mmibx.GPUBusy] != 0.37 || logged[mmibx.GPUMemory] != 2048 {
		t.Errorf("logged %v", logged)
	}
}

// What a run costs stands among the points of the step at which it was read, and
// is of the right size: one busy thread is one processor.
func TestMeter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	w, err := journal.Create(path, journal.Header{Run: "0123456789ab", Attempt: 1, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	m := newMeter(t.Context(), w, "cpu")
	if err := m.Log(10, mmibx.Metric{Name: mmibx.Loss, Value: 1}); err != nil { // too soon
		t.Fatal(err)
	}
	held := make([]byte, 64<<20)
	for began := processorTime(); processorTime()-began < 200*time.Millisecond; {
		for i := range held {
			held[i]++
		}
	}
	busy := processorTime() - m.cpu
	m.at = time.Now().Add(-2 * meterEvery)
	if err := m.Log(20, mmibx.Metric{Name: mmibx.Loss, Value: 1}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}); err != nil {
		t.Fatal(err)
	}
	points := map[int64]map[string]float64{}
	if _, err := journal.Read(path, 0, func(r journal.Record) error {
		if r.Type == journal.TypePoints {
			points[r.Step] = map[string]float64{}
			for _, metric := range r.Metrics {
				points[r.Step][metric.Name] = metric.Value
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(points[10]) != 1 || len(points[20]) != 3 {
		t.Fatalf("points %v", points)
	}
	want := busy.Seconds() / (2 * meterEvery).Seconds()
	if got := points[20][mmibx.Processors]; got < 0.9*want || got > 2*want+0.1 {
		t.Errorf("%v processors, want about %v", got, want)
	}
	if got := points[20][mmibx.Memory]; got < 64 || got > 64<<10 {
		t.Errorf("%v MiB with 64 MiB held", got)
	}
}
