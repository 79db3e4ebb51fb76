package datasets

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep lists and dictionaries nest in a literal.
const maxDepth = 16

// parseLiteral reads one Python literal: strings in either quote with escapes,
// integers, lists, and dictionaries with string keys. They become string, int,
// []any and map[string]any. It is what str(dict) writes, no more: no tuples,
// floats, prefixes or names. Errors are *literalError and name the column, from
// 1, in characters.
func parseLiteral(text string) (any, error) {
	p := literal{text: text}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(text) {
		return nil, p.fault("the end of the line")
	}
	return v, nil
}

// literalError says what stood where in a literal.
type literalError struct{ found, expected string }

func (e *literalError) Error() string { return "found " + e.found + ", expected " + e.expected }

// literal is a text and how far it has been read, in bytes.
type literal struct {
	text string
	at   int
}

func (p *literal) fault(expected string) error {
	column := utf8.RuneCountInString(p.text[:p.at]) + 1
	if p.at >= len(p.text) {
		return &literalError{fmt.Sprintf("the end of the line at column %d", column), expected}
	}
	return &literalError{fmt.Sprintf("%s at column %d", quote(p.text[p.at:min(len(p.text), p.at+12)]), column), expected}
}

func (p *literal) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// take passes over c, after any space, and says whether it was there.
func (p *literal) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *literal) value(depth int) (any, error) {
	p.space()
	if depth > maxDepth {
		return nil, p.fault(fmt.Sprintf("at most %d levels", maxDepth))
	}
	if p.at == len(p.text) {
		return nil, p.fault("a value")
	}
	switch c := p.text[p.at]; {
	case c == '\'' || c == '"':
		return p.str()
	case c == '[':
		return p.list(depth)
	case c == '{':
		return p.dict(depth)
	case c == '-' || '0' <= c && c <= '9':
		return p.integer()
	}
	return nil, p.fault("a string, a number, [ or {")
}

func (p *literal) integer() (any, error) {
	end := p.at + 1
	for end < len(p.text) && '0' <= p.text[end] && p.text[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(p.text[p.at:end])
	if err != nil {
		return nil, p.fault("a whole number")
	}
	p.at = end
	return n, nil
}

func (p *literal) list(depth int) (any, error) {
	p.at++
	list := []any{}
	for !p.take(']') {
		if len(list) > 0 && !p.take(',') {
			return nil, p.fault("a comma or ]")
		}
		if len(list) > 0 && p.take(']') {
			break
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (p *literal) dict(depth int) (any, error) {
	p.at++
	dict := map[string]any{}
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return nil, p.fault("a comma or }")
		}
		if !first && p.take('}') {
			break
		}
		p.space()
		if p.at == len(p.text) || p.text[p.at] != '\'' && p.text[p.at] != '"' {
			return nil, p.fault("a key in quotes")
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		if !p.take(':') {
			return nil, p.fault("a colon")
		}
		if dict[key], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	return dict, nil
}

// str reads a string that starts at its quote.
func (p *literal) str() (string, error) {
	mark := p.text[p.at]
	p.at++
	start := p.at
	if end := strings.IndexAny(p.text[start:], string(mark)+`\`); end >= 0 && p.text[start+end] == mark {
		p.at = start + end + 1
		return p.text[start : start+end], nil // the usual one shares the line's memory
	}
	var b strings.Builder
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case mark:
			p.at++
			return b.String(), nil
		case '\\':
			if err := p.escape(&b); err != nil {
				return "", err
			}
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	return "", p.fault("the closing " + string(mark))
}

var simpleEscapes = map[byte]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// escape reads what follows a backslash. As in Python, a backslash before any
// other character stays.
func (p *literal) escape(b *strings.Builder) error {
	if p.at+1 == len(p.text) {
		p.at++
		return p.fault("a character after the backslash")
	}
	c := p.text[p.at+1]
	if plain, ok := simpleEscapes[c]; ok {
		b.WriteByte(plain)
		p.at += 2
		return nil
	}
	switch c {
	case 'x':
		return p.codePoint(b, 2, 2, 16)
	case 'u':
		return p.codePoint(b, 2, 4, 16)
	case 'U':
		return p.codePoint(b, 2, 8, 16)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		n := 1
		for n < 3 && p.at+1+n < len(p.text) && '0' <= p.text[p.at+1+n] && p.text[p.at+1+n] <= '7' {
			n++
		}
		return p.codePoint(b, 1, n, 8)
	}
	b.WriteByte('\\')
	p.at++
	return nil
}

// codePoint reads a character given by its number: skip bytes, then n digits.
func (p *literal) codePoint(b *strings.Builder, skip, n, base int) error {
	start, end := p.at+skip, p.at+skip+n
	if end > len(p.text) {
		return p.fault(fmt.Sprintf("%d digits after the escape", n))
	}
	v, err := strconv.ParseUint(p.text[start:end], base, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return p.fault("the number of a Unicode character")
	}
	b.WriteRune(rune(v))
	p.at = end
	return nil
}
