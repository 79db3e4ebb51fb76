package main

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNVIDIAWheel(t *testing.T) {
	for soname, want := range map[string]string{
		"libcudart.so.13":       "nvidia-cuda-runtime==13.*", // what PyTorch 2.11.0 needs
		"libcupti.so.13":        "nvidia-cuda-cupti==13.*",
		"libcudart.so.12":       "nvidia-cuda-runtime-cu12", // what PyTorch 2.6.0 needs
		"libcupti.so.12":        "nvidia-cuda-cupti-cu12",
		"libc10.so":             "",
		"libgomp.so.1":          "",
		"libgomp-a34b3233.so.1": "",
		"libc.so.6":             "",
		"ld-linux-x86-64.so.2":  "",
		"libcudart.so":          "",
		"libsomethingnew.so.13": "",
	} {
		got, ok := nvidiaWheel(soname)
		if got != want || ok != (want != "") {
			t.Errorf("nvidiaWheel(%q) = %q, %t; want %q", soname, got, ok, want)
		}
	}
}

func TestNeededOnCPU(t *testing.T) {
	for path, want := range map[string]bool{
		"torch/version.py":                      true,
		"torch/include/ATen/ATen.h":             true,
		"torch/include/ATen/cuda/CUDAContext.h": true,
		"torch/lib/libtorch_cpu.so":             true,
		"torch/lib/libc10.so":                   true,
		"torch/lib/libgomp-a34b3233.so.1":       true,
		"torch.libs/libopenblasp-r0-0.3.so":     true,
		"torch/lib/libtorch_cuda.so":            false,
		"torch/lib/libtorch_cuda_linalg.so":     false,
		"torch/lib/libc10_cuda.so":              false,
		"torch/lib/libcaffe2_nvrtc.so":          false,
		"torch/lib/libtorch_nvshmem.so":         false,
		"torch/lib/libtorch_python.so":          false,
		"torch/lib/libtorch.so":                 false,
		"torch/nn/modules/linear.py":            false,
		"torch/bin/protoc":                      false,
		"torch-2.11.0.dist-info/METADATA":       false,
	} {
		if got := neededOnCPU(path); got != want {
			t.Errorf("neededOnCPU(%q) = %t", path, got)
		}
	}
}

func TestPipFailure(t *testing.T) {
	// Without a network pip ends with "No matching distribution" too.
	const offline = `WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(': Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/torch/
ERROR: Could not find a version that satisfies the requirement torch==2.11.0 (from versions: none)
ERROR: No matching distribution found for torch==2.11.0`
	for complaints, want := range map[string]string{
		offline: "no network",
		"ERROR: No matching distribution found for torch==2.11.0": "no wheel of this version",
		"ERROR: Could not find a version that satisfies the requirement torch==2.11.0 (from versions: none)\nERROR: No matching distribution found for torch==2.11.0": "no network, or nothing for this Python",
		"ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device":                                                                     "no disk",
		"Traceback (most recent call last):": "exit status 2",
	} {
		if got := pipFailure(complaints, errors.New("exit status 2")); !strings.Contains(got, want) || strings.Contains(got, "\n") {
			t.Errorf("%q: %q, want %q in one line", complaints, got, want)
		}
	}
}

func TestCheckDisk(t *testing.T) {
	if err := checkDisk(filepath.Join(t.TempDir(), "nowhere")); err == nil {
		t.Error("a folder that is not there has space")
	}
}

func makeZip(t *testing.T, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for name, text := range files {
		file, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUnpackTakesTheChosen(t *testing.T) {
	wheel := makeZip(t, map[string]string{"torch/version.py": "v", "torch/lib/libc10.so": "c10", "torch/lib/libtorch_cuda.so": "cuda"})
	dir := t.TempDir()
	if err := unpack(wheel, dir, neededOnCPU); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "torch/lib/libc10.so")); err != nil || string(text) != "c10" {
		t.Errorf("libc10.so: %q, %v", text, err)
	}
	if exists(filepath.Join(dir, "torch/lib/libtorch_cuda.so")) {
		t.Error("the CUDA library was unpacked")
	}
	if err := unpack(wheel, dir, func(string) bool { return false }); err == nil {
		t.Error("a wheel without what is needed is no error")
	}
}

func TestUnpackStaysInside(t *testing.T) {
	wheel := makeZip(t, map[string]string{"../outside": "x"})
	dir := filepath.Join(t.TempDir(), "in")
	if err := unpack(wheel, dir, func(string) bool { return true }); err == nil {
		t.Error("a path that leads out was accepted")
	}
	if exists(filepath.Join(filepath.Dir(dir), "outside")) {
		t.Error("a file was written outside")
	}
}
