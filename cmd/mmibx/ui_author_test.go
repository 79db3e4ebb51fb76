package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
)

// TestUIAuthor: what the form saves is the file that the CLI reads, and counts what
// the store has done.
func TestUIAuthor(t *testing.T) {
	a, plan := sweptStore(t)
	t.Chdir(t.TempDir())
	u := newUI(a)
	defer u.close()
	text, err := u.Template(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	d, err := u.Draft(t.Context(), text, "name", "mine", 2)
	if err != nil || d.Name != "mine" || len(d.Faults) > 0 {
		t.Fatalf("%+v (%v)", d, err)
	}
	if d.Plan.Total != len(plan.Cells) || d.Plan.Counts[mmibx.Done] != 2 {
		t.Errorf("the draft has %d runs, %d done; the study has %d, 2 done", d.Plan.Total, d.Plan.Counts[mmibx.Done], len(plan.Cells))
	}
	if !strings.Contains(d.Plan.Estimate, "2 at once") {
		t.Errorf("the estimate says %q", d.Plan.Estimate)
	}
	path, err := u.Save(t.Context(), "mine.toml", d.Text, false)
	if err != nil {
		t.Fatal(err)
	}
	read, err := a.planOf(path, &sweepFlags{})
	if err != nil || read.Hash != plan.Hash || read.Sweep != "mine" {
		t.Errorf("the saved file is another sweep (%v)", err)
	}
	if _, err := u.Save(t.Context(), "mine.toml", d.Text+"\n", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another text took the place of the file: %v", err)
	}
	if _, err := u.Save(t.Context(), "mine.toml", d.Text+"\n", true); err != nil {
		t.Error(err)
	}
	if d, err = u.Draft(t.Context(), d.Text, "seeds", "many", 2); err != nil || len(d.Faults) != 1 || !strings.Contains(d.Faults[0], "a count") {
		t.Errorf("a fault: %q (%v)", d.Faults, err)
	}
	if d, err = u.Draft(t.Context(), text, "name", "demo", 2); err != nil || d.Note != "" {
		t.Errorf("the same sweep: %q (%v)", d.Note, err)
	}
	if d, err = u.Draft(t.Context(), d.Text, "seeds", "1", 2); err != nil || !strings.Contains(d.Note, "0 runs more") {
		t.Errorf("fewer seeds under the name of a sweep that is there: %q (%v)", d.Note, err)
	}
}

// TestUIDraftOfWeights: a draft that has no weights is at fault until they are there,
// which commits nothing to the database.
func TestUIDraftOfWeights(t *testing.T) {
	a, _ := sweptStore(t)
	u := newUI(a)
	defer u.close()
	text, err := u.Template(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("MMIBX_WEIGHTS", dir)
	d, err := u.Draft(t.Context(), text, "encoder.name", "mine", 2)
	if err != nil || len(d.Faults) != 1 || !strings.Contains(d.Faults[0], "not found") {
		t.Fatalf("without weights: %q (%v)", d.Faults, err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "mine"), 0o700), os.WriteFile(filepath.Join(dir, "mine", "config.json"), []byte("{}"), 0o600)); err != nil {
		t.Fatal(err)
	}
	d, err = u.Draft(t.Context(), text, "encoder.name", "mine", 2)
	if err != nil || len(d.Faults) > 0 || d.Plan.Total == 0 {
		t.Errorf("with weights: %q, %d runs (%v)", d.Faults, d.Plan.Total, err)
	}
}

// TestUIEditor: the editor works on a copy, and what it leaves comes back.
func TestUIEditor(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "sed -i s/five/six/")
	needs.Program(t, "sed")
	u := newUI(&app{storeDir: t.TempDir()})
	cmd, back, err := u.Editor("five\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if text, err := back(); err != nil || text != "six\n" {
		t.Errorf("%q (%v)", text, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Setenv("EDITOR", "no-such-editor")
	if _, _, err := u.Editor(""); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "$EDITOR") {
		t.Errorf("an editor that is not there: %v", err)
	}
}
