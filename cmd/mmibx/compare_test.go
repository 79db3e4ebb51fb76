package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker/journal"
)

// storeOfTwo is a store with text and mmib on mini-mnre over three seeds, whose
// predictions of both splits say None for every nth pair: mmib for fewer of them,
// but as many on all seeds.
func storeOfTwo(t *testing.T) mmibx.Store {
	t.Helper()
	return plannedStore(t, `
name = "two"
benchmarks = ["mini-mnre"]
seeds = 3
[[arm]]
name = "words"
model = "text"
[[arm]]
name = "mmib"
model = "mmib"
`, func(store mmibx.Store, w *journal.Writer, _ int, c *experiments.Cell) mmibx.State {
		logged(t, w, 1, map[string]float64{"text": 80, "mmib": 94}[c.Spec.Model.Name])
		every := map[string]int{"text": 3, "mmib": 9}[c.Spec.Model.Name]
		for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
			list := gold(t, "mini-mnre", split)
			for i := range list {
				if (i+c.Spec.Seed)%every == 0 {
					list[i].Relation = mmibx.NoRelation
				}
			}
			predicted(t, store, w, split, list)
		}
		if c.Spec.Model.Name == "mmib" {
			coded(t, store, w, c.Spec.Seed)
		}
		return mmibx.Done
	})
}

func TestCompare(t *testing.T) {
	store := storeOfTwo(t)
	out, err := mmibxSays(t, "compare", "model=mmib", "model=text", "--sweep", "two", "--store", string(store))
	if err != nil {
		t.Fatal(err, out)
	}
	for _, want := range []string{"3 seeds", "pictures", "A is better than B.", "10000 draws", "fewer than six seeds", "n = 3", "power at 1 F1"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if n := looks(t, store); n != 0 {
		t.Errorf("a comparison on dev left %d looks", n)
	}
	out, err = mmibxSays(t, "compare", "model=text", "model=mmib", "--split", "test", "--difference", "5", "--json", "--store", string(store))
	var list []reports.CompareRecord
	if err != nil || json.Unmarshal([]byte(out), &list) != nil || len(list) != 1 {
		t.Fatal(err, out)
	}
	c := list[0]
	if c.Verdict != "worse" || *c.Delta.High >= 0 || c.Tests[0].P > 0.001 || c.Power.Difference != 5 || c.Split != mmibx.Test || len(c.A.Runs) != 3 {
		t.Errorf("%+v", c)
	}
	if n := looks(t, store); n != 1 {
		t.Errorf("the ledger has %d looks, want 1", n)
	}
	// An id stands for its arm.
	byID, err := mmibxSays(t, "compare", c.B.Runs[1][:8], c.A.Runs[0], "--json", "--store", string(store))
	if err != nil || json.Unmarshal([]byte(byID), &list) != nil || len(list[0].A.Runs) != 3 || list[0].Verdict != "better" {
		t.Error(err, byID)
	}
}

// A word may be an imported run, an arm of the sweep, or nothing at all.
func TestCompareByName(t *testing.T) {
	store := storeOfTwo(t)
	theirs := map[mmibx.Split]string{}
	for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
		var said imported
		out, err := mmibxSays(t, importing(store, guesses(t, split, 100), string(split), "0", "--json")...)
		if err != nil || json.Unmarshal([]byte(out), &said) != nil {
			t.Fatal(err, out)
		}
		theirs[split] = said.Run
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"compare " + theirs[mmibx.Dev] + " model=text", 0, "Theirs"},
		{"compare " + theirs[mmibx.Dev][:9] + " mmib --sweep two", 0, "Theirs"},
		{"compare mmib words --sweep two", 0, "A is better than B."},
		{"compare " + theirs[mmibx.Test] + " model=text", 3, theirs[mmibx.Test]}, // predictions of the other split
		{"compare concat mmib", 3, "a filter such as model=concat"},
		{"compare concat mmib --sweep two", 3, "no such run in sweep two"},
		{"compare model= mmib --sweep two", 2, "filter"},
	} {
		out, err := mmibxSays(t, append(strings.Fields(c.args), "--store", string(store))...)
		if err != nil {
			out += err.Error()
		}
		if exitCode(err) != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: %v, want exit code %d and %q\n%s", c.args, err, c.code, c.says, out)
		}
	}
}

