package experiments

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// prunedText is a sweep whose first three runs are good and whose last two are not.
const prunedText = `
name = "pruned"
benchmarks = ["mini-mnre"]
%s
[base]
model = "mmib"
[grid]
"align.tau" = [0.3, 0.31, 0.29, 0.9, 1]
`

// The bad runs end early, the others do not; a sweep without a pruner has all of
// them done, from where they were ended.
func TestPrunerEndsBadRuns(t *testing.T) {
	for _, pruner := range []string{`{name = "median", after = 2, runs = 3}`, `{name = "asha", after = 2, factor = 2}`} {
		t.Setenv("MMIBX_TEST_PACE", badUntilTold)
		store := newStore(t)
		plan := mustPlan(t, fmt.Sprintf(prunedText, "pruner = "+pruner))
		var texts []string
		r := fakeRunnerOf(store, 1)
		r.Report = func(e Event) {
			if e.Kind == Ended && e.State == mmibx.Pruned {
				texts = append(texts, e.Text)
			}
		}
		s := mustRun(t, r, plan)
		pruned := prunedRuns(t, store, plan)
		tau := func(run string) float64 { return cellOf(plan, run).Spec.Align.Tau }
		for run, at := range pruned {
			if tau(run) < 0.9 { // ASHA may end a good run beside better ones, which may be done before it hears
				if strings.Contains(pruner, "median") {
					t.Errorf("%s: the run at %v was pruned", pruner, tau(run))
				}
				continue
			}
			if began := attemptEnded(t, store, run); began.Before(at) {
				t.Errorf("%s: %s had ended before the decision was kept", pruner, run)
			}
		}
		if n := s.Counts[mmibx.Pruned]; n < 2 || n > len(pruned) || n != len(texts) || s.Counts[mmibx.Done]+n != 5 || !strings.Contains(texts[0], "pruned: after epoch") {
			t.Errorf("%s: %v, %d decisions, said %q", pruner, s.Counts, len(pruned), texts)
		}
		if s := mustRun(t, fakeRunnerOf(store, 1), mustPlan(t, fmt.Sprintf(prunedText, "pruner = "+pruner))); s.Attempts != 0 {
			t.Errorf("%s: a second sweep made %d attempts", pruner, s.Attempts)
		}
		t.Setenv("MMIBX_TEST_PACE", "0s")
		all := mustPlan(t, strings.Replace(fmt.Sprintf(prunedText, ""), `"pruned"`, `"all"`, 1))
		r = fakeRunnerOf(store, 1)
		holdUntilMet(t, r, all.Cells[4].Run)
		if s := mustRun(t, r, all); s.Counts[mmibx.Done] != 5 || s.Attempts != len(texts) {
			t.Errorf("%s: the sweep without a pruner: %v, %d attempts", pruner, s.Counts, s.Attempts)
		}
		verify(t, store, all)
	}
}

// A decision that a killed runner has kept holds; a run that a person asks for all
// the same is done.
func TestDecisionsOfAnEarlierLifeHold(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", badUntilTold)
	store := newStore(t)
	plan := mustPlan(t, fmt.Sprintf(prunedText, `pruner = {name = "median", after = 8, runs = 5}`))
	doomed := plan.Cells[3].Run
	for _, c := range plan.Cells[3:] {
		if err := choose(store, "pruned", pruningKind, ending{c.Run, 2, "after epoch 2 it was bad"}); err != nil {
			t.Fatal(err)
		}
	}
	s := mustRun(t, fakeRunnerOf(store, 1), plan)
	if s.Counts[mmibx.Pruned] != 2 || s.Counts[mmibx.Done] != 3 {
		t.Fatalf("counts %v", s.Counts)
	}
	if a, err := readAttempt(store, doomed, 1); err != nil || a.state != mmibx.Pruned {
		t.Errorf("%+v, %v", a, err)
	}
	r := fakeRunnerOf(store, 1)
	r.Tracker = asked{fakeTracker{store: store}, doomed}
	t.Setenv("MMIBX_TEST_PACE", "0s")
	if s := mustRun(t, r, plan); s.Counts[mmibx.Done] != 4 || s.Counts[mmibx.Pruned] != 1 {
		t.Errorf("asked for all the same: %v", s.Counts)
	}
}

// asked is a tracker where a person has asked for another try of a run.
type asked struct {
	fakeTracker
	run string
}

func (a asked) States(ctx context.Context, runs []string) (map[string]mmibx.State, error) {
	states, err := a.fakeTracker.States(ctx, runs)
	if s := states[a.run]; s == mmibx.Pruned || s == mmibx.Failed {
		states[a.run] = mmibx.Queued
	}
	return states, err
}

// holdUntilMet takes a run's lock, as another process may, until the runner meets it.
func holdUntilMet(t *testing.T, r *Runner, run string) {
	t.Helper()
	lock, err := journal.Claim(r.Store.RunLock(run))
	if err != nil {
		t.Fatal(err)
	}
	r.Report = func(e Event) {
		if e.Kind == Waiting {
			if err := lock.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func cellOf(plan *Plan, run string) *Cell {
	for i := range plan.Cells {
		if plan.Cells[i].Run == run {
			return &plan.Cells[i]
		}
	}
	return nil
}

// prunedRuns are the decisions in the store, with their times.
func prunedRuns(t *testing.T, store mmibx.Store, plan *Plan) map[string]time.Time {
	t.Helper()
	found := map[string]time.Time{}
	if _, err := journal.Read(choicesPath(store, plan.Sweep), 0, func(r journal.Record) error {
		var e ending
		if r.Kind == pruningKind {
			if err := json.Unmarshal(r.Entry, &e); err != nil {
				return err
			}
			found[e.Run] = r.At
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func attemptEnded(t *testing.T, store mmibx.Store, run string) (at time.Time) {
	t.Helper()
	if _, err := journal.Read(store.Journal(run, 1), 0, func(r journal.Record) error {
		if r.Trailer != nil {
			at = r.Trailer.Finished
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return at
}

func TestPrunerErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`pruner = "mean"`, `x.toml:2: pruner: found "mean", expected one of median, asha; did you mean median?`},
		{`pruner = {name = "median", factor = 3}`, `x.toml:2: pruner.factor: found an unknown key, expected one of name, after, runs`},
		{`pruner = {name = "asha", factor = 1}`, `x.toml:2: pruner.factor: found 1, expected a whole number from 2 to 1000`},
		{`pruner = {name = "asha", after = 0}`, `x.toml:2: pruner.after: found 0, expected a whole number from 1 to 1000`},
		{`pruner = 3`, `x.toml:2: pruner: found 3, expected one of median, asha`},
	} {
		if _, err := Parse("x.toml", []byte("name = \"a\"\n"+c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngave  %v\nwant  %s", c.text, err, c.want)
		}
	}
	if s := mustParse(t, "name = \"a\"\npruner = \"asha\""); *s.Pruner != (Pruner{Name: "asha", After: 1, Factor: 3}) {
		t.Errorf("%+v", s.Pruner)
	}
}
