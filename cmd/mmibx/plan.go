package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

func newPlanCmd(a *app) *cobra.Command {
	var flags sweepFlags
	var all, save bool
	jobs := 1
	cmd := &cobra.Command{
		Use:   "plan FILE|STUDY",
		Short: "Show the runs that a sweep stands for, which are done, and how long the rest will take",
		Long: "Show the runs that a sweep stands for, which are done, and how long the rest will take. Nothing is\n" +
			"started, and nothing written unless --save freezes the plan in the store.\n\n" +
			"A run is known by what decides it, so whatever another sweep has done counts here too. Cells that\n" +
			"differ only in what their model does not read are one run; they are counted as collapsed.\n\n" +
			"Times are medians of runs that the store has: of the same arm on as many threads; else, per epoch, of the\n" +
			"same setting (model, encoder, evidence, precision, threads, benchmark), of similar runs (~: model, encoder,\n" +
			"benchmark) or roughly (~~: encoder and benchmark). What differs from the plan that the store has of the\n" +
			"sweep is shown too: runs added, gone, and changed, with the keys that changed them.",
		Example: "  mmibx plan beta\n  mmibx plan beta --benchmarks twitter2017,mnre --set ib.size=16 -j 2\n  mmibx plan my-sweep.toml --all --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if jobs < 1 {
				return &mmibx.InputError{Key: "-j", Found: fmt.Sprint(jobs), Expected: "1 or more"}
			}
			plan, err := a.planOf(args[0], &flags)
			if err != nil {
				return err
			}
			past, err := a.history(cmd.Context(), plan.IDs())
			if err != nil {
				return err
			}
			states := past.states
			out := jsonPlan(plan, states)
			out.Estimate, out.Spent = past.estimate(plan, jobs), past.spent
			if err := out.compare(mmibx.Store(a.storeDir), plan); err != nil {
				return err
			}
			if save {
				if err := a.freeze(plan); err != nil {
					return err
				}
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), out)
			}
			limit := 20
			if all {
				limit = len(plan.Cells)
			}
			return printPlan(cmd.OutOrStdout(), plan, states, &out, limit)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "print every row")
	cmd.Flags().BoolVar(&save, "save", false, "freeze the plan in the store, where the next one is compared with it")
	cmd.Flags().IntVarP(&jobs, "jobs", "j", jobs, "estimate for `N` runs at once")
	return cmd
}

// history is what the store has of the runs of a plan, and how long others took.
type history struct {
	states   map[string]mmibx.State
	spent    time.Duration // by all attempts at runs of the plan
	measured []experiments.Measured
}

func (h *history) estimate(p *experiments.Plan, jobs int) experiments.Estimate {
	return p.Estimate(h.measured, func(run string) bool { return p.Settled(stateIn(h.states, run)) }, jobs)
}

// history makes no store where there is none yet.
func (a *app) history(ctx context.Context, runs []string) (history, error) {
	db, err := a.synced(ctx)
	if errors.Is(err, mmibx.ErrNotFound) {
		return history{}, nil
	}
	if err != nil {
		return history{}, err
	}
	defer db.Close()
	return historyIn(ctx, db, runs)
}

func historyIn(ctx context.Context, db *tracker.DB, runs []string) (h history, err error) {
	if h.states, err = db.States(ctx, runs); err != nil {
		return h, err
	}
	if h.spent, err = spentOn(ctx, db, runs); err != nil {
		return h, err
	}
	durations, err := db.Durations(ctx)
	for _, d := range durations {
		h.measured = append(h.measured, experiments.Measured(d))
	}
	return h, err
}

// spentOn is the time of all attempts at runs.
func spentOn(ctx context.Context, db *tracker.DB, runs []string) (sum time.Duration, err error) {
	spent, err := db.Spent(ctx, runs)
	for _, took := range spent {
		sum += took
	}
	return sum, err
}

