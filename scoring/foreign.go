package scoring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// Format is how another program wrote its predictions down.
type Format string

const (
	// CoNLL is a line "token<TAB>tag" per word and a blank line between tweets,
	// in the order of the split; "token<TAB>gold<TAB>tag" where the program
	// wrote its gold too. Lines "IMGID:..." are passed over.
	CoNLL Format = "conll"
	// JSONLines is an object per example, as ReadPredictions takes it. Ids may be
	// left out of all of them: then they are in the order of the split. "tokens"
	// are compared with the words of the split where they are given.
	JSONLines Format = "jsonl"
)

// Formats lists the formats.
var Formats = []Format{CoNLL, JSONLines}

// GuessFormat tells the format by the first character that is not white space.
func GuessFormat(text []byte) Format {
	if bytes.HasPrefix(bytes.TrimLeft(trimBOM(text), " \t\r\n"), []byte("{")) {
		return JSONLines
	}
	return CoNLL
}

func trimBOM(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// Key is what the predictions of another program are held against.
type Key struct {
	Task     mmibx.Task
	Examples []mmibx.Example // of the split, in the order of its file
	Labels   []string        // entity types, or relations with None
}

// extraTags are what the 13-tag scheme of the released code has besides O and the
// types; seqeval takes some of them for entities, and so do published scores.
var extraTags = []string{"PAD", "X", "[CLS]", "[SEP]"}

// ReadForeign reads predictions of any program and holds them against the
// split that they are for: every example once, every word tagged, no label that
// the benchmark does not have. They come back in the order of the split, with
// its ids. The file's name is for errors: each fault is an *mmibx.InputError
// with its line, and up to ten are joined.
func ReadForeign(file string, text []byte, format Format, key Key) ([]mmibx.Prediction, error) {
	r := foreign{file: file, key: key, answers: make([]mmibx.Prediction, len(key.Examples)), lines: make([]int, len(key.Examples))}
	if !utf8.Valid(text) {
		return nil, &mmibx.InputError{File: file, Found: "bytes that are no UTF-8", Expected: "text in UTF-8"}
	}
	switch {
	case format == JSONLines:
		r.readJSON(trimBOM(text))
	case format == CoNLL && key.Task == mmibx.MNER:
		r.readCoNLL(trimBOM(text))
	default:
		return nil, &mmibx.InputError{File: file, Key: "format", Found: string(format), Expected: string(JSONLines),
			Cure: `relations are written as {"id":"test:0","relation":"None"}, one a line`}
	}
	r.finish()
	return r.answers, r.err()
}

// foreign is the state of reading one file.
type foreign struct {
	file    string
	key     Key
	answers []mmibx.Prediction
	lines   []int // by example, where its prediction stands; 0: nowhere yet
	read    int   // answers so far
	ids     map[string]int
	faults  []error
	count   int
}

// maxFaults is how many faults of one file are told one by one.
const maxFaults = 10

func (r *foreign) fault(line int, e *mmibx.InputError) {
	r.count++
	if len(r.faults) < maxFaults {
		e.File, e.Line = r.file, line
		r.faults = append(r.faults, e)
	}
}

func (r *foreign) err() error {
	if r.count > len(r.faults) {
		r.faults = append(r.faults, &mmibx.InputError{File: r.file, Found: fmt.Sprintf("%d faults", r.count), Expected: fmt.Sprintf("none; these were the first %d", maxFaults)})
	}
	return errors.Join(r.faults...)
}

// answer is what the file says of one example.
type answer struct {
	line     int
	ID       string
	Tokens   []string
	Tags     []string
	Relation *string
	gold     []string // of CoNLL with three columns
	tagLines []int    // of CoNLL: the line of each word
}

func (a *answer) lineOf(word int) int {
	if a.tagLines != nil {
		return a.tagLines[word]
	}
	return a.line
}

func (r *foreign) readJSON(text []byte) {
	n, named, nameless := 0, false, false
	for line := range bytes.Lines(text) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		a := answer{line: n}
		if err := json.Unmarshal(line, &a); err != nil {
			r.fault(n, &mmibx.InputError{
				Found: excerpt(line) + " (" + jsonFault(err) + ")", Expected: `a JSON object such as {"id":"test:0","tags":["O","B-PER"]}`,
			})
			r.read++
			continue
		}
		named, nameless = named || a.ID != "", nameless || a.ID == ""
		if named && nameless {
			r.fault(n, &mmibx.InputError{Key: "id", Found: "an id on some lines only", Expected: "one on every line, or on none: then in the order of the split"})
			return
		}
		r.take(&a)
	}
}

