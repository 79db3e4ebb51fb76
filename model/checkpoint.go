//go:build torch

package model

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// Checkpoint is the state of a training between two steps: with it the run goes
// on to the same bits as if it had never stopped.
type Checkpoint struct {
	Progress
	Params map[string][]float32   // by parameter
	Best   map[string][]float32   // those of the best epoch; nil before the first evaluation
	Optim  map[string]torch.State // by parameter
}

// Progress is the part of a checkpoint that is no tensor.
type Progress struct {
	Machine   string  `json:"machine"` // see Machine
	Step      int64   `json:"step"`
	BestScore float64 `json:"best_score"`
	BestEpoch int     `json:"best_epoch"`
	SinceBest int     `json:"since_best"` // epochs
}

// Machine names what the bits of a run depend on besides its spec.
func Machine(f torch.Facts) string {
	machine := fmt.Sprintf("PyTorch %s, %s, %d threads", f.Version, f.ISA, f.Threads)
	if f.Device != "cpu" {
		machine += strings.TrimRight(", "+f.Device+" "+f.GPU, " ")
	}
	return machine
}

// progressKey is where a checkpoint's metadata holds Progress, as JSON.
const progressKey = "mmibx.progress"

// Kinds of tensors in a checkpoint: a prefix of the parameter's name.
const (
	paramPrefix  = "param."
	bestPrefix   = "best."
	firstPrefix  = "adam.m."
	secondPrefix = "adam.v."
	stepPrefix   = "adam.step."
)

// save writes the checkpoint beside the journal and tells the sink.
func (t *training) save() error {
	var tensors []weights.Named
	add := func(prefix, name string, values []float32) {
		p, _ := t.params.Tensor(name)
		tensors = append(tensors, weights.Named{Name: prefix + name, Tensor: weights.FromFloats(p.Shape(), values)})
	}
	for name, values := range t.values() {
		add(paramPrefix, name, values)
	}
	for name, values := range t.at.Best {
		add(bestPrefix, name, values)
	}
	for name, s := range t.optim.State() {
		add(firstPrefix, name, s.M)
		add(secondPrefix, name, s.V)
		tensors = append(tensors, weights.Named{Name: stepPrefix + name, Tensor: weights.FromFloats([]int64{1}, []float32{s.Step})})
	}
	t.at.Machine = t.o.Machine
	progress, err := json.Marshal(t.at.Progress)
	if err != nil {
		return err
	}
	if err := weights.WriteFile(filepath.Join(t.o.Dir, LastCheckpoint), tensors, map[string]string{progressKey: string(progress)}); err != nil {
		return err
	}
	t.saved = time.Now()
	return t.o.Sink.Checkpoint(t.at.Step, LastCheckpoint)
}

// saveBest writes the parameters that dev chose.
func (t *training) saveBest() error {
	var tensors []weights.Named
	for _, name := range t.params.Names() {
		p, _ := t.params.Tensor(name)
		tensors = append(tensors, weights.Named{Name: name, Tensor: weights.FromFloats(p.Shape(), t.at.Best[name])})
	}
	metadata := map[string]string{weights.HeadsKey: fmt.Sprint(t.encoder.Heads)}
	return weights.WriteFile(filepath.Join(t.o.Dir, BestWeights), tensors, metadata)
}

// ReadCheckpoint reads what save wrote.
func ReadCheckpoint(path string) (*Checkpoint, error) {
	f, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c := &Checkpoint{Params: map[string][]float32{}, Best: map[string][]float32{}, Optim: map[string]torch.State{}}
	if err := json.Unmarshal([]byte(f.Metadata[progressKey]), &c.Progress); err != nil {
		return nil, fmt.Errorf("%s is no checkpoint of a training: %w", path, err)
	}
	for _, full := range f.Names() {
		tensor, err := f.Tensor(full)
		if err != nil {
			return nil, err
		}
		values, err := tensor.Floats()
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, full, err)
		}
		c.add(full, values)
	}
	if len(c.Best) == 0 {
		c.Best = nil
	}
	return c, nil
}

func (c *Checkpoint) add(full string, values []float32) {
	for _, prefix := range []string{paramPrefix, bestPrefix, firstPrefix, secondPrefix, stepPrefix} {
		name, ok := strings.CutPrefix(full, prefix)
		if !ok {
			continue
		}
		s := c.Optim[name]
		switch prefix {
		case paramPrefix:
			c.Params[name] = values
			return
		case bestPrefix:
			c.Best[name] = values
			return
		case firstPrefix:
			s.M = values
		case secondPrefix:
			s.V = values
		case stepPrefix:
			s.Step = values[0]
		}
		c.Optim[name] = s
	}
}

// restore puts a training where the checkpoint was.
func (t *training) restore(c *Checkpoint) error {
	if names := slices.Sorted(maps.Keys(c.Params)); !slices.Equal(names, t.params.Names()) {
		return fmt.Errorf("the checkpoint is of another model: it has %d parameters, this one %d", len(names), len(t.params.Names()))
	}
	for name, values := range c.Params {
		p, _ := t.params.Tensor(name)
		if p.Len() != len(values) {
			return fmt.Errorf("the checkpoint's %s has %d numbers, the model's %d", name, len(values), p.Len())
		}
		p.Write(values)
	}
	t.at.Progress, t.at.Best = c.Progress, c.Best
	return t.optim.SetState(c.Optim)
}
