package tui

import (
	"context"
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/internal/shell"
	"github.com/mmibx/mmibx/scoring"
)

// errorsScreen goes through what a run predicted, mistake by mistake.
type errorsScreen struct {
	*env
	poll    poll
	run     string
	data    *Answers // nil until they are read
	kind    string   // of mistakes; everyMistake, everyAnswer, or one of scoring.MistakeKinds
	label   string   // "" or the type in gold or prediction
	shown   []int    // examples that pass
	cursor  int      // among them
	picture pictureOf
}

// pictureOf is a picture with its id; a picture that could not be read is empty.
type pictureOf struct {
	of string
	widget.Picture
}

// read reads the picture of an id, where p is not that already. What cannot be
// read is left blank: the sentence says enough.
func (p pictureOf) read(ctx context.Context, a Archive, benchmark, id string) pictureOf {
	if id == p.of {
		return p
	}
	if id == "" {
		return pictureOf{}
	}
	img, err := a.Picture(ctx, benchmark, id)
	if err != nil {
		img = widget.Picture{}
	}
	return pictureOf{id, img}
}

// What passes besides one kind of mistakes.
const (
	everyMistake = "all errors"
	everyAnswer  = "all answers"
)

type errorsRead struct {
	data    *Answers // nil: they were there already
	picture pictureOf
	err     error
}

func newErrors(e *env, run string) *errorsScreen {
	return &errorsScreen{env: e, run: run, kind: everyMistake}
}

func (*errorsScreen) Title() string { return "errors" }

// Init implements screen.
func (s *errorsScreen) Init(ctx context.Context) tea.Cmd { return s.poll.begin(ctx, s.ask) }

// ask reads the answers once, then the picture of the example under the cursor.
func (s *errorsScreen) ask() read {
	archive, run := s.archive, s.run
	if s.data == nil {
		return func(ctx context.Context) tea.Msg {
			data, err := archive.Answers(ctx, run)
			return errorsRead{data: data, err: err}
		}
	}
	benchmark, have, at := s.data.Benchmark, s.picture, s.at().Picture
	return func(ctx context.Context) tea.Msg {
		return errorsRead{picture: have.read(ctx, archive, benchmark, at)}
	}
}

// Update implements screen.
func (s *errorsScreen) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case errorsRead:
		if msg.err == nil && msg.data != nil {
			s.data = msg.data
			s.choose()
		} else if msg.err == nil {
			s.picture = msg.picture
		}
		return s.poll.rest(msg.err, s.data != nil && s.at().Picture != s.picture.of)
	case unsealed:
		if msg.err != nil {
			return send(notice{text: msg.err.Error(), bad: true})
		}
		s.data = msg.data
		s.choose()
		return s.poll.now()
	case wheeled:
		return s.move(msg.by)
	case clicked:
		if msg.Name == "errors" {
			return s.move(msg.Row - s.cursor)
		}
	}
	return s.poll.update(msg)
}

// at is the answer under the cursor.
func (s *errorsScreen) at() *Answer {
	if s.data == nil || s.cursor >= len(s.shown) {
		none := noAnswer()
		return &none
	}
	return &s.data.Examples[s.shown[s.cursor]]
}

func noAnswer() Answer { return Answer{Judged: scoring.Judged{Example: &mmibx.Example{}}} }

// choose lists the examples that pass; the cursor stays with its own where it
// does.
func (s *errorsScreen) choose() {
	id := s.at().Example.ID
	s.shown = s.shown[:0:0]
	s.cursor = 0
	for i := range s.data.Examples {
		if !s.passes(&s.data.Examples[i]) {
			continue
		}
		if s.data.Examples[i].Example.ID == id {
			s.cursor = len(s.shown)
		}
		s.shown = append(s.shown, i)
	}
}

func (s *errorsScreen) passes(a *Answer) bool {
	if s.kind == everyAnswer {
		of := func(sp scoring.Span) bool { return sp.Type == s.label }
		return s.label == "" || slices.ContainsFunc(a.Gold, of) || slices.ContainsFunc(a.Predicted, of)
	}
	return slices.ContainsFunc(a.Mistakes, s.wanted)
}

// wanted says that a mistake is one of those looked for.
func (s *errorsScreen) wanted(m scoring.Mistake) bool {
	if s.kind != everyMistake && s.kind != everyAnswer && string(m.Kind) != s.kind {
		return false
	}
	return s.label == "" || m.Gold != nil && m.Gold.Type == s.label || m.Predicted != nil && m.Predicted.Type == s.label
}