func (r *foreign) readCoNLL(text []byte) {
	a, n := answer{}, 0
	end := func() {
		if len(a.Tokens) > 0 {
			r.take(&a)
		}
		a = answer{}
	}
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimRight(line, "\r\n")
		columns := strings.Split(line, "\t")
		switch {
		case line == "":
			end()
			continue
		case len(columns) == 1 && strings.HasPrefix(line, "IMGID:"):
			end() // also where a blank line was forgotten
			continue
		case len(columns) < 2 || len(columns) > 3 || columns[0] == "":
			r.fault(n, &mmibx.InputError{Found: excerpt([]byte(line)), Expected: "token<TAB>tag, or token<TAB>gold<TAB>tag"})
			continue
		}
		if len(a.Tokens) == 0 {
			a.line = n
		}
		a.Tokens, a.Tags, a.tagLines = append(a.Tokens, columns[0]), append(a.Tags, columns[len(columns)-1]), append(a.tagLines, n)
		gold := ""
		if len(columns) == 3 {
			gold = columns[1]
		}
		a.gold = append(a.gold, gold)
	}
	end()
}

// take finds the example of an answer and checks one against the other.
func (r *foreign) take(a *answer) {
	at := r.read
	r.read++
	if a.ID != "" {
		at = r.byID(a)
	} else if at >= len(r.key.Examples) {
		at = -1
		if r.read == len(r.key.Examples)+1 { // one fault for all that is too much
			r.fault(a.line, &mmibx.InputError{Found: fmt.Sprintf("example %d", r.read), Expected: fmt.Sprintf("the end of the file: the split has %d", len(r.key.Examples))})
		}
	}
	if at < 0 {
		return
	}
	e := &r.key.Examples[at]
	r.lines[at] = a.line
	r.answers[at] = mmibx.Prediction{ID: e.ID}
	if fault := r.differentWords(a, e); fault != nil {
		r.fault(a.line, fault)
		return
	}
	if r.key.Task == mmibx.MRE {
		r.relation(a, at)
	} else {
		r.tags(a, at)
	}
}

// byID is the example's position, -1 where there is none or it has an answer.
func (r *foreign) byID(a *answer) int {
	if r.ids == nil {
		r.ids = map[string]int{}
		for i, e := range r.key.Examples {
			r.ids[e.ID] = i
		}
	}
	at, known := r.ids[a.ID]
	switch {
	case !known:
		last := ""
		if n := len(r.key.Examples); n > 0 {
			last = r.key.Examples[n-1].ID
		}
		r.fault(a.line, &mmibx.InputError{Key: "id", Found: fmt.Sprintf("%q", a.ID), Expected: "an example of the split, the last of which is " + last})
		return -1
	case r.lines[at] > 0:
		r.fault(a.line, &mmibx.InputError{Key: a.ID, Found: "a second prediction", Expected: fmt.Sprintf("one; the first is on line %d", r.lines[at])})
		return -1
	}
	return at
}

