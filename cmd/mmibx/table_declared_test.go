package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports"
)

const declaredTable = `
name = "ours"
caption = "Pictures and words"
sweeps = ["two"]
baseline = "words"
[[column]]
metrics = ["f1", "precision"]
[[group]]
rows = [{ arm = "words", title = "words" }, { filter = "model=mmib", title = "pictures" }]
[[group]]
title = "Theirs"
rows = [{ system = "Theirs" }]
`

func TestTableDeclared(t *testing.T) {
	store, dir := storeOfTwo(t), t.TempDir()
	if out, err := mmibxSays(t, importing(store, guesses(t, "dev", 200), "dev", "0")...); err != nil {
		t.Fatal(err, out)
	}
	file := filepath.Join(dir, "ours.toml")
	if err := os.WriteFile(file, []byte(declaredTable), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := mmibxSays(t, "table", file, "--store", string(store))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"words", "*94.00 ± 0.00↑", "Theirs", "Pictures and words, on dev.", "Only micro F1 is tested", "↓: better, worse than words"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	tex := filepath.Join(dir, "ours.tex")
	if out, err = mmibxSays(t, "table", file, "-o", tex, "--venue", "acl", "--store", string(store)); err != nil {
		t.Fatal(err, out)
	}
	for name, want := range map[string]string{
		"ours.tex": `\cmidrule(lr){2-3}`, "ours.values.tex": `\csname mmibx@ours:model-mmib:mini-mnre\endcsname{94.00}`,
		"ours.cells.json": `"pytorch": "2.11.0"`,
	} {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s lacks %s (%v)", name, want, err)
		}
	}
	if n := looks(t, store); n != 0 {
		t.Errorf("a table on dev left %d looks", n)
	}
	// Flags have the last word; on test the same declaration is one look.
	out, err = mmibxSays(t, "table", file, "--split", "test", "--baseline", "", "--store", string(store))
	if exitCode(err) != 3 || !strings.Contains(err.Error(), `system "Theirs": no predictions on test`) || looks(t, store) != 0 {
		t.Errorf("%v, %d looks\n%s", err, looks(t, store), out)
	}
	shipped, err := mmibxSays(t, "table", "main", "--sweep", "two", "--split", "test", "--store", string(store))
	if err != nil || !strings.Contains(shipped, "Run here") || strings.Contains(shipped, "Published") || looks(t, store) != 1 {
		t.Errorf("a table that ships: %v, %d looks\n%s", err, looks(t, store), shipped)
	}
}

func TestTableDeclaredRefuses(t *testing.T) {
	store, dir := storeOfTwo(t), t.TempDir()
	file := filepath.Join(dir, "t.toml")
	for text, want := range map[string]string{
		strings.Replace(declaredTable, `"words", title`, `"wrds", title`, 1):                  `t.toml:9: group[1].rows[1].arm: found "wrds"`,
		strings.Replace(declaredTable, `baseline = "words"`, `baseline = "word"`, 1):          `t.toml:5: baseline: found "word"`,
		strings.Replace(declaredTable, `sweeps = ["two"]`, "", 1):                             `sweeps: found nothing`,
		strings.Replace(declaredTable, `filter = "model=mmib"`, `filter = "modell=mmib"`, 1):  `modell`,
		strings.Replace(declaredTable, `filter = "model=mmib"`, `filter = "model=concat"`, 1): `t.toml:9: group[1].rows[2].filter`,
		strings.Replace(declaredTable, `rows = [{ arm`, `row = [{ arm`, 1):                    `did you mean rows?`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := mmibxSays(t, importing(store, guesses(t, "dev", 200), "dev", "0")...); err != nil {
			t.Fatal(err, out)
		}
		out, err := mmibxSays(t, "table", file, "--split", "dev", "--store", string(store))
		if exitCode(err) != 2 || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s\n%s", err, want, out)
		}
	}
	if _, err := mmibxSays(t, "table", "mian", "--store", string(store)); exitCode(err) != 3 || !strings.Contains(err.Error(), "did you mean main?") {
		t.Error(err)
	}
}

// Every table that ships fits the study that it names: all of its rows are there
// before anything has run, and each cell says that it has no score.
func TestTablesThatShipFitTheirStudies(t *testing.T) {
	for _, name := range reports.StandardTables() {
		text, err := reports.StandardTable(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := reports.ParseDeclaration(name, text)
		if err != nil {
			t.Fatal(err)
		}
		a := &app{storeDir: t.TempDir(), dataDir: t.TempDir()}
		for _, study := range d.Sweeps {
			plan, err := a.planOf(study, &sweepFlags{})
			if err != nil {
				t.Fatal(err)
			}
			if err := plan.Save(mmibx.Store(a.storeDir)); err != nil {
				t.Fatal(err)
			}
		}
		for _, format := range []string{"text", "latex"} {
			out, err := mmibxSays(t, "table", name, "--format", format, "--store", a.storeDir)
			if err != nil {
				t.Errorf("%s as %s: %v\n%s", name, format, err, out)
			}
			if format == "text" && (!strings.Contains(out, "MMIB") || !strings.Contains(out, "queued")) {
				t.Errorf("%s:\n%s", name, out)
			}
		}
	}
}
