package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
)

// The lists of the home screen, in the order of tab.
const (
	onSweeps = iota
	onAttention
	onBest
	onStudies
	numLists
)

var listNames = [numLists]string{"sweeps", "attention", "best", "studies"}

// home shows what the store holds, what in it needs a hand, and what can be
// started.
type home struct {
	*env
	poll     poll
	sweeps   []Sweep
	studies  []Study
	overview Overview
	known    homeState // what the overview was made of
	busy     bool      // an overview is being made
	trouble  error     // of the overview
	loaded   bool
	focus    int
	cursor   [numLists]int
}

// homeState differs where an overview may.
type homeState struct {
	counted [8]int // runs by state, over all sweeps
	when    int64  // half a minute: not all runs are of a sweep
}

type homeRead struct {
	sweeps  []Sweep
	studies []Study
	err     error
}

type overviewRead struct {
	of       homeState
	overview Overview
	err      error
}

func newHome(e *env) *home { return &home{env: e} }

func (*home) Title() string { return "home" }

// Init implements screen.
func (h *home) Init(ctx context.Context) tea.Cmd {
	h.busy = false
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

// state is what an overview would be made of now.
func (h *home) state() homeState {
	s := homeState{when: h.clock().Unix() / 30}
	for _, sweep := range h.sweeps {
		for i, state := range mmibx.States {
			s.counted[i] += sweep.Counts[state]
		}
	}
	return s
}

// also reads the overview, which takes longer than the lists, beside them.
func (h *home) also() read {
	want := h.state()
	if !h.loaded || want == h.known {
		return nil
	}
	reader := h.reader
	return func(ctx context.Context) tea.Msg {
		o, err := reader.Overview(ctx)
		return overviewRead{want, o, err}
	}
}

// oversee starts to read the overview where it may have changed.
func (h *home) oversee() tea.Cmd {
	look := h.also()
	if look == nil || h.busy || h.poll.ctx == nil {
		return nil
	}
	h.busy = true
	ctx := h.poll.ctx
	return func() tea.Msg { return look(ctx) }
}

// Update implements screen.
func (h *home) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case homeRead:
		return tea.Batch(h.take(msg), h.oversee())
	case overviewRead:
		h.busy, h.known, h.trouble = false, msg.of, msg.err
		if msg.err == nil {
			h.overview = msg.overview
		}
		h.settle()
	case clicked:
		if i := slices.Index(listNames[:], msg.Name); i >= 0 {
			h.focus = i
			h.cursor[i] = moved(msg.Row, 0, h.len(i))
		}
	case wheeled:
		if i := slices.Index(listNames[:], msg.Name); i >= 0 {
			h.focus = i
			h.cursor[i] = moved(h.cursor[i], msg.by, h.len(i))
		}
	}
	return h.poll.update(msg)
}

func (h *home) take(msg homeRead) tea.Cmd {
	if msg.err != nil {
		return h.poll.done(false, msg.err)
	}
	changed := !slices.EqualFunc(h.sweeps, msg.sweeps, sameSweep)
	switch {
	case len(msg.sweeps) == 0 && !h.loaded:
		h.focus = onStudies
	case len(msg.sweeps) > 0 && h.loaded && len(h.sweeps) == 0: // the first one was started
		h.focus = onSweeps
	}
	h.sweeps, h.studies = msg.sweeps, msg.studies
	h.loaded = true
	h.settle()
	return h.poll.done(changed, nil)
}

func sameSweep(a, b Sweep) bool {
	return a.Name == b.Name && a.Live == b.Live && a.Paused == b.Paused && a.Total == b.Total && a.Updated.Equal(b.Updated)
}

// settle keeps the cursors within lists that may have shrunk.
func (h *home) settle() {
	for i := range numLists {
		h.cursor[i] = max(0, moved(h.cursor[i], 0, h.len(i)))
	}
}

func (h *home) live() []Sweep {
	return slices.DeleteFunc(slices.Clone(h.sweeps), func(s Sweep) bool { return !s.Live })
}

func (h *home) len(list int) int {
	return [numLists]int{len(h.sweeps), len(h.overview.Attention), len(h.overview.Best), len(h.studies)}[list]
}

// has says that a list has something under its cursor.
func (h *home) has() bool { return h.cursor[h.focus] < h.len(h.focus) }

