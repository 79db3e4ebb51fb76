package mmibx

// Inquiry asks a worker what a trained run says: of a split, or of new tweets. It
// is one JSON value on the worker's standard input; the answer is a Prediction a
// line on its standard output. Job.Attempt is the one that left the weights.
type Inquiry struct {
	Job
	Step   int64   `json:"step"`            // at which the weights were predicted with: sampled latents depend on it
	Split  Split   `json:"split,omitempty"` // "": of the tweets
	Tweets []Tweet `json:"tweets,omitempty"`
}

// Tweet is an example that nobody has labelled.
type Tweet struct {
	ID      string   `json:"id"`
	At      string   `json:"at"` // where it was read, for faults: FILE:LINE
	Tokens  []string `json:"tokens"`
	Caption string   `json:"caption,omitempty"` // what its picture shows
	Image   string   `json:"image,omitempty"`   // its picture: an id of the benchmark, or else a file
	Head    Span     `json:"head,omitzero"`     // MRE: the two entities
	Tail    Span     `json:"tail,omitzero"`
}
