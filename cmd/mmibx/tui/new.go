package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
)

// newSweep writes a sweep file by a form, with the plan that the file stands for
// beside it.
type newSweep struct {
	*env
	poll    poll
	from    string // study that it started from; "": none
	text    string // of the file
	draft   Draft
	loaded  bool
	cursor  int // among the fields, workers last
	typing  *fieldTyping
	workers int
	up      int  // lines of the file scrolled down
	asked   bool // to start
}

// fieldTyping is a field whose values are typed. What they make of the file is
// shown while they are good.
type fieldTyping struct {
	key    string
	line   widget.Input
	before string // text of the file, which comes back where typing is given up
	faults []string
	leave  bool // as soon as what was typed is known to be good
}

// draftRead answers what was asked of the author.
type draftRead struct {
	of         string // text of the file
	key, typed string
	draft      Draft
	err        error
}

// written is the file as it came back from the editor.
type written struct {
	text string
	err  error
}

// saved is the answer to save.
type saved struct {
	path  string
	start bool // what was saved is to be started
	err   error
}

func newNewSweep(e *env, from string) *newSweep { return &newSweep{env: e, from: from, workers: 2} }

func (*newSweep) Title() string { return "new" }

// modal says that keys are typed, not done.
func (n *newSweep) modal() bool { return n.typing != nil }

// Init implements screen.
func (n *newSweep) Init(ctx context.Context) tea.Cmd {
	n.asked = false
	return n.poll.begin(ctx, n.ask)
}

// ask reads the file with what is typed at the moment in it.
func (n *newSweep) ask() read {
	author, from, workers, want := n.author, n.from, n.workers, draftRead{of: n.text}
	if t := n.typing; t != nil {
		want.of, want.key, want.typed = t.before, t.key, t.line.Text
	}
	return func(ctx context.Context) tea.Msg {
		text := want.of
		if text == "" {
			if text, want.err = author.Template(ctx, from); want.err != nil {
				return want
			}
		}
		want.draft, want.err = author.Draft(ctx, text, want.key, want.typed, workers)
		return want
	}
}

// Update implements screen.
func (n *newSweep) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case draftRead:
		return n.take(msg)
	case written:
		if msg.err != nil {
			return send(notice{text: msg.err.Error(), bad: true})
		}
		n.text, n.up = msg.text, 0
		return n.poll.now()
	case saved:
		return n.wasSaved(msg)
	case startFailed:
		n.asked = false
		return send(notice{text: msg.err.Error(), bad: true})
	case tea.KeyPressMsg:
		if n.typing != nil && (n.typing.line.Key(msg.String()) || msg.Text != "") {
			n.typing.line.Insert(msg.Text)
			return n.poll.now()
		}
	case tea.PasteMsg:
		if n.typing != nil {
			n.typing.line.Insert(msg.Content)
			return n.poll.now()
		}
	case clicked:
		if msg.Name == "fields" && n.typing == nil {
			n.cursor = moved(msg.Row, 0, n.rows())
		}
	case wheeled:
		if msg.Name == "file" {
			n.up = max(0, min(n.up+msg.by, strings.Count(n.text, "\n")-3))
		}
	}
	return n.poll.update(msg)
}

// take makes what was read the draft that is shown, unless something else has been
// typed since.
func (n *newSweep) take(msg draftRead) tea.Cmd {
	if msg.err != nil {
		return n.poll.done(false, msg.err)
	}
	t := n.typing
	switch {
	case t == nil && msg.key != "", t == nil && msg.of != n.text && n.text != "":
		return n.poll.done(true, nil) // of what is no longer asked
	case t != nil && (msg.key != t.key || msg.typed != t.line.Text):
		return n.poll.done(true, nil)
	}
	n.loaded = true
	if t != nil {
		if t.faults = msg.draft.Faults; len(t.faults) > 0 {
			t.leave = false
			return n.poll.done(false, nil)
		}
	}
	n.draft, n.text = msg.draft, msg.draft.Text
	n.cursor = moved(n.cursor, 0, n.rows())
	if t != nil && t.leave {
		n.typing = nil
	}
	return n.poll.done(false, nil)
}

// rows counts the lines of the form: the fields and the workers.
func (n *newSweep) rows() int { return len(n.draft.Fields) + 1 }

// field is the one under the cursor; ok is false on the workers.
func (n *newSweep) field() (DraftField, bool) {
	if n.cursor < len(n.draft.Fields) {
		return n.draft.Fields[n.cursor], true
	}
	return DraftField{}, false
}

