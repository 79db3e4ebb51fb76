package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

// naming says what a word may be the name of, beside a system whose predictions
// were imported and the beginning of the id of a run or of an arm.
type naming struct {
	split    mmibx.Split // imports of another one are left out
	wholeArm bool        // a run stands for its arm
	sweep    string      // only runs of this one, and imports, which nobody planned; words may be names of its arms
	filters  bool        // and filters, as in mmibx runs list
}

// runsOf finds the runs that a word stands for, in the order of seeds, whatever
// became of them. Those in the bin are left out; a word that is the name of none is
// ErrNotFound, and a filter may let none through.
func runsOf(ctx context.Context, db *tracker.DB, store mmibx.Store, word string, n naming) ([]tracker.RunRow, error) {
	q, err := n.query(ctx, db, store, word)
	if err != nil {
		return nil, err
	}
	q.Sort = "seed"
	rows, err := db.Runs(ctx, q)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r tracker.RunRow) bool {
		if r.Imported != "" {
			return r.Imported != string(n.split)
		}
		return n.sweep != "" && !slices.Contains(r.Sweeps, n.sweep)
	})
	if len(rows) == 0 && q.Filter != word {
		return nil, n.noRun(word)
	}
	return rows, nil
}

func (n *naming) noRun(word string) error {
	names, in := []string{"the id of an arm or run"}, ""
	if n.split != "" {
		names = append(names, "a system with predictions on "+string(n.split))
	}
	if n.filters {
		names = append(names, "a filter such as model=concat")
	}
	if n.sweep != "" {
		in = " in sweep " + n.sweep
	}
	return fmt.Errorf("%q: %w: no such run%s; give %s (`mmibx runs list` shows what there is)", word, mmibx.ErrNotFound, in, strings.Join(names, ", or "))
}

var (
	armPrefix = regexp.MustCompile(`^[0-9a-f]{1,12}$`)
	bareWord  = regexp.MustCompile(`^[^\s=!<>~(),'"]*$`) // which no filter is
)

// query makes a query of a word.
func (n *naming) query(ctx context.Context, db *tracker.DB, store mmibx.Store, word string) (tracker.Query, error) {
	if word == "" {
		return tracker.Query{}, n.noRun(word)
	}
	imports, err := db.Imports(ctx, word)
	if err != nil {
		return tracker.Query{}, err
	}
	if len(imports) > 0 {
		ids := []string{}
		for i := range imports {
			ids = append(ids, imports[i].ID)
		}
		return tracker.Query{IDs: ids}, nil
	}
	q, err := n.byID(ctx, db, word)
	if err != nil || q.IDs != nil || q.Filter != "" {
		return q, err
	}
	if n.sweep != "" {
		plan, err := experiments.ReadPlan(store, n.sweep)
		if err != nil {
			return q, err
		}
		for _, c := range plan.Cells {
			also := slices.ContainsFunc(c.Also, func(s experiments.Standing) bool { return s.ArmName == word })
			if c.ArmName == word || also {
				q.IDs = append(q.IDs, c.Run)
			}
		}
	}
	switch {
	case q.IDs != nil:
		return q, nil
	case n.filters && !bareWord.MatchString(word):
		return tracker.Query{Filter: word, Sweep: n.sweep}, nil
	}
	return q, n.noRun(word)
}

// byID makes a query of the beginning of an id; the query is empty where there
// is no such id.
func (n *naming) byID(ctx context.Context, db *tracker.DB, word string) (tracker.Query, error) {
	id, err := db.Resolve(ctx, word)
	switch {
	case err == nil && n.wholeArm:
		run, err := db.Run(ctx, id)
		if err != nil {
			return tracker.Query{}, err
		}
		return tracker.Query{Filter: "arm='" + run.Arm + "'"}, nil
	case err == nil:
		return tracker.Query{IDs: []string{id}}, nil
	case !errors.Is(err, mmibx.ErrNotFound):
		return tracker.Query{}, err
	case !armPrefix.MatchString(word):
		return tracker.Query{}, nil
	}
	q := tracker.Query{Filter: "arm~'" + word + "*'"}
	rows, err := db.Runs(ctx, q)
	if err != nil || len(rows) == 0 {
		return tracker.Query{}, err
	}
	for i := range rows {
		if rows[i].Arm != rows[0].Arm {
			return q, fmt.Errorf("%w: arm %q may be %s or %s; give more of it", mmibx.ErrUsage, word, rows[0].Arm, rows[i].Arm)
		}
	}
	return q, nil
}
