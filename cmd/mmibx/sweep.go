package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// runFlags say how runs are done; none of them changes a result.
type runFlags struct {
	jobs   int
	alike  int
	device string
	quiet  bool
}

func (f *runFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVarP(&f.jobs, "jobs", "j", 1, "`N` runs at once; the processors are divided among them")
	flags.StringVar(&f.device, "device", "", "cpu or cuda; left out: what the sweep file asks for, else cpu")
	flags.IntVar(&f.alike, "give-up", 5, "stop after `N` failures in a row that say the same")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
}

func (f *runFlags) check() error {
	if err := checkDevice(f.device); err != nil {
		return err
	}
	if f.jobs < 1 {
		return &mmibx.InputError{Key: "-j", Found: fmt.Sprint(f.jobs), Expected: "1 or more"}
	}
	return nil
}

func newSweepCmd(a *app) *cobra.Command {
	var flags sweepFlags
	var run runFlags
	var detach bool
	cmd := &cobra.Command{
		Use:   "sweep FILE|STUDY",
		Short: "Have the runs of a sweep done; those that are done stay so",
		Long: "Have the runs of a sweep done; those that are done stay so.\n\n" +
			"The same command goes on with a sweep that was stopped or killed: runs go on from their last\n" +
			"checkpoint. Ctrl-C once lets the workers write one, twice ends them at once. With --detach the\n" +
			"sweep runs on by itself; `mmibx sweep attach|status|stop|pause|resume|jobs|priority|retry NAME` follows and steers it.",
		Example: "  mmibx sweep demo -j 2\n  mmibx sweep beta --benchmarks twitter2017,mnre --seeds 3 --detach\n" +
			"  mmibx sweep my-sweep.toml --set train.epochs=10 --set 'ib.size=[16, 64]'\n  mmibx sweep status",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := run.check(); err != nil {
				return err
			}
			plan, err := a.planOf(args[0], &flags)
			if err != nil {
				return err
			}
			if _, err := run.deviceFor(plan); err != nil {
				return err
			}
			if detach {
				return a.detach(cmd, plan.Sweep)
			}
			return a.runPlan(cmd, plan, run)
		},
	}
	flags.add(cmd)
	run.add(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "run on without this terminal")
	cmd.AddCommand(newSweepAttachCmd(a), newSweepStatusCmd(a), newSweepRetryCmd(a), newSweepJobsCmd(a), newSweepPriorityCmd(a), newSweepStopCmd(a),
		newOrderCmd(a, experiments.Pause, "Start no further run; those under way go on to their end"),
		newOrderCmd(a, experiments.Resume, "End a pause"))
	return cmd
}

// doPlan does the runs of a plan in this process. The summary is empty where
// nothing was begun.
func (a *app) doPlan(ctx context.Context, plan *experiments.Plan, run runFlags) (experiments.Summary, error) {
	device, err := run.deviceFor(plan)
	if err != nil {
		return experiments.Summary{}, err
	}
	runner, err := a.newRunner(run.jobs, device)
	if err == nil && plan.NeedsGPU(device) {
		runner.GPUs, err = gpuSlots(ctx)
	}
	if err != nil {
		return experiments.Summary{}, err
	}
	db, err := tracker.Open(runner.Store)
	if err != nil {
		return experiments.Summary{}, err
	}
	defer db.Close()
	if err := keepSource(ctx, runner); err != nil {
		return experiments.Summary{}, err
	}
	p := newProgress(os.Stderr, len(plan.Cells)+plan.Open(), run.quiet)
	runner.Tracker, runner.Alike, runner.Report = runnerDB{db}, run.alike, p.report
	kill, release := secondInterrupt()
	defer release()
	runner.Kill = kill
	return runner.Run(ctx, plan)
}

// runPlan does the runs of a plan in this process and prints how that went.
func (a *app) runPlan(cmd *cobra.Command, plan *experiments.Plan, run runFlags) error {
	summary, err := a.doPlan(cmd.Context(), plan, run)
	if errors.Is(err, journal.ErrHeld) || summary.Counts == nil {
		return err
	}
	if a.json {
		if err := printJSON(cmd.OutOrStdout(), sweepJSON{plan.Sweep, plan.Hash, summary}); err != nil {
			return err
		}
	} else {
		a.printSummary(cmd.OutOrStdout(), plan, summary)
	}
	if err == nil && summary.Counts[mmibx.Done]+summary.Counts[mmibx.Pruned] < len(plan.Cells) {
		err = fmt.Errorf("sweep %s: not all runs are done: %s", plan.Sweep, countsLine(summary.Counts))
	}
	return err
}

