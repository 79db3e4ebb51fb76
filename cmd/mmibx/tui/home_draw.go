package tui

import (
	"fmt"
	"time"

	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// Draw implements screen.
func (h *home) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), h.env, nil, h.status(), h.disk())
	switch {
	case !h.loaded && h.poll.trouble() != "":
		drawUnread(c.In(rest), "store", h.poll.trouble())
		return
	case h.loaded && len(h.sweeps) == 0:
		next, below := rest.Top(min(rest.H/2, 3+len(h.welcome())))
		h.drawWelcome(c.In(next))
		rest = below
	default:
		sweeps, below := h.down(c, "home.sweeps", rest, max(4, min(len(h.sweeps)+3, rest.H/3)))
		h.drawSweeps(c.In(sweeps))
		rest = below
	}
	if n := max(len(h.overview.Attention), len(h.overview.Best)); n > 0 {
		middle, below := h.down(c, "home.middle", rest, max(4, min(n+2, rest.H*2/5)))
		attention, best := h.across(c, "home.attention", middle, middle.W*11/20)
		h.drawAttention(c.In(attention))
		h.drawBest(c.In(best))
		rest = below
	}
	studies, detail := rest.Top(min(len(h.studies)+2, rest.H))
	if detail.H < 4 && rest.H > 8 {
		studies, detail = rest.Top(rest.H - 4)
	}
	h.drawStudies(c.In(studies))
	if detail.H >= 12 && len(h.overview.Lately) > 0 {
		var lately widget.Rect
		detail, lately = detail.Top(5)
		h.drawLately(c.In(lately))
	}
	h.drawDetail(c.In(detail))
}

// disk is what the store takes and what is left for it.
func (h *home) disk() []widget.Span {
	if h.overview.Used == 0 {
		return nil
	}
	ink := widget.Faint
	if h.overview.Free < 1<<30 {
		ink = widget.Warn
	}
	return []widget.Span{faint("   " + bytes(h.overview.Used) + ", "), {Text: bytes(h.overview.Free) + " free", Ink: ink}}
}

func (h *home) status() []widget.Span {
	if t := h.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	switch n := len(h.live()); {
	case !h.loaded:
		return []widget.Span{faint("reading the store …")}
	case h.trouble != nil:
		return []widget.Span{{Text: "✗ " + h.trouble.Error(), Ink: widget.Bad}}
	case n > 0:
		return []widget.Span{{Text: "● " + plural(n, "sweep") + " running", Ink: widget.Busy}}
	}
	return []widget.Span{faint("○ nothing runs")}
}

// welcome is what can be done in an empty store, one key each.
func (h *home) welcome() []action {
	var acts []action
	for _, name := range []string{"demo", "new sweep", "open", "data verify"} {
		for _, a := range h.Actions() {
			if a.name == name && a.why == "" {
				acts = append(acts, a)
			}
		}
	}
	return acts
}

func (h *home) drawWelcome(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("an empty store")}, nil, false)
	in.Print(0, 0, plain("No sweep has been run here. What can be done next:"))
	for y, a := range h.welcome() {
		in.Print(2, y+1, widget.Span{Text: keyName(a.keys[0]), Ink: widget.Key})
		in.Print(9, y+1, plain(a.help))
	}
}

