// Command mmibx is the laboratory: it plans sweeps, starts workers, keeps the
// store and draws figures and tables. It links no libtorch; mmibx-worker does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/datasets"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := newRoot().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mmibx:", err)
	}
	os.Exit(exitCode(err))
}

// app is what every command shares: the flags that stand before all others.
type app struct {
	storeDir string // folder of the store: database, journals, artifacts
	dataDir  string // folder of the real benchmarks
	json     bool
	command  string // what is done on behalf of the terminal UI, for the ledger; "": what was typed
}

func newRoot() *cobra.Command {
	a := &app{}
	root := &cobra.Command{
		Use:           "mmibx",
		Short:         "The laboratory of the multimodal information bottleneck",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			if err := datasets.RegisterOwn(a.dataDir); err != nil { // what needs that benchmark will not find it
				fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+err.Error())
			}
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.storeDir, "store", defaultStore(), "folder of the store ($MMIBX_STORE)")
	flags.StringVar(&a.dataDir, "data", envOr("MMIBX_DATA", "data"), "folder of the real benchmarks ($MMIBX_DATA)")
	flags.BoolVar(&a.json, "json", false, "print JSON where the command prints data")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd == root || isGroup(cmd) { // the flag is one of the command that was meant
			if err := knownCommand(cmd, cmd.Flags().Args()); err != nil {
				return err
			}
		}
		return fmt.Errorf("%w: %w; see %s --help", mmibx.ErrUsage, err, cmd.CommandPath())
	})
	for _, part := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Train", []*cobra.Command{
			newDemoCmd(a), newStudiesCmd(a), newPlanCmd(a), newSweepCmd(a), newContinueCmd(a), newTrainCmd(a), newEvalCmd(a), newPredictCmd(a), newFieldsCmd(a),
		}},
		{"Look", []*cobra.Command{
			newBoardCmd(a), newRunsCmd(a), newCompareCmd(a), newSQLCmd(a), newUnsealCmd(a), newLooksCmd(a), newMachineCmd(a), newDoctorCmd(a),
		}},
		{"Write", []*cobra.Command{
			newTableCmd(a), newPlotCmd(a), newReportCmd(a), newWhyCmd(a), newPaperCmd(a), newDiffCmd(a), newPublishedCmd(a),
		}},
		{"Data and weights", []*cobra.Command{
			newDataCmd(a), newAuditCmd(a), newFeaturesCmd(a), newWeightsCmd(a), newScoreCmd(a), newParityCmd(a),
		}},
		{"The store", []*cobra.Command{newImportCmd(a), newExportCmd(a), newBackupCmd(a), newGCCmd(a)}},
	} {
		root.AddGroup(&cobra.Group{ID: part.title, Title: part.title + ":"})
		for _, cmd := range part.commands {
			cmd.GroupID = part.title
			root.AddCommand(cmd)
		}
	}
	addUI(a, root)
	for _, cmd := range root.Commands() {
		if cmd.HasSubCommands() && !cmd.Runnable() {
			cmd.DisableFlagsInUseLine = true
			cmd.Annotations = map[string]string{group: ""}
			cmd.Args, cmd.RunE = knownCommand, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}

// group marks commands that only hold others.
const group = "group"

func isGroup(cmd *cobra.Command) bool { _, ok := cmd.Annotations[group]; return ok }

// knownCommand refuses the name of a command that there is not.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		names = append(names, sub.Name())
	}
	fault := &mmibx.InputError{Key: "command", Found: strconv.Quote(args[0]), Expected: "one that `" + cmd.CommandPath() + " --help` lists"}
	if near := mmibx.Nearest(args[0], names); near != "" {
		fault.Cure = "did you mean `" + cmd.CommandPath() + " " + near + "`?"
	}
	return fault
}

func defaultStore() string { return envOr("MMIBX_STORE", "mmibx-runs") }

func envOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// exitCode is the contract of docs/reference/commands.md.
func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, mmibx.ErrUsage):
		return 2
	case errors.Is(err, mmibx.ErrNotFound):
		return 3
	case errors.Is(err, mmibx.ErrInterrupted), errors.Is(err, context.Canceled):
		return 130
	default:
		return 1
	}
}
