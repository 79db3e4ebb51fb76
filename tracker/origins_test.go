package tracker

import (
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestOrigins(t *testing.T) {
	l := newLab(t)
	h := l.header(map[string]any{"benchmark": "mini-mnre", "model": "text"})
	h.Env.Commit, h.Env.Diff, h.Env.Program = "0123456789abcdef", "fedcba9876543210", "aaaaaaaaaaaaaaaa"
	w := l.create(h)
	l.end(w, mmibx.Done)
	h2 := l.header(map[string]any{"benchmark": "mini-mnre", "model": "concat"})
	h2.Env.Commit, h2.Env.Diff, h2.Env.Program = "", "", "bbbbbbbbbbbbbbbb"
	l.end(l.create(h2), mmibx.Done)
	db := l.synced()
	found, err := db.Origins(t.Context(), []string{h.Run, h2.Run, "000000000000"})
	if err != nil || len(found) != 2 {
		t.Fatalf("%v, %v", found, err)
	}
	if got := found[h.Run].Commit(); got != "0123456789ab+fedcba98" {
		t.Errorf("a changed commit is %s", got)
	}
	if got := found[h2.Run].Commit(); !strings.HasSuffix(got, "bbbbbbbbbbbb") {
		t.Errorf("without a commit: %s", got)
	}
	if none, err := db.Origins(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("of no runs: %v, %v", none, err)
	}
}
