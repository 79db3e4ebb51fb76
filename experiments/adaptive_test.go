package experiments

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments/search"
	"github.com/mmibx/mmibx/internal/needs"
	"github.com/mmibx/mmibx/tracker/journal"
)

// adaptiveText is a sweep of two arms with so many points each, and two seeds.
func adaptiveText(points int, more string) string {
	return fmt.Sprintf(`
name = "tuned"
benchmarks = ["mini-mnre"]
seeds = 2
sampler = {name = "tpe", seed = 3}
%s
[budget]
points = %d
[base]
model = "mmib"
[space]
"align.tau" = {from = 0.05, to = 1}
"ib.size" = {from = 1, to = 64, scale = "log"}
[derive]
"train.lr" = "1e-3 * align.tau"
[[arm]]
name = "both"
[[arm]]
name = "beta too"
[arm.space]
"ib.beta_image" = [0.01, 0.1]
`, more, points)
}

// checkBudget holds a finished sweep against its promise: exactly the budget of
// different points for each arm, each run with every seed and once, and each
// proposal in the store before any of its runs began.
func checkBudget(t *testing.T, store mmibx.Store, plan *Plan, points int) {
	t.Helper()
	verify(t, store, plan)
	if len(plan.Searches) != 2 || plan.Open() != 0 || len(plan.Cells) != 2*2*points || plan.Collapsed != 0 {
		t.Fatalf("%d searches, %d runs open, %d cells, %d collapsed", len(plan.Searches), plan.Open(), len(plan.Cells), plan.Collapsed)
	}
	proposed := map[string]time.Time{}
	if _, err := journal.Read(choicesPath(store, plan.Sweep), 0, func(r journal.Record) error {
		var p Proposal
		if err := json.Unmarshal(r.Entry, &p); err != nil {
			return err
		}
		for _, run := range p.Runs {
			proposed[run] = r.At
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, s := range plan.Searches {
		seen := map[string]bool{}
		for i, c := range s.Chosen {
			seen[fmt.Sprint(valuesAt(s.Space, c.At))] = true
			for _, run := range c.Runs {
				at, isProposed := proposed[run]
				if isProposed != (i >= search.Startup) {
					t.Errorf("%s, point %d: proposed in the journal: %v", s.ArmName, i, isProposed)
				}
				if began := attemptBegan(t, store, run); isProposed && began.Before(at) {
					late++
				}
			}
		}
		if len(seen) != points || len(s.Chosen) != points {
			t.Errorf("%s: %d different points of %d, want %d", s.ArmName, len(seen), len(s.Chosen), points)
		}
	}
	if late > 0 {
		t.Errorf("%d runs began before their proposal was kept", late)
	}
}

func attemptBegan(t *testing.T, store mmibx.Store, run string) (at time.Time) {
	t.Helper()
	if _, err := journal.Read(store.Journal(run, 1), 0, func(r journal.Record) error {
		if r.Header != nil {
			at = r.Header.Started
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return at
}

// What a run is told to do once in a while when it is interrupted.
func runInterrupted(t *testing.T, store mmibx.Store, plan *Plan, after int) bool {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	r, ended := fakeRunnerOf(store, 1), 0
	r.Report = func(e Event) {
		if e.Kind == Ended {
			if ended++; ended == after {
				stop()
			}
		}
	}
	_, err := r.Run(ctx, plan)
	if err != nil && !errors.Is(err, mmibx.ErrInterrupted) {
		t.Fatal(err)
	}
	return err == nil
}

// A sweep that is stopped again and again, and goes on from its file or from the
// store alone, chooses what an unbroken one does.
func TestAdaptiveSweepsResumeToTheSamePoints(t *testing.T) {
	const points = 14
	t.Setenv("MMIBX_TEST_PACE", "0s")
	text := adaptiveText(points, "")
	whole, store := mustPlan(t, text), newStore(t)
	mustRun(t, fakeRunnerOf(store, 1), whole)
	checkBudget(t, store, whole, points)

	broken, fromFile := newStore(t), true
	var plan *Plan
	for after := 7; ; fromFile = !fromFile {
		plan = mustPlan(t, text)
		if !fromFile {
			var err error
			if plan, err = ReadPlan(broken, "tuned"); err != nil {
				t.Fatal(err)
			}
		}
		if runInterrupted(t, broken, plan, after) {
			break
		}
	}
	checkBudget(t, broken, plan, points)
	if plan.Hash != whole.Hash {
		d := plan.Diff(whole)
		t.Errorf("the interrupted sweep chose other points: %s", d.Counts())
	}

	// A larger budget keeps what was chosen.
	more := mustPlan(t, adaptiveText(points+2, ""))
	mustRun(t, fakeRunnerOf(broken, 1), more)
	checkBudget(t, broken, more, points+2)
	if d := more.Diff(plan); len(d.Gone)+len(d.Changed) > 0 {
		t.Errorf("a larger budget: %s", d.Counts())
	}
	// And learning goes on where the points were good: the last ones are better than the first.
	mean := func(chosen []Proposal) (sum float64) {
		values, err := fakeTracker{store: broken}.Values(context.Background(), more.IDs(), mmibx.DevF1)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range chosen {
			for _, run := range c.Runs {
				sum += values[run] / float64(2*len(chosen))
			}
		}
		return sum
	}
	for _, s := range more.Searches {
		if first, last := mean(s.Chosen[:search.Startup]), mean(s.Chosen[search.Startup:]); last <= first {
			t.Errorf("%s: the points of the start are worth %.2f, those that were chosen %.2f", s.ArmName, first, last)
		}
	}
}

// Killed runners and workers at any moment, several at once: the budget is exact.
func TestAdaptiveBudgetSurvivesKills(t *testing.T) {
	const points = 13
	t.Setenv("MMIBX_TEST_PACE", "2ms")
	random := needs.Random(t)
	store, plan := newStore(t), mustPlan(t, adaptiveText(points, ""))
	command := runnerCommand(t, store, plan, 3)
	for kills := 8; ; kills-- {
		runner := exec.Command(command[0], command[1:]...)
		runner.Stderr = os.Stderr
		if err := runner.Start(); err != nil {
			t.Fatal(err)
		}
		if kills > 0 {
			time.Sleep(time.Duration(100+random.IntN(400)) * time.Millisecond)
			_ = runner.Process.Kill()
		}
		if err := runner.Wait(); err == nil {
			break
		}
	}
	done, err := ReadPlan(store, "tuned")
	if err != nil {
		t.Fatal(err)
	}
	checkBudget(t, store, done, points)
}

// Points that diverge count in the budget and are not chosen beside; conditions hold
// for every point and take none away.
func TestAdaptiveSweepsWithFailuresAndConditions(t *testing.T) {
	const points = 15
	t.Setenv("MMIBX_TEST_PACE", "0s")
	store, plan := newStore(t), mustPlan(t, adaptiveText(points, `when = "ib.size * align.tau < 8"`))
	for _, run := range plan.IDs()[:6] {
		fault(t, store, run, mmibx.FailDiverged, 0)
	}
	s := mustRun(t, fakeRunnerOf(store, 2), plan)
	if s.Counts[mmibx.Diverged] != 6 || s.Counts[mmibx.Done] != 2*2*points-6 {
		t.Errorf("counts %v", s.Counts)
	}
	for _, c := range plan.Cells {
		if float64(c.Spec.IB.Size)*c.Spec.Align.Tau >= 8 || c.Spec.Train.LR != 1e-3*c.Spec.Align.Tau && fmt.Sprintf("%.5g", c.Spec.Train.LR) != fmt.Sprintf("%.5g", 1e-3*c.Spec.Align.Tau) {
			t.Errorf("size %d, tau %v, rate %v", c.Spec.IB.Size, c.Spec.Align.Tau, c.Spec.Train.LR)
		}
	}
	for _, s := range plan.Searches {
		if len(s.Chosen) != points {
			t.Errorf("%s: %d points of %d", s.ArmName, len(s.Chosen), points)
		}
	}
}

// What was chosen by other data, or of another space, is not taken up.
func TestProposalsOfAnotherSearchAreNotTakenUp(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "0s")
	store, text := newStore(t), adaptiveText(12, "")
	mustRun(t, fakeRunnerOf(store, 2), mustPlan(t, text))
	otherData := func(mmibx.Spec) (mmibx.Inputs, error) {
		return mmibx.Inputs{Data: map[string]string{"train": "bb"}}, nil
	}
	planned := func(text string, inputs InputsFunc) *Plan {
		plan, err := mustParse(t, text).Plan(inputs)
		if err == nil {
			err = plan.TakeUp(store, inputs)
		}
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	same := mustPlan(t, text)
	if err := same.TakeUp(store, noInputs); err != nil || same.Open() != 0 {
		t.Errorf("%d runs of the same sweep are still to be chosen, %v", same.Open(), err)
	}
	for name, plan := range map[string]*Plan{
		"other data":  planned(text, otherData),
		"other space": planned(strings.Replace(text, "to = 64", "to = 32", 1), noInputs),
		"other seed":  planned(strings.Replace(text, "seed = 3", "seed = 4", 1), noInputs),
		"other goal":  planned(adaptiveText(12, `objective = "dev.recall"`), noInputs),
		"other way":   planned(adaptiveText(12, `objective = {metric = "dev.f1", direction = "minimize"}`), noInputs),
	} {
		if plan.Open() != 2*2*2 || slices.ContainsFunc(plan.Searches, func(s *Search) bool { return len(s.Chosen) != search.Startup }) {
			t.Errorf("%s: %d runs are to be chosen", name, plan.Open())
		}
	}
}

// A plan of the store does not go on by other data than it began with.
func TestAdaptivePlanRefusesOtherData(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "0s")
	store := newStore(t)
	mustRun(t, fakeRunnerOf(store, 2), mustPlan(t, adaptiveText(10, "")))
	plan, err := ReadPlan(store, "tuned")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range plan.Searches {
		s.Points++
	}
	r := fakeRunnerOf(store, 1)
	r.Inputs = func(mmibx.Spec) (mmibx.Inputs, error) {
		return mmibx.Inputs{Data: map[string]string{"train": "bb"}}, nil
	}
	if _, err := r.Run(context.Background(), plan); !errors.Is(err, mmibx.ErrUsage) || !strings.Contains(err.Error(), "other data or weights than those of its plan") {
		t.Errorf("other data: %v", err)
	}
}

// The budget of runs counts what is to be chosen yet.
func TestBudgetOfRunsOfAnAdaptiveSweep(t *testing.T) {
	text := strings.Replace(adaptiveText(14, ""), "points = 14", "points = 14\nruns = 55", 1)
	if _, err := mustParse(t, text).Plan(noInputs); err == nil || !strings.Contains(err.Error(), "budget.runs: found 55, and a plan of 56 runs") {
		t.Error(err)
	}
	mustPlan(t, strings.Replace(text, "runs = 55", "runs = 56", 1))
}

// A space with fewer points than an arm can be told apart by ends with a word.
func TestAdaptiveSpaceThatIsUsedUp(t *testing.T) {
	t.Setenv("MMIBX_TEST_PACE", "0s")
	text := "name = \"few\"\nbenchmarks = [\"mini-mnre\"]\nsampler = \"tpe\"\nwhen = \"ib.size < 13\"\n[budget]\npoints = 14\n[base]\nmodel = \"mmib\"\n[space]\n\"ib.size\" = {from = 1, to = 20}\n"
	store, plan := newStore(t), mustPlan(t, text)
	r := fakeRunnerOf(store, 1)
	var warned string
	r.Report = func(e Event) {
		if e.Kind == Warned {
			warned = e.Text
		}
	}
	if s := mustRun(t, r, plan); s.Counts[mmibx.Done] != 12 || !strings.Contains(warned, "no further point of its space is found after 12 of 14") {
		t.Errorf("%v, warned %q", s.Counts, warned)
	}
}

// Where two arms for different devices come to choose one point, its run is done once,
// on the device of the arm that has it first, and the sweep says so.
func TestChoicesOnTwoDevices(t *testing.T) {
	const text = "name = \"meet\"\nbenchmarks = [\"mini-mnre\"]\nsampler = {name = \"tpe\", seed = %d}\nbudget.points = 12\nbase.model = \"mmib\"\n" +
		"[[arm]]\nname = \"low\"\nspace.\"ib.size\" = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n" +
		"[[arm]]\nname = \"high\"\ndevice = \"cuda\"\nspace.\"ib.size\" = [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]\n"
	var plan *Plan
	for seed := 0; plan == nil; seed++ { // until 12 is not among the first ten points of both
		s := mustParse(t, fmt.Sprintf(text, seed))
		p, err := s.Plan(noInputs)
		if err != nil && !strings.Contains(err.Error(), "for a run") {
			t.Fatal(err)
		}
		plan = p
	}
	r := fakeRunnerOf(newStore(t), 1)
	r.GPUs = []GPU{fakeGPU(t, "cuda:0", "0")}
	var said []Event
	r.Report = func(e Event) {
		if e.Kind == Warned {
			said = append(said, e)
		}
	}
	if s := mustRun(t, r, plan); s.Counts[mmibx.Done] != 23 || s.Attempts != 23 {
		t.Errorf("%+v", s)
	}
	if len(said) != 1 || !strings.Contains(said[0].Text, "it is done there, once") || plan.Cells[slices.Index(plan.IDs(), said[0].Run)].Spec.IB.Size != 12 {
		t.Errorf("said %+v", said)
	}
}
