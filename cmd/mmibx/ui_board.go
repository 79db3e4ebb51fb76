package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui"
	"github.com/mmibx/mmibx/experiments"
	"github.com/mmibx/mmibx/reports"
	statistics "github.com/mmibx/mmibx/reports/stats"
	"github.com/mmibx/mmibx/tracker"
)

const (
	uiRows   = 2000 // rows of a board
	uiEvents = 200
	// After these a board is read as a whole, whatever its runner tells.
	uiWholeLive, uiWholeIdle = 10 * time.Second, time.Minute
)

// uiSweep is one sweep as the UI has read it. While runs run, only those are
// read again; all are when something happened, and now and then.
type uiSweep struct {
	store  mmibx.Store
	name   string
	plan   *experiments.Plan
	frozen time.Time // of the plan's file
	status *experiments.Status
	axes   axes
	shared []string // parts of all labels, which tell no arm from another

	rows    map[string]*tracker.RunRow // nil: to be read as a whole
	cells   []*experiments.Cell        // of the plan, without those whose runs are in the bin
	first   map[string]int             // priorities that are not usual
	read    time.Time                  // as a whole
	whole   tui.Board                  // what was made of the rows then
	changed time.Time                  // when counts last differed from those before
	losses  map[string]*losses         // of runs under way
	counts  kept[tui.Counts]           // of the plan without what is in the bin
	wholeOf int64                      // version of the database that the whole is of
	stood   int64                      // and the rows
	mark    uiMark
}

// uiMark differs where a board does.
type uiMark struct {
	version      int64
	rows         time.Time // uiSweep.changed
	heard        time.Time
	live, paused bool
	steps        int64 // of the runs under way
}

