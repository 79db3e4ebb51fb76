package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/tracker"
)

// Run implements tui.Reader.
func (u *ui) Run(ctx context.Context, run string) (out tui.Run, err error) {
	found := false
	err = u.with(ctx, func(db *tracker.DB) error {
		id, err := db.Resolve(ctx, run)
		if err != nil {
			return err
		}
		out, err = u.run.get(u.now(id, u.written(id)), func() (tui.Run, error) {
			d, err := db.Run(ctx, id)
			if err != nil {
				return tui.Run{}, err
			}
			looks, err := db.Looks(ctx, id)
			return u.whole(d, len(looks)), err
		})
		found = err == nil
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("run %s: %w", run, mmibx.ErrNotFound)
	}
	return out, err
}

// written says how much the run that was read last has written, which the database
// does not know.
func (u *ui) written(id string) string {
	r := &u.run.value
	if r.ID != id || len(r.Tries) == 0 {
		return ""
	}
	info, err := os.Stat(u.store.Output(id, r.Tries[0].Number))
	if err != nil {
		return ""
	}
	return fmt.Sprint(info.Size(), info.ModTime())
}

// whole is all that is known of a run, for its screen.
func (u *ui) whole(d *tracker.RunDetail, looks int) tui.Run {
	epochs, _ := d.Spec["train.epochs"].(int)
	out := tui.Run{
		RunRow: rowOf(&d.RunRow, epochs, time.Now()), Host: d.Host, Device: d.Device, Tags: d.Tags, Note: mmibx.FirstLine(d.Note),
		Provenance: historyOf(d, looks), Files: u.files(d),
	}
	out.Spec, out.Unusual = specPairs(d.Spec)
	if len(d.Sweeps) > 0 {
		out.Sweep = d.Sweeps[0]
	}
	addMeasured(&out, d.Metrics)
	for i := len(d.Tries) - 1; i >= 0; i-- {
		out.Tries = append(out.Tries, tryOf(&d.Tries[i]))
	}
	if n := len(d.Tries); n > 0 {
		out.Output = tail(u.store.Output(d.ID, d.Tries[n-1].Number), d.Tries[n-1].Output)
	}
	return out
}

// addMeasured sorts metrics into scores by type, diagnostics and the rest.
func addMeasured(out *tui.Run, metrics []tracker.Summary) {
	byName := map[string]*tracker.Summary{}
	for i := range metrics {
		m := &metrics[i]
		byName[m.Metric] = m
		out.Names = append(out.Names, m.Metric)
		switch label, byType := strings.CutPrefix(m.Metric, mmibx.DevF1+"."); {
		case byType:
			out.Types = append(out.Types, tui.TypeScore{Type: label, Last: m.Last, Best: m.Max})
		case !isDiagnostic(m.Metric):
			out.Metrics = append(out.Metrics, tui.Pair{Name: m.Metric, Value: metricText(*m)})
		}
	}
	for _, info := range mmibx.Metrics { // in the order of the page about them
		m := byName[info.Name]
		if m == nil || !isDiagnostic(info.Name) {
			continue
		}
		g := tui.Gauge{Pair: tui.Pair{Name: info.Name, Value: fmt.Sprintf("%.4g", m.Last)}, Unit: info.Unit, Value: m.Last, Bound: math.NaN(), Doc: info.Doc}
		switch upper := byName[mmibx.InfoNCECap]; {
		case upper != nil && (info.Name == mmibx.InfoNCE || info.Name == mmibx.InfoNCEImage):
			g.Bound = upper.Last
		case info.Name == mmibx.RecallAt1:
			g.Bound = 1
		}
		out.Diagnostics = append(out.Diagnostics, g)
	}
}

// isDiagnostic tells what is measured of the codes and the gradients from scores
// and losses.
func isDiagnostic(metric string) bool {
	switch metric {
	case mmibx.DevF1, mmibx.DevPrecision, mmibx.DevRecall, mmibx.DevF1Strict:
		return false
	case mmibx.BetaTextPerNat, mmibx.BetaImagePerNat, mmibx.LogTau:
		return true
	}
	return strings.HasPrefix(metric, "dev.") || strings.HasPrefix(metric, mmibx.GradNorm+"_")
}

// metricText is the last value, and where a score was better before, its best.
func metricText(m tracker.Summary) string {
	text := fmt.Sprintf("%.4g", m.Last)
	if strings.HasPrefix(m.Metric, "dev.f1") && m.Max > m.Last {
		text += fmt.Sprintf("  best %.4g", m.Max)
	}
	return text
}

// specPairs lists the spec, what differs from the preset first, and says how many
// do.
func specPairs(spec map[string]any) (pairs []tui.Pair, unusual int) {
	base, err := mmibx.Resolve(map[string]any{"benchmark": spec["benchmark"], "model.name": spec["model.name"], "encoder.name": spec["encoder.name"]})
	var usual []tui.Pair
	for _, f := range mmibx.Fields {
		v, ok := spec[f.Key]
		if !ok {
			continue
		}
		pair := tui.Pair{Name: f.Key, Value: fmt.Sprint(v)}
		if preset, _ := base.Get(f.Key); err == nil && f.Key != "seed" && preset != v {
			pairs = append(pairs, pair)
		} else {
			usual = append(usual, pair)
		}
	}
	return append(pairs, usual...), len(pairs)
}

// historyOf is where a run comes from: who asked for it, what it read, what it
// ran on.
func historyOf(d *tracker.RunDetail, looks int) []tui.Pair {
	var list []tui.Pair
	add := func(name, value string) {
		if value != "" {
			list = append(list, tui.Pair{Name: name, Value: value})
		}
	}
	add("arm", d.Arm)
	add("sweeps", strings.Join(d.Sweeps, " "))
	add("looks at test", fmt.Sprint(looks))
	if m := d.Imported; m != nil {
		add("imported", fmt.Sprintf("%s, %s (%s)", m.Split, m.File, m.Format))
		add("source", m.Source)
	}
	if d.OnTest {
		add("chosen", markOnTest+" on test")
	}
	if n := len(d.Tries); n > 0 {
		last := d.Tries[n-1]
		e := last.Env
		add("command", strings.Join(e.Command, " "))
		add("commit", e.Commit)
		if e.Diff != "" {
			add("uncommitted", changes(last))
		}
		add("host", e.Host)
		add("os", e.OS)
		add("go", e.Go)
		add("PyTorch", e.PyTorch)
		add("instructions", e.ISA)
		add("threads", countText(e.Threads))
		add("worker", e.Program)
	}
	for _, files := range []map[string]string{d.Inputs.Data, d.Inputs.Weights} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			add(name, "SHA-256 "+cut(files[name], 16))
		}
	}
	return list
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func tryOf(a *tracker.Attempt) tui.Try {
	t := tui.Try{Number: a.Number, State: a.State, Started: a.Started.Local(), Error: mmibx.FirstLine(cmp.Or(a.Error, string(a.Class)))}
	if !a.Finished.IsZero() {
		t.Took = max(0, a.Finished.Sub(a.Started))
	}
	if a.ResumeAttempt > 0 {
		t.From = resumed(*a)
	}
	e := a.Env
	t.Where = strings.Join(slices.DeleteFunc([]string{e.Host, e.Device, e.PyTorch}, func(s string) bool { return s == "" }), ", ")
	if a.BytesLost > 0 {
		t.Where += fmt.Sprintf(", %d bytes lost", a.BytesLost)
	}
	return t
}

// files are the artifacts of a run and the checkpoints of its latest attempt.
func (u *ui) files(d *tracker.RunDetail) []tui.File {
	var list []tui.File
	for _, f := range d.Artifacts {
		list = append(list, tui.File{Name: f.Name, Path: u.store.Object(f.SHA256), Step: f.Step, Size: f.Size})
	}
	if n := len(d.Tries); n > 0 {
		if a := d.Tries[n-1]; a.Checkpoint != "" {
			list = append(list, tui.File{Name: "checkpoint", Path: filepath.Join(u.store.Attempt(d.ID, a.Number), a.Checkpoint), Step: a.CheckpointStep})
		}
	}
	return list
}
