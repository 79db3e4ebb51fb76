package tui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// home shows what the store holds and what can be started.
type home struct {
	*env
	poll    poll
	sweeps  []Sweep
	studies []Study
	loaded  bool
	onStudy bool // the cursor is in the list of studies
	cursor  [2]int
}

type homeRead struct {
	sweeps  []Sweep
	studies []Study
	err     error
}

func newHome(e *env) *home { return &home{env: e} }

func (*home) Title() string { return "home" }

// Init implements screen.
func (h *home) Init(ctx context.Context) tea.Cmd {
	return h.poll.begin(ctx, h.ask)
}

func (h *home) ask() read { return h.look }

func (h *home) look(ctx context.Context) tea.Msg {
	sweeps, err := h.reader.Sweeps(ctx)
	if err != nil {
		return homeRead{err: err}
	}
	studies, err := h.reader.Studies(ctx)
	return homeRead{sweeps, studies, err}
}

// Update implements screen.
func (h *home) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case homeRead:
		return h.take(msg)
	case clicked:
		h.onStudy = msg.Name == "studies"
		h.cursor[h.list()] = moved(msg.Row, 0, h.len())
	case wheeled:
		h.onStudy = msg.Name == "studies"
		return h.move(msg.by)
	}
	return h.poll.update(msg)
}

func (h *home) take(msg homeRead) tea.Cmd {
	if msg.err != nil {
		return h.poll.done(false, msg.err)
	}
	changed := !slices.EqualFunc(h.sweeps, msg.sweeps, sameSweep)
	h.sweeps, h.studies = msg.sweeps, msg.studies
	if !h.loaded {
		h.loaded, h.onStudy = true, len(h.sweeps) == 0
	}
	return h.poll.done(changed, nil)
}

func sameSweep(a, b Sweep) bool {
	return a.Name == b.Name && a.Live == b.Live && a.Paused == b.Paused && a.Total == b.Total && a.Updated.Equal(b.Updated)
}

func (h *home) live() []Sweep {
	var live []Sweep
	for _, s := range h.sweeps {
		if s.Live {
			live = append(live, s)
		}
	}
	return live
}

func (h *home) list() int {
	if h.onStudy {
		return 1
	}
	return 0
}

func (h *home) len() int {
	if h.onStudy {
		return len(h.studies)
	}
	return len(h.sweeps)
}

// move moves the cursor; at the end of one list it goes on in the other.
func (h *home) move(by int) tea.Cmd {
	at := h.cursor[h.list()]
	switch {
	case by == 1 && !h.onStudy && at >= len(h.sweeps)-1 && len(h.studies) > 0:
		h.onStudy, h.cursor[1] = true, 0
	case by == -1 && h.onStudy && at == 0 && len(h.sweeps) > 0:
		h.onStudy, h.cursor[0] = false, len(h.sweeps)-1
	default:
		h.cursor[h.list()] = moved(at, by, h.len())
	}
	return nil
}

// Actions implements screen.
func (h *home) Actions() []action {
	open := action{
		name: "open", keys: []string{"enter", "right", "l"}, label: "open",
		help: "the board of the sweep, or the plan of the study", to: h.open,
	}
	switch {
	case h.len() == 0:
		open.why = "there is nothing to open yet"
	case h.onStudy:
		open.label, open.cli = "plan", h.cli("plan", h.studies[h.cursor[1]].Name)
	}
	acts := []action{open, {
		name: "switch", keys: []string{"tab", "shift+tab"}, label: "sweeps / studies", help: "the other list",
		run: func() tea.Cmd { h.onStudy = !h.onStudy; return nil },
	}}
	if len(h.sweeps) == 0 {
		acts = append(acts, h.demo())
	}
	return append(acts, moves(h.move)...)
}

func (h *home) demo() action {
	return action{
		name: "demo", keys: []string{"d"}, label: "demo", help: "the whole line on the miniature benchmarks, three minutes",
		cli: h.cli("demo"),
		to:  func() tea.Msg { return push{newPlan(h.env, "demo")} },
	}
}

func (h *home) open() tea.Msg {
	if h.onStudy {
		return push{newPlan(h.env, h.studies[h.cursor[1]].Name)}
	}
	return push{newBoard(h.env, h.sweeps[h.cursor[0]].Name)}
}

// Draw implements screen.
func (h *home) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), h.env, nil, h.status(), nil)
	if h.loaded && len(h.sweeps) == 0 {
		var next widget.Rect
		next, rest = rest.Top(8)
		h.drawWelcome(c.In(next))
	} else {
		var sweeps widget.Rect
		sweeps, rest = rest.Top(max(5, min(len(h.sweeps)+3, rest.H/2)))
		h.drawSweeps(c.In(sweeps))
	}
	studies, detail := rest.Top(min(len(h.studies)+2, rest.H))
	h.drawStudies(c.In(studies))
	h.drawDetail(c.In(detail))
}

