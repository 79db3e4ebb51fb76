package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
)

func TestExport(t *testing.T) {
	dir := t.TempDir()
	text := writeRun(t, mmibx.Store(dir), map[string]any{"benchmark": "mini-mnre", "model": "text"}, mmibx.Done, 3, 2, 1)
	mmib := writeRun(t, mmibx.Store(dir), map[string]any{"benchmark": "mini-mnre", "model": "mmib"}, mmibx.Diverged, 4)
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, c := range []struct {
		args []string
		code int
		want string // the output begins with it
	}{
		{[]string{"points", "model=text", "--metric", "train.*"}, 0, "run,metric,step,value,kind,attempt,at\n" + text + ",train.loss,0,3,finite,1,"},
		{[]string{"points", "state=diverged", "--json"}, 0, `{"run":"` + mmib + `","metric":"train.loss","step":0,"value":4,"kind":"finite","attempt":1,"at":"`},
		{[]string{"runs", "--sort", "model", "--limit", "1", "--format", "jsonl"}, 0, `{"id":"` + mmib + `"`},
		{[]string{"metrics", "-o", file("metrics.parquet")}, 0, file("metrics.parquet") + ": 2 rows of metrics as parquet\n"},
		{[]string{"metrics", "-o", file("metrics.ndjson"), "--json"}, 0, "{\n  \"file\": \"" + file("metrics.ndjson") + "\",\n  \"format\": \"jsonl\",\n  \"rows\": 2,"},
		{[]string{"run"}, 2, ""},
		{[]string{"points", "model="}, 2, ""},
		{[]string{"runs", "--metric", "dev.f1"}, 2, ""},
		{[]string{"runs", "-o", file("runs.xlsx")}, 2, ""},
		{[]string{"runs", "--format", "xml"}, 2, ""},
		{[]string{"runs", "-o", file("none/runs.csv")}, 1, ""},
		{[]string{}, 2, ""},
	} {
		out, code := mmibxRun(t, append([]string{"--store", dir, "export"}, c.args...)...)
		if code != c.code || !strings.HasPrefix(out, c.want) {
			t.Errorf("%s: exit code %d, want %d; printed\n%s", strings.Join(c.args, " "), code, c.code, out)
		}
	}
	blob, err := os.ReadFile(file("metrics.parquet"))
	if err != nil || !strings.HasPrefix(string(blob), "PAR1") || !strings.HasSuffix(string(blob), "PAR1") {
		t.Errorf("metrics.parquet: %v, %.10q", err, blob)
	}
	lines, err := os.ReadFile(file("metrics.ndjson"))
	var row map[string]any
	if first, _, _ := strings.Cut(string(lines), "\n"); err != nil || json.Unmarshal([]byte(first), &row) != nil || row["last_kind"] != "finite" {
		t.Errorf("metrics.ndjson: %v, %s", err, lines)
	}
	if left, err := filepath.Glob(file(".mmibx-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
