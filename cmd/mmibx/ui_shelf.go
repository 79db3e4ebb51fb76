package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/audit"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
)

// Benchmark implements tui.Shelf.
func (u *ui) Benchmark(_ context.Context, name string) (tui.BenchmarkInfo, error) {
	var info tui.BenchmarkInfo
	info.Benchmark, _ = mmibx.LookupBenchmark(name)
	if !info.Miniature {
		info.Where = filepath.Join(u.app.dataDir, name)
	}
	set, err := datasets.Open(name, u.app.dataDir)
	if errors.Is(err, mmibx.ErrNotFound) {
		return info, nil
	}
	if err != nil {
		return info, err
	}
	info.Found, info.Version, info.Labels = true, set.Version(), set.Labels
	if info.Faults, err = set.Verify(); err != nil {
		return info, err
	}
	for _, split := range mmibx.Splits {
		info.Counts = append(info.Counts, set.Counts(split))
	}
	for _, file := range slices.Sorted(maps.Keys(set.Digests)) {
		info.Digests = append(info.Digests, tui.Pair{Name: file, Value: set.Digests[file]})
	}
	if info.Miniature {
		return info, nil
	}
	captioners, err := datasets.Captioners(u.app.dataDir, name)
	if err != nil {
		return info, err
	}
	for _, c := range captioners {
		if files, err := datasets.CaptionFiles(u.app.dataDir, name, c); err == nil && allThere(info.Where, files) {
			info.Captions = append(info.Captions, c)
		}
	}
	if folder, err := datasets.OpenPictures(u.app.dataDir, name); err == nil {
		info.Pictures = folder.Dir
	}
	info.Features, err = datasets.FeatureNames(info.Where)
	return info, err
}

func allThere(dir string, files []string) bool {
	return !slices.ContainsFunc(files, func(f string) bool {
		_, err := os.Stat(filepath.Join(dir, filepath.FromSlash(f)))
		return err != nil
	})
}

// leafed is a benchmark whose samples are looked at.
type leafed struct {
	*datasets.Set
	captions []*datasets.CaptionSet
}

// leaf opens a benchmark once.
func (u *ui) leaf(name string) (*leafed, error) {
	u.data.Lock()
	defer u.data.Unlock()
	if l := u.leafed[name]; l != nil {
		return l, nil
	}
	set, err := datasets.Open(name, u.app.dataDir)
	if err != nil {
		return nil, err
	}
	captions, err := u.app.captionsOf(set)
	if err != nil {
		return nil, err
	}
	u.leafed[name] = &leafed{set, captions}
	return u.leafed[name], nil
}

// Samples implements tui.Shelf.
func (u *ui) Samples(_ context.Context, q tui.SampleQuery) (tui.SamplePage, error) {
	page := tui.SamplePage{Of: q}
	set, err := u.leaf(q.Benchmark)
	if err != nil {
		return page, err
	}
	examples := set.Examples[q.Split]
	page.All = len(examples)
	for i := range examples {
		e := &examples[i]
		if !holds(e, q.Words) {
			continue
		}
		if at := page.Total; at >= q.From && at < q.From+q.Limit {
			s := tui.Sample{Answer: tui.Answer{Judged: scoring.Judged{Example: e, Gold: scoring.Spans(e.Tags, scoring.Lenient)}, Picture: e.Image}}
			for _, c := range set.captions {
				if text := c.Texts[e.Image]; text != "" {
					s.Captions = append(s.Captions, tui.Pair{Name: c.Captioner, Value: text})
				}
			}
			page.Rows = append(page.Rows, s)
		}
		page.Total++
	}
	return page, nil
}

// Audit implements tui.Shelf.
func (u *ui) Audit(ctx context.Context, name string, tell func(string, int, int)) (*audit.Report, error) {
	set, err := datasets.Open(name, u.app.dataDir)
	if err != nil {
		return nil, err
	}
	q := usualAudit()
	q.Set, q.DataDir, q.Tell = set, u.app.dataDir, tell
	return audit.Run(ctx, q)
}