type sweepJSON struct {
	Sweep string `json:"sweep"`
	Hash  string `json:"hash"`
	experiments.Summary
}

// secondInterrupt closes its channel when a second Ctrl-C comes.
func secondInterrupt() (kill <-chan struct{}, release func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt)
	twice, done := make(chan struct{}), make(chan struct{})
	go func() {
		for n := 0; ; {
			select {
			case <-signals:
				if n++; n == 2 {
					close(twice)
					return
				}
				fmt.Fprintln(os.Stderr, "\nmmibx: the workers write their checkpoints; Ctrl-C again ends them at once")
			case <-done:
				return
			}
		}
	}()
	return twice, func() { signal.Stop(signals); close(done) }
}

func (a *app) printSummary(w io.Writer, plan *experiments.Plan, s experiments.Summary) {
	fmt.Fprintf(w, "%s: %s, in %s\n", plan.Sweep, countsLine(s.Counts), round(s.Took))
	for i, f := range s.Failures {
		if i == 10 {
			fmt.Fprintf(w, "  ... and %d more\n", len(s.Failures)-i)
			break
		}
		fmt.Fprintf(w, "  %s %s  %s: %s\n", f.State, f.Run, name(f), mmibx.FirstLine(f.Text))
	}
	fmt.Fprintln(w, "\nnext:")
	if len(s.Failures) > 0 {
		fmt.Fprintf(w, "  mmibx runs show %s%s\n", s.Failures[0].Run, a.here())
	}
	if s.Counts[mmibx.Failed]+s.Counts[mmibx.Diverged] > 0 {
		fmt.Fprintf(w, "  mmibx sweep retry %s%s\n", plan.Sweep, a.here())
	}
	if s.Counts[mmibx.Queued]+s.Counts[mmibx.Stopped]+s.Counts[mmibx.Lost] > 0 && (plan.Hours == 0 || s.Spent < plan.Budgeted()) {
		fmt.Fprintln(w, "  the same command again goes on from here")
	}
	fmt.Fprintf(w, "  mmibx runs list 'sweep=%s' --sort -dev.f1%s\n  mmibx table --sweep %[1]s%[2]s\n", plan.Sweep, a.here())
}

// here is the flag that a command needs to find the same store, "" where it
// finds it by itself.
func (a *app) here() string {
	if a.storeDir == defaultStore() {
		return ""
	}
	return " --store " + a.storeDir
}

// detach starts this command once more, in a session of its own.
func (a *app) detach(cmd *cobra.Command, sweep string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if _, err := findWorker(); err != nil {
		return err
	}
	args := slices.DeleteFunc(slices.Clone(os.Args[1:]), func(arg string) bool { return strings.HasPrefix(arg, "--detach") })
	store := mmibx.Store(a.storeDir)
	h, err := experiments.Start(cmd.Context(), store, sweep, append([]string{self}, args...))
	if err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"sweep": sweep, "pid": h.PID, "log": experiments.RunnerLog(store, sweep)})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "sweep %s runs by itself as process %d; its output goes to %s\n\nnext:\n  mmibx sweep status %[1]s%[4]s\n  mmibx sweep stop %[1]s%[4]s\n",
		sweep, h.PID, experiments.RunnerLog(store, sweep), a.here())
	return nil
}

func newSweepStatusCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "status [NAME]",
		Short:   "Show the sweeps of the store, or one and what its workers do",
		Example: "  mmibx sweep status\n  mmibx sweep status demo --json",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			names := args
			if len(names) == 0 {
				var err error
				if names, err = experiments.Sweeps(mmibx.Store(a.storeDir)); err != nil {
					return err
				}
			}
			all := []*experiments.Status{}
			for _, name := range names {
				s, err := a.sweepStatus(cmd.Context(), name)
				if err != nil {
					return err
				}
				all = append(all, s)
			}
			switch w := cmd.OutOrStdout(); {
			case a.json && len(args) == 1:
				return printJSON(w, all[0])
			case a.json:
				return printJSON(w, all)
			case len(args) == 1:
				return printStatus(w, all[0])
			default:
				return printStatuses(w, all)
			}
		},
	}
}

