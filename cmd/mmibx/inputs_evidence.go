package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/weights"
)

// addEvidence adds the digests of what the spec's evidence reads.
func (a *app) addEvidence(in *mmibx.Inputs, s *mmibx.Spec, files *digestCache) (err error) {
	switch s.Evidence.Kind {
	case "captions":
		in.Data, err = a.withCaptions(s, in.Data, files)
	case "features":
		in.Data, err = a.withFeatures(s, in.Data, files)
	case "pixels":
		if s.Evidence.Encoder != mmibx.SmallPictureEncoder {
			if in.Weights, err = withVision(s.Evidence.Encoder, in.Weights, files); err != nil {
				return err
			}
		}
		if b, _ := mmibx.LookupBenchmark(s.Benchmark); !b.Miniature { // whose digests hold the pictures already
			in.Data, err = a.withPictures(s, in.Data, files)
		}
	}
	return err
}

// withCaptions adds the digests of the captions that the spec reads.
func (a *app) withCaptions(s *mmibx.Spec, data map[string]string, files *digestCache) (map[string]string, error) {
	names, err := datasets.CaptionFiles(a.dataDir, s.Benchmark, s.Evidence.Captioner)
	if err != nil {
		return nil, err
	}
	data = maps.Clone(data)
	for _, name := range names {
		if data[name], err = files.file(filepath.Join(a.dataDir, s.Benchmark, filepath.FromSlash(name))); err != nil {
			return nil, fmt.Errorf("captions of %s: %w", s.Benchmark, err)
		}
	}
	return data, nil
}

// withFeatures adds the digest of the feature file that the spec names.
func (a *app) withFeatures(s *mmibx.Spec, data map[string]string, files *digestCache) (map[string]string, error) {
	name, err := datasets.FeatureFile(s.Evidence.Features)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(a.dataDir, s.Benchmark, name)
	digest, err := files.file(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: no feature file %s; mmibx features makes one from a folder of pictures", mmibx.ErrNotFound, path)
	}
	if err != nil {
		return nil, err
	}
	data = maps.Clone(data)
	data[filepath.ToSlash(name)] = digest
	return data, nil
}

// withVision adds the digest of a picture encoder's weights under its name: the
// file goes by several.
func withVision(encoder string, digests map[string]string, files *digestCache) (map[string]string, error) {
	path, err := weights.FindVision(encoder)
	if err != nil {
		return nil, err
	}
	with := map[string]string{}
	maps.Copy(with, digests)
	with[encoder], err = files.file(path)
	return with, err
}

// withPictures adds the digest of the pictures that are there.
func (a *app) withPictures(s *mmibx.Spec, data map[string]string, files *digestCache) (map[string]string, error) {
	set, err := datasets.Open(s.Benchmark, a.dataDir)
	if err != nil {
		return nil, err
	}
	folder, err := datasets.OpenPictures(a.dataDir, s.Benchmark)
	if err != nil {
		return nil, err
	}
	ids, err := folder.Shown(set, a.dataDir)
	if err != nil {
		return nil, err
	}
	data = maps.Clone(data)
	data["pictures"], err = files.pictures(folder, ids)
	return data, err
}

// pictures digests thousands of files. It is remembered under all their sizes
// and times of change.
func (c *digestCache) pictures(folder *datasets.PictureFolder, ids []string) (string, error) {
	stamps := make([]stamp, len(ids))
	settled := true
	for i, id := range ids {
		path, err := folder.Path(id)
		if err != nil {
			return "", err
		}
		if stamps[i], err = stampOf(path); err != nil {
			return "", err
		}
		settled = settled && stamps[i].settled()
	}
	blob, err := json.Marshal([]any{ids, stamps})
	if err != nil {
		return "", err
	}
	state := sha256.Sum256(blob)
	entry := c.entry("pictures", hex.EncodeToString(state[:]))
	var digest string
	if c.read(entry, &digest) {
		return digest, nil
	}
	digest, err = folder.Digest(context.Background(), ids)
	if err == nil && settled {
		c.write(entry, digest)
	}
	return digest, err
}