// update reads what the runner told since, and the plan when it is another.
func (s *uiSweep) update() error {
	info, err := os.Stat(filepath.Join(s.store.Sweep(s.name), "plan.json"))
	if err == nil && (s.plan == nil || !info.ModTime().Equal(s.frozen)) {
		if s.plan, err = experiments.ReadPlan(s.store, s.name); err == nil {
			s.frozen, s.axes, s.rows = info.ModTime(), axesOf(s.plan), nil
			s.shared = sharedParts(s.plan)
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("sweep %s: %w", s.name, mmibx.ErrNotFound)
	}
	if err != nil {
		return err
	}
	if s.status == nil {
		s.status, err = experiments.Follow(s.store, s.name)
		return err
	}
	return s.status.Update()
}

// heard is the sweep's last sign of life.
func (s *uiSweep) heard() time.Time {
	if n := len(s.status.Last); n > 0 {
		return s.status.Last[n-1].At
	}
	return s.frozen
}

// board is the sweep as it stands now, in a database of some version.
func (s *uiSweep) board(ctx context.Context, db *tracker.DB, version int64) (tui.Board, error) {
	now := time.Now()
	if err := s.look(ctx, db, version, now); err != nil {
		return tui.Board{}, err
	}
	lanes, err := s.lanes(ctx, db, now)
	if err != nil {
		return tui.Board{}, err
	}
	b, st := s.whole, s.status
	b.Live, b.Paused, b.Started, b.Ended, b.Spent, b.Remaining, b.Lanes = st.Live, st.Paused, st.Began, st.Ended, st.Spent, st.Left, lanes
	if st.Live {
		b.Workers, b.Utilisation, b.Ended = st.Slots, st.Utilisation, time.Time{}
	}
	b.Version = s.version()
	return b, nil
}

// look brings the rows up to date: those of the runs under way, or all; none where
// nothing was committed since.
func (s *uiSweep) look(ctx context.Context, db *tracker.DB, version int64, now time.Time) error {
	q := tracker.Query{Columns: []string{mmibx.StepsPerSecond}}
	patience := uiWholeIdle
	if s.status.Live {
		patience = uiWholeLive
	}
	same := version == s.stood
	whole := s.rows == nil || version != s.wholeOf && now.Sub(s.read) > patience || !s.heard().Equal(s.mark.heard)
	s.stood = version
	if whole {
		s.wholeOf = version
		q.Sweep = s.name
	} else if q.IDs = s.underWay(); len(q.IDs) == 0 || same {
		return nil
	}
	rows, err := db.Runs(ctx, q)
	if err != nil {
		return err
	}
	if whole {
		s.rows = make(map[string]*tracker.RunRow, len(rows))
	}
	for i := range rows {
		s.rows[rows[i].ID] = &rows[i]
	}
	if !whole {
		return nil
	}
	if err := s.leaveOut(ctx, db); err != nil {
		return err
	}
	if s.first, err = db.Priorities(ctx, s.plan.IDs()); err != nil {
		return err
	}
	events, err := db.Events(ctx, tracker.EventQuery{Sweep: s.name, Limit: uiEvents})
	if err != nil {
		return err
	}
	s.read = now
	b := tui.Board{
		Counts: s.count(), Total: len(s.cells), RunsPerMinute: s.pace(now), Benchmarks: s.benchmarks(), Axes: s.axes.list,
		Arms: s.arms(), Runs: s.list(now), Events: s.told(events),
	}
	if !maps.Equal(b.Counts, s.whole.Counts) {
		s.changed = now
	}
	s.whole = b
	return nil
}

// leaveOut takes what is in the bin out of the board, as tables do.
func (s *uiSweep) leaveOut(ctx context.Context, db *tracker.DB) error {
	out, err := db.Binned(ctx, s.plan.IDs())
	if err != nil {
		return err
	}
	s.cells = nil
	for i := range s.plan.Cells {
		if c := &s.plan.Cells[i]; !out[c.Run] {
			s.cells = append(s.cells, c)
		}
	}
	return nil
}

// underWay lists the runs that workers are at.
func (s *uiSweep) underWay() []string {
	ids := make([]string, len(s.status.Lanes))
	for i, e := range s.status.Lanes {
		ids[i] = e.Run
	}
	return ids
}

func (s *uiSweep) version() int64 {
	m := uiMark{version: s.mark.version, rows: s.changed}
	m.heard, m.live, m.paused, m.steps = s.heard(), s.status.Live, s.status.Paused, 0
	for _, id := range s.underWay() {
		if r := s.rows[id]; r != nil {
			m.steps += r.Steps
		}
	}
	if m != s.mark {
		m.version++
		s.mark = m
	}
	return m.version
}

func (s *uiSweep) state(run string) mmibx.State {
	if r := s.rows[run]; r != nil {
		return r.State
	}
	return mmibx.Queued
}

func (s *uiSweep) count() tui.Counts {
	counts := tui.Counts{}
	for _, c := range s.cells {
		counts[s.state(c.Run)]++
	}
	return counts
}

func (s *uiSweep) benchmarks() []string {
	var names []string
	for i := range s.plan.Cells {
		if b := s.plan.Cells[i].Spec.Benchmark; !slices.Contains(names, b) {
			names = append(names, b)
		}
	}
	return names
}

// pace is how many runs were done per minute since the runner began.
func (s *uiSweep) pace(now time.Time) float64 {
	if !s.status.Live || s.status.Began.IsZero() {
		return 0
	}
	n := 0
	for _, r := range s.rows {
		if r.State == mmibx.Done && r.Finished.After(s.status.Began) {
			n++
		}
	}
	return float64(n) / max(1.0/60, now.Sub(s.status.Began).Minutes())
}

// arms gathers the runs of the plan by arm.
func (s *uiSweep) arms() []tui.Arm {
	at := map[string]int{}
	var arms []tui.Arm
	var scores [][]float64
	for _, c := range s.cells {
		n, ok := at[c.Arm]
		if !ok {
			n = len(arms)
			at[c.Arm] = n
			arms = append(arms, tui.Arm{
				ID: c.Arm, Benchmark: c.Spec.Benchmark, Label: s.short(c.Label), Title: reports.ArmTitle(c.Spec), At: s.axes.place(&c.Spec),
			})
			scores = append(scores, nil)
		}
		scores[n] = s.gather(&arms[n], c.Run, scores[n])
	}
	for n := range arms {
		sum := statistics.Summarize95(scores[n]...)
		arms[n].N, arms[n].Mean, arms[n].SD = sum.N, sum.Mean, sum.SD
	}
	return arms
}

// gather adds a run to its arm. The run to look at is one that runs, else the
// best.
func (s *uiSweep) gather(arm *tui.Arm, run string, scores []float64) []float64 {
	arm.Planned++
	r := s.rows[run]
	switch s.state(run) {
	case mmibx.Running:
		arm.Running++
		arm.Run = run
	case mmibx.Failed:
		arm.Failed++
	case mmibx.Diverged:
		arm.Diverged++
	case mmibx.Done:
		arm.Runs = append(arm.Runs, run)
		if r.DevF1 != nil && mmibx.Finite(*r.DevF1) {
			if arm.Running == 0 && (len(scores) == 0 || *r.DevF1 > slices.Max(scores)) {
				arm.Run = run
			}
			scores = append(scores, *r.DevF1)
		}
	}
	if arm.Run == "" && r != nil {
		arm.Run = run
	}
	return scores
}

// urgency orders states in a list: what goes on, what needs a hand, what is over,
// what waits.
var urgency = map[mmibx.State]int{
	mmibx.Running: 0, mmibx.Failed: 1, mmibx.Diverged: 2, mmibx.Lost: 3, mmibx.Stopped: 4, mmibx.Done: 5, mmibx.Pruned: 6, mmibx.Queued: 7,
}

func (s *uiSweep) list(now time.Time) []tui.RunRow {
	rows := make([]tui.RunRow, 0, len(s.cells))
	finished := map[string]time.Time{}
	for _, c := range s.cells {
		if r := s.rows[c.Run]; r != nil {
			row := rowOf(r, c.Spec.Train.Epochs, now)
			row.Label = s.short(r.Label)
			rows = append(rows, row)
			finished[c.Run] = r.Finished
			continue
		}
		rows = append(rows, tui.RunRow{
			ID: c.Run, Label: s.short(c.Label), Benchmark: c.Spec.Benchmark, Seed: c.Spec.Seed, State: mmibx.Queued,
			Epochs: c.Spec.Train.Epochs, Dev: math.NaN(), Priority: s.first[c.Run],
		})
	}
	slices.SortStableFunc(rows, func(x, y tui.RunRow) int {
		if d := urgency[x.State] - urgency[y.State]; d != 0 {
			return d
		}
		if x.State == mmibx.Queued { // as they are begun
			return y.Priority - x.Priority
		}
		return finished[y.ID].Compare(finished[x.ID]) // the latest first
	})
	return rows[:min(len(rows), uiRows)]
}

// told puts events of the sweep's runs into words.
func (s *uiSweep) told(events []tracker.Event) []tui.Event { return told(events, s.rows, s.short) }

// told puts events into words. Of what a runner chose nothing is said, for the end of
// the run says it again.
func told(events []tracker.Event, rows map[string]*tracker.RunRow, short func(label string) string) []tui.Event {
	out := make([]tui.Event, 0, len(events))
	for _, e := range events {
		if e.Kind == "chosen" {
			continue
		}
		text := mmibx.FirstLine(e.Text)
		if r := rows[e.Run]; r != nil && text == "" {
			text = fmt.Sprintf("%s, seed %d", short(r.Label), r.Seed)
			if mmibx.State(e.Kind) == mmibx.Done && r.DevF1 != nil {
				text = fmt.Sprintf("%.1f dev  %s", *r.DevF1, text)
			}
		}
		out = append(out, tui.Event{At: e.At.Local(), Run: e.Run, Kind: e.Kind, Text: text})
	}
	return out
}
