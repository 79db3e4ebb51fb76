//go:build torch

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/model"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// features does an mmibx.FeatureJob.
func features(ctx context.Context, in io.Reader, out io.Writer) error {
	var job mmibx.FeatureJob
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return fmt.Errorf("a job of features: %w", err)
	}
	folder, err := datasets.OpenPictureFolder(job.Folder)
	if err != nil {
		return err
	}
	ids := folder.IDs()
	if len(ids) == 0 {
		return fmt.Errorf("%w: no .jpg, .jpeg or .png in %s", mmibx.ErrNotFound, job.Folder)
	}
	if err := os.MkdirAll(filepath.Dir(job.Out), 0o777); err != nil {
		return err
	}
	if _, err := torch.Init(job.Threads, job.Device); err != nil {
		return err
	}
	answer := json.NewEncoder(out)
	report := func(done int) {
		_ = answer.Encode(mmibx.FeatureReport{Done: done, Total: len(ids)}) // nobody may be listening
	}
	f, err := encodePictures(ctx, job.Encoder, ids, fromFolder(folder), report)
	if err != nil {
		return err
	}
	if err := datasets.WriteFeatures(job.Out, f); err != nil {
		return err
	}
	return answer.Encode(mmibx.FeatureReport{Done: len(ids), Total: len(ids), Rows: f.Table.Rows, Width: f.Table.Width})
}

// fromFolder opens a picture by its id.
func fromFolder(folder *datasets.PictureFolder) func(id string) (image.Image, error) {
	return func(id string) (image.Image, error) {
		path, err := folder.Path(id)
		if err != nil {
			return nil, err
		}
		return datasets.ReadPicture(path)
	}
}

// thumbnails says what datasets.Thumbnail does to a picture.
var thumbnails = fmt.Sprintf("Resize(%d), CenterCrop(%[1]d)", datasets.ThumbnailSide)

// encodePictures computes the evidence of pictures with a frozen encoder; for the
// one that is trained with the network it is their thumbnails.
func encodePictures(ctx context.Context, encoder string, ids []string, open func(id string) (image.Image, error), report func(done int)) (*datasets.Features, error) {
	if encoder == mmibx.SmallPictureEncoder {
		table, err := datasets.ThumbnailTable(ids, func(id string) (image.Image, error) {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("%w: %w", mmibx.ErrInterrupted, err)
			}
			return open(id)
		})
		return &datasets.Features{IDs: ids, Table: table, Encoder: encoder, Preprocessing: thumbnails}, err
	}
	file, err := weights.OpenVision(encoder)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	frozen := &model.PretrainedVision{Name: encoder, Tensor: file.Tensor}
	pixels := func(i int) ([]float32, error) {
		img, err := open(ids[i])
		if err != nil {
			return nil, err
		}
		return datasets.PixelsOf(img), nil
	}
	table, err := model.Pictures(ctx, frozen, pixels, len(ids), report)
	if err != nil {
		return nil, err
	}
	return &datasets.Features{
		IDs: ids, Table: table, Encoder: encoder,
		Preprocessing: "Resize(256), CenterCrop(224); row 0 the mean of the last map of features, rows 1 to 4 of its quarters",
	}, nil
}
