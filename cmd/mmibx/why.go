package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/tracker"
)

func newWhyCmd(a *app) *cobra.Command {
	cells := ""
	cmd := &cobra.Command{
		Use:   "why CELL|TABLE",
		Short: "Show what a number of a table rests on: runs, spec, seeds, code, data, command, looks at test",
		Long: `Show what a number of a table rests on: value, runs, spec, seeds, commit, version
of the data, command, looks at test, and whether the store still says so.

In the LaTeX of a table each number is \mmibxcell{TABLE:ROW:COLUMN}{number}: that key is
CELL. TABLE alone lists the cells of a table. They are read from TABLE.cells.json, which
mmibx table -o writes; it is looked for in this folder and below.`,
		Example: "  mmibx why main\n  mmibx why main:mmib:twitter2017\n  mmibx why main:mmib:twitter2017 --cells paper/tables/main.cells.json --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := cells
			if path == "" {
				if strings.HasSuffix(args[0], sidecarEnd) {
					name := strings.TrimSuffix(filepath.Base(args[0]), sidecarEnd)
					return &mmibx.InputError{Key: "CELL", Found: args[0], Expected: "a cell, or a table", Cure: fmt.Sprintf("`mmibx why %s --cells %s` lists the cells of that file", shell.Word(name), shell.Word(args[0]))}
				}
				var err error
				if path, err = searchRecord(tableOf(args[0]), "."); err != nil {
					return err
				}
			}
			rec, err := reports.ReadRecord(path)
			if err != nil {
				return err
			}
			if args[0] == rec.Table {
				return listCells(cmd.OutOrStdout(), rec, a.json)
			}
			if _, ok := rec.Cells[args[0]]; !ok {
				return noCell(path, args[0], rec)
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				r, err := a.reasons(ctx, db, rec, args[0])
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), r)
				}
				return r.print(cmd.OutOrStdout())
			})
		},
	}
	cmd.Flags().StringVar(&cells, "cells", "", "the `FILE` TABLE.cells.json")
	return cmd
}

// listCells prints what may be asked for.
func listCells(w io.Writer, rec *reports.Record, asJSON bool) error {
	if asJSON {
		return printJSON(w, rec.Cells)
	}
	t := newTable(w, "CELL", "PRINTS", "ROW", "COLUMN")
	for _, key := range slices.Sorted(maps.Keys(rec.Cells)) {
		c := rec.Cells[key]
		t.row(key, c.Text, c.Row, c.Column)
	}
	return t.Flush()
}

func noCell(path, key string, rec *reports.Record) error {
	cure := fmt.Sprintf("%s has %d cells", path, len(rec.Cells))
	if near := mmibx.Nearest(key, slices.Sorted(maps.Keys(rec.Cells))); near != "" {
		cure = "did you mean " + near + "?"
	}
	return fmt.Errorf("cell %q: %w in %s; %s", key, mmibx.ErrNotFound, path, cure)
}

// reasons are what a cell rests on.
type reasons struct {
	Cell    string `json:"cell"`
	Table   string `json:"table"`
	Command string `json:"command"` // that writes the table again
	Split   string `json:"split"`
	reports.CellRecord
	Baseline string            `json:"baseline,omitempty"`
	Behind   []reason          `json:"behind"` // the runs
	Spec     map[string]any    `json:"spec"`   // what all of them share
	Looks    []tracker.LookRow `json:"looks"`  // at test, of any of them
	Stale    []string          `json:"stale"`  // why the store would say something else now
}

// reason is one run.
type reason struct {
	Run     string   `json:"run"`
	Seed    int      `json:"seed"`
	Value   *float64 `json:"value"` // nil where it has none of its own
	Label   string   `json:"label"`
	Attempt int      `json:"attempt"` // as the table has it
	Commit  string   `json:"commit,omitempty"`
	PyTorch string   `json:"pytorch,omitempty"`
	Data    string   `json:"data,omitempty"`
	Trained string   `json:"trained,omitempty"` // the command
}

