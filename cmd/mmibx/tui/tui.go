// Package tui is the terminal UI: a stack of screens over a Reader and a
// Control. It reads the store and holds a remote control; when it dies, nothing
// stops.
package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Options is what the UI needs.
type Options struct {
	Reader  Reader
	Control Control
	Judge   Judge
	Author  Author
	Press   Press
	Archive Archive
	Curator Curator
	Shelf   Shelf
	Monitor Monitor
	Habits  Habits
	Shell   Shell
	Live    func(context.Context) ([]string, error) // names the live sweeps, without reading what they are of
	Store   string                                  // as people call it
	Here    string                                  // what a command line needs to find the store, such as " --store DIR"
	Sweep   string                                  // its board is opened at once; "": that of the only live sweep, or the home screen
	Reports string                                  // folder for the report of a panic
	Clock   func() time.Time
}

func (o *Options) env() *env {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return &env{reader: o.Reader, control: o.Control, judge: o.Judge, author: o.Author, press: o.Press, archive: o.Archive, curator: o.Curator, shelf: o.Shelf, monitor: o.Monitor, habits: o.Habits, shell: o.Shell, live: o.Live, shares: map[string]float64{}, clock: o.Clock, store: o.Store, here: o.Here}
}

// Show opens the UI, waits until it is left and returns what to say then. A panic
// ends it in good order, leaves a report and is an error.
func Show(ctx context.Context, o Options, opts ...tea.ProgramOption) (farewell string, err error) {
	e := o.env()
	err = o.run(ctx, opened(ctx, e, o.Sweep), func(*tea.Program) {}, opts...)
	if err != nil && !errors.Is(err, mmibx.ErrInterrupted) {
		return "", err
	}
	return farewellTo(ctx, e), err
}

// opened is the UI on the board of a sweep, or else on that of the only live one,
// or else at home. It asks before the first view, so that no key that was meant
// for one screen reaches another.
func opened(ctx context.Context, e *env, sweep string) *App {
	e.learn(ctx)
	a := newApp(ctx, e, newHome(e))
	a.dress(a.dark, a.colours)
	if sweep == "" {
		sweep = onlyLive(ctx, e)
	}
	if sweep != "" {
		a.stack = append(a.stack, &layer{screen: newBoard(e, sweep)})
	}
	return a
}

// framesPerSecond is how often the terminal is painted at most. Bubble Tea wakes the
// processor for each frame, changed or not: with its own 60, that alone is one percent
// of it.
const framesPerSecond = 30

// run is the life of the program, which began is told of.
func (o *Options) run(ctx context.Context, a *App, began func(*tea.Program), opts ...tea.ProgramOption) error {
	opts = append([]tea.ProgramOption{tea.WithContext(ctx), tea.WithoutSignalHandler(), tea.WithFPS(framesPerSecond)}, opts...)
	program := tea.NewProgram(a, opts...)
	var broken error
	var once sync.Once
	a.crash = func(reason any) {
		once.Do(func() {
			broken = fmt.Errorf("the terminal UI broke (%v); sweeps go on; the report is in %s", reason, o.report(reason))
		})
		go program.Quit()
	}
	began(program)
	_, err := program.Run()
	switch {
	case broken != nil:
		return broken
	case errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil, err == nil && a.interrupted:
		return mmibx.ErrInterrupted
	}
	return err
}

// onlyLive names the live sweep where there is just one.
func onlyLive(ctx context.Context, e *env) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	live, err := e.live(ctx)
	if err != nil || len(live) != 1 { // the home screen reads again, and says what is wrong
		return ""
	}
	return live[0]
}

// farewellTo says which sweeps go on without the UI.
func farewellTo(ctx context.Context, e *env) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	sweeps, err := e.reader.Sweeps(ctx)
	if err != nil {
		return ""
	}
	var lines []string
	for _, s := range sweeps {
		if s.Live {
			lines = append(lines, fmt.Sprintf("%s goes on: %d of %d runs are over. `%s` shows it again, `%s` ends it.",
				s.Name, over(s.Counts), s.Total, e.cli("board", s.Name), e.cli("sweep stop", s.Name)))
		}
	}
	return strings.Join(lines, "\n")
}

// report writes what is needed to understand a panic.
func (o *Options) report(reason any) string {
	name := filepath.Join(o.Reports, "ui-panic-"+o.Clock().Format("20060102-150405")+".txt")
	text := fmt.Sprintf("mmibx terminal UI, %s\npanic: %v\n\n%s", o.Clock().Format(time.RFC3339), reason, debug.Stack())
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		return "not written: " + err.Error()
	}
	return name
}

// Screens lists the screens that Snapshot knows.
var Screens = []string{"home", "new", "plan", "board", "runs", "run", "errors", "curves", "compare", "table", "data", "samples", "machine", "help", "palette"}

// Still is a screen that does not move.
type Still struct {
	canvas widget.Canvas
	theme  *widget.Theme
}

// Text is the screen without colours, a line to a row.
func (s Still) Text() string { return ansi.Strip(s.canvas.String(s.theme.Colourless())) + "\n" }

// SVG is the screen in colours, as a file for browsers and pages.
func (s Still) SVG() string { return s.canvas.SVG(s.theme) }

