package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker/journal"
)

// sealedStore is a store with a sweep of mini-mnre: text and two weights of MMIB,
// two seeds, one of which diverged. Scores on dev are made up; predictions on
// test are gold.
func sealedStore(t *testing.T) mmibx.Store {
	t.Helper()
	right := gold(t, "mini-mnre", mmibx.Test)
	return plannedStore(t, `
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
`, func(store mmibx.Store, w *journal.Writer, place int, c *experiments.Cell) mmibx.State {
		for epoch := range 3 {
			logged(t, w, int64(10*(epoch+1)), 70+float64(place+epoch))
		}
		predicted(t, store, w, mmibx.Test, right)
		if place == 5 {
			return mmibx.Diverged
		}
		return mmibx.Done
	})
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
