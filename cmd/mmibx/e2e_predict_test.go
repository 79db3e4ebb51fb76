//go:build torch

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/scoring"
	"github.com/mmibx/mmibx/tracker"
	"github.com/mmibx/mmibx/tracker/journal"
)

// TestPredictAndEval trains two small runs and asks them.
func TestPredictAndEval(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-tags", "torch", "-o", bin+"/", ".", "../mmibx-worker")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build, err, out)
	}
	l := newLab(t, bin)
	l.must("data", "synth", "all", "--out", "data")
	tagger := l.trainOne("benchmark=mini-twitter2015", "model=mmib")
	relator := l.trainOne("benchmark=mini-mnre", "model=text")

	t.Run("eval", func(t *testing.T) { testEval(t, l, tagger, relator) })
	t.Run("predict", func(t *testing.T) { testPredict(t, l, tagger, relator) })
	t.Run("wrong input", func(t *testing.T) { testWrongTweets(t, l, tagger, relator) })
	t.Run("wrong run", func(t *testing.T) { testWrongRuns(t, l, tagger, relator) })
}

// trainOne trains a run for one epoch and returns its id.
func (l *lab) trainOne(settings ...string) string {
	l.Helper()
	l.must(append([]string{"train", "-q", "train.epochs=1"}, settings...)...)
	var rows []struct{ ID string }
	if err := json.Unmarshal([]byte(l.must("runs", "list", "--json", settings[0])), &rows); err != nil || len(rows) != 1 {
		l.Fatalf("%d runs of %s (%v)", len(rows), settings[0], err)
	}
	return rows[0].ID
}

// object is the file of an artifact of a run.
func (l *lab) object(run, name string) string {
	l.Helper()
	db, err := tracker.OpenReadOnly(l.store)
	if err != nil {
		l.Fatal(err)
	}
	defer db.Close()
	artifacts, err := db.Artifacts(l.Context(), run)
	if err != nil {
		l.Fatal(err)
	}
	i := slices.IndexFunc(artifacts, func(f tracker.Artifact) bool { return f.Name == name })
	if i < 0 {
		l.Fatalf("run %s has no %s", run, name)
	}
	return l.store.Object(artifacts[i].SHA256)
}

// kept are the predictions of a run that training stored.
func (l *lab) kept(run string, split mmibx.Split) []mmibx.Prediction {
	l.Helper()
	predictions, err := scoring.ReadPredictions(l.object(run, "predictions."+string(split)))
	if err != nil {
		l.Fatal(err)
	}
	return predictions
}

// fake writes a run of mini-mnre that nobody trained.
func (l *lab) fake(run string, state mmibx.State, data map[string]string) {
	l.Helper()
	spec, err := mmibx.Resolve(map[string]any{"benchmark": "mini-mnre", "model": "text"})
	if err != nil {
		l.Fatal(err)
	}
	w, err := journal.Create(l.store.Journal(run, 1), journal.Header{Run: run, Attempt: 1, Spec: spec.Values(), Inputs: mmibx.Inputs{Data: data}, Started: time.Now()})
	if err != nil {
		l.Fatal(err)
	}
	if err := errors.Join(
		w.Artifact(journal.Artifact{Name: "predictions.dev", SHA256: strings.Repeat("0", 64), Step: 1}),
		w.Close(journal.Trailer{State: state, Finished: time.Now()}),
		os.WriteFile(filepath.Join(l.store.Attempt(run, 1), "best.safetensors"), nil, 0o666),
	); err != nil {
		l.Fatal(err)
	}
}

// A split that is predicted again is what training stored, and its F1 what
// training logged. Only a look at test is in the ledger.
func testEval(t *testing.T, l *lab, tagger, relator string) {
	for _, run := range []string{tagger, relator} {
		var got struct {
			evaluation
			F1 float64 `json:"f1"`
		}
		if err := json.Unmarshal([]byte(l.must("eval", run[:6], "--json")), &got); err != nil {
			t.Fatal(err)
		}
		var listed []struct {
			F1 float64 `json:"dev_f1"`
		}
		if err := json.Unmarshal([]byte(l.must("runs", "list", "--json", "id="+run)), &listed); err != nil {
			t.Fatal(err)
		}
		if got.Run != run || got.Different != 0 || got.F1 != listed[0].F1 {
			t.Errorf("eval of %s: %+v, training logged F1 %v", run, got, listed[0].F1)
		}
	}
	if out := l.must("eval", tagger, "--rule", "strict"); !strings.Contains(out, "all (strict)") || !strings.Contains(out, "equal to those that training stored") {
		t.Errorf("eval says\n%s", out)
	}
	if n := looks(t, l.store); n != 0 {
		t.Errorf("%d looks at test are in the ledger before any", n)
	}
	if out := l.must("eval", tagger, "--split", "test"); !strings.Contains(out, "predictions on test, equal") {
		t.Errorf("eval of test says\n%s", out)
	}
	if n := looks(t, l.store); n != 1 {
		t.Errorf("the ledger has %d looks, want 1", n)
	}
}