// Snapshot is a screen of w x h cells, from what the store holds now. Of is the study
// of a plan, the sweep of a board, the filter of runs, the run of a run; "" is the
// first there is.
func Snapshot(ctx context.Context, o Options, name, of string, w, h int) (Still, error) {
	e := o.env()
	first, err := firstOf(ctx, e, name, of)
	if err != nil {
		return Still{}, err
	}
	a := newApp(ctx, e, first)
	a.env.w, a.env.h = w, h
	if m, ok := first.(*machineScreen); ok { // whose shares are of a time
		a.wake()
		m.Update(m.ask()(ctx))
		time.Sleep(machineEvery / 2)
	}
	fill(ctx, a)
	switch name {
	case "help":
		a.push(newHelp(first.Title(), a.actions()))
	case "palette":
		a.push(newPalette(append(a.actions(), a.commands()...)))
	}
	return Still{a.draw(), a.theme}, nil
}

func firstOf(ctx context.Context, e *env, name, of string) (screen, error) {
	switch name {
	case "home":
		return newHome(e), nil
	case "new":
		return newNewSweep(e, of), nil
	case "plan":
		if of != "" {
			return newPlan(e, of), nil
		}
		studies, err := e.reader.Studies(ctx)
		if err != nil || len(studies) == 0 {
			return nil, errors.Join(err, fmt.Errorf("no study ships: %w", mmibx.ErrNotFound))
		}
		return newPlan(e, studies[0].Name), nil
	case "runs":
		return newRuns(e, of), nil
	case "curves", "compare":
		marks, err := snapshotMarks(ctx, e, of)
		if err != nil {
			return nil, err
		}
		if name == "curves" {
			return newCurves(e, marks), nil
		}
		return newCompare(e, marks), nil
	case "run":
		if of != "" {
			return newRun(e, of, mmibx.DevF1), nil
		}
	case "data":
		return newBenchmarks(e), nil
	case "machine":
		return newMachine(e), nil
	case "samples":
		if of == "" {
			of = mmibx.BenchmarkNames()[0]
		}
		return newSamples(e, of), nil
	case "errors":
		if of != "" {
			return newErrors(e, of), nil
		}
		return firstErrors(ctx, e)
	}
	if !slices.Contains(Screens, name) {
		return nil, &mmibx.InputError{Key: "--snapshot", Found: name, Expected: "one of " + strings.Join(Screens, ", ")}
	}
	if of == "" {
		sweeps, err := e.reader.Sweeps(ctx)
		if err != nil {
			return nil, err
		}
		if len(sweeps) == 0 {
			return newHome(e), nil
		}
		of = sweeps[0].Name
	}
	switch name {
	case "table":
		return newTable(e, PaperQuery{Sweep: of}), nil
	case "run":
	default:
		return newBoard(e, of), nil
	}
	b, err := e.reader.Board(ctx, of)
	if err != nil || len(b.Runs) == 0 {
		return nil, errors.Join(err, fmt.Errorf("%s has no run: %w", of, mmibx.ErrNotFound))
	}
	return newRun(e, b.Runs[0].ID, mmibx.DevF1), nil
}

// firstErrors shows the errors of the run that was done last.
func firstErrors(ctx context.Context, e *env) (screen, error) {
	page, err := e.archive.Runs(ctx, RunsQuery{Listing: Listing{Filter: "state=done"}, Limit: 1})
	if err != nil || len(page.Rows) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no run is done: %w", mmibx.ErrNotFound))
	}
	return newErrors(e, page.Rows[0].ID), nil
}

// snapshotMarks are the arms that a filter lets through, at most as many as are
// compared; without one the best three of the first benchmark of the first sweep.
func snapshotMarks(ctx context.Context, e *env, filter string) ([]mark, error) {
	var marks []mark
	if filter != "" {
		page, err := e.archive.Runs(ctx, RunsQuery{Listing: Listing{Filter: filter, Sort: "-dev.f1", ByArm: true}, Limit: mostCompared})
		for _, l := range page.Rows {
			marks = append(marks, mark{id: l.ID, arm: true, label: l.Label, runs: l.Runs})
		}
		if page.Fault != nil {
			err = &mmibx.InputError{Key: "--of", Found: filter, Expected: "a filter: " + page.Fault.Text}
		}
		return marks, err
	}
	sweeps, err := e.reader.Sweeps(ctx)
	if err != nil || len(sweeps) == 0 {
		return nil, errors.Join(err, fmt.Errorf("a sweep: %w", mmibx.ErrNotFound))
	}
	b := newBoard(e, sweeps[0].Name)
	if b.data, err = e.reader.Board(ctx, b.sweep); err != nil {
		return nil, err
	}
	b.lead()
	for _, a := range b.leaders[:min(3, len(b.leaders))] {
		marks = append(marks, markOfArm(a))
	}
	return marks, nil
}

// fill reads what the screen on top shows, without its timers: twice, as a curve
// is read when it is known whose. What it computes besides is computed to the end.
func fill(ctx context.Context, a *App) {
	a.wake()
	if s, ok := a.top().screen.(interface{ ask() read }); ok {
		for range 2 {
			a.top().Update(s.ask()(ctx))
		}
		for s, ok := a.top().screen.(*benchmarks); ok && len(s.read) < len(s.names); {
			s.Update(s.ask()(ctx))
		}
	}
	if s, ok := a.top().screen.(interface{ also() read }); ok {
		for look := s.also(); look != nil; look = s.also() {
			a.top().Update(look(ctx))
		}
	}
}
