package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func newRunsChangesCmd(a *app) *cobra.Command {
	var attempt int
	cmd := &cobra.Command{
		Use: "changes ID", Short: "Print what was not committed when a run began, as a patch",
		Long: `Print what was not committed when a run began, as a patch that git apply takes, in the folder where the command was typed
that had it done. The store keeps it under its hash, once for all runs that share it, up to 1 MiB; files that git does not
track are not in it. --json tells the commit that it is against and the file that holds it.`,
		Example: "  mmibx runs changes 4f1c9a\n  git checkout \"$(mmibx runs changes 4f1c9a --json | jq -r .commit)\" && mmibx runs changes 4f1c9a | git apply",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				d, err := runOf(ctx, db, args[0])
				if err != nil {
					return err
				}
				try, err := attemptOf(d, attempt)
				if err != nil {
					return err
				}
				return a.printChanges(cmd, d.ID, try)
			})
		},
	}
	cmd.Flags().IntVar(&attempt, "attempt", 0, "of this attempt instead of the latest")
	return cmd
}

// attemptOf is an attempt by its number, the latest for 0.
func attemptOf(d *tracker.RunDetail, number int) (tracker.Attempt, error) {
	latest := d.Tries[len(d.Tries)-1]
	if number == 0 {
		return latest, nil
	}
	for _, try := range d.Tries {
		if try.Number == number {
			return try, nil
		}
	}
	return latest, &mmibx.InputError{Key: "--attempt", Found: strconv.Itoa(number), Expected: fmt.Sprintf("an attempt of run %s, of which the latest is %d", d.ID, latest.Number)}
}

func (a *app) printChanges(cmd *cobra.Command, run string, try tracker.Attempt) error {
	store := mmibx.Store(a.storeDir)
	switch {
	case try.Env.Commit == "":
		return fmt.Errorf("attempt %d of run %s was not begun in a git work tree, or its commit was not kept: %w", try.Number, run, mmibx.ErrNotFound)
	case try.Env.Diff == "" && a.json:
		return printJSON(cmd.OutOrStdout(), changesJSON{Run: run, Attempt: try.Number, Commit: try.Env.Commit})
	case try.Env.Diff == "":
		fmt.Fprintf(cmd.ErrOrStderr(), "nothing was uncommitted: attempt %d of run %s is of commit %s\n", try.Number, run, try.Env.Commit)
		return nil
	case try.Changes == 0:
		return fmt.Errorf("the changes of attempt %d of run %s to commit %s, SHA-256 %s: %w among the store's objects: an older mmibx began it, or they had more than %s",
			try.Number, run, try.Env.Commit, try.Env.Diff, mmibx.ErrNotFound, byteSize(tracker.MaxChanges))
	case a.json:
		return printJSON(cmd.OutOrStdout(), changesJSON{run, try.Number, try.Env.Commit, try.Env.Diff, try.Changes, store.Object(try.Env.Diff)})
	}
	o, err := tracker.OpenObject(store, try.Env.Diff)
	if err != nil {
		return err
	}
	_, err = io.Copy(cmd.OutOrStdout(), o)
	return errors.Join(err, o.Close())
}

type changesJSON struct {
	Run     string `json:"run"`
	Attempt int    `json:"attempt"`
	Commit  string `json:"commit"` // that the changes are against
	SHA256  string `json:"sha256,omitempty"`
	Bytes   int64  `json:"bytes"` // 0 where nothing was uncommitted
	File    string `json:"file,omitempty"`
}
