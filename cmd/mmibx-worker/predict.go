//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker/journal"
)

// predict answers one inquiry.
func predict(ctx context.Context, in io.Reader, out io.Writer) error {
	var q mmibx.Inquiry
	if err := json.NewDecoder(in).Decode(&q); err != nil {
		return fmt.Errorf("%w: an inquiry: %w", mmibx.ErrUsage, err)
	}
	if err := registerOwn(&q.Job); err != nil {
		return err
	}
	spec, err := mmibx.SpecOf(q.Spec)
	if err != nil {
		return err
	}
	if _, err := torch.Init(q.Threads, q.Device); err != nil {
		return err
	}
	var library library
	data, err := readData(ctx, &library, &q.Job, &spec)
	if err != nil {
		return err
	}
	samples := data.Samples[q.Split]
	if q.Split == "" {
		samples = datasets.TweetSamples(library.base.set, q.Tweets, library.base.tokenizer, encoding(&spec))
		if data.Evidence, err = library.base.show(ctx, &spec, q.Tweets, samples); err != nil {
			return err
		}
	}
	best := filepath.Join(q.Store.Attempt(q.Run, q.Attempt), model.BestWeights)
	predictions, err := model.Predict(spec, data, best, q.Step, samples)
	if err != nil {
		return err
	}
	return scoring.WritePredictions(out, predictions)
}

// readData reads what the run read. Evidence that has to be made again says so
// in a journal; an inquiry has none to keep, so it is one that goes away.
func readData(ctx context.Context, l *library, job *mmibx.Job, spec *mmibx.Spec) (data model.Data, err error) {
	dir, err := os.MkdirTemp("", "mmibx-predict-")
	if err != nil {
		return data, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := journal.OpenAppend(filepath.Join(dir, "journal"))
	if err != nil {
		return data, err
	}
	defer func() { err = errors.Join(err, w.Abandon()) }()
	return l.data(ctx, job, spec, w)
}

// show makes the evidence of new tweets and gives each sample its row. A tweet
// without a picture, or one whose picture the benchmark itself lacks, is blank.
func (m *material) show(ctx context.Context, spec *mmibx.Spec, tweets []mmibx.Tweet, samples []mmibx.Sample) (*mmibx.EvidenceTable, error) {
	if m.evidence == nil || spec.Evidence.Pictures == "blank" {
		return m.evidence, nil
	}
	table := &mmibx.EvidenceTable{Rows: m.evidence.Rows, Width: m.evidence.Width}
	add := func(sample int, from *mmibx.EvidenceTable, picture int) {
		samples[sample].Picture = int32(table.Pictures())
		at, n := picture*from.Rows, from.Rows
		table.Masked = append(table.Masked, from.Masked[at:at+n]...)
		table.Values = append(table.Values, from.Values[at*from.Width:(at+n)*from.Width]...)
	}
	var captions [][]int32
	var captioned []int
	known := m.images()
	for i, t := range tweets {
		row, ok := m.pictures[t.Image]
		switch _, lacking := slices.BinarySearch(known, t.Image); {
		case t.Caption != "" && spec.Evidence.Kind == "captions":
			pieces, _ := datasets.Encode(m.tokenizer, strings.Fields(t.Caption), maxCaption)
			captions, captioned = append(captions, pieces), append(captioned, i)
		case ok:
			add(i, m.evidence, int(row))
		case t.Image == "" || lacking:
		default:
			picture, err := m.file(ctx, spec, t)
			if err != nil {
				return nil, err
			}
			add(i, picture, 0)
		}
	}
	if len(captions) > 0 {
		encoded, err := model.Sentences(m.encoder, captions, nil)
		if err != nil {
			return nil, err
		}
		for picture, i := range captioned {
			add(i, &encoded, picture)
		}
	}
	return table, nil
}

// file is the evidence of a picture that is not one of the benchmark's.
func (m *material) file(ctx context.Context, spec *mmibx.Spec, t mmibx.Tweet) (*mmibx.EvidenceTable, error) {
	fault := &mmibx.InputError{File: t.At, Key: "image", Found: fmt.Sprintf("%q", t.Image), Expected: "a picture of " + spec.Benchmark}
	var table mmibx.EvidenceTable
	var err error
	switch kind := spec.Evidence.Kind; kind {
	case "grid":
		table, err = datasets.GridTable([]string{t.Image}, datasets.ReadPicture)
	case "pixels":
		var features *datasets.Features
		if features, err = encodePictures(ctx, spec.Evidence.Encoder, []string{t.Image}, datasets.ReadPicture, nil); err == nil {
			table = features.Table
		}
	case "captions":
		fault.Cure = `this run reads captions: give "caption"`
		return nil, fault
	default:
		fault.Cure = fmt.Sprintf("this run reads %s, which cannot be made of a file here", kind)
		return nil, fault
	}
	if _, lost := os.Stat(t.Image); errors.Is(err, mmibx.ErrNotFound) && lost != nil {
		fault.Expected += " or a file that is there"
		return nil, fault
	}
	if err != nil {
		return nil, fmt.Errorf("%s: image: %w", t.At, err)
	}
	return &table, nil
}