// One seed says nothing of how seeds vary: no number of seeds is planned by it.
func TestCompareOneSeed(t *testing.T) {
	out, err := mmibxSays(t, "compare", "model=mmib and seed=0", "model=text and seed=0", "--store", string(storeOfTwo(t)))
	if err != nil || !strings.Contains(out, "one seed does not say how much seeds vary") || strings.Contains(out, "1 seeds") || !strings.Contains(out, "taken for nothing") {
		t.Error(err, out)
	}
}

// A command that is refused looks at nothing.
func TestNoLookWithoutAnAnswer(t *testing.T) {
	store, dir := storeOfTwo(t), t.TempDir()
	changed := writeRun(t, store, map[string]any{"benchmark": "mini-mnre", "model": "text", "seed": 7}, mmibx.Done, 1)
	for _, args := range [][]string{
		{"unseal", changed},
		{"compare", changed, "model=mmib", "--split", "test"},
		{"table", "--sweep", "two", "--split", "test", "--baseline", "concat"},
		{"table", "--sweep", "two", "--split", "test", "-o", filepath.Join(dir, "none", "a.tex")},
		{"compare", "model=text and seed=0", "model=mmib and seed=1", "--split", "test"},
		{"plot", "beta", "--sweep", "two", "--split", "test", "-o", filepath.Join(dir, "none", "a.pdf")},
	} {
		if out, err := mmibxSays(t, append(args, "--store", string(store))...); err == nil {
			t.Errorf("%v: %s", args, out)
		}
	}
	if n := looks(t, store); n != 0 {
		t.Errorf("%d looks in the ledger, want none", n)
	}
	// Gold of other files says nothing of what a run predicted.
	if _, err := mmibxSays(t, "unseal", changed, "--store", string(store)); err == nil || !strings.Contains(err.Error(), "is not the file that its predictions are for") {
		t.Error(err)
	}
}

func TestTableAgainstABaseline(t *testing.T) {
	store := storeOfTwo(t)
	out, err := mmibxSays(t, "table", "--sweep", "two", "--baseline", "Text only", "--store", string(store))
	if err != nil || !strings.Contains(out, "94.00 ± 0.00↑") || !strings.Contains(out, "↓: better, worse than Text only") {
		t.Error(err, out)
	}
	out, err = mmibxSays(t, "table", "--sweep", "two", "--baseline", "concat", "--store", string(store))
	if exitCode(err) != 2 || !strings.Contains(err.Error(), "text, mmib") {
		t.Error(err, out)
	}
}

func TestCompareRefuses(t *testing.T) {
	store := storeOfTwo(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"model=mmib"}, 2, "see"},
		{[]string{"seed>=0", "model=text"}, 2, "2 arms on mini-mnre"},
		{[]string{"model=text", "model=text"}, 2, "the same arm"},
		{[]string{"model=text", "model=concat"}, 3, "no finished run"},
		{[]string{"model=text", "model=mmib", "--benchmark", "mnre"}, 3, "no finished run"},
		{[]string{"model=text", "model=mmib", "--benchmark", "mnrs"}, 2, "--benchmark"},
		{[]string{"model=text", "model=mmib", "--split", "train"}, 2, "--split"},
		{[]string{"model=text", "model=mmib", "--difference", "-1"}, 2, "--difference"},
		{[]string{"model=text and seed=0", "model=mmib and seed=1"}, 3, "seeds [0]"},
	} {
		out, err := mmibxSays(t, append(append([]string{"compare"}, c.args...), "--store", string(store))...)
		if got := exitCode(err); got != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: exit code %d (%v), want %d and %q\n%s", c.args, got, err, c.code, c.says, out)
		}
	}
}
