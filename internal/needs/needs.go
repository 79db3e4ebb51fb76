// Package needs lets a test say which outside part it cannot do without: a program, a package of LaTeX, or real data.
//
// Where the part is missing the test skips and says so, because `make test` must pass on a bare machine. A part named in $MMIBX_REQUIRE is one
// that somebody installed on purpose (.ci/run does); there a missing part fails the test, so that nothing is skipped unseen.
package needs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Program returns the path of a program, found on PATH.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name, "the program %s is not on PATH", name)
	}
	return path
}

// Browser returns the path of a Chromium: the headless shell, or a whole one. MMIBX_REQUIRE knows it as chromium-headless-shell.
func Browser(t testing.TB) string {
	t.Helper()
	names := []string{"chromium-headless-shell", "chromium", "google-chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, names[0], "none of the programs %s is on PATH", strings.Join(names, ", "))
	return ""
}

// Python returns a Python that can import the modules: $MMIBX_PYTHON where that is set, else python3. MMIBX_REQUIRE knows it by the first of them.
func Python(t testing.TB, modules ...string) string {
	t.Helper()
	name := os.Getenv("MMIBX_PYTHON")
	if name == "" {
		name = "python3"
	}
	if out, err := exec.CommandContext(t.Context(), name, "-c", "import "+strings.Join(modules, ", ")).CombinedOutput(); err != nil {
		missing(t, modules[0], "%s does not import %s (set MMIBX_PYTHON): %v, %s", name, strings.Join(modules, ", "), err, lastLine(out))
	}
	return name
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// LaTeX returns the file of a package of LaTeX in this major version or a later one, as kpsewhich finds it for pdflatex. MMIBX_REQUIRE knows it by
// its name.
func LaTeX(t testing.TB, name string, major int) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "kpsewhich", name+".sty").Output()
	if err != nil {
		missing(t, name, "kpsewhich does not find the package %s of LaTeX: %v", name, err)
	}
	path := strings.TrimSpace(string(out))
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	provides := regexp.MustCompile(`\\ProvidesExplPackage\s*\{` + name + `\}\s*\{[^}]*\}\s*\{(\d+)`).FindSubmatch(text)
	if provides == nil {
		missing(t, name, "%s says no version, and %d is needed", path, major)
	} else if found, err := strconv.Atoi(string(provides[1])); err != nil || found < major {
		missing(t, name, "%s is version %s, and %d is needed", path, provides[1], major)
	}
	return path
}

// Weights returns what find returns of weights, such as "minilm" or "efficientnet-lite0".
func Weights(t testing.TB, name string, find func(name string) (string, error)) string {
	t.Helper()
	dir, err := find(name)
	if err != nil {
		missing(t, name, "%v", err)
	}
	return dir
}

// Data returns the folder of a real benchmark, such as "twitter2017": $MMIBX_DATA/name where that is set, else ../shared/data/name beside the repository.
func Data(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("MMIBX_DATA")
	if dir == "" {
		dir = filepath.Join(moduleRoot(t), "..", "shared", "data")
	}
	dir = filepath.Join(dir, name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		missing(t, name, "the data of %s are not in %s (set MMIBX_DATA to the folder that holds them)", name, filepath.Dir(dir))
	}
	return dir
}

func missing(t testing.TB, name, format string, args ...any) {
	t.Helper()
	if slices.Contains(strings.Fields(os.Getenv("MMIBX_REQUIRE")), name) {
		t.Fatalf(format+", and MMIBX_REQUIRE names it", args...)
	}
	t.Skipf("SKIPPED: "+format, args...)
}

// moduleRoot is the folder of go.mod: a test runs in the folder of its package.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the working directory")
		}
		dir = up
	}
}
