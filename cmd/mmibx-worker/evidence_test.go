//go:build torch

package main

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/tracker/journal"
	"github.com/mmibx/mmibx/weights"
)

// benchmarkOf makes a folder of data with two pictures, one that is text, and
// those that captions call broken; it lacks c.jpg.
func benchmarkOf(t *testing.T) (*material, *mmibx.Job) {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 300, 200))); err != nil {
		t.Fatal(err)
	}
	const broken = ":a man is standing on a skateboard in the snow\n"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"images/a.jpg": picture.String(), "images/b.jpg": picture.String(), "images/text.jpg": "hello",
		"captions/BLIP2_17.txt": "a.jpg :x\nb.jpg " + broken + "c.jpg :x\ntext.jpg :x\n",
	} {
		path := filepath.Join(dir, "twitter2017", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, _ := mmibx.LookupBenchmark("twitter2017")
	set := &datasets.Set{Benchmark: b, Examples: map[mmibx.Split][]mmibx.Example{
		mmibx.Train: {{Image: "a.jpg"}, {Image: "b.jpg"}, {Image: "c.jpg"}, {}},
	}}
	return &material{set: set}, &mmibx.Job{DataDir: dir, Store: mmibx.Store(t.TempDir())}
}

func TestPixelsThatAreThere(t *testing.T) {
	m, job := benchmarkOf(t)
	p, err := m.openPixels(t.Context(), job)
	if err != nil || !slices.Equal(p.ids, []string{"a.jpg"}) {
		t.Fatalf("pictures %v, %v: b is broken, c is not there", p, err)
	}
	m.set.Examples[mmibx.Train] = append(m.set.Examples[mmibx.Train], mmibx.Example{Image: "text.jpg"})
	if p, err = m.openPixels(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if _, err := p.open("text.jpg"); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), filepath.Join("images", "text.jpg")) {
		t.Errorf("a picture that is text: %v", err)
	}
	m.set.Examples[mmibx.Train] = []mmibx.Example{{Image: "c.jpg"}, {Image: "b.jpg"}, {Image: "a.jpg"}}
	if err := os.Remove(filepath.Join(job.DataDir, "twitter2017", "images", "a.jpg")); err != nil {
		t.Fatal(err)
	}
	if _, err := m.openPixels(t.Context(), job); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no picture at all: %v", err)
	}
}

// Pixels are encoded once; the second time the weights are not needed.
func TestPixelsAreCached(t *testing.T) {
	const encoder = "efficientnet-lite0"
	needs.Weights(t, encoder, weights.FindVision)
	m, job := benchmarkOf(t)
	spec := &mmibx.Spec{Benchmark: "twitter2017", Evidence: mmibx.EvidenceSpec{Kind: "pixels", Encoder: encoder}}
	w, err := journal.OpenAppend(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Abandon(); err != nil {
			t.Error(err)
		}
	}()
	var first []float32
	for i := range 2 {
		if err := m.addEvidence(t.Context(), job, spec, w); err != nil {
			t.Fatal(err)
		}
		if len(m.pictures) != 1 || m.evidence.Rows != 5 || m.evidence.Width != 1280 {
			t.Errorf("pictures %v, %d rows of %d", m.pictures, m.evidence.Rows, m.evidence.Width)
		}
		if i == 0 {
			first = m.evidence.Values
			t.Setenv("MMIBX_WEIGHTS", t.TempDir())
		} else if !slices.Equal(first, m.evidence.Values) {
			t.Error("the cache holds other vectors")
		}
	}
}

func TestFeatureFiles(t *testing.T) {
	m, job := benchmarkOf(t)
	spec := &mmibx.Spec{Benchmark: "twitter2017", Evidence: mmibx.EvidenceSpec{Kind: "features", Features: "vit"}}
	if err := m.addFeatures(job, spec); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no feature file: %v", err)
	}
	path := filepath.Join(job.DataDir, "twitter2017", "features", "vit.safetensors")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]error{"b.jpg": nil, "b": mmibx.ErrUsage} { // the second is spelled in another way
		f := &datasets.Features{IDs: []string{id}, Table: mmibx.EvidenceTable{Rows: 1, Width: 2, Values: []float32{1, 2}, Masked: []bool{false}}}
		if err := datasets.WriteFeatures(path, f); err != nil {
			t.Fatal(err)
		}
		if err := m.addFeatures(job, spec); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
}
