package reports

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

func TestChanges(t *testing.T) {
	const key = "demo:mmib:mini-mnre"
	same, _ := proven(t)
	if got := Changes(same, same); len(got) != 0 {
		t.Errorf("with itself: %+v", got)
	}
	for want, change := range map[string]func(old, new *Record, c *CellRecord){
		"new seeds: fff": func(_, _ *Record, c *CellRecord) { c.Runs = append(c.Runs, "fff") },
		"runs are gone:": func(_, _ *Record, c *CellRecord) { c.Runs = c.Runs[:2] },
		"other runs: fff for": func(_, _ *Record, c *CellRecord) {
			c.Runs = append([]string{"fff"}, c.Runs[1:]...)
		},
		"done again:": func(_, new *Record, c *CellRecord) {
			new.Runs[c.Runs[0]] = Version{Attempt: 2, Commit: "c1", PyTorch: "2.11.0", Data: "d1"}
		},
		"code: c1 c2, was c1": func(_, new *Record, c *CellRecord) {
			v := new.Runs[c.Runs[0]]
			v.Commit = "c2"
			new.Runs[c.Runs[0]] = v
		},
		"data: d1 d2, was d1": func(_, new *Record, c *CellRecord) { v := new.Runs[c.Runs[0]]; v.Data = "d2"; new.Runs[c.Runs[0]] = v },
		"PyTorch: 2.11.0 2.12.0, was 2.11.0": func(_, new *Record, c *CellRecord) {
			v := new.Runs[c.Runs[0]]
			v.PyTorch = "2.12.0"
			new.Runs[c.Runs[0]] = v
		},
		"declaration: scores of test, were of dev": func(_, new *Record, _ *CellRecord) { new.Split = mmibx.Test },
		"declaration: it was changed":              func(_, new *Record, _ *CellRecord) { new.Declaration.Digits = 1 },
		"another version of mmibx":                 func(_, new *Record, c *CellRecord) { c.Value, new.Declaration.Digest = "91", "of another comment" },
		"what it is compared with has changed":     func(_, _ *Record, _ *CellRecord) {},
	} {
		old, _ := proven(t)
		new, _ := proven(t)
		c := new.Cells[key]
		c.Text = "91"
		change(old, new, &c)
		new.Cells[key] = c
		got := Changes(old, new)
		if len(got) != 1 || got[0].Key != key || got[0].New != "91" || !strings.Contains(strings.Join(got[0].Causes, "; "), want) {
			t.Errorf("want %q: %+v", want, got)
		}
	}
}

// A comment in the declaration and another name of the table change nothing; a
// cell that came or went is told.
func TestChangesOfTheTable(t *testing.T) {
	old, _ := proven(t)
	new, _ := proven(t)
	new.Declaration.Digest, new.Table = "other", "renamed"
	cells := map[string]CellRecord{}
	for k, c := range new.Cells {
		cells["renamed"+strings.TrimPrefix(k, "demo")] = c
	}
	new.Cells = cells
	if got := Changes(old, new); len(got) != 0 {
		t.Errorf("renamed: %+v", got)
	}
	delete(new.Cells, "renamed:text:mini-mnre")
	new.Cells["renamed:more:mini-mnre"] = CellRecord{Text: "1"}
	got, err := json.Marshal(Changes(old, new))
	if err != nil || !strings.Contains(string(got), "there is no such cell any more") || !strings.Contains(string(got), "there was no such cell") {
		t.Errorf("%s, %v", got, err)
	}
}

// A claim that flips is told even where the cell prints the same.
func TestFlips(t *testing.T) {
	const key = "demo:mmib:mini-mnre"
	old, _ := proven(t)
	new, _ := proven(t)
	old.Baseline, new.Baseline = "Text only", "Text only"
	set := func(rec *Record, v stats.Verdict, place string) {
		c := rec.Cells[key]
		c.VsBaseline, c.Place = &Tested{Verdict: v}, place
		rec.Cells[key] = c
	}
	set(old, stats.Better, "best")
	set(new, stats.NotApart, "second")
	got := Changes(old, new)
	if len(got) != 1 || len(got[0].Flips) != 2 || got[0].Flips[0] != "against Text only: not told apart, was better" || !strings.Contains(got[0].Flips[1], "any more") {
		t.Errorf("%+v", got)
	}
	set(new, stats.Better, "best")
	if got := Changes(old, new); len(got) != 0 {
		t.Errorf("the same claims: %+v", got)
	}
}
