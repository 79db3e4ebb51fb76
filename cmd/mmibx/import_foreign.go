package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// foreignLong is what the imports of other trackers' runs have in common.
const foreignLong = `
They are runs like others, marked (imported=%s): lists, curves, exports and SQL show them, no table or test of ours
counts them. Importing again adds what is new, renews what has grown there, and leaves the rest. Metrics named test.*
stay in the journal and are not shown, as those of our own runs.`

func newImportMLflowCmd(a *app) *cobra.Command {
	var experiments []string
	cmd := &cobra.Command{
		Use:   "mlflow FILE.db",
		Short: "Bring in the runs of an MLflow store (its sqlite backend)",
		Long: "Bring in the runs of an MLflow store, whose FILE.db is what stands behind sqlite:/// in the tracking URI. Parameters get\n" +
			"the type that they look like. MLflow keeps infinities as the greatest finite numbers; they are infinities here.\n" +
			fmt.Sprintf(foreignLong, "mlflow"),
		Example: "  mmibx import mlflow mlflow.db\n  mmibx import mlflow mlflow.db --experiment lr-sweep --json\n  mmibx runs list 'imported=mlflow and lr<0.01' --sort -f1",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importForeign(cmd, "import mlflow", func(ctx context.Context, fn func(*tracker.Foreign) error) ([]string, error) {
				deleted, err := tracker.ReadMLflow(ctx, args[0], experiments, fn)
				if deleted == 0 {
					return nil, err
				}
				return []string{"what was deleted in MLflow is left out: " + counted(deleted, "run")}, err
			})
		},
	}
	cmd.Flags().StringArrayVar(&experiments, "experiment", nil, "only runs of this experiment; may be given again")
	return cmd
}

func newImportTensorBoardCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "tensorboard FOLDER",
		Short: "Bring in the scalars of TensorBoard's event files",
		Long: "Bring in the scalars and hyper-parameters of TensorBoard's event files. As in TensorBoard, each folder below FOLDER that\n" +
			"has event files is a run. Behind a damaged record nothing of a file can be read; what stands before it is kept. Records\n" +
			"that hold no event are counted and left out.\n" +
			fmt.Sprintf(foreignLong, "tensorboard"),
		Example: "  mmibx import tensorboard runs\n  mmibx runs list 'imported=tensorboard'",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.importForeign(cmd, "import tensorboard", func(ctx context.Context, fn func(*tracker.Foreign) error) ([]string, error) {
				damaged, err := tracker.ReadTensorBoard(ctx, args[0], fn)
				var told []string
				for _, d := range damaged {
					told = append(told, d.Error())
				}
				return told, err
			})
		},
	}
}

// foreignRun is what the command says of a run.
type foreignRun struct {
	Run     string                 `json:"run"`
	Name    string                 `json:"name"`
	Group   string                 `json:"group"`
	State   mmibx.State            `json:"state"`
	Params  int                    `json:"params"`
	Points  int                    `json:"points"`
	Outcome tracker.ForeignOutcome `json:"outcome"`
}

// importForeign writes the runs that read hands over, and syncs. What read tells
// besides is printed as warnings.
func (a *app) importForeign(cmd *cobra.Command, verb string, read func(context.Context, func(*tracker.Foreign) error) ([]string, error)) error {
	db, err := tracker.Open(mmibx.Store(a.storeDir))
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, env, progress := cmd.Context(), importEnvironment(), newMeter(os.Stderr, a.json)
	list := []foreignRun{}
	told, err := read(ctx, func(f *tracker.Foreign) error {
		outcome, err := tracker.AddForeign(mmibx.Store(a.storeDir), f, env)
		if err != nil {
			return err
		}
		list = append(list, foreignRun{f.ID(), f.Name, f.Group, f.State, len(f.Params), len(f.Points), outcome})
		progress.show(fmt.Sprintf("%s: %d runs, %s", verb, len(list), f.Name))
		return ctx.Err()
	})
	progress.clear()
	for _, text := range told {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning: "+text)
	}
	if err != nil {
		return err
	}
	if err := upToDate(ctx, db); err != nil {
		return err
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), list)
	}
	t, counts := newTable(cmd.OutOrStdout(), "ID", "STATE", "PARAMS", "POINTS", "", "RUN"), map[tracker.ForeignOutcome]int{}
	for _, r := range list {
		t.row(r.Run, r.State, r.Params, r.Points, r.Outcome, strings.TrimSpace(r.Group+" "+r.Name))
		counts[r.Outcome]++
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d added, %d renewed, %d unchanged\n", counted(len(list), "run"),
		counts[tracker.ForeignAdded], counts[tracker.ForeignRenewed], counts[tracker.ForeignUnchanged])
	return err
}

// importEnvironment is who brought something in, where.
func importEnvironment() journal.Environment {
	host, _ := os.Hostname() // provenance: an unknown host is the empty name
	return journal.Environment{
		Command: append([]string{"mmibx"}, os.Args[1:]...), Host: host, OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(),
	}
}
