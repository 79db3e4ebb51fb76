package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// MMIB is an open file of MMIB's weights: those of a run, or a checkpoint of its
// authors' code (a state_dict, github cuishiyao96/MMIB). Both have the same names;
// a checkpoint may hold them below a common prefix, such as that of a wrapped
// model, and holds a picture encoder too.
type MMIB struct {
	Path string
	// Config is that of the encoder: depth and widths are those of the tensors,
	// heads and LayerNorm's epsilon those of a config.json beside the file. Without
	// one there are as many heads as the file's metadata say, or else 12.
	Config   Config
	Latent   int // width of the bottleneck's projection, 0: none
	Evidence int // width of a picture's vectors
	Classes  int // relations, MRE

	source Source
	stored map[string]string // a tensor's name here to its name in the file
}

const (
	publishedHeads    = 12   // of BERT-base
	publishedEvidence = 2048 // of ResNet-50
	publishedClasses  = 23   // of MNRE

	wordTable = "bert.embeddings.word_embeddings.weight"
	resNet    = "vis_encoding.resnet."

	logTau          = "align.log_tau"
	textProjection  = "align.text_projection.weight"
	imageProjection = "align.image_projection.weight"

	// HeadsKey is where the metadata of a run's weights hold the number of heads.
	HeadsKey = "mmibx.heads"
)

