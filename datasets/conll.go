package datasets

import (
	"fmt"
	"os"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// imageLine opens a tweet in the CoNLL files of the benchmarks.
const imageLine = "IMGID:"

// ReadMNER reads a CoNLL file: a line "IMGID:<id>", then one line
// "token<TAB>tag" per word, then a blank line. The picture of a tweet is the file
// "<id>.jpg", or the id itself where it ends like a picture file; a file of
// tweets that holds no IMGID line at all is one without pictures. Only
// TAB separates, since a token may be any white space (Twitter-2015's valid.txt
// has a no-break space). The type OTHER is read as MISC.
//
// A bad line is an *mmibx.InputError, several are a *FileError.
func ReadMNER(name string, split mmibx.Split) ([]mmibx.Example, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseMNER(name, split, b)
}

func parseMNER(name string, split mmibx.Split, b []byte) ([]mmibx.Example, error) {
	return parseTagged(name, split, b, conllLayout{tag: 1, image: imageLine, other: true})
}

// conllLayout says what stands where in a CoNLL file.
type conllLayout struct {
	token, tag int    // columns, from 0
	spaces     bool   // any white space separates, else TAB alone
	image      string // how the line begins that names a tweet's picture
	other      bool   // the real benchmarks: two columns, the type OTHER is read as MISC
}

// separator says in words what stands between columns.
func (l conllLayout) separator() string {
	if l.spaces {
		return " "
	}
	return "<TAB>"
}

// expected shows a line of a word.
func (l conllLayout) expected() string {
	columns := make([]string, max(l.token, l.tag)+1)
	for i := range columns {
		columns[i] = "..."
	}
	columns[l.token], columns[l.tag] = "token", "tag"
	return strings.Join(columns, l.separator())
}

// word takes a line apart.
func (l conllLayout) word(line string) (token, tag string, ok bool) {
	columns := strings.Split(line, "\t")
	switch {
	case l.spaces:
		columns = strings.Fields(line)
	case l.other: // two columns, no more: what else stands there is no tag
		columns = strings.SplitN(line, "\t", 2)
	}
	if len(columns) <= max(l.token, l.tag) || columns[l.token] == "" {
		return "", "", false
	}
	return columns[l.token], columns[l.tag], true
}

func parseTagged(name string, split mmibx.Split, b []byte, layout conllLayout) ([]mmibx.Example, error) {
	r := conllReader{split: split, faults: faults{file: name}, layout: layout}
	for line := range strings.Lines(strings.TrimPrefix(string(b), "\ufeff")) {
		r.line++
		r.read(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
	r.endTweet()
	if len(r.examples) == 0 {
		r.add(&mmibx.InputError{Found: "no tweet", Expected: "at least one"})
	}
	return r.examples, r.err()
}

// conllReader is the state of reading one file.
type conllReader struct {
	faults
	layout   conllLayout
	split    mmibx.Split
	examples []mmibx.Example
	tweet    mmibx.Example
	begun    bool // a line of the tweet has been seen
	pictures bool // the first tweet has an IMGID line, so every other one must
}

func (r *conllReader) read(line string) {
	id, isImage := strings.CutPrefix(line, r.layout.image)
	switch {
	case line == "":
		r.endTweet()
	case isImage && !r.isWord(line):
		r.startTweet(strings.TrimSpace(id))
	default:
		r.word(line)
	}
}

// isWord says whether a line that begins like a picture's is that of a word.
func (r *conllReader) isWord(line string) bool {
	if r.layout.spaces {
		_, tag, ok := r.layout.word(line)
		_, known := cleanTag(tag, false)
		return ok && known
	}
	return strings.Contains(line, "\t")
}

func (r *conllReader) startTweet(id string) {
	switch {
	case r.begun:
		r.add(&mmibx.InputError{Found: "a line " + quote(r.layout.image) + " inside a tweet", Expected: "a blank line before it"})
		r.endTweet()
	case len(r.examples) == 0:
		r.pictures = true
	case !r.pictures:
		r.add(&mmibx.InputError{Found: "a line " + quote(r.layout.image), Expected: "none, as the first tweet of the file has none"})
	}
	r.begun = true
	r.tweet.Image = pictureFile(id)
}

func (r *conllReader) word(line string) {
	if !r.begun {
		r.begun = true
		if r.pictures {
			r.add(&mmibx.InputError{Found: quote(line), Expected: "a line " + r.layout.image + "<id> at the start of the tweet"})
		}
	}
	token, tag, found := r.layout.word(line)
	tag, known := cleanTag(tag, r.layout.other)
	switch {
	case !found:
		r.add(&mmibx.InputError{Found: quote(line), Expected: r.layout.expected()})
	case !known:
		r.add(&mmibx.InputError{Found: "tag " + quote(tag), Expected: "O, B-<type> or I-<type>"})
	case !utf8.ValidString(token):
		r.add(&mmibx.InputError{Found: quote(token), Expected: "a token in UTF-8"})
	}
	r.tweet.Tokens, r.tweet.Tags = append(r.tweet.Tokens, token), append(r.tweet.Tags, tag)
}

func (r *conllReader) endTweet() {
	if !r.begun {
		return
	}
	if len(r.tweet.Tokens) == 0 {
		r.add(&mmibx.InputError{Found: "the end of a tweet without a word", Expected: r.layout.expected()})
	}
	r.tweet.ID = exampleID(r.split, len(r.examples))
	r.examples = append(r.examples, r.tweet)
	r.tweet, r.begun = mmibx.Example{}, false
}

// pictureFile names the picture of an IMGID line.
func pictureFile(id string) string {
	switch strings.ToLower(path.Ext(id)) {
	case ".jpg", ".jpeg", ".png":
		return id
	}
	if id == "" {
		return ""
	}
	return id + ".jpg"
}

// exampleID names an example by its split and its position from 0.
func exampleID(split mmibx.Split, i int) string { return fmt.Sprintf("%s:%d", split, i) }

// cleanTag returns the tag, with other set OTHER read as MISC, and whether it is
// one.
func cleanTag(tag string, other bool) (string, bool) {
	if tag == "O" {
		return tag, true
	}
	prefix, kind, found := strings.Cut(tag, "-")
	if !found || prefix != "B" && prefix != "I" || kind == "" || strings.ContainsAny(kind, "\t ") || !utf8.ValidString(kind) {
		return tag, false
	}
	if other && kind == "OTHER" {
		return prefix + "-MISC", true
	}
	return tag, true
}
