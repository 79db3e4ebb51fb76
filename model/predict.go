//go:build torch

package model

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// Predict labels samples with the parameters that a training of the spec left in
// the file best (see BestWeights). The samples need not be labelled: what their
// examples say is not looked at.
//
// A whole split, at the last step of the training, is labelled as the training
// did it, to the bit on the same machine: the batches are the same, and so are
// sampled latents, where the spec asks for them.
func Predict(spec mmibx.Spec, data Data, best string, step int64, samples []mmibx.Sample) ([]mmibx.Prediction, error) {
	var predictions []mmibx.Prediction
	var failure error
	err := torch.Do(func() { predictions, failure = predict(spec, data, best, step, samples) })
	return predictions, errors.Join(err, failure)
}

func predict(spec mmibx.Spec, data Data, best string, step int64, samples []mmibx.Sample) ([]mmibx.Prediction, error) {
	m, err := newSystem(spec, data)
	if err != nil {
		return nil, err
	}
	defer m.params.Free()
	if err := m.load(best); err != nil {
		return nil, err
	}
	return m.evaluate(unlabelled(spec.TaskOf(), samples), step).predictions, nil
}

// load overwrites all parameters with those of a file.
func (m *system) load(path string) error {
	f, err := weights.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if names := f.Names(); !slices.Equal(names, m.params.Names()) {
		return fmt.Errorf("%s is of another model: it has %d parameters, %s has %d", path, len(names), m.spec.Model.Name, len(m.params.Names()))
	}
	for _, name := range f.Names() {
		tensor, err := f.Tensor(name)
		if err != nil {
			return err
		}
		values, err := tensor.Floats()
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
		if err := m.params.Load(name, tensor.Shape, values); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// unlabelled gives each sample the label that a batch can be made with and that
// says nothing: O, or None.
func unlabelled(task mmibx.Task, samples []mmibx.Sample) []mmibx.Sample {
	samples = slices.Clone(samples)
	for i := range samples {
		e := *samples[i].Example
		if task == mmibx.MNER {
			e.Tags = slices.Repeat([]string{"O"}, len(e.Tokens))
		}
		e.Relation = mmibx.NoRelation
		samples[i].Example = &e
	}
	return samples
}
