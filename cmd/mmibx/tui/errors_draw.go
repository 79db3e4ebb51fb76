package tui

import (
	"fmt"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/scoring"
)

// Draw implements screen: the example, and the list of those that pass beside or
// below it.
func (s *errorsScreen) Draw(c widget.Canvas) {
	top, rest := c.Bounds().Top(1)
	header(c.In(top), s.env, []string{"run " + brief(s.run), "errors"}, s.status(), nil)
	if s.data == nil {
		widget.Panel(c.In(rest), []widget.Span{strong("answers")}, nil, true).Print(0, 0, faint(s.waiting()))
		return
	}
	if rest.W >= 110 {
		list, right := s.across(c, "errors.list", rest, rest.W*2/5)
		scores, list := s.down(c, "errors.scores", list, min(len(s.data.Score.Types)+4, list.H/3))
		s.drawScores(c.In(scores))
		s.drawList(c.In(list))
		s.drawExample(c.In(right))
		return
	}
	example, list := s.down(c, "errors.example", rest, rest.H*2/3)
	s.drawExample(c.In(example))
	s.drawList(c.In(list))
}

func (s *errorsScreen) waiting() string {
	if t := s.poll.trouble(); t != "" {
		return t
	}
	return "reading the predictions …"
}

func (s *errorsScreen) status() []widget.Span {
	if t := s.poll.trouble(); t != "" {
		return []widget.Span{{Text: "✗ " + t, Ink: widget.Bad}}
	}
	if s.data == nil {
		return []widget.Span{faint("reading …")}
	}
	split := faint(s.data.Benchmark + " " + string(s.data.Split))
	if s.data.Split == mmibx.Test {
		split = widget.Span{Text: s.data.Benchmark + " TEST, the ledger knows", Ink: widget.Warn}
	}
	return []widget.Span{split, plain("  F1 "), strong(fmt.Sprintf("%.2f", s.data.Score.F1)), plain("   " + s.looking()), faint("   " + s.data.Label)}
}

// looking says what is looked for.
func (s *errorsScreen) looking() string {
	if s.label == "" {
		return s.kind
	}
	return s.kind + ", " + s.label
}

// drawScores shows precision, recall and F1 by type.
func (s *errorsScreen) drawScores(c widget.Canvas) {
	in := widget.Panel(c, []widget.Span{strong("scores"), faint("  by type")}, nil, false)
	lines := append([]scoring.TypeScores{{Type: "all", Scores: s.data.Score.Scores}}, s.data.Score.Types...)
	widget.Table{
		Name: "scores", Len: len(lines), Cursor: -1,
		Columns: []widget.Column{
			{Title: "type", Width: 10, Grow: true, Most: 40}, {Title: "P", Width: 6, Right: true}, {Title: "R", Width: 6, Right: true},
			{Title: "F1", Width: 6, Right: true}, {Title: "right", Width: 6, Right: true}, {Title: "gold", Width: 6, Right: true},
		},
		Row: func(i int) [][]widget.Span {
			t := lines[i]
			number := func(v float64) []widget.Span { return []widget.Span{plain(fmt.Sprintf("%.2f", v))} }
			return [][]widget.Span{
				{plain(t.Type)}, number(t.Precision), number(t.Recall), {strong(fmt.Sprintf("%.2f", t.F1))},
				{faint(fmt.Sprint(t.Correct))}, {faint(fmt.Sprint(t.Gold))},
			}
		},
	}.Draw(in)
}

func (s *errorsScreen) drawList(c widget.Canvas) {
	note := []widget.Span{faint(fmt.Sprintf("%d of %d", min(s.cursor+1, len(s.shown)), len(s.shown)))}
	in := widget.Panel(c, []widget.Span{strong(s.looking())}, note, true)
	widget.Table{
		Name: "errors", Len: len(s.shown), Cursor: s.cursor, Focused: true, Bare: true, Empty: "no answer is one of these",
		Columns: []widget.Column{{Width: 9}, {Width: 4}, {Width: 20, Grow: true}},
		Row: func(i int) [][]widget.Span {
			a := &s.data.Examples[s.shown[i]]
			var signs []widget.Span
			for _, m := range a.Mistakes {
				signs = append(signs, mistakeSign(m.Kind))
			}
			if len(signs) == 0 {
				signs = []widget.Span{{Text: "✓", Ink: widget.Good}}
			}
			return [][]widget.Span{{faint(a.Example.ID)}, signs, {plain(strings.Join(a.Example.Tokens, " "))}}
		},
	}.Draw(in)
}

// mistakeSign is a kind of mistake in one character.
func mistakeSign(k scoring.MistakeKind) widget.Span {
	switch k {
	case scoring.Missed:
		return widget.Span{Text: "−", Ink: widget.Bad}
	case scoring.Spurious:
		return widget.Span{Text: "+", Ink: widget.Warn}
	case scoring.WrongType:
		return widget.Span{Text: "≠", Ink: widget.Bad}
	case scoring.WrongBoundary:
		return widget.Span{Text: "↔", Ink: widget.Warn}
	}
	return widget.Span{Text: "×", Ink: widget.Bad}
}

// drawExample shows one answer: the mistakes, gold and prediction over the
// sentence, then what the run was shown.
func (s *errorsScreen) drawExample(c widget.Canvas) {
	at := s.at()
	drawAnswer(c, at, &s.picture, func(w int) [][]widget.Span { return exampleLines(at, s.data.Task, w) })
}

