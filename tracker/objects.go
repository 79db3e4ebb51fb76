package tracker

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mmibx/mmibx"
)

// PutObject keeps what r holds under its content hash, and returns the hash in
// hex and the size. The file is there whole, on disk, or not at all; content
// that the store has already is not written again.
func PutObject(store mmibx.Store, r io.Reader) (sha string, size int64, err error) {
	folder := filepath.Join(string(store), "objects")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", 0, err
	}
	f, err := os.CreateTemp(folder, ".incoming-*")
	if err != nil {
		return "", 0, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	hash := sha256.New()
	if size, err = io.Copy(io.MultiWriter(f, hash), r); err != nil {
		return "", 0, fmt.Errorf("object: %w", err)
	}
	sha = hex.EncodeToString(hash.Sum(nil))
	target := store.Object(sha)
	if info, err := os.Stat(target); err == nil && info.Size() == size {
		return sha, size, errors.Join(f.Close(), os.Remove(f.Name()))
	}
	if err := errors.Join(f.Chmod(0o444), f.Sync(), f.Close(), os.MkdirAll(filepath.Dir(target), 0o777)); err != nil {
		return "", 0, err
	}
	return sha, size, os.Rename(f.Name(), target)
}

// OpenObject opens an artifact by its hash. The reader answers io.EOF only where
// the content has that hash; what was damaged is an error there.
func OpenObject(store mmibx.Store, sha string) (io.ReadCloser, error) {
	if len(sha) != sha256.Size*2 || strings.Trim(sha, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("object %q: not a SHA-256 in hex: %w", sha, mmibx.ErrNotFound)
	}
	f, err := os.Open(store.Object(sha))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("object %s: %w", sha, mmibx.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	return &object{File: f, sum: sha256.New(), sha: sha}, nil
}

type object struct {
	*os.File
	sum interface {
		io.Writer
		Sum([]byte) []byte
	}
	sha string
}

// Read checks the whole content when its end is reached.
func (o *object) Read(p []byte) (int, error) {
	n, err := o.File.Read(p)
	_, _ = o.sum.Write(p[:n]) // a hash never fails
	if errors.Is(err, io.EOF) && hex.EncodeToString(o.sum.Sum(nil)) != o.sha {
		return n, fmt.Errorf("object %s is damaged: its content has another hash", o.sha)
	}
	return n, err
}

// WriteTo reads through Read, whatever the file could do faster.
func (o *object) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{o})
}
