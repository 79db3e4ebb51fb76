package audit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
)

// Request says what to audit.
type Request struct {
	Set     *datasets.Set
	DataDir string
	// Lists are published lists to audit instead of the benchmark's own evidence.
	Lists []List
	// Split is the one whose labels are predicted by cross-validation. What a text
	// model gains is fitted on train and scored on dev, or on test if that is Split.
	Split mmibx.Split
	Options
	// Tell hears how far the work is.
	Tell func(doing string, done, total int)

	words     *textModel // without shapes, the same for every source
	wordsOnly float64
}

// Report is what an audit found.
type Report struct {
	Benchmark string          `json:"benchmark"`
	Version   string          `json:"version"`
	Split     mmibx.Split     `json:"split"`
	Folds     int             `json:"folds"`
	Draws     int             `json:"draws"`
	Sources   []Source        `json:"sources"`
	Overlaps  []Overlap       `json:"overlaps"`
	Pictures  []PictureCounts `json:"pictures"` // empty where lists are audited
	Leak      bool            `json:"leak"`     // of any source
}

// Source is what the shape of one kind of evidence tells.
type Source struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Rows  int    `json:"rows"`
	Known int    `json:"known"` // rows that the source has evidence of, or says there is none
	Tests []Test `json:"tests"` // empty where all shapes are the same, or all labels
	// Gain is nil where nothing can be fitted: all shapes are the same, or the
	// source lacks a split.
	Gain *Gain `json:"gain,omitempty"`
	Leak bool  `json:"leak"`
}

// PictureCounts says which pictures of a split are there.
type PictureCounts struct {
	Split mmibx.Split `json:"split"`
	Named int         `json:"named"` // distinct pictures of the examples
	Blank int         `json:"blank"` // examples without one
	Known int         `json:"known"` // named and known to be broken in the public files
	// Missing are named and not in the folder of pictures; all are where there is
	// no folder. Broken are there and cannot be decoded, with what was found.
	Missing int      `json:"missing"`
	Broken  []string `json:"broken,omitempty"`
}

// Run audits a benchmark.
func Run(ctx context.Context, q Request) (*Report, error) {
	report := &Report{Benchmark: q.Set.Benchmark.Name, Version: q.Set.Version(), Split: q.Split, Folds: q.Folds, Draws: q.Draws, Pictures: []PictureCounts{}}
	pictures, err := openAlbum(q.Set, q.DataDir)
	if err != nil {
		return nil, err
	}
	var evidence []Evidence
	if len(q.Lists) == 0 {
		if evidence, err = sources(q.Set, q.DataDir, pictures); err != nil {
			return nil, err
		}
	}
	for _, l := range q.Lists {
		evidence = append(evidence, listEvidence(q.Set, l))
	}
	for _, e := range evidence {
		s, err := q.source(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", e.Kind, e.Name, err)
		}
		report.Sources = append(report.Sources, *s)
	}
	inOrder := Source{Kind: "order", Name: "of the examples", Rows: len(q.Set.Examples[q.Split]), Known: len(q.Set.Examples[q.Split])}
	if err := q.judge(ctx, &inOrder, []family{place(inOrder.Rows)}); err != nil {
		return nil, err
	}
	report.Sources = append(report.Sources, inOrder)
	report.Leak = slices.ContainsFunc(report.Sources, func(s Source) bool { return s.Leak })
	q.Tell("comparing the texts of the splits", 0, 0)
	report.Overlaps = Overlaps(q.Set.Examples)
	if len(q.Lists) == 0 {
		report.Pictures, err = q.pictures(ctx, pictures)
	}
	return report, err
}

// targets are what is predicted of each example.
func targets(set *datasets.Set) map[string]func(*mmibx.Example) string {
	task := set.Benchmark.Task
	label := func(e *mmibx.Example) string { return labelOf(task, e) }
	some := func(e *mmibx.Example) string { return fmt.Sprint(label(e) != mmibx.NoRelation) }
	if task == mmibx.MRE {
		return map[string]func(*mmibx.Example) string{"relation": label, "related or None": some}
	}
	return map[string]func(*mmibx.Example) string{"types present": label, "any entity": some}
}

func (q *Request) source(ctx context.Context, e Evidence) (*Source, error) {
	q.Tell("reading "+e.Kind+" "+e.Name, 0, 0)
	shapes, err := e.Shapes(ctx, q.Split)
	if err != nil {
		return nil, err
	}
	s := &Source{Kind: e.Kind, Name: e.Name, Rows: len(shapes), Tests: []Test{}}
	for i := range shapes {
		s.Known += int(truth(shapes[i].Items != nil))
	}
	judged := e.families(shapes)
	if len(judged) == 0 {
		return s, nil
	}
	if err := q.judge(ctx, s, judged); err != nil {
		return nil, err
	}
	s.Gain, err = q.gain(ctx, e, shapes)
	return s, err
}

