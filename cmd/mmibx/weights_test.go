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
	for i, name := range []string{"minilm", "efficientnet-lite0"} {
		if len(lines) != 2 || lines[i].Name != name || lines[i].Found {
			t.Errorf("got %+v, want minilm and efficientnet-lite0, neither found", lines)
		}
	}
	for want, args := range map[int][]string{0: {"weights", "list"}, 2: {"weights", "get", "maxilm"}} {
		if _, code := mmibxRun(t, args...); code != want {
			t.Errorf("mmibx %v exits with %d, want %d", args, code, want)
		}
	}
}
