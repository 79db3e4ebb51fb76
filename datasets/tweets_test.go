package datasets

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestParseTweets(t *testing.T) {
	ada := []string{"Ada", "met", "Bo"}
	first, third := mmibx.Span{Start: 0, End: 1}, mmibx.Span{Start: 2, End: 3}
	for name, c := range map[string]struct {
		task mmibx.Task
		text string
		want []mmibx.Tweet
	}{
		"sentences": {mmibx.MNER, "\ufeff\nAda met  Bo\r\n\n\u00e9t\u00e9\n", []mmibx.Tweet{
			{ID: "new:0", At: "f:2", Tokens: ada}, {ID: "new:1", At: "f:4", Tokens: []string{"\u00e9t\u00e9"}},
		}},
		"CoNLL": {mmibx.MNER, "IMGID:7\nAda\tB-PER\nmet\tO\nBo\tI-PER\n", []mmibx.Tweet{{ID: "new:0", At: "f, tweet 1", Tokens: ada, Image: "7.jpg"}}},
		"JSON": {mmibx.MNER, `{ "text": "Ada met Bo", "id": "a", "caption": " two ", "image": "x.png"}` + "\n" + `{"tokens":["Ada","met","Bo"]}`, []mmibx.Tweet{
			{ID: "a", At: "f:1", Tokens: ada, Caption: "two", Image: "x.png"}, {ID: "new:1", At: "f:2", Tokens: ada},
		}},
		"JSON of pairs": {mmibx.MRE, `{"tokens":["Ada","met","Bo"],"head":{"start":2,"end":3},"tail":{"start":0,"end":1}}`, []mmibx.Tweet{
			{ID: "new:0", At: "f:1", Tokens: ada, Head: third, Tail: first},
		}},
		"MNRE": {mmibx.MRE, "{'token': ['Ada', 'met', 'Bo'], 'h': {'pos': [0, 1]}, 't': {'pos': [2, 3]}, 'img_id': 'x', 'relation': 'R'}\n", []mmibx.Tweet{
			{ID: "new:0", At: "f, tweet 1", Tokens: ada, Image: "x", Head: first, Tail: third},
		}},
	} {
		got, err := ParseTweets("f", c.task, []byte(c.text))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v (%v), want %+v", name, got, err, c.want)
		}
	}
}

func TestParseTweetsRefuses(t *testing.T) {
	for _, c := range []struct {
		task       mmibx.Task
		text, want string
	}{
		{mmibx.MNER, " \n", "f: found no tweet"},
		{mmibx.MNER, "Ada\n\xff\n", "f:2: found"},
		{mmibx.MNER, "Ada\tO\nmet\n", "f:2: found \"met\", expected token<TAB>tag"},
		{mmibx.MNER, "\n{\"captoin\":\"x\"}", "f:2: captoin: found an unknown key, expected one of id, tokens, text, caption, image, head, tail; did you mean caption?"},
		{mmibx.MNER, "{\"text\":\"a\"}\n{\"text\":\"a\"", "f:2: found"},
		{mmibx.MNER, "{\"text\":\"a\"} {}", "more after the end"},
		{mmibx.MNER, "{\"tokens\":\"a\"}", "f:1: tokens: found a string, expected a list of words"},
		{mmibx.MNER, "{\"tokens\":[\"a\",\"\"]}", "f:1: tokens: found an empty word"},
		{mmibx.MNER, "{\"tokens\":[\"a\"],\"text\":\"a\"}", "f:1: text: found a text and tokens"},
		{mmibx.MNER, "{\"caption\":\"a\"}", "f:1: tokens: found no word"},
		{mmibx.MRE, "\nAda met Bo", "f:2: found \"Ada met Bo\", expected two entities"},
		{mmibx.MRE, "{\"text\":\"Ada met Bo\",\"head\":{\"start\":0,\"end\":1}}", "f:1: tail: found nothing"},
		{mmibx.MRE, "{\"text\":\"Ada met Bo\",\"head\":{\"start\":2,\"end\":4}}", "f:1: head: found start 2, end 4, expected {\"start\":S,\"end\":E} with S < E within 3 words"},
		{mmibx.MRE, "{\"text\":\"Ada met Bo\",\"head\":[0,1]}", "f:1: head: found an array, expected {\"start\":S,\"end\":E}"},
	} {
		_, err := ParseTweets("f", c.task, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%q: %v, want a usage error that says %q", c.text, err, c.want)
		}
	}
	many := strings.Repeat("{}\n", 30)
	_, err := ParseTweets("f", mmibx.MNER, []byte(many))
	if e, ok := errors.AsType[*FileError](err); !ok || e.Count != 30 || len(e.Faults) != 10 {
		t.Errorf("30 bad lines: %v", err)
	}
}
