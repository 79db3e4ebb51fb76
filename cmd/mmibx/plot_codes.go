package main

import (
	"context"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/weights"
)

// codesIn reads the codes that runs kept, and notes the digests of those that it read.
func (a *app) codesIn(ctx context.Context, db *tracker.DB, digests map[string]string) func(run string) (*plots.Codes, error) {
	return func(run string) (*plots.Codes, error) {
		artifacts, err := db.Artifacts(ctx, run)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(artifacts, func(f tracker.Artifact) bool { return f.Name == mmibx.CodesOfDev })
		if at < 0 {
			return nil, nil //nolint:nilnil // none is no fault
		}
		digests[run] = artifacts[at].SHA256
		return codesOf(mmibx.Store(a.storeDir).Object(artifacts[at].SHA256))
	}
}

// codesOf reads what keepCodes of the worker wrote.
func codesOf(path string) (*plots.Codes, error) {
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	codes := &plots.Codes{}
	for name, into := range map[string]*[][]float64{
		"start.text": &codes.Start.Text, "start.image": &codes.Start.Image, "best.text": &codes.Best.Text, "best.image": &codes.Best.Image,
	} {
		t, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		values, err := t.Floats()
		if err != nil {
			return nil, err
		}
		if len(t.Shape) != 2 || t.Shape[1] < 1 {
			return nil, &mmibx.InputError{File: path, Key: name, Found: "another shape", Expected: "[N, Z]"}
		}
		for row := range slices.Chunk(values, int(t.Shape[1])) {
			wide := make([]float64, len(row))
			for i, v := range row {
				wide[i] = float64(v)
			}
			*into = append(*into, wide)
		}
	}
	return codes, nil
}
