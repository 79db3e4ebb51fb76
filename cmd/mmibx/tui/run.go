package tui

import (
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
)

// The panels of a run that tab leads through. Spec stands at the left always; of
// the others a small terminal shows one, a wide one all.
const (
	onSpec = iota
	onOutput
	onScores
	onDiagnostics
	onTries
	onProvenance
	onFiles
	numRunPanels
)

var runPanels = [numRunPanels]string{"spec", "output", "scores", "diagnostics", "attempts", "provenance", "files"}

// runScreen shows all that is known of one run.
type runScreen struct {
	*env
	poll   poll
	id     string
	data   Run
	loaded bool
	metric string
	curve  curve
	focus  int
	cursor [numRunPanels]int // rows; of the output, lines scrolled back
}

type runRead struct {
	run   Run
	curve curve
	err   error
}

func newRun(e *env, id, metric string) *runScreen {
	return &runScreen{env: e, id: id, metric: metric, focus: onOutput}
}

func (*runScreen) Title() string { return "run" }

// Init implements screen.
func (r *runScreen) Init(ctx context.Context) tea.Cmd {
	return r.poll.begin(ctx, r.ask)
}

func (r *runScreen) ask() read {
	reader, id, want := r.reader, r.id, r.curve.of(r.id, r.metric)
	return func(ctx context.Context) tea.Msg {
		run, err := reader.Run(ctx, id)
		if err != nil {
			return runRead{err: err}
		}
		c, err := readOn(ctx, reader, want, run.RunRow)
		return runRead{run, c, err}
	}
}

// Update implements screen.
func (r *runScreen) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case runRead:
		if msg.err != nil {
			return r.poll.done(false, msg.err)
		}
		r.data, r.loaded = msg.run, true
		if msg.curve.metric == r.metric && msg.curve.run == r.id {
			r.curve = msg.curve
		}
		if r.id != r.data.ID { // it was asked for by the beginning of its id
			r.id, r.poll.again = r.data.ID, true
		}
		for p := range numRunPanels {
			r.cursor[p] = max(0, moved(r.cursor[p], 0, r.len(p)))
		}
		return r.poll.done(r.data.State == mmibx.Running, nil)
	case wheeled:
		if p := slices.Index(runPanels[:], msg.Name); p >= 0 {
			r.focus = p
			return r.move(msg.by)
		}
	case clicked:
		return r.click(msg)
	}
	return r.poll.update(msg)
}

func (r *runScreen) click(msg clicked) tea.Cmd {
	if msg.Name == "tabs" {
		r.focus = msg.Row
	}
	if p := slices.Index(runPanels[:], msg.Name); p >= 0 {
		if r.focus = p; p != onOutput {
			r.cursor[p] = max(0, moved(msg.Row, 0, r.len(p)))
		}
	}
	return nil
}

func (r *runScreen) len(panel int) int {
	return [numRunPanels]int{
		len(r.data.Spec), len(r.data.Output), len(r.data.Types), len(r.data.Diagnostics),
		len(r.data.Tries), len(r.data.Provenance), len(r.data.Files),
	}[panel]
}

// move moves the cursor of the panel that has the focus; the output scrolls.
func (r *runScreen) move(by int) tea.Cmd {
	if r.focus == onOutput {
		by = -by
	}
	r.cursor[r.focus] = max(0, moved(r.cursor[r.focus], by, r.len(r.focus)))
	return nil
}

// Actions implements screen.
func (r *runScreen) Actions() []action {
	metric := action{
		name: "metric", keys: []string{"m"}, label: "metric", help: "the next metric's curve",
		cli: r.cli("runs curve", r.id, r.metric), run: r.nextMetric(1),
	}
	before := action{name: "metric back", keys: []string{"b"}, help: "the metric before", run: r.nextMetric(-1)}
	if len(r.data.Names) < 2 {
		metric.why = "the run has logged no other metric yet"
		before.why = metric.why
	}
	wrong := action{
		name: "runs errors", keys: []string{"e", "x"}, label: "errors", help: "what it got wrong on dev, sentence by sentence",
		cli: r.cli("runs errors", r.id), to: func() tea.Msg { return push{newErrors(r.env, r.id)} },
	}
	if r.data.State != mmibx.Done {
		wrong.why = "it has kept no predictions yet: it is not done"
	}
	turn := func(by int) func() tea.Cmd {
		return func() tea.Cmd {
			r.focus = (r.focus + by + numRunPanels) % numRunPanels
			return nil
		}
	}
	acts := []action{
		metric, before, wrong, retryAction(r.env, r.data.Sweep, []RunRow{r.data.RunRow}, "the run"), r.markAction(),
		{name: "panel", keys: []string{"tab"}, label: "panel", help: "the next panel", run: turn(1)},
		{name: "panel back", keys: []string{"shift+tab"}, help: "the panel before", run: turn(-1)},
		r.copyAction(r.id),
	}
	acts = append(acts, r.onMarked()...)
	write := r.exportAction(Listing{Filter: "id=" + r.id})
	write.keys = []string{"E"}
	return append(append(acts, write), moves(r.move)...)
}

func (r *runScreen) markAction() action {
	m := mark{id: r.id, label: r.data.Label, runs: []string{r.id}}
	a := action{name: "mark", keys: []string{"space"}, label: "mark", help: "mark the run, or take its mark away", run: func() tea.Cmd {
		r.toggle(m)
		return send(notice{text: fmt.Sprintf("%s marked", plural(len(r.marked), "run or arm"))})
	}}
	if r.markOf(r.id, false) >= 0 {
		a.label = "unmark"
	}
	return a
}

func (r *runScreen) nextMetric(by int) func() tea.Cmd {
	return func() tea.Cmd {
		names := slices.Clone(r.data.Names)
		if by < 0 {
			slices.Reverse(names)
		}
		r.metric = after(names, r.metric)
		return r.poll.now()
	}
}

// after is the name that follows one in a list, around its end.
func after(names []string, name string) string {
	for i, n := range names {
		if n == name {
			return names[(i+1)%len(names)]
		}
	}
	return names[0]
}
