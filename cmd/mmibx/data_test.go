package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/datasets"
)

// mmibxRun runs the program with arguments and returns what it wrote to standard
// output, and its exit code.
func mmibxRun(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out, log bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&log)
	err := root.ExecuteContext(t.Context())
	if err != nil {
		t.Logf("mmibx %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), exitCode(err)
}

func TestDataExitCodes(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args string
		want int
	}{
		{"data list", 0},
		{"data verify", 0},
		{"data verify twitter2015", 3},
		{"data stats mnre", 3},
		{"data stats mini-mnre", 0},
		{"data stats mini-twitter2016", 2},
		{"data synth", 2},
		{"data synth mini-twitter2016", 2},
		{"data list more", 2},
	} {
		if _, code := mmibxRun(t, append(strings.Fields(c.args), "--data", empty)...); code != c.want {
			t.Errorf("mmibx %s exits with %d, want %d", c.args, code, c.want)
		}
	}
}

func TestDataListWithoutTheRealOnes(t *testing.T) {
	out, _ := mmibxRun(t, "data", "list", "--json", "--data", t.TempDir())
	var lines []listing
	if err := json.Unmarshal([]byte(out), &lines); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if len(lines) != len(mmibx.Benchmarks()) {
		t.Fatalf("%d benchmarks, want %d", len(lines), len(mmibx.Benchmarks()))
	}
	for i, b := range mmibx.Benchmarks() {
		if l := lines[i]; l.Name != b.Name || l.Found != b.Miniature || l.Found && l.Sizes[mmibx.Train] != 1500 {
			t.Errorf("line %+v for %s", l, b.Name)
		}
	}
}

func TestDataStatsPrintsTheCeilings(t *testing.T) {
	out, _ := mmibxRun(t, "data", "stats", "mini-twitter2015", "--json")
	var all []stats
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	want, err := datasets.MiniCeilings("mini-twitter2015")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || len(all[0].Ceilings) != len(want) || all[0].Ceilings[3] != want[3] {
		t.Errorf("stats %+v, want the ceilings %+v", all, want)
	}
	if out, _ = mmibxRun(t, "data", "stats", "mini-twitter2015"); !strings.Contains(out, "75.00 +- 1.10") {
		t.Errorf("no population ceiling of test in\n%s", out)
	}
}

// A file in the place of the real ones that is not theirs is told.
func TestDataVerifyTellsAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "twitter2017")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"train.txt", "valid.txt", "test.txt"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("IMGID:1\nParis\tB-LOC\n\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, code := mmibxRun(t, "data", "verify", "twitter2017", "--data", dir, "--json")
	var verdicts []verdict
	if err := json.Unmarshal([]byte(out), &verdicts); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if code != 1 || len(verdicts) != 1 || verdicts[0].State != "other" || !strings.Contains(strings.Join(verdicts[0].Faults, "\n"), "train has 1 tweets") {
		t.Errorf("exit code %d, %+v", code, verdicts)
	}
}

// TestDataShow: examples that hold words, with their entities in brackets; a page
// of them for the terminal UI is the same.
func TestDataShow(t *testing.T) {
	out, err := mmibxSays(t, "data", "show", "mini-twitter2017", "B-ORG", "--split", "dev", "--limit", "3", "--from", "1", "--json")
	var list []sampleJSON
	if err != nil || json.Unmarshal([]byte(out), &list) != nil || len(list) != 3 {
		t.Fatal(err, out)
	}
	u := newUI(&app{storeDir: t.TempDir(), dataDir: t.TempDir()})
	page, err := u.Samples(t.Context(), tui.SampleQuery{Benchmark: "mini-twitter2017", Split: mmibx.Dev, Words: "b-org", From: 1, Limit: 3})
	if err != nil || len(page.Rows) != 3 || page.All != 500 || page.Total < 4 {
		t.Fatalf("%d rows of %d, of %d (%v)", len(page.Rows), page.Total, page.All, err)
	}
	for i, s := range list {
		if !slices.Contains(s.Tags, "B-ORG") || page.Rows[i].Example.ID != s.ID || len(page.Rows[i].Gold) == 0 {
			t.Errorf("row %d is %s with %v, the UI has %s", i, s.ID, s.Tags, page.Rows[i].Example.ID)
		}
	}
	if out, err = mmibxSays(t, "data", "show", "mini-mnre", "--limit", "1"); err != nil || !strings.Contains(out, "]head") || !strings.Contains(out, "]tail") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := mmibxSays(t, "data", "show", "mini-mnre", "--split", "all"); err == nil {
		t.Error("a split that there is not was shown")
	}
}

// TestUIBenchmark: what the data screen knows of a benchmark that is there, and of
// one that is not.
func TestUIBenchmark(t *testing.T) {
	u := newUI(&app{storeDir: t.TempDir(), dataDir: t.TempDir()})
	info, err := u.Benchmark(t.Context(), "mini-mnre")
	if err != nil || !info.Found || len(info.Faults) > 0 || len(info.Counts) != 3 || info.Counts[0].Tweets != 1500 {
		t.Errorf("%+v (%v)", info, err)
	}
	if info, err = u.Benchmark(t.Context(), "mnre"); err != nil || info.Found || !strings.HasSuffix(info.Where, "mnre") {
		t.Errorf("%+v (%v)", info, err)
	}
}

// TestMachineCommand: two readings make shares, and no store is no fault.
func TestMachineCommand(t *testing.T) {
	store := t.TempDir() + "/none"
	out, err := mmibxSays(t, "machine", "--over", "120ms", "--json", "--store", store)
	var m machineJSON
	if err != nil || json.Unmarshal([]byte(out), &m) != nil || len(m.Cores) == 0 || m.Memory.Total == 0 {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err = mmibxSays(t, "machine", "--over", "120ms", "--store", store); err != nil || !strings.Contains(out, "processors") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, code := mmibxRun(t, "machine", "--over", "50ms"); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	if _, err := os.Stat(store); err == nil {
		t.Error("the store was made")
	}
}
