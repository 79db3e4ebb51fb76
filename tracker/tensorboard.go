package tracker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// ReadTensorBoard hands over the runs in a folder of event files: each folder
// below that has some is a run, named by its path, as TensorBoard has it. Of
// event files it keeps scalars and hyper-parameters. damaged lists files of which
// only the beginning could be read, where one that is being written may be among,
// or records of which hold no event.
func ReadTensorBoard(ctx context.Context, dir string, fn func(*Foreign) error) (damaged []error, err error) {
	root, err := filepath.EvalSymlinks(dir) // of a link WalkDir sees the link
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, mmibx.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	files := map[string][]string{} // by folder
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(d.Name(), "tfevents") {
			files[filepath.Dir(path)] = append(files[filepath.Dir(path)], path)
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, &mmibx.InputError{File: dir, Found: "no event file", Expected: "files with tfevents in their names, in the folder or below",
			Cure: "give the folder that --logdir of TensorBoard names"}
	}
	whole, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var folders []string
	for folder := range files {
		folders = append(folders, folder)
	}
	slices.Sort(folders)
	for _, folder := range folders {
		name, err := filepath.Rel(root, folder)
		if err != nil {
			return damaged, err
		}
		f := &Foreign{Format: "tensorboard", Source: "TensorBoard, " + folder, File: filepath.Base(files[folder][0]),
			Name: filepath.ToSlash(name), Group: filepath.Base(whole), Params: map[string]any{}, State: mmibx.Done}
		if name == "." {
			f.Name, f.Group = filepath.Base(whole), filepath.Base(filepath.Dir(whole))
		}
		short, err := f.readEvents(ctx, files[folder])
		damaged = append(damaged, short...)
		if err != nil {
			return damaged, err
		}
		if f.Key == "" {
			continue // nothing could be read
		}
		if err := fn(f); err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

// readEvents reads the event files of a run in the order of their names, which
// begin with the time of their start. The run is named by the first of them and
// its first event, wherever the folder lies.
func (f *Foreign) readEvents(ctx context.Context, files []string) (damaged []error, err error) {
	slices.Sort(files)
	for _, path := range files {
		err := readTFEvents(path, func(e tfEvent) error {
			if f.Key == "" {
				f.Key, f.Started = fmt.Sprintf("%s %d", filepath.Base(path), e.at.UnixNano()), e.at
			}
			for _, h := range e.hparams {
				if v, isNumber := h.value.(float64); isNumber && !mmibx.Finite(v) {
					h.value = strconv.FormatFloat(v, 'g', -1, 64) // JSON has no such number
				}
				f.Params[h.name] = h.value
			}
			for _, text := range e.unread {
				if r := (Remark{"unread", text}); !slices.Contains(f.Remarks, r) { // one of a tag says it
					f.Remarks = append(f.Remarks, r)
				}
			}
			for _, s := range e.scalars {
				if e.at.Before(f.Started) {
					f.Started = e.at // the writer may be given times of its own
				}
				f.Points = append(f.Points, mmibx.Point{Step: e.step, Metric: s.tag, Value: s.value, At: e.at})
			}
			return ctx.Err()
		})
		if errors.Is(err, errTFDamaged) {
			damaged = append(damaged, err)
			f.Remarks = append(f.Remarks, Remark{"damaged", strings.ReplaceAll(err.Error(), path, filepath.Base(path))})
			continue
		}
		if err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}
