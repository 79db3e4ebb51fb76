package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// sealedStore is a store with a sweep of mini-mnre: text and two weights of MMIB,
// two seeds, one of which diverged. Scores on dev are made up; predictions on
// test are gold.
func sealedStore(t *testing.T) mmibx.Store {
	t.Helper()
	store := mmibx.Store(t.TempDir())
	sweep, err := experiments.Parse("small.toml", []byte(`
name = "small"
benchmarks = ["mini-mnre"]
seeds = 2
[[arm]]
name = "text"
model = "text"
[[arm]]
name = "beta"
model = "mmib"
[arm.grid]
ib.beta_image = [0.01, 1]
`))
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
	var gold bytes.Buffer
	var predictions []mmibx.Prediction
	for _, e := range set.Examples[mmibx.Test] {
		predictions = append(predictions, mmibx.Prediction{ID: e.ID, Relation: e.Relation})
	}
	if err := scoring.WritePredictions(&gold, predictions); err != nil {
		t.Fatal(err)
	}
	sha, size, err := tracker.PutObject(store, &gold)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range plan.Cells {
		w, err := journal.Create(store.Journal(c.Run, 1), journal.Header{
			Run: c.Run, Arm: c.Arm, Attempt: 1, Spec: c.Spec.Values(), Sweep: "small", Started: time.Now(),
		})
		if err != nil {
			t.Fatal(err)
		}
		for epoch := range 3 {
			if err := w.Log(int64(10*(epoch+1)), mmibx.Metric{Name: mmibx.DevF1, Value: 70 + float64(i) + float64(epoch)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Artifact(journal.Artifact{Name: "predictions.test", SHA256: sha, Size: size, Step: 30}); err != nil {
			t.Fatal(err)
		}
		trailer := journal.Trailer{State: mmibx.Done, Finished: time.Now()}
		if i == len(plan.Cells)-1 {
			trailer = journal.Trailer{State: mmibx.Diverged, Class: mmibx.FailDiverged, Finished: time.Now()}
		}
		if err := w.Close(trailer); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func mmibxSays(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func looks(t *testing.T, store mmibx.Store) int {
	t.Helper()
	blob, err := os.ReadFile(store.People())
	if os.IsNotExist(err) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(blob, []byte(`"what"`))
}

func TestTableKeepsTestSealed(t *testing.T) {
	store := sealedStore(t)
	dev, err := mmibxSays(t, "table", "--sweep", "small", "--store", string(store))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Text only", "73.50 ± 2.12", "Micro F1 (%) on dev", "†", "1 diverged", "Bayes-optimal"} {
		if !strings.Contains(dev, want) {
			t.Errorf("the table on dev lacks %q:\n%s", want, dev)
		}
	}
	if n := looks(t, store); n != 0 {
		t.Errorf("a table on dev left %d looks in the ledger", n)
	}
	test, err := mmibxSays(t, "table", "--sweep", "small", "--split", "test", "--store", string(store))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(test, "100.00 ± 0.00") || !strings.Contains(test, "on test") {
		t.Errorf("gold scores 100 on test:\n%s", test)
	}
	if n := looks(t, store); n != 1 {
		t.Errorf("the ledger has %d looks, want 1", n)
	}
}

func TestTableAndPlotWriteFiles(t *testing.T) {
	store, dir := sealedStore(t), t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, args := range [][]string{
		{"table", "-o", in("main.tex")},
		{"table", "-o", in("main.md")},
		{"plot", "beta", "-o", in("beta.pdf"), "--width", "acl"},
		{"plot", "curves", "-o", in("curves.svg"), "--interval"},
	} {
		if out, err := mmibxSays(t, append(args, "--sweep", "small", "--store", string(store))...); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	for name, want := range map[string]string{
		"main.tex": `\mmibxcell{main:text:mini-mnre}{`, "main.md": "| Text only |", "main.cells.json": `"main:text:mini-mnre"`,
		"beta.pdf": "%PDF-", "curves.svg": "<svg",
	} {
		if blob, err := os.ReadFile(in(name)); err != nil || !bytes.Contains(blob, []byte(want)) {
			t.Errorf("%s lacks %q (%v)", name, want, err)
		}
	}
}

func TestTableAndPlotRefuse(t *testing.T) {
	store, dir := sealedStore(t), t.TempDir()
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"table"}, 2},
		{[]string{"table", "--sweep", "smal"}, 3},
		{[]string{"table", "--sweep", "small", "--split", "train"}, 2},
		{[]string{"table", "--sweep", "small", "-o", filepath.Join(dir, "a.doc")}, 2},
		{[]string{"table", "--sweep", "small", "--filter", "dev.f1>99"}, 3},
		{[]string{"plot", "beta"}, 2},
		{[]string{"plot", "beta", "--sweep", "small", "-o", filepath.Join(dir, "a.eps")}, 2},
		{[]string{"plot", "beta", "--sweep", "small", "--width", "acm"}, 2},
		{[]string{"plot", "beta", "--sweep", "small", "--metric", "test.f1"}, 2},
		{[]string{"plot", "temperature", "--sweep", "small", "-o", filepath.Join(dir, "t.pdf")}, 3},
	} {
		out, err := mmibxSays(t, append(c.args, "--store", string(store))...)
		if got := exitCode(err); got != c.code {
			t.Errorf("%v: exit code %d (%v), want %d\n%s", c.args, got, err, c.code, out)
		}
	}
}
