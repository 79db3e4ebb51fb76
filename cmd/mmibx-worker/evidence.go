//go:build torch

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/tracker/journal"
)

// addEvidence fills the table of evidence that the spec asks for.
func (m *material) addEvidence(ctx context.Context, job *mmibx.Job, spec *mmibx.Spec, w *journal.Writer) error {
	switch spec.Evidence.Kind {
	case "none":
		return nil
	case "grid":
		return m.addGrid(spec)
	case "captions":
		return m.addCaptions(job, spec, w)
	case "pixels":
		return m.addPixels(ctx, job, spec, w)
	case "features":
		return m.addFeatures(job, spec)
	}
	return fmt.Errorf("%w: no evidence of the kind %q", mmibx.ErrBadSpec, spec.Evidence.Kind)
}

func (m *material) addGrid(spec *mmibx.Spec) error {
	if !m.set.Benchmark.Miniature {
		return fmt.Errorf("%w: grid evidence is for miniature benchmarks, %s has %s", mmibx.ErrBadSpec, spec.Benchmark, strings.Join(m.set.Benchmark.Evidence, ", "))
	}
	ids := m.images()
	table, err := datasets.GridTable(ids, func(id string) (image.Image, error) { return datasets.MiniPicture(spec.Benchmark, id) })
	if err != nil {
		return err
	}
	m.keep(&table, ids)
	return nil
}

