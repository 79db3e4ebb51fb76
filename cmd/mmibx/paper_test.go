package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// paperLab is a store, and a folder with a paper that has a table on dev, one on
// test, a value in the text and two figures, one of them another program's.
type paperLab struct {
	*testing.T
	store mmibx.Store
	dir   string
}

func newPaperLab(t *testing.T) *paperLab {
	t.Helper()
	l := &paperLab{t, storeOfTwo(t), t.TempDir()}
	t.Chdir(l.dir)
	l.write("ours.toml", "name = \"ours\"\nsweeps = [\"two\"]\nbaseline = \"Words_%\"\n[[group]]\nrows = [{ arm = \"words\", title = \"Words_%\" }, { arm = \"mmib\" }]\n")
	l.write("main.tex", `\documentclass{article}
\usepackage{booktabs,graphicx}
\graphicspath{{figures/}}
\input{ours.values}
\begin{document}
It reaches \mmibxvalue{ours:mmib:mini-mnre}.
\input{ours}
\input{sealed}
\includegraphics{curves} \includegraphics{theirs.png}
\end{document}
`)
	if err := os.Mkdir("figures", 0o755); err != nil {
		t.Fatal(err)
	}
	l.write("figures/theirs.png", "a picture")
	l.must("table", "ours.toml", "-o", "ours.tex")
	l.must("table", "--sweep", "two", "--split", "test", "-o", "sealed.tex")
	l.must("plot", "curves", "--sweep", "two", "-o", "figures/curves.pdf")
	return l
}

func (l *paperLab) write(name, text string) {
	l.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		l.Fatal(err)
	}
}

func (l *paperLab) run(args ...string) (string, error) {
	l.Helper()
	return mmibxSays(l.T, append(args, "--store", string(l.store))...)
}

func (l *paperLab) must(args ...string) string {
	l.Helper()
	out, err := l.run(args...)
	if err != nil {
		l.Fatal(args, err, out)
	}
	return out
}

// checks runs the check and wants its faults to say some things.
func (l *paperLab) checks(code int, want ...string) {
	l.Helper()
	out, err := l.run("paper", "check", "main.tex")
	if exitCode(err) != code {
		l.Errorf("exit code %d, want %d (%v)\n%s", exitCode(err), code, err, out)
	}
	for _, w := range want {
		if !strings.Contains(out, w) {
			l.Errorf("no %q in\n%s", w, out)
		}
	}
}

func TestPaperCheck(t *testing.T) {
	l := newPaperLab(t)
	l.checks(0, "1 value in the text, 1 figure in 4 files, and 1 figure of other programs: 0 faults")
	if n := looks(t, l.store); n != 1 {
		t.Errorf("%d looks, want that of the table alone", n)
	}
	// In the bin: the value, both cells and the figure are stale, those of test without a look.
	var why reasons
	if err := json.Unmarshal([]byte(l.must("why", "ours:mmib:mini-mnre", "--json")), &why); err != nil || len(why.Behind) != 3 {
		t.Fatal(err, why)
	}
	run := why.Behind[2].Run
	l.must("runs", "rm", run)
	gone := ": stale: run " + run + " is in the bin"
	l.checks(1, "main.tex:6: ours:mmib:mini-mnre"+gone, "ours.tex:", "sealed.tex:", "main.tex:9: curves"+gone, ": 4 faults")
	// The table follows; when the run is back a seed has finished since.
	l.must("table", "ours.toml", "-o", "ours.tex")
	l.must("runs", "restore", run)
	l.checks(1, "ours:mmib:mini-mnre: stale: run "+run+" (seed 2) has finished since", ": 2 faults")
	l.must("table", "ours.toml", "-o", "ours.tex")
	l.checks(0)
	// By hand, without a file, without a cell, with another declaration.
	text, err := os.ReadFile("ours.tex")
	if err != nil {
		t.Fatal(err)
	}
	l.write("ours.tex", strings.Replace(string(text), "94.00", "95.00", 1))
	l.write("ours.toml", "name = \"ours\"\nsweeps = [\"two\"]\n")
	l.checks(1, "ours:mmib:mini-mnre: changed: the paper prints ", "ours: stale: ours.toml is not what it was")
	l.write("ours.tex", strings.ReplaceAll(string(text), "ours:mmib:", "ours:mnib:"))
	if err := os.Remove("figures/curves.pdf"); err != nil {
		t.Fatal(err)
	}
	l.checks(1, "ours:mnib:mini-mnre: missing: the table ours has no such cell; the nearest is ours:mmib:mini-mnre", "curves: missing: there is no such file")
	if err := os.Remove("sealed.cells.json"); err != nil {
		t.Fatal(err)
	}
	l.checks(1, "sealed.cells.json: not found")
	if n := looks(t, l.store); n != 1 {
		t.Errorf("%d looks after the checks", n)
	}
	if _, err := l.run("paper", "check", "gone.tex"); exitCode(err) != 3 {
		t.Error(err)
	}
}