func (s *errorsScreen) move(by int) tea.Cmd {
	s.cursor = max(0, moved(s.cursor, by, len(s.shown)))
	if s.data == nil {
		return nil
	}
	return s.poll.now()
}

// Actions implements screen.
func (s *errorsScreen) Actions() []action {
	to := func(name, key, label, help string, by int) action {
		return action{name: name, keys: []string{key}, label: label, help: help, run: func() tea.Cmd { return s.move(by) }}
	}
	acts := []action{
		to("next error", "n", "next", "the next example", 1),
		to("error before", "p", "before", "the example before", -1),
		{name: "runs errors", keys: []string{"f"}, label: "kind", help: "one kind of errors, or all answers", cli: s.cliErrors(), run: s.pickKind},
		{name: "type", keys: []string{"t"}, label: "type", help: "errors with one type in gold or prediction", cli: s.cliErrors(), run: s.pickLabel},
		{name: "runs show", keys: []string{"enter"}, label: "run", help: "all of the run", cli: s.cli("runs show", s.run), to: func() tea.Msg {
			return push{newRun(s.env, s.run, mmibx.DevF1)}
		}},
		s.unsealAction(),
	}
	if len(s.shown) == 0 {
		acts[0].why, acts[1].why = "no example is listed", "no example is listed"
	}
	if s.data == nil {
		for i := range acts {
			acts[i].why = "the predictions are still being read"
		}
	}
	return append(acts, moves(s.move)...)
}

func (s *errorsScreen) cliErrors() string {
	words := []string{"runs errors", s.run}
	if s.data != nil && s.data.Split == mmibx.Test {
		words = append(words, "--split test")
	}
	if s.kind != everyMistake && s.kind != everyAnswer {
		words = append(words, "--kind", shell.Word(s.kind))
	}
	if s.label != "" {
		words = append(words, "--type", shell.Word(s.label))
	}
	return s.cli(words...)
}

// counted offers names with how many examples each would list.
func (s *errorsScreen) counted(names []string, try func(name string)) []Pair {
	kind, label := s.kind, s.label
	var list []Pair
	for _, name := range names {
		try(name)
		n := 0
		for i := range s.data.Examples {
			if s.passes(&s.data.Examples[i]) {
				n++
			}
		}
		list = append(list, Pair{name, plural(n, "example")})
	}
	s.kind, s.label = kind, label
	return list
}

func (s *errorsScreen) pickKind() tea.Cmd {
	names := []string{everyMistake}
	for _, k := range scoring.MistakeKinds {
		names = append(names, string(k))
	}
	list := s.counted(append(names, everyAnswer), func(name string) { s.kind = name })
	return send(push{newPick("errors", list, []string{s.kind}, func(chosen []string) action {
		return s.filterBy(func() { s.kind = chosen[0] })
	})})
}

const everyType = "all types"

func (s *errorsScreen) pickLabel() tea.Cmd {
	names := []string{everyType}
	for _, t := range s.data.Score.Types {
		names = append(names, t.Type)
	}
	of := func(name string) string {
		if name == everyType {
			return ""
		}
		return name
	}
	list := s.counted(names, func(name string) { s.label = of(name) })
	return send(push{newPick("type", list, []string{s.label}, func(chosen []string) action {
		return s.filterBy(func() { s.label = of(chosen[0]) })
	})})
}

func (s *errorsScreen) filterBy(set func()) action {
	return action{name: "runs errors", run: func() tea.Cmd {
		set()
		s.choose()
		return s.poll.now()
	}}
}

type unsealed struct {
	data *Answers
	err  error
}

// unsealAction looks at test, once it was asked about: the look cannot be taken
// back.
func (s *errorsScreen) unsealAction() action {
	act := action{name: "runs errors --split test", keys: []string{"T"}, help: "look at the answers on test; the ledger gets a line", cli: s.cli("runs errors", s.run, "--split test")}
	if s.data != nil && s.data.Split == mmibx.Test {
		act.why = "this is test, and the ledger knows"
	}
	curator, run := s.curator, s.run
	sure := act
	sure.run = func() tea.Cmd {
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(context.Background(), readFor)
			defer cancel()
			data, err := curator.Unseal(ctx, run)
			return unsealed{data, err}
		}
	}
	act.to = func() tea.Msg {
		return push{&confirm{question: "look at test?", act: sure, detail: fmt.Sprintf(
			"Test is sealed. A look at the errors of run %s on test is one line in the ledger, which reports print and nothing takes back. Look once, when the choices are made.", brief(run))}}
	}
	return act
}