// images lists the ids of the set's pictures, sorted.
func (m *material) images() []string {
	var ids []string
	for _, split := range mmibx.Splits {
		for i := range m.set.Examples[split] {
			if id := m.set.Examples[split][i].Image; id != "" {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// keep sets the evidence: row i of the table is the picture ids[i].
func (m *material) keep(table *mmibx.EvidenceTable, ids []string) {
	m.evidence = table
	m.pictures = make(map[string]int32, len(ids))
	for i, id := range ids {
		m.pictures[id] = int32(i)
	}
}

// maxCaption is the longest caption in word-pieces, as long as a tweet may be.
const maxCaption = 128

// addCaptions encodes the captions with the spec's own encoder, frozen, and keeps
// the vectors in the store's cache under the digest of all that decides them.
func (m *material) addCaptions(job *mmibx.Job, spec *mmibx.Spec, w *journal.Writer) error {
	if m.encoder == nil {
		return fmt.Errorf("%w: captions need a pretrained encoder, encoder.name is %q", mmibx.ErrBadSpec, spec.Encoder.Name)
	}
	captions, err := datasets.Captions(m.set, job.DataDir, spec.Evidence.Captioner)
	if err != nil {
		return err
	}
	if err := asPlanned(job, captions.Digests); err != nil {
		return err
	}
	path, err := cacheFile(job, "captions", onDevice(job, captions.Digests, job.Inputs.Weights, model.SentenceRows, maxCaption)...)
	if err != nil {
		return err
	}
	return m.cached(path, func() (*datasets.Features, error) {
		features, err := m.encodeCaptions(captions, w)
		if err == nil {
			features.Encoder = spec.Encoder.Name
		}
		return features, err
	})
}

// cacheFile names the file of a folder of the store's cache that keeps vectors:
// after the digest of all that decides them.
func cacheFile(job *mmibx.Job, folder string, decided ...any) (string, error) {
	key, err := json.Marshal(decided)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(key)
	dir := job.Store.Cache(folder)
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".safetensors"), os.MkdirAll(dir, 0o777)
}

// onDevice adds the device to what decides the vectors that a network computes: the
// last digits of a GPU's are not those of the processor.
func onDevice(job *mmibx.Job, decided ...any) []any {
	if job.Device == "" || job.Device == "cpu" {
		return decided
	}
	return append(decided, job.Device)
}

// cached sets the evidence that a file keeps, or else encodes it for the file.
func (m *material) cached(path string, encode func() (*datasets.Features, error)) error {
	features, err := datasets.ReadFeatures(path)
	if errors.Is(err, mmibx.ErrNotFound) {
		if features, err = encode(); err == nil {
			err = datasets.WriteFeatures(path, features)
		}
	}
	if err != nil {
		return err
	}
	m.keep(&features.Table, features.IDs)
	return nil
}

func (m *material) encodeCaptions(captions *datasets.CaptionSet, w *journal.Writer) (*datasets.Features, error) {
	var ids []string
	for id := range captions.Texts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	pieces := make([][]int32, len(ids))
	for i, id := range ids {
		pieces[i], _ = datasets.Encode(m.tokenizer, strings.Fields(captions.Texts[id]), maxCaption)
	}
	started := time.Now()
	table, err := model.Sentences(m.encoder, pieces, nil)
	if err != nil {
		return nil, err
	}
	return &datasets.Features{Table: table, IDs: ids},
		w.Event("captions", fmt.Sprintf("encoded %d by %s in %s", len(ids), captions.Captioner, time.Since(started).Round(time.Second)))
}

// addPixels encodes the pictures with the spec's encoder, or keeps them small for
// the one that is trained with the network. Those that are not there, or known to
// be broken, are not in the table: they are blank.
func (m *material) addPixels(ctx context.Context, job *mmibx.Job, spec *mmibx.Spec, w *journal.Writer) error {
	p, err := m.openPixels(ctx, job)
	if err != nil {
		return err
	}
	encoder := spec.Evidence.Encoder
	decided := onDevice(job, p.digest, encoder, job.Inputs.Weights[encoder], model.PictureRows)
	if encoder == mmibx.SmallPictureEncoder {
		decided = []any{p.digest, thumbnails}
	}
	path, err := cacheFile(job, "pictures", decided...)
	if err != nil {
		return err
	}
	all := len(m.images())
	if err := w.Event("pictures", fmt.Sprintf("%d of %d are there; %d are blank", len(p.ids), all, all-len(p.ids))); err != nil {
		return err
	}
	return m.cached(path, func() (*datasets.Features, error) {
		started := time.Now()
		features, err := encodePictures(ctx, encoder, p.ids, p.open, nil)
		if err != nil {
			return nil, err
		}
		return features, w.Event("pictures", fmt.Sprintf("%d made ready for %s in %s", len(p.ids), encoder, time.Since(started).Round(time.Second)))
	})
}

// pixels are the pictures of a benchmark that are there.
type pixels struct {
	ids    []string
	open   func(id string) (image.Image, error)
	digest string
}

func (m *material) openPixels(ctx context.Context, job *mmibx.Job) (*pixels, error) {
	name := m.set.Benchmark.Name
	if m.set.Benchmark.Miniature {
		open := func(id string) (image.Image, error) { return datasets.MiniPicture(name, id) }
		digest, err := json.Marshal(m.set.Digests)
		return &pixels{m.images(), open, string(digest)}, err
	}
	folder, err := datasets.OpenPictures(job.DataDir, name)
	if err != nil {
		return nil, err
	}
	ids, err := folder.Shown(m.set, job.DataDir)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: none of the pictures of %s is in %s", mmibx.ErrNotFound, name, folder.Dir)
	}
	digest, err := folder.Digest(ctx, ids)
	return &pixels{ids, fromFolder(folder), digest}, err
}

// addFeatures reads the feature file that the spec names. Pictures that it lacks
// are blank.
func (m *material) addFeatures(job *mmibx.Job, spec *mmibx.Spec) error {
	name, err := datasets.FeatureFile(spec.Evidence.Features)
	if err != nil {
		return err
	}
	path := filepath.Join(job.DataDir, spec.Benchmark, name)
	features, err := datasets.ReadFeatures(path)
	if err != nil {
		return err
	}
	known := m.images()
	if !slices.ContainsFunc(features.IDs, func(id string) bool { _, ok := slices.BinarySearch(known, id); return ok }) {
		return &mmibx.InputError{File: path, Key: "mmibx.ids", Found: fmt.Sprintf("%q and others", features.IDs[0]),
			Expected: fmt.Sprintf("ids of the pictures of %s, such as %q", spec.Benchmark, known[0])}
	}
	m.keep(&features.Table, features.IDs)
	return nil
}
