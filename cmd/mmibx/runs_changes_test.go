package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/tracker/journal"
)

// TestRunsChanges: what was not committed where a sweep was started comes back from
// any of its runs, and is kept once.
func TestRunsChanges(t *testing.T) {
	needs.Program(t, "git")
	playWorker(t)
	store, tree := filepath.Join(t.TempDir(), "store"), t.TempDir()
	t.Chdir(tree)
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} { // the tests may run in a hook of git
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"}, args...)...).Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	git("init", "-q")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile("loss.go", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("beta := 1\n")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	write("beta := 2\n")
	if out, err := mmibxIn(t, store, "sweep", "-q", "baselines", "--benchmarks", "mini-mnre", "--seeds", "1"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var runs []struct{ ID string }
	out, err := mmibxIn(t, store, "runs", "list", "--json")
	if err != nil || json.Unmarshal([]byte(out), &runs) != nil || len(runs) != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, r := range runs {
		patch, err := mmibxIn(t, store, "runs", "changes", r.ID)
		if err != nil || !strings.Contains(patch, "-beta := 1\n+beta := 2\n") {
			t.Errorf("%v\n%s", err, patch)
		}
		if shown, err := mmibxIn(t, store, "runs", "show", r.ID); err != nil || !strings.Contains(shown, "`mmibx runs changes`") {
			t.Errorf("%v\n%s", err, shown)
		}
	}
	out, err = mmibxIn(t, store, "runs", "changes", runs[0].ID, "--json")
	var told changesJSON
	if err != nil || json.Unmarshal([]byte(out), &told) != nil || told.Commit != strings.TrimSpace(git("rev-parse", "HEAD")) {
		t.Errorf("%v\n%s", err, out)
	}
	kept, err := filepath.Glob(filepath.Join(store, "objects", "*", "*"))
	if err != nil || len(kept) != 1 || kept[0] != told.File {
		t.Errorf("kept are %v, the run says %s", kept, told.File)
	}
}

func TestRunsChangesThatAreNot(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	run := func(seed int, env journal.Environment) string {
		t.Helper()
		s, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "text", "seed": seed})
		if err != nil {
			t.Fatal(err)
		}
		id := s.ID(mmibx.Inputs{})
		w, err := journal.Create(store.Journal(id, 1), journal.Header{Run: id, Arm: s.Arm(mmibx.Inputs{}), Attempt: 1, Spec: s.Values(), Started: time.Now(), Env: env})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}); err != nil {
			t.Fatal(err)
		}
		return id
	}
	clean := run(1, journal.Environment{Commit: "c0ffee"})
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{clean}, 0, ""},
		{[]string{clean, "--json"}, 0, `"commit": "c0ffee"`},
		{[]string{clean, "--attempt", "2"}, 2, ""},
		{[]string{run(2, journal.Environment{})}, 3, ""},
		{[]string{run(3, journal.Environment{Commit: "c0ffee", Diff: strings.Repeat("0", 64)})}, 3, ""},
		{[]string{"zzz"}, 3, ""},
	} {
		out, code := mmibxRun(t, append([]string{"--store", string(store), "runs", "changes"}, c.args...)...)
		if code != c.code || !strings.Contains(out, c.want) || c.want == "" && out != "" {
			t.Errorf("%v: exit code %d, want %d\n%s", c.args, code, c.code, out)
		}
	}
}
