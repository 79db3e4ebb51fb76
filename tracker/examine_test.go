package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// spoil overwrites every page of a database but those that keep says.
func (l *lab) spoil(keep func(page int) bool) {
	l.Helper()
	const pageSize = 4096
	blob, err := os.ReadFile(l.store.Database())
	l.must(err)
	for page := 0; page*pageSize < len(blob); page++ {
		if !keep(page) {
			copy(blob[page*pageSize:], bytes.Repeat([]byte{0xff}, 200))
		}
	}
	l.must(os.WriteFile(l.store.Database(), blob, 0o600))
}

// page is where the table or index of a name begins.
func (l *lab) page(db *DB, name string) (page int) {
	l.Helper()
	l.must(db.read.QueryRow("SELECT rootpage - 1 FROM sqlite_schema WHERE name = ?", name).Scan(&page))
	return page
}

// A damaged database is found, wherever the damage is; whatever comes upon it says
// which file it is and that moving it away costs nothing, which is so.
func TestDamagedDatabase(t *testing.T) {
	l, ctx := newLab(t), context.Background()
	if _, err := Examine(ctx, l.store); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("no database: %v", err)
	}
	for seed := range 3 {
		l.done(map[string]any{"seed": seed}, mmibx.Loss, 3, 2, 1)
	}
	db := l.synced()
	before := l.dump(db)
	summary := l.page(db, "summary")
	l.must(db.Close())
	if e, err := Examine(ctx, l.store); err != nil || len(e.Faults) != 0 || e.Schema != SchemaVersion || e.Bytes == 0 {
		t.Errorf("a whole one: %+v, %v", e, err)
	}
	whole, err := os.ReadFile(l.store.Database())
	l.must(err)
	told := func(what string, err error) {
		t.Helper()
		fault, ok := errors.AsType[*CorruptError](err)
		if !ok || fault.Path != l.store.Database() || strings.Count(err.Error(), "made again from the journals") != 1 {
			t.Errorf("%s: %v", what, err)
		}
	}

	l.spoil(func(page int) bool { return page != summary })
	if e, err := Examine(ctx, l.store); err != nil || len(e.Faults) == 0 || e.Schema != SchemaVersion {
		t.Errorf("one with a damaged table: %+v, %v", e, err)
	}
	db = l.open()
	_, err = db.Runs(ctx, Query{})
	told("a query", db.Explain(err))
	l.done(map[string]any{"seed": 3}, mmibx.Loss, 1)
	_, err = db.Sync(ctx)
	told("Sync", err)
	l.must(db.Close())
	if other := fmt.Errorf("other"); db.Explain(other) != other || db.Explain(nil) != nil {
		t.Error("another error is explained")
	}

	l.must(os.WriteFile(l.store.Database(), whole, 0o600))
	l.spoil(func(int) bool { return false })
	if e, err := Examine(ctx, l.store); err != nil || len(e.Faults) == 0 {
		t.Errorf("no database at all: %+v, %v", e, err)
	}
	_, err = Open(l.store)
	told("Open", err)
	_, err = OpenReadOnly(l.store)
	told("OpenReadOnly", err)

	l.must(os.Remove(l.store.Journal(l.header(map[string]any{"seed": 3}).Run, 1)))
	l.must(os.Rename(l.store.Database(), l.store.Database()+".old"))
	if after := l.dump(l.synced()); after != before {
		t.Error("made again it differs", diff(before, after))
	}
}
