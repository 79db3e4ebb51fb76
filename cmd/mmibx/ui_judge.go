package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/reports"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

// judge remembers comparisons of arms, each by the runs that it was made of. One
// is made at a time, while readers of the store go on.
type judge struct {
	mu   sync.Mutex
	made map[string]judgement
}

type judgement struct {
	*statistics.Comparison
	why string // there is none
}

func (j *judge) keep(key string, made judgement) {
	if j.made == nil {
		j.made = map[string]judgement{}
	}
	j.made[key] = made
}

// cells compares two cells of a table, unless their runs were compared before.
func (j *judge) cells(x, y *reports.Cell, compare reports.CompareCells) (*statistics.Comparison, error) {
	key := againstKey(x.Runs, y.Runs)
	j.mu.Lock()
	made := j.made[key]
	j.mu.Unlock()
	if made.Comparison != nil {
		return made.Comparison, nil
	}
	c, err := compare(x, y)
	if err == nil {
		j.mu.Lock()
		j.keep(key, judgement{Comparison: c})
		j.mu.Unlock()
	}
	return c, err
}

// againstKey names a comparison by its runs.
func againstKey(runs, with []string) string {
	return strings.Join(runs, " ") + " against " + strings.Join(with, " ")
}

// contender is the finished runs of an arm.
type contender struct {
	arm, label string
	text       bool // reads no picture
	rows       []tracker.RunRow
}

func (c *contender) ids() []string {
	ids := make([]string, len(c.rows))
	for i := range c.rows {
		ids[i] = c.rows[i].ID
	}
	return ids
}

func (c *contender) key(base *contender) string { return againstKey(c.ids(), base.ids()) }

// Against implements tui.Judge.
func (u *ui) Against(ctx context.Context, sweep, benchmark, baseline string) (tui.Marks, error) {
	db, arms, err := u.contenders(ctx, sweep, benchmark)
	if err != nil || len(arms) == 0 {
		return tui.Marks{}, err
	}
	i := usualBaseline(arms)
	if baseline != "" {
		i = slices.IndexFunc(arms, func(c contender) bool { return c.arm == baseline })
	}
	if i < 0 {
		return tui.Marks{}, fmt.Errorf("arm %s on %s: %w among those with finished runs", baseline, benchmark, mmibx.ErrNotFound)
	}
	marks := tui.Marks{Baseline: arms[i].arm, Label: arms[i].label, Of: map[string]tui.Mark{}}
	u.judge.mu.Lock()
	defer u.judge.mu.Unlock()
	found := map[string]judgement{}
	fresh := false
	for k := range arms {
		if k == i {
			continue
		}
		j, ok := u.judge.made[arms[k].key(&arms[i])]
		switch {
		case ok:
		case fresh:
			marks.Left++
			continue
		default:
			fresh = true
			if j, err = u.app.judgeArms(ctx, db, benchmark, &arms[k], &arms[i]); err != nil {
				return tui.Marks{}, err
			}
			u.judge.keep(arms[k].key(&arms[i]), j)
		}
		found[arms[k].arm] = j
	}
	return marks, fillMarks(&marks, found)
}

// usualBaseline is the text-only arm with the fewest unusual settings, else the
// first arm.
func usualBaseline(arms []contender) int {
	best := 0
	for i := range arms {
		if arms[i].text && (!arms[best].text || len(arms[i].label) < len(arms[best].label)) {
			best = i
		}
	}
	return best
}

// contenders lists the arms of a sweep on a benchmark that have finished runs.
func (u *ui) contenders(ctx context.Context, sweep, benchmark string) (*tracker.DB, []contender, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, err := u.follow(sweep)
	if err != nil {
		return nil, nil, err
	}
	db, err := u.synced(ctx)
	if err != nil || db == nil {
		return nil, nil, err
	}
	if s.rows == nil {
		if _, err := s.board(ctx, db, u.version); err != nil {
			return nil, nil, err
		}
	}
	var arms []contender
	at := map[string]int{}
	for i := range s.plan.Cells {
		c := &s.plan.Cells[i]
		r := s.rows[c.Run]
		if c.Spec.Benchmark != benchmark || r == nil || r.State != mmibx.Done {
			continue
		}
		k, ok := at[c.Arm]
		if !ok {
			k = len(arms)
			at[c.Arm] = k
			arms = append(arms, contender{arm: c.Arm, label: s.short(c.Label), text: c.Spec.Model.Name == "text"})
		}
		arms[k].rows = append(arms[k].rows, *r)
	}
	return db, arms, nil
}

// judgeArms makes the default comparison of two arms on dev. What cannot be
// compared is no error: it says why.
func (a *app) judgeArms(ctx context.Context, db *tracker.DB, benchmark string, x, base *contender) (judgement, error) {
	if _, ok := mmibx.LookupBenchmark(benchmark); !ok {
		return judgement{why: "the benchmark " + benchmark + " is not known here"}, nil
	}
	ofX, ofBase := resultsOf(x.rows), resultsOf(base.rows)
	k, err := a.answers(ctx, db, slices.Concat(ofX, ofBase), mmibx.Dev)
	var c *statistics.Comparison
	if err == nil {
		c, err = k.compare(benchmark, sideWith(x.label, ofX), sideWith(base.label, ofBase))
	}
	if why, ok := incomparable(err); ok && ctx.Err() == nil {
		return judgement{why: why}, nil
	}
	return judgement{Comparison: c}, errors.Join(err, ctx.Err())
}

// incomparable says why runs cannot be compared where that is the runs' doing: no
// seed in common, predictions or data that are gone or changed.
func incomparable(err error) (why string, ok bool) {
	for _, known := range []error{mmibx.ErrNotFound, fs.ErrNotExist, errOtherFiles, mmibx.ErrUsage} {
		if errors.Is(err, known) {
			return err.Error(), true
		}
	}
	return "", false
}

// fillMarks puts comparisons into marks; verdicts are adjusted for how many there are,
// when there are all.
func fillMarks(marks *tui.Marks, found map[string]judgement) error {
	order := slices.Sorted(maps.Keys(found))
	var ps []float64
	for _, arm := range order {
		if found[arm].Comparison != nil {
			ps = append(ps, found[arm].Randomisation.P)
		}
	}
	adjusted, err := statistics.Holm(ps)
	if err != nil {
		return err
	}
	for _, arm := range order {
		j := found[arm]
		mark := tui.Mark{Difference: math.NaN(), Why: j.why}
		if j.Comparison != nil {
			mark.Difference = j.Difference.Value
			if marks.Left == 0 {
				mark.Verdict = j.VerdictAt(adjusted[0])
			}
			adjusted = adjusted[1:]
		}
		marks.Of[arm] = mark
	}
	return nil
}
