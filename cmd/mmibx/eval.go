package main

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

type evalFlags struct{ split, rule, device string }

func newEvalCmd(a *app) *cobra.Command {
	f := evalFlags{split: string(mmibx.Dev), rule: string(scoring.Lenient)}
	cmd := &cobra.Command{
		Use:   "eval RUN",
		Short: "Predict a split again with a run's weights, check and score it",
		Long: `Predict a split again with a run's weights, check and score it.

The predictions are to be those that training stored: where one differs, eval
says so after the scores and fails. On the machine of the training they are the
same to the bit; another PyTorch, processor or device may tip a close call.

--split test is a look at test: it adds a line to the ledger in the store, which
reports print. Look once, when the choices are made.`,
		Example: "  mmibx eval 4f1c9a\n  mmibx eval 4f1c9a --rule strict --json\n  mmibx eval 4f1c9a --split test",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				e, err := a.evaluate(ctx, db, args[0], f)
				if err != nil {
					return err
				}
				if a.json {
					err = printJSON(cmd.OutOrStdout(), e)
				} else if err = printReport(cmd.OutOrStdout(), e.Report); err == nil && e.Different == 0 {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d predictions on %s, equal to those that training stored\n", e.Examples, e.Split)
				}
				if err != nil {
					return err
				}
				return e.fault
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.split, "split", f.split, "dev, or test, which is a look at test")
	flags.StringVar(&f.rule, "rule", f.rule, "how tags become spans: "+ruleNames())
	flags.StringVar(&f.device, "device", "", "cpu or cuda (that of the training)")
	return cmd
}

func (f *evalFlags) check() error {
	if f.split != string(mmibx.Dev) && f.split != string(mmibx.Test) {
		return &mmibx.InputError{Key: "--split", Found: f.split, Expected: "dev or test"}
	}
	if !slices.Contains(scoring.Rules, scoring.Rule(f.rule)) {
		return &mmibx.InputError{Key: "--rule", Found: f.rule, Expected: ruleNames()}
	}
	return checkDevice(f.device)
}

// evaluation is what eval found.
type evaluation struct {
	Run       string      `json:"run"`
	Split     mmibx.Split `json:"split"`
	Different int         `json:"different"` // predictions that are not those that training stored
	scoring.Report
	fault error // what to say of the differences
}

// evaluate predicts a split again, compares and scores it. A look at test is in
// the ledger before anything is scored.
func (a *app) evaluate(ctx context.Context, db *tracker.DB, prefix string, f evalFlags) (*evaluation, error) {
	store, split := mmibx.Store(a.storeDir), mmibx.Split(f.split)
	t, err := a.trained(ctx, db, prefix)
	if err != nil {
		return nil, err
	}
	set, err := datasets.Open(t.Benchmark, a.dataDir)
	if err != nil {
		return nil, err
	}
	if set.Benchmark.Task == mmibx.MRE && f.rule != string(scoring.Lenient) {
		return nil, &mmibx.InputError{Key: "--rule", Found: f.rule, Expected: "nothing: " + t.Benchmark + " has relations, and the rules are for entities"}
	}
	stored, err := keptPredictions(ctx, db, store, t.ID, split)
	if err != nil {
		return nil, err
	}
	predictions, err := a.ask(ctx, t, f.device, mmibx.Inquiry{Split: split})
	if err != nil {
		return nil, err
	}
	if split == mmibx.Test {
		if err := tracker.RecordLook(store, a.lookOf([]result{{ID: t.ID, Arm: t.Arm, State: t.State}})); err != nil {
			return nil, err
		}
	}
	e := &evaluation{Run: t.ID, Split: split, Different: different(predictions, stored)}
	if e.Report, err = scoreSplit(set, split, predictions, scoring.Rule(f.rule)); err != nil {
		return nil, fmt.Errorf("run %s on %s %s: %w", t.ID, t.Benchmark, split, err)
	}
	if e.Different > 0 {
		env := t.attempt.Env
		e.fault = fmt.Errorf("run %s: %d of %d predictions on %s are not those that training stored; it ran on %s with PyTorch %s, %s, %d threads",
			t.ID, e.Different, len(predictions), split, env.Device, env.PyTorch, env.ISA, env.Threads)
	}
	return e, nil
}

// different counts the predictions that another list, in the same order, does
// not have.
func different(predictions, stored []mmibx.Prediction) int {
	n := 0
	for i := range predictions {
		if i >= len(stored) || !reflect.DeepEqual(predictions[i], stored[i]) {
			n++
		}
	}
	return n
}

// checkDevice accepts the names of devices, and "" where another place names one.
func checkDevice(device string) error {
	if device == "" || device == "cpu" || device == "cuda" {
		return nil
	}
	return &mmibx.InputError{Key: "--device", Found: device, Expected: "cpu or cuda"}
}