// differentWords says how the words of an answer are not those of the example,
// nil where they are or are not given.
func (r *foreign) differentWords(a *answer, e *mmibx.Example) *mmibx.InputError {
	if a.Tokens == nil {
		return nil
	}
	if len(a.Tokens) != len(e.Tokens) {
		return &mmibx.InputError{
			Key: e.ID, Found: fmt.Sprintf("%d words", len(a.Tokens)), Expected: fmt.Sprintf("%d: %s", len(e.Tokens), excerpt([]byte(strings.Join(e.Tokens, " ")))),
			Cure: "predict every word in the order of the split; a word that the system never saw has an empty tag",
		}
	}
	for i, t := range a.Tokens {
		if t != e.Tokens[i] {
			return &mmibx.InputError{Key: e.ID, Found: fmt.Sprintf("the word %q", t), Expected: fmt.Sprintf("%q, word %d of the example", e.Tokens[i], i+1),
				Cure: "keep the words as the benchmark has them, or write JSON lines without tokens"}
		}
	}
	for i, gold := range a.gold {
		if gold != "" && r.readTag(gold) != e.Tags[i] {
			return &mmibx.InputError{Key: e.ID, Found: "the gold tag " + gold + " of " + a.Tokens[i], Expected: e.Tags[i],
				Cure: "the program has another version of the data; its predictions are not for this one"}
		}
	}
	return nil
}

func (r *foreign) tags(a *answer, at int) {
	e := &r.key.Examples[at]
	if len(a.Tags) != len(e.Tags) {
		r.fault(a.line, &mmibx.InputError{Key: e.ID, Found: fmt.Sprintf("%d tags", len(a.Tags)), Expected: fmt.Sprintf("%d, one per word", len(e.Tags)),
			Cure: `a word that the system never saw has the tag ""`})
		return
	}
	tags := make([]string, len(a.Tags))
	for i, t := range a.Tags {
		tags[i] = r.readTag(t)
		if !r.knownTag(tags[i]) {
			r.fault(a.lineOf(i), &mmibx.InputError{Key: e.ID, Found: fmt.Sprintf("the tag %q", t), Expected: "O, or B- or I- with one of " + strings.Join(r.key.Labels, ", ")})
			return
		}
	}
	r.answers[at].Tags = tags
}

// readTag reads the type OTHER as MISC, as the reader of the real benchmarks
// does, unless the benchmark has a type OTHER.
func (r *foreign) readTag(t string) string {
	if (t == "B-OTHER" || t == "I-OTHER") && !slices.Contains(r.key.Labels, "OTHER") {
		return t[:2] + "MISC"
	}
	return t
}

func (r *foreign) knownTag(t string) bool {
	if t == "" || t == "O" || slices.Contains(extraTags, t) {
		return true
	}
	prefix, kind, _ := strings.Cut(t, "-")
	return (prefix == "B" || prefix == "I") && slices.Contains(r.key.Labels, kind)
}

func (r *foreign) relation(a *answer, at int) {
	e := &r.key.Examples[at]
	if a.Relation == nil {
		r.fault(a.line, &mmibx.InputError{Key: e.ID, Found: "no relation", Expected: "one, which may be " + mmibx.NoRelation})
		return
	}
	if !slices.Contains(r.key.Labels, *a.Relation) {
		fault := &mmibx.InputError{Key: e.ID, Found: fmt.Sprintf("the relation %q", *a.Relation), Expected: "one of the benchmark's"}
		if near := mmibx.Nearest(*a.Relation, r.key.Labels); near != "" {
			fault.Cure = "did you mean " + near + "?"
		}
		r.fault(a.line, fault)
		return
	}
	r.answers[at].Relation = *a.Relation
}

// finish finds the examples that have no answer.
func (r *foreign) finish() {
	missing := 0
	first := ""
	for i, line := range r.lines {
		if line == 0 {
			if missing++; missing == 1 {
				first = r.key.Examples[i].ID
			}
		}
	}
	if missing > 0 && r.count == 0 { // else it follows from the faults
		r.fault(0, &mmibx.InputError{Found: fmt.Sprintf("no prediction for %d of %d examples, the first %s", missing, len(r.lines), first),
			Expected: "one for each", Cure: "predict the whole split, and name the split that it was"})
	}
}
