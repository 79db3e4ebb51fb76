package needs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder stands for the test that asks. Like a real one it does not go on after Skip or Fatal.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Context() context.Context { return context.Background() }

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// ask runs f as a test of its own.
func ask(f func(testing.TB)) *recorder {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r
}

func TestProgram(t *testing.T) {
	t.Setenv("MMIBX_REQUIRE", "tmux no-such-program")
	if path := Program(t, "go"); !filepath.IsAbs(path) {
		t.Errorf("go is at %q", path)
	}
	if r := ask(func(t testing.TB) { Program(t, "no-such-program-either") }); !strings.Contains(r.skipped, "no-such-program-either is not on PATH") {
		t.Errorf("a missing program: %+v", r)
	}
	if r := ask(func(t testing.TB) { Program(t, "no-such-program") }); !strings.Contains(r.failed, "MMIBX_REQUIRE names it") {
		t.Errorf("a missing program that is required: %+v", r)
	}
}

func TestData(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MMIBX_DATA", dir)
	t.Setenv("MMIBX_REQUIRE", "mnre")
	if err := os.Mkdir(filepath.Join(dir, "twitter2017"), 0o755); err != nil {
		t.Fatal(err)
	}
	if got := Data(t, "twitter2017"); got != filepath.Join(dir, "twitter2017") {
		t.Errorf("Data = %q", got)
	}
	if r := ask(func(t testing.TB) { Data(t, "twitter2015") }); !strings.Contains(r.skipped, dir) {
		t.Errorf("missing data: %+v", r)
	}
	if r := ask(func(t testing.TB) { Data(t, "mnre") }); r.failed == "" {
		t.Errorf("missing data that are required: %+v", r)
	}
}

func TestDataBesideTheRepository(t *testing.T) {
	t.Setenv("MMIBX_DATA", "")
	t.Setenv("MMIBX_REQUIRE", "")
	r := ask(func(t testing.TB) { Data(t, "no-such-benchmark") })
	if want := filepath.Join("..", "shared", "data"); r.skipped == "" || !strings.Contains(r.skipped, filepath.Join(filepath.Dir(moduleRoot(t)), want[3:])) {
		t.Errorf("missing data: %+v", r)
	}
}

func TestBrowser(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("MMIBX_REQUIRE", "")
	if r := ask(func(t testing.TB) { Browser(t) }); !strings.Contains(r.skipped, "chromium-headless-shell, chromium") {
		t.Errorf("no browser: %+v", r)
	}
	t.Setenv("MMIBX_REQUIRE", "chromium-headless-shell")
	if r := ask(func(t testing.TB) { Browser(t) }); r.failed == "" {
		t.Errorf("no browser that is required: %+v", r)
	}
	whole := filepath.Join(dir, "chromium")
	if err := os.WriteFile(whole, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path := Browser(t); path != whole {
		t.Errorf("the browser is %q", path)
	}
}

func TestLaTeX(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("MMIBX_REQUIRE", "")
	askSiunitx := func() *recorder {
		return ask(func(r testing.TB) { LaTeX(r, "siunitx", 3) })
	}
	if r := askSiunitx(); !strings.Contains(r.skipped, "kpsewhich") {
		t.Errorf("no kpsewhich: %+v", r)
	}
	sty := filepath.Join(dir, "siunitx.sty")
	finds := func(script, text string) {
		t.Helper()
		for path, text := range map[string]string{filepath.Join(dir, "kpsewhich"): "#!/bin/sh\n" + script + "\n", sty: text} {
			if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	finds("exit 1", "")
	if r := askSiunitx(); !strings.Contains(r.skipped, "does not find the package siunitx") {
		t.Errorf("no such package: %+v", r)
	}
	finds("echo "+sty, `\ProvidesExplPackage {siunitx} {2021-04-17} {2.8e}`)
	if r := askSiunitx(); !strings.Contains(r.skipped, "is version 2, and 3 is needed") {
		t.Errorf("an old one: %+v", r)
	}
	finds("echo "+sty, `\ProvidesExplPackage{\ExplFileName}{\ExplFileDate}{\ExplFileVersion}`)
	t.Setenv("MMIBX_REQUIRE", "siunitx")
	if r := askSiunitx(); !strings.Contains(r.failed, "says no version") {
		t.Errorf("one of an unknown version, that is required: %+v", r)
	}
	finds("echo "+sty, "\\ProvidesExplPackage {siunitx} {2023-01-03} {3.2.0}\n  {A comprehensive (SI) units package}")
	if path := LaTeX(t, "siunitx", 3); path != sty {
		t.Errorf("siunitx is %q", path)
	}
}