func (a *app) reasons(ctx context.Context, db *tracker.DB, rec *reports.Record, key string) (*reasons, error) {
	c := rec.Cells[key]
	r := &reasons{Cell: key, Table: rec.Table, Command: rec.Command, Split: string(rec.Split), CellRecord: c, Baseline: rec.Baseline, Looks: []tracker.LookRow{}, Stale: []string{}}
	now, err := a.now(ctx, db, rec)
	if err != nil {
		return nil, err
	}
	r.Stale = append(r.Stale, rec.Staleness(key, now)...)
	for i, id := range c.Runs {
		v := rec.Runs[id]
		one := reason{Run: id, Attempt: v.Attempt, Commit: v.Commit, PyTorch: v.PyTorch, Data: v.Data}
		if len(c.Values) == len(c.Runs) {
			one.Value = c.Values[i]
		}
		if _, there := now.Runs[id]; there {
			d, err := db.Run(ctx, id)
			if err != nil {
				return nil, err
			}
			one.Seed, one.Label = d.Seed, d.Label
			if n := len(d.Tries); n > 0 {
				one.Trained = strings.Join(d.Tries[n-1].Env.Command, " ")
			}
			r.Spec = shared(r.Spec, d.Spec)
		}
		r.Behind = append(r.Behind, one)
	}
	all, err := db.Looks(ctx, "")
	for _, l := range all {
		if slices.ContainsFunc(c.Runs, func(id string) bool { return slices.Contains(l.Runs, id) }) {
			r.Looks = append(r.Looks, l)
		}
	}
	return r, err
}

// shared keeps the settings that two specs have alike; nil stands for any.
func shared(a, b map[string]any) map[string]any {
	if a == nil {
		return maps.Clone(b)
	}
	maps.DeleteFunc(a, func(key string, v any) bool { return b[key] != v })
	return a
}

func (r *reasons) print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n%s: %s, %s", clean(r.Cell), clean(r.Text), clean(r.Row), clean(r.Column))
	if r.Split != "" {
		fmt.Fprintf(w, ", on %s", clean(r.Split))
	}
	fmt.Fprintf(w, "\nn = %d of %d planned, %d failed\n", r.N, r.Planned, r.Failed)
	if r.OnTest {
		fmt.Fprintln(w, onTestNote)
	}
	for _, tested := range []struct {
		with string
		*reports.Tested
	}{{"the best of its column", r.VsBest}, {r.Baseline, r.VsBaseline}} {
		if tested.Tested != nil {
			fmt.Fprintf(w, "against %s: %s (p = %.4f after correction, %s)\n", clean(tested.with), clean(string(tested.Verdict)), tested.P, counted(len(tested.Seeds), "seed"))
		}
	}
	fmt.Fprintf(w, "table %s: %s\n", clean(r.Table), clean(orDash(r.Command)))
	if len(r.Behind) == 0 {
		_, err := fmt.Fprintln(w, "\nno run is behind it: it is a bound, or was published")
		return err
	}
	fmt.Fprintln(w)
	t := newTable(w, "RUN", "SEED", "VALUE", "ATTEMPT", "COMMIT", "PYTORCH", "DATA", "LABEL")
	commands := []string{}
	for _, one := range r.Behind {
		t.row(one.Run, one.Seed, digits(one.Value, 2), one.Attempt, orDash(one.Commit), orDash(one.PyTorch), orDash(one.Data), one.Label)
		if one.Trained != "" && !slices.Contains(commands, one.Trained) {
			commands = append(commands, one.Trained)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	s := newTable(w, "SETTING", "OF ALL RUNS")
	for _, key := range slices.Sorted(maps.Keys(r.Spec)) {
		s.row(key, fmt.Sprint(r.Spec[key]))
	}
	if err := s.Flush(); err != nil {
		return err
	}
	for _, c := range commands {
		fmt.Fprintf(w, "\ntrained by: %s\n", clean(c))
	}
	fmt.Fprintf(w, "\nlooks at test: %d\n", len(r.Looks))
	for _, l := range r.Looks {
		fmt.Fprintf(w, "  %s  %s  %s\n", l.At.Local().Format(time.DateTime), clean(orDash(l.By)), clean(l.What))
	}
	if len(r.Stale) == 0 {
		_, err := fmt.Fprintln(w, "\nthe store says the same now")
		return err
	}
	for _, cause := range r.Stale {
		fmt.Fprintf(w, "\nSTALE: %s\n", clean(cause))
	}
	return nil
}