// sweepStatus is what the sweep's runner tells, with the states of the plan's
// runs as the store has them, those in the bin left out, and what all attempts at them
// took so far.
func (a *app) sweepStatus(ctx context.Context, name string) (*experiments.Status, error) {
	plan, err := experiments.ReadPlan(mmibx.Store(a.storeDir), name)
	if err != nil {
		return nil, err
	}
	s, err := experiments.Follow(mmibx.Store(a.storeDir), name)
	if err != nil {
		return nil, err
	}
	s.Hours = plan.Hours
	db, err := a.synced(ctx)
	if err != nil {
		return nil, err
	}
	if s.Counts, err = countKept(ctx, db, plan); err == nil {
		s.Spent, err = spentOn(ctx, db, plan.IDs())
	}
	return s, errors.Join(err, db.Close())
}

func liveness(s *experiments.Status) string {
	switch {
	case s.Live && s.Paused:
		return "paused"
	case s.Live:
		return "live"
	}
	return "idle"
}

func printStatuses(w io.Writer, all []*experiments.Status) error {
	if len(all) == 0 {
		fmt.Fprintln(w, "no sweep was started in this store yet; `mmibx studies` lists what there is to start")
		return nil
	}
	t := newTable(w, "SWEEP", "RUNNER", "RUNS", "LEFT")
	for _, s := range all {
		remaining := ""
		if s.Left > 0 {
			remaining = round(s.Left).String()
		}
		t.row(s.Sweep, liveness(s), countsLine(s.Counts), orDash(remaining))
	}
	return t.Flush()
}

func printStatus(w io.Writer, s *experiments.Status) error {
	fmt.Fprintf(w, "%s: %s, %s", s.Sweep, liveness(s), countsLine(s.Counts))
	if s.Left > 0 {
		fmt.Fprintf(w, ", about %s left", round(s.Left))
	}
	fmt.Fprintln(w)
	if s.Live {
		fmt.Fprintf(w, "process %d on %s since %s, %d at once\n", s.Holder.PID, s.Holder.Host, s.Holder.Started.Local().Format(time.DateTime), s.Slots)
		fmt.Fprintf(w, "the workers had a run for %.0f %% of their time\n", 100*s.Utilisation)
	}
	if s.Hours > 0 {
		fmt.Fprintln(w, budgetLine(s.Hours, s.Spent, 0))
	}
	if len(s.Lanes) > 0 {
		fmt.Fprintln(w)
		t := newTable(w, "WORKER", "RUN", "ATTEMPT", "FOR", "WHAT")
		for _, e := range s.Lanes {
			t.row(cmp.Or(e.Device, strconv.Itoa(e.Lane)), e.Run, e.Attempt, round(time.Since(e.At)), name(e))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	for _, e := range s.Last {
		if e.Kind == experiments.Warned || e.Kind == experiments.Ended && e.State != mmibx.Done {
			fmt.Fprintf(w, "%s  %s %s %s\n", e.At.Local().Format(time.TimeOnly), orDash(string(e.State)), e.Run, mmibx.FirstLine(e.Text))
		}
	}
	return nil
}

// live refuses a sweep that nobody runs.
func (a *app) live(name string) error {
	store := mmibx.Store(a.storeDir)
	if _, err := experiments.ReadPlan(store, name); err != nil {
		return err
	}
	_, alive, err := experiments.Running(store, name)
	if err == nil && !alive {
		err = fmt.Errorf("a runner of sweep %s: %w; `mmibx continue %s%s` starts one", name, mmibx.ErrNotFound, name, a.here())
	}
	return err
}

// tell gives an order to the runner of a sweep.
func (a *app) tell(cmd *cobra.Command, name string, o experiments.Order) error {
	if err := a.live(name); err != nil {
		return err
	}
	if err := experiments.Tell(mmibx.Store(a.storeDir), name, o); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "told sweep %s: %s\n", name, o.Verb)
	return nil
}

func newOrderCmd(a *app, verb experiments.Verb, short string) *cobra.Command {
	return &cobra.Command{
		Use:     string(verb) + " NAME",
		Short:   short,
		Example: "  mmibx sweep " + string(verb) + " demo",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.tell(cmd, args[0], experiments.Order{Verb: verb})
		},
	}
}

func newSweepJobsCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "jobs NAME N",
		Short:   "Change how many runs go on at once, from the next run on",
		Example: "  mmibx sweep jobs demo 4",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var n int
			if _, err := fmt.Sscan(args[1], &n); err != nil || n < 1 {
				return &mmibx.InputError{Key: "N", Found: args[1], Expected: "1 or more"}
			}
			return a.tell(cmd, args[0], experiments.Order{Verb: experiments.Jobs, Jobs: n})
		},
	}
}

func newSweepPriorityCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "priority NAME N RUN...",
		Short: "Let runs of a sweep start before those with a lower priority; 0 is usual",
		Long: "Let runs of a sweep start before those with a lower priority; 0 is usual.\n\n" +
			"A runner that works on the sweep moves them at once; what is set stays for the next `mmibx sweep`.\n" +
			"A negative priority, after --, puts runs behind the others.",
		Example: "  mmibx sweep priority beta 1 3f0c12ab99d1\n  mmibx sweep priority beta -- -1 3f0c12ab99d1",
		Args:    usageArgs(cobra.MinimumNArgs(3)),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[1])
			if err != nil {
				return &mmibx.InputError{Key: "N", Found: args[1], Expected: "a whole number"}
			}
			runs, err := a.prioritize(args[0], n, args[2:])
			if err == nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s of sweep %s: priority %d\n", counted(len(runs), "run"), args[0], n)
			}
			return err
		},
	}
}

// prioritize keeps the priority of planned runs, and tells a live runner.
func (a *app) prioritize(sweep string, n int, prefixes []string) ([]string, error) {
	store := mmibx.Store(a.storeDir)
	plan, err := experiments.ReadPlan(store, sweep)
	if err != nil {
		return nil, err
	}
	runs, err := planned(plan, prefixes)
	if err != nil {
		return nil, err
	}
	if err := tracker.Prioritize(store, n, runs...); err != nil {
		return nil, err
	}
	if _, alive, err := experiments.Running(store, sweep); err != nil || !alive {
		return runs, err
	}
	return runs, experiments.Tell(store, sweep, experiments.Order{Verb: experiments.First, Runs: runs, Priority: n})
}

func newSweepRetryCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "retry NAME [RUN...]",
		Short: "Queue again the runs of a sweep that failed or diverged, or those named",
		Long: "Queue again the runs of a sweep that failed or diverged, or those named.\n\n" +
			"A runner that works on the sweep takes them up; without one, the next `mmibx sweep` does.",
		Example: "  mmibx sweep retry demo\n  mmibx sweep retry demo 3f0c12ab99d1",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, err := a.retrySweep(cmd.Context(), args[0], args[1:])
			if err == nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "%s of sweep %s: queued again\n", counted(len(runs), "run"), args[0])
			}
			return err
		},
	}
}

// planned completes the beginnings of ids of a plan.
func planned(plan *experiments.Plan, prefixes []string) ([]string, error) {
	var ids []string
	for _, p := range prefixes {
		var found []string
		for _, id := range plan.IDs() {
			if p != "" && strings.HasPrefix(id, p) {
				found = append(found, id)
			}
		}
		switch len(found) {
		case 0:
			return nil, fmt.Errorf("run %q: %w in sweep %s", p, mmibx.ErrNotFound, plan.Sweep)
		case 1:
			ids = append(ids, found[0])
		default:
			return nil, fmt.Errorf("%w: run %q may be any of %d; give more of it", mmibx.ErrUsage, p, len(found))
		}
	}
	return ids, nil
}

// retrySweep decides that runs are due again, and tells a live runner.
func (a *app) retrySweep(ctx context.Context, sweep string, only []string) ([]string, error) {
	store := mmibx.Store(a.storeDir)
	plan, err := experiments.ReadPlan(store, sweep)
	if err != nil {
		return nil, err
	}
	states, err := a.statesOf(ctx, plan.IDs())
	if err != nil {
		return nil, err
	}
	if only, err = planned(plan, only); err != nil {
		return nil, err
	}
	var runs []string
	for _, run := range plan.IDs() {
		s := stateIn(states, run)
		if s == mmibx.Failed || s == mmibx.Diverged || slices.Contains(only, run) && s != mmibx.Done && s != mmibx.Queued && s != mmibx.Running {
			if len(only) == 0 || slices.Contains(only, run) {
				runs = append(runs, run)
			}
		}
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("runs to try again in sweep %s: %w: none failed or diverged; %s", sweep, mmibx.ErrNotFound, countsLine(countStates(plan, states)))
	}
	if err := tracker.Retry(store, runs...); err != nil {
		return nil, err
	}
	if _, alive, err := experiments.Running(store, sweep); err != nil || !alive {
		return runs, err
	}
	return runs, experiments.Tell(store, sweep, experiments.Order{Verb: experiments.Retry, Runs: runs})
}
