package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
)

func newUnsealCmd(a *app) *cobra.Command {
	rule, wholeArm := string(scoring.Lenient), false
	cmd := &cobra.Command{
		Use:   "unseal RUN|ARM|SYSTEM",
		Short: "Show the test scores of a run, or of all runs of an arm; the ledger gets a line",
		Long: `Show the test scores of a run, of all runs of an arm, or of a system whose
predictions were imported. Runs and arms are named by the beginning of their id;
the id of an arm is also that of its run with seed 0, so --arm asks for all seeds.

This is a look at test: before anything is scored it adds a line to the ledger in
the store, which cannot be taken back; mmibx looks prints it. Look once, when the
choices are made.`,
		Example: "  mmibx unseal 4f1c9a\n  mmibx unseal 4f1c9a --arm\n  mmibx unseal 'UMT (released code)' --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := (&evalFlags{split: string(mmibx.Test), rule: rule}).check(); err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				list, err := runsOf(ctx, db, mmibx.Store(a.storeDir), args[0], naming{split: mmibx.Test, wholeArm: wholeArm})
				if err != nil {
					return err
				}
				found, err := a.unseal(ctx, db, list, scoring.Rule(rule))
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), found)
				}
				return found.print(cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().StringVar(&rule, "rule", rule, "how tags become spans: "+ruleNames())
	cmd.Flags().BoolVar(&wholeArm, "arm", false, "all runs of the arm of the run")
	return cmd
}

// unsealed is a run with its scores on test.
type unsealed struct {
	Run       string `json:"run"`
	Arm       string `json:"arm"`
	Label     string `json:"label"`
	Benchmark string `json:"benchmark"`
	Seed      int    `json:"seed"`
	OnTest    bool   `json:"chosen_on_test,omitempty"`
	Looks     int    `json:"looks"` // at its test scores, this one among them
	scoring.Report
}

// unsealing is what a look showed.
type unsealing struct {
	Runs    []unsealed `json:"runs"`
	Missing int        `json:"missing,omitempty"` // runs of the arm that are not done
}

// unseal writes the line of the ledger, then scores. Runs of the arm that are
// not done are counted, not scored.
func (a *app) unseal(ctx context.Context, db *tracker.DB, rows []tracker.RunRow, rule scoring.Rule) (*unsealing, error) {
	missing := len(rows)
	rows = slices.DeleteFunc(rows, func(r tracker.RunRow) bool { return r.State != mmibx.Done })
	if missing -= len(rows); len(rows) == 0 {
		return nil, fmt.Errorf("%w: none of these %d runs is done; `mmibx runs list` says where they stand", mmibx.ErrUsage, missing)
	}
	u := &unsealing{Runs: make([]unsealed, len(rows)), Missing: missing}
	for i := range rows {
		r := &rows[i]
		if b, ok := mmibx.LookupBenchmark(r.Benchmark); ok && b.Task == mmibx.MRE && rule != scoring.Lenient {
			return nil, &mmibx.InputError{Key: "--rule", Found: string(rule), Expected: "nothing: " + r.Benchmark + " has relations, and the rules are for entities"}
		}
		before, err := db.Looks(ctx, r.ID) // a sync of another program may bring this look, too
		if err != nil {
			return nil, err
		}
		u.Runs[i] = unsealed{Run: r.ID, Arm: r.Arm, Label: r.Label, Benchmark: r.Benchmark, Seed: r.Seed, OnTest: r.OnTest, Looks: len(before) + 1}
	}
	k, err := a.answers(ctx, db, resultsOf(rows), mmibx.Test)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		if u.Runs[i].Report, err = k.score(rows[i].ID, rows[i].Benchmark, rule); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func (u *unsealing) print(w io.Writer) error {
	t := newTable(w, "RUN", "BENCHMARK", "SEED", "PRECISION", "RECALL", "F1", "LOOKS", "LABEL")
	onTest := false
	f1 := map[string][]float64{}
	for i := range u.Runs {
		r := &u.Runs[i]
		id := r.Run
		if r.OnTest {
			id, onTest = id+" "+markOnTest, true
		}
		t.row(id, r.Benchmark, r.Seed, percent(r.Precision), percent(r.Recall), percent(r.F1), r.Looks, r.Label)
		f1[r.Benchmark] = append(f1[r.Benchmark], r.F1)
	}
	for _, b := range mmibx.BenchmarksOf(u.Runs, func(r unsealed) string { return r.Benchmark }) {
		if s := statistics.Summarize95(f1[b.Name]...); s.HasSpread() {
			t.row("mean", b.Name, fmt.Sprintf("n=%d", s.N), "", "", percent(s.Mean)+" ± "+percent(s.SD))
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if u.Missing > 0 {
		fmt.Fprintf(w, "%d more runs of the arm are not done and have no score\n", u.Missing)
	}
	if onTest {
		fmt.Fprintln(w, onTestNote)
	}
	if len(u.Runs) > 1 {
		return nil
	}
	fmt.Fprintln(w)
	return printReport(w, u.Runs[0].Report)
}

func newLooksCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "looks [RUN]",
		Short: "Show the ledger: who looked at test scores, when, and of which arms",
		Long: `Show the ledger: who looked at test scores, when, with which command, and of
which arms. Each look is one line that nothing takes back.`,
		Example: "  mmibx looks\n  mmibx looks 4f1c9a --json",
		Args:    usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				run := ""
				if len(args) == 1 {
					var err error
					if run, err = db.Resolve(ctx, args[0]); err != nil {
						return err
					}
				}
				list, err := db.Looks(ctx, run)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), append([]tracker.LookRow{}, list...))
				}
				if len(list) == 0 {
					fmt.Fprintln(cmd.ErrOrStderr(), "nobody has looked")
					return nil
				}
				t := newTable(cmd.OutOrStdout(), "WHEN", "WHO", "SPLIT", "ARMS", "RUNS", "COMMAND")
				for _, l := range list {
					t.row(l.At.Local().Format(time.DateTime), orDash(l.By), orDash(string(l.Split)), orDash(strings.Join(l.Arms, " ")), len(l.Runs), l.What)
				}
				return t.Flush()
			})
		},
	}
}
