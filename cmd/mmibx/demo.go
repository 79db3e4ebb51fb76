package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

// demoStudy is the sweep that the demo runs, demoFigures what it draws of it.
const demoStudy = "demo"

var (
	demoFigures = []string{"beta", "bottleneck", "temperature"}
	demoFormats = []plots.Format{plots.PDF, plots.SVG, plots.PNG}
)

// demo is the whole line in one command.
type demo struct {
	*app
	dir   string
	jobs  int
	seeds string
	quiet bool
}

func newDemoCmd(a *app) *cobra.Command {
	d := &demo{app: a}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The whole line on the miniature benchmarks: sweep, figures, table",
		Long: "The whole line on the miniature benchmarks, which are built in: sweep, figures, table.\n\n" +
			"In a terminal the board shows the sweep; it closes when the sweep is over, or with q, and the rest\n" +
			"goes on. Ctrl-C stops the sweep, and the same command goes on from there. What is done is not done\n" +
			"again: the second time only the figures and the table are made, to the same bytes.",
		Example: "  mmibx demo\n  mmibx demo --out /tmp/demo -j 4 --seeds 5",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("store") {
				a.storeDir = filepath.Join(d.dir, "store")
			}
			return d.run(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.dir, "out", "mmibx-demo", "folder for figures, table and, without --store, the store")
	flags.IntVarP(&d.jobs, "jobs", "j", runtime.NumCPU(), "runs at once; the processors are divided among them")
	flags.StringVar(&d.seeds, "seeds", "2", "a count or a list: 5, or 0,3,7")
	flags.BoolVarP(&d.quiet, "quiet", "q", false, "no progress outside the board")
	return cmd
}

func (d *demo) run(cmd *cobra.Command) error {
	run := runFlags{jobs: d.jobs, quiet: d.quiet}
	if err := run.check(); err != nil {
		return err
	}
	plan, err := d.planOf(demoStudy, &sweepFlags{seeds: d.seeds})
	if err != nil {
		return err
	}
	onTerminal := cmd.OutOrStdout() == os.Stdout && isTerminal(os.Stdin) && isTerminal(os.Stdout)
	if err := d.sweep(cmd.Context(), plan, run, onTerminal); err != nil {
		return err
	}
	return d.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
		files, err := d.draw(ctx, db)
		if err != nil {
			return err
		}
		return d.tabulate(ctx, cmd.OutOrStdout(), db, files)
	})
}

// sweep has the runs done that are not done yet.
func (d *demo) sweep(ctx context.Context, plan *experiments.Plan, run runFlags, onTerminal bool) error {
	store := mmibx.Store(d.storeDir)
	states, err := d.statesOf(ctx, plan.IDs())
	if err != nil {
		return err
	}
	_, live, err := experiments.Running(store, plan.Sweep)
	if err != nil {
		return err
	}
	switch {
	case !live && countStates(plan, states)[mmibx.Done] == len(plan.Cells):
		return plan.Save(store) // with fewer seeds than last time it is another
	case onTerminal:
		err = d.watch(ctx, plan, live)
	case live:
		err = d.follow(ctx, plan, false)
	default:
		_, err = d.doPlan(ctx, plan, run)
	}
	if err != nil {
		return err
	}
	if states, err = d.statesOf(ctx, plan.IDs()); err != nil {
		return err
	}
	if counts := countStates(plan, states); counts[mmibx.Done] < len(plan.Cells) {
		return fmt.Errorf("not all runs are done: %s; `mmibx sweep status %s%s` says why", countsLine(counts), plan.Sweep, d.here())
	}
	return nil
}

// errOver closes a board whose sweep is over.
var errOver = errors.New("the sweep is over")

// watch starts the sweep in a process of its own, where none is live, and shows
// its board, then lines when the board was closed early.
func (d *demo) watch(ctx context.Context, plan *experiments.Plan, live bool) error {
	u := newUI(d.app)
	defer u.close()
	if !live {
		if err := u.detached(ctx, plan.Sweep, "sweep", demoStudy, d.jobs, "--seeds", d.seeds); err != nil {
			return err
		}
	}
	board, closeBoard := context.WithCancelCause(ctx)
	defer closeBoard(nil)
	go func() {
		if err := d.over(board, plan.Sweep); err == nil {
			closeBoard(errOver)
		}
	}()
	interrupted := false
	o := u.options()
	o.Sweep = plan.Sweep
	_, err := tui.Show(board, o, tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
		if key, ok := msg.(tea.KeyPressMsg); ok && key.String() == "ctrl+c" {
			interrupted = true
		}
		return msg
	}))
	if err != nil && !errors.Is(context.Cause(board), errOver) && ctx.Err() == nil {
		return err
	}
	return d.follow(ctx, plan, interrupted)
}

