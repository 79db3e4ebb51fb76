//go:build torch

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// parity does an mmibx.ParityJob.
func parity(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	var job mmibx.ParityJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return fmt.Errorf("%w: a job of parity: %w", mmibx.ErrUsage, err)
	}
	spec, err := mmibx.SpecOf(job.Spec)
	if err != nil {
		return err
	}
	w, err := weights.OpenMMIB(job.Weights)
	if err != nil {
		return err
	}
	defer w.Close()
	batch, err := weights.OpenSource(job.Batch)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("batch %s: %w", job.Batch, mmibx.ErrNotFound)
	}
	if err != nil {
		return err
	}
	defer batch.Close()
	if err := os.MkdirAll(filepath.Dir(job.Out), 0o777); err != nil {
		return err
	}
	if _, err := torch.Init(job.Threads, job.Device); err != nil {
		return err
	}
	var vision *weights.Vision
	defer func() {
		if vision != nil {
			err = errors.Join(err, vision.Close())
		}
	}()
	report, err := model.Parity(ctx, model.ParityInput{
		Spec: spec, Types: datasets.EntityTypes(), Weights: w, Batch: batch, Name: job.Batch,
		Vision: func() (*model.PretrainedVision, string, error) {
			var err error
			if vision, err = weights.OpenVision("resnet50"); err != nil {
				return nil, "", fmt.Errorf("images, and no vis_encoding.resnet in %s: %w", job.Weights, err)
			}
			return &model.PretrainedVision{Name: "resnet50", Tensor: vision.Tensor}, "the weights resnet50", nil
		},
	}, job.Out)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(report)
}
