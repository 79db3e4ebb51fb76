package tui

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/cmd/mmibx/tui/widget"
	"github.com/mmibx/mmibx/scoring"
)

// tweets are what people write: other scripts, wide and joined characters, escape
// sequences, text that runs the other way. Gold and prediction follow.
var tweets = [][3]string{
	{"RT @user : 東京 で Kevin Love と 会った 🏳️‍🌈 👩‍👩‍👧 !", "O O O B-LOC O B-PER I-PER O O O O O", "O O O B-ORG O B-PER O O O O O O"},
	{"\x1b[2J\x1b]0;owned\a Paris \u202e evil \u202c tonight", "O B-LOC O O O O", "B-PER O O O O O"},
	{"ראיתי את נתניהו ב ירושלים היום", "O O B-PER O B-LOC O", "O O B-PER O O O"},
	{"just saw Messi in Rosario", "O O B-PER O B-LOC", "O O B-PER O B-LOC"},
	{"e\u0301a\u0301 ｶﾞ क्षि 🇩🇪🇫 and The Beatles again", "O O O O O B-MISC I-MISC O", "O O O O B-MISC I-MISC I-MISC O"},
}

func (f *fakeArchive) Answers(_ context.Context, run string) (*Answers, error) {
	return fakeAnswers(run, mmibx.Dev), f.err
}

func (f *fakeArchive) Unseal(_ context.Context, run string) (*Answers, error) {
	if err := f.tell("unseal %s", run); err != nil {
		return nil, err
	}
	return fakeAnswers(run, mmibx.Test), nil
}

func fakeAnswers(run string, split mmibx.Split) *Answers {
	a := &Answers{Label: "mmib β=.01", Benchmark: "twitter2017", Task: mmibx.MNER, Split: split}
	var examples []mmibx.Example
	var predictions []mmibx.Prediction
	if strings.HasPrefix(run, "4f3b") { // of relations
		a.Task = mmibx.MRE
		for i, pair := range [][2]string{{"/per/per/couple", "/per/per/peer"}, {mmibx.NoRelation, "/per/per/peer"}, {"/per/per/couple", mmibx.NoRelation}, {mmibx.NoRelation, mmibx.NoRelation}} {
			id := fmt.Sprintf("%s:%d", split, i)
			words := strings.Fields("話題 Emma Watson bought a flat in Brazil for Obama")
			examples = append(examples, mmibx.Example{ID: id, Tokens: words, Image: "x.jpg", Head: mmibx.Span{Start: 1, End: 3}, Tail: mmibx.Span{Start: 9, End: 10}, Relation: pair[0]})
			predictions = append(predictions, mmibx.Prediction{ID: id, Relation: pair[1]})
		}
		a.Score, _ = scoring.MRE(examples, predictions)
	} else {
		for i, t := range tweets {
			id := fmt.Sprintf("%s:%d", split, i)
			examples = append(examples, mmibx.Example{ID: id, Tokens: strings.Split(t[0], " "), Image: fmt.Sprintf("%d.jpg", i), Tags: strings.Fields(t[1])})
			predictions = append(predictions, mmibx.Prediction{ID: id, Tags: strings.Fields(t[2])})
		}
		var err error
		if a.Score, err = scoring.MNER(examples, predictions, scoring.Lenient); err != nil {
			panic(err)
		}
	}
	judged, err := scoring.Judge(a.Task, examples, predictions, scoring.Lenient)
	if err != nil {
		panic(err)
	}
	for i, j := range judged {
		a.Examples = append(a.Examples, Answer{Judged: j, Picture: examples[i].Image, Caption: "a man in a 帽子 \x1b[31mholding a sign", Others: i == 2})
	}
	a.Examples[1].Picture = ""
	return a
}

func (f *fakeArchive) Picture(_ context.Context, _, id string) (widget.Picture, error) {
	if id == "0.jpg" {
		return widget.Picture{}, mmibx.ErrNotFound
	}
	img := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for y := range 30 {
		for x := range 40 {
			img.Set(x, y, color.RGBA{uint8(6 * x), uint8(8 * y), 80, 255})
		}
	}
	return widget.NewPicture(img, 64), f.err
}
