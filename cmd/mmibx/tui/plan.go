package tui

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// plan shows what a study would run, before anything runs.
type plan struct {
	*env
	poll    poll
	study   string
	data    Plan
	loaded  bool
	cursor  int
	workers int
	asked   bool // to start; a second enter starts nothing twice
}

type planRead struct {
	plan Plan
	err  error
}

type startFailed struct{ err error }

func newPlan(e *env, study string) *plan { return &plan{env: e, study: study, workers: 2} }

func (*plan) Title() string { return "plan" }

// Init implements screen.
func (p *plan) Init(ctx context.Context) tea.Cmd {
	p.asked = false
	return p.poll.begin(ctx, p.ask)
}

func (p *plan) ask() read {
	reader, study, workers := p.reader, p.study, p.workers
	return func(ctx context.Context) tea.Msg {
		data, err := reader.Plan(ctx, study, workers)
		return planRead{data, err}
	}
}

// Update implements screen.
func (p *plan) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case planRead:
		if msg.err == nil {
			p.data, p.loaded = msg.plan, true
		}
		return p.poll.done(false, msg.err)
	case startFailed:
		p.asked = false
		return send(notice{text: msg.err.Error(), bad: true})
	case clicked:
		p.cursor = moved(msg.Row, 0, len(p.data.Arms))
	case wheeled:
		return p.move(msg.by)
	}
	return p.poll.update(msg)
}

func (p *plan) move(by int) tea.Cmd {
	p.cursor = moved(p.cursor, by, len(p.data.Arms))
	return nil
}

// Actions implements screen.
func (p *plan) Actions() []action {
	start := action{
		name: "sweep", keys: []string{"enter"}, label: "start",
		help: "run what is not done yet, in a process that outlives the UI",
		cli:  p.cli("sweep", p.study, "-j", fmt.Sprint(p.workers), "--detach"), run: p.start,
	}
	switch {
	case !p.loaded:
		start.why = "the plan is still being read"
	case p.asked:
		start.why = "it is being started"
	case p.data.Total > 0 && over(p.data.Counts) == p.data.Total:
		start.why = "all of its runs are done; the store holds the results"
	}
	return append([]action{
		start,
		{
			name: "new sweep", keys: []string{"n"}, label: "my own", help: "a sweep file of your own that starts from this study",
			cli: p.cli("studies", p.study, ">", p.study+".toml"), to: func() tea.Msg { return swap{newNewSweep(p.env, p.study)} },
		},
		{name: "more workers", keys: []string{"+", "="}, label: "workers", help: "one worker more", run: p.work(1)},
		{name: "fewer workers", keys: []string{"-"}, help: "one worker less", run: p.work(-1)},
	}, moves(p.move)...)
}

func (p *plan) work(by int) func() tea.Cmd {
	return func() tea.Cmd {
		p.workers = max(1, min(p.workers+by, 64))
		return p.poll.now()
	}
}

// start hands the study over and goes to its board.
func (p *plan) start() tea.Cmd {
	p.asked = true
	return startSweep(p.env, p.study, p.workers)
}

// Draw implements screen.
func (p *plan) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), p.env, []string{"plan", p.study}, p.status(), nil)
	if !p.loaded {
		drawUnread(c.In(rest), "plan", p.poll.trouble())
		return
	}
	question := wrap(p.data.Study.Question, c.W()-4)
	facts, rest := rest.Top(min(rest.H-6, 3+len(question)+len(p.totals(c.W()-4))+len(wrap(p.data.Estimate, c.W()-4))+len(p.data.Axes)))
	p.drawFacts(c.In(facts), question)
	drawArms(c.In(rest), p.data.Arms, p.cursor, "the plan is empty")
}

// drawArms lists the arms of a plan; a cursor of -1 is none.
func drawArms(c widget.Canvas, arms []PlanArm, cursor int, empty string) {
	in := widget.Panel(c, []widget.Span{strong("arms")}, []widget.Span{faint(fmt.Sprint(len(arms)))}, cursor >= 0)
	widget.Table{
		Name: "arms", Len: len(arms), Cursor: cursor, Focused: cursor >= 0, Empty: empty,
		Columns: []widget.Column{
			{Title: "benchmark", Width: 16},
			{Title: "arm", Width: 12, Grow: true, Most: 80},
			{Title: "seeds", Width: 5, Right: true},
			{Title: "done", Width: 4, Right: true},
			{Title: "", Width: 10},
		},
		Row: func(i int) [][]widget.Span { return planRow(arms[i]) },
	}.Draw(in)
}

func planRow(a PlanArm) [][]widget.Span {
	mark := sign(mmibx.Queued)
	if a.Done == a.Seeds {
		mark = sign(mmibx.Done)
	}
	return [][]widget.Span{
		{plain(a.Benchmark)}, {strong(a.Label)}, {plain(fmt.Sprint(a.Seeds))}, {plain(fmt.Sprint(a.Done))},
		append([]widget.Span{mark, plain(" ")}, widget.Bar(float64(a.Done)/float64(max(1, a.Seeds)), 8, widget.Good)...),
	}
}

func (p *plan) status() []widget.Span {
	if t := p.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if p.asked {
		return []widget.Span{{Text: "● starting …", Ink: widget.Busy}}
	}
	return []widget.Span{faint("○ not started")}
}

func (p *plan) drawFacts(c widget.Canvas, question []string) {
	d := p.data
	title := d.Study.Title
	if title == "" {
		title = p.study
	}
	workers := []widget.Span{{Text: "- +", Ink: widget.Key}, plain("  " + plural(p.workers, "worker"))}
	in := widget.Panel(c, []widget.Span{strong(title)}, workers, false)
	for y, line := range question {
		in.Print(0, y, plain(line))
	}
	y := len(question)
	for _, line := range p.totals(in.W()) {
		y++
		in.Print(0, y, line...)
	}
	for _, line := range wrap(d.Estimate, in.W()) {
		y++
		in.Print(0, y, plain(line))
	}
	for i, a := range d.Axes {
		in.Print(0, y+1+i, faint(fmt.Sprintf("%-14s", a.Label)), plain(strings.Join(a.Values, "  ")))
	}
}

// totals are how many runs the plan has and where they stand, in lines of w cells.
func (p *plan) totals(w int) [][]widget.Span {
	d := p.data
	line := []widget.Span{strong(plural(d.Total, "run")), faint(fmt.Sprintf("   %s of %s   ", plural(len(d.Arms), "arm"), plural(d.Seeds, "seed")))}
	line = append(line, tally(d.Counts, true)...)
	if d.Collapsed == 0 {
		return [][]widget.Span{line}
	}
	more := []widget.Span{faint(sameRuns(d.Collapsed))}
	if widget.Width(line...)+widget.Width(more...) > w {
		return [][]widget.Span{line, more}
	}
	return [][]widget.Span{append(line, more...)}
}

// sameRuns says that cells of a grid are no runs of their own.
func sameRuns(n int) string { return plural(n, "cell") + " more: the same runs" }