// A figure is held against what would be drawn now, in every format, on test without
// a look.
func TestPaperCheckOfFigures(t *testing.T) {
	l := newPaperLab(t)
	l.write("main.tex", "\\includegraphics{a.pdf} \\includegraphics{b.svg} \\includegraphics{c.png} \\includegraphics{d.pdf} \\includegraphics{e.svg}\n")
	draw := func() {
		l.must("plot", "curves", "--sweep", "two", "-o", "a.pdf")
		l.must("plot", "cost", "--sweep", "two", "--interval", "--filter", "model!='it''s'", "-o", "b.svg")
		l.must("plot", "curves", "--sweep", "two", "--metric", "dev.f1", "-o", "c.png")
		l.must("plot", "cases", "--sweep", "two", "--split", "test", "-o", "d.pdf")
		l.must("plot", "latents", "--sweep", "two", "-o", "e.svg")
	}
	draw()
	before := looks(t, l.store)
	l.checks(0, "5 figures in 1 file", ": 0 faults")
	for name, cut := range map[string]string{"a.pdf": "/Producer", "b.svg": "<g", "c.png": "IEND"} {
		whole := string(contents(t, name))
		l.write(name, strings.Replace(whole, cut, cut[:1]+"x"+cut[2:], 1))
		l.checks(1, "main.tex:1: "+name+": changed: the file is not as mmibx wrote it", ": 1 fault")
		l.write(name, whole)
	}
	run := strings.Fields(l.must("sql", "--csv", "SELECT id FROM runs WHERE model = 'mmib' AND seed = 0"))[1]
	l.must("runs", "rm", run)
	gone := ": stale: run " + run + " is in the bin"
	l.checks(1, "a.pdf"+gone, "b.svg"+gone, "c.png"+gone, "d.pdf"+gone, "e.svg"+gone, "d.pdf: stale: run ", "has come since")
	draw()
	l.checks(0)
	l.must("runs", "restore", run)
	since := ": stale: run " + run + " has come since"
	l.checks(1, "a.pdf"+since, "b.svg"+since, "c.png"+since, "d.pdf"+since, "e.svg"+since)
	if err := os.Remove(filepath.Join(string(l.store), "sweeps", "two", "plan.json")); err != nil {
		t.Fatal(err)
	}
	l.checks(1, "a.pdf: stale: it cannot be drawn any more: ")
	if n := looks(t, l.store); n != before+1 { // that of drawing d.pdf again
		t.Errorf("%d looks after the checks, %d before", n, before)
	}
}

func TestWhy(t *testing.T) {
	l := newPaperLab(t)
	out := l.must("why", "sealed:mmib:mini-mnre")
	for _, want := range []string{"mini MNRE, on test", "n = 3 of 3 planned", "c0ffee", "2.11.0", "model.name", "looks at test: 1", "table --sweep two --split test", "the store says the same now"} {
		if !strings.Contains(out, want) && want != "table --sweep two --split test" { // the command is that of the test's own program
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "seed  ") {
		t.Errorf("the seed is no setting that the runs share:\n%s", out)
	}
	if out := l.must("why", "ours:mmib:mini-mnre"); !strings.Contains(out, "against Words_%: better") || strings.Contains(out, "against the best of its column") || !strings.Contains(out, "94.00 ± 0.00↑") {
		t.Error(out)
	}
	if out := l.must("why", "ours:bound-text-only-any-split:mini-mnre"); !strings.Contains(out, "no run is behind it") {
		t.Error(out)
	}
	if out := l.must("why", "ours"); !strings.Contains(out, "ours:mmib:mini-mnre") || strings.Count(out, "\n") < 3 {
		t.Errorf("the cells of the table: %s", out)
	}
	if _, err := l.run("why", "ours.cells.json"); err == nil || !strings.Contains(err.Error(), "`mmibx why ours --cells ours.cells.json` lists the cells") {
		t.Error(err)
	}
	for word, code := range map[string]int{"ours:mmib:mnre": 3, "nothing:a:b": 3, "ours.cells.json": 2} {
		if out, err := l.run("why", word); exitCode(err) != code {
			t.Errorf("%s: %v\n%s", word, err, out)
		}
	}
	// Two tables of one name: which?
	if err := os.Mkdir("copy", 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("ours.cells.json")
	if err != nil {
		t.Fatal(err)
	}
	l.write(filepath.Join("copy", "ours.cells.json"), string(text))
	if _, err := l.run("why", "ours:mmib:mini-mnre"); exitCode(err) != 2 || !strings.Contains(err.Error(), "--cells") {
		t.Error(err)
	}
	l.must("why", "ours:mmib:mini-mnre", "--cells", "copy/ours.cells.json")
}

func TestDiff(t *testing.T) {
	l := newPaperLab(t)
	if err := os.Rename("ours.cells.json", "old.cells.json"); err != nil {
		t.Fatal(err)
	}
	run := strings.Fields(l.must("sql", "--csv", "SELECT id FROM runs WHERE model = 'mmib' AND seed = 1"))[1]
	l.must("runs", "rm", run)
	if text := l.must("table", "ours.toml"); !strings.Contains(text, "1 run of these methods was put into the bin.") {
		t.Errorf("a run was taken out, and the table says nothing:\n%s", text)
	}
	l.must("table", "ours.toml", "-o", "ours.tex", "--baseline", "Words_%")
	out, err := l.run("diff", "old.cells.json", "ours.tex")
	if exitCode(err) != 1 || !strings.Contains(out, "runs are gone: "+run) {
		t.Errorf("%v\n%s", err, out)
	}
	out, err = l.run("diff", "old.cells.json", "old.cells.json")
	if err != nil || out != "the same\n" {
		t.Errorf("%v\n%s", err, out)
	}
	l.write("bad.cells.json", "{}")
	for args, code := range map[string]int{"old.cells.json gone.tex": 3, "bad.cells.json old.cells.json": 2, "old.cells.json": 2} {
		if _, err := l.run(append([]string{"diff"}, strings.Fields(args)...)...); exitCode(err) != code {
			t.Errorf("diff %s: %v", args, err)
		}
	}
}
