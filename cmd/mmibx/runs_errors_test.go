package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

// TestRunsErrors: the errors of imported predictions add up to their score; test
// costs a line of the ledger, and a fault of the question none.
func TestRunsErrors(t *testing.T) {
	store, _, theirs := storeOfArms(t)
	dev := importing(store, guesses(t, mmibx.Dev, 300), "dev", "1", "--json")
	out, err := mmibxSays(t, dev...)
	var said imported
	if err != nil || json.Unmarshal([]byte(out), &said) != nil {
		t.Fatal(err, out)
	}
	ask := func(args ...string) (string, error) {
		return mmibxSays(t, append(append([]string{"runs", "errors"}, args...), "--store", string(store))...)
	}
	var wrong struct {
		Kinds    map[string]int
		Examples []struct {
			ID       string
			Tokens   []string
			Head     *mmibx.Span
			Mistakes []struct{ Kind string }
		}
	}
	out, err = ask(said.Run, "--json")
	if err != nil || json.Unmarshal([]byte(out), &wrong) != nil {
		t.Fatal(err, out)
	}
	n := 0
	for _, k := range wrong.Kinds {
		n += k
	}
	if n == 0 || n != len(wrong.Examples) || wrong.Examples[0].Head == nil || len(wrong.Examples[0].Tokens) == 0 {
		t.Errorf("%d errors in %d examples: %v", n, len(wrong.Examples), wrong.Kinds)
	}
	if out, err = ask(said.Run, "--kind", "missed", "--limit", "2"); err != nil || strings.Count(out, "missed  ") != 2 || !strings.Contains(out, "-> nothing") {
		t.Errorf("%v\n%s", err, out)
	}
	before := len(ledger(t, store))
	for _, args := range [][]string{
		{said.Run, "--kind", "wrong"}, {said.Run, "--type", "PER"}, {said.Run, "--split", "train"}, {"zzz"}, {said.Run, "--split", "test"},
	} {
		if out, err := ask(args...); err == nil {
			t.Errorf("%v: no error\n%s", args, out)
		}
	}
	if after := len(ledger(t, store)); after != before {
		t.Errorf("faults cost %d lines of the ledger", after-before)
	}
	if out, err := ask(theirs, "--split", "test", "--limit", "1"); err != nil || !strings.Contains(out, "test:") {
		t.Errorf("%v\n%s", err, out)
	}
	lines := ledger(t, store)
	if len(lines) != before+1 || lines[before].Runs[0] != theirs || lines[before].Split != mmibx.Test {
		t.Errorf("the ledger has %+v", lines[before:])
	}
}

// TestUIAnswers: the UI reads dev without a line in the ledger and test with one.
func TestUIAnswers(t *testing.T) {
	store, _, theirs := storeOfArms(t)
	u := newUI(&app{storeDir: string(store), dataDir: t.TempDir()})
	defer u.close()
	if _, err := u.Answers(t.Context(), theirs); err == nil {
		t.Error("predictions for test were shown as those of dev")
	}
	if n := len(ledger(t, store)); n != 0 {
		t.Fatalf("%d looks", n)
	}
	a, err := u.Unseal(t.Context(), theirs)
	if err != nil || a.Split != mmibx.Test || len(a.Examples) == 0 || a.Examples[0].Picture == "" {
		t.Fatalf("%v %+v", err, a)
	}
	if n := len(ledger(t, store)); n != 1 {
		t.Errorf("%d looks, want 1", n)
	}
	p, err := u.Picture(t.Context(), a.Benchmark, a.Examples[0].Picture)
	if err != nil || p.W*p.H != len(p.Pixels) || p.W == 0 {
		t.Errorf("picture %d x %d (%v)", p.W, p.H, err)
	}
}
