package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

func newRunsShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show all that is known of a run: spec, attempts, metrics, files, provenance",
		Example: "  mmibx runs show 4f1c9a\n  mmibx runs show 4f1c9a --json",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				d, err := runOf(ctx, db, args[0])
				if err != nil {
					return err
				}
				looks, err := db.Looks(ctx, d.ID)
				if err != nil {
					return err
				}
				if a.json {
					return printJSON(cmd.OutOrStdout(), jsonDetail(d, len(looks)))
				}
				return printDetail(cmd.OutOrStdout(), d, looks)
			})
		},
	}
}

func jsonDetail(d *tracker.RunDetail, looks int) any {
	metrics := map[string]any{}
	for _, m := range d.Metrics {
		metrics[m.Metric] = map[string]any{
			"n": m.N, "last": jsonNumber(m.Last), "last_step": m.LastStep,
			"min": jsonNumber(m.Min), "min_step": m.MinStep, "max": jsonNumber(m.Max), "max_step": m.MaxStep,
		}
	}
	return struct {
		runJSON
		Looks     int                `json:"looks"`            // at its test scores
		Origin    *journal.Imported  `json:"origin,omitempty"` // of what was imported
		Spec      map[string]any     `json:"spec"`
		Inputs    mmibx.Inputs       `json:"inputs"`
		Tries     []tracker.Attempt  `json:"tries"`
		Metrics   map[string]any     `json:"metrics"`
		Artifacts []tracker.Artifact `json:"artifacts,omitempty"`
	}{jsonRun(&d.RunRow), looks, d.Imported, d.Spec, d.Inputs, d.Tries, metrics, d.Artifacts}
}

func printDetail(w io.Writer, d *tracker.RunDetail, looks []tracker.LookRow) error {
	t := newTable(w, "run", d.ID)
	t.row("state", d.State, d.Error)
	t.row("arm", d.Arm, d.Label)
	if m := d.Imported; m != nil {
		if m.Foreign() {
			t.row("imported", m.Group, fmt.Sprintf("%s (%s, %s)", m.Name, m.Format, m.File))
		} else {
			t.row("imported", string(m.Split), fmt.Sprintf("%s (%s)", m.File, m.Format))
		}
		t.row("source", m.Source)
	}
	if d.OnTest {
		t.row("chosen", markOnTest+" on test", strings.TrimPrefix(onTestNote, markOnTest+" "))
	}
	if n := len(looks); n > 0 {
		t.row("looks", n, fmt.Sprintf("at its test scores, the last on %s by `%s`", looks[n-1].At.Local().Format(time.DateTime), looks[n-1].What))
	} else {
		t.row("looks", 0, "at its test scores")
	}
	if len(d.Sweeps) > 0 {
		t.row("sweeps", strings.Join(d.Sweeps, " "))
	}
	if len(d.Tags) > 0 {
		t.row("tags", strings.Join(d.Tags, " "))
	}
	if d.Note != "" {
		t.row("note", d.Note)
	}
	t.row()
	for _, key := range slices.Sorted(maps.Keys(d.Spec)) {
		t.row(key, d.Spec[key])
	}
	t.row()
	t.row("METRIC", "LAST", "MIN", "AT STEP", "MAX", "AT STEP", "N")
	for _, m := range d.Metrics {
		t.row(m.Metric, short(m.Last), short(m.Min), m.MinStep, short(m.Max), m.MaxStep, m.N)
	}
	t.row()
	t.row("ATTEMPT", "STATE", "STARTED", "TOOK", "FROM", "ENVIRONMENT")
	for _, try := range d.Tries {
		t.row(try.Number, try.State, try.Started.Local().Format(time.DateTime), took(try), resumed(try), environment(try))
	}
	for _, f := range d.Artifacts {
		t.row("file", f.Name, fmt.Sprintf("step %d", f.Step), fmt.Sprintf("%d bytes", f.Size), f.SHA256)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	last := d.Tries[len(d.Tries)-1]
	if last.BytesLost > 0 {
		fmt.Fprintf(w, "\n%d bytes of the journal hold no record\n", last.BytesLost)
	}
	if d.State != mmibx.Done && len(last.Output) > 0 {
		fmt.Fprintf(w, "\nlast output of attempt %d:\n  %s\n", last.Number, strings.Join(last.Output, "\n  "))
	}
	return nil
}

func took(a tracker.Attempt) string {
	if a.Finished.IsZero() {
		return "-"
	}
	return max(0, a.Finished.Sub(a.Started)).Round(time.Millisecond).String()
}

func resumed(a tracker.Attempt) string {
	if a.ResumeAttempt == 0 {
		return "-"
	}
	return fmt.Sprintf("%d at step %d", a.ResumeAttempt, a.ResumeStep)
}

func environment(a tracker.Attempt) string {
	e := a.Env
	var parts []string
	for _, p := range []string{e.Host, cmp.Or(e.GPU, e.Device), e.PyTorch, e.Commit} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if e.Diff != "" {
		parts = append(parts, "with uncommitted changes "+changes(a))
	}
	if len(e.Command) > 0 {
		parts = append(parts, "`"+strings.Join(e.Command, " ")+"`")
	}
	return strings.Join(parts, ", ")
}

// changes says what is kept of an attempt's uncommitted changes.
func changes(a tracker.Attempt) string {
	if a.Changes == 0 {
		return fmt.Sprintf("%.12s (only the digest is kept)", a.Env.Diff)
	}
	return fmt.Sprintf("%.12s (%s, `mmibx runs changes`)", a.Env.Diff, byteSize(a.Changes))
}

func short(v float64) string { return fmt.Sprintf("%.5g", v) }

func newRunsCurveCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "curve ID METRIC", Short: "Plot a metric of a run as text; --json prints every point",
		Example: "  mmibx runs curve 4f1c9a train.loss\n  mmibx runs curve 4f1c9a dev.f1 --json",
		Args:    usageArgs(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.reading(cmd, func(ctx context.Context, db *tracker.DB) error {
				id, err := db.Resolve(ctx, args[0])
				if err != nil {
					return err
				}
				points, err := db.Points(ctx, id, args[1], tracker.Start, 0)
				if err != nil {
					return err
				}
				if len(points) == 0 {
					return noSuchMetric(ctx, db, id, args[1])
				}
				if a.json {
					return printPoints(cmd.OutOrStdout(), points)
				}
				return plotText(cmd.OutOrStdout(), points)
			})
		},
	}
}

