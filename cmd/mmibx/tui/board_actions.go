package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
)

// Actions implements screen.
func (b *board) Actions() []action {
	open := action{
		name: "runs show", keys: []string{"enter"}, label: "open", help: "all of the selected run",
		cli: b.cli("runs show", b.selected()),
		to:  func() tea.Msg { return push{newRun(b.env, b.selected(), b.metric)} },
	}
	if b.selected() == "" {
		open.why, open.cli = "no run is selected", ""
	}
	panel := action{name: "panel", keys: []string{"tab"}, label: "panel", help: "the next panel: workers, grid, leader board, runs, events", run: b.turn(1)}
	panelBack := action{name: "panel back", keys: []string{"shift+tab"}, help: "the panel before", run: b.turn(-1)}
	acts := []action{open, panel, panelBack, b.stopAction(), b.pauseAction(), retryAction(b.env, b.sweep, b.wrong(), b.wrongAs()), b.goOn()}
	acts = append(acts, b.lookActions()...)
	acts = append(acts, b.markAction())
	acts = append(acts, compareAction(b.env, b.marked), curvesAction(b.env, b.marked))
	acts = append(acts, b.papers(b.sweep)...)
	acts = append(acts, b.exportAction(Listing{Filter: b.scope()}), b.copyAction(b.at(b.focus)), b.reorder(1), b.reorder(-1))
	acts = append(acts, moves(b.move)...)
	return append(acts,
		action{name: "left", keys: []string{"left", "h"}, help: "column before, on the grid", run: func() tea.Cmd { return b.moveGrid(-1, 0) }},
		action{name: "right", keys: []string{"right", "l"}, help: "next column, on the grid", run: func() tea.Cmd { return b.moveGrid(1, 0) }})
}

// lookActions change what is shown and nothing else.
func (b *board) lookActions() []action {
	bench := action{name: "benchmark", keys: []string{"b"}, label: "benchmark", help: "the next benchmark", run: b.nextBenchmark}
	if len(b.data.Benchmarks) < 2 {
		bench.why = "the sweep has one benchmark"
	}
	columns := action{name: "columns", keys: []string{"x"}, label: "axes", help: "the next axis along the columns of the grid", run: b.nextAxis(0)}
	rows := action{name: "rows", keys: []string{"X"}, help: "the next axis down the rows of the grid", run: b.nextAxis(1)}
	if len(b.data.Axes) < 2 {
		columns.why = fmt.Sprintf("the sweep varies %s", plural(len(b.data.Axes), "key"))
		rows.why = columns.why
	}
	return []action{
		columns, rows, bench, b.baselineAction(),
		{
			name: "metric", keys: []string{"m"}, label: "metric", help: "dev score or loss in the curve", run: b.nextMetric,
			cli: b.cli("runs curve", b.selected(), b.metric),
		},
	}
}

func (b *board) nextBenchmark() tea.Cmd {
	b.benchmark = (b.benchmark + 1) % len(b.data.Benchmarks)
	b.cursor[onLeaders] = 0
	b.lead()
	b.baseline = ""
	return tea.Batch(b.poll.now(), b.judgeNext())
}

// nextAxis shows the next key along one side of the grid; where that is the one
// of the other side, the two change places.
func (b *board) nextAxis(side int) func() tea.Cmd {
	return func() tea.Cmd {
		was := b.axes[side]
		b.axes[side] = (was + 1) % len(b.data.Axes)
		if b.axes[side] == b.axes[1-side] {
			b.axes[1-side] = was
		}
		return b.moveGrid(0, 0)
	}
}

func (b *board) nextMetric() tea.Cmd {
	b.metric = after([]string{mmibx.DevF1, mmibx.Loss}, b.metric)
	return b.poll.now()
}

func (b *board) stopAction() action {
	stop := action{
		name: "sweep stop", keys: []string{"s"}, label: "stop", help: "end the sweep tidily; it can go on later",
		cli: b.cli("sweep stop", b.sweep),
	}
	if !b.data.Live {
		stop.why = "nothing runs this sweep"
	}
	sure := stop
	sure.run = func() tea.Cmd {
		again := &reversal{"stopping " + b.sweep, b.cli("continue", b.sweep, "--detach"), b.continues}
		return b.then(order(stop.cli, "stopping "+b.sweep+": each worker writes a checkpoint first", back(func(ctx context.Context) error {
			return b.control.Stop(ctx, b.sweep)
		}, again)))
	}
	stop.to = func() tea.Msg {
		return push{&confirm{
			question: "stop " + b.sweep + "?", act: sure,
			detail: stopDetail(b.data.Counts[mmibx.Running]),
		}}
	}
	return stop
}

func stopDetail(running int) string {
	const kept = " What is done is kept, and the sweep can go on from there."
	if running == 1 {
		return "1 run goes to its next checkpoint and ends." + kept
	}
	return fmt.Sprintf("%d runs go to their next checkpoint and end.%s", running, kept)
}

