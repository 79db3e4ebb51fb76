package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/plots"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

func newPaperCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "paper", Short: "Hold a paper against the store"}
	cmd.AddCommand(newPaperCheckCmd(a))
	return cmd
}

func newPaperCheckCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check MAIN.tex",
		Short: "Hold every number and figure of a LaTeX paper against the store; 1 where one is stale, missing or changed",
		Long: `Hold every number and figure of a LaTeX paper against the store.

Numbers are the arguments of \mmibxcell and \mmibxvalue, in the file and in all that
it inputs; figures are files of \includegraphics that mmibx plot wrote. What a table
rests on stands in NAME.cells.json, which mmibx table -o writes beside it.

missing  the table has no such cell, or the figure's file is not there
changed  the paper prints something else than the table, or the figure's file was edited
stale    the store has moved on: a run is gone, in the bin, was done again or says
         something else; one has come since; the declaration was changed

Nothing of test is scored: the check is no look. The exit code is 1 where something
is wrong, for CI.`,
		Example: "  mmibx paper check main.tex\n  mmibx paper check main.tex --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				c, err := a.checkPaper(ctx, db, args[0])
				if err != nil {
					return err
				}
				if a.json {
					err = printJSON(cmd.OutOrStdout(), c)
				} else {
					err = c.print(cmd.OutOrStdout())
				}
				if err == nil && len(c.Faults) > 0 {
					err = fmt.Errorf("%s: %s", args[0], counted(len(c.Faults), "fault"))
				}
				return err
			})
		},
	}
}

// paperChecked is what a check found.
type paperChecked struct {
	Files   []string        `json:"files"`
	Cells   int             `json:"cells"`
	Values  int             `json:"values"`
	Figures int             `json:"figures"` // of mmibx
	Others  int             `json:"others"`  // figures of other programs
	Faults  []reports.Fault `json:"faults"`
}

func (c *paperChecked) print(w io.Writer) error {
	for _, f := range c.Faults {
		place := ""
		if f.File != "" {
			place = fmt.Sprintf("%s:%d: ", f.File, f.Line)
		}
		fmt.Fprintf(w, "%s%s: %s: %s\n", clean(place), clean(f.Key), f.Kind, clean(f.Cause))
	}
	_, err := fmt.Fprintf(w, "%s, %s in the text, %s in %s, and %s of other programs: %s\n", counted(c.Cells, "cell"), counted(c.Values, "value"),
		counted(c.Figures, "figure"), counted(len(c.Files), "file"), counted(c.Others, "figure"), counted(len(c.Faults), "fault"))
	return err
}

// paperCheck is a check under way.
type paperCheck struct {
	app     *app
	db      *tracker.DB
	paper   *reports.Paper
	dirs    []string // of its files
	tables  map[string]*reports.Record
	nows    map[string]*reports.Now
	absent  map[string]error // tables that no sidecar was found of
	checked *paperChecked
}

func (a *app) checkPaper(ctx context.Context, db *tracker.DB, main string) (*paperChecked, error) {
	paper, err := reports.ReadPaper(main)
	if err != nil {
		return nil, err
	}
	c := &paperCheck{
		app: a, db: db, paper: paper, tables: map[string]*reports.Record{}, nows: map[string]*reports.Now{}, absent: map[string]error{},
		checked: &paperChecked{Files: paper.Files, Faults: []reports.Fault{}},
	}
	for _, file := range paper.Files {
		if dir := filepath.Dir(file); !slices.Contains(c.dirs, dir) {
			c.dirs = append(c.dirs, dir)
		}
	}
	for _, use := range paper.Uses {
		var faults []reports.Fault
		switch use.Kind {
		case reports.UseFigure:
			faults, err = c.figure(ctx, use)
		default:
			faults, err = c.number(ctx, use)
		}
		if err != nil {
			return nil, err
		}
		c.checked.Faults = append(c.checked.Faults, faults...)
	}
	return c.checked, nil
}

