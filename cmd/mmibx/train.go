package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/experiments"
)

func newTrainCmd(a *app) *cobra.Command {
	var set []string
	var run runFlags
	cmd := &cobra.Command{
		Use:   "train KEY=VALUE...",
		Short: "Train one model, as a sweep of one run",
		Long: "Train one model, as a sweep of one run. What is not set comes from the preset; `mmibx fields` lists\n" +
			"the keys. A run that is done is not done again: another seed is another run.",
		Example: "  mmibx train benchmark=mini-mnre model=mmib\n  mmibx train benchmark=twitter2017 model=text seed=1 train.epochs=3",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := run.check(); err != nil {
				return err
			}
			plan, err := a.planOne(append(set, args...))
			if err != nil {
				return err
			}
			return a.runPlan(cmd, plan, run)
		},
	}
	cmd.Flags().StringArrayVar(&set, "set", nil, "`KEY=VALUE`, as the arguments")
	run.add(cmd)
	return cmd
}

// planOne plans the runs of a command line: one, unless a list was given for a
// key. The sweep is named after its first run, so that every run has its own.
func (a *app) planOne(settings []string) (*experiments.Plan, error) {
	s := experiments.One("train")
	for _, assignment := range settings {
		if err := s.Override(assignment); err != nil {
			return nil, err
		}
	}
	if len(s.Benchmarks) == 0 {
		return nil, &mmibx.InputError{Key: "benchmark", Found: "nothing", Expected: "one of " + strings.Join(mmibx.BenchmarkNames(), ", "), Cure: "write benchmark=mini-mnre"}
	}
	plan, err := s.Plan(a.inputs())
	if err != nil {
		return nil, err
	}
	plan.Sweep = "train-" + plan.Cells[0].Run
	plan.Title = plan.Cells[0].Label
	return plan, nil
}
