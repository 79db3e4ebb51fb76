package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// A claim holds until its file is closed; a look neither takes nor breaks it, and
// makes no file.
func TestClaim(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "lock")
	held := func(want bool) {
		t.Helper()
		if got, err := Held(path); err != nil || got != want {
			t.Errorf("held: %v, %v; want %v", got, err, want)
		}
	}
	held(false)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a look made the file:", err)
	}
	f, err := Claim(path)
	if err != nil {
		t.Fatal(err)
	}
	held(true)
	if _, err := Claim(path); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), path) {
		t.Errorf("a second claim: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	held(false)
}

// Attempts are the folders that are numbers, however many digits they have.
func TestLastAttempt(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	if n, err := LastAttempt(store, "none"); n != 0 || err != nil {
		t.Errorf("no folder: %d, %v", n, err)
	}
	for _, n := range []int{2, 9, 10} {
		if err := os.MkdirAll(store.Attempt("run", n), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"11", "lock"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(store.RunLock("run")), name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := LastAttempt(store, "run"); n != 10 || err != nil {
		t.Errorf("last attempt %d, %v", n, err)
	}
}

func TestLastWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "output.log")
	var stacks strings.Builder
	for i := range 200 {
		fmt.Fprintf(&stacks, "goroutine %d\n", i)
	}
	for _, c := range []struct {
		name, text  string
		first, last string
	}{
		{"nothing", "", "", ""},
		{"line ends", "\n\n", "", ""},
		{"few lines", "a\nb\n\n", "a", "b"},
		{"many lines", strings.Repeat("x\n", 20) + "y\n", "x", "y"},
		{"stacks", "before\nterminate called\nSIGABRT: abort\n" + stacks.String(), "before", "goroutine 1"},
		{"not UTF-8", "caf\xe9\n", "caf?", "caf?"},
		{"a long file", strings.Repeat("0123456789abcdef\n", outputEnd/16) + "end\n", "0123456789abcdef", "end"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		got := LastWords(path, 6)
		if c.first == "" && got != nil || c.first != "" && (len(got) > 6 || got[0] != c.first || got[len(got)-1] != c.last) {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	if got := LastWords(path+".none", 6); !slices.Equal(got, nil) {
		t.Errorf("no file: %q", got)
	}
}
