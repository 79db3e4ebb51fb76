package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/mmibx/mmibx"
)

// MaxChanges is up to how many bytes of uncommitted changes are kept: a patch that
// is cut cannot be applied, so of a larger one only the digest is.
const MaxChanges = 1 << 20

// Source is how a git work tree stood when a command was typed in it.
type Source struct {
	Commit string // "" outside git
	Diff   string // SHA-256 of the changes that were not committed, "" where there were none
	Size   int64  // of these changes, in bytes
}

// gitDiff writes the changes against the last commit, of the whole work tree, so
// that `git apply` takes them whatever the user's configuration makes of diffs.
var gitDiff = []string{
	"diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/",
	"-U3", "--submodule=short", "--ignore-submodules=untracked", "HEAD",
}

// KeepSource says how the work tree stands that a folder is in, and keeps the
// uncommitted changes in the store, under their hash, up to MaxChanges. Files that
// git does not track are not among them; of a submodule they have its commit, and that
// it is dirty.
func KeepSource(ctx context.Context, store mmibx.Store, dir string) (Source, error) {
	head := exec.CommandContext(ctx, "git", "rev-parse", "HEAD")
	head.Dir = dir
	out, err := head.Output()
	if err != nil {
		return Source{}, ctx.Err() // no git, no work tree, or one without a commit
	}
	s := Source{Commit: strings.TrimSpace(string(out))}
	diff := exec.CommandContext(ctx, "git", gitDiff...)
	diff.Dir = dir
	var said strings.Builder
	diff.Stderr = &said
	pipe, err := diff.StdoutPipe()
	if err != nil {
		return s, err
	}
	if err := diff.Start(); err != nil {
		return s, err
	}
	sum := newHash("")
	var kept bytes.Buffer
	n, err := io.CopyN(io.MultiWriter(sum, &kept), pipe, MaxChanges)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	rest, restErr := io.Copy(sum, pipe)
	if err := errors.Join(err, restErr, diff.Wait()); err != nil {
		return s, fmt.Errorf("git diff, to keep what is not committed here: %w: %s; mend that, or begin in a folder outside git", err, mmibx.FirstLine(said.String()))
	}
	if s.Size = n + rest; s.Size == 0 {
		return s, nil
	}
	if s.Diff = sum.hex(); rest == 0 {
		_, _, err = PutObject(store, &kept)
	}
	return s, err
}
