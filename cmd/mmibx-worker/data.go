//go:build torch

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/tracker/journal"
	"github.com/mmibx/mmibx/weights"
)

// library keeps what the last job read: in a sweep the next one mostly reads the
// same. Nothing in it is changed by a run.
type library struct {
	key  string
	base *material
}

// material is a benchmark as one encoder and one kind of evidence read it.
type material struct {
	set       *datasets.Set
	encoder   *model.Pretrained // nil: the small one
	tokenizer datasets.Tokenizer
	samples   map[mmibx.Split][]mmibx.Sample // pictures not yet assigned
	evidence  *mmibx.EvidenceTable
	pictures  map[string]int32 // rows of evidence by picture id
}

// data returns what the spec's model reads.
func (l *library) data(ctx context.Context, job *mmibx.Job, spec *mmibx.Spec, w *journal.Writer) (model.Data, error) {
	evidence := spec.Evidence
	evidence.Pictures, evidence.ShuffleShare = "", 0 // assigned anew for each run
	key := fmt.Sprint(spec.Benchmark, spec.Encoder, encoding(spec), job.DataDir, evidence)
	if key != l.key {
		base, err := open(ctx, job, spec, w)
		if err != nil {
			return model.Data{}, err
		}
		l.key, l.base = key, base
	}
	m := l.base
	if err := asPlanned(job, m.set.Digests); err != nil {
		return model.Data{}, err
	}
	data := model.Data{
		Labels:   m.set.Labels,
		Samples:  map[mmibx.Split][]mmibx.Sample{},
		Evidence: m.evidence,
		Vocab:    m.tokenizer.Size(),
		Encoder:  m.encoder,
	}
	if spec.TaskOf() == mmibx.MRE {
		data.Vocab += datasets.MarkerCount
	}
	for split, samples := range m.samples {
		data.Samples[split] = m.assign(spec, split, samples)
	}
	return data, nil
}

// asPlanned makes sure that files are those whose digests are in the run's id: a
// sweep lasts for hours, in which people edit files.
func asPlanned(job *mmibx.Job, digests map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(digests)) {
		if planned, ok := job.Inputs.Data[name]; ok && planned != digests[name] {
			return &mmibx.InputError{
				File: name, Found: fmt.Sprintf("SHA-256 %.12s", digests[name]), Expected: fmt.Sprintf("%.12s, as the run was planned", planned),
				Cure: "the file has changed since: start the sweep again, which plans new runs",
			}
		}
	}
	return nil
}

func open(ctx context.Context, job *mmibx.Job, spec *mmibx.Spec, w *journal.Writer) (*material, error) {
	set, err := datasets.Open(spec.Benchmark, job.DataDir)
	if err != nil {
		return nil, err
	}
	m := &material{set: set, samples: map[mmibx.Split][]mmibx.Sample{}}
	if spec.Encoder.Name == "small" {
		m.tokenizer = datasets.NewWordVocab(set.Examples[mmibx.Train])
	} else if err := m.openEncoder(spec.Encoder.Name); err != nil {
		return nil, err
	}
	for _, split := range mmibx.Splits {
		m.samples[split] = datasets.Samples(set, split, m.tokenizer, encoding(spec))
	}
	return m, m.addEvidence(ctx, job, spec, w)
}

// encoding is how the spec wants tweets to become pieces.
func encoding(spec *mmibx.Spec) datasets.Encoding {
	return datasets.Encoding{Limit: spec.Train.MaxLength, Markers: spec.Model.Markers}
}

// openEncoder finds pretrained weights and their word-pieces. The file of
// tensors stays open: each run reads its starting values from it.
func (m *material) openEncoder(name string) error {
	dir, err := weights.Find(name)
	if err != nil {
		return err
	}
	if m.tokenizer, err = datasets.OpenWordPiece(dir); err != nil {
		return err
	}
	folder, err := weights.OpenFolder(dir)
	if err != nil {
		return err
	}
	m.encoder = &model.Pretrained{
		Config: model.BertConfigOf(folder.Config),
		Tensor: folder.Tensor,
	}
	return nil
}

// assign gives each sample the row of the picture that the spec shows with it.
func (m *material) assign(spec *mmibx.Spec, split mmibx.Split, samples []mmibx.Sample) []mmibx.Sample {
	samples = slices.Clone(samples)
	if m.evidence == nil {
		return samples
	}
	for i, id := range datasets.AssignPictures(spec.Evidence, spec.Seed, split, m.set.Examples[split]) {
		samples[i].Picture = -1
		if row, ok := m.pictures[id]; ok {
			samples[i].Picture = row
		}
	}
	return samples
}
