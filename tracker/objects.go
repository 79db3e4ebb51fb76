package tracker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mmibx/mmibx"
)

// PutObject keeps what r holds under its content hash, and returns the hash in
// hex and the size. The file is there whole, on disk, or not at all; content
// that the store has already is not written again, but young again: Collect
// spares it until a journal can have named it.
func PutObject(store mmibx.Store, r io.Reader) (sha string, size int64, err error) {
	folder := objects(store)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", 0, err
	}
	f, err := os.CreateTemp(folder, incoming+"*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	sum := newHash("")
	if size, err = io.Copy(io.MultiWriter(f, sum), r); err != nil {
		return "", 0, fmt.Errorf("object: %w", err)
	}
	sha = sum.hex()
	lock, err := lockObjects(store, syscall.LOCK_SH)
	if err != nil {
		return "", 0, err
	}
	defer lock.Close()
	target := store.Object(sha)
	if info, err := os.Stat(target); err == nil && info.Size() == size {
		now := time.Now()
		return sha, size, errors.Join(os.Chtimes(target, now, now), f.Close(), os.Remove(f.Name()))
	}
	if err := errors.Join(f.Chmod(0o444), f.Sync(), f.Close(), os.MkdirAll(filepath.Dir(target), 0o777)); err != nil {
		return "", 0, err
	}
	return sha, size, os.Rename(f.Name(), target)
}

// incoming begins the names of objects that are being written.
const incoming = ".incoming-"

func objects(store mmibx.Store) string { return filepath.Join(string(store), "objects") }

// lockObjects keeps Collect from removing an object that PutObject finds. Closing
// the file ends it.
func lockObjects(store mmibx.Store, how int) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(objects(store), ".lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), f.Close())
		}
	}
}

// OpenObject opens an artifact by its hash. The reader answers io.EOF only where
// the content has that hash; what was damaged is an error there.
func OpenObject(store mmibx.Store, sha string) (io.ReadCloser, error) {
	if !isSHA256(sha) {
		return nil, fmt.Errorf("object %q: not a SHA-256 in hex: %w", sha, mmibx.ErrNotFound)
	}
	f, err := os.Open(store.Object(sha))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("object %s: %w", sha, mmibx.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &object{f, newHash(sha)}, nil
}

func isSHA256(s string) bool {
	return len(s) == sha256.Size*2 && strings.Trim(s, "0123456789abcdef") == ""
}

// contentHash is a SHA-256 that knows what it should come to.
type contentHash struct {
	hash.Hash
	want string
}

func newHash(want string) contentHash { return contentHash{sha256.New(), want} }

func (h contentHash) hex() string { return hex.EncodeToString(h.Sum(nil)) }

func (h contentHash) right() bool { return h.hex() == h.want }

type object struct {
	*os.File
	sum contentHash
}

// Read checks the whole content when its end is reached.
func (o *object) Read(p []byte) (int, error) {
	n, err := o.File.Read(p)
	_, _ = o.sum.Write(p[:n]) // a hash never fails
	if errors.Is(err, io.EOF) && !o.sum.right() {
		return n, fmt.Errorf("object %s is damaged: its content has another hash", o.sum.want)
	}
	return n, err
}

// WriteTo reads through Read, whatever the file could do faster.
func (o *object) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{o})
}
