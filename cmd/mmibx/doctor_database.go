package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

// examineDatabase reads the whole database of the store, where there is one. Damage
// to it never costs a result: it is made from the journals. One that cannot be read
// may be whole, so nobody is told to remove it.
func (a *app) examineDatabase(ctx context.Context) []finding {
	store := mmibx.Store(a.storeDir)
	path := store.Database()
	f := finding{Part: "database", State: good}
	e, err := tracker.Examine(ctx, store)
	again := fmt.Sprintf("mv %s %s.old; rm -f %s-wal %s-shm: the next command makes it again from the journals, with the same answers", path, path, path, path)
	switch {
	case ctx.Err() != nil, errors.Is(err, mmibx.ErrNotFound):
		return nil
	case err != nil:
		f.State, f.Value = bad, fmt.Sprintf("%s cannot be read: %s", path, mmibx.FirstLine(err.Error()))
	case len(e.Faults) > 0:
		f.State, f.Value, f.Cure = bad, fmt.Sprintf("%s is damaged: %s", path, strings.Join(e.Faults, "; ")), again
	case e.Schema > tracker.SchemaVersion:
		f.State, f.Value = bad, fmt.Sprintf("schema %d, this mmibx knows up to %d", e.Schema, tracker.SchemaVersion)
		f.Cure = "use the newer mmibx that wrote it, or " + again
	case e.Schema < tracker.SchemaVersion:
		f.Value = fmt.Sprintf("whole, %s; schema %d, which the next command copies and brings up to %d", byteSize(e.Bytes), e.Schema, tracker.SchemaVersion)
	default:
		f.Value = fmt.Sprintf("whole, %s, schema %d", byteSize(e.Bytes), e.Schema)
	}
	return []finding{f}
}
