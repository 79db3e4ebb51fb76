package tomlfile

import (
	"strings"
	"testing"
)

func TestKeyLines(t *testing.T) {
	lines := LinesOf(`# a comment = with "quotes"
name = "x" # = y
question = """
[base]
name = "not a key"
"""
multi = [
  1, # one ]
  {a = 2, "b.c" = '}'},
]
[base]
"ib.size" = 8
ib.beta_text = 'it''s' # not valid, but harmless
[base.train]
lr = 1e-3

[[arm]]
name = "first"
[[arm]]
grid = {ib.size = [1, 2], "align.tau" = [1]}
name = "second"
[arm.evidence]
kind = "grid"
`)
	for key, want := range map[string]int{
		"name": 2, "question": 3, "multi": 7, "multi.1.a": 9, "multi.1": 9, "base": 11, "base.ib.size": 12, "base.ib.beta_text": 13, "base.train.lr": 15,
		"arm": 17, "arm.0": 17, "arm.0.name": 18, "arm.1": 19, "arm.1.grid.ib.size": 20, "arm.1.grid.align.tau": 20, "arm.1.name": 21, "arm.1.evidence.kind": 23,
	} {
		if got := lines[key]; got != want {
			t.Errorf("%s on line %d, want %d", key, got, want)
		}
	}
}

func TestDecodeSaysWhere(t *testing.T) {
	var into struct{ Digits int }
	for text, want := range map[string]string{
		"\ndigits = \"two\"": `x.toml:2: digits: found a value of type string, expected integer`,
		"\n\ndigits = ":      "x.toml:3: ",
	} {
		if _, err := Decode("x.toml", text, &into, "a test"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