// move moves the cursor; at the end of a list it goes on in the next.
func (h *home) move(by int) tea.Cmd {
	at := h.cursor[h.focus]
	if (by == 1 && at >= h.len(h.focus)-1) || (by == -1 && at == 0) {
		for next := h.focus + by; next >= 0 && next < numLists; next += by {
			if h.len(next) > 0 {
				h.focus = next
				h.cursor[next] = 0
				if by < 0 {
					h.cursor[next] = h.len(next) - 1
				}
				return nil
			}
		}
	}
	h.cursor[h.focus] = max(0, moved(at, by, h.len(h.focus)))
	return nil
}

// turn goes to the next list that holds something.
func (h *home) turn(by int) func() tea.Cmd {
	return func() tea.Cmd {
		for range numLists {
			if h.focus = (h.focus + by + numLists) % numLists; h.len(h.focus) > 0 {
				break
			}
		}
		return nil
	}
}

// Actions implements screen.
func (h *home) Actions() []action {
	acts := []action{h.openAction()}
	if h.loaded && len(h.sweeps) == 0 {
		acts = append(acts, h.demo(), h.verify())
	}
	acts = append(acts, h.newAction(),
		action{name: "next list", keys: []string{"tab"}, label: "next list", help: "sweeps, runs that need attention, best, studies", run: h.turn(1)},
		action{name: "list before", keys: []string{"shift+tab"}, help: "the list before", run: h.turn(-1)},
		h.retry())
	return append(acts, moves(h.move)...)
}

func (h *home) openAction() action {
	open := action{name: "open", keys: []string{"enter", "right", "l"}, label: "open", help: "the board, the run or the plan under the cursor"}
	if !h.has() {
		open.why = "there is nothing to open here"
		return open
	}
	switch at := h.cursor[h.focus]; h.focus {
	case onSweeps:
		name := h.sweeps[at].Name
		open.cli, open.to = h.cli("board", name), func() tea.Msg { return push{newBoard(h.env, name)} }
	case onAttention:
		id := h.overview.Attention[at].ID
		open.cli, open.to = h.cli("runs show", id), func() tea.Msg { return push{newRun(h.env, id, mmibx.DevF1)} }
	case onBest:
		id := h.overview.Best[at].Run
		open.cli, open.to = h.cli("runs show", id), func() tea.Msg { return push{newRun(h.env, id, mmibx.DevF1)} }
	case onStudies:
		name := h.studies[at].Name
		open.label, open.help = "plan", "what the study would run; enter there starts it"
		open.cli, open.to = h.cli("plan", name), func() tea.Msg { return push{newPlan(h.env, name)} }
	}
	return open
}

// newAction writes a new sweep from nothing; the plan of a study leads to one that
// starts from it.
func (h *home) newAction() action {
	return action{
		name: "new sweep", keys: []string{"n"}, label: "new", help: "write a sweep of your own by a form, with its plan beside it",
		to: func() tea.Msg { return push{newNewSweep(h.env, "")} },
	}
}

func (h *home) demo() action {
	return action{
		name: "demo", keys: []string{"d"}, label: "demo", help: "the whole line on miniature benchmarks, in some three minutes",
		cli: h.cli("demo"),
		to:  func() tea.Msg { return push{newPlan(h.env, "demo")} },
	}
}

// verify leads to the benchmarks, which are checked there by the same key.
func (h *home) verify() action {
	return action{
		name: "data verify", keys: []string{"v"}, label: "verify data", help: "whether the benchmarks are here, and are the published files",
		cli: h.cli("data verify"), to: func() tea.Msg { return push{newBenchmarks(h.env)} },
	}
}

// retry makes the run under the cursor due again, where it needs attention and is
// of a sweep.
func (h *home) retry() action {
	if h.focus != onAttention || !h.has() {
		a := retryAction(h.env, "", nil, "")
		a.label, a.why = "", "no run that needs attention is selected"
		return a
	}
	row := h.overview.Attention[h.cursor[onAttention]]
	a := retryAction(h.env, row.Sweep, []RunRow{row.RunRow}, "the run")
	if row.Sweep == "" {
		a.why = "it is of no sweep; `" + h.cli("runs retry", row.ID) + "` retries it"
	}
	return a
}