// drawAnswer paints lines about an example, its picture beside them where there is
// one and room for it.
func drawAnswer(c widget.Canvas, a *Answer, picture *pictureOf, lines func(w int) [][]widget.Span) {
	in := widget.Panel(c, []widget.Span{strong(a.Example.ID)}, shownNote(a), false)
	if a.Example.ID == "" {
		in.Print(0, 0, faint("nothing is listed"))
		return
	}
	text := in.Bounds()
	if picture.of != "" && picture.of == a.Picture && picture.W > 0 && in.W() >= 60 {
		var side widget.Rect
		text, side = text.Left(in.W() - min(in.W()*2/5, 2*in.H()) - 2)
		side.X, side.W = side.X+2, side.W-2
		picture.Draw(in.In(side))
	}
	for y, l := range lines(text.W) {
		in.In(text).Print(0, y, l...)
	}
}

// shownNote says what stood for the picture.
func shownNote(a *Answer) []widget.Span {
	switch {
	case a.Example.ID == "":
		return nil
	case a.Picture == "":
		return []widget.Span{faint("no picture")}
	case a.Others:
		return []widget.Span{{Text: "another tweet's picture: " + a.Picture, Ink: widget.Warn}}
	}
	return []widget.Span{faint("picture " + a.Picture)}
}

// ends are the two entities of a pair, as spans.
func ends(e *mmibx.Example) []scoring.Span {
	return []scoring.Span{{Span: e.Head, Type: "head"}, {Span: e.Tail, Type: "tail"}}
}

// exampleLines is an answer in lines of w cells.
func exampleLines(a *Answer, task mmibx.Task, w int) [][]widget.Span {
	var lines [][]widget.Span
	for _, m := range a.Mistakes {
		sign := mistakeSign(m.Kind)
		lines = append(lines, []widget.Span{sign, {Text: fmt.Sprintf(" %s  ", m.Kind), Ink: sign.Ink}, plain(spanText(a, m.Gold) + " → " + spanText(a, m.Predicted))})
	}
	if len(a.Mistakes) == 0 {
		lines = append(lines, []widget.Span{{Text: "✓ all of it is right", Ink: widget.Good}})
	}
	if task == mmibx.MRE {
		lines = append(lines, nil)
		lines = append(lines, sentence(a, ends(a.Example), w, func(scoring.Span) widget.Ink { return widget.Focus })...)
		lines = append(lines, nil,
			[]widget.Span{faint("gold       "), strong(a.Example.Relation)},
			[]widget.Span{faint("predicted  "), strong(relationText(a.Predicted))})
	} else {
		right := func(others []scoring.Span, wrong widget.Ink) func(scoring.Span) widget.Ink {
			return func(sp scoring.Span) widget.Ink {
				for _, o := range others {
					if o == sp {
						return widget.Good
					}
				}
				return wrong
			}
		}
		lines = append(lines, nil, []widget.Span{faint("gold")})
		lines = append(lines, sentence(a, a.Gold, w, right(a.Predicted, widget.Bad))...)
		lines = append(lines, nil, []widget.Span{faint("predicted")})
		lines = append(lines, sentence(a, a.Predicted, w, right(a.Gold, widget.Warn))...)
	}
	if a.Unseen > 0 {
		lines = append(lines, nil, []widget.Span{faint(plural(a.Unseen, "word") + " at the end were cut off and not seen")})
	}
	if a.Caption != "" {
		lines = append(lines, nil, []widget.Span{faint("caption")})
		for _, l := range wrap(a.Caption, w) {
			lines = append(lines, []widget.Span{plain(l)})
		}
	}
	return lines
}

func relationText(spans []scoring.Span) string {
	if len(spans) == 0 {
		return mmibx.NoRelation
	}
	return spans[0].Type
}

// spanText is an entity in words, or a relation.
func spanText(a *Answer, s *scoring.Span) string {
	if s == nil {
		return "nothing"
	}
	return strings.TrimSpace(s.Type + " " + strings.Join(a.Example.Tokens[s.Start:s.End], " "))
}

// sentence wraps the words of an example with some spans in brackets, each closed
// by its type: nothing is said by colour alone.
func sentence(a *Answer, spans []scoring.Span, w int, ink func(scoring.Span) widget.Ink) [][]widget.Span {
	var lines [][]widget.Span
	var line []widget.Span
	x := 0
	for i, word := range a.Example.Tokens {
		var piece []widget.Span
		text, of := word, widget.Plain
		for _, s := range spans {
			if s.Start <= i && i < s.End {
				of = ink(s)
			}
			if s.Start == i {
				text = "[" + text
			}
		}
		piece = append(piece, widget.Span{Text: text, Ink: of})
		for _, s := range spans {
			if s.End == i+1 {
				piece = append(piece, widget.Span{Text: "]", Ink: ink(s)}, widget.Span{Text: s.Type, Ink: widget.Faint})
			}
		}
		n := widget.Width(piece...)
		if x > 0 && x+1+n > w {
			lines, line, x = append(lines, line), nil, 0
		}
		if x > 0 {
			line = append(line, plain(" "))
			x++
		}
		line = append(line, piece...)
		x += n
	}
	return append(lines, line)
}
