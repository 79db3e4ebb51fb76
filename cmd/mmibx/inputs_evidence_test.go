package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
)

// The inputs of a run follow each file that its evidence reads.
func TestInputsFollowTheEvidence(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MMIBX_WEIGHTS", filepath.Join(dir, "weights"))
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-time.Hour).Add(time.Duration(len(text)) * time.Second)
		if err := os.Chtimes(path, old, old); err != nil { // old enough to be remembered
			t.Fatal(err)
		}
	}
	for _, name := range []string{"train.txt", "valid.txt", "test.txt"} {
		write("data/twitter2015/"+name, "IMGID:1\nParis\tB-LOC\n\n")
	}
	a := &app{storeDir: filepath.Join(dir, "store"), dataDir: filepath.Join(dir, "data")}
	inputs := func(kind string) mmibx.Inputs {
		t.Helper()
		spec, err := mmibx.Resolve(map[string]any{"benchmark": "twitter2015", "model": "concat", "encoder": "small",
			"evidence": kind, "evidence.encoder": "resnet50", "evidence.features": "vit"})
		if err != nil {
			t.Fatal(err)
		}
		in, err := a.inputs()(spec)
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	for _, c := range []struct{ kind, file string }{
		{"pixels", "weights/resnet50/resnet50-11ad3fa6.pth"},
		{"pixels", "data/twitter2015/images/1.jpg"},
		{"features", "data/twitter2015/features/vit.safetensors"},
	} {
		for _, file := range []string{"weights/resnet50/resnet50-11ad3fa6.pth", "data/twitter2015/images/1.jpg", "data/twitter2015/features/vit.safetensors"} {
			write(file, "1")
		}
		first, again := inputs(c.kind), inputs(c.kind)
		if !maps.Equal(first.Data, again.Data) || !maps.Equal(first.Weights, again.Weights) {
			t.Errorf("%s: %v, and then %v", c.kind, first, again)
		}
		write(c.file, "other")
		if now := inputs(c.kind); maps.Equal(first.Data, now.Data) && maps.Equal(first.Weights, now.Weights) {
			t.Errorf("%s: %s changed, the inputs did not: %v", c.kind, c.file, now)
		}
	}
	if in := inputs("pixels"); in.Weights["resnet50"] == "" || in.Data["pictures"] == "" {
		t.Errorf("inputs of pixels: %v", in)
	}
}
