package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/tracker"
)

// storeOfArms is sealedStore with the runs of text, and with a system of others
// that has half of test right.
func storeOfArms(t *testing.T) (store mmibx.Store, text []runJSON, theirs string) {
	t.Helper()
	store = sealedStore(t)
	out, err := mmibxSays(t, "runs", "list", "model=text", "--sort", "seed", "--json", "--store", string(store))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &text); err != nil || len(text) != 2 {
		t.Fatal(err, out)
	}
	out, err = mmibxSays(t, importing(store, guesses(t, mmibx.Test, 300), "test", "0", "--json")...)
	if err != nil {
		t.Fatal(err, out)
	}
	var said imported
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		t.Fatal(err)
	}
	return store, text, said.Run
}

func ledger(t *testing.T, store mmibx.Store, args ...string) []tracker.LookRow {
	t.Helper()
	out, err := mmibxSays(t, append([]string{"looks", "--json", "--store", string(store)}, args...)...)
	var list []tracker.LookRow
	if err != nil || json.Unmarshal([]byte(out), &list) != nil {
		t.Fatal(err, out)
	}
	return list
}

func TestUnseal(t *testing.T) {
	store, text, theirs := storeOfArms(t)
	for i, c := range []struct {
		args []string
		want []string
	}{
		{[]string{text[0].ID}, []string{text[0].ID, "100.00  1", "accuracy 100.00"}},
		{[]string{text[0].ID, "--arm"}, []string{text[1].ID, "100.00  2", "n=2", "100.00 ± 0.00"}}, // seed 0 was looked at before
		{[]string{"Theirs"}, []string{theirs, "imported for test"}},
		{[]string{theirs[:8], "--json"}, []string{`"looks": 2`, `"predicted": `}},
	} {
		out, err := mmibxSays(t, append(append([]string{"unseal"}, c.args...), "--store", string(store))...)
		for _, want := range c.want {
			if err != nil || !strings.Contains(out, want) {
				t.Errorf("unseal %v: %v, no %q in\n%s", c.args, err, want, out)
			}
		}
		if n := len(ledger(t, store)); n != i+1 {
			t.Errorf("unseal %v: the ledger has %d looks, want %d", c.args, n, i+1)
		}
	}
	l := ledger(t, store)[1]
	if l.Split != mmibx.Test || len(l.Arms) != 1 || l.Arms[0] != text[0].Arm || len(l.Runs) != 2 || l.By == "" || time.Since(l.At) > time.Hour {
		t.Errorf("the line of the arm is %+v", l)
	}
	if n := len(ledger(t, store, text[1].ID)); n != 1 {
		t.Errorf("%d looks at seed 1, want that at the arm", n)
	}
	out, err := mmibxSays(t, "runs", "show", text[0].ID, "--store", string(store))
	if err != nil || !strings.Contains(out, "looks      2") && !strings.Contains(strings.Join(strings.Fields(out), " "), "looks 2 at its test scores") {
		t.Errorf("runs show: %v\n%s", err, out)
	}
	// The ledger is a journal: another database has it too.
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(store.Database() + end); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if n := len(ledger(t, store)); n != 4 {
		t.Errorf("%d looks after the database was deleted, want 4", n)
	}
}

func TestUnsealRefusesAndLooksAtNothing(t *testing.T) {
	store, text, _ := storeOfArms(t)
	dev := importing(store, guesses(t, mmibx.Dev, 0), "dev", "0")
	if out, err := mmibxSays(t, dev...); err != nil {
		t.Fatal(err, out)
	}
	var diverged []runJSON
	out, err := mmibxSays(t, "runs", "list", "state=diverged", "--json", "--store", string(store))
	if err != nil || json.Unmarshal([]byte(out), &diverged) != nil {
		t.Fatal(err, out)
	}
	var imports []runJSON
	if out, err = mmibxSays(t, "runs", "list", "imported=dev", "--json", "--store", string(store)); err != nil || json.Unmarshal([]byte(out), &imports) != nil {
		t.Fatal(err, out)
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"unseal"}, 2},
		{[]string{"unseal", ""}, 3},
		{[]string{"unseal", "nobody"}, 3},
		{[]string{"unseal", "it's*"}, 3},
		{[]string{"unseal", diverged[0].ID}, 2},
		{[]string{"unseal", imports[0].ID}, 3},                  // its predictions are of dev
		{[]string{"unseal", text[0].ID, "--rule", "strict"}, 2}, // relations
		{[]string{"looks", "zzz"}, 3},
		{[]string{"plot", "beta", "--sweep", "small", "--split", "train"}, 2},
		{[]string{"plot", "curves", "--sweep", "small", "--split", "test"}, 2},
	} {
		if out, err := mmibxSays(t, append(c.args, "--store", string(store))...); exitCode(err) != c.code {
			t.Errorf("%v: %v, want exit code %d\n%s", c.args, err, c.code, out)
		}
	}
	if n := looks(t, store); n != 0 {
		t.Errorf("%d looks in the ledger, want none: nothing was scored", n)
	}
}

func TestPlotOnTestIsALook(t *testing.T) {
	store := sealedStore(t)
	args := []string{"plot", "beta", "--sweep", "small", "-o", filepath.Join(t.TempDir(), "beta.svg"), "--store", string(store)}
	out, err := mmibxSays(t, args...)
	if err != nil || strings.Contains(out, "of test") || looks(t, store) != 0 {
		t.Errorf("on dev: %v, %d looks\n%s", err, looks(t, store), out)
	}
	out, err = mmibxSays(t, append(args, "--split", "test")...)
	if err != nil || !strings.Contains(out, "Scores are of test") || strings.Contains(out, "best mean on dev") || looks(t, store) != 1 {
		t.Errorf("on test: %v, %d looks\n%s", err, looks(t, store), out)
	}
}

// What was chosen on test is marked where a run is shown, and only official may
// choose so.
func TestChosenOnTestIsMarked(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	official := writeRun(t, store, map[string]any{"benchmark": "mini-twitter2017", "model": "text", "preset": "official"}, mmibx.Done, 1)
	honest := writeRun(t, store, map[string]any{"benchmark": "mini-twitter2017", "model": "text"}, mmibx.Done, 1)
	out, err := mmibxSays(t, "runs", "list", "--store", string(store))
	if err != nil || !strings.Contains(out, official+" §") || strings.Contains(out, honest+" §") || strings.Count(out, onTestNote) != 1 {
		t.Errorf("runs list: %v\n%s", err, out)
	}
	for run, want := range map[string]bool{official: true, honest: false} {
		out, err := mmibxSays(t, "runs", "show", run, "--store", string(store))
		if err != nil || strings.Contains(out, "§ on test") != want {
			t.Errorf("runs show: %v\n%s", err, out)
		}
		out, err = mmibxSays(t, "runs", "show", run, "--json", "--store", string(store))
		if err != nil || strings.Contains(out, `"chosen_on_test": true`) != want {
			t.Errorf("runs show --json: %v\n%s", err, out)
		}
	}
	for preset, code := range map[string]int{"default": 2, "official": 0} {
		out, err := mmibxSays(t, "plan", "baselines", "--arms", "text", "--benchmarks", "mini-twitter2017", "--set", "train.select_on=test", "--set", "preset="+preset, "--store", t.TempDir())
		if exitCode(err) != code {
			t.Errorf("plan with preset %s and choice on test: %v, want exit code %d\n%s", preset, err, code, out)
		}
	}
}
