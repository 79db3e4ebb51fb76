package main

import (
	"context"
	"fmt"
	"image"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

// pictureSide is as many pixels as a terminal shows of a picture where it shows
// images, and more than it shows in half blocks.
const pictureSide = 512

// Answers implements tui.Archive.
func (u *ui) Answers(ctx context.Context, run string) (*tui.Answers, error) {
	return u.answers(ctx, u.app, run, mmibx.Dev)
}

// Unseal implements tui.Curator.
func (u *ui) Unseal(ctx context.Context, run string) (*tui.Answers, error) {
	asked := *u.app
	asked.command = "mmibx runs errors " + run + " --split test"
	return u.answers(ctx, &asked, run, mmibx.Test)
}

func (u *ui) answers(ctx context.Context, a *app, run string, split mmibx.Split) (out *tui.Answers, err error) {
	err = u.with(ctx, func(db *tracker.DB) error {
		j, err := a.grade(ctx, db, run, split, scoring.Lenient)
		if err == nil {
			out = shownAnswers(j)
		}
		return err
	})
	if err == nil && out == nil {
		err = fmt.Errorf("run %s: %w", run, mmibx.ErrNotFound)
	}
	return out, err
}

func shownAnswers(all *graded) *tui.Answers {
	out := &tui.Answers{
		Label: shortLabel(all.run.Label), Benchmark: all.run.Benchmark, Task: all.set.Benchmark.Task, Split: all.split,
		Score: all.report, Examples: make([]tui.Answer, len(all.judged)),
	}
	for i, j := range all.judged {
		out.Examples[i] = tui.Answer{
			Judged: j, Picture: all.pictures[i], Caption: all.captions[all.pictures[i]],
			Others: all.pictures[i] != "" && all.pictures[i] != j.Example.Image,
		}
	}
	return out
}

// Picture implements tui.Archive.
func (u *ui) Picture(_ context.Context, benchmark, id string) (widget.Picture, error) {
	img, err := u.picture(benchmark, id)
	if err != nil {
		return widget.Picture{}, err
	}
	return widget.NewPicture(img, pictureSide), nil
}

func (u *ui) picture(benchmark, id string) (image.Image, error) {
	if b, _ := mmibx.LookupBenchmark(benchmark); b.Miniature {
		return datasets.MiniPicture(benchmark, id)
	}
	u.data.Lock()
	defer u.data.Unlock()
	if u.albums[benchmark] == nil {
		album, err := datasets.OpenPictures(u.app.dataDir, benchmark)
		if err != nil {
			return nil, err
		}
		u.albums[benchmark] = album
	}
	path, err := u.albums[benchmark].Path(id)
	if err != nil {
		return nil, err
	}
	return datasets.ReadPicture(path)
}
