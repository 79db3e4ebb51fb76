package main

import "github.com/spf13/cobra"

func newImportCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring in what other programs made"}
	cmd.AddCommand(newImportPredictionsCmd(a), newImportCheckpointCmd(a), newImportMLflowCmd(a), newImportTensorBoardCmd(a))
	return cmd
}
