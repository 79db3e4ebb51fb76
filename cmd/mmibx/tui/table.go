package tui

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/shell"
)

// table shows a table as a paper would have it. What it is made of is looked at
// again and again; it is made anew, beside that, when that has changed.
type table struct {
	*env
	poll    poll
	q       PaperQuery
	data    Table
	loaded  bool
	stamp   string // of the runs now, "" until it is known
	made    tableOf
	job     *job  // makes another, nil when none does
	trouble error // of the making
	up      int   // lines scrolled down
	left    int   // columns scrolled right
}

// tableOf is what a table was made of: its runs, and the row that they are tested
// against.
type tableOf struct{ stamp, baseline string }

type (
	stampRead struct {
		stamp string
		err   error
	}
	tableMade struct {
		by   *job
		of   tableOf
		data Table
		err  error
	}
)

func newTable(e *env, q PaperQuery) *table { return &table{env: e, q: q} }

func (*table) Title() string { return "table" }

// Init implements screen.
func (t *table) Init(ctx context.Context) tea.Cmd {
	t.job = nil // it ended when the screen was left
	return t.poll.begin(ctx, t.ask)
}

func (t *table) ask() read {
	press, q := t.press, t.q
	return func(ctx context.Context) tea.Msg {
		stamp, err := press.Stamp(ctx, q)
		return stampRead{stamp, err}
	}
}

// wanted is what the table would be made of now.
func (t *table) wanted() tableOf { return tableOf{t.stamp, t.q.Baseline} }

// also makes the table, nil where that would change nothing.
func (t *table) also() read {
	if t.stamp == "" || t.made == t.wanted() || errors.Is(t.trouble, context.Canceled) {
		return nil
	}
	by := t.job
	if by == nil {
		by = newJob()
	}
	return t.making(by)
}

func (t *table) making(by *job) read {
	press, q, of := t.press, t.q, t.wanted()
	return func(ctx context.Context) tea.Msg {
		data, err := press.Table(ctx, q, by.tell)
		return tableMade{by, of, data, err}
	}
}

// make has the table made where it is another and nothing makes one. While runs end
// one after the other, each table is finished before the next is begun.
func (t *table) make() tea.Cmd {
	if t.job != nil || t.poll.ctx == nil {
		return nil
	}
	t.job = newJob()
	if work := t.also(); work != nil {
		return t.job.start(t.poll.ctx, work)
	}
	t.job = nil
	return nil
}

// Update implements screen.
func (t *table) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case stampRead:
		changed := msg.err == nil && t.stamp != msg.stamp
		if msg.err == nil {
			t.stamp = msg.stamp
		}
		return tea.Batch(t.poll.done(changed, msg.err), t.make())
	case jobNews:
		return t.job.take(msg)
	case tableMade:
		return t.take(msg)
	case wheeled:
		return t.move(msg.by)
	}
	return t.poll.update(msg)
}

func (t *table) take(msg tableMade) tea.Cmd {
	if t.job == msg.by {
		t.job = nil
	}
	if msg.of.baseline != t.q.Baseline { // of the row before
		return t.make()
	}
	t.made, t.trouble = msg.of, msg.err
	if msg.err == nil {
		t.data, t.loaded = msg.data, true
	}
	return t.make()
}

// cancel ends the making; the table before stays, if there is one.
func (t *table) cancel() tea.Cmd {
	t.job.cancel()
	return nil
}

func (t *table) move(by int) tea.Cmd {
	w, h := t.inside()
	t.up = max(0, moved(t.up, by, len(t.lines(w))-h+1))
	return nil
}

func (t *table) slide(by int) func() tea.Cmd {
	return func() tea.Cmd {
		widest := 0
		w, _ := t.inside()
		for _, line := range t.lines(w) {
			widest = max(widest, t.left+len([]rune(line)))
		}
		t.left = max(0, moved(t.left, by, widest))
		return nil
	}
}

// Actions implements screen.
func (t *table) Actions() []action {
	why, none := "", ""
	switch {
	case !t.loaded && t.trouble != nil:
		why = "the table was not made"
	case !t.loaded:
		why = "the table is still being made"
	}
	if t.data.Text == nil {
		none = why
	}
	cancel := action{name: "cancel", keys: []string{"x"}, label: "cancel", help: "make it no further; what is shown stays", run: t.cancel}
	if t.job == nil {
		cancel.why = "nothing is being made"
	}
	again := action{name: "again", keys: []string{"r"}, label: "again", help: "make it after all", run: func() tea.Cmd {
		t.made, t.trouble = tableOf{}, nil
		return t.make()
	}}
	if t.trouble == nil {
		again.why = "it was not given up"
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
		{name: "baseline", keys: []string{"v"}, label: "versus", help: "test the others against a row: bold is then all that is not told apart from the best", why: none, to: t.pickBaseline},
		figureAction(t.env, t.q), cancel, again,
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
			t.q.Baseline, t.loaded, t.trouble = names[0], false, nil
			if t.job != nil {
				t.job.cancel() // what it makes is not asked for any more
			}
			return t.make()
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
	up := max(0, min(t.up, len(lines)-in.H()))
	for y := 0; y < in.H() && up+y < len(lines); y++ {
		in.Print(0, y, plain(lines[up+y]))
	}
	if trouble := t.wrong(); t.data.Text == nil && trouble != "" {
		for y, line := range wrap(trouble, in.W()) {
			in.Print(0, y, widget.Span{Text: line, Ink: widget.Bad})
		}
	}
}

// inside is the room that Draw has for the table: beside and below that are the
// border, the header and the footer.
func (t *table) inside() (w, h int) { return max(0, t.w-4), max(0, t.h-4) }

// lines are those of the table from its left column on; those of its caption are
// wrapped.
func (t *table) lines(w int) []string {
	if t.data.Text == nil {
		return nil
	}
	var lines []string
	for _, l := range t.data.Text(w) {
		switch cells := []rune(l); {
		case len(cells) > w && !strings.Contains(strings.TrimSpace(l), "  "):
			lines = append(lines, wrap(l, w)...)
		default:
			lines = append(lines, string(cells[min(t.left, len(cells)):]))
		}
	}
	return lines
}

// wrong says what keeps the table from being made, "" where nothing does.
func (t *table) wrong() string {
	switch trouble := t.poll.trouble(); {
	case trouble != "":
		return trouble
	case errors.Is(t.trouble, context.Canceled):
		return "it was cancelled; r makes it after all"
	case t.trouble != nil:
		return t.trouble.Error()
	}
	return ""
}

func (t *table) status() []widget.Span {
	if trouble := t.wrong(); trouble != "" {
		return []widget.Span{{Text: "✗ " + trouble, Ink: widget.Bad}}
	}
	switch {
	case t.job != nil && t.loaded:
		return []widget.Span{{Text: "● runs ended since: " + t.job.doing, Ink: widget.Busy}}
	case t.job != nil:
		return []widget.Span{{Text: "● " + t.job.doing, Ink: widget.Busy}}
	case !t.loaded:
		return []widget.Span{faint("reading …")}
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

// paperCLI is the command line for a query; whose sweep is found when it is asked
// stands there as SWEEP.
func paperCLI(e *env, verb string, q PaperQuery) string {
	if q.Sweep == "" && len(q.Runs) == 0 {
		return ""
	}
	words := []string{verb, "--sweep", shell.Word(cmp.Or(q.Sweep, "SWEEP"))}
	if len(q.Runs) > 0 {
		words = append(words, "--filter", shell.Word(filterOf(q.Runs)))
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
		return notice{text: "wrote " + path, cli: cli}
	}
}
