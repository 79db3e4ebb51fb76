package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/weights"
)

// inputs answers a plan's question for the digests of what a spec reads. Those
// of miniature benchmarks are constants; those of files are computed once and
// kept under the store's cache, by path, size and time of change.
func (a *app) inputs() experiments.InputsFunc {
	type key struct {
		benchmark, encoder string
		evidence           mmibx.EvidenceSpec
	}
	known := map[key]mmibx.Inputs{}
	files := newDigestCache(mmibx.Store(a.storeDir).Cache("digests"))
	return func(s mmibx.Spec) (mmibx.Inputs, error) {
		k := key{s.Benchmark, s.Encoder.Name, s.Evidence}
		k.evidence.Pictures, k.evidence.ShuffleShare = "", 0 // whose picture is shown changes no file
		in, ok := known[k]
		if ok {
			return in, nil
		}
		in, err := a.digests(&s, files)
		if err == nil {
			known[k] = in
		}
		return in, err
	}
}

func (a *app) digests(s *mmibx.Spec, files *digestCache) (in mmibx.Inputs, err error) {
	if in.Data, err = a.dataDigests(s.Benchmark, files); err != nil {
		return in, err
	}
	if s.Encoder.Name != "small" {
		if in.Weights, err = a.weightDigests(s.Encoder.Name, files); err != nil {
			return in, err
		}
	}
	return in, a.addEvidence(&in, s, files)
}

func (a *app) dataDigests(benchmark string, files *digestCache) (map[string]string, error) {
	b, ok := mmibx.LookupBenchmark(benchmark)
	if ok && b.Miniature {
		return datasets.MiniDigests(benchmark)
	}
	dir := filepath.Join(a.dataDir, benchmark)
	return files.set(benchmark, dir, func() (map[string]string, error) {
		set, err := datasets.Open(benchmark, a.dataDir)
		if err != nil {
			return nil, err
		}
		return set.Digests, nil
	})
}

// weightDigests digests the files of a pretrained encoder's folder.
func (a *app) weightDigests(name string, files *digestCache) (map[string]string, error) {
	dir, err := weights.Find(name)
	if err != nil {
		return nil, err
	}
	names, err := weights.Files(dir)
	if err != nil {
		return nil, err
	}
	digests := map[string]string{}
	for _, file := range names {
		if digests[file], err = files.file(filepath.Join(dir, file)); err != nil {
			return nil, err
		}
	}
	return digests, nil
}

// digestCache remembers the SHA-256 of files by path, size and time of change.
type digestCache struct{ dir string }

func newDigestCache(dir string) *digestCache { return &digestCache{dir} }

// stamp tells one version of a file from another without reading it.
type stamp struct {
	Path    string    `json:"path"`
	Size    int64     `json:"size"`
	Changed time.Time `json:"changed"`
	SHA256  string    `json:"sha256"`
}

func stampOf(path string) (stamp, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return stamp{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{Path: path, Size: info.Size(), Changed: info.ModTime()}, nil
}

// settled says that the file is old enough for a later change to show in its
// time of change.
func (s stamp) settled() bool { return time.Since(s.Changed) > 2*time.Second }

func (s stamp) same(t stamp) bool {
	return s.Path == t.Path && s.Size == t.Size && s.Changed.Equal(t.Changed)
}

// file digests one file.
func (c *digestCache) file(path string) (string, error) {
	now, err := stampOf(path)
	if err != nil {
		return "", err
	}
	entry := c.entry("file", now.Path)
	var known stamp
	if c.read(entry, &known) && known.same(now) {
		return known.SHA256, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	now.SHA256 = hex.EncodeToString(h.Sum(nil))
	if now.settled() {
		c.write(entry, now)
	}
	return now.SHA256, nil
}

// set remembers the digests of the files that reading a benchmark takes. They
// hold as long as each of them is unchanged.
func (c *digestCache) set(name, dir string, read func() (map[string]string, error)) (map[string]string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	entry := c.entry(name, abs)
	var stamps []stamp
	if digests := map[string]string{}; c.read(entry, &stamps) && len(stamps) > 0 {
		for _, s := range stamps {
			now, err := stampOf(filepath.Join(dir, s.Path))
			if err != nil || s.Size != now.Size || !s.Changed.Equal(now.Changed) {
				break
			}
			digests[s.Path] = s.SHA256
		}
		if len(digests) == len(stamps) {
			return digests, nil
		}
	}
	digests, err := read()
	if err != nil {
		return nil, err
	}
	stamps = stamps[:0]
	for _, file := range slices.Sorted(maps.Keys(digests)) {
		s, err := stampOf(filepath.Join(dir, file))
		if err != nil || !s.settled() {
			return digests, nil // right, only not remembered
		}
		s.Path, s.SHA256 = file, digests[file]
		stamps = append(stamps, s)
	}
	c.write(entry, stamps)
	return digests, nil
}

func (c *digestCache) entry(kind, path string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + path))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:8])+".json")
}

func (c *digestCache) read(entry string, v any) bool {
	blob, err := os.ReadFile(entry)
	return err == nil && json.Unmarshal(blob, v) == nil
}

// write is best effort: a digest that is not remembered is computed again.
func (c *digestCache) write(entry string, v any) {
	blob, err := json.Marshal(v)
	if err != nil || os.MkdirAll(c.dir, 0o777) != nil {
		return
	}
	f, err := os.CreateTemp(c.dir, "new-*")
	if err != nil {
		return
	}
	_, err = f.Write(blob)
	if errors.Join(err, f.Close()) == nil && os.Rename(f.Name(), entry) == nil {
		return
	}
	_ = os.Remove(f.Name())
}
