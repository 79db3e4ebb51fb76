package model

import (
	"slices"
	"testing"
)

// UMT's span tags are the tags without their types: O, B, I, or the seven of its
// released code in their order there.
func TestSpans(t *testing.T) {
	for _, c := range []struct {
		kind  string
		names []string
		of    []int64
	}{
		{"bio", []string{"O", "B", "I"}, []int64{0, 1, 2, 1, 2, 1, 2, 1, 2}},
		{"official", []string{"PAD", "O", "B", "I", "X", "[CLS]", "[SEP]"}, []int64{0, 1, 2, 3, 2, 3, 2, 3, 2, 3, 4, 5, 6}},
	} {
		scheme, err := newTagScheme(c.kind, []string{"PER", "LOC", "ORG", "MISC"})
		if err != nil {
			t.Fatal(err)
		}
		if names, of := scheme.spans(); !slices.Equal(names, c.names) || !slices.Equal(of, c.of) {
			t.Errorf("%s: spans %q, %v, want %q, %v", c.kind, names, of, c.names, c.of)
		}
	}
}
