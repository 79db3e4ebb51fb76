package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
)

// holds says that an example has all words of a query among its words, labels and
// id, whatever their case.
func holds(e *mmibx.Example, query string) bool {
	if query == "" {
		return true
	}
	hay := strings.ToLower(e.ID + " " + strings.Join(e.Tokens, " ") + " " + strings.Join(e.Tags, " ") + " " + e.Relation)
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(query)), func(w string) bool { return !strings.Contains(hay, w) })
}

// captionsOf reads all captions of a benchmark that are there, the usual ones
// first.
func (a *app) captionsOf(set *datasets.Set) ([]*datasets.CaptionSet, error) {
	names, err := datasets.Captioners(a.dataDir, set.Benchmark.Name)
	if err != nil {
		return nil, err
	}
	var all []*datasets.CaptionSet
	for _, name := range names {
		c, err := datasets.Captions(set, a.dataDir, name)
		if errors.Is(err, mmibx.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("captions %s of %s: %w", name, set.Benchmark.Name, err)
		}
		all = append(all, c)
	}
	return all, nil
}
