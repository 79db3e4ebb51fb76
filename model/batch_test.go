package model

import (
	"slices"
	"testing"

	"github.com/mmibx/mmibx"
)

var types = []string{"MISC", "PER", "ORG", "LOC"}

// Two tweets: "Ada lovelaces piano" where the second word has two pieces and the
// third was cut off, and a tweet without any visible word.
func twoSamples() []*mmibx.Sample {
	return []*mmibx.Sample{
		{
			Example: &mmibx.Example{ID: "a", Tokens: []string{"Ada", "lovelaces", "piano"}, Tags: []string{"B-PER", "I-PER", "B-MISC"}},
			Pieces:  []int32{2, 10, 11, 12, 3}, First: []int32{1, 2, -1}, Picture: 1,
		},
		{
			Example: &mmibx.Example{ID: "b", Tokens: []string{"\ufe0f"}, Tags: []string{"O"}},
			Pieces:  []int32{2, 3}, First: []int32{-1}, Picture: -1,
		},
	}
}

func TestTagsOnFirstPieces(t *testing.T) {
	scheme, err := newTagScheme("bio", types)
	if err != nil {
		t.Fatal(err)
	}
	if len(scheme.names) != 9 {
		t.Fatalf("%d tags, want 9", len(scheme.names))
	}
	r := &batcher{task: mmibx.MNER, scheme: scheme}
	b := r.make(twoSamples())
	if b.l != 5 || b.w != 2 {
		t.Fatalf("batch is %d pieces and %d tagged positions wide, want 5 and 2", b.l, b.w)
	}
	if want := []int64{1, 2, 0, 0}; !slices.Equal(b.positionBW, want) {
		t.Errorf("positions %v, want %v", b.positionBW, want)
	}
	if want := []int64{scheme.ids["B-PER"], scheme.ids["I-PER"], scheme.ids["O"], 0}; !slices.Equal(b.tagBW, want) {
		t.Errorf("tags %v, want %v", b.tagBW, want)
	}
	if want := []bool{true, true, true, false}; !slices.Equal(b.taggedBW, want) {
		t.Errorf("mask %v, want %v", b.taggedBW, want)
	}
	path := []int{int(scheme.ids["B-LOC"]), int(scheme.ids["O"])}
	if got, want := scheme.words(b.samples[0], path), []string{"B-LOC", "O", ""}; !slices.Equal(got, want) {
		t.Errorf("words %q, want %q", got, want)
	}
	if got := scheme.words(b.samples[1], []int{3}); !slices.Equal(got, []string{""}) {
		t.Errorf("a word without a piece was given %q", got)
	}
}

// The released code tags every piece: X on continuations, [CLS] and [SEP] at the
// ends.
func TestOfficialTags(t *testing.T) {
	scheme, err := newTagScheme("official", types)
	if err != nil {
		t.Fatal(err)
	}
	s := twoSamples()[0]
	var names []string
	for _, id := range scheme.gold(s) {
		names = append(names, scheme.names[id])
	}
	if want := []string{"[CLS]", "B-PER", "I-PER", "X", "[SEP]"}; !slices.Equal(names, want) {
		t.Errorf("gold %q, want %q", names, want)
	}
	path := []int{0, 4, 5, 10, 12}
	if got, want := scheme.words(s, path), []string{"B-PER", "I-PER", ""}; !slices.Equal(got, want) {
		t.Errorf("words %q, want %q", got, want)
	}
	if _, err := newTagScheme("official", []string{"GENE"}); err == nil {
		t.Error("the official scheme took a type that it does not have")
	}
}

func TestEvidenceOfABatch(t *testing.T) {
	table := &mmibx.EvidenceTable{
		Rows: 2, Width: 3,
		Values: []float32{1, 1, 1, 2, 2, 2, 5, 6, 7, 8, 9, 10},
		Masked: []bool{false, false, false, true},
	}
	scheme, _ := newTagScheme("bio", types)
	r := &batcher{task: mmibx.MNER, scheme: scheme, evidence: table, padTo: 9}
	b := r.make(twoSamples())
	if b.l != 9 {
		t.Errorf("padded to %d, want 9", b.l)
	}
	if want := []float32{5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0}; !slices.Equal(b.evidence, want) {
		t.Errorf("evidence %v, want %v", b.evidence, want)
	}
	// A masked row stays hidden; a blank picture shows one row of zeros.
	if want := []bool{true, false, true, false}; !slices.Equal(b.evidenceBM, want) {
		t.Errorf("rows to attend to %v, want %v", b.evidenceBM, want)
	}
}

func TestSamePicture(t *testing.T) {
	got := samePicture([]int32{4, 7, 4})
	want := []bool{false, false, true, false, false, false, true, false, false}
	if !slices.Equal(got, want) {
		t.Errorf("samePicture = %v, want %v", got, want)
	}
}