func (h *home) drawSweeps(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("sweeps")}, []widget.Span{faint(fmt.Sprint(len(h.sweeps)))}, h.focus == onSweeps)
	widget.Table{
		Name: listNames[onSweeps], Len: len(h.sweeps), Cursor: h.cursor[onSweeps], Focused: h.focus == onSweeps, Empty: "reading …",
		Columns: []widget.Column{
			{Title: "", Width: 1},
			{Title: "sweep", Width: 12, Grow: true, Most: 40},
			{Title: "", Width: 18},
			{Title: "runs", Width: 9, Right: true},
			{Title: "", Width: 28, Grow: true, Most: 48},
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

func (h *home) drawAttention(c widget.Canvas) {
	list := h.overview.Attention
	in := widget.Panel(c, []widget.Span{strong("need attention")}, []widget.Span{faint(fmt.Sprint(len(list)))}, h.focus == onAttention)
	widget.Table{
		Name: listNames[onAttention], Len: len(list), Cursor: h.cursor[onAttention], Focused: h.focus == onAttention, Bare: true, Empty: "no run does",
		Columns: []widget.Column{{Width: 1}, {Width: 6}, {Width: 10, Grow: true}, {Width: 12, Grow: true}, {Width: 14, Right: true}},
		Row: func(i int) [][]widget.Span {
			a := list[i]
			return [][]widget.Span{
				{sign(a.State)}, {plain(brief(a.ID))}, {plain(a.Label)}, {{Text: a.Error, Ink: widget.Bad}}, {faint(ago(a.At, h.clock()))},
			}
		},
	}.Draw(in)
}

func (h *home) drawBest(c widget.Canvas) {
	list := h.overview.Best
	in := widget.Panel(c, []widget.Span{strong("best on dev")}, []widget.Span{faint("mean of seeds")}, h.focus == onBest)
	widget.Table{
		Name: listNames[onBest], Len: len(list), Cursor: h.cursor[onBest], Focused: h.focus == onBest, Bare: true, Empty: "no run is done",
		Columns: []widget.Column{{Width: 16}, {Width: 4, Right: true}, {Width: 4}, {Width: 4, Right: true}, {Width: 8, Grow: true}},
		Row: func(i int) [][]widget.Span {
			b := list[i]
			return [][]widget.Span{
				{plain(b.Benchmark)}, {strong(score(b.Mean))}, {faint(deviation(b.SD, b.N))}, {faint(fmt.Sprintf("n %d", b.N))}, {plain(b.Label)},
			}
		},
	}.Draw(in)
}

// drawLately says what happened in the store, where there is room for it.
func (h *home) drawLately(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("lately")}, nil, false)
	drawHappened(in, "lately", h.overview.Lately, -1, h.clock())
}

func (h *home) drawStudies(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("studies that ship")}, []widget.Span{faint(fmt.Sprint(len(h.studies)))}, h.focus == onStudies)
	columns := []widget.Column{{Width: 14}, {Width: 20, Grow: true, Most: 72}, {Width: 38, Grow: true}}
	if c.W() < 100 { // the panel below has the question
		columns = columns[:2]
	}
	widget.Table{
		Name: listNames[onStudies], Len: len(h.studies), Cursor: h.cursor[onStudies], Focused: h.focus == onStudies, Bare: true,
		Columns: columns,
		Row: func(i int) [][]widget.Span {
			s := h.studies[i]
			return [][]widget.Span{{strong(s.Name)}, {plain(s.Title)}, {faint(s.Question)}}
		},
	}.Draw(in)
}

// drawDetail says in full what the cursor is on.
func (h *home) drawDetail(c widget.Canvas) {
	if c.H() < 3 || !h.has() {
		return
	}
	title, text, shell := h.detail()
	in := widget.Panel(c, []widget.Span{strong(title)}, []widget.Span{faint("$ " + shell)}, false)
	for y, line := range cut(wrap(text, in.W()-2), in.H()) {
		in.Print(0, y, plain(line))
	}
}

func (h *home) detail() (title, text, shell string) {
	switch at := h.cursor[h.focus]; h.focus {
	case onSweeps:
		s := h.sweeps[at]
		return s.Name, need(s), h.cli("sweep status", s.Name)
	case onAttention:
		a := h.overview.Attention[at]
		return a.ID, fmt.Sprintf("%s on %s, seed %d, %s, attempt %d: %s", a.Label, a.Benchmark, a.Seed, a.State, a.Attempt, a.Error), h.cli("runs show", a.ID)
	case onBest:
		b := h.overview.Best[at]
		return b.Benchmark, fmt.Sprintf("%s: %s %s over %s on dev. Its best run is %s. Test stays sealed.", b.Label, score(b.Mean), deviation(b.SD, b.N), plural(b.N, "seed"), b.Run), h.cli("runs show", b.Run)
	}
	s := h.studies[h.cursor[onStudies]]
	return s.Name, s.Question, h.cli("sweep", s.Name, "-j 2 --detach")
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
