package tui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/shell"
)

// table shows a table as a paper would have it.
type table struct {
	*env
	poll   poll
	q      PaperQuery
	data   Table
	loaded bool
	up     int // lines scrolled down
	left   int // columns scrolled right
}

type tableRead struct {
	table Table
	err   error
}

func newTable(e *env, q PaperQuery) *table { return &table{env: e, q: q} }

func (*table) Title() string { return "table" }

// Init implements screen.
func (t *table) Init(ctx context.Context) tea.Cmd { return t.poll.begin(ctx, t.ask) }

func (t *table) ask() read {
	press, q := t.press, t.q
	return func(ctx context.Context) tea.Msg {
		data, err := press.Table(ctx, q)
		return tableRead{data, err}
	}
}

// Update implements screen.
func (t *table) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tableRead:
		if msg.err != nil {
			return t.poll.done(false, msg.err)
		}
		changed := t.data.LaTeX != msg.table.LaTeX
		t.data, t.loaded = msg.table, true
		return t.poll.done(changed, nil)
	case wheeled:
		return t.move(msg.by)
	}
	return t.poll.update(msg)
}

func (t *table) move(by int) tea.Cmd {
	t.up = max(0, moved(t.up, by, len(t.data.Text)))
	return nil
}

func (t *table) slide(by int) func() tea.Cmd {
	return func() tea.Cmd {
		widest := 0
		for _, line := range t.data.Text {
			widest = max(widest, len([]rune(line)))
		}
		t.left = max(0, moved(t.left, by, widest))
		return nil
	}
}

// Actions implements screen.
func (t *table) Actions() []action {
	why := ""
	if !t.loaded {
		why = "the table is still being made"
	}
	file := t.data.Sweep + ".tex"
	saving := t.cli(t.data.CLI, "-o", shell.Word(file))
	return append([]action{
		{name: "copy", keys: []string{"y"}, label: "copy LaTeX", help: "copy the table as LaTeX to the clipboard (OSC 52)", cli: t.cli(t.data.CLI, "--format latex"), why: why, run: func() tea.Cmd {
			return send(clip{text: t.data.LaTeX})
		}},
		{name: "save", keys: []string{"w"}, label: "save", help: "write the table as LaTeX, with the values and runs of its cells beside it", cli: saving, why: why, run: func() tea.Cmd {
			return paper(saving, func(ctx context.Context) (string, error) { return t.press.SaveTable(ctx, t.q, file) })
		}},
		{name: "baseline", keys: []string{"v"}, label: "versus", help: "test the others against a row: bold is then all that is not told apart from the best", why: why, to: t.pickBaseline},
		figureAction(t.env, t.q),
		{name: "right", keys: []string{"right", "l"}, help: "columns further right", run: t.slide(8)},
		{name: "left", keys: []string{"left", "h"}, help: "columns further left", run: t.slide(-8)},
	}, moves(t.move)...)
}

func (t *table) pickBaseline() tea.Msg {
	rows := make([]Pair, len(t.data.Row))
	for i, r := range t.data.Row {
		rows[i].Name = r
	}
	return push{newPick("test against", rows, nil, func(names []string) action {
		return action{name: "versus " + names[0], run: func() tea.Cmd {
			t.q.Baseline, t.loaded = names[0], false
			return t.poll.now()
		}}
	})}
}

// Draw implements screen.
func (t *table) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), t.env, []string{"table", t.data.Sweep}, t.status(), nil)
	note := []widget.Span{faint("$ " + t.cli(t.data.CLI))}
	if !t.loaded {
		note = nil
	}
	in := widget.Panel(c.In(rest), []widget.Span{strong("table")}, note, true)
	lines := t.lines(in.W())
	for y := 0; y < in.H() && t.up+y < len(lines); y++ {
		in.Print(0, y, plain(lines[t.up+y]))
	}
	if !t.loaded && t.poll.trouble() != "" {
		for y, line := range wrap(t.poll.trouble(), in.W()) {
			in.Print(0, y, widget.Span{Text: line, Ink: widget.Bad})
		}
	}
}

// lines are those of the table from its left column on; those of its caption are
// wrapped.
func (t *table) lines(w int) []string {
	var lines []string
	for _, l := range t.data.Text {
		switch cells := []rune(l); {
		case len(cells) > w && !strings.Contains(strings.TrimSpace(l), "  "):
			lines = append(lines, wrap(l, w)...)
		default:
			lines = append(lines, string(cells[min(t.left, len(cells)):]))
		}
	}
	return lines
}

func (t *table) status() []widget.Span {
	if trouble := t.poll.trouble(); trouble != "" {
		return []widget.Span{{Text: "✗ " + trouble, Ink: widget.Bad}}
	}
	if !t.loaded {
		return []widget.Span{faint("comparing …")}
	}
	return []widget.Span{faint("micro F1 on dev; test is sealed")}
}

// tableAction lays runs out as a table.
func tableAction(e *env, q PaperQuery) action {
	return action{
		name: "table", keys: []string{"t"}, label: "table", help: "a table of the marked runs, or of the sweep: methods by benchmarks; LaTeX by y", cli: paperCLI(e, "table", q),
		to: func() tea.Msg { return push{newTable(e, q)} },
	}
}

// figureAction draws a figure into a file.
func figureAction(e *env, q PaperQuery) action {
	return action{
		name: "plot", keys: []string{"f"}, label: "figure", help: "draw a figure of the marked runs, or of the sweep, as PDF", cli: paperCLI(e, "plot KIND", q),
		to: func() tea.Msg {
			return push{newPick("figure", e.press.Figures(), nil, func(names []string) action {
				name := names[0]
				cli := paperCLI(e, "plot "+name, q)
				return action{name: "plot " + name, cli: cli, run: func() tea.Cmd {
					return paper(cli, func(ctx context.Context) (string, error) { return e.press.Figure(ctx, q, name, name+".pdf") })
				}}
			})}
		},
	}
}

// paperCLI is the command line for a query that names its sweep.
func paperCLI(e *env, verb string, q PaperQuery) string {
	if q.Sweep == "" {
		return ""
	}
	words := []string{verb, "--sweep", shell.Word(q.Sweep)}
	if len(q.Runs) > 0 {
		words = append(words, "--filter", shell.Word("id in ("+strings.Join(q.Runs, ", ")+")"))
	}
	return e.cli(words...)
}

// paper runs what writes a file and says where it is.
func paper(cli string, do func(context.Context) (string, error)) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		path, err := do(ctx)
		if err != nil {
			return notice{text: err.Error(), bad: true}
		}
		return notice{text: fmt.Sprintf("wrote %s  $ %s", path, cli)}
	}
}
