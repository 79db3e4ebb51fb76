package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/tracker"
)

// addUI makes `mmibx` alone open the terminal UI.
func addUI(a *app, root *cobra.Command) {
	var snapshot, of, size, svg, script, record string
	root.Example = "  mmibx\n  mmibx --snapshot board --of demo --size 120x40\n  mmibx --snapshot board --svg board.svg\n  mmibx --script tour.keys --record tour.cast"
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		u := newUI(a)
		defer u.close()
		w, h, err := parseSize(size)
		switch {
		case err != nil:
			return err
		case record != "" && script == "":
			return &mmibx.InputError{Key: "--record", Found: record, Expected: "with --script FILE: what is recorded is a script that is played"}
		case script != "":
			return u.play(cmd, script, record, w, h)
		case svg != "" && snapshot == "":
			return &mmibx.InputError{Key: "--svg", Found: svg, Expected: "with --snapshot SCREEN, the screen to draw"}
		case snapshot != "":
			still, err := tui.Snapshot(cmd.Context(), u.options(), snapshot, of, w, h)
			if err != nil {
				return err
			}
			if svg != "" {
				return os.WriteFile(svg, []byte(still.SVG()), 0o666)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), still.Text())
			return err
		case !isTerminal(os.Stdin) || !isTerminal(os.Stdout):
			return cmd.Help()
		}
		return u.show(cmd.Context(), cmd, "")
	}
	flags := root.Flags()
	flags.StringVar(&snapshot, "snapshot", "", "print a screen of the terminal UI as text: "+strings.Join(tui.Screens, ", "))
	flags.StringVar(&of, "of", "", "with --snapshot: the study, sweep, filter or run to show")
	flags.StringVar(&size, "size", "120x40", "with --snapshot and --script: columns x rows")
	flags.StringVar(&svg, "svg", "", "with --snapshot: draw the screen in colours into `FILE` instead")
	flags.StringVar(&script, "script", "", "play the keys in `FILE` to the terminal UI and print what it shows in the end (docs/reference/tui.md)")
	flags.StringVar(&record, "record", "", "with --script: write a recording to `FILE`, as asciinema plays it")
}

func newBoardCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "board NAME", Short: "Open the terminal UI on the board of a sweep", Example: "  mmibx board demo",
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := experiments.Sweeps(mmibx.Store(a.storeDir))
			if err != nil {
				return err
			}
			if !slices.Contains(names, args[0]) {
				return fmt.Errorf("sweep %s: %w in %s; `mmibx sweep status` lists those that are", args[0], mmibx.ErrNotFound, a.storeDir)
			}
			if !isTerminal(os.Stdin) || !isTerminal(os.Stdout) {
				return fmt.Errorf("the board needs a terminal; `mmibx sweep status %s%s` and `mmibx --snapshot board --of %[1]s%[2]s` do not", args[0], a.here())
			}
			u := newUI(a)
			defer u.close()
			return u.show(cmd.Context(), cmd, args[0])
		},
	}
}

// newContinueCmd goes on with a plan as it is in the store: flags that changed
// the sweep when it was started are in there, and its file may be gone.
func newContinueCmd(a *app) *cobra.Command {
	var run runFlags
	var detach bool
	cmd := &cobra.Command{
		Use: "continue NAME", Short: "Go on with a sweep of the store, by its frozen plan",
		Example: "  mmibx continue beta -j 2 --detach",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := run.check(); err != nil {
				return err
			}
			plan, err := experiments.ReadPlan(mmibx.Store(a.storeDir), args[0])
			if err != nil {
				return err
			}
			if detach {
				return a.detach(cmd, plan.Sweep)
			}
			return a.runPlan(cmd, plan, run)
		},
	}
	run.add(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "run on without this terminal")
	return cmd
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}

// parseSize reads "120x40".
func parseSize(text string) (w, h int, err error) {
	if n, _ := fmt.Sscanf(text, "%dx%d", &w, &h); n != 2 || w < 20 || h < 5 || w > 1000 || h > 1000 {
		return 0, 0, &mmibx.InputError{Key: "--size", Found: text, Expected: "columns x rows from 20x5 to 1000x1000, as in 120x40"}
	}
	return w, h, nil
}

func (u *ui) options() tui.Options {
	reports := u.app.storeDir
	if _, err := os.Stat(reports); err != nil {
		reports = os.TempDir()
	}
	return tui.Options{Reader: u, Control: u, Judge: u, Author: u, Press: u, Archive: u, Curator: u, Shelf: u, Monitor: u, Habits: u, Shell: u, Live: u.live, Store: u.app.storeDir, Here: u.app.here(), Reports: reports}
}

