//go:build torch

package main

import (
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
func (m *material) addEvidence(job *mmibx.Job, spec *mmibx.Spec, w *journal.Writer) error {
	switch spec.Evidence.Kind {
	case "none":
		return nil
	case "grid":
		return m.addGrid(spec)
	case "captions":
		return m.addCaptions(job, spec, w)
	}
	return fmt.Errorf("%w: evidence.kind %q cannot be trained on yet; captions and grid can", mmibx.ErrBadSpec, spec.Evidence.Kind)
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
	path, err := captionCache(job, captions)
	if err != nil {
		return err
	}
	cached, err := datasets.ReadFeatures(path)
	if err == nil {
		m.keep(&cached.Table, cached.IDs)
		return nil
	}
	if !errors.Is(err, mmibx.ErrNotFound) {
		return err
	}
	features, err := m.encodeCaptions(captions, w)
	if err != nil {
		return err
	}
	features.Encoder = spec.Encoder.Name
	if err := datasets.WriteFeatures(path, features); err != nil {
		return err
	}
	m.keep(&features.Table, features.IDs)
	return nil
}

// captionCache names the file that keeps the vectors of captions.
func captionCache(job *mmibx.Job, captions *datasets.CaptionSet) (string, error) {
	key, err := json.Marshal([]any{captions.Digests, job.Inputs.Weights, model.SentenceRows, maxCaption})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(key)
	dir := job.Store.Cache("captions")
	return filepath.Join(dir, hex.EncodeToString(sum[:8])+".safetensors"), os.MkdirAll(dir, 0o777)
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
