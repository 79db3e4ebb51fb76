package mmibx

import "slices"

// Model registers a network, so that plans, tables and the terminal UI know it
// without linking libtorch. A test in the worker holds the registry against the
// code.
type Model struct {
	Name  string
	Title string // as figures and tables print it
	Tasks []Task
	// Reads lists the groups of the spec, and the single keys, that it reads
	// besides model, encoder and train.
	Reads []string
	// Revision is raised by hand when the model's results change; run ids
	// follow it. The golden losses in model/ fail when they change without it.
	Revision int
	Doc      string
	// Instead says, of a published system built again, what stands here for the
	// ingredients that a kind of evidence cannot give: such a row of a table is
	// that system's style, not the system. Empty: nothing is replaced.
	Instead string
}

// Models lists the networks in the order in which tables show them.
var Models = []Model{
	{
		Name: "text", Title: "Text only", Tasks: []Task{MNER, MRE}, Revision: 2,
		Doc: "encoder and linear-chain CRF, or encoder and entity markers; no picture",
	},
	{
		Name: "concat", Title: "Concat", Tasks: []Task{MNER, MRE}, Reads: []string{"evidence"}, Revision: 2,
		Doc: "the mean picture vector, projected and appended to each word (MNER) or to the pair of markers (MRE)",
	},
	{
		Name: "coattention", Title: "AdapCoAtt-style", Tasks: []Task{MNER}, Reads: []string{"evidence", "coattention"}, Revision: 1,
		Doc:     "words look at the picture and by what they saw at the text; a gated sum, after Zhang et al. (AAAI 2018)",
		Instead: "rows of evidence for 49 regions of VGG-16; dot products for additive attention",
	},
	{
		Name: "umt", Title: "UMT-style", Tasks: []Task{MNER}, Reads: []string{"evidence", "umt"}, Revision: 1,
		Doc:     "cross-modal transformer layers with a visual gate and an auxiliary tagger of spans, after Yu et al. (ACL 2020)",
		Instead: "rows of evidence for 49 regions of ResNet-152",
	},
	{
		Name: "umgf", Title: "UMGF-style", Tasks: []Task{MNER}, Reads: []string{"evidence", "umgf"}, Revision: 1,
		Doc:     "graph fusion of words and pictures by gated sums, after Zhang et al. (AAAI 2021)",
		Instead: "rows of evidence for 4 object crops through a trained ResNet-152",
	},
	{
		Name: "hvpnet", Title: "HVPNeT-style", Tasks: []Task{MNER, MRE}, Reads: []string{"evidence", "hvpnet"}, Revision: 1,
		Doc:     "pictures as keys and values before the words' own in every layer of BERT, after Chen et al. (NAACL Findings 2022)",
		Instead: "rows of evidence, in quarters, for the stages of ResNet-50 on the picture and 3 object crops",
	},
	{
		Name: "mega", Title: "MEGA-style", Tasks: []Task{MRE}, Reads: []string{"evidence", "mega"}, Revision: 1,
		Doc:     "rows of evidence that gather words by attention beside the pair of markers, after Zheng et al. (MM 2021)",
		Instead: "rows of evidence for 10 objects; equal weights for the alignment of scene graph and parse tree",
	},
	{
		Name: "mmib", Title: "MMIB", Tasks: []Task{MNER, MRE}, Reads: []string{"evidence", "ib", "align", "model.key_mask", "model.fusion"}, Revision: 2,
		Doc: "the variational information bottleneck of Cui et al. (TASLP 2024)",
	},
}

// taskRevisions are raised when data handling or scoring changes results.
var taskRevisions = map[Task]int{MNER: 1, MRE: 1}

// LookupModel finds a model by name.
func LookupModel(name string) (Model, bool) {
	i := slices.IndexFunc(Models, func(m Model) bool { return m.Name == name })
	if i < 0 {
		return Model{}, false
	}
	return Models[i], true
}

// ModelNames lists the names of Models.
func ModelNames() []string {
	names := make([]string, len(Models))
	for i, m := range Models {
		names[i] = m.Name
	}
	return names
}

// modelsFor lists the names of the models that are for a task.
func modelsFor(t Task) []string {
	var names []string
	for _, m := range Models {
		if slices.Contains(m.Tasks, t) {
			names = append(names, m.Name)
		}
	}
	return names
}

// reads takes a group of the spec or a key that is registered by name.
func (m Model) reads(what string) bool {
	switch what {
	case "model", "encoder", "train":
		return true
	}
	return slices.Contains(m.Reads, what)
}
