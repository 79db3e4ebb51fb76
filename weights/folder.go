package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
)

// Config is the architecture of a BERT model, as its config.json gives it.
type Config struct {
	Type         string  `json:"model_type"`
	Width        int     `json:"hidden_size"`
	Layers       int     `json:"num_hidden_layers"`
	Heads        int     `json:"num_attention_heads"`
	Intermediate int     `json:"intermediate_size"` // width of the feed-forward layer
	Vocab        int     `json:"vocab_size"`
	Types        int     `json:"type_vocab_size"`
	Positions    int     `json:"max_position_embeddings"`
	Epsilon      float64 `json:"layer_norm_eps"`
	Activation   string  `json:"hidden_act"`
	Position     string  `json:"position_embedding_type"`
}

// Source is an open file of named tensors: a *File or a *TorchFile.
type Source interface {
	Names() []string
	Shape(name string) ([]int64, DType, bool)
	Tensor(name string) (Tensor, error)
	Close() error
}

// Folder is a BERT model as Hugging Face lays it out: config.json beside
// model.safetensors, or pytorch_model.bin where that is not there.
type Folder struct {
	Dir    string
	Config Config

	source Source
	stored map[string]string // a tensor's name in BertModel to its name in the file
}

const configFile, safetensorsFile, torchFile = "config.json", "model.safetensors", "pytorch_model.bin"

