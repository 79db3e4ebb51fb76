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
	r := conllReader{split: split, faults: faults{file: name}}
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
	split    mmibx.Split
	examples []mmibx.Example
	tweet    mmibx.Example
	begun    bool // a line of the tweet has been seen
	pictures bool // the first tweet has an IMGID line, so every other one must
}

func (r *conllReader) read(line string) {
	id, isImage := strings.CutPrefix(line, imageLine)
	switch {
	case line == "":
		r.endTweet()
	case isImage && !strings.Contains(line, "\t"):
		r.startTweet(id)
	default:
		r.word(line)
	}
}

func (r *conllReader) startTweet(id string) {
	switch {
	case r.begun:
		r.add(&mmibx.InputError{Found: "an IMGID line inside a tweet", Expected: "a blank line before it"})
		r.endTweet()
	case len(r.examples) == 0:
		r.pictures = true
	case !r.pictures:
		r.add(&mmibx.InputError{Found: "an IMGID line", Expected: "none, as the first tweet of the file has none"})
	}
	r.begun = true
	r.tweet.Image = pictureFile(id)
}

func (r *conllReader) word(line string) {
	if !r.begun {
		r.begun = true
		if r.pictures {
			r.add(&mmibx.InputError{Found: quote(line), Expected: "a line IMGID:<id> at the start of the tweet"})
		}
	}
	token, tag, found := strings.Cut(line, "\t")
	tag, known := cleanTag(tag)
	switch {
	case !found || token == "":
		r.add(&mmibx.InputError{Found: quote(line), Expected: "token<TAB>tag"})
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
		r.add(&mmibx.InputError{Found: "the end of a tweet without a word", Expected: "token<TAB>tag"})
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

// cleanTag returns the tag, OTHER read as MISC, and whether it is one.
func cleanTag(tag string) (string, bool) {
	if tag == "O" {
		return tag, true
	}
	prefix, kind, found := strings.Cut(tag, "-")
	if !found || prefix != "B" && prefix != "I" || kind == "" || strings.ContainsAny(kind, "\t ") || !utf8.ValidString(kind) {
		return tag, false
	}
	if kind == "OTHER" {
		return prefix + "-MISC", true
	}
	return tag, true
}
