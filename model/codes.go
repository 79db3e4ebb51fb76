package model

// keptCodes is of how many examples of dev, the first of them, a run keeps the codes.
const keptCodes = 256

// Codes are the vectors of text and picture that alignment compares, of some examples
// of dev, row-major [N, Width], before they are normalised.
type Codes struct {
	Text, Image []float32
	Width       int
}

// codes are those of the first examples; nil where the network has none.
func (v pooled) codes() *Codes {
	if v.width == 0 {
		return nil
	}
	n := min(keptCodes, len(v.pictures)) * v.width
	return &Codes{Text: v.text[:n:n], Image: v.image[:n:n], Width: v.width}
}