// freeze saves a plan that nobody runs.
func (a *app) freeze(plan *experiments.Plan) error {
	store := mmibx.Store(a.storeDir)
	h, alive, err := experiments.Running(store, plan.Sweep)
	if err != nil {
		return err
	}
	if alive {
		return fmt.Errorf("sweep %s is run by process %d; end it with `mmibx sweep stop %s`, or give this plan another name: %w", plan.Sweep, h.PID, plan.Sweep, journal.ErrHeld)
	}
	return plan.Save(store)
}

// stateIn reads the answer of the tracker, which leaves out what never ran.
func stateIn(states map[string]mmibx.State, run string) mmibx.State {
	if s, ok := states[run]; ok {
		return s
	}
	return mmibx.Queued
}

func countStates(plan *experiments.Plan, states map[string]mmibx.State) map[mmibx.State]int {
	counts := map[mmibx.State]int{}
	for _, run := range plan.IDs() {
		counts[stateIn(states, run)]++
	}
	return counts
}

// countKept counts by state the runs of a plan that are not in the bin, as boards
// and tables do.
func countKept(ctx context.Context, db *tracker.DB, plan *experiments.Plan) (map[mmibx.State]int, error) {
	ids := plan.IDs()
	states, err := db.States(ctx, ids)
	if err != nil {
		return nil, err
	}
	binned, err := db.Binned(ctx, ids)
	counts := map[mmibx.State]int{}
	for _, run := range ids {
		if !binned[run] {
			counts[stateIn(states, run)]++
		}
	}
	return counts, err
}

