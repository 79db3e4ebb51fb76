package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/scoring"
)

func TestScore(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	gold := file("gold.txt", "IMGID:1\nAnn\tI-PER\nin\tO\nRome\tB-LOC\n\nIMGID:2\nhi\tO\n")
	goldLines := file("gold.jsonl", `{"id":"dev:0","tags":["I-PER","O","B-LOC"]}`+"\n"+`{"id":"dev:1","tags":["O"]}`+"\n")
	bare := file("bare.txt", "Ann\tB-PER\nin\tO\nRome\tO\n\nhi\tO\n")
	cut := file("cut.jsonl", `{ "id": "dev:1", "tags": ["B-ORG"]}`+"\n"+`{"id":"dev:0","tags":["B-PER","O",""]}`+"\n")
	pairs := file("pairs.txt", `{'token': ['a', 'b'], 'h': {'pos': [0, 1]}, 't': {'pos': [1, 2]}, 'img_id': 'x', 'relation': 'R'}`+"\n")
	related := file("related.jsonl", `{"id":"test:0","relation":"None"}`+"\n")
	for _, c := range []struct {
		args     []string
		code     int
		want     scoring.Counts
		f1       float64
		accuracy float64
		dropped  int
	}{
		{[]string{gold, gold}, 0, scoring.Counts{Correct: 2, Predicted: 2, Gold: 2}, 100, 0, 0},
		{[]string{gold, bare}, 0, scoring.Counts{Correct: 1, Predicted: 1, Gold: 2}, 200.0 / 3, 0, 0},
		{[]string{gold, bare, "--rule", "strict"}, 0, scoring.Counts{Correct: 0, Predicted: 1, Gold: 1}, 0, 0, 0},
		{[]string{gold, cut}, 0, scoring.Counts{Correct: 1, Predicted: 2, Gold: 1}, 200.0 / 3, 0, 1},
		{[]string{goldLines, cut, "--rule", "concatenated"}, 0, scoring.Counts{Correct: 1, Predicted: 2, Gold: 1}, 200.0 / 3, 0, 1},
		{[]string{pairs, related}, 0, scoring.Counts{Gold: 1}, 0, 0, 0},
		{[]string{pairs, pairs}, 0, scoring.Counts{Correct: 1, Predicted: 1, Gold: 1}, 100, 100, 0},
		{[]string{gold, pairs}, 2, scoring.Counts{}, 0, 0, 0},
		{[]string{gold, filepath.Join(dir, "none")}, 3, scoring.Counts{}, 0, 0, 0},
		{[]string{gold, bare, "--rule", "kind"}, 2, scoring.Counts{}, 0, 0, 0},
		{[]string{gold}, 2, scoring.Counts{}, 0, 0, 0},
	} {
		out, code := mmibxRun(t, append([]string{"score", "--json"}, c.args...)...)
		var got scoring.Report
		if code == 0 {
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatal(err)
			}
		}
		if d := got.F1 - c.f1; code != c.code || got.Counts != c.want || d*d > 1e-18 || got.Accuracy != c.accuracy || got.Dropped.Words != c.dropped {
			t.Errorf("score %v: code %d, %+v, want %+v", c.args, code, got, c)
		}
	}
	out, _ := mmibxRun(t, "score", gold, cut)
	for _, want := range []string{"all (lenient)  50.00", "1 words were never seen and left out of gold, with parts of 1 of its spans"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// The entities of the real benchmarks, by the published rule.
func TestSpansOfTheRealBenchmarks(t *testing.T) {
	for name, want := range map[string]map[mmibx.Split]int{
		"twitter2015": {mmibx.Train: 6352, mmibx.Dev: 1594, mmibx.Test: 5207},
		"twitter2017": {mmibx.Train: 6049, mmibx.Dev: 1324, mmibx.Test: 1351},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := datasets.Open(name, filepath.Dir(needs.Data(t, name)))
			if err != nil {
				t.Fatal(err)
			}
			for split, n := range want {
				var tags [][]string
				for _, e := range set.Examples[split] {
					tags = append(tags, e.Tags)
				}
				r := scoring.Entities(tags, tags, scoring.Lenient)
				if r.Gold != n || r.F1 != 100 {
					t.Errorf("%s: %d spans, want %d", split, r.Gold, n)
				}
				if name != "twitter2015" || split != mmibx.Test {
					continue
				}
				byType := [4]int{r.Type("PER").Gold, r.Type("LOC").Gold, r.Type("ORG").Gold, r.Type("MISC").Gold}
				if byType != [4]int{1873, 1720, 860, 754} {
					t.Errorf("PER, LOC, ORG, MISC: %v", byType)
				}
				if strict := scoring.Entities(tags, tags, scoring.Strict).Gold; strict != 5072 {
					t.Errorf("strict: %d spans, want 5072", strict)
				}
			}
		})
	}
}
