package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePyTorch makes a folder that looks like an installed PyTorch.
func fakePyTorch(t *testing.T, dir, version string) string {
	t.Helper()
	for path, text := range map[string]string{
		"lib/libtorch_cpu.so": "", "lib/libc10.so": "", "include/torch/csrc/api/include/torch/torch.h": "",
		"version.py": "from typing import Optional\n\n__version__ = '" + version + "'\ncuda: Optional[str] = '13.0'\n",
	} {
		write(t, filepath.Join(dir, path), text)
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFindTakesTheFirstUsable(t *testing.T) {
	dir := t.TempDir()
	libtorch := fakePyTorch(t, filepath.Join(dir, "libtorch"), "2.5.1")
	python := fakePyTorch(t, filepath.Join(dir, "venv/torch"), "2.9.0+cpu")
	old := fakePyTorch(t, filepath.Join(dir, "old/torch"), "2.3.1")
	conda := filepath.Join(dir, "conda")
	condaTorch := fakePyTorch(t, filepath.Join(conda, "lib/python3.12/site-packages/torch"), "2.6.0")
	forge := fakePyTorch(t, filepath.Join(dir, "forge"), "2.7.0") // libtorch in the prefix itself
	deps := fakePyTorch(t, filepath.Join(dir, "deps/torch"), "2.11.0+cu130")

	for _, tt := range []struct {
		name             string
		libtorch, python string
		conda            string
		dir, source      string // what must be found
		says             string // what must be said of those passed over
	}{
		{name: "LIBTORCH before all", libtorch: libtorch, python: python, conda: conda, dir: libtorch, source: "LIBTORCH"},
		{name: "python before conda", python: python, conda: conda, dir: python, source: "python"},
		{name: "conda before deps", conda: conda, dir: condaTorch, source: "conda"},
		{name: "conda-forge", conda: forge, dir: forge, source: "conda"},
		{name: "deps last", dir: deps, source: "deps"},
		{name: "an old one is passed over", python: old, dir: deps, source: "deps", says: "found 2.3.1"},
		{name: "one without headers is passed over", python: filepath.Join(dir, "nowhere"), dir: deps, source: "deps", says: "no lib/libtorch_cpu.so"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"LIBTORCH": tt.libtorch, "CONDA_PREFIX": tt.conda}
			var said string
			f := finder{
				getenv: func(k string) string { return env[k] },
				python: func() string { return tt.python },
				deps:   []string{deps},
				say:    func(format string, args ...any) { said += fmt.Sprintf(format, args...) + "\n" },
			}
			pt, err := f.find()
			if err != nil {
				t.Fatal(err)
			}
			if pt.Dir != tt.dir || pt.Source != tt.source {
				t.Errorf("found %s from %s, want %s from %s", pt.Dir, pt.Source, tt.dir, tt.source)
			}
			if !strings.Contains(said, tt.says) || (said == "") != (tt.says == "") {
				t.Errorf("said %q, want %q", said, tt.says)
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	none := finder{getenv: func(string) string { return "" }, python: func() string { return "" }}
	if pt, err := none.find(); !errors.Is(err, errNoPyTorch) {
		t.Errorf("found %+v, %v", pt, err)
	}
}

// $LIBTORCH was set on purpose: using another PyTorch in its place would be a surprise.
func TestBadLIBTORCHIsAnError(t *testing.T) {
	dir := t.TempDir()
	old := fakePyTorch(t, filepath.Join(dir, "old"), "1.13.1")
	deps := fakePyTorch(t, filepath.Join(dir, "deps"), "2.11.0")
	for libtorch, want := range map[string]string{
		old: "found 1.13.1 in " + old + ", need 2.4 or newer",
		dir: "no lib/libtorch_cpu.so in " + dir,
	} {
		f := finder{getenv: func(string) string { return libtorch }, deps: []string{deps}}
		if _, err := f.find(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("LIBTORCH=%s: %v, want %q", libtorch, err, want)
		}
	}
}

func TestExactly(t *testing.T) {
	dir := t.TempDir()
	a := fakePyTorch(t, filepath.Join(dir, "a"), "2.11.0+cu130")
	b := fakePyTorch(t, filepath.Join(dir, "b"), "2.6.0+cu124")
	f := finder{deps: []string{a, b}}
	if pt, err := f.exactly("2.6.0"); err != nil || pt.Dir != b {
		t.Errorf("exactly(2.6.0) = %+v, %v", pt, err)
	}
	if pt, err := f.exactly("2.11"); !errors.Is(err, errNoPyTorch) {
		t.Errorf("exactly(2.11) = %+v, %v", pt, err)
	}
}

func TestVersionOf(t *testing.T) {
	const header = "#pragma once\n#define TORCH_VERSION_MAJOR 2\n/// Minor.\n#define TORCH_VERSION_MINOR 10\n#define TORCH_VERSION_PATCH 1\n#define TORCH_VERSION_ABI_TAG 0\n"
	for path, tt := range map[string]struct{ text, want string }{
		"version.py":                         {"__version__ = '2.4.0a0+git1'\ndebug = False\n", "2.4.0a0+git1"},
		"./version.py":                       {"__version__: str = \"2.12.0\"\n", "2.12.0"},
		"build-version":                      {"2.5.1+cpu\n", "2.5.1+cpu"},
		"include/torch/headeronly/version.h": {header, "2.10.1"},
		"include/torch/csrc/api/include/torch/version.h": {header, "2.10.1"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, path), tt.text)
		if got, err := versionOf(dir); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v; want %q", path, got, err, tt.want)
		}
	}
	if _, err := versionOf(t.TempDir()); err == nil {
		t.Error("an empty folder has a version")
	}
}

func TestNewEnough(t *testing.T) {
	for version, want := range map[string]bool{
		"2.3.1": false, "2.4.0": true, "2.4.0a0+git": true, "2.11.0+cu130": true, "1.13.1": false, "3.0.0": true, "2": false, "": false, "two.four": false,
	} {
		if got := newEnough(version); got != want {
			t.Errorf("newEnough(%q) = %t", version, got)
		}
	}
}

func TestOldABI(t *testing.T) {
	const check = "_ZN3c106detail14torchCheckFailEPKcS2_j"
	for _, tt := range []struct {
		name       string
		symbols    []string
		old, known bool
	}{
		{"2.6.0 from PyPI", []string{"_ZN3c105ErrorD0Ev", check + "S2_", check + "RKSs"}, true, true},
		{"2.11.0 from PyPI", []string{check + "RKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE", check + "S2_"}, false, true},
		{"neither", []string{check + "S2_"}, false, false},
	} {
		if old, known := oldABISymbols(tt.symbols); old != tt.old || known != tt.known {
			t.Errorf("%s: old %t, known %t", tt.name, old, known)
		}
	}
}
