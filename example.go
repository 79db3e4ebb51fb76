package mmibx

// Task is what is to be extracted.
type Task string

const (
	// MNER is multimodal named entity recognition: one tag per word.
	MNER Task = "mner"
	// MRE is multimodal relation extraction: one relation per given pair of entities.
	MRE Task = "mre"
)

// Split names a part of a benchmark. Choices are made on Dev; Test is sealed.
type Split string

// The three splits of every benchmark, in the order in which they are read.
const (
	Train Split = "train"
	Dev   Split = "dev"
	Test  Split = "test"
)

// Splits lists the splits in reading order.
var Splits = []Split{Train, Dev, Test}

// NoRelation is the relation that micro scores leave out.
const NoRelation = "None"

// Span is a half-open range of word positions.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Example is one tweet as its file holds it, before any tokenizer.
type Example struct {
	ID     string   // unique within a benchmark: split, colon, position from 0
	Tokens []string // words; any Unicode string
	Image  string   // picture id, "" when the tweet has none

	Tags []string // MNER: one of O, B-X, I-X per word

	Head, Tail Span   // MRE: the two entities
	Relation   string // MRE: gold relation
}

// Sample is an example as a network reads it.
type Sample struct {
	Example *Example

	Pieces []int32  // ids of word-pieces, with the tokenizer's start and end pieces
	First  []int32  // position in Pieces of each word's first piece; -1 where a word was cut off or has no piece
	Marks  [2]int32 // MRE: positions in Pieces of the head's and the tail's start marker

	Picture int32 // row of the evidence table that stands for the picture; -1 is blank
}

// EvidenceTable holds what stands for pictures: P pictures of Rows vectors of
// Width numbers each. Row 0 of a picture is the whole of it.
type EvidenceTable struct {
	Rows, Width int
	Values      []float32 // [P, Rows, Width], row-major
	Masked      []bool    // [P, Rows]: true where a row is padding and is not to be attended to
}

// Pictures counts the pictures in the table.
func (t *EvidenceTable) Pictures() int {
	if t.Rows == 0 {
		return 0
	}
	return len(t.Masked) / t.Rows
}

// Prediction is what a system says about one example. A word's tag is "" where
// the system never saw the word (cut off by the length limit): scores then
// leave the word out of gold too, as the published protocol does, and count it.
type Prediction struct {
	ID       string   `json:"id"`
	Tags     []string `json:"tags,omitempty"`
	Relation string   `json:"relation,omitempty"`
}
