package main

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker/journal"
)

// writeRun makes a run with a curve and returns its id.
func writeRun(t *testing.T, store mmibx.Store, settings map[string]any, state mmibx.State, losses ...float64) string {
	t.Helper()
	s, err := mmibx.Resolve(settings)
	if err != nil {
		t.Fatal(err)
	}
	id := s.ID(mmibx.Inputs{})
	w, err := journal.Create(store.Journal(id, 1), journal.Header{Run: id, Arm: s.Arm(mmibx.Inputs{}), Attempt: 1, Spec: s.Values(), Started: time.Now(), Env: journal.Environment{Device: "cuda", GPU: "cuda:1"}})
	if err != nil {
		t.Fatal(err)
	}
	for step, loss := range losses {
		if err := w.Log(int64(step), mmibx.Metric{Name: mmibx.Loss, Value: loss}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(journal.Trailer{State: state, Error: "why", Output: []string{"last words"}, Finished: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRunsCommands(t *testing.T) {
	dir := t.TempDir()
	store := mmibx.Store(dir)
	text := writeRun(t, store, map[string]any{"benchmark": "mini-mnre", "model": "text"}, mmibx.Done, 3, 2, 1)
	mmib := writeRun(t, store, map[string]any{"benchmark": "mini-mnre", "model": "mmib", "ib.beta_text": 0.5}, mmibx.Diverged, 3, math.NaN())

	for _, c := range []struct {
		args []string
		code int
		want []string // parts of the output
	}{
		{[]string{"runs", "list"}, 0, []string{text, mmib, "NaN", "ib.beta_text=0.5"}},
		{[]string{"runs", "list", "model=text", "--columns", "train.lr"}, 0, []string{text, "train.lr", "0.005"}},
		{[]string{"runs", "list", "train.loss=nan", "--json"}, 0, []string{`"loss": "NaN"`, `"state": "diverged"`}},
		{[]string{"runs", "list", "train.loss=nan", "--columns", "train.loss,train.loss:min"}, 0, []string{"NaN         3  "}},
		{[]string{"runs", "list", "train.loss=nan", "--columns", "train.loss,train.loss:min", "--json"}, 0, []string{`"train.loss": "NaN"`, `"train.loss:min": 3`}},
		{[]string{"runs", "list", "modl=text"}, 2, nil},
		{[]string{"runs", "list", "a", "b"}, 2, nil},
		{[]string{"runs", "show", mmib[:7]}, 0, []string{"ib.beta_text", "0.5", "last words", "why", "cuda:1"}},
		{[]string{"runs", "show", text, "--json"}, 0, []string{`"train.loss": {`, `"model.name": "text"`}},
		{[]string{"runs", "show", "zzz"}, 3, nil},
		{[]string{"runs", "curve", text, "train.loss"}, 0, []string{"step 0 to 2, 3 points", "3 ┤"}},
		{[]string{"runs", "curve", mmib, "train.loss"}, 0, []string{"1 of them not finite"}},
		{[]string{"runs", "curve", mmib, "train.loss", "--json"}, 0, []string{`"value": "NaN"`}},
		{[]string{"runs", "curve", text, "dev.f1"}, 3, nil},
		{[]string{"runs", "diff", text, mmib}, 0, []string{"model.name", "text", "mmib", "ib.beta_text"}},
		{[]string{"runs", "tag", "paper", text, mmib}, 0, nil},
		{[]string{"runs", "tag", "--remove", "paper", text}, 0, nil},
		{[]string{"runs", "list", "tag=paper"}, 0, []string{mmib, "#paper"}},
		{[]string{"runs", "note", text, mmib, "good"}, 0, nil},
		{[]string{"runs", "note", text[:4], mmib[:1], "mistake"}, 2, nil},
		{[]string{"runs", "list", "note=good", "--json"}, 0, []string{text, mmib}},
		{[]string{"runs", "note", text[:6], mmib[:6], "good"}, 0, nil},
		{[]string{"runs", "note", mmib, ""}, 0, nil},
		{[]string{"runs", "list", "note is missing"}, 0, []string{mmib}},
		{[]string{"runs", "list", "--by-arm", "model=text"}, 0, []string{"ARM", text, "1/1"}},
		{[]string{"runs", "list", "--by-arm", "--json"}, 0, []string{`"diverged": 1`, `"n": 0`}},
		{[]string{"runs", "list", "--by-arm", "model=text", "--columns", "train.loss,train.lr,model", "--json"}, 0, []string{
			"\"train.loss\": {\n        \"n\": 1,\n        \"mean\": 1\n", "\"train.lr\": {\n        \"n\": 1,\n        \"mean\": 0.005", "\"values\": [\n          \"text\"",
		}},
		{[]string{"runs", "list", "--by-arm", "model=mmib", "--columns", "train.loss", "--json"}, 0, []string{"\"train.loss\": {\n        \"n\": 0\n"}},
		{[]string{"runs", "save", "odd", "train.loss=nan", "--columns", "train.lr", "--by-arm"}, 0, nil},
		{[]string{"runs", "list", "--saved", "odd"}, 0, []string{"train.lr", "ib.beta_text=0.5"}},
		{[]string{"runs", "save", "wrong", "modl=x"}, 2, nil},
		{[]string{"runs", "list", "--saved", "wrong"}, 3, nil},
		{[]string{"runs", "save", "odd", "--remove"}, 0, nil},
		{[]string{"runs", "list", "--saved", "odd"}, 3, nil},
		{[]string{"runs", "save", "odd", "--remove"}, 3, nil},
		{[]string{"runs", "rm", text}, 0, nil},
		{[]string{"runs", "list", "--bin"}, 0, []string{text}},
		{[]string{"runs", "restore", text}, 0, nil},
		{[]string{"runs", "retry", mmib}, 0, nil},
		{[]string{"runs", "list", "state=queued"}, 0, []string{mmib}},
		{[]string{"runs", "retry", "zzz"}, 3, nil},
		{[]string{"sql", "SELECT id, seed FROM runs WHERE model = 'text'"}, 0, []string{"id", text, "0"}},
		{[]string{"sql", "--csv", "SELECT value, kind FROM points WHERE step = 1 ORDER BY kind"}, 0, []string{"value,kind\n2,finite\n,nan\n"}},
		{[]string{"sql", "--json", "SELECT count(*) AS n FROM points"}, 0, []string{`"n": 5`}},
		{[]string{"sql", "DELETE FROM point"}, 1, nil},
		{[]string{"sql", "SELECT nothing"}, 1, nil},
		{[]string{"sql", "--csv", "--write", "SELECT 1"}, 2, nil},
		{[]string{"sql", "--write", "UPDATE edit SET priority = 3"}, 0, []string{"2 rows changed"}},
	} {
		out, code := mmibxRun(t, append([]string{"--store", dir}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d", strings.Join(c.args, " "), code, c.code)
		}
		for _, part := range c.want {
			if !strings.Contains(out, part) {
				t.Errorf("%s: no %q in\n%s", strings.Join(c.args, " "), part, out)
			}
		}
	}
	out, _ := mmibxRun(t, "--store", dir, "runs", "list", "--json")
	var list []map[string]any
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 2 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReadingMakesNoStore(t *testing.T) {
	dir := t.TempDir() + "/none"
	if _, code := mmibxRun(t, "--store", dir, "runs", "list"); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the store was made: %v", err)
	}
}