func (n *newSweep) move(by int) tea.Cmd {
	n.cursor = moved(n.cursor, by, n.rows())
	return nil
}

// change makes the values of a field the file's, at once.
func (n *newSweep) change(key, typed string) tea.Cmd {
	n.typing = &fieldTyping{key: key, line: widget.Input{Text: typed, At: len(typed)}, before: n.text, leave: true}
	return n.poll.now()
}

// edit opens the field under the cursor: a choice, or a line to type on.
func (n *newSweep) edit() tea.Msg {
	f, _ := n.field()
	if choices := choicesOf(f.Key); choices != nil {
		p := newPick(fieldNames[f.Key], choices, splitTyped(f.Typed), func(names []string) action {
			return action{name: "set " + f.Key, run: func() tea.Cmd { return n.change(f.Key, strings.Join(names, ", ")) }}
		})
		p.many, p.none = true, f.Key == "evidence"
		return push{p}
	}
	n.typing = &fieldTyping{key: f.Key, line: widget.Input{Text: f.Typed, At: len(f.Typed)}, before: n.text}
	return nil
}

// leave ends typing: the values stay where they are good, or those before come
// back.
func (n *newSweep) leave(keep bool) func() tea.Cmd {
	return func() tea.Cmd {
		if keep {
			n.typing.leave = true
			return n.poll.now()
		}
		n.text, n.typing = n.typing.before, nil
		return n.poll.now()
	}
}

func splitTyped(typed string) []string {
	return slices.DeleteFunc(strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ' ' }), func(s string) bool { return s == "" })
}

// fieldNames are the fields as the form calls them.
var fieldNames = map[string]string{
	"name": "name", "benchmarks": "benchmarks", "model": "methods", "evidence": "evidence", "ib.beta": "betas", "ib.size": "sizes",
	"align.tau": "temperatures", "seeds": "seeds",
}

// fieldHelp says what may be typed.
var fieldHelp = map[string]string{
	"name":       "letters, digits, dots, dashes; also the folder in the store and the name of the file",
	"benchmarks": "the data; enter chooses",
	"model":      "the networks; enter chooses",
	"evidence":   "what stands for the picture; none chosen: what is usual for the benchmark; enter chooses",
	"ib.beta":    `weights of both bottlenecks: 0, 1e-3, 0.1; or {from = 1e-4, to = 1, n = 5, scale = "log"}; nothing: the usual one`,
	"ib.size":    "widths of the latents: 4, 8, 16; nothing: the usual one",
	"align.tau":  "temperatures of the contrast: 0.05, 0.07, 0.2; nothing: the usual one",
	"seeds":      "a count, or a list: 5, or 0, 3, 7",
}

// choicesOf lists what a field is chosen from, nil where it is typed.
func choicesOf(key string) []Pair {
	var list []Pair
	switch key {
	case "benchmarks":
		for _, b := range mmibx.Benchmarks() {
			list = append(list, Pair{b.Name, b.Title})
		}
	case "model":
		for _, m := range mmibx.Models {
			list = append(list, Pair{m.Name, m.Title + tasksOf(m)})
		}
	case "evidence":
		f, _ := mmibx.LookupField("evidence.kind")
		for _, c := range f.Choices {
			list = append(list, Pair{c, ""})
		}
	}
	return list
}

func tasksOf(m mmibx.Model) string {
	if len(m.Tasks) != 1 {
		return ""
	}
	return ", for " + strings.ToUpper(string(m.Tasks[0])) + " only"
}

// Actions implements screen.
func (n *newSweep) Actions() []action {
	if n.typing != nil {
		return []action{
			{name: "keep", keys: []string{"enter", "tab"}, label: "keep", help: "keep what is typed", run: n.leave(true)},
			{name: "give up", keys: []string{"esc"}, label: "as before", help: "the values before", run: n.leave(false)},
		}
	}
	acts := []action{n.editAction(), n.startAction(), n.saveAction(), n.editorAction()}
	acts = append(acts,
		action{name: "start from", keys: []string{"t"}, label: "template", help: "start again from a study that ships", run: n.pickTemplate},
		action{name: "more workers", keys: []string{"+", "="}, help: "one worker more", run: n.work(1)},
		action{name: "fewer workers", keys: []string{"-"}, help: "one worker less", run: n.work(-1)})
	return append(acts, moves(n.move)...)
}

