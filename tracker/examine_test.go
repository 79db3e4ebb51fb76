package tracker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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

// A database may be deleted while programs have it open: whole, and each goes on by
// itself; the file alone, and the next program says what else there is to move.
func TestDatabaseDeletedWhileOpen(t *testing.T) {
	l := newLab(t)
	for seed := range crowdRuns - 1 {
		l.done(map[string]any{"seed": seed}, mmibx.Loss, 2, 1)
	}
	db := l.synced()
	l.must(os.Remove(l.store.Database()))
	l.done(map[string]any{"seed": crowdRuns - 1}, mmibx.Loss, 2, 1)
	syncs := func() (string, error) { // as another program: SQLite's locks are a process's
		cmd := l.role("sync")
		var said strings.Builder
		cmd.Stderr = &said
		err := cmd.Run()
		return said.String(), err
	}
	if said, err := syncs(); err == nil || !strings.Contains(said, "mmibx.db-shm away") {
		t.Errorf("beside what is left of the old one: %v, %s", err, said)
	}
	for _, end := range []string{"-wal", "-shm"} {
		l.must(os.Remove(l.store.Database() + end))
	}
	if err := os.Remove(l.store.Database()); err != nil && !os.IsNotExist(err) { // empty, of the attempt
		t.Fatal(err)
	}
	if said, err := syncs(); err != nil {
		t.Errorf("%v, %s", err, said)
	}
	l.sync(db) // what it has open is nobody else's any more
	again := l.open()
	for what, db := range map[string]*DB{"the old one": db, "the new one": again} {
		if n := len(l.runs(db, Query{})); n != crowdRuns {
			t.Errorf("%s has %d runs, want %d", what, n, crowdRuns)
		}
	}
	l.must(db.Close())
	l.integrity(again)
}

// On a full disk SQLite fails as beside an orphan, with a -shm that it has just made.
// The database is there, and nobody is told to move its -wal away.
func TestFullDiskIsNoOrphan(t *testing.T) {
	l := newLab(t)
	l.done(map[string]any{"seed": 0}, mmibx.Loss, 2, 1)
	l.must(l.synced().Close())
	cmd := l.role("full")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "disk I/O error") || strings.Contains(said.String(), "away") {
		t.Errorf("%v, %s", err, &said)
	}
	if _, err := os.Stat(l.store.Database() + "-shm"); err != nil {
		t.Errorf("the case is another, no -shm is left: %v", err)
	}
	l.integrity(l.open())
}

// childOnFullDisk opens the database where no file may grow beyond 16 KiB, which is
// half of a -shm.
func childOnFullDisk(store mmibx.Store) error {
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 16 << 10, Max: 16 << 10}); err != nil {
		return err
	}
	db, err := Open(store)
	if err != nil {
		return err
	}
	return db.Close()
}
