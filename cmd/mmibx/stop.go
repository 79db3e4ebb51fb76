package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

func newSweepStopCmd(a *app) *cobra.Command {
	var runs []string
	var now bool
	cmd := &cobra.Command{
		Use:     "stop NAME",
		Short:   "Stop a sweep, or some of its runs: those under way keep their checkpoints",
		Example: "  mmibx sweep stop demo\n  mmibx sweep stop demo --now\n  mmibx sweep stop demo --runs 4f1c9a,77ab02",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if len(runs) == 0 {
				return a.tell(cmd, name, experiments.Order{Verb: experiments.Stop, Now: now})
			}
			if err := a.live(name); err != nil {
				return err
			}
			plan, err := experiments.ReadPlan(mmibx.Store(a.storeDir), name)
			if err != nil {
				return err
			}
			ids, err := planned(plan, runs)
			if err != nil {
				return err
			}
			return a.stopRuns(cmd, []string{name}, ids, now)
		},
	}
	cmd.Flags().StringSliceVar(&runs, "runs", nil, "only these runs; the sweep goes on")
	addNow(cmd, &now)
	return cmd
}

func addNow(cmd *cobra.Command, now *bool) {
	cmd.Flags().BoolVar(now, "now", false, "without waiting for checkpoints")
}

func newRunsStopCmd(a *app) *cobra.Command {
	var now bool
	cmd := &cobra.Command{
		Use:   "stop ID|FILTER...",
		Short: "Stop runs, whichever sweep does them: they keep their checkpoints",
		Long: "Stop runs, whichever sweep does them: they keep their checkpoints, and those that wait for a worker do\n" +
			"not begin. The sweeps go on with their other runs; `mmibx sweep retry NAME ID`, or the next `mmibx sweep`,\n" +
			"takes them up again. Returns when they have stopped. A run is named by the beginning of its id; a filter\n" +
			"is that of `mmibx runs list`.",
		Example: "  mmibx runs stop 4f1c9a 77ab02\n  mmibx runs stop 'model=umt and state=running'\n  mmibx runs stop 4f1c9a --now --json",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			sweeps, err := experiments.Sweeps(mmibx.Store(a.storeDir))
			if err != nil {
				return err
			}
			var ids []string
			err = a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				for _, word := range args {
					found, err := a.toStop(ctx, db, sweeps, word)
					if err != nil {
						return err
					}
					ids = append(ids, found...)
				}
				return nil
			})
			if err != nil {
				return err
			}
			slices.Sort(ids)
			return a.stopRuns(cmd, sweeps, slices.Compact(ids), now)
		},
	}
	addNow(cmd, &now)
	return cmd
}

// toStop finds the runs that a word stands for: those that began, and by the
// beginning of their ids those that a runner has in its queue.
func (a *app) toStop(ctx context.Context, db *tracker.DB, sweeps []string, word string) ([]string, error) {
	store := mmibx.Store(a.storeDir)
	rows, err := runsOf(ctx, db, store, word, naming{filters: true})
	if err == nil {
		ids := make([]string, len(rows))
		for i := range rows {
			ids[i] = rows[i].ID
		}
		return ids, nil
	}
	if !errors.Is(err, mmibx.ErrNotFound) {
		return nil, err
	}
	for _, sweep := range sweeps {
		if _, alive, running := experiments.Running(store, sweep); running != nil || !alive {
			if running != nil {
				return nil, running
			}
			continue
		}
		plan, unread := experiments.ReadPlan(store, sweep)
		if unread != nil {
			return nil, unread
		}
		if ids, unknown := planned(plan, []string{word}); !errors.Is(unknown, mmibx.ErrNotFound) {
			return ids, unknown
		}
	}
	return nil, err
}

// stoppedJSON is what stopping runs prints with --json.
type stoppedJSON struct {
	Told       []experiments.Halt `json:"told"`
	NotRunning []standingJSON     `json:"not_running"`
}

// standingJSON is a run and where it stands.
type standingJSON struct {
	Run   string      `json:"run"`
	State mmibx.State `json:"state"`
}

// stopRuns has the runners of sweeps stop runs, and prints what became of each.
func (a *app) stopRuns(cmd *cobra.Command, sweeps, ids []string, now bool) error {
	halts, err := experiments.StopRuns(cmd.Context(), mmibx.Store(a.storeDir), sweeps, ids, now)
	if err != nil {
		return err
	}
	states, err := a.statesOf(cmd.Context(), ids)
	if err != nil {
		return err
	}
	out := stoppedJSON{Told: halts, NotRunning: []standingJSON{}}
	for _, id := range ids {
		if !slices.ContainsFunc(halts, func(h experiments.Halt) bool { return h.Run == id }) {
			out.NotRunning = append(out.NotRunning, standingJSON{id, stateIn(states, id)})
		}
	}
	if a.json {
		if out.Told == nil {
			out.Told = []experiments.Halt{}
		}
		err = printJSON(cmd.OutOrStdout(), out)
	} else {
		printStopped(cmd.OutOrStdout(), &out)
	}
	if err == nil && len(halts) == 0 {
		err = fmt.Errorf("runs to stop: %w: no runner of this store is at them or has them in its queue", mmibx.ErrNotFound)
	}
	return err
}

// printStopped prints a line for each run; those that were not running, and may be
// all that a filter lets through, by their state.
func printStopped(w io.Writer, out *stoppedJSON) {
	for _, h := range out.Told {
		what := string(h.State)
		switch h.State {
		case mmibx.Done, mmibx.Failed, mmibx.Diverged, mmibx.Pruned:
			what += " before it heard"
		case mmibx.Lost:
			what = "killed"
		}
		fmt.Fprintf(w, "%s  %s, sweep %s\n", h.Run, what, h.Sweep)
	}
	byState := map[mmibx.State][]string{}
	for _, r := range out.NotRunning {
		byState[r.State] = append(byState[r.State], r.Run)
	}
	for _, s := range mmibx.States {
		ids := byState[s]
		if len(ids) == 0 {
			continue
		}
		shown := strings.Join(ids[:min(3, len(ids))], " ")
		if more := len(ids) - 3; more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		what := string(s)
		if s == mmibx.Running {
			what = "held by a process that is no runner of this store"
		}
		fmt.Fprintf(w, "not stopped: %s  %s\n", shown, what)
	}
}
