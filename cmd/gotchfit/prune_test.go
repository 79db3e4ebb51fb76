package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// gcc.txt is what g++ 12 said of wrappers.cpp.h against PyTorch 2.11: a wrong argument, too many results (which shows inside <tuple>), a missing function.
func TestErrorLines(t *testing.T) {
	if got, want := errorLines(read(t, "gcc.txt")), []int{12, 26, 30, 36, 38}; !slices.Equal(got, want) {
		t.Errorf("lines %v, want %v", got, want)
	}
}

func TestErrorLinesElsewhere(t *testing.T) {
	for _, text := range []string{
		"torch_api.cpp:100:5: error: 'foo' was not declared in this scope\n",
		"/usr/include/c++/12/bits/c++0x_warning.h:32:2: error: #error This file requires compiler support\n",
		"In file included from torch_api_generated.cpp.h:3:\nnote.h:1:1: error: expected unqualified-id\n",
		"torch_api_generated.cpp.h:7:3: warning: unused\n",
	} {
		if got := errorLines(text); len(got) != 0 {
			t.Errorf("%q blames lines %v", text, got)
		}
	}
}

func TestFirstError(t *testing.T) {
	const text = "In file included from a.h:1:\nb.h:2:3: error: no such thing\nb.h:9:9: error: and another\n"
	if got := firstError(text); got != "b.h:2:3: error: no such thing" {
		t.Errorf("%q", got)
	}
}

func TestPrune(t *testing.T) {
	text := read(t, "wrappers.cpp.h")
	out, names := prune(text, []int{12, 26, 30, 36, 38})
	if want := []string{"atg__scaled_mm", "atg_slogdet", "atg_align_tensors"}; !slices.Equal(names, want) {
		t.Errorf("pruned %v, want %v", names, want)
	}
	if want := read(t, "wrappers_pruned.cpp.h"); out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	if again, names := prune(text, nil); again != text || names != nil {
		t.Error("without errors the text changed")
	}
}

// A wrapper that was pruned and still does not compile would be pruned for ever.
func TestPruneOnce(t *testing.T) {
	out, _ := prune(read(t, "wrappers.cpp.h"), []int{12})
	line := strings.Count(out[:strings.Index(out, "not in this libtorch")], "\n") + 1
	if _, names := prune(out, []int{line}); len(names) != 0 {
		t.Errorf("pruned again: %v", names)
	}
}