// number checks a cell or a value.
func (c *paperCheck) number(ctx context.Context, use reports.Use) ([]reports.Fault, error) {
	switch use.Kind {
	case reports.UseCell:
		c.checked.Cells++
	case reports.UseValue:
		c.checked.Values++
	}
	table := tableOf(use.Key)
	if c.tables[table] == nil && c.absent[table] == nil {
		rec, err := findRecord(table, slices.Concat([]string{filepath.Dir(use.File)}, c.dirs))
		if errors.Is(err, mmibx.ErrNotFound) {
			c.absent[table] = err
		} else if err != nil {
			return nil, err
		} else {
			now, err := c.app.now(ctx, c.db, rec)
			if err != nil {
				return nil, err
			}
			c.tables[table], c.nows[table] = rec, now
			c.checked.Faults = append(c.checked.Faults, rec.CheckTable(now)...)
		}
	}
	if err := c.absent[table]; err != nil {
		return []reports.Fault{{File: use.File, Line: use.Line, Kind: reports.Missing, Key: use.Key, Cause: err.Error()}}, nil
	}
	return c.tables[table].CheckUse(use, c.nows[table]), nil
}

// figure checks a file: that it is there, as it was written, and as it would be drawn
// now.
func (c *paperCheck) figure(ctx context.Context, use reports.Use) ([]reports.Fault, error) {
	fault := func(kind reports.FaultKind, format string, args ...any) reports.Fault {
		return reports.Fault{File: use.File, Line: use.Line, Kind: kind, Key: use.Key, Cause: fmt.Sprintf(format, args...)}
	}
	blob, err := c.readFigure(use.Key)
	if errors.Is(err, fs.ErrNotExist) {
		return []reports.Fault{fault(reports.Missing, "there is no such file")}, nil
	}
	if err != nil {
		return nil, err
	}
	meta, ok := plots.ReadMeta(blob)
	if !ok {
		c.checked.Others++
		return nil, nil
	}
	c.checked.Figures++
	var faults []reports.Fault
	if meta.Revision > 0 && !meta.Sealed(blob) { // older files have no seal
		faults = append(faults, fault(reports.Changed, "the file is not as mmibx wrote it"))
	}
	now, why, err := c.drawnNow(ctx, meta.Command)
	if err != nil {
		return nil, err
	}
	if why != "" {
		faults = append(faults, fault(reports.Stale, "it cannot be drawn any more: %s", why))
	}
	stored := map[string]reports.Stored{}
	if err := c.app.stored(ctx, c.db, &reports.Record{}, meta.Runs, stored); err != nil {
		return nil, err
	}
	for _, cause := range meta.Stale(now, func(id string) string { return became(stored, id) }) {
		faults = append(faults, fault(reports.Stale, "%s", cause))
	}
	return faults, nil
}

// drawnNow is what a command would draw, or why it would draw nothing.
func (c *paperCheck) drawnNow(ctx context.Context, command string) (now *plots.Meta, why string, err error) {
	k, f, err := readPlot(command)
	if err == nil {
		now, err = c.app.wouldDraw(ctx, c.db, k, f)
	}
	switch {
	case err == nil:
		return now, "", nil
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	}
	return &plots.Meta{}, err.Error(), nil
}

// became says what a run is that a figure would not show any more.
func became(stored map[string]reports.Stored, id string) string {
	switch is, there := stored[id]; {
	case !there:
		return "is not in the store"
	case is.Binned:
		return "is in the bin"
	case is.State != mmibx.Done:
		return "is " + string(is.State)
	}
	return "would not be drawn any more"
}

// figureEnds are what LaTeX tries where the paper leaves the end of a name out.
var figureEnds = []string{"", ".pdf", ".png", ".jpg", ".jpeg", ".svg"}

func (c *paperCheck) readFigure(name string) ([]byte, error) {
	for _, dir := range slices.Concat([]string{filepath.Dir(c.paper.Files[0])}, c.paper.Graphics) {
		for _, end := range figureEnds {
			path := filepath.Join(dir, name+end)
			if filepath.IsAbs(name) {
				path = name + end
			}
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return os.ReadFile(path)
			}
		}
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}
