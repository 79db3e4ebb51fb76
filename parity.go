package mmibx

import (
	"slices"
	"strconv"
	"strings"
)

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

// parityKeys are what a setting of a check may change: what decides the loss, but
// for the sizes, which are read off the weights.
var parityKeys = []string{
	"model.key_mask", "model.tags", "ib.beta", "ib.beta_text", "ib.beta_image", "ib.kl_positions", "ib.kl_reduction",
	"align.weight", "align.estimator", "align.tau", "align.pooling", "align.negatives", "train.task_reduction",
}

// ParitySpec is the spec of MMIB for a task by a preset and settings of the form
// KEY=VALUE. Sizes are those of the preset until weights.MMIB's Fit sets them.
func ParitySpec(task Task, preset string, settings []string) (Spec, error) {
	benchmark := map[Task]string{MNER: "twitter2017", MRE: "mnre"}[task]
	if benchmark == "" {
		return Spec{}, &InputError{Key: "--task", Found: strconv.Quote(string(task)), Expected: string(MNER) + " or " + string(MRE)}
	}
	all := map[string]any{"benchmark": benchmark, "model.name": "mmib", "preset": preset}
	for _, s := range settings {
		key, value, ok := strings.Cut(s, "=")
		key = strings.TrimSpace(key)
		if !ok || !slices.Contains(parityKeys, key) {
			fault := &InputError{Key: "--set", Found: strconv.Quote(s), Expected: "KEY=VALUE of " + strings.Join(parityKeys, ", ")}
			if slices.Contains([]string{"ib.size", "align.width", "align.learn_tau", "align.projection"}, key) {
				fault.Cure = "leave it out: it is read off the weights"
			}
			return Spec{}, fault
		}
		all[key] = strings.TrimSpace(value)
	}
	return Resolve(all)
}