// judge tests all families of a source together, and then each.
func (q *Request) judge(ctx context.Context, s *Source, judged []family) error {
	groups := [][]family{judged}
	if len(judged) > 1 {
		for i := range judged {
			groups = append(groups, judged[i:i+1])
		}
	}
	all := targets(q.Set)
	for _, target := range slices.Sorted(maps.Keys(all)) {
		r := newRows(q.column(all[target]), q.column(picture), q.Folds)
		if r.number < 2 {
			continue
		}
		for i, families := range groups {
			t, err := q.test(ctx, s.Kind+" "+s.Name, target, families, &r)
			if err != nil {
				return err
			}
			t.Family = "all"
			if i > 0 || len(judged) == 1 {
				t.Family = families[0].name
			}
			s.Tests = append(s.Tests, t)
			s.Leak = s.Leak || t.Leak
		}
	}
	return nil
}

// families are the families that a source is judged by.
func (e *Evidence) families(shapes []Shape) []family {
	return slices.DeleteFunc(families(shapes), func(f family) bool {
		return !e.Named && (f.name == "name" || f.name == "order")
	})
}

func (q *Request) test(ctx context.Context, source, target string, families []family, r *rows) (Test, error) {
	t, err := test(ctx, families, r, q.Options, func(draws int) { q.Tell(source+": "+target+", draw", draws, q.Draws) })
	t.Target = target
	return t, err
}

// column reads something of every example of the split.
func (q *Request) column(of func(*mmibx.Example) string) []string {
	examples := q.Set.Examples[q.Split]
	values := make([]string, len(examples))
	for i := range examples {
		values[i] = of(&examples[i])
	}
	return values
}

// picture is what folds and permutations keep together.
func picture(e *mmibx.Example) string {
	if e.Image == "" {
		return e.ID
	}
	return e.Image
}

// gain fits the text model without and with the shape features; those of q.Split
// have been read.
func (q *Request) gain(ctx context.Context, e Evidence, read []Shape) (*Gain, error) {
	g := &Gain{Scored: mmibx.Dev, With: map[string]float64{}}
	if q.Split == mmibx.Test {
		g.Scored = mmibx.Test
	}
	var both []Shape
	for _, split := range []mmibx.Split{mmibx.Train, g.Scored} {
		shapes := read
		if split != q.Split {
			var err error
			if shapes, err = e.Shapes(ctx, split); errors.Is(err, mmibx.ErrNotFound) {
				return nil, nil
			} else if err != nil {
				return nil, err
			}
		}
		both = append(both, shapes...)
	}
	judged := e.families(both)
	if q.words == nil {
		q.Tell("text model from the words", 0, 0)
		q.words = newTextModel(q.Set.Benchmark.Task, q.Set.Examples[mmibx.Train], q.Set.Examples[g.Scored])
		var err error
		if q.wordsOnly, err = q.words.score(ctx, nil); err != nil {
			return nil, err
		}
	}
	g.Text = q.wordsOnly
	for i := range judged {
		var err error
		q.Tell("text model from the words and the "+judged[i].name, 0, 0)
		if g.With[judged[i].name], err = q.words.score(ctx, judged[i:i+1]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// pictures looks at every picture of the examples.
func (q *Request) pictures(ctx context.Context, a *album) ([]PictureCounts, error) {
	known, err := datasets.KnownBroken(q.Set, q.DataDir)
	if err != nil {
		return nil, err
	}
	var all []PictureCounts
	for _, split := range mmibx.Splits {
		c, ids := PictureCounts{Split: split}, map[string]bool{}
		for _, e := range q.Set.Examples[split] {
			if e.Image == "" {
				c.Blank++
			} else {
				ids[e.Image] = true
			}
		}
		c.Named = len(ids)
		for n, id := range slices.Sorted(maps.Keys(ids)) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			q.Tell("pictures of "+string(split), n+1, len(ids))
			c.Known += int(truth(slices.Contains(known, id)))
			if err := q.look(a, id, &c); err != nil {
				return nil, err
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// look counts one picture.
func (q *Request) look(a *album, id string, c *PictureCounts) error {
	if q.Set.Benchmark.Miniature {
		return nil
	}
	if a.folder == nil {
		c.Missing++
		return nil
	}
	items, err := a.item(id)
	if err != nil {
		return err
	}
	switch fault, broken := a.broken[id]; {
	case broken:
		c.Broken = append(c.Broken, fault)
	case len(items) == 0:
		c.Missing++
	}
	return nil
}