func (n *newSweep) editAction() action {
	edit := action{name: "change", keys: []string{"enter", "right", "l"}, label: "change", help: "type or choose the values of the field", to: n.edit}
	switch f, ok := n.field(); {
	case !n.loaded:
		edit.why = "the file is still being read"
	case !ok:
		edit.why = "+ and - change the number of workers"
	case f.Locked != "":
		edit.why = f.Locked + ": e opens the file"
	}
	return edit
}

// file is where the draft is saved.
func (n *newSweep) file() string { return n.draft.Name + ".toml" }

// ready says why the file cannot be saved or started, "" when it can.
func (n *newSweep) ready() string {
	switch {
	case !n.loaded:
		return "the file is still being read"
	case len(n.draft.Faults) > 0:
		return "the file has a fault: " + n.draft.Faults[0]
	case n.asked:
		return "it is being started"
	}
	return ""
}

func (n *newSweep) saveAction() action {
	save := action{
		name: "save", keys: []string{"w"}, label: "save", help: "write the file, to be started or changed later", why: n.ready(),
		run: func() tea.Cmd { return n.save(false, false) },
	}
	if save.why == "" {
		save.cli = n.cli("plan", n.file())
	}
	return save
}

func (n *newSweep) startAction() action {
	start := action{
		name: "sweep", keys: []string{"S"}, label: "start", help: "save the file and run what is not done yet, in a process that outlives the UI",
		why: n.ready(), run: func() tea.Cmd { return n.save(false, true) },
	}
	if start.why == "" {
		start.cli = n.cli("sweep", n.file(), "-j", fmt.Sprint(n.workers), "--detach")
	}
	return start
}

// save writes the file, and starts it where that was asked.
func (n *newSweep) save(replace, start bool) tea.Cmd {
	author, file, text := n.author, n.file(), n.text
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		path, err := author.Save(ctx, file, text, replace)
		return saved{path, start, err}
	}
}

// wasSaved goes on after save. A file of the name with another text is asked about
// before it is replaced.
func (n *newSweep) wasSaved(msg saved) tea.Cmd {
	cli := n.cli("plan", n.file())
	switch {
	case errors.Is(msg.err, fs.ErrExist):
		return send(push{&confirm{
			question: "replace " + n.file() + "?", detail: n.file() + " holds another sweep, which is lost when this one takes its place.",
			act: action{name: "replace", cli: cli, run: func() tea.Cmd { return n.save(true, msg.start) }},
		}})
	case msg.err != nil:
		return send(notice{text: msg.err.Error(), bad: true})
	case !msg.start:
		return send(notice{text: "saved " + msg.path, cli: cli})
	}
	n.asked = true
	return startSweep(n.env, msg.path, n.workers)
}

// startSweep begins a study or a sweep file and leads to its board.
func startSweep(e *env, what string, workers int) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		sweep, err := e.control.Start(ctx, what, workers)
		if err != nil {
			return startFailed{err}
		}
		return swap{newBoard(e, sweep)}
	}
}

func (n *newSweep) editorAction() action {
	return action{
		name: "edit", keys: []string{"e"}, label: "file", help: "the file itself in $EDITOR, for all that the form does not have",
		why: map[bool]string{true: "the file is still being read"}[!n.loaded], run: func() tea.Cmd {
			cmd, back, err := n.author.Editor(n.text)
			if err != nil {
				return send(notice{text: err.Error(), bad: true})
			}
			return send(outside{cmd, func(err error) tea.Msg {
				text, lost := back() // in any case: it takes the copy away
				if err != nil {
					return written{err: fmt.Errorf("%s: %w", cmd, err)}
				}
				return written{text, lost}
			}})
		},
	}
}

// pickTemplate offers the studies to start again from.
func (n *newSweep) pickTemplate() tea.Cmd {
	reader, e := n.reader, n.env
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.Background(), readFor)
		defer cancel()
		studies, err := reader.Studies(ctx)
		if err != nil {
			return notice{text: err.Error(), bad: true}
		}
		list := make([]Pair, len(studies))
		for i, s := range studies {
			list[i] = Pair{s.Name, s.Title}
		}
		return push{newPick("start from a study", list, nil, func(names []string) action {
			return action{name: "start from " + names[0], to: func() tea.Msg { return swap{newNewSweep(e, names[0])} }}
		})}
	}
}

func (n *newSweep) work(by int) func() tea.Cmd {
	return func() tea.Cmd {
		n.workers = max(1, min(n.workers+by, 64))
		return n.poll.now()
	}
}

// label is a field's name with the width of the longest.
func label(f DraftField) string { return cmp.Or(fieldNames[f.Key], f.Key) }