// over waits until a sweep is over, and a moment longer for people to see it.
func (d *demo) over(ctx context.Context, sweep string) error {
	for live, wait := true, 300*time.Millisecond; ; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		if !live {
			return nil
		}
		var err error
		if _, live, err = experiments.Running(mmibx.Store(d.storeDir), sweep); err != nil {
			return err
		}
		if !live {
			wait = 2 * time.Second
		}
	}
}

// follow tells in lines how a sweep goes that another process runs, until it is
// over. Ctrl-C, then or before, stops it.
func (d *demo) follow(ctx context.Context, plan *experiments.Plan, interrupted bool) error {
	store, name := mmibx.Store(d.storeDir), plan.Sweep
	now, release := secondInterrupt()
	defer release()
	p := newProgress(os.Stderr, len(plan.Cells), d.quiet)
	defer p.clear()
	var last experiments.Event
	offset, err := experiments.Events(store, name, 0, func(e experiments.Event) { last = e })
	if err != nil {
		return err
	}
	p.report(last)
	asked, early := ctx.Done(), interrupted
	for {
		_, live, err := experiments.Running(store, name)
		if err != nil {
			return err
		}
		if offset, err = experiments.Events(store, name, offset, p.report); err != nil {
			return err
		}
		if !live {
			break
		}
		stop := experiments.Order{Verb: experiments.Stop}
		select {
		case <-time.After(200 * time.Millisecond):
			if !early {
				continue
			}
			early = false
		case <-asked:
			asked, interrupted = nil, true
		case <-now:
			now, stop.Now = nil, true
		}
		if err := experiments.Tell(store, name, stop); err != nil {
			return err
		}
	}
	if interrupted {
		return fmt.Errorf("%w; the same command goes on from here", mmibx.ErrInterrupted)
	}
	return nil
}

// draw makes the figures and returns the files.
func (d *demo) draw(ctx context.Context, db *tracker.DB) ([]string, error) {
	width, err := plots.ParseWidth("acl-wide")
	if err != nil {
		return nil, err
	}
	var files []string
	for _, k := range plots.Kinds {
		if !slices.Contains(demoFigures, k.Name) {
			continue
		}
		figure, err := d.figure(ctx, db, k, plotFlags{sweep: demoStudy, split: string(mmibx.Dev), width: "acl-wide"})
		if err != nil {
			return nil, err
		}
		for _, format := range demoFormats {
			var blob bytes.Buffer
			if err := figure.Render(&blob, format, width); err != nil {
				return nil, err
			}
			name := k.Name + "." + string(format)
			if err := writeFile(filepath.Join(d.dir, name), blob.Bytes()); err != nil {
				return nil, err
			}
			files = append(files, name)
		}
	}
	return files, nil
}

// tabulate makes the table, shows it, and says where everything is.
func (d *demo) tabulate(ctx context.Context, w io.Writer, db *tracker.DB, files []string) error {
	var f tableFlags
	declared := reports.NewDeclaration("table")
	declared.Sweeps = []string{demoStudy}
	for _, name := range []string{"table.tex", "table.md"} {
		f.out, f.format = filepath.Join(d.dir, name), tableExtensions[filepath.Ext(name)]
		t, err := d.table(ctx, db, declared, nil, nil)
		if err != nil {
			return err
		}
		t.Command = "mmibx table --sweep " + demoStudy // the same bytes whatever was typed
		if err := f.write(io.Discard, t); err != nil {
			return err
		}
		files = append(files, name)
		if name == "table.tex" && !d.json {
			if err := t.Text(w); err != nil {
				return err
			}
		}
	}
	files = append(files, "table.cells.json", "table.values.tex")
	if d.json {
		return printJSON(w, struct {
			Dir   string   `json:"dir"`
			Store string   `json:"store"`
			Files []string `json:"files"`
		}{d.dir, d.storeDir, files})
	}
	_, err := fmt.Fprintf(w, "\nin %s:\n  beta, bottleneck, temperature   .pdf, .svg and .png\n  table                           .tex and .md, with the runs behind each cell in table.cells.json\n"+
		"\nnext:\n  mmibx board demo%s\n  mmibx runs list --sort -dev.f1 --limit 10%[2]s\n  mmibx report demo%[2]s\n  mmibx studies\n", d.dir, d.here())
	return err
}
