package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
)

func newPlanCmd(a *app) *cobra.Command {
	var flags sweepFlags
	var all bool
	cmd := &cobra.Command{
		Use:   "plan FILE|STUDY",
		Short: "Show the runs that a sweep stands for, and which are done",
		Long: "Show the runs that a sweep stands for, and which are done. Nothing is started and nothing written.\n\n" +
			"A run is known by what decides it, so whatever another sweep has done counts here too. Cells that\n" +
			"differ only in what their model does not read are one run; they are counted as collapsed.",
		Example: "  mmibx plan beta\n  mmibx plan beta --benchmarks twitter2017,mnre --set ib.size=16\n  mmibx plan my-sweep.toml --all --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := a.planOf(args[0], &flags)
			if err != nil {
				return err
			}
			states, err := a.statesOf(cmd.Context(), plan.IDs())
			if err != nil {
				return err
			}
			out := jsonPlan(plan, states)
			if err := out.compare(mmibx.Store(a.storeDir), plan); err != nil {
				return err
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), out)
			}
			limit := 20
			if all {
				limit = len(plan.Cells)
			}
			if err := printPlan(cmd.OutOrStdout(), plan, states, limit); err != nil || out.Last == nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "\nsince the last sweep of this name: %d runs more, %d runs no longer in it\n", out.Last.Added, out.Last.Dropped)
			return err
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "print every row")
	return cmd
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
	Sweep     string              `json:"sweep"`
	Title     string              `json:"title"`
	Question  string              `json:"question"`
	Objective string              `json:"objective"`
	Hash      string              `json:"hash"`
	Counts    map[mmibx.State]int `json:"counts"`
	Collapsed int                 `json:"collapsed"`
	LeftOut   int                 `json:"left_out"`
	Last      *lastPlan           `json:"last,omitempty"` // set where the sweep's last plan was another
	Cells     []cellJSON          `json:"cells"`
}

// lastPlan is how a plan differs from the one that the sweep last ran by.
type lastPlan struct {
	Hash    string `json:"hash"`
	Added   int    `json:"added"`
	Dropped int    `json:"dropped"`
}

func (p *planJSON) compare(store mmibx.Store, plan *experiments.Plan) error {
	old, err := experiments.ReadPlan(store, plan.Sweep)
	if errors.Is(err, mmibx.ErrNotFound) {
		return nil
	}
	if err == nil && old.Hash != plan.Hash {
		added, dropped := plan.Diff(old)
		p.Last = &lastPlan{old.Hash, added, dropped}
	}
	return err
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
		Sweep: p.Sweep, Title: p.Title, Question: p.Question, Objective: p.Objective, Hash: p.Hash,
		Counts: countStates(p, states), Collapsed: p.Collapsed, LeftOut: p.LeftOut, Cells: make([]cellJSON, len(p.Cells)),
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

func printPlan(w io.Writer, p *experiments.Plan, states map[string]mmibx.State, limit int) error {
	fmt.Fprintf(w, "%s: %s\n", p.Sweep, p.Title)
	if p.Question != "" {
		fmt.Fprintf(w, "\n%s\n", p.Question)
	}
	fmt.Fprintf(w, "\n%d runs: %s", len(p.Cells), countsLine(countStates(p, states)))
	if p.Collapsed > 0 {
		fmt.Fprintf(w, "; %d more cells are one of these runs", p.Collapsed)
	}
	if p.LeftOut > 0 {
		fmt.Fprintf(w, "; %d cells are left out by a condition or by their model's task", p.LeftOut)
	}
	fmt.Fprintf(w, "\n\n")
	rows := planRows(p, states)
	t := newTable(w, "ARM", "BENCHMARK", "SETTINGS", "SEEDS", "DONE", "ALSO ON")
	for _, row := range rows[:min(limit, len(rows))] {
		c := row.cell
		t.row(c.ArmName, c.Spec.Benchmark, settingsOf(c), row.seeds, row.done, alsoOn(c))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(rows) - limit; more > 0 {
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
