package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mmibx/mmibx"
)

// newTweets stands for the split in the ids of new tweets.
const newTweets mmibx.Split = "new"

// ParseTweets reads new tweets for a task, in the format that the first line
// tells: JSON lines, CoNLL (see ReadMNER; its tags are not kept), MNRE (see
// ReadMRE; its relations are not kept), or else a sentence a line, whose words
// stand between white space. For MRE each needs its two entities, which only
// JSON lines and MNRE have. Blank lines are passed over.
//
// The name of the file is for errors: a bad line is an *mmibx.InputError,
// several are a *FileError.
func ParseTweets(name string, task mmibx.Task, b []byte) ([]mmibx.Tweet, error) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	text := bytes.TrimLeft(b, " \r\n")
	first, _, _ := bytes.Cut(text, []byte("\n"))
	opening := bytes.TrimLeft(bytes.TrimPrefix(first, []byte("{")), " ")
	var tweets []mmibx.Tweet
	var err error
	switch {
	case bytes.HasPrefix(first, []byte("{")) && bytes.HasPrefix(opening, []byte("'")):
		tweets, err = pairTweets(name, b)
	case bytes.HasPrefix(first, []byte("{")):
		tweets, err = eachTweet(name, b, func(line string) (mmibx.Tweet, *mmibx.InputError) { return jsonTweet(line, task) })
	case task == mmibx.MRE:
		line := 1 + bytes.Count(b[:len(b)-len(text)], []byte("\n"))
		return nil, &mmibx.InputError{File: name, Line: line, Found: quote(string(first)), Expected: pairExpected}
	case bytes.HasPrefix(first, []byte(imageLine)) || bytes.Contains(first, []byte("\t")):
		tweets, err = conllTweets(name, b)
	default:
		tweets, err = eachTweet(name, b, func(line string) (mmibx.Tweet, *mmibx.InputError) {
			return mmibx.Tweet{Tokens: strings.Fields(line)}, nil
		})
	}
	if err == nil && len(tweets) == 0 {
		err = &mmibx.InputError{File: name, Found: "no tweet", Expected: "at least one"}
	}
	return tweets, err
}

const pairExpected = `two entities, as in {"tokens":["Ada","met","Bo"],"head":{"start":0,"end":1},"tail":{"start":2,"end":3}} or a line of MNRE`

func conllTweets(name string, b []byte) ([]mmibx.Tweet, error) {
	examples, err := parseMNER(name, newTweets, b)
	return asTweets(name, examples), err
}

func pairTweets(name string, b []byte) ([]mmibx.Tweet, error) {
	examples, err := parseMRE(name, newTweets, nil, b)
	return asTweets(name, examples), err
}

func asTweets(name string, examples []mmibx.Example) []mmibx.Tweet {
	tweets := make([]mmibx.Tweet, len(examples))
	for i, e := range examples {
		tweets[i] = mmibx.Tweet{ID: e.ID, At: fmt.Sprintf("%s, tweet %d", name, i+1), Tokens: e.Tokens, Image: e.Image, Head: e.Head, Tail: e.Tail}
	}
	return tweets
}

// eachTweet reads a tweet a line.
func eachTweet(name string, b []byte, parse func(string) (mmibx.Tweet, *mmibx.InputError)) ([]mmibx.Tweet, error) {
	f := faults{file: name}
	var tweets []mmibx.Tweet
	for line := range strings.Lines(string(b)) {
		f.line++
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !utf8.ValidString(line) {
			f.add(&mmibx.InputError{Found: quote(line), Expected: "a line in UTF-8"})
			continue
		}
		tweet, fault := parse(line)
		if fault != nil {
			f.add(fault)
			continue
		}
		tweet.At = fmt.Sprintf("%s:%d", name, f.line)
		if tweet.ID == "" {
			tweet.ID = exampleID(newTweets, len(tweets))
		}
		tweets = append(tweets, tweet)
	}
	return tweets, f.err()
}

// tweetKeys are the keys of a tweet in JSON lines.
var tweetKeys = []string{"id", "tokens", "text", "caption", "image", "head", "tail"}

