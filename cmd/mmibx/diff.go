package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx/reports"
)

func newDiffCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show which cells of two versions of a table differ, why, and whether a claim flipped; 1 where they do",
		Long: `Show which cells of two versions of a table differ, why, and whether a claim
flipped: what a cell says against the baseline, and whether it is among the best.

OLD and NEW are NAME.cells.json, or files beside which that lies. Causes are new
seeds, runs that are gone or were done again, code, data, PyTorch, the declaration.
The exit code is 1 where a cell differs.`,
		Example: "  git show HEAD~1:main.cells.json > /tmp/old.cells.json\n  mmibx diff /tmp/old.cells.json main.cells.json",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var records [2]*reports.Record
			for i, path := range args {
				if !strings.HasSuffix(path, ".json") {
					path = strings.TrimSuffix(path, filepath.Ext(path)) + sidecarEnd
				}
				var err error
				if records[i], err = reports.ReadRecord(path); err != nil {
					return err
				}
			}
			changes := reports.Changes(records[0], records[1])
			var err error
			if a.json {
				err = printJSON(cmd.OutOrStdout(), append([]reports.Change{}, changes...))
			} else {
				err = printChanges(cmd.OutOrStdout(), changes)
			}
			if err == nil && len(changes) > 0 {
				err = fmt.Errorf("%d of %d cells differ", len(changes), len(records[1].Cells))
			}
			return err
		},
	}
}

func printChanges(w io.Writer, changes []reports.Change) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintln(w, "the same")
		return err
	}
	t := newTable(w, "CELL", "OLD", "NEW", "WHY")
	flipped := 0
	for _, c := range changes {
		for i, cause := range c.Causes {
			if i == 0 {
				t.row(c.Key, orDash(c.Old), orDash(c.New), cause)
			} else {
				t.row("", "", "", cause)
			}
		}
		for _, f := range c.Flips {
			flipped++
			t.row("", "", "", "CLAIM "+f)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s flipped\n", counted(flipped, "claim"))
	return err
}