// The texts and pictures of the test split, read as new tweets, are labelled as
// training labelled them.
func testPredict(t *testing.T, l *lab, tagger, relator string) {
	for run, file := range map[string]string{tagger: "data/mini-twitter2015/test.txt", relator: "data/mini-mnre/mnre_test.txt"} {
		want := l.kept(run, mmibx.Test)
		lines := strings.Split(strings.TrimSpace(l.must("predict", run, file, "--json")), "\n")
		if len(lines) != len(want) {
			t.Fatalf("%d predictions of %d tweets", len(lines), len(want))
		}
		for i, line := range lines {
			var got mmibx.Prediction
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got.Tags, want[i].Tags) || got.Relation != want[i].Relation {
				t.Fatalf("%s: tweet %d: %+v, training said %+v", file, i, got, want[i])
			}
		}
	}
	picture, err := filepath.Glob(filepath.Join(l.dir, "data", "mini-twitter2015", "*", "test_0.png"))
	if err != nil || len(picture) != 1 {
		t.Fatalf("the picture of the first tweet: %v (%v)", picture, err)
	}
	tweet := func(image string) string {
		return l.must("predict", tagger, "--json", l.write("one.jsonl", `{"id":"a","text":"Ada met Bo","image":"`+image+`"}`))
	}
	if byID, byFile := tweet("test_0.png"), tweet(picture[0]); byID != byFile {
		t.Errorf("a picture by its id gives\n%sand by its file\n%s", byID, byFile)
	}
	pair := l.write("pair.jsonl", `{"text":"Ada met Bo","head":{"start":2,"end":3},"tail":{"start":0,"end":1}}`)
	if out := l.must("predict", "--best", "model=text", pair); !strings.HasSuffix(out, ": Bo -> Ada\n") {
		t.Errorf("a relation is printed as %q", out)
	}
}

// testWrongTweets gives predict what people get wrong.
func testWrongTweets(t *testing.T, l *lab, tagger, relator string) {
	for _, c := range []struct {
		run, text string
		want      string
	}{
		{tagger, "", "tweets.txt: found no tweet"},
		{tagger, "Ada met Bo\n\xff\n", "tweets.txt:2: found "},
		{tagger, "Ada\tO\nmet\n", "tweets.txt:2: found \"met\", expected token<TAB>tag"},
		{tagger, `{"text":"Ada","captoin":"a woman"}`, "tweets.txt:1: captoin: found an unknown key"},
		{tagger, `{"text":"Ada","image":"no.png"}`, "tweets.txt:1: image: found \"no.png\", expected a picture of mini-twitter2015 or a file that is there"},
		{tagger, `{"text":"Ada","image":"tweets.txt"}`, "tweets.txt:1: image: grid evidence: tweets.txt: found a file that begins"},
		{relator, "Ada met Bo", "tweets.txt:1: found \"Ada met Bo\", expected two entities"},
		{relator, `{"text":"Ada met Bo","head":{"start":0,"end":1},"tail":{"start":2,"end":4}}`, "tweets.txt:1: tail: found start 2, end 4"},
	} {
		l.write("tweets.txt", c.text)
		out, errs, code := l.mmibx("predict", c.run, "tweets.txt")
		if code != 2 || out != "" || !strings.Contains(errs, "mmibx: "+c.want) {
			t.Errorf("%q: exit code %d, %q, %q; want 2 and %q", c.text, code, out, errs, c.want)
		}
	}
	l.write("tweets.jsonl", `{"text":"Ada","caption":"a woman","head":{"start":0,"end":1},"tail":{"start":0,"end":1}}`)
	for run, want := range map[string]string{tagger: "was trained on grid; the captions", relator: "was trained without pictures"} {
		if _, errs, code := l.mmibx("predict", run, "tweets.jsonl"); code != 0 || !strings.Contains(errs, want) {
			t.Errorf("a caption for %s: exit code %d, %q; want 0 and %q", run, code, errs, want)
		}
	}
}

// testWrongRuns asks runs that cannot answer. It damages the runs, so it is the
// last.
func testWrongRuns(t *testing.T, l *lab, tagger, relator string) {
	l.write("tweets.txt", "Ada met Bo")
	fails := func(code int, want string, args ...string) {
		t.Helper()
		if out, errs, got := l.mmibx(args...); got != code || !strings.Contains(errs, want) {
			t.Errorf("mmibx %v: exit code %d, %q%q; want %d and %q", args, got, out, errs, code, want)
		}
	}
	fails(3, `run "none": not found`, "predict", "none", "tweets.txt")
	fails(3, "tweets no.txt: not found", "predict", tagger, "no.txt")
	fails(3, "no run that is done passes it", "predict", "--best", "dev.f1>100", "tweets.txt")
	fails(2, "add benchmark=", "predict", "--best", "seed=0", "tweets.txt")
	fails(2, "accepts between 1 and 2", "predict")
	fails(2, "--rule: found strict", "eval", relator, "--rule", "strict")
	fails(2, "--split: found train", "eval", tagger, "--split", "train")
	l.fake("aaaaaaaaaaaa", mmibx.Stopped, nil)
	fails(2, "run aaaaaaaaaaaa: found stopped, expected done", "predict", "aaaa", "tweets.txt")
	l.fake("bbbbbbbbbbbb", mmibx.Done, map[string]string{"mnre_train.txt": "0123456789abcdef"})
	fails(1, "mnre_train.txt of mini-mnre is not the file that it was trained with (SHA-256 0123456789ab, now ", "eval", "bbbb")

	// Other predictions in the store than the weights give: eval tells.
	stored := l.kept(relator, mmibx.Dev)
	stored[3].Relation = "another"
	f, err := os.Create(l.object(relator, "predictions.dev"))
	if err != nil {
		t.Fatal(err)
	}
	if err := scoring.WritePredictions(f, stored); err != nil {
		t.Fatal(err)
	}
	f.Close()
	fails(1, "1 of 500 predictions on dev are not those that training stored; it ran on cpu with PyTorch", "eval", relator)

	best := filepath.Join(l.store.Attempt(tagger, 1), "best.safetensors")
	if err := os.Truncate(best, 1000); err != nil {
		t.Fatal(err)
	}
	fails(2, "best.safetensors: found a header", "predict", tagger, "tweets.txt")
	if err := os.Remove(best); err != nil {
		t.Fatal(err)
	}
	fails(3, "its weights", "predict", tagger, "tweets.txt")
}