func noSuchMetric(ctx context.Context, db *tracker.DB, id, metric string) error {
	metrics, err := db.Metrics(ctx, id)
	if err != nil {
		return err
	}
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.Metric
	}
	return fmt.Errorf("run %s has no %s, it has %s: %w", id, metric, orDash(strings.Join(names, ", ")), mmibx.ErrNotFound)
}

func printPoints(w io.Writer, points []mmibx.Point) error {
	type point struct {
		Step  int64     `json:"step"`
		Value any       `json:"value"`
		At    time.Time `json:"at"`
	}
	list := make([]point, len(points))
	for i, p := range points {
		list[i] = point{p.Step, jsonNumber(p.Value), p.At}
	}
	return printJSON(w, list)
}

// plotText draws points in dots of Braille, two by four to a cell; every point
// has its dot, so no peak is lost. Values that are not finite are counted below.
func plotText(w io.Writer, points []mmibx.Point) error {
	const width, height = 72, 16
	low, high, odd := math.Inf(1), math.Inf(-1), 0
	for _, p := range points {
		if !mmibx.Finite(p.Value) {
			odd++
			continue
		}
		low, high = min(low, p.Value), max(high, p.Value)
	}
	first, last := points[0].Step, points[len(points)-1].Step
	var cells [height][width]rune
	for _, p := range points {
		if !mmibx.Finite(p.Value) {
			continue
		}
		x := scale(float64(p.Step-first), float64(last-first), 2*width-1)
		y := scale(high-p.Value, high-low, 4*height-1)
		cells[y/4][x/2] |= brailleDot[y%4][x%2]
	}
	for i, row := range cells {
		label := ""
		switch i {
		case 0:
			label = short(high)
		case height - 1:
			label = short(low)
		}
		line := make([]rune, width)
		for j, dots := range row {
			line[j] = 0x2800 + dots
		}
		if _, err := fmt.Fprintf(w, "%10s ┤%s\n", label, string(line)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%10s  step %d to %d, %d points", "", first, last, len(points))
	if odd > 0 {
		fmt.Fprintf(w, ", %d of them not finite", odd)
	}
	fmt.Fprintln(w)
	return err
}

// brailleDot has the bit of each dot of a cell, by row and column.
var brailleDot = [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func scale(v, whole float64, steps int) int {
	if !(whole > 0) {
		return 0
	}
	return int(math.Round(v / whole * float64(steps)))
}