// jsonTweet reads one line of JSON. A key that is not known is a fault: a
// misspelt caption would be a blank picture.
func jsonTweet(line string, task mmibx.Task) (mmibx.Tweet, *mmibx.InputError) {
	var t struct {
		ID, Text, Caption, Image string
		Tokens                   []string
		Head, Tail               *mmibx.Span
	}
	in := json.NewDecoder(strings.NewReader(line))
	in.DisallowUnknownFields()
	err := in.Decode(&t)
	if err == nil {
		if _, err = in.Token(); err == nil {
			err = errors.New("more after the end of the object")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		return mmibx.Tweet{}, jsonTweetFault(line, err)
	}
	tweet := mmibx.Tweet{ID: t.ID, Tokens: t.Tokens, Caption: strings.TrimSpace(t.Caption), Image: t.Image}
	if len(t.Tokens) == 0 {
		tweet.Tokens = strings.Fields(t.Text)
	} else if t.Text != "" {
		return tweet, &mmibx.InputError{Key: "text", Found: "a text and tokens", Expected: "one of them"}
	}
	if len(tweet.Tokens) == 0 {
		return tweet, &mmibx.InputError{Key: "tokens", Found: "no word", Expected: `"tokens", a list of words, or "text", words between white space`}
	}
	for _, word := range tweet.Tokens {
		if word == "" {
			return tweet, &mmibx.InputError{Key: "tokens", Found: "an empty word", Expected: "words"}
		}
	}
	if task != mmibx.MRE {
		return tweet, nil
	}
	for _, entity := range []struct {
		key string
		at  *mmibx.Span
		to  *mmibx.Span
	}{{"head", t.Head, &tweet.Head}, {"tail", t.Tail, &tweet.Tail}} {
		if fault := wordsAt(entity.key, entity.at, len(tweet.Tokens)); fault != nil {
			return tweet, fault
		}
		*entity.to = *entity.at
	}
	return tweet, nil
}

// wordsAt checks where an entity of a pair stands.
func wordsAt(key string, s *mmibx.Span, words int) *mmibx.InputError {
	expected := fmt.Sprintf(`{"start":S,"end":E} with S < E within %d words, E exclusive`, words)
	switch {
	case s == nil:
		return &mmibx.InputError{Key: key, Found: "nothing", Expected: expected}
	case s.Start < 0 || s.End <= s.Start || s.End > words:
		return &mmibx.InputError{Key: key, Found: fmt.Sprintf("start %d, end %d", s.Start, s.End), Expected: expected}
	}
	return nil
}

func jsonTweetFault(line string, err error) *mmibx.InputError {
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && mistyped.Field != "" {
		return &mmibx.InputError{Key: strings.ToLower(mistyped.Field), Found: article(mistyped.Value), Expected: map[string]string{
			"string": "a string", "[]string": "a list of words", "int": "a whole number", "mmibx.Span": `{"start":S,"end":E}`,
		}[mistyped.Type.String()]}
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		key = strings.Trim(key, `"`)
		e := &mmibx.InputError{Key: key, Found: "an unknown key", Expected: "one of " + strings.Join(tweetKeys, ", ")}
		if near := mmibx.Nearest(key, tweetKeys); near != "" {
			e.Cure = "did you mean " + near + "?"
		}
		return e
	}
	return &mmibx.InputError{Found: quote(line) + " (" + err.Error() + ")", Expected: `a JSON object such as {"text":"Ada met Bo","caption":"two women"}`}
}

// article puts "a" or "an" before a word.
func article(word string) string {
	if strings.ContainsAny(word[:1], "aeiou") {
		return "an " + word
	}
	return "a " + word
}

// TweetSamples encodes new tweets as Samples does the examples of a split.
func TweetSamples(set *Set, tweets []mmibx.Tweet, t Tokenizer, how Encoding) []mmibx.Sample {
	examples := make([]mmibx.Example, len(tweets))
	for i, tweet := range tweets {
		examples[i] = mmibx.Example{ID: tweet.ID, Tokens: tweet.Tokens, Image: tweet.Image, Head: tweet.Head, Tail: tweet.Tail}
	}
	return Samples(&Set{Benchmark: set.Benchmark, Examples: map[mmibx.Split][]mmibx.Example{newTweets: examples}}, newTweets, t, how)
}

// ReadPicture decodes a JPEG or PNG file, with the errors of Pixels.
func ReadPicture(path string) (image.Image, error) { return decodePicture(path) }
