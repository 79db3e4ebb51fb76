package main

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/internal/shell"
)

var exampleReport = filepath.Join("..", "..", "docs", "example-report")

// unpack writes a packed store into a folder.
func unpack(t *testing.T, file, dir string) {
	t.Helper()
	for archive := tar.NewReader(bzip2.NewReader(bytes.NewReader(contents(t, file)))); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		blob, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(head.Name))
		if !filepath.IsLocal(filepath.FromSlash(head.Name)) {
			t.Fatalf("%s leaves the folder", head.Name)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, blob, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// filesIn lists the files below a folder.
func filesIn(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			var name string
			name, err = filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// The reports of the example are written from the journals and predictions beside
// them, by the commands of make.sh, to the byte; with -update they are taken over.
func TestExampleReport(t *testing.T) {
	home, err := filepath.Abs(exampleReport)
	if err != nil {
		t.Fatal(err)
	}
	store, out := t.TempDir(), t.TempDir()
	parts, err := filepath.Glob(filepath.Join(home, "*.tar.bz2"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("packed parts: %v, %v", parts, err)
	}
	for _, part := range parts {
		unpack(t, part, store)
	}
	t.Chdir(home) // the tables are named from there
	written := 0
	for line := range strings.Lines(string(contents(t, "make.sh"))) {
		words, err := shell.Words(strings.TrimSpace(line))
		if err != nil || len(words) < 2 || words[0] != "mmibx" || words[1] != "report" {
			continue
		}
		at := slices.Index(words, "-o") + 1
		name := words[at]
		dir := filepath.Join(out, name)
		words[at] = dir
		if said, err := mmibxSays(t, append(words[1:], "--store", store)...); err != nil {
			t.Fatal(err, said)
		}
		heldAgainst(t, dir, filepath.Join(home, name))
		written++
	}
	if written != 3 {
		t.Errorf("make.sh writes %d reports, want 3", written)
	}
	if said, err := mmibxSays(t, "paper", "check", "paper.tex", "--store", store); err != nil || !strings.Contains(said, " 0 faults") {
		t.Errorf("the paper is not what the store says: %v\n%s", err, said)
	}
}

// heldAgainst holds a folder against one that is kept; with -update it takes its place.
func heldAgainst(t *testing.T, dir, kept string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.RemoveAll(kept), os.CopyFS(kept, os.DirFS(dir))); err != nil {
			t.Fatal(err)
		}
	}
	got, want := filesIn(t, dir), filesIn(t, kept)
	if !slices.Equal(got, want) {
		t.Fatalf("the files are %v, kept are %v", got, want)
	}
	for _, name := range got {
		if !bytes.Equal(contents(t, filepath.Join(dir, name)), contents(t, filepath.Join(kept, name))) {
			t.Errorf("%s is not what is written now; `go test ./cmd/mmibx -run ExampleReport -update` takes it over", filepath.Join(kept, name))
		}
	}
}

// The reports and the paper that takes from them compile, and no line of the paper
// is too wide for its column.
func TestExampleCompiles(t *testing.T) {
	pdflatex := needs.Program(t, "pdflatex")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(exampleReport)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"paper.tex", "report/report.tex", "report-tuning/report.tex", "report-beta-size/report.tex"} {
		for range 2 {
			cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", path.Base(file))
			cmd.Dir = filepath.Join(dir, filepath.FromSlash(path.Dir(file)))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", file, err, lastLines(out, 30))
			}
			if file == "paper.tex" && strings.Contains(string(out), "Overfull \\hbox") {
				t.Errorf("%s: a line is too wide\n%s", file, out)
			}
		}
	}
}
