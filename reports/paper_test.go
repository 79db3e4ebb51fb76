package reports

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func paperOf(t *testing.T, files map[string]string) (*Paper, string, error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, err := ReadPaper(filepath.Join(dir, "main.tex"))
	return p, dir, err
}

// Comments, definitions and what is after the end are no uses; files are followed
// from the folder of the main one, and lines are those of the source.
func TestReadPaper(t *testing.T) {
	p, dir, err := paperOf(t, map[string]string{
		"main.tex": `\documentclass{article}
\usepackage[utf8]{inputenc} \input{t1enc.def}
\graphicspath{{figs/}{more/}}
\providecommand{\mmibxcell}[2]{#2} % \mmibxcell{no:no:no}{1}
100\% of \mmibxvalue{a:b:c}
\input {tables/one}
\include{two}
\includegraphics
  [width=\linewidth]{beta}
\end{document}
\mmibxcell{after:the:end}{1}
`,
		"tables/one.tex": "\\mmibxcell{a:b:c}{\\textbf{9\\}2}{\\tiny x}} &\n\\mmibxcell {a:b:d} {1} \\\\\n\\input{tables/three.tex}",
		"tables/three.tex": `\providecommand{\mmibxvalue}[1]{\ifcsname mmibx@#1\endcsname\csname mmibx@#1\endcsname\fi}
\expandafter\def\csname mmibx@a:b:c\endcsname{92.40}`,
		"two.tex": "nothing",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range p.Uses {
		name, err := filepath.Rel(dir, u.File)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s:%d %s %s %s", name, u.Line, u.Kind, u.Key, u.Text))
	}
	want := []string{
		"main.tex:5 value a:b:c ", `tables/one.tex:1 cell a:b:c \textbf{9\}2}{\tiny x}`, "tables/one.tex:2 cell a:b:d 1",
		"tables/three.tex:2 definition a:b:c 92.40", "main.tex:8 figure beta ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || len(p.Files) != 4 || len(p.Graphics) != 2 {
		t.Errorf("%v, %v\n%s", p.Files, p.Graphics, strings.Join(got, "\n"))
	}
}

func TestReadPaperRefuses(t *testing.T) {
	if _, _, err := paperOf(t, map[string]string{"main.tex": "\n\\input{gone}"}); !errors.Is(err, mmibx.ErrNotFound) || !strings.Contains(err.Error(), "main.tex:2: \\input{gone}") {
		t.Error(err)
	}
	if _, _, err := paperOf(t, map[string]string{"main.tex": `\input{main}`}); !errors.Is(err, mmibx.ErrUsage) {
		t.Error(err)
	}
	if _, _, err := paperOf(t, nil); !errors.Is(err, mmibx.ErrNotFound) {
		t.Error(err)
	}
}

// What a table writes is what a paper that inputs it has, character by character,
// hostile names and all.
func TestWhatIsWrittenIsRead(t *testing.T) {
	table := madeUpTable(t)
	table.Groups[1].Rows[0].Title, table.Groups[1].Rows[0].Cells[0].Text = hostile, hostile
	rec := table.Record()
	p, _, err := paperOf(t, map[string]string{"main.tex": write(t, table, "values.tex") + write(t, table, "tex")})
	if err != nil {
		t.Fatal(err)
	}
	cells, definitions := 0, 0
	now := &Now{Runs: map[string]Stored{}}
	for _, u := range p.Uses {
		switch u.Kind {
		case UseCell:
			cells++
		case UseDefinition:
			definitions++
		}
		for _, f := range rec.CheckUse(u, now) {
			if f.Kind != Stale {
				t.Errorf("%+v", f)
			}
		}
	}
	if cells != len(rec.Cells) || definitions == 0 || definitions > cells {
		t.Errorf("%d cells, %d definitions of %d cells", cells, definitions, len(rec.Cells))
	}
}

// proven is a table, its record, and a store that says the same.
func proven(t *testing.T) (*Record, *Now) {
	t.Helper()
	runs, values := madeUpRuns(t)
	d := NewDeclaration("demo")
	l, err := d.Lay(runs, nil)
	if err != nil {
		t.Fatal(err)
	}
	table := l.Table(values)
	table.Versions = map[string]Version{}
	now := &Now{Layout: l, Runs: map[string]Stored{}}
	for _, r := range runs {
		v := Version{Attempt: 1, Commit: "c1", PyTorch: "2.11.0", Data: "d1", Predictions: "p" + r.ID}
		table.Versions[r.ID] = v
		now.Runs[r.ID] = Stored{State: r.State, Seed: r.Spec.Seed, Version: v, Values: values[r.ID]}
	}
	return table.Record(), now
}

func TestStaleness(t *testing.T) {
	const key = "demo:mmib:mini-mnre"
	rec, now := proven(t)
	for k := range rec.Cells {
		if causes := rec.Staleness(k, now); len(causes) > 0 {
			t.Errorf("%s: %v", k, causes)
		}
	}
	first := rec.Cells[key].Runs[0]
	for want, spoil := range map[string]func(rec *Record, now *Now, s *Stored){
		"is not in the store":                                func(_ *Record, now *Now, _ *Stored) { delete(now.Runs, first) },
		"is in the bin":                                      func(_ *Record, _ *Now, s *Stored) { s.Binned = true },
		"is queued":                                          func(_ *Record, _ *Now, s *Stored) { s.State = mmibx.Queued },
		"was done again: attempt 2, then 1":                  func(_ *Record, _ *Now, s *Stored) { s.Attempt = 2 },
		"predicts something else":                            func(_ *Record, _ *Now, s *Stored) { s.Predictions = "other" },
		"read other files of the benchmark: d2, then d1":     func(_ *Record, _ *Now, s *Stored) { s.Data = "d2" },
		"the score of run " + first + " is 89.00, and was 9": func(_ *Record, _ *Now, s *Stored) { s.Values = map[string]float64{"f1": 89} },
		"has finished since": func(rec *Record, _ *Now, _ *Stored) {
			c := rec.Cells[key]
			c.Runs, c.Values = c.Runs[:2], c.Values[:2]
			rec.Cells[key] = c
		},
		"no such row": func(rec *Record, _ *Now, _ *Stored) {
			c := rec.Cells[key]
			c.RowKey = "gone"
			rec.Cells[key] = c
		},
	} {
		rec, now := proven(t)
		s := now.Runs[first]
		spoil(rec, now, &s)
		if _, there := now.Runs[first]; there {
			now.Runs[first] = s
		}
		if got := strings.Join(rec.Staleness(key, now), "; "); !strings.Contains(got, want) {
			t.Errorf("want %q, it says %q", want, got)
		}
	}
	// On test nothing is scored: a value that is not there says nothing.
	rec.Split = mmibx.Test
	for id, s := range now.Runs {
		s.Values = nil
		now.Runs[id] = s
	}
	if causes := rec.Staleness(key, now); len(causes) > 0 {
		t.Errorf("on test: %v", causes)
	}
	// A cell that had nothing has something now.
	missing := "demo:mmib-ib.beta-image-10:mini-mnre"
	rec, now = proven(t)
	c := rec.Cells[missing]
	c.Runs, c.Values = nil, nil
	rec.Cells[missing] = c
	if causes := rec.Staleness(missing, now); len(causes) != 2 {
		t.Errorf("where there was none: %v", causes)
	}
}

func TestCheckUse(t *testing.T) {
	rec, now := proven(t)
	for _, c := range []struct {
		use  Use
		kind FaultKind
		says string
	}{
		{Use{Kind: UseCell, Key: "demo:mmib:mini-mnra", Text: "1"}, Missing, "nearest is demo:mmib:mini-mnre"},
		{Use{Kind: UseCell, Key: "demo:mmib:mini-mnre", Text: "1"}, Changed, "the paper prints 1, the table has \\textbf{90.40}"},
		{Use{Kind: UseDefinition, Key: "demo:mmib:mini-mnre", Text: "1"}, Changed, "the table has 90.40"},
		{Use{Kind: UseValue, Key: "demo:mmib:mini-mnre"}, "", ""},
	} {
		got := rec.CheckUse(c.use, now)
		if c.kind == "" && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Kind != c.kind || !strings.Contains(got[0].Cause, c.says) {
			t.Errorf("%+v: %+v", c.use, got)
		}
	}
	now.Fault, now.Changed, rec.Declaration.File = "no sweep", true, "x.toml"
	if got := rec.CheckTable(now); len(got) != 2 || !strings.Contains(got[0].Cause+got[1].Cause, "x.toml is not what it was") {
		t.Errorf("%+v", got)
	}
}
