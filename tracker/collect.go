package tracker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// youngFor is how long an object is spared that no journal names: its worker may
// be about to. It writes the name at once.
const youngFor = time.Hour

// Garbage is a file among the objects that no run names.
type Garbage struct {
	Object   string    `json:"object"` // its hash, or the name of a write that was cut off
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// Collection says what Collect found.
type Collection struct {
	Journals  int       // that were read
	Kept      int       // objects that a run names
	KeptBytes int64     //
	Young     int       // objects that none names and that are spared for their youth
	Garbage   []Garbage // removed, or to be removed
	Bytes     int64     // of the garbage
	Missing   []string  // objects that a run names and that are not there
}

// Collect removes the objects that no journal names, as an artifact or as the
// changes that it ran with: of no attempt of no run, in the bin or not, nor the
// database. Others may write meanwhile. Where a journal is
// damaged or cannot be read, what it names cannot be known and nothing is removed.
// With dry it only looks.
func Collect(ctx context.Context, store mmibx.Store, dry bool, progress func(journals int)) (Collection, error) {
	c := Collection{Garbage: []Garbage{}, Missing: []string{}}
	if !isFolder(string(store)) {
		return c, fmt.Errorf("the store %s: %w", store, mmibx.ErrNotFound)
	}
	old := time.Now().Add(-youngFor)            // before the journals are read: what is put meanwhile is younger
	named, err := c.named(ctx, store, progress) // true where it is to be there
	if err != nil {
		return c, err
	}
	there := map[string]bool{}
	root, err := filepath.EvalSymlinks(objects(store)) // they may lie elsewhere
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		there[name] = true
		if _, ok := named[name]; ok {
			return c.keep(d)
		}
		if !isSHA256(name) && !strings.HasPrefix(name, incoming) {
			return nil // not ours
		}
		return c.remove(store, path, old, dry)
	})
	for name, expected := range named {
		if expected && !there[name] {
			c.Missing = append(c.Missing, name)
		}
	}
	slices.Sort(c.Missing)
	return c, err
}

func (c *Collection) keep(d fs.DirEntry) error {
	info, err := d.Info()
	if err == nil {
		c.Kept++
		c.KeptBytes += info.Size()
	}
	return err
}

// remove drops a file unless it is young, which PutObject can make it up to the
// moment that this holds the lock.
func (c *Collection) remove(store mmibx.Store, path string, old time.Time, dry bool) error {
	lock, err := lockObjects(store, syscall.LOCK_EX)
	if err != nil {
		return err
	}
	defer lock.Close()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.ModTime().After(old) {
		c.Young++
		return nil
	}
	if !dry {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	c.Garbage = append(c.Garbage, Garbage{filepath.Base(path), info.Size(), info.ModTime()})
	c.Bytes += info.Size()
	return nil
}

// named are the hashes of the artifacts of all attempts, as their journals and the
// database have them; and, with false, of the uncommitted changes that attempts ran
// with, which are not there where they were too large.
func (c *Collection) named(ctx context.Context, store mmibx.Store, progress func(int)) (map[string]bool, error) {
	named := map[string]bool{}
	journals, err := filepath.Glob(filepath.Join(globEscape(string(store)), "runs", "*", "*", "journal"))
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, path := range journals {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		_, err := journal.Read(path, 0, func(r journal.Record) error {
			switch r.Type {
			case journal.TypeHeader:
				if diff := r.Header.Env.Diff; diff != "" && !named[diff] {
					named[diff] = false
				}
			case journal.TypeArtifact:
				named[r.Artifact.SHA256] = true
			case journal.Damaged:
				faults = append(faults, fmt.Errorf("%s: bytes %d to %d are damaged", path, r.Offset, r.End))
			}
			return nil
		})
		if err != nil {
			faults = append(faults, err)
		}
		if c.Journals++; progress != nil {
			progress(c.Journals)
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("nothing was removed, for what these journals name cannot be known; move the folders of their runs out of the store first:\n%w", errors.Join(faults...))
	}
	db, err := OpenReadOnly(store)
	if errors.Is(err, mmibx.ErrNotFound) {
		return named, nil
	}
	if err != nil {
		return nil, err
	}
	err = db.query(ctx, `SELECT sha256, 1 FROM artifact UNION SELECT json_extract(environment, '$.diff') AS diff, 0 FROM attempt WHERE diff <> ''`,
		func([]string) error { return nil }, func(values []any) error {
			name, isArtifact := fmt.Sprint(values[0]), fmt.Sprint(values[1]) == "1"
			named[name] = named[name] || isArtifact
			return nil
		})
	return named, errors.Join(err, db.Close())
}

// globEscape quotes what filepath.Glob would take for a pattern.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