// OpenMMIB opens a file of MMIB's weights, or a folder that holds one as
// model.safetensors or pytorch_model.bin. The caller closes it.
func OpenMMIB(path string) (*MMIB, error) {
	m := &MMIB{Path: path, stored: map[string]string{}}
	dir := filepath.Dir(path)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("weights %s: %w", path, mmibx.ErrNotFound)
	case err != nil:
		return nil, err
	case info.IsDir():
		dir = path
		m.source, err = openTensors(path)
	default:
		m.source, err = OpenSource(path)
	}
	if err != nil {
		return nil, err
	}
	if err = m.nameTensors(); err == nil {
		err = m.readSizes(filepath.Join(dir, configFile))
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// nameTensors takes the common prefix off. What is outside of it keeps its name.
func (m *MMIB) nameTensors() error {
	var prefixes []string
	for _, name := range m.source.Names() {
		if prefix, ok := strings.CutSuffix(name, wordTable); ok {
			prefixes = append(prefixes, prefix)
		}
	}
	fault := &mmibx.InputError{File: m.Path, Key: wordTable, Expected: "one, as MMIB's weights have", Cure: "name a state_dict of MMIB, or best.safetensors of a run"}
	switch len(prefixes) {
	case 0:
		fault.Found = fmt.Sprintf("no tensor of that name among %d", len(m.source.Names()))
		return fault
	case 1:
	default:
		fault.Found = fmt.Sprintf("it %d times, after %s", len(prefixes), strings.Join(quoted(prefixes), ", "))
		return fault
	}
	for _, name := range m.source.Names() {
		bare := renamed(strings.TrimPrefix(name, prefixes[0]))
		if other, taken := m.stored[bare]; taken {
			return &mmibx.InputError{File: m.Path, Key: bare, Found: "two tensors for it: " + other + " and " + name, Expected: "one"}
		}
		m.stored[bare] = name
	}
	return nil
}

func quoted(texts []string) []string {
	out := make([]string, len(texts))
	for i, t := range texts {
		out[i] = strconv.Quote(t)
	}
	return out
}

// readSizes reads the architecture off the tensors. Where one is missing the
// published size stands in: Match reports it.
func (m *MMIB) readSizes(config string) error {
	c := &m.Config
	*c = Config{Type: "bert", Heads: publishedHeads, Activation: "gelu", Position: "absolute", Epsilon: 1e-12}
	if f, ok := m.source.(*File); ok && f.Metadata[HeadsKey] != "" {
		heads, err := strconv.Atoi(f.Metadata[HeadsKey])
		if err != nil {
			return &mmibx.InputError{File: m.Path, Key: metadataKey + " " + HeadsKey, Found: strconv.Quote(f.Metadata[HeadsKey]), Expected: "a number"}
		}
		c.Heads = heads
	}
	b, err := os.ReadFile(config)
	if err == nil {
		err = c.parse(config, b)
	} else if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	size := func(name string, axis, otherwise int) int {
		if shape, _, ok := m.source.Shape(m.stored[name]); ok && axis < len(shape) {
			return int(shape[axis])
		}
		return otherwise
	}
	if shape, _, _ := m.source.Shape(m.stored[wordTable]); len(shape) != 2 || min(shape[0], shape[1]) < 1 {
		return &mmibx.InputError{File: m.Path, Key: wordTable, Found: fmt.Sprintf("shape %v", shape), Expected: "word-pieces x width"}
	}
	c.Vocab, c.Width = size(wordTable, 0, 0), size(wordTable, 1, 0)
	c.Positions = size("bert.embeddings.position_embeddings.weight", 0, 512)
	c.Types = size("bert.embeddings.token_type_embeddings.weight", 0, 2)
	c.Intermediate = size("bert.encoder.layer.0.intermediate.dense.weight", 0, 4*c.Width)
	c.Layers = m.layers()
	m.Evidence = size("linear.weight", 1, publishedEvidence)
	m.Classes = size("classifier.weight", 0, publishedClasses)
	for _, name := range []string{"txt_mean_head.weight", "txt_encoding_mean_head.weight"} {
		m.Latent = max(m.Latent, size(name, 0, 0))
	}
	if min(m.Evidence, m.Classes) < 1 {
		return &mmibx.InputError{File: m.Path, Key: "linear.weight or classifier.weight", Found: "a width of 0", Expected: "numbers from 1"}
	}
	if c.Heads < 1 || c.Width%c.Heads != 0 {
		return &mmibx.InputError{
			File: m.Path, Key: wordTable, Found: fmt.Sprintf("a width of %d", c.Width), Expected: fmt.Sprintf("a multiple of %d heads", c.Heads),
			Cure: `say how many heads there are: write {"num_attention_heads": N} to ` + config,
		}
	}
	if _, err := os.Stat(config); err != nil {
		config = m.Path
	}
	return c.check(config)
}

// layers counts the encoder's, up to the first number that is not there.
func (m *MMIB) layers() int {
	numbers := map[string]bool{}
	for name := range m.stored {
		if rest, ok := strings.CutPrefix(name, "bert.encoder.layer."); ok {
			number, _, _ := strings.Cut(rest, ".")
			numbers[number] = true
		}
	}
	n := 0
	for numbers[strconv.Itoa(n)] {
		n++
	}
	return n
}

// Fit gives a spec the sizes of the weights: the width of the latents, the scores
// of the discriminator, the projection of infonce, and whether its temperature is
// learned.
func (m *MMIB) Fit(spec *mmibx.Spec) {
	spec.IB.Size = m.Latent
	switch spec.Align.Estimator {
	case "bce-concat":
		if shape, _, ok := m.source.Shape(m.stored["discrimonator.weight"]); ok && len(shape) > 0 {
			spec.Align.Width = int(shape[0])
		}
		if spec.Align.Width == m.latent() {
			spec.Align.Width = 0 // as many as the latent is wide
		}
	case "infonce":
		_, spec.Align.LearnTau = m.stored[logTau]
		if shape, _, ok := m.source.Shape(m.stored[textProjection]); ok && len(shape) > 0 {
			spec.Align.Projection = int(shape[0])
		}
	}
}

// latent is the width of z.
func (m *MMIB) latent() int {
	if m.Latent > 0 {
		return m.Latent
	}
	return m.Config.Width
}

// Shapes are the parameters of the model of a spec that Fit was called on, by
// name. A test in model holds them against the code.
func (m *MMIB) Shapes(spec *mmibx.Spec) map[string][]int64 {
	d, z := int64(m.Config.Width), int64(m.latent())
	shapes := map[string][]int64{}
	for name, shape := range m.Config.shapes() {
		shapes["bert."+name] = shape
	}
	linear := func(name string, out, in int64) {
		shapes[name+".weight"], shapes[name+".bias"] = []int64{out, in}, []int64{out}
	}
	linear("linear", d, int64(m.Evidence))
	for _, block := range append(latentBlocks(spec.TaskOf()), "img2txt_cross", "txt2img_cross") {
		for _, name := range []string{"0", "1", "2"} {
			shapes[block+".cross_attn.linears."+name+".weight"] = []int64{d, d}
		}
		linear(block+".cross_attn.last_linear", d, d)
		linear(block+".dense", d, d)
		for _, norm := range []string{".ln1", ".ln2"} {
			shapes[block+norm+".weight"], shapes[block+norm+".bias"] = []int64{d}, []int64{d}
		}
	}
	if m.Latent > 0 {
		for _, block := range latentBlocks(spec.TaskOf()) {
			linear(block+"_head", z, d)
		}
		linear("expand", d, z)
	}
	m.alignShapes(shapes, &spec.Align, z)
	if spec.TaskOf() == mmibx.MRE {
		linear("classifier", int64(m.Classes), 2*d)
		return shapes
	}
	tags := int64(9)
	if spec.Model.Tags == "official" {
		tags = 13
	}
	linear("fc", tags, d)
	shapes["crf.start_transitions"], shapes["crf.end_transitions"], shapes["crf.transitions"] = []int64{tags}, []int64{tags}, []int64{tags, tags}
	return shapes
}

func (m *MMIB) alignShapes(shapes map[string][]int64, spec *mmibx.AlignSpec, z int64) {
	const weight, bias = "discrimonator.weight", "discrimonator.bias" // so spelled by the authors
	switch {
	case spec.Weight == 0:
	case spec.Estimator == "bce-bilinear":
		shapes[weight], shapes[bias] = []int64{1, z, z}, []int64{1}
	case spec.Estimator == "bce-concat":
		scores := int64(spec.Width)
		if scores == 0 {
			scores = z
		}
		shapes[weight], shapes[bias] = []int64{scores, 2 * z}, []int64{scores}
	default:
		if spec.LearnTau {
			shapes[logTau] = []int64{1}
		}
		if width := int64(spec.Projection); width > 0 {
			shapes[textProjection], shapes[imageProjection] = []int64{width, z}, []int64{width, z}
		}
	}
}

// latentBlocks are the mean and the log variance of the text's code, then of the
// picture's.
func latentBlocks(task mmibx.Task) []string {
	if task == mmibx.MRE {
		return []string{"txt_encoding_mean", "txt_encoding_logstd", "img_encoding_mean", "img_encoding_logstd"}
	}
	return []string{"txt_mean", "txt_logstd", "img_mean", "img_logstd"}
}

// Match is how the tensors of a file fit a model. Names are those of the file, for
// missing tensors those that were looked for; each list is sorted.
type Match struct {
	Used     []string `json:"used"`
	Missing  []string `json:"missing"`
	LeftOver []string `json:"left_over"`
	Misfits  []Misfit `json:"misfits"`

	near string // the name left over that is nearest to the first missing one
}

// Misfit is a tensor of another shape than the model's.
type Misfit struct {
	Name     string  `json:"name"`
	Found    []int64 `json:"found"`
	Expected []int64 `json:"expected"`
}

// Match compares the file with the model of a spec that Fit was called on. The
// picture encoder of a checkpoint counts as used, though only pictures call for it.
func (m *MMIB) Match(spec *mmibx.Spec) Match {
	want := m.Shapes(spec)
	report := Match{Used: []string{}, Missing: []string{}, LeftOver: []string{}, Misfits: []Misfit{}}
	for name, stored := range m.stored {
		shape, _, _ := m.source.Shape(stored)
		expected, needed := want[name]
		switch {
		case needed && !slices.Equal(shape, expected):
			report.Misfits = append(report.Misfits, Misfit{stored, shape, expected})
		case needed, ofResNet(name):
			report.Used = append(report.Used, stored)
		default:
			report.LeftOver = append(report.LeftOver, stored)
		}
	}
	for name := range want {
		if _, ok := m.stored[name]; !ok {
			report.Missing = append(report.Missing, name)
		}
	}
	for _, names := range [][]string{report.Used, report.Missing, report.LeftOver} {
		slices.Sort(names)
	}
	if len(report.Missing) > 0 {
		bare := slices.DeleteFunc(slices.Collect(maps.Keys(m.stored)), func(name string) bool {
			return !slices.Contains(report.LeftOver, m.stored[name])
		})
		slices.Sort(bare)
		report.near = m.stored[mmibx.Nearest(report.Missing[0], bare)]
	}
	slices.SortFunc(report.Misfits, func(a, b Misfit) int { return strings.Compare(a.Name, b.Name) })
	return report
}

// ofResNet says whether the picture encoder reads a tensor: not the classifier of
// ImageNet, nor the counters of its batches.
func ofResNet(name string) bool {
	bare, ok := strings.CutPrefix(name, resNet)
	return ok && !strings.HasPrefix(bare, "fc.") && !strings.HasSuffix(bare, ".num_batches_tracked")
}

// Err is the first reason why the weights of a file are not those of the model.
func (r Match) Err(path string) error {
	if len(r.Misfits) > 0 {
		f := r.Misfits[0]
		fault := &mmibx.InputError{File: path, Key: f.Name, Found: fmt.Sprintf("shape %v", f.Found), Expected: fmt.Sprint(f.Expected)}
		if strings.HasSuffix(f.Name, "fc.weight") || strings.HasSuffix(f.Name, "fc.bias") || strings.Contains(f.Name, "crf.") {
			fault.Cure = "model.tags=official is 13 tags, model.tags=bio 9: use the preset that the weights were trained with"
		}
		if strings.Contains(f.Name, "discrimonator.") {
			fault.Cure = "set align.estimator as the weights were trained with: bce-concat or bce-bilinear"
		}
		return fault
	}
	if len(r.Missing) == 0 {
		return nil
	}
	fault := &mmibx.InputError{File: path, Key: r.Missing[0], Found: "no tensor of that name", Expected: "the weights of this task and preset"}
	if more := len(r.Missing) - 1; more > 0 {
		fault.Found += fmt.Sprintf(", and %d more are missing", more)
	}
	if r.near != "" {
		fault.Cure = "the nearest name that is left over is " + r.near
	}
	return fault
}

// Stored is a parameter's name in the file.
func (m *MMIB) Stored(name string) string { return m.stored[name] }

// Tensor reads a parameter by its name in the model.
func (m *MMIB) Tensor(name string) (shape []int64, values []float32, err error) {
	stored, ok := m.stored[name]
	if !ok {
		return nil, nil, missingTensor(m.Path, name, m.source.Names())
	}
	t, err := m.source.Tensor(stored)
	if err != nil {
		return nil, nil, err
	}
	if values, err = t.Floats(); err != nil {
		return nil, nil, fmt.Errorf("%s: tensor %s: %w", m.Path, stored, err)
	}
	return t.Shape, values, nil
}

// ResNet returns a reader of the checkpoint's picture encoder by torchvision's
// names, nil where it has none.
func (m *MMIB) ResNet() func(name string) (shape []int64, values []float32, err error) {
	if _, ok := m.stored[resNet+"conv1.weight"]; !ok {
		return nil
	}
	return func(name string) ([]int64, []float32, error) { return m.Tensor(resNet + name) }
}

// Close closes the file.
func (m *MMIB) Close() error { return m.source.Close() }

// Write makes a folder of the weights that Match used, in float32 and under the
// names here: model.safetensors, and config.json with the sizes of the encoder.
func (m *MMIB) Write(dir string, match Match) error {
	kept := map[string]bool{}
	for _, stored := range match.Used {
		kept[stored] = true
	}
	var tensors []Pending
	for name, stored := range m.stored {
		if kept[stored] {
			shape, _, _ := m.source.Shape(stored)
			tensors = append(tensors, Pending{name, F32, shape, func() ([]byte, error) {
				_, values, err := m.Tensor(name)
				return FromFloats(shape, values).Bytes, err
			}})
		}
	}
	config, err := json.MarshalIndent(m.Config, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := WritePending(filepath.Join(dir, safetensorsFile), tensors, nil); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, configFile), append(config, '\n'), 0o666)
}
