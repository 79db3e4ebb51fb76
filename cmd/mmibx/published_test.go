package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx/reports"
)

func TestPublished(t *testing.T) {
	own := filepath.Join(t.TempDir(), "own.toml")
	good := `[[source]]
key = "A"
title = "ours"
[[score]]
method = "X"
benchmark = "mnre"
precision = 50.0
recall = 50.0
f1 = 50.0
sources = ["A"]
`
	if err := os.WriteFile(own, []byte(good), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{"published list", "PG-MRE", 0},
		{"published list mnre", "81.85*", 0},
		{"published list twitter2015", "76.02?", 0},
		{"published list mini-mnre", "", 3},
		{"published verify", "80.17 fails", 1},
		{"published verify", "531/636/640", 1},
		{"published verify " + own, "50.00", 0},
		{"published verify " + own + ".gone", "", 3},
	} {
		out, err := mmibxSays(t, strings.Fields(c.args)...)
		if exitCode(err) != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v, want exit code %d and %q\n%s", c.args, err, c.code, c.want, out)
		}
	}
	out, err := mmibxSays(t, "published", "verify", "--json")
	var rows []reports.VerifiedScore
	if exitCode(err) != 1 || json.Unmarshal([]byte(out), &rows) != nil {
		t.Fatal(err, out)
	}
	failed := 0
	for _, r := range rows {
		if !r.IsConsistent {
			failed++
		}
	}
	if failed != 5 || !strings.Contains(err.Error(), "5 of ") {
		t.Errorf("%d rows fail: %v", failed, err)
	}
}
