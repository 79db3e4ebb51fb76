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
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/internal/needs"
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

// The example is written from the journals and predictions beside it, to the
// byte; with -update it is taken over.
func TestExampleReport(t *testing.T) {
	store, dir := t.TempDir(), t.TempDir()
	for _, part := range []string{"journals", "objects"} {
		unpack(t, filepath.Join(exampleReport, part+".tar.bz2"), store)
	}
	if out, err := mmibxSays(t, "report", "example", "-o", dir, "--store", store); err != nil {
		t.Fatal(err, out)
	}
	kept := filepath.Join(exampleReport, "report")
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
			t.Errorf("%s is not what is written now; `go test ./cmd/mmibx -run ExampleReport -update` takes it over", name)
		}
	}
}

// The report and the paper that takes from it compile, and no line of the paper
// is too wide for its column.
func TestExampleCompiles(t *testing.T) {
	pdflatex := needs.Program(t, "pdflatex")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(exampleReport)); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"paper.tex", filepath.Join("report", "report.tex")} {
		for range 2 {
			cmd := exec.CommandContext(t.Context(), pdflatex, "-interaction=nonstopmode", "-halt-on-error", filepath.Base(file))
			cmd.Dir = filepath.Join(dir, filepath.Dir(file))
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
