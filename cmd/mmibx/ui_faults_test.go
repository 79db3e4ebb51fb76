package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/tracker"
)

// A journal that cannot be read hides no run, and a damaged database says which file
// to move away: then the screens come back.
func TestUIOnAFaultyStore(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	writeRun(t, store, map[string]any{"benchmark": "mini-mnre", "model": "text"}, mmibx.Done, 3, 2, 1)
	bad := store.Journal("000000000000", 1)
	if err := os.MkdirAll(filepath.Dir(bad), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, []byte("this is a text, not a journal"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := func() (tui.RunsPage, error) {
		u := newUI(&app{storeDir: string(store)})
		defer u.close()
		return u.Runs(t.Context(), tui.RunsQuery{Listing: tui.Listing{Columns: []string{mmibx.Loss}}, Limit: 10})
	}
	if p, err := page(); err != nil || len(p.Rows) != 1 || !strings.Contains(p.Notice, "not a journal") {
		t.Errorf("with a bad journal: %d rows, notice %q, %v", len(p.Rows), p.Notice, err)
	}

	db, err := tracker.OpenReadOnly(store)
	if err != nil {
		t.Fatal(err)
	}
	var at int64
	err = db.SQL(t.Context(), "SELECT rootpage FROM sqlite_schema WHERE name = 'summary'", func([]string) error { return nil }, func(v []any) error {
		at = (v[0].(int64) - 1) * 4096
		return nil
	})
	if err != nil || at == 0 || db.Close() != nil {
		t.Fatal(at, err)
	}
	file, err := os.OpenFile(store.Database(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt([]byte(strings.Repeat("damage", 100)), at); err != nil || file.Close() != nil {
		t.Fatal(err)
	}
	if _, err := page(); err == nil || !strings.Contains(err.Error(), store.Database()) || !strings.Contains(err.Error(), "made again from the journals") {
		t.Errorf("on a damaged database: %v", err)
	}
	if err := os.Rename(store.Database(), store.Database()+".old"); err != nil {
		t.Fatal(err)
	}
	if p, err := page(); err != nil || len(p.Rows) != 1 {
		t.Errorf("after the cure: %d rows, %v", len(p.Rows), err)
	}
}