// countsLine reads "20 done, 2 failed, 50 queued".
func countsLine(counts map[mmibx.State]int) string {
	var parts []string
	for _, s := range mmibx.States {
		if n := counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	if parts == nil {
		return "no runs"
	}
	return strings.Join(parts, ", ")
}

// planJSON is what `mmibx plan --json` prints.
type planJSON struct {
	Sweep     string               `json:"sweep"`
	Title     string               `json:"title"`
	Question  string               `json:"question"`
	Objective string               `json:"objective"`
	Minimize  bool                 `json:"minimize"` // less of the objective is better
	Device    string               `json:"device,omitempty"`
	Hours     float64              `json:"hours,omitempty"` // the budget of run time
	Spent     time.Duration        `json:"spent"`           // of it, by all attempts at runs of the plan
	Pruner    *experiments.Pruner  `json:"pruner,omitempty"`
	Hash      string               `json:"hash"`
	Counts    map[mmibx.State]int  `json:"counts"`
	Collapsed int                  `json:"collapsed"`
	Open      int                  `json:"open"` // runs that the sampler has not chosen yet
	LeftOut   int                  `json:"left_out"`
	Last      *lastPlan            `json:"last,omitempty"` // set where the sweep's last plan was another
	Estimate  experiments.Estimate `json:"estimate"`
	Cells     []cellJSON           `json:"cells"`
}

// lastPlan is how a plan differs from the last one of the sweep in the store.
type lastPlan struct {
	Hash    string       `json:"hash"`
	Added   []string     `json:"added"` // runs
	Gone    []string     `json:"gone"`
	Changed []changeJSON `json:"changed"`

	difference experiments.Difference
}

// changeJSON is a place of the sweep whose run is another now.
type changeJSON struct {
	Was string `json:"was"`
	Run string `json:"run"`
	Why string `json:"why"`
}

func (p *planJSON) compare(store mmibx.Store, plan *experiments.Plan) error {
	old, err := experiments.ReadPlan(store, plan.Sweep)
	if errors.Is(err, mmibx.ErrNotFound) {
		return nil
	}
	if err != nil || old.Hash == plan.Hash {
		return err
	}
	d := plan.Diff(old)
	p.Last = &lastPlan{Hash: old.Hash, Added: []string{}, Gone: []string{}, Changed: []changeJSON{}, difference: d}
	for _, c := range d.Added {
		p.Last.Added = append(p.Last.Added, c.Run)
	}
	for _, c := range d.Gone {
		p.Last.Gone = append(p.Last.Gone, c.Run)
	}
	for i := range d.Changed {
		c := &d.Changed[i]
		p.Last.Changed = append(p.Last.Changed, changeJSON{c.Was.Run, c.Is.Run, c.Why()})
	}
	return nil
}

type cellJSON struct {
	Run       string                 `json:"run"`
	State     mmibx.State            `json:"state"`
	Arm       string                 `json:"arm"`
	ArmName   string                 `json:"arm_name"`
	Label     string                 `json:"label"`
	Benchmark string                 `json:"benchmark"`
	Seed      int                    `json:"seed"`
	Axes      map[string]any         `json:"axes,omitempty"`
	Also      []experiments.Standing `json:"also,omitempty"`
	Spec      map[string]any         `json:"spec"`
}

func jsonPlan(p *experiments.Plan, states map[string]mmibx.State) planJSON {
	out := planJSON{
		Sweep: p.Sweep, Title: p.Title, Question: p.Question, Objective: p.Objective, Minimize: p.Minimize, Device: p.Device, Hours: p.Hours, Pruner: p.Pruner, Hash: p.Hash,
		Counts: countStates(p, states), Collapsed: p.Collapsed, Open: p.Open(), LeftOut: p.LeftOut, Cells: make([]cellJSON, len(p.Cells)),
	}
	for i, c := range p.Cells {
		out.Cells[i] = cellJSON{
			Run: c.Run, State: stateIn(states, c.Run), Arm: c.Arm, ArmName: c.ArmName, Label: c.Label, Benchmark: c.Spec.Benchmark,
			Seed: c.Spec.Seed, Axes: c.Axes, Also: c.Also, Spec: c.Spec.Values(),
		}
	}
	return out
}

// planRow is the runs of a plan that differ only in their seed.
type planRow struct {
	cell  *experiments.Cell
	seeds int
	done  int
}

func planRows(p *experiments.Plan, states map[string]mmibx.State) []*planRow {
	byArm := map[string]*planRow{}
	var rows []*planRow
	for i := range p.Cells {
		c := &p.Cells[i]
		row := byArm[c.Arm]
		if row == nil {
			row = &planRow{cell: c}
			byArm[c.Arm] = row
			rows = append(rows, row)
		}
		row.seeds++
		if stateIn(states, c.Run) == mmibx.Done {
			row.done++
		}
	}
	return rows
}

func printPlan(w io.Writer, p *experiments.Plan, states map[string]mmibx.State, out *planJSON, limit int) error {
	fmt.Fprintf(w, "%s: %s\n", p.Sweep, p.Title)
	if p.Question != "" {
		fmt.Fprintf(w, "\n%s\n", p.Question)
	}
	fmt.Fprintf(w, "\n%s: %s", counted(len(p.Cells), "run"), countsLine(countStates(p, states)))
	if n := p.Open(); n > 0 {
		fmt.Fprintf(w, "; %d more that the sampler will choose", n)
	}
	if p.Collapsed > 0 {
		fmt.Fprintf(w, "; %d more cells are one of these runs", p.Collapsed)
	}
	if p.LeftOut > 0 {
		fmt.Fprintf(w, "; %d cells are left out by a condition or by their model's task", p.LeftOut)
	}
	fmt.Fprintf(w, "\n%s\n", estimateLine(&out.Estimate))
	if p.Hours > 0 {
		fmt.Fprintln(w, budgetLine(p.Hours, out.Spent, out.Estimate.Work))
	}
	fmt.Fprintln(w)
	rows := planRows(p, states)
	t := newTable(w, "ARM", "BENCHMARK", "SETTINGS", "SEEDS", "DONE", "EACH TAKES", "ALSO ON")
	for _, row := range rows[:min(limit, len(rows))] {
		c := row.cell
		t.row(c.ArmName, c.Spec.Benchmark, settingsOf(c), row.seeds, row.done, guessed(out.Estimate.Arms[c.Arm]), alsoOn(c))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(rows) - limit; more > 0 {
		fmt.Fprintf(w, "... and %d rows more; --all prints them\n", more)
	}
	if out.Last != nil {
		return printDifference(w, &out.Last.difference, limit)
	}
	return nil
}

// estimateLine says how long the rest takes, and how sure that is.
func estimateLine(e *experiments.Estimate) string {
	unknown := e.Runs[experiments.NoBasis]
	switch {
	case e.Left == 0:
		return "nothing is left to do"
	case unknown == e.Left:
		return "how long they take is not known: the store has no run of their benchmarks with their encoders"
	}
	var parts []string
	for _, b := range experiments.Bases[:len(experiments.Bases)-1] {
		if n := e.Runs[b]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d by %s", n, map[experiments.Basis]string{
				experiments.SameArm: "the same arm", experiments.SameSetting: "the same setting", experiments.Similar: "similar runs", experiments.Rough: "a rough guess"}[b]))
		}
	}
	threads := fmt.Sprintf("%d threads", e.Threads)
	if e.Threads == 1 {
		threads = "1 thread"
	}
	line := fmt.Sprintf("about %s for %d runs, %d at once with %s each: %s", round(e.Wall), e.Left-unknown, e.Jobs, threads, strings.Join(parts, ", "))
	if unknown > 0 {
		line += fmt.Sprintf("; how long %d more take is not known", unknown)
	}
	return line
}

