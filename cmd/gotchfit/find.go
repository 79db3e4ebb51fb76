package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// PyTorch 2.4 is the floor: the fused AdamW for the CPU and autocast by device type appeared there.
const minMajor, minMinor = 2, 4

var (
	errNoPyTorch  = errors.New("no PyTorch found")
	errNotPyTorch = errors.New("want a folder with PyTorch's include/ and lib/")
)

// pytorch is an installed PyTorch: a folder with include/ and lib/, as the Python package and the libtorch archive both have it.
type pytorch struct {
	Version string // as PyTorch says it, "2.11.0+cu130"
	Dir     string
	Source  string // where it was found: LIBTORCH, python, conda, deps, ...
}

// finder looks for a PyTorch in the places that a user would expect. Its fields are what it knows of the world.
type finder struct {
	getenv func(string) string
	python func() string // the torch folder that the active Python would import, or ""
	deps   []string      // torch folders of earlier downloads
	say    func(format string, args ...any)
}

// find returns the first usable PyTorch: $LIBTORCH, the active Python, conda, then what was downloaded before.
// $LIBTORCH was set on purpose, so it is an error where it does not do; the others are passed over, and find says so.
func (f finder) find() (pytorch, error) {
	if dir := f.getenv("LIBTORCH"); dir != "" {
		return openPyTorch(dir, "LIBTORCH")
	}
	type place struct{ dir, source string }
	var places []place
	if dir := f.python(); dir != "" {
		places = append(places, place{dir, "python"})
	}
	if prefix := f.getenv("CONDA_PREFIX"); prefix != "" {
		packages, _ := filepath.Glob(filepath.Join(prefix, "lib", "python3*", "site-packages", "torch")) // the pattern is ours and good
		for _, dir := range packages {
			places = append(places, place{dir, "conda"})
		}
		places = append(places, place{prefix, "conda"}) // conda-forge's libtorch lies in the prefix itself
	}
	for _, dir := range f.deps {
		places = append(places, place{dir, "deps"})
	}
	for _, p := range places {
		pt, err := openPyTorch(p.dir, p.source)
		if err == nil {
			return pt, nil
		}
		if p.source == "python" || !errors.Is(err, errNotPyTorch) { // Python found one; conda and deps were only tried
			f.say("passing over %v", err)
		}
	}
	return pytorch{}, errNoPyTorch
}

// exactly returns an earlier download of this version.
func (f finder) exactly(version string) (pytorch, error) {
	for _, dir := range f.deps {
		pt, err := openPyTorch(dir, "deps")
		if release, _, _ := strings.Cut(pt.Version, "+"); err == nil && release == version {
			return pt, nil
		}
	}
	return pytorch{}, errNoPyTorch
}

// openPyTorch checks that dir holds what a build needs, and that it is new enough.
func openPyTorch(dir, source string) (pytorch, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return pytorch{}, err
	}
	for _, need := range []string{"lib/libtorch_cpu.so", "lib/libc10.so", "include/torch/csrc/api/include/torch/torch.h"} {
		if _, err := os.Stat(filepath.Join(dir, need)); err != nil {
			return pytorch{}, fmt.Errorf("the PyTorch of %s: no %s in %s: %w", source, need, dir, errNotPyTorch)
		}
	}
	version, err := versionOf(dir)
	if err != nil {
		return pytorch{}, err
	}
	if !newEnough(version) {
		return pytorch{}, fmt.Errorf("the PyTorch of %s: found %s in %s, need %d.%d or newer", source, version, dir, minMajor, minMinor)
	}
	return pytorch{Version: version, Dir: dir, Source: source}, nil
}

var (
	versionPy = regexp.MustCompile(`(?m)^__version__[^=\n]*= *['"]([^'"]+)['"]`)
	versionH  = regexp.MustCompile(`(?m)^#define TORCH_VERSION_(?:MAJOR|MINOR|PATCH) +(\d+)`)
)

