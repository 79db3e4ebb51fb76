package tracker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
)

// BackupStats says what a backup holds.
type BackupStats struct {
	Files   int
	Bytes   int64
	Damaged []string // objects whose content has another hash than their name; they are copied as they are
}

// BackupOptions say what a backup leaves out, and who hears how far it is.
type BackupOptions struct {
	WithoutWeights bool              // no weights and checkpoints beside the journals, which are most of a store
	Progress       func(BackupStats) // may be nil
}

// Backup copies a store while others write to it: first the database, then the
// journals, then the objects, so that the copy's database is never ahead of its
// journals and no journal names an object that is not there. What a log call
// returned for before Backup began is in it. The copy is a store: use it where it
// is, or copy it back. It has its name once it is whole and on disk.
func Backup(ctx context.Context, store mmibx.Store, target string, o BackupOptions) (stats BackupStats, err error) {
	if target, err = filepath.Abs(target); err != nil { // without a slash at its end
		return stats, err
	}
	if err := backupTarget(store, target); err != nil {
		return stats, err
	}
	partial := filepath.Join(filepath.Dir(target), fmt.Sprintf(".%s-%d", filepath.Base(target), os.Getpid()))
	if err := os.Mkdir(partial, 0o777); err != nil {
		return stats, err
	}
	defer os.RemoveAll(partial) // there is nothing once it has its name
	b := copier{ctx: ctx, from: string(store), to: partial, options: o, stats: BackupStats{Damaged: []string{}}}
	err = b.database(store)
	for _, part := range []string{"people", "sweeps", "runs", "objects"} {
		if err == nil {
			err = b.tree(part)
		}
	}
	if err != nil {
		return b.stats, err
	}
	unix.Sync()
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) { // empty, as was seen
		return b.stats, err
	}
	return b.stats, os.Rename(partial, target)
}

// backupTarget refuses, of absolute paths, what a backup could spoil.
func backupTarget(store mmibx.Store, target string) error {
	if _, err := os.Stat(string(store)); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("the store %s: %w", store, mmibx.ErrNotFound)
		}
		return err
	}
	names, err := os.ReadDir(target)
	switch {
	case err == nil && len(names) > 0:
		return &mmibx.InputError{Key: "folder", Found: target + ", which holds " + names[0].Name(), Expected: "one that is empty or does not exist"}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	whole, err := filepath.Abs(string(store))
	if err != nil {
		return err
	}
	if target == whole || strings.HasPrefix(target, whole+string(filepath.Separator)) {
		return &mmibx.InputError{Key: "folder", Found: target, Expected: "one outside the store " + string(store)}
	}
	if parent := filepath.Dir(target); !isFolder(parent) {
		return fmt.Errorf("%s: the folder %s: %w; make it first, or choose another", target, parent, mmibx.ErrNotFound)
	}
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

type copier struct {
	ctx      context.Context
	from, to string
	options  BackupOptions
	stats    BackupStats
}

// database copies the database as one state of it. Where its folder may not be
// written to, it is left out: it is made again from the journals.
func (b *copier) database(store mmibx.Store) error {
	path := store.Database()
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || err == nil && !writable(path) {
		return nil
	}
	w, err := openWrite(path, patient)
	if err != nil {
		return err
	}
	defer w.Close()
	target := mmibx.Store(b.to).Database()
	if err := backup(b.ctx, w, path, target); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	info, err := os.Stat(target)
	if err == nil {
		b.count(info.Size())
	}
	return err
}

func (b *copier) count(size int64) {
	b.stats.Files++
	b.stats.Bytes += size
	if b.options.Progress != nil {
		b.options.Progress(b.stats)
	}
}

// tree copies a file, or all files below a folder, which may lie elsewhere behind a
// link. Those that are under way have names with a dot before them, and locks are
// nobody's there.
func (b *copier) tree(part string) error {
	root, err := filepath.EvalSymlinks(filepath.Join(b.from, part))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it vanished meanwhile
			return nil
		}
		if err := errors.Join(err, b.ctx.Err()); err != nil {
			return err
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		target := filepath.Join(b.to, part, below)
		name := d.Name()
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o777)
		case strings.HasPrefix(name, "."), name == "lock", name == "runner.lock":
			return nil
		case b.options.WithoutWeights && strings.HasSuffix(name, ".safetensors"):
			return nil
		}
		return b.file(path, target, part == "objects")
	})
}

// file copies what a file holds now; what is appended meanwhile is not waited for.
func (b *copier) file(path, target string, object bool) error {
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a checkpoint that another one replaced
	}
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	sum := newHash(filepath.Base(path))
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(in, info.Size()))
	if err := errors.Join(err, out.Chmod(info.Mode().Perm()), out.Close()); err != nil {
		return fmt.Errorf("copy of %s: %w", path, err)
	}
	if object && !sum.right() {
		b.stats.Damaged = append(b.stats.Damaged, filepath.Base(path))
	}
	b.count(n)
	return nil
}