func (u *ui) show(ctx context.Context, cmd *cobra.Command, sweep string) error {
	o := u.options()
	o.Sweep = sweep
	farewell, err := tui.Show(ctx, o)
	if farewell != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), farewell)
	}
	return err
}

// play plays a script to the UI and prints what the terminal shows in the end.
func (u *ui) play(cmd *cobra.Command, file, record string, w, h int) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	s, err := tui.ParseScript(file, string(text))
	if err != nil {
		return err
	}
	var cast bytes.Buffer
	var to io.Writer // nil: no recording
	if record != "" {
		if err := writable(record); err != nil {
			return err
		}
		to = &cast
	}
	last, err := tui.Play(cmd.Context(), u.options(), s, w, h, to)
	if err != nil {
		return err
	}
	if record != "" {
		if err := writeFile(record, cast.Bytes()); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), last)
	return err
}

// live names the live sweeps of the store. No plan is read: it may be large, and the
// first view waits.
func (u *ui) live(context.Context) ([]string, error) {
	names, err := experiments.Sweeps(u.store)
	if err != nil {
		return nil, err
	}
	var live []string
	for _, name := range names {
		_, alive, err := experiments.Running(u.store, name)
		if err != nil {
			return nil, err
		}
		if alive {
			live = append(live, name)
		}
	}
	return live, nil
}

// Start implements tui.Control.
func (u *ui) Start(ctx context.Context, study string, workers int) (string, error) {
	u.mu.Lock()
	plan, err := u.plan(study)
	u.mu.Unlock()
	if err != nil {
		return "", err
	}
	return plan.Sweep, u.detached(ctx, plan.Sweep, "sweep", study, workers)
}

// detached runs a command of this program, with further flags if any, in a
// process of its own, on the same store and data.
func (u *ui) detached(ctx context.Context, sweep, verb, arg string, workers int, flags ...string) error {
	if _, err := findWorker(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	store, err := filepath.Abs(u.app.storeDir)
	if err != nil {
		return err
	}
	data, err := filepath.Abs(u.app.dataDir)
	if err != nil {
		return err
	}
	_, err = experiments.Start(ctx, mmibx.Store(store), sweep,
		append([]string{self, verb, arg, "-j", strconv.Itoa(workers), "--store", store, "--data", data}, flags...))
	return err
}

// Stop implements tui.Control.
func (u *ui) Stop(_ context.Context, sweep string) error { return u.order(sweep, experiments.Stop) }

// Pause implements tui.Control.
func (u *ui) Pause(_ context.Context, sweep string) error { return u.order(sweep, experiments.Pause) }

// Resume implements tui.Control.
func (u *ui) Resume(_ context.Context, sweep string) error { return u.order(sweep, experiments.Resume) }

// Continue implements tui.Control. A runner that was told to stop may still be
// waiting for its workers' checkpoints.
func (u *ui) Continue(ctx context.Context, sweep string) error {
	for {
		_, live, err := experiments.Running(u.store, sweep)
		if err != nil {
			return err
		}
		if !live {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("sweep %s is still run; it goes on when that has ended: %w", sweep, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
	s, err := experiments.Follow(u.store, sweep)
	if err != nil {
		return err
	}
	return u.detached(ctx, sweep, "continue", sweep, max(1, s.Jobs))
}

// Forgo implements tui.Control. A live runner takes the runs that still wait out of
// its queue.
func (u *ui) Forgo(ctx context.Context, sweep string, runs []string) error {
	states, err := u.app.statesOf(ctx, runs)
	if err != nil {
		return passing(err)
	}
	if err := u.decided(tracker.Forgo(u.store, runs...)); err != nil || sweep == "" {
		return err
	}
	waiting := slices.DeleteFunc(slices.Clone(runs), func(run string) bool { return states[run] != mmibx.Queued })
	if _, live, err := experiments.Running(u.store, sweep); err != nil || !live || len(waiting) == 0 {
		return err
	}
	return experiments.Tell(u.store, sweep, experiments.Order{Verb: experiments.Stop, Runs: waiting})
}

// Prioritize implements tui.Control.
func (u *ui) Prioritize(_ context.Context, sweep string, priority int, runs []string) error {
	_, err := u.app.prioritize(sweep, priority, runs)
	return u.decided(err)
}

// order tells the runner of a sweep.
func (u *ui) order(sweep string, verb experiments.Verb) error {
	if err := u.app.live(sweep); err != nil {
		return err
	}
	return experiments.Tell(u.store, sweep, experiments.Order{Verb: verb})
}

// Retry implements tui.Control.
func (u *ui) Retry(ctx context.Context, sweep string, runs []string) error {
	_, err := u.app.retrySweep(ctx, sweep, runs)
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.sweeps[sweep]; s != nil {
		s.rows = nil // read all of them again
	}
	return err
}
