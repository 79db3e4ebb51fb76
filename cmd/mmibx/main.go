// Command mmibx is the laboratory: it plans sweeps, starts workers, keeps the
// store and draws figures and tables. It links no libtorch; mmibx-worker does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
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
}

func newRoot() *cobra.Command {
	a := &app{}
	root := &cobra.Command{
		Use:           "mmibx",
		Short:         "The laboratory of the multimodal information bottleneck",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.storeDir, "store", defaultStore(), "folder of the store ($MMIBX_STORE)")
	flags.StringVar(&a.dataDir, "data", envOr("MMIBX_DATA", "data"), "folder of the real benchmarks ($MMIBX_DATA)")
	flags.BoolVar(&a.json, "json", false, "print JSON where the command prints data")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w", mmibx.ErrUsage, err)
	})
	root.AddCommand(
		newDataCmd(a),
		newRunsCmd(a),
		newScoreCmd(a),
		newSQLCmd(a),
		newWeightsCmd(a),
		newStudiesCmd(a),
		newPlanCmd(a),
		newSweepCmd(a),
		newTrainCmd(a),
		newEvalCmd(a),
		newPredictCmd(a),
		newFieldsCmd(a),
		newFeaturesCmd(a),
		newPlotCmd(a),
		newTableCmd(a),
		newDoctorCmd(a),
		newDemoCmd(a),
	)
	addUI(a, root)
	return root
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