// OpenFolder reads the configuration of a model and the header of its tensors.
// The caller closes it.
func OpenFolder(dir string) (*Folder, error) {
	f := &Folder{Dir: dir, stored: map[string]string{}}
	if err := f.readConfig(filepath.Join(dir, configFile)); err != nil {
		return nil, err
	}
	var err error
	if f.source, err = openTensors(dir); err != nil {
		return nil, err
	}
	for _, name := range f.source.Names() {
		f.stored[canonical(name)] = name
	}
	if err := f.check(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// OpenSource opens a file of tensors by the ending of its name: .safetensors, or
// else a file of torch.save.
func OpenSource(path string) (Source, error) {
	if filepath.Ext(path) != ".safetensors" {
		f, err := OpenTorch(path)
		if err != nil {
			return nil, err // a nil *TorchFile must not become a Source
		}
		return f, nil
	}
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// openTensors opens the file of a folder's tensors.
func openTensors(dir string) (Source, error) {
	for _, name := range []string{safetensorsFile, torchFile} {
		s, err := OpenSource(filepath.Join(dir, name))
		if !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return nil, fmt.Errorf("%w: neither %s nor %s in %s", mmibx.ErrNotFound, safetensorsFile, torchFile, dir)
}

// canonical is a tensor's name in today's BertModel: without the "bert." of
// models with a head, and with the names that LayerNorm's parameters have now.
func canonical(name string) string { return renamed(strings.TrimPrefix(name, "bert.")) }

// renamed gives LayerNorm's parameters the names that they have now.
func renamed(name string) string {
	if base, ok := strings.CutSuffix(name, ".LayerNorm.gamma"); ok {
		return base + ".LayerNorm.weight"
	}
	if base, ok := strings.CutSuffix(name, ".LayerNorm.beta"); ok {
		return base + ".LayerNorm.bias"
	}
	return name
}

func (f *Folder) readConfig(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: no %s in %s, so it is no folder of a Hugging Face model", mmibx.ErrNotFound, configFile, f.Dir)
	}
	if err != nil {
		return err
	}
	f.Config = Config{Activation: "gelu", Position: "absolute", Epsilon: 1e-12, Types: 2} // what BertConfig takes for granted
	if err := f.Config.parse(path, b); err != nil {
		return err
	}
	return f.Config.check(path)
}

// parse overwrites what the JSON of a config.json says.
func (c *Config) parse(path string, b []byte) error {
	if err := json.Unmarshal(b, c); err != nil {
		return &mmibx.InputError{File: path, Found: err.Error(), Expected: "the configuration of a BERT model in JSON"}
	}
	return nil
}

// check refuses what is no BERT, or none that is built here.
func (c *Config) check(path string) error {
	fault := func(key string, found any, expected string) error {
		return &mmibx.InputError{File: path, Key: key, Found: fmt.Sprint(found), Expected: expected}
	}
	switch {
	case c.Type != "bert":
		return fault("model_type", fmt.Sprintf("%q", c.Type), "bert")
	case c.Activation != "gelu":
		return fault("hidden_act", fmt.Sprintf("%q", c.Activation), "gelu")
	case c.Position != "absolute":
		return fault("position_embedding_type", fmt.Sprintf("%q", c.Position), "absolute")
	case c.Heads < 1 || c.Width < 1 || c.Width%c.Heads != 0:
		return fault("hidden_size", c.Width, fmt.Sprintf("a multiple of the %d heads", c.Heads))
	case min(c.Layers, c.Intermediate, c.Vocab, c.Types, c.Positions) < 1:
		return fault("num_hidden_layers, intermediate_size, vocab_size, type_vocab_size or max_position_embeddings", "one below 1", "numbers from 1")
	case c.Epsilon <= 0:
		return fault("layer_norm_eps", c.Epsilon, "a number above 0")
	}
	return nil
}

// check holds the tensors' shapes against the configuration.
func (f *Folder) check() error {
	for name, want := range f.Config.shapes() {
		shape, _, ok := f.source.Shape(f.stored[name])
		if !ok {
			return missingTensor(f.Dir, name, f.Names())
		}
		if !slices.Equal(shape, want) {
			return &mmibx.InputError{
				File: f.Dir, Key: name, Found: fmt.Sprintf("shape %v", shape),
				Expected: fmt.Sprintf("%v, as %s says", want, configFile),
			}
		}
	}
	return nil
}

// shapes are the parameters of BertModel without its pooler, by name.
func (c Config) shapes() map[string][]int64 {
	d, wide := int64(c.Width), int64(c.Intermediate)
	shapes := map[string][]int64{
		"embeddings.word_embeddings.weight":       {int64(c.Vocab), d},
		"embeddings.position_embeddings.weight":   {int64(c.Positions), d},
		"embeddings.token_type_embeddings.weight": {int64(c.Types), d},
		"embeddings.LayerNorm.weight":             {d},
		"embeddings.LayerNorm.bias":               {d},
	}
	for i := range c.Layers {
		layer := fmt.Sprintf("encoder.layer.%d.", i)
		for _, linear := range []struct {
			name    string
			out, in int64
		}{
			{"attention.self.query", d, d},
			{"attention.self.key", d, d},
			{"attention.self.value", d, d},
			{"attention.output.dense", d, d},
			{"intermediate.dense", wide, d},
			{"output.dense", d, wide},
		} {
			shapes[layer+linear.name+".weight"] = []int64{linear.out, linear.in}
			shapes[layer+linear.name+".bias"] = []int64{linear.out}
		}
		for _, name := range []string{"attention.output.LayerNorm", "output.LayerNorm"} {
			shapes[layer+name+".weight"] = []int64{d}
			shapes[layer+name+".bias"] = []int64{d}
		}
	}
	return shapes
}

// Names lists the tensors by their names in BertModel, sorted.
func (f *Folder) Names() []string {
	names := make([]string, 0, len(f.stored))
	for name := range f.stored {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Tensor reads a parameter by its name in BertModel, without a leading "bert.".
func (f *Folder) Tensor(name string) (shape []int64, values []float32, err error) {
	stored, ok := f.stored[name]
	if !ok {
		return nil, nil, missingTensor(f.Dir, name, f.Names())
	}
	t, err := f.source.Tensor(stored)
	if err != nil {
		return nil, nil, err
	}
	if values, err = t.Floats(); err != nil {
		return nil, nil, fmt.Errorf("%s: tensor %s: %w", f.Dir, name, err)
	}
	return t.Shape, values, nil
}

// Close closes the file of tensors.
func (f *Folder) Close() error { return f.source.Close() }