func (b *board) pauseAction() action {
	pause := func(ctx context.Context) error { return b.control.Pause(ctx, b.sweep) }
	resume := func(ctx context.Context) error { return b.control.Resume(ctx, b.sweep) }
	cliPause, cliResume := b.cli("sweep pause", b.sweep), b.cli("sweep resume", b.sweep)
	if b.data.Paused {
		again := &reversal{"resuming " + b.sweep, cliPause, pause}
		return action{
			name: "sweep resume", keys: []string{"p"}, label: "resume", help: "start runs again", cli: cliResume,
			run: func() tea.Cmd { return b.then(order(cliResume, b.sweep+" goes on", back(resume, again))) },
		}
	}
	again := &reversal{"pausing " + b.sweep, cliResume, resume}
	act := action{
		name: "sweep pause", keys: []string{"p"}, label: "pause", help: "start no more runs until it is resumed", cli: cliPause,
		run: func() tea.Cmd {
			return b.then(order(cliPause, b.sweep+" pauses after the runs under way", back(pause, again)))
		},
	}
	if !b.data.Live {
		act.why = "nothing runs this sweep"
	}
	return act
}

// goOn starts a runner again for a sweep that none works on.
func (b *board) goOn() action {
	cli := b.cli("continue", b.sweep, "--detach")
	a := action{
		name: "continue", keys: []string{"c"}, label: "continue", help: "go on with what is not done",
		cli: cli,
		run: func() tea.Cmd { return b.then(order(cli, b.sweep+" goes on", back(b.continues, nil))) },
	}
	switch {
	case !b.loaded:
		a.why = "the board is still being read"
	case b.data.Live:
		a.why = "it is running"
	case over(b.data.Counts) == b.data.Total:
		a.why = "all of its runs are over; r retries those that failed"
	}
	return a
}

func (b *board) continues(ctx context.Context) error { return b.control.Continue(ctx, b.sweep) }

// reorder lets the run under the cursor start sooner, or later, after asking.
func (b *board) reorder(by int) action {
	act := action{name: "sweep priority", keys: []string{"+"}, help: "let the selected run start before others that wait"}
	word := "sooner"
	if by < 0 {
		act.keys, act.help, word = []string{"-"}, "let the selected run start after others that wait", "later"
	}
	row, ok := b.row(b.at(onRuns))
	switch {
	case b.focus != onRuns || !ok:
		act.why = "no run is selected: tab leads to the list of runs"
		return act
	case row.State != mmibx.Queued:
		act.why = "only a run that waits can be moved: this one is " + string(row.State)
		return act
	}
	set := func(n int) (string, func(context.Context) error) {
		words := []string{"sweep priority", b.sweep, fmt.Sprint(n), row.ID}
		if n < 0 {
			words = []string{"sweep priority", b.sweep, "--", fmt.Sprint(n), row.ID}
		}
		return b.cli(words...), func(ctx context.Context) error { return b.control.Prioritize(ctx, b.sweep, n, []string{row.ID}) }
	}
	cli, do := set(row.Priority + by)
	cliBack, undo := set(row.Priority)
	act.cli = cli
	sure := act
	sure.run = func() tea.Cmd {
		return b.then(order(cli, brief(row.ID)+" starts "+word, back(do, &reversal{brief(row.ID) + " starts " + word, cliBack, undo})))
	}
	act.to = func() tea.Msg {
		return push{&confirm{
			question: "let " + brief(row.ID) + " start " + word + "?", act: sure,
			detail: fmt.Sprintf("Its priority goes from %d to %d. Runs with a higher one start first; those under way are not touched.", row.Priority, row.Priority+by),
		}}
	}
	return act
}

// then reads the board again after an order.
func (b *board) then(cmd tea.Cmd) tea.Cmd { return tea.Batch(cmd, b.poll.now()) }

// wrong is what retry would retry: the selected run if it went wrong, else all
// that went wrong.
func (b *board) wrong() []RunRow {
	if row, ok := b.row(b.at(b.focus)); ok && retryable(row.State) {
		return []RunRow{row}
	}
	var rows []RunRow
	for _, r := range b.data.Runs {
		if retryable(r.State) {
			rows = append(rows, r)
		}
	}
	return rows
}

func (b *board) wrongAs() string {
	if rows := b.wrong(); len(rows) != 1 {
		return plural(len(rows), "run") + " that went wrong"
	}
	return "the run"
}

func retryable(s mmibx.State) bool {
	return s == mmibx.Failed || s == mmibx.Diverged || s == mmibx.Lost
}

// retryAction makes runs due again, after asking.
func retryAction(e *env, sweep string, rows []RunRow, what string) action {
	var ids []string
	for _, r := range rows {
		if retryable(r.State) {
			ids = append(ids, r.ID)
		}
	}
	retry := action{name: "sweep retry", keys: []string{"r"}, label: "retry", help: "make what went wrong due again"}
	if len(ids) == 0 {
		retry.why = "nothing went wrong here"
		return retry
	}
	retry.cli = e.cli("sweep retry", sweep)
	if len(ids) == 1 {
		retry.cli = e.cli("sweep retry", sweep, ids[0])
	}
	sure := retry
	sure.run = func() tea.Cmd {
		forgo := &reversal{"retry of " + what, e.cliOf(ids, "runs retry --undo"), func(ctx context.Context) error { return e.control.Forgo(ctx, sweep, ids) }}
		return order(retry.cli, what+" is due again", back(func(ctx context.Context) error {
			return e.control.Retry(ctx, sweep, ids)
		}, forgo))
	}
	detail := "A run that diverged does so again unless something outside its spec changed."
	if len(rows) == 1 && rows[0].Error != "" {
		detail = fmt.Sprintf("%s %s: %s. %s", rows[0].ID, rows[0].State, rows[0].Error, detail)
	}
	retry.to = func() tea.Msg {
		return push{&confirm{question: "retry " + what + "?", detail: detail, act: sure}}
	}
	return retry
}
