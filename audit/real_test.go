package audit

import (
	"context"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/internal/needs"
)

// realRequest audits a real benchmark by few draws.
func realRequest(t *testing.T, name string) Request {
	t.Helper()
	dir := filepath.Dir(needs.Data(t, name))
	set, err := datasets.Open(name, dir)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Set: set, DataDir: dir, Split: mmibx.Dev, Options: Options{Folds: 5, Draws: 99, Seed: 1}, Tell: func(string, int, int) {}}
}

// The crop lists of MNRE that go round with TMR give the label away: facts of the
// files, counted in Python, are 2 + the number of entity types of the gold
// relation for the number of crops, hence "a relation" in 1600 of 1614 rows.
func TestCropListsOfMNRELeak(t *testing.T) {
	q := realRequest(t, "mnre")
	lists, err := FindLists(needs.Data(t, "mnre/leaks_labels_grounding_tmr"))
	if err != nil {
		t.Fatal(err)
	}
	if len(lists) != 2 || len(lists[0].Files) != 3 || len(lists[1].Files) != 3 {
		t.Fatalf("lists %+v", lists)
	}
	shapes, err := lists[0].Shapes(mmibx.Test, q.Set.Examples[mmibx.Test])
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, e := range q.Set.Examples[mmibx.Test] {
		if (len(shapes[i].Items) >= 3) == (e.Relation != mmibx.NoRelation) {
			right++
		}
	}
	if right != 1600 {
		t.Errorf("three or more crops mean a relation in %d rows, known are 1600", right)
	}
	for _, l := range slices.Backward(lists) { // the first one's are needed below
		if shapes, err = l.Shapes(q.Split, q.Set.Examples[q.Split]); err != nil {
			t.Fatal(err)
		}
		r := newRows(q.column(targets(q.Set)["relation"]), q.column(picture), q.Folds)
		got, err := test(context.Background(), families(shapes), &r, q.Options, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		if !got.Leak {
			t.Errorf("%s passes: %+v", l.Name, got)
		}
	}
	gain, err := q.gain(context.Background(), listEvidence(q.Set, lists[0]), shapes)
	if err != nil {
		t.Fatal(err)
	}
	if gain.With["count"]-gain.Text < 20 {
		t.Errorf("a text model gains %+v from the crops, known are 20 points and more", gain)
	}
}

// Captions are joined by picture and know nothing of labels.
func TestCaptionsPass(t *testing.T) {
	for _, name := range []string{"mnre", "twitter2015", "twitter2017"} {
		q := realRequest(t, name)
		all, err := captions(q.Set, q.DataDir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all {
			shapes, err := e.Shapes(context.Background(), q.Split)
			if err != nil {
				t.Fatal(err)
			}
			for target, label := range targets(q.Set) {
				r := newRows(q.column(label), q.column(picture), q.Folds)
				got, err := test(context.Background(), e.families(shapes), &r, q.Options, func(int) {})
				if err != nil {
					t.Fatal(err)
				}
				if got.Leak {
					t.Errorf("%s, %s by the captions of %s: %+v", name, target, e.Name, got)
				}
			}
		}
	}
}
