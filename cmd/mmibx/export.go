package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

func newExportCmd(a *app) *cobra.Command {
	var q tracker.ExportQuery
	var format, out string
	cmd := &cobra.Command{
		Use:   "export runs|params|metrics|points [FILTER]",
		Short: "Write runs, parameters, metrics or points as CSV, JSON lines or Parquet",
		Long: `Write runs, parameters, metrics or points of the runs that a filter lets through, every one of them, as CSV, JSON lines
or Parquet. The columns are those of the documented views (docs/reference/store.md). A number that is not finite is NaN,
+Inf or -Inf (a string in JSON lines), a missing one an empty cell or null; the columns kind and last_kind say which.

The format follows the name of the file, else it is CSV. Without -o the rows go to standard output.`,
		Example: "  mmibx export points 'model=mmib and dev.f1>70' --metric 'dev.*' -o points.parquet\n" +
			"  mmibx export runs --sweep beta --format jsonl | jq -r .label\n" +
			"  mmibx export metrics 'tag=paper' -o metrics.csv",
		Args:      usageArgs(cobra.RangeArgs(1, 2)),
		ValidArgs: tableNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, ok := tracker.LookupTable(args[0])
			if !ok {
				fault := &mmibx.InputError{Key: "table", Found: args[0], Expected: strings.Join(tableNames(), ", ")}
				if near := mmibx.Nearest(args[0], tableNames()); near != "" {
					fault.Cure = "did you mean " + near + "?"
				}
				return fault
			}
			if len(args) == 2 {
				q.Filter = args[1]
			}
			kind, err := a.exportFormat(format, out)
			if err != nil {
				return err
			}
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				e := export{db, t, q, kind, newMeter(os.Stderr, a.json)}
				if out == "" {
					_, err := e.write(ctx, cmd.OutOrStdout())
					return err
				}
				rows, err := e.file(ctx, out)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), map[string]any{"table": t.Name, "format": kind, "file": out, "rows": rows})
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d rows of %s as %s\n", out, rows, t.Name, kind)
				return err
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&out, "out", "o", "", "file to write, replaced in one go")
	flags.StringVar(&format, "format", "", "csv, jsonl or parquet")
	flags.StringVar(&q.Sweep, "sweep", "", "only runs of this sweep")
	flags.StringSliceVar(&q.Metrics, "metric", nil, "only these metrics, of metrics and points; * and ? are wild")
	flags.StringVar(&q.Sort, "sort", "", "key to sort runs by, with - before it from high to low")
	flags.IntVar(&q.Limit, "limit", 0, "at most so many runs (0: all)")
	flags.BoolVar(&q.Binned, "bin", false, "what is in the bin")
	return cmd
}

func tableNames() []string {
	names := make([]string, len(tracker.Tables))
	for i, t := range tracker.Tables {
		names[i] = t.Name
	}
	return names
}

// exportFormat is what is asked for, else what the file's name says.
func (a *app) exportFormat(format, out string) (string, error) {
	asked := "--format"
	if format == "" {
		asked = "-o"
		format = strings.TrimPrefix(filepath.Ext(out), ".")
		switch {
		case format == "ndjson":
			format = "jsonl"
		case out == "" && a.json:
			format = "jsonl"
		case out == "":
			format = "csv"
		}
	}
	if !slices.Contains(tracker.Formats, format) {
		found := format
		if asked == "-o" {
			found = out
		}
		return "", &mmibx.InputError{Key: asked, Found: found, Expected: "csv, jsonl or parquet", Cure: "--format says which where the file's name does not"}
	}
	return format, nil
}

// export is one call of the command.
type export struct {
	db     *tracker.DB
	table  tracker.Table
	query  tracker.ExportQuery
	format string
	meter  *meter
}

func (e *export) write(ctx context.Context, out io.Writer) (rows int, err error) {
	w, err := tracker.NewRowWriter(e.format, out, e.table.Columns)
	if err != nil {
		return 0, err
	}
	defer e.meter.clear()
	err = e.db.Export(ctx, e.table, e.query, func(values []any) error {
		rows++
		return w.Row(values)
	}, func(runs, of int) { e.meter.show(fmt.Sprintf("%d of %d runs, %d rows", runs, of, rows)) })
	if err != nil {
		return rows, err
	}
	return rows, w.Close()
}

// file writes beside the file, which it replaces when all is there.
func (e *export) file(ctx context.Context, path string) (rows int, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".mmibx-*")
	if err != nil {
		return 0, fmt.Errorf("%s cannot be written: %w", path, errors.Unwrap(err))
	}
	defer os.Remove(f.Name()) // there is nothing to remove once it has its name
	rows, err = e.write(ctx, f)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return rows, err
	}
	return rows, os.Rename(f.Name(), path)
}

// meter shows on a terminal how far something is, in a line that is written over.
type meter struct {
	*progress
	next time.Time
}

func newMeter(f *os.File, quiet bool) *meter { return &meter{progress: newProgress(f, 0, quiet)} }

func (m *meter) show(text string) {
	if now := time.Now(); m.width > 0 && !m.quiet && now.After(m.next) {
		m.next = now.Add(100 * time.Millisecond)
		m.clear()
		fmt.Fprint(m.w, cut(text, m.width-1))
	}
}
