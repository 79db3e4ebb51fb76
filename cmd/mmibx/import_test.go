package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/scoring"
)

// guesses writes gold of a split of mini-mnre as another program's predictions,
// in which the first n pairs are said to be unrelated.
func guesses(t *testing.T, split mmibx.Split, n int) string {
	t.Helper()
	list := gold(t, "mini-mnre", split)
	for i := range list[:n] {
		list[i].Relation = mmibx.NoRelation
	}
	var b bytes.Buffer
	if err := scoring.WritePredictions(&b, list); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "theirs.jsonl")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func importing(store mmibx.Store, file, split, seed string, more ...string) []string {
	return append([]string{"import", "predictions", file, "--store", string(store), "--system", "Theirs", "--benchmark", "mini-mnre",
		"--split", split, "--seed", seed, "--source", "their release"}, more...)
}

func TestImportPredictions(t *testing.T) {
	store := sealedStore(t)
	var said imported
	for _, seed := range []string{"0", "1"} {
		out, err := mmibxSays(t, importing(store, guesses(t, mmibx.Dev, 0), "dev", seed, "--json")...)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(out), &said); err != nil || !said.Added || said.Scores.F1 != 100 {
			t.Errorf("%v\n%s", err, out)
		}
	}
	out, err := mmibxSays(t, importing(store, guesses(t, mmibx.Test, 0), "test", "0")...)
	if err != nil || strings.Contains(out, "100.00") || !strings.Contains(out, "not scored") {
		t.Errorf("test is sealed: %v\n%s", err, out)
	}
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"runs list imported=dev", "Theirs, imported for dev", 0},
		{"runs show " + said.Run, "their release", 0},
		{"runs show " + said.Run + " --json", `"split": "dev"`, 0},
		{"eval " + said.Run, "", 2},
		{"table --sweep small --with Theirs", "*100.00 ± 0.00¶", 0},
		{"table --sweep small --with Theirs", "¶ Predictions of another program, scored here.", 0},
		{"table --sweep small --with Theirs --split test", "100.00 (n=1)¶", 0},
		{"table --sweep small --with Other", "", 3},
	} {
		out, err := mmibxSays(t, append(strings.Fields(c.args), "--store", string(store))...)
		if exitCode(err) != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, want %d and %q\n%s", c.args, err, c.code, c.want, out)
		}
	}
	out, err = mmibxSays(t, "sql", "--csv", "SELECT imported, source FROM runs WHERE seed = 1 AND model = 'Theirs'", "--store", string(store))
	if err != nil || !strings.Contains(out, "dev,their release") {
		t.Errorf("the view: %v\n%s", err, out)
	}
	if n := looks(t, store); n != 1 {
		t.Errorf("%d looks in the ledger, want the one of the table on test", n)
	}
	out, err = mmibxSays(t, "runs", "show", said.Run, "--store", string(store))
	if err != nil || !strings.Contains(out, mmibx.DevF1+"./per/per/peer") {
		t.Errorf("scores by relation, as workers log them: %v\n%s", err, out)
	}
}

// A mean never counts a seed of a system twice, whatever was put into the bin and
// taken out of it.
func TestImportedTwiceAndRestored(t *testing.T) {
	store := storeOfTwo(t)
	var first, second imported
	for _, c := range []struct {
		wrong int
		said  *imported
	}{{0, &first}, {50, &second}} {
		out, err := mmibxSays(t, importing(store, guesses(t, mmibx.Dev, c.wrong), "dev", "0", "--json")...)
		if err != nil || json.Unmarshal([]byte(out), c.said) != nil {
			t.Fatal(err, out)
		}
		if out, err := mmibxSays(t, "runs", "rm", first.Run, "--store", string(store)); err != nil {
			t.Fatal(err, out)
		}
	}
	if out, err := mmibxSays(t, "runs", "restore", first.Run, "--store", string(store)); err != nil {
		t.Fatal(err, out)
	}
	for _, args := range []string{"table --sweep two --with Theirs", "compare Theirs model=text", "compare model=text Theirs"} {
		out, err := mmibxSays(t, append(strings.Fields(args), "--store", string(store))...)
		if exitCode(err) != 2 || !strings.Contains(err.Error(), "would count it twice") {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}

func TestImportPredictionsRefuses(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	good := guesses(t, mmibx.Dev, 0)
	for _, c := range []struct {
		args []string
		code int
	}{
		{importing(store, good, "test", "0"), 2}, // of the other split
		{importing(store, good, "train", "0"), 2},
		{importing(store, good, "dev", "0", "--format", "conll"), 2},
		{importing(store, good, "dev", "0", "--format", "xml"), 2},
		{importing(store, good, "dev", "0", "--benchmark", "mini-mnra"), 2},
		{importing(store, good+".gone", "dev", "0"), 3},
		{importing(store, good, "dev", "0"), 0},
		{importing(store, good, "dev", "0"), 0},                     // the same again
		{importing(store, guesses(t, mmibx.Dev, 9), "dev", "0"), 2}, // others with the same seed
	} {
		if out, err := mmibxSays(t, c.args...); exitCode(err) != c.code {
			t.Errorf("%v: %v, want exit code %d\n%s", c.args, err, c.code, out)
		}
	}
}
