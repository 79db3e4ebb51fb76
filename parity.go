package mmibx

// ParityJob asks a worker what MMIB computes of one batch with given weights: one
// JSON value on its standard input. It answers with a ParityReport on its standard
// output when the file Out is there.
type ParityJob struct {
	Spec    map[string]any `json:"spec"`
	Weights string         `json:"weights"` // a file, or a folder that holds one
	Batch   string         `json:"batch"`
	Out     string         `json:"out"`
	Device  string         `json:"device"`
	Threads int            `json:"threads"` // 0: as many as the machine has
}

// ParityReport says what a ParityJob read and wrote.
type ParityReport struct {
	Out       string   `json:"out"`
	Tensors   int      `json:"tensors"`   // in Out
	Gradients int      `json:"gradients"` // among them
	LeftOver  []string `json:"left_over"` // tensors of the weights that the model does not have
	Unread    []string `json:"unread"`    // tensors of the batch that are not read
	Pictures  string   `json:"pictures"`  // where ResNet-50 came from; empty where the batch brings features
}
