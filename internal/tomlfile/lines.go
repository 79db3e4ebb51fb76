package tomlfile

import (
	"strconv"
	"strings"
)

// LinesOf finds the line of each key of a TOML text that is known to be valid;
// the decoder keeps no positions.
func LinesOf(text string) Lines { return scan(text).lines }

// Header is the line `[name]`, or `[[name]]` of an array of tables.
type Header struct {
	Line  int // from 1
	Name  string
	Array bool
}

// Headers lists the headers of a TOML text that is known to be valid, in their order.
// A line of an array or of a text that looks like one is none.
func Headers(text string) []Header { return scan(text).headers }

func scan(text string) *scanner {
	s := &scanner{text: text, line: 1, lines: Lines{}, tables: map[string]int{}}
	prefix := ""
	for s.blank(); s.pos < len(s.text); s.blank() {
		if s.text[s.pos] != '[' {
			s.assignment(prefix)
			continue
		}
		brackets := 1
		if strings.HasPrefix(s.text[s.pos:], "[[") {
			brackets = 2
		}
		s.pos += brackets
		name := s.key()
		s.headers = append(s.headers, Header{s.line, strings.Join(name, "."), brackets == 2})
		prefix = s.table(name, brackets == 2)
		s.note(strings.TrimSuffix(prefix, "."))
		s.pos += brackets
	}
	return s
}

type scanner struct {
	text    string
	pos     int
	line    int
	lines   Lines
	headers []Header
	tables  map[string]int // length of each array of tables so far
}

func (s *scanner) note(key string) {
	if _, ok := s.lines[key]; !ok {
		s.lines[key] = s.line
	}
}

// table turns the name in a header into a prefix, counting arrays of tables.
func (s *scanner) table(name []string, array bool) string {
	path := ""
	for i, part := range name {
		path += part
		if array && i == len(name)-1 {
			s.note(path)
			s.tables[path]++
		}
		if n := s.tables[path]; n > 0 {
			path += "." + strconv.Itoa(n-1)
		}
		path += "."
	}
	return path
}

// assignment notes `key = value` and the keys of an inline table in the value.
func (s *scanner) assignment(prefix string) {
	key := prefix + strings.Join(s.key(), ".")
	s.note(key)
	s.space()
	s.next() // the equals sign
	s.space()
	s.value(key)
}

// value steps over one value.
func (s *scanner) value(key string) {
	switch {
	case s.pos >= len(s.text):
	case s.text[s.pos] == '[':
		s.next()
		s.blank()
		for i := 0; s.pos < len(s.text) && s.text[s.pos] != ']'; i++ {
			s.value(key + "." + strconv.Itoa(i))
			s.separator()
		}
		s.next()
	case s.text[s.pos] == '{':
		s.note(key)
		s.next()
		for s.blank(); s.pos < len(s.text) && s.text[s.pos] != '}'; {
			s.assignment(key + ".")
			s.separator()
		}
		s.next()
	case s.text[s.pos] == '"' || s.text[s.pos] == '\'':
		s.str()
	default:
		s.next() // whatever it is: the text may not hold the scanner up
		for s.pos < len(s.text) && !strings.ContainsRune(",]}#\n\r", rune(s.text[s.pos])) {
			s.next()
		}
	}
}

// separator steps over a comma and what is blank around it.
func (s *scanner) separator() {
	s.blank()
	if s.pos < len(s.text) && s.text[s.pos] == ',' {
		s.next()
	}
	s.blank()
}

// key reads a bare, quoted or dotted key.
func (s *scanner) key() []string {
	var parts []string
	for {
		s.space()
		start := s.pos
		if s.pos < len(s.text) && (s.text[s.pos] == '"' || s.text[s.pos] == '\'') {
			parts = append(parts, s.str())
		} else {
			for s.pos < len(s.text) && !strings.ContainsRune(" \t.=]\n", rune(s.text[s.pos])) {
				s.next()
			}
			parts = append(parts, s.text[start:s.pos])
		}
		s.space()
		if s.pos >= len(s.text) || s.text[s.pos] != '.' {
			return parts
		}
		s.next()
	}
}

// str steps over a string of any of TOML's four kinds and returns what stands
// between its quotes, escapes as written.
func (s *scanner) str() string {
	quote := s.text[s.pos : s.pos+1]
	escapes := quote == `"`
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], triple) {
		quote = triple
	}
	s.skip(len(quote))
	start := s.pos
	for s.pos < len(s.text) && !strings.HasPrefix(s.text[s.pos:], quote) {
		if escapes && s.text[s.pos] == '\\' {
			s.next()
		}
		s.next()
	}
	inner := s.text[min(start, len(s.text)):s.pos]
	s.skip(len(quote))
	for len(quote) == 3 && s.pos < len(s.text) && s.text[s.pos] == quote[0] {
		s.next() // up to two quotes may stand before the closing three
	}
	return inner
}

// blank steps over white space, comments and newlines; space over the first of these.
func (s *scanner) blank() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.next()
		case '#':
			for s.pos < len(s.text) && s.text[s.pos] != '\n' {
				s.next()
			}
		default:
			return
		}
	}
}

func (s *scanner) space() {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.next()
	}
}

func (s *scanner) skip(n int) {
	for range n {
		s.next()
	}
}

func (s *scanner) next() {
	if s.pos < len(s.text) {
		if s.text[s.pos] == '\n' {
			s.line++
		}
		s.pos++
	}
}
