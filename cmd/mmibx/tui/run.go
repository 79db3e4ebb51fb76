package tui

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// runScreen shows all that is known of one run.
type runScreen struct {
	*env
	poll   poll
	id     string
	data   Run
	loaded bool
	metric string
	curve  curve
	cursor int // in the spec
	up     int // lines of output scrolled back
}

type runRead struct {
	run   Run
	curve curve
	err   error
}

func newRun(e *env, id, metric string) *runScreen {
	return &runScreen{env: e, id: id, metric: metric}
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
		c, err := readCurve(ctx, reader, want)
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
		if msg.curve.metric == r.metric {
			r.curve = msg.curve
		}
		return r.poll.done(r.data.State == mmibx.Running, nil)
	case wheeled:
		if msg.Name == "output" {
			r.up = max(0, min(r.up-msg.by, len(r.data.Output)-1))
			return nil
		}
		return r.move(msg.by)
	case clicked:
		if msg.Name == "spec" {
			r.cursor = moved(msg.Row, 0, len(r.data.Spec))
		}
	}
	return r.poll.update(msg)
}

func (r *runScreen) move(by int) tea.Cmd {
	r.cursor = moved(r.cursor, by, len(r.data.Spec))
	return nil
}

// Actions implements screen.
func (r *runScreen) Actions() []action {
	metric := action{
		name: "metric", keys: []string{"m"}, label: "metric", help: "the next metric's curve",
		cli: r.cli("runs curve", r.id, r.metric), run: r.nextMetric,
	}
	if len(r.data.Names) < 2 {
		metric.why = "the run has logged no other metric yet"
	}
	wrong := action{
		name: "runs errors", keys: []string{"e"}, label: "errors", help: "what it got wrong on dev, sentence by sentence",
		cli: r.cli("runs errors", r.id), to: func() tea.Msg { return push{newErrors(r.env, r.id)} },
	}
	if r.data.State != mmibx.Done {
		wrong.why = "it has kept no predictions yet: it is not done"
	}
	acts := []action{metric, wrong, retryAction(r.env, r.data.Sweep, []RunRow{r.data.RunRow}, "the run")}
	return append(acts, moves(r.move)...)
}

func (r *runScreen) nextMetric() tea.Cmd {
	r.metric = after(r.data.Names, r.metric)
	return r.poll.now()
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

// Draw implements screen.
func (r *runScreen) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	var where []widget.Span
	if r.loaded {
		where = []widget.Span{faint(fmt.Sprintf("   %s on %s", r.data.Device, r.data.Host))}
	}
	header(c.In(top), r.env, []string{"run " + r.id}, r.status(), where)
	left, right := rest.Left(min(46, rest.W*2/5))
	metrics, spec := left.Top(min(len(r.data.Metrics)+2, rest.H/2))
	chart, output := right.Top(max(8, rest.H*3/5))
	drawPairs(c.In(metrics), "last values", "metrics", r.data.Metrics, -1)
	drawPairs(c.In(spec), "spec", "spec", r.data.Spec, r.cursor)
	r.curve.draw(c.In(chart), r.metric, r.data.Label)
	in := widget.Panel(c.In(output), []widget.Span{strong("output")}, nil, false)
	in.Spot(in.Bounds(), "output", 0)
	widget.Log(in, r.data.Output, r.up, "it has written nothing")
}

func (r *runScreen) status() []widget.Span {
	if t := r.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if !r.loaded {
		return []widget.Span{faint("reading …")}
	}
	d := r.data
	spans := []widget.Span{sign(d.State), plain(" " + string(d.State) + "   ")}
	if d.Epochs > 0 {
		spans = append(spans, faint("epoch "), plain(fmt.Sprintf("%d/%d   ", d.Epoch, d.Epochs)))
	}
	if s := score(d.Dev); s != "" {
		spans = append(spans, faint("dev "), strong(s), plain("   "))
	}
	if d.Attempt > 1 {
		spans = append(spans, faint(fmt.Sprintf("attempt %d   ", d.Attempt)))
	}
	if d.Error != "" {
		spans = append(spans, widget.Span{Text: d.Error, Ink: widget.Bad})
	}
	return spans
}

func drawPairs(c widget.Canvas, title, name string, pairs []Pair, cursor int) {
	in := widget.Panel(c, []widget.Span{strong(title)}, nil, cursor >= 0)
	widget.Table{
		Name: name, Len: len(pairs), Cursor: cursor, Focused: cursor >= 0, Bare: true, Empty: "none yet",
		Columns: []widget.Column{{Width: 18, Grow: true, Most: 34}, {Width: 8, Grow: true}},
		Row: func(i int) [][]widget.Span {
			return [][]widget.Span{{faint(pairs[i].Name)}, {plain(pairs[i].Value)}}
		},
	}.Draw(in)
}