// versionOf reads the version from the Python package, from the libtorch archive, or from the headers, whichever is there.
func versionOf(dir string) (string, error) {
	if text, err := os.ReadFile(filepath.Join(dir, "version.py")); err == nil {
		if m := versionPy.FindSubmatch(text); m != nil {
			return string(m[1]), nil
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "build-version")); err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	for _, header := range []string{"include/torch/headeronly/version.h", "include/torch/csrc/api/include/torch/version.h"} {
		text, err := os.ReadFile(filepath.Join(dir, header))
		if err != nil {
			continue
		}
		if m := versionH.FindAllSubmatch(text, -1); len(m) == 3 {
			return fmt.Sprintf("%s.%s.%s", m[0][1], m[1][1], m[2][1]), nil
		}
	}
	return "", fmt.Errorf("the PyTorch in %s does not say its version (looked for version.py, build-version and version.h)", dir)
}

func newEnough(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	return err1 == nil && err2 == nil && (major > minMajor || major == minMajor && minor >= minMinor)
}

// pythonTorch asks the active Python where torch lies, without importing it: an import takes seconds and may fail for want of a GPU driver.
func pythonTorch() string {
	const script = `import importlib.util
spec = importlib.util.find_spec("torch")
print(spec.submodule_search_locations[0] if spec and spec.submodule_search_locations else "")`
	for _, python := range []string{"python3", "python"} {
		if out, err := exec.Command(python, "-c", script).Output(); err == nil {
			return strings.TrimSpace(string(out))
		}
	}
	return ""
}

// hasCUDA reports whether this PyTorch brings the CUDA backend. The worker loads it at run time; nothing links to it.
func (pt pytorch) hasCUDA() bool {
	return exists(filepath.Join(pt.Dir, "lib", "libtorch_cuda.so"))
}

// includeFlags are what every C++ file that includes PyTorch's headers needs.
func (pt pytorch) includeFlags(oldABI bool) []string {
	include := filepath.Join(pt.Dir, "include")
	flags := []string{"-std=c++17", "-w", "-I" + include, "-I" + filepath.Join(include, "torch", "csrc", "api", "include")}
	if oldABI {
		flags = append(flags, "-D_GLIBCXX_USE_CXX11_ABI=0")
	}
	return flags
}

// linkFlags link the CPU library only: one binary serves a machine with and without CUDA.
func (pt pytorch) linkFlags() []string {
	lib := filepath.Join(pt.Dir, "lib")
	return []string{"-L" + lib, "-Wl,-rpath," + lib, "-ltorch_cpu", "-lc10", "-lstdc++"}
}

// hasOldABI reports whether PyTorch was built with the std::string from before C++11, as most wheels up to 2.6 were.
// A program that disagrees does not link. torch._C knows it, but would have to be imported; the symbols of libc10 know it too.
func hasOldABI(libc10 string) (bool, error) {
	f, err := elf.Open(libc10)
	if err != nil {
		return false, fmt.Errorf("%s is no Linux library: %w", libc10, err)
	}
	defer f.Close()
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return false, fmt.Errorf("symbols of %s: %w", libc10, err)
	}
	names := make([]string, len(symbols))
	for i, s := range symbols {
		names[i] = s.Name
	}
	old, known := oldABISymbols(names)
	if !known {
		return false, fmt.Errorf("%s does not show which C++ ABI it was built with (no c10::detail::torchCheckFail that takes a string)", libc10)
	}
	return old, nil
}

// oldABISymbols looks at c10::detail::torchCheckFail(char const*, char const*, unsigned, std::string const&), which every version exports:
// the old string is mangled as Ss, the new one as std::__cxx11::basic_string.
func oldABISymbols(names []string) (old, known bool) {
	for _, name := range names {
		if s, ok := strings.CutPrefix(name, "_ZN3c106detail14torchCheckFailEPKcS2_jRK"); ok {
			switch {
			case s == "Ss":
				return true, true
			case strings.Contains(s, "__cxx11"):
				return false, true
			}
		}
	}
	return false, false
}

func abiName(old bool) string {
	if old {
		return "old"
	}
	return "cxx11"
}