// drawDetail says in full what the cursor is on.
func (h *home) drawDetail(c widget.Canvas) {
	if t := h.poll.trouble(); c.H() >= 3 && !h.loaded && t != "" {
		in := widget.Panel(c, []widget.Span{strong("the store cannot be read")}, nil, false)
		for y, line := range wrap(t, in.W()) {
			in.Print(0, y, plain(line))
		}
		return
	}
	if c.H() < 3 || h.cursor[h.list()] >= h.len() {
		return
	}
	title, text, shell := "", "", ""
	if h.onStudy {
		s := h.studies[h.cursor[1]]
		title, text, shell = s.Name, s.Question, h.cli("sweep", s.Name, "-j 2 --detach")
	} else {
		s := h.sweeps[h.cursor[0]]
		title, text, shell = s.Name, need(s), h.cli("sweep status", s.Name)
	}
	in := widget.Panel(c, []widget.Span{strong(title)}, []widget.Span{faint("$ " + shell)}, false)
	for y, line := range wrap(text, in.W()) {
		in.Print(0, y, plain(line))
	}
}

// need says what a sweep needs from people.
func need(s Sweep) string {
	bad := trouble(s.Counts)
	switch {
	case s.Live && bad > 0:
		return fmt.Sprintf("It is running; %s went wrong and can be retried on its board.", plural(bad, "run"))
	case s.Live:
		return "It is running and needs nothing."
	case over(s.Counts) < s.Total:
		return fmt.Sprintf("Nothing runs it: %s are not done. Its board goes on with them.", plural(s.Total-over(s.Counts), "run"))
	case bad > 0:
		return fmt.Sprintf("It is over, but %s went wrong and can be retried on its board.", plural(bad, "run"))
	}
	return "All of its runs are done."
}

func (h *home) status() []widget.Span {
	if t := h.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if !h.loaded {
		return []widget.Span{faint("reading the store …")}
	}
	if n := len(h.live()); n > 0 {
		return []widget.Span{{Text: "● " + plural(n, "sweep") + " running", Ink: widget.Busy}}
	}
	return []widget.Span{faint("○ nothing runs")}
}

func (h *home) drawWelcome(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("an empty store")}, nil, false)
	lines := [][2]string{
		{"d", "the demo: sweep, figures and table on the miniature benchmarks, three minutes on two cores"},
		{"enter", "the plan of a study that ships; enter again starts it"},
		{":", "every command by name"},
		{"?", "every key"},
	}
	in.Print(0, 0, plain("No sweep has been run here. What can be done next:"))
	for y, l := range lines {
		in.Print(2, y+1, widget.Span{Text: l[0], Ink: widget.Key})
		in.Print(9, y+1, plain(l[1]))
	}
}

func (h *home) drawSweeps(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("sweeps")}, []widget.Span{faint(fmt.Sprint(len(h.sweeps)))}, !h.onStudy)
	widget.Table{
		Name: "sweeps", Len: len(h.sweeps), Cursor: h.cursor[0], Focused: !h.onStudy, Empty: "reading …",
		Columns: []widget.Column{
			{Title: "", Width: 1},
			{Title: "sweep", Width: 12, Grow: true},
			{Title: "", Width: 18},
			{Title: "runs", Width: 9, Right: true},
			{Title: "", Width: 28, Grow: true},
			{Title: "last sign of life", Width: 17, Right: true},
		},
		Row: func(i int) [][]widget.Span { return sweepRow(h.sweeps[i], h.clock()) },
	}.Draw(in)
}

func sweepRow(s Sweep, now time.Time) [][]widget.Span {
	state := liveSign(s.Live, s.Paused, over(s.Counts) == s.Total, false)
	share := widget.Bar(float64(over(s.Counts))/float64(max(1, s.Total)), 12, state.Ink)
	return [][]widget.Span{
		{state}, {strong(s.Name)},
		append(share, plain(fmt.Sprintf(" %3d %%", 100*over(s.Counts)/max(1, s.Total)))),
		{plain(fmt.Sprintf("%d/%d", over(s.Counts), s.Total))},
		tally(s.Counts, false),
		{faint(ago(s.Updated, now))},
	}
}

// liveSign is the state of a sweep, as a sign alone or in words.
func liveSign(live, paused, finished, words bool) widget.Span {
	span := widget.Span{Text: "◌ unfinished", Ink: widget.Warn}
	switch {
	case paused:
		span = widget.Span{Text: "◌ paused", Ink: widget.Warn}
	case live:
		span = widget.Span{Text: "● running", Ink: widget.Busy}
	case finished:
		span = widget.Span{Text: "✓ finished", Ink: widget.Good}
	}
	if !words {
		span.Text = string([]rune(span.Text)[:1])
	}
	return span
}

func (h *home) drawStudies(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("studies that ship")}, []widget.Span{faint(fmt.Sprint(len(h.studies)))}, h.onStudy)
	widget.Table{
		Name: "studies", Len: len(h.studies), Cursor: h.cursor[1], Focused: h.onStudy, Bare: true,
		Columns: []widget.Column{{Width: 14}, {Width: 20, Grow: true}, {Width: 38, Grow: true}},
		Row: func(i int) [][]widget.Span {
			s := h.studies[i]
			return [][]widget.Span{{strong(s.Name)}, {plain(s.Title)}, {faint(s.Question)}}
		},
	}.Draw(in)
}