// budgetLine says what is left of a budget of hours; work is what the rest is thought
// to take, 0 where that is not known.
func budgetLine(hours float64, spent, work time.Duration) string {
	line := fmt.Sprintf("budget of run time: %.2f of %g hours are spent", spent.Hours(), hours)
	if missing := spent.Hours() + work.Hours() - hours; work > 0 && missing > 0 {
		line += fmt.Sprintf("; the rest takes about %.2f hours more than are left", missing)
	}
	return line
}

// guessed shows a guess with how unsure it is.
func guessed(g experiments.Guess) string {
	if g.Took == 0 {
		return "-"
	}
	return map[experiments.Basis]string{experiments.Similar: "~", experiments.Rough: "~~"}[g.Basis] + round(g.Took).String()
}

// printDifference shows what differs from the last plan, a line for each arm on a
// benchmark that changed.
func printDifference(w io.Writer, d *experiments.Difference, limit int) error {
	fmt.Fprintf(w, "\nsince the last plan of this sweep: %s\n", d.Counts())
	type line struct{ arm, benchmark, settings, what string }
	var lines []line
	runs := map[line]int{}
	add := func(c *experiments.Cell, what string) {
		l := line{c.ArmName, c.Spec.Benchmark, settingsOf(c), what}
		if runs[l]++; runs[l] == 1 {
			lines = append(lines, l)
		}
	}
	for i := range d.Changed {
		add(d.Changed[i].Is, d.Changed[i].Why())
	}
	for _, c := range d.Added {
		add(c, "added")
	}
	for _, c := range d.Gone {
		add(c, "gone")
	}
	t := newTable(w, "ARM", "BENCHMARK", "SETTINGS", "RUNS", "WHAT")
	for _, l := range lines[:min(limit, len(lines))] {
		t.row(l.arm, l.benchmark, l.settings, runs[l], l.what)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(lines) - limit; more > 0 {
		fmt.Fprintf(w, "... and %d rows more; --all prints them\n", more)
	}
	return nil
}

// settingsOf shows a cell's place on its axes, or what it is.
func settingsOf(c *experiments.Cell) string {
	if len(c.Axes) == 0 {
		return c.Label
	}
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(c.Axes)) {
		parts = append(parts, fmt.Sprintf("%s=%v", k, c.Axes[k]))
	}
	return strings.Join(parts, " ")
}

// alsoOn lists the other arms that a run stands for.
func alsoOn(c *experiments.Cell) string {
	var names []string
	for _, s := range c.Also {
		if !slices.Contains(names, s.ArmName) {
			names = append(names, s.ArmName)
		}
	}
	return strings.Join(names, ", ")
}
