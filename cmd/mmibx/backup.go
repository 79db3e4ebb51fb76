package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func newBackupCmd(a *app) *cobra.Command {
	var o tracker.BackupOptions
	cmd := &cobra.Command{
		Use:   "backup FOLDER",
		Short: "Copy the store while runs log",
		Long: `Copy the store while runs log and others read: the database as one state, then the journals, then the objects. What was
logged before is in it. The copy has its name once it is whole and on disk; it is a store, so --store FOLDER reads it, and
copying it back restores it. A run that was going on is lost there, and goes on from its checkpoint when its sweep does.`,
		Example: "  mmibx backup /mnt/disk/runs-2026-01-31\n  mmibx backup copy --without-weights --json\n  mmibx runs list --store copy",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			m := newMeter(os.Stderr, a.json)
			o.Progress = func(s tracker.BackupStats) { m.show(fmt.Sprintf("%d files, %s", s.Files, byteSize(s.Bytes))) }
			stats, err := tracker.Backup(cmd.Context(), mmibx.Store(a.storeDir), args[0], o)
			m.clear()
			if err != nil {
				return err
			}
			for _, object := range stats.Damaged {
				fmt.Fprintf(cmd.ErrOrStderr(), "warning: object %s is damaged in the store: its content has another hash; it was copied as it is\n", object)
			}
			if a.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"folder": args[0], "files": stats.Files, "bytes": stats.Bytes, "damaged": stats.Damaged})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d files, %s; `mmibx runs list --store %s` reads it\n", args[0], stats.Files, byteSize(stats.Bytes), args[0])
			return err
		},
	}
	cmd.Flags().BoolVar(&o.WithoutWeights, "without-weights", false, "leave out weights and checkpoints, which are most of a store")
	return cmd
}

func newGCCmd(a *app) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove artifacts that no run names",
		Long: `Remove the files among the store's objects that no run names: not the attempts that count, nor superseded ones, nor runs in
the bin. Runs may log meanwhile; what is younger than an hour is spared. Where a journal is damaged nothing is removed, for
what it names cannot be known.`,
		Example: "  mmibx gc --dry-run\n  mmibx gc --json",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			db, err := a.synced(cmd.Context())
			if err != nil {
				return err
			}
			if err := db.Close(); err != nil {
				return err
			}
			m := newMeter(os.Stderr, a.json)
			c, err := tracker.Collect(cmd.Context(), mmibx.Store(a.storeDir), dry, func(n int) { m.show(fmt.Sprintf("%d journals read", n)) })
			m.clear()
			if err != nil {
				return err
			}
			return a.printCollection(cmd, &c, dry)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only say what would be removed")
	return cmd
}

func (a *app) printCollection(cmd *cobra.Command, c *tracker.Collection, dry bool) error {
	for _, object := range c.Missing {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: object %s, which a run names, is not in the store\n", object)
	}
	if a.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{
			"dry_run": dry, "journals": c.Journals, "kept": c.Kept, "kept_bytes": c.KeptBytes, "young": c.Young,
			"removed": c.Garbage, "removed_bytes": c.Bytes, "missing": c.Missing,
		})
	}
	verb := "removed"
	if dry {
		verb = "would be removed"
		for _, g := range c.Garbage {
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s\n", g.Object, byteSize(g.Size), g.Modified.Local().Format("2006-01-02 15:04"))
		}
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%d objects (%s) %s; %d journals name %d (%s), %d are too young to tell\n",
		len(c.Garbage), byteSize(c.Bytes), verb, c.Journals, c.Kept, byteSize(c.KeptBytes), c.Young)
	return err
}
