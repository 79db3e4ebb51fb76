package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/experiments"
)

// A slot is named as nvidia-smi counts, its worker sees it by its UUID, and its lock is
// the same file for every runner of the user, whatever the store.
func TestGPUSlots(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	const driver = `#!/bin/sh
case "$1" in
-L) printf 'GPU 0: NVIDIA A30 (UUID: GPU-aaaa)\nGPU 1: NVIDIA A30 (UUID: GPU-bbbb)\n  MIG 1g.6gb Device  0: (UUID: MIG-GPU-bbbb/1/0)\n' ;;
*) printf '0, GPU-aaaa, NVIDIA A30, 0, 0, 24576, 30, 40.1, Disabled\n1, GPU-bbbb, NVIDIA A30, [N/A], 0, 24576, 30, 40.1, Enabled\n' ;;
esac
`
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(driver), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("CUDA_VISIBLE_DEVICES", "1,0")
	got, err := gpuSlots(t.Context())
	want := []experiments.GPU{
		{Device: "cuda:1:0", Visible: "MIG-GPU-bbbb/1/0", Lock: filepath.Join(cache, "mmibx", "gpus", "MIG-GPU-bbbb%2F1%2F0")},
		{Device: "cuda:0", Visible: "GPU-aaaa", Lock: filepath.Join(cache, "mmibx", "gpus", "GPU-aaaa")},
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "nvidia-smi")) // no folder: root may write to any
	if got, err := gpuSlots(t.Context()); err == nil || !strings.Contains(err.Error(), "lock of cuda:1:0: ") || !strings.Contains(err.Error(), "; set XDG_CACHE_HOME") {
		t.Errorf("without a place for locks: %+v, %v", got, err)
	}
}
