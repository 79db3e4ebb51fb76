package tracker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// Completion is what may stand at the end of a filter that is being typed.
type Completion struct {
	From  int      // of the filter's bytes, where the word at its end begins
	Words []string // that may replace it from there; at most 100
}

const maxWords = 100

// Complete finds the words that a filter may go on with: keys, signs, the values
// that a key has in the store, and the words between conditions. Inside of a
// quoted value, and of numbers that no run has yet, it knows none.
func (db *DB) Complete(ctx context.Context, filter string) (Completion, error) {
	at := Completion{From: len(filter)}
	list, err := tokens(filter)
	if err != nil {
		return at, nil // a quote is open
	}
	list = list[:len(list)-1]
	typed := ""
	if n := len(list); n > 0 && !list[n-1].symbol && !list[n-1].quoted && list[n-1].pos+len(list[n-1].text) == len(filter) {
		at.From, typed, list = list[n-1].pos, list[n-1].text, list[:n-1]
	}
	words, err := db.wordsAfter(ctx, list)
	if err != nil {
		return at, err
	}
	at.Words = fitting(words, typed)
	return at, nil
}

// wordsAfter lists what may follow complete tokens.
func (db *DB) wordsAfter(ctx context.Context, list []token) ([]string, error) {
	c, err := db.compile(ctx, "")
	if err != nil {
		return nil, err
	}
	switch key, want := expected(list); want {
	case wantKey:
		names := c.names()
		for i, name := range names {
			names[i] = writeKey(name)
		}
		return append(names, "not"), nil
	case wantSign:
		return signsOf(c, key), nil
	case wantValue:
		return db.valuesOf(ctx, c, key, list[len(list)-1].sign("~"))
	case wantIn:
		return []string{"in ("}, nil
	case wantOpen:
		return []string{"("}, nil
	case wantMissing:
		return []string{"missing", "not missing"}, nil
	case wantOnlyMissing:
		return []string{"missing"}, nil
	case wantWord:
		return []string{"and", "or"}, nil
	}
	return nil, nil
}

// want is what the grammar expects next.
type want int

const (
	wantKey want = iota
	wantSign
	wantIn // after not
	wantValue
	wantOpen // of a list
	wantComma
	wantMissing
	wantOnlyMissing // after not
	wantWord        // between conditions
)

// expected runs over complete tokens and says what may follow them, and of which
// key the last condition is. Faults it takes as they come: the filter's error
// tells them.
func expected(list []token) (key token, next want) {
	inList := false
	for _, t := range list {
		switch next {
		case wantKey:
			if !t.is("not") && !t.sign("(") {
				key, next = t, wantSign
			}
		case wantSign:
			switch {
			case t.is("in"):
				next = wantOpen
			case t.is("is"):
				next = wantMissing
			case t.is("not"):
				next = wantIn
			default:
				next = wantValue
			}
		case wantIn:
			next = wantOpen
		case wantOpen:
			next, inList = wantValue, true
		case wantValue:
			if next = wantWord; inList {
				next = wantComma
			}
		case wantComma:
			if next = wantValue; t.sign(")") {
				next, inList = wantWord, false
			}
		case wantMissing:
			if next = wantWord; t.is("not") {
				next = wantOnlyMissing
			}
		case wantOnlyMissing:
			next = wantWord
		case wantWord:
			if t.is("and") || t.is("or") {
				next = wantKey
			}
		}
	}
	return key, next
}

func signsOf(c *compiler, key token) []string {
	col, err := c.column(key)
	if err != nil {
		return nil
	}
	signs := []string{"=", "!="}
	switch col.kind {
	case numeric, moment:
		signs = append(signs, "<", "<=", ">", ">=")
	case text, anyKind, set:
		signs = append(signs, "~")
	}
	return append(signs, "in (", "is missing", "is not missing")
}

// valuesOf lists the values that a key has in the store, as a filter writes them: as
// globs that match them alone, where it is globs that are wanted.
func (db *DB) valuesOf(ctx context.Context, c *compiler, key token, globs bool) ([]string, error) {
	col, err := c.column(key)
	switch {
	case err != nil || col.kind == moment || col.odd != "": // times and scores are compared, not repeated
		return nil, nil
	case key.text == "state":
		states := make([]string, len(mmibx.States))
		for i, s := range mmibx.States {
			states[i] = string(s)
		}
		return states, nil
	case col.kind == boolean:
		return []string{"true", "false"}, nil
	}
	query := "SELECT DISTINCT " + col.expr + " AS v FROM run r LEFT JOIN edit e ON e.run = r.name WHERE v IS NOT NULL ORDER BY v LIMIT ?"
	switch key.text {
	case "tag", "tags":
		query = "SELECT DISTINCT tag FROM tag ORDER BY tag LIMIT ?"
	case "sweep", "sweeps":
		query = "SELECT DISTINCT sweep FROM membership ORDER BY sweep LIMIT ?"
	}
	var args []any
	for range strings.Count(query, "?") - 1 {
		args = append(args, col.name)
	}
	rows, err := db.read.QueryContext(ctx, query, append(args, maxWords)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var words []string
	for rows.Next() {
		var v any
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		if globs {
			text, isText := v.(string)
			if !isText {
				continue
			}
			v = globEscapes.Replace(text)
		}
		words = append(words, writeValue(col.kind, v))
	}
	return words, rows.Err()
}

// globEscapes makes of a text a glob that matches nothing else.
var globEscapes = strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")

// writeKey writes a key so that a filter reads it as one.
func writeKey(name string) string {
	if name == "" || strings.ContainsAny(name, breaking) || (token{text: name}).is("not") {
		return quote(name)
	}
	return name
}

// writeValue writes a value of a key so that a filter reads that value. In quotes are
// texts that would be several words or a glob and, where a key has values of any
// type, those that would be a number, true or false.
func writeValue(k kind, v any) string {
	text, isText := v.(string)
	if !isText {
		return fmt.Sprint(v)
	}
	_, notNumber := strconv.ParseFloat(text, 64)
	_, notBool := strconv.ParseBool(text)
	if text == "" || strings.ContainsAny(text, breaking+"*?") || k == anyKind && (notNumber == nil || notBool == nil) {
		return quote(text)
	}
	return text
}

// fitting keeps the words that hold what is typed, those that begin with it first.
func fitting(words []string, typed string) []string {
	typed = strings.ToLower(typed)
	var begin, hold []string
	for _, w := range words {
		switch lower := strings.ToLower(w); {
		case lower == typed:
		case strings.HasPrefix(lower, typed):
			begin = append(begin, w)
		case strings.Contains(lower, typed):
			hold = append(hold, w)
		}
	}
	words = append(begin, hold...)
	return slices.Clip(words[:min(len(words), maxWords)])
}

// Key is what filters, orders and columns may name.
type Key struct {
	Name   string
	Metric bool
	Words  bool // its values are no numbers
}

// Keys lists all keys by name: those of the spec, metrics, and what else is known
// of runs.
func (db *DB) Keys(ctx context.Context) ([]Key, error) {
	c, err := db.compile(ctx, "")
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, name := range c.names() {
		col, err := c.column(token{text: name})
		if err != nil {
			return nil, err
		}
		keys = append(keys, Key{Name: name, Metric: col.odd != "", Words: col.kind == text || col.kind == set})
	}
	return keys, nil
}
