package tracker

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// FilterError is a fault in a filter, with its place.
type FilterError struct {
	Filter string
	Pos    int // of the first byte at fault
	Msg    string
}

// Error shows the filter with a mark under the place.
func (e *FilterError) Error() string {
	return fmt.Sprintf("filter: %s\n  %s\n  %s^", e.Msg, e.Filter, strings.Repeat(" ", utf8.RuneCountInString(e.Filter[:e.Pos])))
}

// Unwrap makes a fault in a filter a usage error.
func (e *FilterError) Unwrap() error { return mmibx.ErrUsage }

// The filter language:
//
//	filter     = conjunct { "or" conjunct }
//	conjunct   = negation { "and" negation }
//	negation   = "not" negation | "(" filter ")" | comparison
//	comparison = key op value | key "~" glob | key [ "not" ] "in" "(" value { "," value } ")" | key "is" [ "not" ] "missing"
//	op         = "=" | "!=" | "<" | "<=" | ">" | ">="
//
// A key is a word or a string in quotes; a value is a word, a number, a date or a
// string in quotes. Within quotes, the quote that opened them stands for itself
// where it is doubled. The parser yields nodes; compile.go gives keys their types
// and makes SQL.
type node interface{}

type (
	both   struct{ left, right node }
	either struct{ left, right node }
	not    struct{ of node }
	// compare with the op "missing" has no value; "in" has several.
	compare struct {
		key    token
		op     string
		values []token
	}
)

type token struct {
	text   string
	pos    int
	quoted bool
	symbol bool
}

func (t token) is(keyword string) bool {
	return !t.quoted && strings.EqualFold(t.text, keyword)
}

func (t token) sign(symbol string) bool { return t.symbol && t.text == symbol }

func (t token) end() bool { return t.text == "" && !t.quoted }

const symbols = "()=!<>~,"

// breaking are the bytes that end a word.
const breaking = symbols + " \t\n'\""

// tokens splits a filter; the last token is an end.
func tokens(filter string) ([]token, error) {
	var list []token
	for i := 0; i < len(filter); {
		c := filter[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n':
			i++
		case c == '\'' || c == '"':
			text, n := unquote(filter[i:])
			if n == 0 {
				return nil, &FilterError{filter, i, "this quote is not closed"}
			}
			list = append(list, token{text: text, pos: i, quoted: true})
			i += n
		case strings.IndexByte(symbols, c) >= 0:
			n := 1
			if i+1 < len(filter) && filter[i+1] == '=' && strings.IndexByte("=!<>", c) >= 0 {
				n = 2
			}
			list = append(list, token{text: filter[i : i+n], pos: i, symbol: true})
			i += n
		default:
			n := strings.IndexAny(filter[i:], breaking)
			if n < 0 {
				n = len(filter) - i
			}
			list = append(list, token{text: filter[i : i+n], pos: i})
			i += n
		}
	}
	return append(list, token{pos: len(filter)}), nil
}

// unquote reads the string in quotes that a text begins with, and says how many
// bytes it takes: 0 where it is not closed.
func unquote(s string) (text string, n int) {
	quote := s[:1]
	for n = 1; ; n += 2 {
		end := strings.Index(s[n:], quote)
		if end < 0 {
			return "", 0
		}
		text += s[n : n+end]
		if n += end; !strings.HasPrefix(s[n+1:], quote) {
			return text, n + 1
		}
		text += quote
	}
}

// quote writes a text so that unquote reads it.
func quote(text string) string {
	q := "'"
	if strings.Contains(text, q) && !strings.Contains(text, `"`) {
		q = `"`
	}
	return q + strings.ReplaceAll(text, q, q+q) + q
}

type parser struct {
	filter string
	tokens []token
	depth  int
}

// maxDepth keeps a filter of a million parentheses from the stack, and from
// SQLite's limit on the depth of expressions.
const maxDepth = 100

// parse returns nil for an empty filter.
func parse(filter string) (node, error) {
	list, err := tokens(filter)
	if err != nil || list[0].end() {
		return nil, err
	}
	p := &parser{filter: filter, tokens: list}
	n, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); !t.end() {
		return nil, p.fault(t, "expected and, or, or the end")
	}
	return n, nil
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if !t.end() {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *parser) fault(t token, msg string) error {
	found := "the end"
	if t.quoted {
		found = quote(t.text)
	} else if !t.end() {
		found = t.text
	}
	return &FilterError{p.filter, t.pos, msg + ", found " + found}
}

func (p *parser) disjunction() (node, error) {
	return p.chain("or", p.conjunction, func(l, r node) node { return either{l, r} })
}

func (p *parser) conjunction() (node, error) {
	return p.chain("and", p.negation, func(l, r node) node { return both{l, r} })
}

func (p *parser) chain(word string, operand func() (node, error), join func(l, r node) node) (node, error) {
	left, err := operand()
	for n := 0; err == nil && p.peek().is(word); n++ {
		if n > maxDepth {
			return nil, p.fault(p.peek(), fmt.Sprintf("more than %d conditions in a row (use in)", maxDepth))
		}
		p.next()
		var right node
		right, err = operand()
		left = join(left, right)
	}
	return left, err
}

func (p *parser) negation() (node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fault(p.peek(), "too many parentheses")
	}
	defer func() { p.depth-- }()
	switch t := p.peek(); {
	case t.is("not"):
		p.next()
		n, err := p.negation()
		return not{n}, err
	case t.sign("("):
		p.next()
		n, err := p.disjunction()
		if err != nil {
			return nil, err
		}
		if t := p.next(); !t.sign(")") {
			return nil, p.fault(t, "expected )")
		}
		return n, nil
	}
	return p.comparison()
}

func (p *parser) comparison() (node, error) {
	key := p.next()
	if key.end() || key.symbol {
		return nil, p.fault(key, "expected a key such as model or dev.f1")
	}
	op := p.next()
	negated := op.is("not")
	if negated {
		op = p.next()
	}
	var n node
	var err error
	switch {
	case op.is("in"):
		n, err = p.list(key)
	case op.is("is") && !negated:
		if negated = p.peek().is("not"); negated {
			p.next()
		}
		if t := p.next(); !t.is("missing") {
			return nil, p.fault(t, "expected missing")
		}
		n = compare{key, "missing", nil}
	case op.symbol && !negated && op.text != "(" && op.text != ")" && op.text != "," && op.text != "!":
		var v token
		v, err = p.value()
		n = compare{key, strings.Replace(op.text, "==", "=", 1), []token{v}}
	default:
		return nil, p.fault(op, "expected = != < <= > >= ~ in or is")
	}
	if negated {
		n = not{n}
	}
	return n, err
}

func (p *parser) list(key token) (node, error) {
	if t := p.next(); !t.sign("(") {
		return nil, p.fault(t, "expected (")
	}
	c := compare{key: key, op: "in"}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
		switch t := p.next(); {
		case t.sign(","):
		case t.sign(")"):
			return c, nil
		default:
			return nil, p.fault(t, "expected , or )")
		}
	}
}

func (p *parser) value() (token, error) {
	t := p.next()
	if t.end() || t.symbol {
		return t, p.fault(t, "expected a value")
	}
	return t, nil
}
