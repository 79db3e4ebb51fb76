package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// sweptStore is a store in which the study demo was begun: of its first arm all
// seeds are done, the next run diverged, and the one after was lost.
func sweptStore(t *testing.T) (*app, *experiments.Plan) {
	t.Helper()
	a := &app{storeDir: filepath.Join(t.TempDir(), "store"), dataDir: t.TempDir()}
	plan, err := a.planOf("demo", &sweepFlags{})
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Save(mmibx.Store(a.storeDir)); err != nil {
		t.Fatal(err)
	}
	first := plan.Cells[0].Arm
	others := []mmibx.State{mmibx.Diverged, mmibx.Lost}
	for i := range plan.Cells {
		switch c := &plan.Cells[i]; {
		case c.Arm == first:
			logRun(t, a, plan, c, mmibx.Done, 80+2*float64(c.Spec.Seed))
		case len(others) > 0:
			logRun(t, a, plan, c, others[0], 50)
			others = others[1:]
		}
	}
	return a, plan
}

// logRun writes the journal of one attempt.
func logRun(t testing.TB, a *app, plan *experiments.Plan, c *experiments.Cell, end mmibx.State, f1 float64) {
	t.Helper()
	store := mmibx.Store(a.storeDir)
	w, err := journal.Create(store.Journal(c.Run, 1), journal.Header{
		Run: c.Run, Arm: c.Arm, Attempt: 1, Spec: c.Spec.Values(), Inputs: plan.Inputs[c.Input], Sweep: plan.Sweep,
		Started: time.Now().Add(-time.Minute), Env: journal.Environment{Host: "here", Device: "cpu"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for step := int64(1); step <= 5; step++ {
		if err := w.Log(step, mmibx.Metric{Name: mmibx.Loss, Value: 5 - float64(step)}, mmibx.Metric{Name: mmibx.Epoch, Value: float64(step)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Log(5, mmibx.Metric{Name: mmibx.DevF1, Value: f1}); err != nil {
		t.Fatal(err)
	}
	if end == mmibx.Lost {
		err = w.Abandon()
	} else {
		trailer := journal.Trailer{State: end, Finished: time.Now()}
		if end == mmibx.Diverged {
			trailer.Class, trailer.Error = mmibx.FailDiverged, "train.kl_image is NaN at step 5"
		}
		err = w.Close(trailer)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestUIBoard(t *testing.T) {
	a, plan := sweptStore(t)
	u := newUI(a)
	defer u.close()
	b, err := u.Board(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	want := tui.Counts{mmibx.Done: 2, mmibx.Diverged: 1, mmibx.Lost: 1, mmibx.Queued: len(plan.Cells) - 4}
	for s, n := range want {
		if b.Counts[s] != n {
			t.Errorf("%d runs are %s, want %d", b.Counts[s], s, n)
		}
	}
	arm := b.Arms[0]
	if arm.N != 2 || arm.Planned != 2 || arm.Mean != 81 || arm.SD < 1.41 || arm.SD > 1.42 {
		t.Errorf("the first arm is %+v, want the mean and the sample deviation of 80 and 82", arm)
	}
	if len(b.Runs) != len(plan.Cells) || b.Runs[0].State != mmibx.Diverged || b.Runs[1].State != mmibx.Lost || b.Runs[2].State != mmibx.Done {
		t.Errorf("what needs a hand does not come first: %v", b.Runs[:3])
	}
	if !strings.Contains(b.Runs[0].Error, "kl_image") {
		t.Errorf("the diverged run says %q", b.Runs[0].Error)
	}
	for i, axis := range b.Axes {
		if (arm.At[i] < 0) != (axis.Key != "model.name") { // the first arm is text, which reads no axis of MMIB
			t.Errorf("%s lies at %d on %s", arm.Label, arm.At[i], axis.Key)
		}
	}
	again, err := u.Board(t.Context(), "demo")
	if err != nil || again.Version != b.Version {
		t.Errorf("nothing happened and the version went from %d to %d (%v)", b.Version, again.Version, err)
	}
	if err := u.Retry(t.Context(), "demo", []string{b.Runs[0].ID}); err != nil {
		t.Fatal(err)
	}
	again, err = u.Board(t.Context(), "demo")
	if err != nil || again.Version == b.Version || again.Counts[mmibx.Diverged] != 0 {
		t.Errorf("after the retry: version %d, %v (%v)", again.Version, again.Counts, err)
	}
}

// TestUIBoardLeavesOut: what is in the bin is no part of the board, as it is none of
// a table, and comes back.
func TestUIBoardLeavesOut(t *testing.T) {
	a, plan := sweptStore(t)
	u := newUI(a)
	defer u.close()
	before, err := u.Board(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	run := plan.Cells[0].Run // one of the two that are done
	if _, err := u.Remove(t.Context(), []string{run}); err != nil {
		t.Fatal(err)
	}
	b, err := u.Board(t.Context(), "demo")
	if err != nil || b.Total != before.Total-1 || b.Counts[mmibx.Done] != 1 || b.Counts[mmibx.Queued] != before.Counts[mmibx.Queued] {
		t.Errorf("%d runs, %v, before %d, %v (%v)", b.Total, b.Counts, before.Total, before.Counts, err)
	}
	i := slices.IndexFunc(b.Arms, func(a tui.Arm) bool { return a.ID == plan.Cells[0].Arm })
	if arm := b.Arms[i]; arm.N != 1 || arm.Planned != 1 {
		t.Errorf("the arm has %d of %d runs", arm.N, arm.Planned)
	}
	if _, err := u.Restore(t.Context(), []string{run}); err != nil {
		t.Fatal(err)
	}
	if b, err = u.Board(t.Context(), "demo"); err != nil || b.Total != before.Total || b.Counts[mmibx.Done] != 2 {
		t.Errorf("restored: %d runs, %v (%v)", b.Total, b.Counts, err)
	}
}

func TestUIRun(t *testing.T) {
	a, plan := sweptStore(t)
	u := newUI(a)
	defer u.close()
	run := plan.Cells[0].Run
	r, err := u.Run(t.Context(), run[:6])
	if err != nil || r.ID != run || r.Dev != 80 || r.Epoch != 5 || r.Sweep != "demo" || len(r.Spec) == 0 {
		t.Errorf("%+v (%v)", r, err)
	}
	if len(r.Tries) != 1 || r.Tries[0].State != mmibx.Done || r.Provenance[0].Value != plan.Cells[0].Arm || r.Unusual > len(r.Spec) {
		t.Errorf("attempts %+v, provenance %+v, %d unusual", r.Tries, r.Provenance, r.Unusual)
	}
	points, err := u.Curve(t.Context(), run, mmibx.Loss, tracker.Start, 3)
	if err != nil || len(points) != 3 {
		t.Fatalf("%d points (%v)", len(points), err)
	}
	if points, err = u.Curve(t.Context(), run, mmibx.Loss, points[2].Step, 100); err != nil || len(points) != 2 {
		t.Errorf("%d points after the third (%v)", len(points), err)
	}
	if _, err := u.Run(t.Context(), "ffffff"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("a run that is not there: %v", err)
	}
}

// TestUIHomeLeavesOut: the list of sweeps and `sweep status` count no run that is
// in the bin, as the board does not.
func TestUIHomeLeavesOut(t *testing.T) {
	a, plan := sweptStore(t)
	u := newUI(a)
	defer u.close()
	before, err := u.Sweeps(t.Context())
	if err != nil || len(before) != 1 || before[0].Total != len(plan.Cells) || before[0].Counts[mmibx.Done] != 2 {
		t.Fatalf("%+v (%v)", before, err)
	}
	if _, err := u.Remove(t.Context(), []string{plan.Cells[0].Run}); err != nil {
		t.Fatal(err)
	}
	after, err := u.Sweeps(t.Context())
	if err != nil || after[0].Total != before[0].Total-1 || after[0].Counts[mmibx.Done] != 1 {
		t.Errorf("with one of two in the bin: %+v (%v)", after, err)
	}
	status, err := a.sweepStatus(t.Context(), "demo")
	if err != nil || !maps.Equal(status.Counts, after[0].Counts) {
		t.Errorf("sweep status counts %v, the UI %v (%v)", status.Counts, after[0].Counts, err)
	}
	if past, err := a.history(t.Context(), plan.IDs()); err != nil || status.Spent != past.spent || past.spent <= 0 { // no event says it
		t.Errorf("sweep status has %s spent, a plan %s (%v)", status.Spent, past.spent, err)
	}
}

// TestUIHabits: what is kept is there for the next UI before it has read a journal,
// and a folder that is no store does not become one.
func TestUIHabits(t *testing.T) {
	a, _ := sweptStore(t)
	u := newUI(a)
	defer u.close()
	if err := u.Keep(t.Context(), "theme", "safe"); err != nil {
		t.Fatal(err)
	}
	next := newUI(a)
	defer next.close()
	if habits, err := next.Habits(t.Context()); err != nil || habits["theme"] != "safe" {
		t.Errorf("%v (%v)", habits, err)
	}
	if live, err := next.live(t.Context()); err != nil || len(live) > 0 {
		t.Errorf("%v are live (%v)", live, err)
	}
	none := newUI(&app{storeDir: t.TempDir(), dataDir: t.TempDir()})
	if err := none.Keep(t.Context(), "theme", "safe"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("kept in a folder that is no store: %v", err)
	}
	if habits, err := none.Habits(t.Context()); err != nil || len(habits) > 0 {
		t.Errorf("%v (%v)", habits, err)
	}
}

// TestUIKept: what was answered is kept while nothing was committed, and no longer.
func TestUIKept(t *testing.T) {
	a, plan := sweptStore(t)
	u := newUI(a)
	defer u.close()
	run := plan.Cells[0].Run
	list := tui.RunsQuery{Listing: tui.Listing{Columns: []string{"tag"}}, Limit: 10}
	answers := map[string]func() (any, error){ // the address of what an answer holds
		"Runs": func() (any, error) { p, err := u.Runs(t.Context(), list); return &p.Rows[0], err },
		"Rows": func() (any, error) { r, err := u.Rows(t.Context(), []string{run}); return &r[0], err },
		"Run":  func() (any, error) { r, err := u.Run(t.Context(), run); return &r.Spec[0], err },
		"Plan": func() (any, error) { p, err := u.Plan(t.Context(), "demo", 2); return &p.Arms[0], err },
		"Draft": func() (any, error) {
			d, err := u.Draft(t.Context(), experiments.Blank, "", "", 2)
			return &d.Plan.Arms[0], err
		},
		"Overview": func() (any, error) { o, err := u.Overview(t.Context()); return &o.Attention[0], err },
	}
	first := map[string]any{}
	ask := func(name string) any {
		at, err := answers[name]()
		if err != nil {
			t.Fatal(name, err)
		}
		return at
	}
	for name := range answers {
		first[name] = ask(name)
	}
	for name := range answers {
		if ask(name) != first[name] {
			t.Errorf("%s was read again, and nothing had changed", name)
		}
	}
	if _, err := u.Tag(t.Context(), []string{run}, "paper"); err != nil {
		t.Fatal(err)
	}
	for name := range answers {
		if ask(name) == first[name] {
			t.Errorf("%s is the old one after a tag", name)
		}
	}
	if p, _ := u.Runs(t.Context(), list); !slices.ContainsFunc(p.Rows, func(l tui.Listed) bool { return slices.Equal(l.Tags, []string{"paper"}) }) {
		t.Errorf("no row has the tag: %+v", p.Rows)
	}
}

func TestUIOverview(t *testing.T) {
	a, plan := sweptStore(t)
	for i := range plan.Cells { // one seed of a better arm is no better arm
		if c := &plan.Cells[i]; c.Spec.Benchmark == plan.Cells[0].Spec.Benchmark && c.Arm != plan.Cells[0].Arm && c.Spec.Seed == 1 {
			logRun(t, a, plan, c, mmibx.Done, 99)
			break
		}
	}
	u := newUI(a)
	defer u.close()
	o, err := u.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Attention) != 2 || o.Attention[0].Sweep != "demo" || o.Attention[0].At.IsZero() {
		t.Errorf("in need of attention: %+v, want the diverged and the lost run", o.Attention)
	}
	if len(o.Best) != 1 || o.Best[0].Mean != 81 || o.Best[0].N != 2 || o.Best[0].Run == "" {
		t.Errorf("best: %+v, want the mean of 80 and 82", o.Best)
	}
	if n := len(o.Lately); n == 0 || n > uiLately || !slices.ContainsFunc(o.Lately, func(e tui.Event) bool { return strings.HasPrefix(e.Text, "99.0 dev  ") }) {
		t.Errorf("lately %+v", o.Lately)
	}
	if o.Used < 1000 || o.Free <= 0 {
		t.Errorf("%d bytes used, %d free", o.Used, o.Free)
	}
	if err := os.WriteFile(filepath.Join(a.storeDir, "checkpoint"), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	u.measure = time.Time{} // due
	if later, err := u.Overview(t.Context()); err != nil || later.Used < o.Used+1<<20 {
		t.Errorf("%d bytes used, after a file of 1 MiB without a commit %d (%v)", o.Used, later.Used, err)
	}
}

// TestUIUnreadable: a store that cannot be read is not an empty one.
func TestUIUnreadable(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"is not a database": func(t *testing.T, path string) {
			if err := os.WriteFile(path, bytes.Repeat([]byte("no database\n"), 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"has schema 99": func(t *testing.T, path string) {
			db, err := tracker.Open(mmibx.Store(filepath.Dir(path)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(t.Context(), "PRAGMA user_version = 99"); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		dir := t.TempDir()
		prepare(t, mmibx.Store(dir).Database())
		u := newUI(&app{storeDir: dir, dataDir: t.TempDir()})
		if _, err := u.Sweeps(t.Context()); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "move the file away") {
			t.Errorf("%s: %v", name, err)
		}
		u.close()
	}
}

// TestUILeavesNoStore: looking at a store that is not there makes none.
func TestUILeavesNoStore(t *testing.T) {
	a := &app{storeDir: filepath.Join(t.TempDir(), "none"), dataDir: t.TempDir()}
	u := newUI(a)
	defer u.close()
	sweeps, err := u.Sweeps(t.Context())
	if err != nil || len(sweeps) > 0 {
		t.Errorf("%v, %v", sweeps, err)
	}
	p, err := u.Plan(t.Context(), "beta", 2)
	if err != nil || p.Counts[mmibx.Queued] != p.Total || p.Total == 0 {
		t.Errorf("%d of %d runs are queued (%v)", p.Counts[mmibx.Queued], p.Total, err)
	}
	if _, err := os.Stat(a.storeDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the store was made: %v", err)
	}
	folder := t.TempDir() // a folder that is no store is left alone too
	if _, err := newUI(&app{storeDir: folder}).Sweeps(t.Context()); err != nil {
		t.Error(err)
	}
	if found, err := os.ReadDir(folder); err != nil || len(found) > 0 {
		t.Errorf("looking at a folder put %v there (%v)", found, err)
	}
	if err := u.Stop(t.Context(), "beta"); !errors.Is(err, mmibx.ErrNotFound) {
		t.Errorf("stopping what never was: %v", err)
	}
}

func TestSnapshotCommand(t *testing.T) {
	a, _ := sweptStore(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--snapshot", "board", "--size", "100x30"}, "leader board"},
		{[]string{"--snapshot", "home"}, "studies that ship"},
		{[]string{"--snapshot", "plan", "--of", "beta"}, "165 runs"},
		{[]string{"--snapshot", "run"}, "last values"},
	} {
		root := newRoot()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetArgs(append(c.args, "--store", a.storeDir))
		if err := root.ExecuteContext(t.Context()); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: %v\n%s", c.args, err, out.String())
		}
	}
	root := newRoot()
	root.SetArgs([]string{"--snapshot", "board", "--size", "big", "--store", a.storeDir})
	if err := root.ExecuteContext(t.Context()); !errors.Is(err, mmibx.ErrUsage) {
		t.Errorf("a size that is none: %v", err)
	}
}

// TestAddMeasured: scores by type, diagnostics with their bounds, and the rest.
func TestAddMeasured(t *testing.T) {
	var run tui.Run
	addMeasured(&run, []tracker.Summary{
		{Metric: mmibx.DevF1, Last: 80, Max: 81}, {Metric: mmibx.DevF1 + ".PER", Last: 90, Max: 92}, {Metric: mmibx.InfoNCE, Last: 2},
		{Metric: mmibx.InfoNCECap, Last: 3.5}, {Metric: mmibx.RateText, Last: 11}, {Metric: mmibx.Loss, Last: 1}, {Metric: mmibx.GradNorm, Last: 2}, {Metric: mmibx.GradNormTask, Last: 3},
	})
	if len(run.Types) != 1 || run.Types[0] != (tui.TypeScore{Type: "PER", Last: 90, Best: 92}) {
		t.Errorf("types %+v", run.Types)
	}
	var gauges []string
	for _, g := range run.Diagnostics {
		gauges = append(gauges, g.Name)
		if (g.Name == mmibx.InfoNCE) != (g.Bound == 3.5) {
			t.Errorf("%s has the bound %g", g.Name, g.Bound)
		}
	}
	if got := strings.Join(gauges, " "); got != "dev.rate_text dev.infonce_bound dev.infonce_log_k train.grad_norm_task" {
		t.Errorf("diagnostics %s", got)
	}
	if len(run.Metrics) != 3 || len(run.Names) != 8 {
		t.Errorf("metrics %+v, names %v", run.Metrics, run.Names)
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{
		"mmib": "mmib", "mmib ib.beta_image=0.01 ib.size=8": "mmib  β image .01  d 8", "concat evidence.pictures=shuffled": "concat  pictures shuffled",
	} {
		if got := shortLabel(in); got != want {
			t.Errorf("shortLabel(%q) = %q, want %q", in, got, want)
		}
	}
	s := uiSweep{shared: []string{"train.epochs=3"}}
	if got := s.short("mmib ib.size=8 train.epochs=3"); got != "mmib  d 8" {
		t.Errorf("a label without what all arms say: %q", got)
	}
	l := losses{values: []float64{4, 2, 2, 0}}
	if got := l.line(2); got[0] != 3 || got[1] != 1 {
		t.Errorf("line = %v", got)
	}
}

// bigStore is a store of ten thousand planned runs, nine tenths of them done.
func bigStore(b *testing.B) *app { return bigStoreOf(b, 303) }

// bigStoreOf is one of 33 runs a seed.
func bigStoreOf(b *testing.B, seeds int) *app {
	b.Helper()
	a := &app{storeDir: filepath.Join(b.TempDir(), "store"), dataDir: b.TempDir()}
	plan, err := a.planOf("beta", &sweepFlags{seeds: fmt.Sprint(seeds)})
	if err != nil {
		b.Fatal(err)
	}
	if err := plan.Save(mmibx.Store(a.storeDir)); err != nil {
		b.Fatal(err)
	}
	for i := range plan.Cells[:len(plan.Cells)*9/10] {
		logRun(b, a, plan, &plan.Cells[i], mmibx.Done, 80+float64(i%50)/10)
	}
	return a
}

// BenchmarkUIBoard reads the board of ten thousand runs, nine tenths of them done:
// as a whole, and as it is read while nothing ended.
func BenchmarkUIBoard(b *testing.B) {
	a := bigStore(b)
	u := newUI(a)
	defer u.close()
	if _, err := u.Board(b.Context(), "beta"); err != nil {
		b.Fatal(err)
	}
	for name, whole := range map[string]bool{"whole": true, "look": false} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := u.sweeps["beta"]
				s.read = time.Now()
				if whole {
					s.rows = nil
				}
				if _, err := u.Board(b.Context(), "beta"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
