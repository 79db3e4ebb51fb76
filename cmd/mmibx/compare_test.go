package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// storeOfTwo is a store with text and mmib on mini-mnre over three seeds, whose
// predictions of both splits say None for every nth pair: mmib for fewer of them,
// but as many on all seeds.
func storeOfTwo(t *testing.T) mmibx.Store {
	t.Helper()
	store := mmibx.Store(t.TempDir())
	sweep, err := experiments.Parse("two.toml", []byte("name = \"two\"\nbenchmarks = [\"mini-mnre\"]\nseeds = 3\n[[arm]]\nname = \"text\"\nmodel = \"text\"\n[[arm]]\nname = \"mmib\"\nmodel = \"mmib\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := sweep.Plan(func(mmibx.Spec) (mmibx.Inputs, error) { return mmibx.Inputs{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Save(store); err != nil {
		t.Fatal(err)
	}
	set, err := datasets.Mini("mini-mnre")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Cells {
		w, err := journal.Create(store.Journal(c.Run, 1), journal.Header{Run: c.Run, Arm: c.Arm, Attempt: 1, Spec: c.Spec.Values(), Sweep: "two", Started: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Log(1, mmibx.Metric{Name: mmibx.DevF1, Value: map[string]float64{"text": 80, "mmib": 94}[c.Spec.Model.Name]}); err != nil {
			t.Fatal(err)
		}
		every := map[string]int{"text": 3, "mmib": 9}[c.Spec.Model.Name]
		for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
			if err := w.Artifact(wrongEvery(t, store, set.Examples[split], split, every, c.Spec.Seed)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func wrongEvery(t *testing.T, store mmibx.Store, examples []mmibx.Example, split mmibx.Split, every, seed int) journal.Artifact {
	t.Helper()
	var lines bytes.Buffer
	predictions := make([]mmibx.Prediction, len(examples))
	for i, e := range examples {
		predictions[i] = mmibx.Prediction{ID: e.ID, Relation: e.Relation}
		if (i+seed)%every == 0 {
			predictions[i].Relation = mmibx.NoRelation
		}
	}
	if err := scoring.WritePredictions(&lines, predictions); err != nil {
		t.Fatal(err)
	}
	sha, size, err := tracker.PutObject(store, &lines)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Artifact{Name: "predictions." + string(split), SHA256: sha, Size: size, Step: 1}
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

func TestTableAgainstABaseline(t *testing.T) {
	store := storeOfTwo(t)
	out, err := mmibxSays(t, "table", "--sweep", "two", "--baseline", "Text only", "--store", string(store))
	if err != nil || !strings.Contains(out, "94.00 ± 0.00↑") || !strings.Contains(out, "↓ Better, worse than Text only") {
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
