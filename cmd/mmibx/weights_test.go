package main

import (
	"encoding/json"
	"testing"
)

func TestWeights(t *testing.T) {
	t.Setenv("MMIBX_WEIGHTS", t.TempDir())
	out, code := mmibxRun(t, "weights", "list", "--json")
	var lines []encoderLine
	if err := json.Unmarshal([]byte(out), &lines); err != nil || code != 0 {
		t.Fatalf("code %d, %v", code, err)
	}
	if len(lines) != 1 || lines[0].Name != "minilm" || lines[0].Found {
		t.Errorf("got %+v, want minilm, not found", lines)
	}
	for want, args := range map[int][]string{0: {"weights", "list"}, 2: {"weights", "get", "maxilm"}} {
		if _, code := mmibxRun(t, args...); code != want {
			t.Errorf("mmibx %v exits with %d, want %d", args, code, want)
		}
	}
}
