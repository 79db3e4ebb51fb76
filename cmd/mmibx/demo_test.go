package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDemo(t *testing.T) {
	playWorker(t)
	dir := filepath.Join(t.TempDir(), "demo")
	again := func(args ...string) string {
		t.Helper()
		out, err := mmibxSays(t, append([]string{"demo", "--out", dir, "--seeds", "1", "-j", "2", "-q"}, args...)...)
		if err != nil {
			t.Fatalf("demo %v: %v\n%s", args, err, out)
		}
		return out
	}
	out := again()
	for _, want := range []string{"Bayes-optimal", "\nMMIB, size = 1 ", "in " + dir + ":", "next:\n", "--store " + filepath.Join(dir, "store")} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not say %q:\n%s", want, out)
		}
	}
	var listed struct{ Files []string }
	if err := json.Unmarshal([]byte(again("--json")), &listed); err != nil || len(listed.Files) != 13 {
		t.Fatalf("--json: %v, files %q", err, listed.Files)
	}
	first := map[string]string{}
	for _, name := range listed.Files {
		blob, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(blob) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(blob), err)
		}
		first[name] = string(blob)
	}
	t.Setenv("MMIBX_WORKER", "/nowhere") // nothing is left to be run
	if second := again(); second != out {
		t.Errorf("the second demo says\n%s", second)
	}
	for name, want := range first {
		if blob, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(blob) != want {
			t.Errorf("%s is not the same the second time (%v)", name, err)
		}
	}
}

func TestDemoOfRunsThatDiverge(t *testing.T) {
	playWorker(t)
	dir := filepath.Join(t.TempDir(), "demo")
	_, err := mmibxSays(t, "demo", "--out", dir, "--seeds", "7,8", "-j", "2", "-q")
	if exitCode(err) != 1 || !strings.Contains(err.Error(), "36 done, 36 diverged; `mmibx sweep status demo") {
		t.Errorf("exit code %d, %v", exitCode(err), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "beta.pdf")); !errors.Is(err, os.ErrNotExist) {
		t.Error("there is a figure of a sweep that failed")
	}
}
