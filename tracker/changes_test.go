package tracker

import (
	"context"
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

// tree is a git work tree with one commit and a submodule, whose user likes diffs in
// colours, without prefixes, context and submodules.
func (l *lab) tree() (dir string, git func(dir string, args ...string) string) {
	l.Helper()
	needs.Program(l, "git")
	for _, name := range []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} { // the tests may run in a hook of git
		l.Setenv(name, "")
		l.must(os.Unsetenv(name))
	}
	git = func(dir string, args ...string) string {
		l.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			l.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	dir = l.TempDir()
	git(dir, "init", "-q")
	for _, setting := range []string{"color.ui=always", "diff.noprefix=true", "diff.relative=true", "diff.external=false", "diff.context=0", "diff.submodule=log", "diff.ignoreSubmodules=all", "advice.addEmbeddedRepo=false"} {
		key, value, _ := strings.Cut(setting, "=")
		git(dir, "config", key, value)
	}
	l.write(dir, "a.txt", "one\n")
	l.write(dir, "binary", "\x00\x01\x02")
	l.write(dir, "sub/gone.txt", "away\n")
	l.write(dir, "module/inside.txt", "clean\n")
	module := filepath.Join(dir, "module")
	git(module, "init", "-q")
	for _, d := range []string{module, dir} {
		git(d, "add", ".")
		git(d, "commit", "-q", "-m", "first")
	}
	return dir, git
}

func (l *lab) write(dir, name, content string) {
	l.Helper()
	path := filepath.Join(dir, name)
	l.must(os.MkdirAll(filepath.Dir(path), 0o777))
	l.must(os.WriteFile(path, []byte(content), 0o600))
}

// TestChangesRestore: commit and changes bring back the files as they were, from
// wherever in the tree the command was typed and whatever git is configured to.
func TestChangesRestore(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	dir, git := l.tree()
	commit := git(dir, "rev-parse", "HEAD")
	clean, err := KeepSource(ctx, l.store, dir)
	l.must(err)
	if clean != (Source{Commit: commit}) {
		t.Errorf("of a clean tree: %+v, want commit %s", clean, commit)
	}
	l.write(dir, "a.txt", "one\ntwo \r\n")
	l.write(dir, "binary", "\x00\xff\x02\n\x00")
	l.write(dir, "sub/staged.txt", "no newline")
	l.must(os.Remove(filepath.Join(dir, "sub/gone.txt")))
	git(dir, "add", "sub/staged.txt")
	l.write(dir, "untracked", "secret")
	l.write(dir, "module/inside.txt", "dirty\n")
	s, err := KeepSource(ctx, l.store, filepath.Join(dir, "sub"))
	l.must(err)
	again, err := KeepSource(ctx, l.store, dir)
	l.must(err)
	if s != again || s.Commit != commit || s.Size == 0 {
		t.Errorf("%+v, from another folder %+v", s, again)
	}
	patch, err := os.ReadFile(l.store.Object(s.Diff))
	l.must(err)
	if strings.Contains(string(patch), "secret") {
		t.Error("a file that git does not track is in it")
	}
	back := l.TempDir()
	git(back, "clone", "-q", dir, ".")
	git(back, "apply", l.store.Object(s.Diff))
	if !strings.Contains(string(patch), "+Subproject commit "+git(filepath.Join(dir, "module"), "rev-parse", "HEAD")+"-dirty\n") {
		t.Errorf("of the submodule it says:\n%s", patch)
	}
	for _, name := range []string{"a.txt", "binary", "sub/staged.txt", "sub/gone.txt"} {
		want, wantErr := os.ReadFile(filepath.Join(dir, name))
		got, gotErr := os.ReadFile(filepath.Join(back, name))
		if string(got) != string(want) || os.IsNotExist(wantErr) != os.IsNotExist(gotErr) {
			t.Errorf("%s is %q (%v), want %q", name, got, gotErr, want)
		}
	}
}

func TestChangesOutsideGitAndTooLarge(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	dir, _ := l.tree()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir)) // a temporary folder may be in a work tree
	if s, err := KeepSource(ctx, l.store, t.TempDir()); err != nil || s != (Source{}) {
		t.Errorf("outside git: %+v, %v", s, err)
	}
	broken, git := l.tree()
	l.write(broken, "a.txt", "changed\n")
	l.must(os.Remove(filepath.Join(broken, ".git", "objects", git(broken, "rev-parse", "HEAD^{tree}")[:2], git(broken, "rev-parse", "HEAD^{tree}")[2:])))
	if s, err := KeepSource(ctx, l.store, broken); err == nil || !strings.Contains(err.Error(), "HEAD") {
		t.Errorf("git that fails is no clean tree: %+v, %v", s, err)
	}
	for size, kept := range map[int]bool{MaxChanges / 2: true, MaxChanges + 1: false} {
		l.write(dir, "a.txt", strings.Repeat("x", size)+"\n")
		s, err := KeepSource(ctx, l.store, dir)
		l.must(err)
		_, err = os.Stat(l.store.Object(s.Diff))
		if s.Size < int64(size) || (err == nil) != kept {
			t.Errorf("%d bytes: %+v, kept: %v", size, s, err)
		}
	}
}

// The changes stay while a run names them, be it by its journal or in the database
// only; that they are not there is no fault.
func TestCollectKeepsChanges(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	kept, garbage := []string{l.orphan("patch of a run"), l.orphan("patch of a run whose folder is gone")}, l.orphan("patch of no run")
	diffs := append(kept, strings.Repeat("0", 64))
	for seed, diff := range diffs {
		h := l.header(map[string]any{"seed": seed})
		h.Env.Commit, h.Env.Diff = "c0ffee", diff
		l.must(l.create(h).Close(journal.Trailer{State: mmibx.Done, Finished: time.Now()}))
	}
	db := l.synced()
	for seed, want := range []int64{int64(len("patch of a run")), int64(len("patch of a run whose folder is gone")), 0} {
		d, err := db.Run(ctx, l.header(map[string]any{"seed": seed}).Run)
		l.must(err)
		if got := d.Tries[0]; got.Changes != want || got.Env.Diff != diffs[seed] {
			t.Errorf("run %d says %d bytes of %s", seed, got.Changes, got.Env.Diff)
		}
	}
	l.must(db.Close())
	l.must(os.RemoveAll(filepath.Dir(l.store.RunLock(l.header(map[string]any{"seed": 1}).Run))))
	c, err := Collect(ctx, l.store, false, nil)
	l.must(err)
	if len(c.Garbage) != 1 || c.Garbage[0].Object != garbage || c.Kept != 2 || len(c.Missing) != 0 {
		t.Errorf("%+v", c)
	}
}
