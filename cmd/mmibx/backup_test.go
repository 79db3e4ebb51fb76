package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func TestBackupAndGC(t *testing.T) {
	dir := t.TempDir()
	store, target := mmibx.Store(filepath.Join(dir, "store")), filepath.Join(dir, "copy")
	id := writeRun(t, store, map[string]any{"benchmark": "mini-mnre", "model": "text"}, mmibx.Done, 3, 2, 1)
	sha, _, err := tracker.PutObject(store, strings.NewReader(strings.Repeat("x", 1234)))
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(store.Object(sha), old, old); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		store string
		args  []string
		code  int
		want  string
	}{
		{string(store), []string{"backup", target}, 0, target + ": "},
		{string(store), []string{"backup", target}, 2, ""},
		{filepath.Join(dir, "none"), []string{"backup", target}, 3, ""},
		{filepath.Join(dir, "none"), []string{"gc"}, 3, ""},
		{target, []string{"runs", "list"}, 0, id},
		{string(store), []string{"gc", "--dry-run"}, 0, sha + "  1.23 kB"},
		{string(store), []string{"gc", "--dry-run"}, 0, "1 objects (1.23 kB) would be removed; 1 journals name 0 (0 B), 0 are too young"},
		{string(store), []string{"gc"}, 0, "1 objects (1.23 kB) removed"},
		{string(store), []string{"gc"}, 0, "0 objects (0 B) removed"},
		{target, []string{"gc", "--dry-run"}, 0, "0 objects (0 B) would be removed; 1 journals name 0 (0 B), 1 are too young"},
		{string(store), []string{"gc", "more"}, 2, ""},
	} {
		out, code := mmibxRun(t, append([]string{"--store", c.store}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d, want %d, and %q in\n%s", strings.Join(c.args, " "), code, c.code, c.want, out)
		}
	}
	for _, args := range [][]string{{"backup", target + "1"}, {"gc", "--dry-run"}} {
		if out, code := mmibxRun(t, append(args, "--store", string(store), "--json")...); code != 0 || strings.Contains(out, "null") {
			t.Errorf("%s: exit code %d, no list is null: %s", args[0], code, out)
		}
	}
	out, _ := mmibxRun(t, "--store", string(store), "backup", target+"2", "--json")
	var said struct{ Files, Bytes int }
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Files != 2 || said.Bytes < 1000 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestByteSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1234: "1.23 kB", 999_600: "1 MB", 12_345_678: "12.3 MB", 5e15: "5e+03 TB"} {
		if got := byteSize(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
