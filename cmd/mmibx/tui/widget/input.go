package widget

import (
	"strings"
	"unicode/utf8"
)

// Input is a line of text that is being typed, with a cursor between its runes.
type Input struct {
	Text string
	At   int // byte of the cursor
}

// maxTyped bounds a line, in bytes.
const maxTyped = 1000

// Insert types a text. Line ends become blanks.
func (in *Input) Insert(text string) {
	text = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(text)
	if len(in.Text)+len(text) > maxTyped || !utf8.ValidString(text) {
		return
	}
	in.Text = in.Text[:in.At] + text + in.Text[in.At:]
	in.At += len(text)
}

// Key edits the line as a key does in a shell; ok is false for a key that edits
// nothing.
func (in *Input) Key(name string) (ok bool) {
	switch name {
	case "left", "ctrl+b":
		in.At -= in.before()
	case "right", "ctrl+f":
		in.At += in.after()
	case "home", "ctrl+a":
		in.At = 0
	case "end", "ctrl+e":
		in.At = len(in.Text)
	case "backspace":
		in.cut(in.At-in.before(), in.At)
	case "delete", "ctrl+d":
		in.cut(in.At, in.At+in.after())
	case "ctrl+u":
		in.cut(0, in.At)
	case "ctrl+k":
		in.cut(in.At, len(in.Text))
	case "ctrl+w":
		head := strings.TrimRight(in.Text[:in.At], " ")
		in.cut(strings.LastIndexByte(head, ' ')+1, in.At)
	default:
		return false
	}
	return true
}

// before and after are the lengths of the runes beside the cursor.
func (in *Input) before() int {
	_, n := utf8.DecodeLastRuneInString(in.Text[:in.At])
	return n
}

func (in *Input) after() int {
	_, n := utf8.DecodeRuneInString(in.Text[in.At:])
	return n
}

func (in *Input) cut(from, to int) {
	in.Text, in.At = in.Text[:from]+in.Text[to:], from
}

// Draw paints the line with its cursor, which stays in sight.
func (in *Input) Draw(c Canvas) {
	head := Width(Span{Text: in.Text[:in.At]})
	shift := max(0, head+2-c.W())
	c = c.In(Rect{-shift, 0, c.W() + shift, c.H()})
	x := c.Print(0, 0, Span{Text: in.Text[:in.At]})
	x = c.Print(x, 0, Span{Text: "▏", Ink: Focus})
	c.Print(x, 0, Span{Text: in.Text[in.At:]})
}
