package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
)

func newSweepAttachCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "attach NAME",
		Short: "Follow a sweep that runs elsewhere, as its own terminal would show it",
		Long: "Follow a sweep that runs elsewhere, as its own terminal would show it.\n\n" +
			"Ctrl-C ends only the following; `mmibx sweep stop NAME` ends the sweep. The exit code is that of the\n" +
			"sweep: 1 where runs failed or its runner died.",
		Example: "  mmibx sweep beta --detach\n  mmibx sweep attach beta",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.live(args[0]); err != nil {
				return err
			}
			plan, err := experiments.ReadPlan(mmibx.Store(a.storeDir), args[0])
			if err != nil {
				return err
			}
			return a.attach(cmd.Context(), cmd.OutOrStdout(), plan)
		},
	}
}

// attach shows the events of the runner of the moment, those before this too, until
// it leaves.
func (a *app) attach(ctx context.Context, w io.Writer, plan *experiments.Plan) error {
	store := mmibx.Store(a.storeDir)
	p := newProgress(os.Stderr, len(plan.Cells)+plan.Open(), false)
	life := []experiments.Event{} // of the last runner
	offset, err := experiments.Events(store, plan.Sweep, 0, func(e experiments.Event) {
		if e.Kind == experiments.Began {
			life = life[:0]
		}
		life = append(life, e)
	})
	if err != nil {
		return err
	}
	var last experiments.Event
	show := func(e experiments.Event) { p.report(e); last = e }
	for _, e := range life {
		show(e)
	}
	for tick := time.NewTicker(250 * time.Millisecond); last.Kind != experiments.Finished; {
		select {
		case <-ctx.Done():
			p.clear()
			return fmt.Errorf("no longer followed; sweep %s goes on: %w", plan.Sweep, mmibx.ErrInterrupted)
		case <-tick.C:
		}
		// Whether it lives is asked first: what it wrote before it left is then seen.
		_, alive, err := experiments.Running(store, plan.Sweep)
		if err != nil {
			return err
		}
		if offset, err = experiments.Events(store, plan.Sweep, offset, show); err != nil {
			return err
		}
		if !alive && last.Kind != experiments.Finished {
			p.clear()
			return fmt.Errorf("the runner of sweep %s died; the same `mmibx sweep` goes on from here", plan.Sweep)
		}
	}
	fmt.Fprintf(w, "%s: %s, in %s\n", plan.Sweep, countsLine(last.Counts), round(last.Took))
	if done := last.Counts[mmibx.Done] + last.Counts[mmibx.Pruned]; done < len(plan.Cells) {
		return fmt.Errorf("sweep %s: not all runs are done: %s", plan.Sweep, countsLine(last.Counts))
	}
	return nil
}
