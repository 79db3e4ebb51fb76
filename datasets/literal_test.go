package datasets

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseLiteral(t *testing.T) {
	for text, want := range map[string]any{
		`''`:                               "",
		`"it's"`:                           "it's",
		`'say "it"'`:                       `say "it"`,
		`'it\'s'`:                          "it's",
		`'a\\b\tc\n'`:                      "a\\b\tc\n",
		`'\d\ '`:                           `\d\ `,
		`'\x41\u00e9\U0001F600\101\0'`:     "Aé😀A\x00",
		`'caf` + "é" + ` 日'`:               "café 日",
		` [ 1 , -20 , [ ] , {} , ] `:       []any{1, -20, []any{}, map[string]any{}},
		`{'a': ['x', "y"], 'b': {'c': 3}}`: map[string]any{"a": []any{"x", "y"}, "b": map[string]any{"c": 3}},
		`{'a': 1, 'a': 2}`:                 map[string]any{"a": 2},
	} {
		if got, err := parseLiteral(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestParseLiteralFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "found the end of the line at column 1, expected a value",
		"'é":                              "found the end of the line at column 3, expected the closing '",
		`'\`:                              "found the end of the line at column 3, expected a character after the backslash",
		`'\ud83d'`:                        `expected the number of a Unicode character`,
		`'\x4'`:                           `expected the number of a Unicode character`,
		`'\U001`:                          `expected 8 digits after the escape`,
		"[1 2]":                           `found "2]" at column 4, expected a comma or ]`,
		"[,]":                             `found ",]" at column 2, expected a string, a number, [ or {`,
		"[1,":                             "expected a value",
		"{1: 2}":                          `found "1: 2}" at column 2, expected a key in quotes`,
		"{'a' 2}":                         "expected a colon",
		"{'a': 2":                         "expected a comma or }",
		"-":                               "expected a whole number",
		"99999999999999999999":            "expected a whole number",
		"None":                            "expected a string, a number, [ or {",
		"1.5":                             `found ".5" at column 2, expected the end of the line`,
		strings.Repeat("[", 1000):         "expected at most 16 levels",
		`__import__('os').system('true')`: "expected a string, a number, [ or {",
	} {
		if got, err := parseLiteral(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v, want %s", text, got, err, want)
		}
	}
}

func FuzzParseLiteral(f *testing.F) {
	f.Add(goodPair)
	f.Add(`['\x41\u00e9\U0001F600\101\0', "\q"]`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseLiteral(text) })
}
