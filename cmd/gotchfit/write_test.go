package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func fakeFit(t *testing.T, deps string) (places, pytorch, toolchain) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "my repo") // a blank in the path must survive
	if deps != "" {
		deps = filepath.Join(root, deps)
	}
	at, err := placesOf(root, deps)
	if err != nil {
		t.Fatal(err)
	}
	pt := pytorch{Version: "2.11.0+cu130", Dir: fakePyTorch(t, filepath.Join(root, ".deps", "torch", "torch"), "2.11.0+cu130"), Source: "deps"}
	return at, pt, toolchain{root: root, goLine: "1.26.0", goVersion: "go1.26.8", gotch: "v0.9.1", cxx: []string{"g++"}, compiler: "g++ 12.2.0"}
}

func TestKeyChangesWithWhatAFitDependsOn(t *testing.T) {
	at, pt, tools := fakeFit(t, "")
	key := func() string {
		t.Helper()
		k, err := fitKey(pt, tools, at)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := key()
	if key() != first {
		t.Fatal("the key is not a function of its inputs")
	}
	lib := filepath.Join(pt.Dir, "lib", "libtorch_cpu.so")
	for _, change := range []struct {
		what string
		do   func()
	}{
		{"version", func() { pt.Version = "2.12.0" }},
		{"gotch", func() { tools.gotch = "v0.9.2" }},
		{"Go", func() { tools.goVersion = "go1.27.0" }},
		{"compiler", func() { tools.compiler = "g++ 14.1.0" }},
		{"compiler arguments", func() { tools.cxx = []string{"g++", "-m64"} }},
		{"library", func() { write(t, lib, "another") }},
		{"time of the library", func() { os.Chtimes(lib, time.Time{}, time.Unix(1, 0)) }},
		{"CUDA", func() { write(t, filepath.Join(pt.Dir, "lib", "libtorch_cuda.so"), "") }},
		{"place of the copy", func() { at.gotch += "2" }},
	} {
		before := key()
		change.do()
		if key() == before {
			t.Errorf("another %s, the same key", change.what)
		}
	}
}

func TestWriteFiles(t *testing.T) {
	at, pt, tools := fakeFit(t, "")
	m := manifest{PyTorch: pt.Version, Pruned: []string{"atg_x"}, Key: "k"}
	if err := writeFiles(at, pt, tools, true, m); err != nil {
		t.Fatal(err)
	}
	for path, wants := range map[string][]string{
		at.work: {"go 1.26.0\n", `use "."` + "\n", `replace github.com/sugarme/gotch => "./.deps/gotch"`},
		at.flags: {
			"//go:build torch\n", "package torch\n", "-O2 -std=c++17", "-D_GLIBCXX_USE_CXX11_ABI=0", "-ltorch_cpu -lc10 -lstdc++ -ldl",
			`"-I` + filepath.Join(pt.Dir, "include") + `"`, `"-Wl,-rpath,` + filepath.Join(pt.Dir, "lib") + `"`,
		},
		filepath.Join(at.gotch, "libtch", "lib.go"): {"package libtch\n", "-O1 -std=c++17", "-D_GLIBCXX_USE_CXX11_ABI=0"},
		at.editor: {"-tags=torch"},
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s lacks %q:\n%s", filepath.Base(path), want, text)
			}
		}
	}
	if got, err := readManifest(at.manifest); err != nil || got.Key != "k" || got.Pruned[0] != "atg_x" {
		t.Errorf("manifest %+v, %v", got, err)
	}
}

// Writing the same again must leave the files alone: Go and make look at their times.
func TestWriteFilesAgain(t *testing.T) {
	at, pt, tools := fakeFit(t, "")
	write(t, at.editor, `{"mine": true}`)
	old := time.Unix(1e9, 0)
	paths := []string{at.work, at.flags, at.manifest, at.editor, filepath.Join(at.gotch, "libtch", "lib.go")}
	if err := writeFiles(at, pt, tools, false, manifest{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeFiles(at, pt, tools, false, manifest{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if info, _ := os.Stat(path); !info.ModTime().Equal(old) {
			t.Errorf("%s was written again", path)
		}
	}
	if text, _ := os.ReadFile(at.editor); string(text) != `{"mine": true}` {
		t.Errorf("the user's editor settings became %s", text)
	}
}

// A fit beside the main one touches nothing outside of its folder.
func TestDepsOfItsOwn(t *testing.T) {
	at, pt, tools := fakeFit(t, ".deps/matrix/2.6.0")
	if err := writeFiles(at, pt, tools, false, manifest{}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"go.work", ".vscode", "model"} {
		if exists(filepath.Join(at.root, path)) {
			t.Errorf("%s was written", path)
		}
	}
	work, err := os.ReadFile(filepath.Join(at.deps, "go.work"))
	if err != nil || !strings.Contains(string(work), `use "./../../.."`) {
		t.Errorf("go.work: %s, %v", work, err)
	}
	overlay, err := os.ReadFile(at.overlay)
	if err != nil || !strings.Contains(string(overlay), `model/torch/flags_fitted.go":"`+at.flags) {
		t.Errorf("overlay: %s, %v", overlay, err)
	}
}

func TestReadManifest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "manifest.json")
	if _, err := readManifest(path); !os.IsNotExist(err) {
		t.Errorf("no manifest: %v", err)
	}
	write(t, path, "{")
	if _, err := readManifest(path); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a cut manifest: %v", err)
	}
}

func TestGoModLines(t *testing.T) {
	const mod = "module x\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/sugarme/gotch v0.9.1\n\tother v1.0.0\n)\n"
	if m := goLine.FindStringSubmatch(mod); m == nil || m[1] != "1.26.0" {
		t.Errorf("go line %v", m)
	}
	if m := gotchLine.FindStringSubmatch(mod); m == nil || m[1] != "v0.9.1" {
		t.Errorf("gotch line %v", m)
	}
}
