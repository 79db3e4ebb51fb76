//go:build torch

package model

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// Sink is where a training writes what it learns; a journal is one.
type Sink interface {
	Log(step int64, metrics ...mmibx.Metric) error
	Event(kind, text string) error
	// Checkpoint says that the state at a step is safe in a file of the
	// attempt's folder.
	Checkpoint(step int64, name string) error
}

// Options say how a spec is trained; none of them changes its numbers.
type Options struct {
	Sink   Sink
	Dir    string      // folder of the attempt, for checkpoints
	Resume *Checkpoint // nil: from the start
	// Machine is kept in checkpoints; a resume must be on the same.
	Machine string
	// Every is the least time between two checkpoints at the ends of epochs.
	Every time.Duration
}

// Result is what a training leaves.
type Result struct {
	Params    int // trainable numbers
	Steps     int64
	BestEpoch int // from 1
	BestScore float64
	// Predictions of dev and test by the chosen checkpoint.
	Predictions map[mmibx.Split][]mmibx.Prediction
	// Start and Best are codes of dev before the first step and by the chosen
	// checkpoint; nil of networks without a bottleneck.
	Start, Best *Codes
}

// Files of an attempt's folder.
const (
	LastCheckpoint = "last.safetensors" // everything that a resume needs
	BestWeights    = "best.safetensors" // parameters of the chosen checkpoint
)

// Divergence is a loss term that stopped being a finite number.
type Divergence struct {
	Step  int64
	Term  string
	Value float64
}

func (d *Divergence) Error() string {
	return fmt.Sprintf("diverged: %s is %g at step %d", d.Term, d.Value, d.Step)
}

// Unwrap makes it an mmibx.ErrDiverged.
func (d *Divergence) Unwrap() error { return mmibx.ErrDiverged }

// Train trains a spec, chooses the best epoch on dev and predicts dev and test
// with it. When ctx ends it finishes the step, writes a checkpoint and returns
// mmibx.ErrInterrupted.
func Train(ctx context.Context, spec mmibx.Spec, data Data, o Options) (Result, error) {
	var result Result
	var failure error
	err := torch.Do(func() { result, failure = train(ctx, spec, data, o) })
	return result, errors.Join(err, failure)
}

// training is the state of one run of the loop.
type training struct {
	*system
	data  Data
	o     Options
	optim *torch.AdamW
	at    Checkpoint // progress and best weights; the rest is read when it is written
	start *Codes     // before the first step

	perEpoch, total, warmup, betaWarmup int64 // steps
	saved                               time.Time
}

func train(ctx context.Context, spec mmibx.Spec, data Data, o Options) (Result, error) {
	m, err := newSystem(spec, data)
	if err != nil {
		return Result{}, err
	}
	defer m.params.Free()
	t := &training{system: m, data: data, o: o, saved: time.Now()}
	t.optim = torch.NewAdamW(m.params, m.groups(data.Encoder != nil)...)
	defer t.optim.Free()
	size := spec.Train.Batch
	t.perEpoch = int64((len(data.Samples[mmibx.Train]) + size - 1) / size)
	t.total = t.perEpoch * int64(spec.Train.Epochs)
	t.warmup = int64(spec.Train.Warmup * float64(t.total))
	t.betaWarmup = int64(spec.IB.Warmup * float64(t.total))
	t.at.BestScore = -1
	// Before a checkpoint is restored, so that a resumed run starts from the same. The
	// steps draw from generators of their own: this changes none.
	if _, ok := m.network.(bottlenecked); ok {
		dev := data.Samples[mmibx.Dev]
		t.start = m.evaluate(dev[:min(keptCodes, len(dev))], 0).pooled.codes()
	}
	if o.Resume != nil {
		if err := t.restore(o.Resume); err != nil {
			return Result{}, err
		}
	}
	for !t.finished() {
		if err := t.epoch(ctx); err != nil {
			return Result{}, err
		}
	}
	return t.result()
}

// finished says that the epochs are over, or that patience is.
func (t *training) finished() bool {
	patience := t.spec.Train.Patience
	return t.at.Step >= t.total || patience > 0 && t.at.SinceBest >= patience
}

// epoch trains from where it stands to the end of the epoch, then evaluates.
func (t *training) epoch(ctx context.Context) error {
	samples := t.data.Samples[mmibx.Train]
	epoch := int(t.at.Step / t.perEpoch)
	batches := epochBatches(lengths(samples), t.spec.Train.Batch, uint64(t.spec.Seed), epoch)
	since, sinceStep := time.Now(), t.at.Step
	for _, indices := range batches[t.at.Step%t.perEpoch:] {
		if ctx.Err() != nil {
			return errors.Join(mmibx.ErrInterrupted, t.save())
		}
		metrics, err := t.step(t.batcher.make(pick(samples, indices)))
		if err != nil {
			return err
		}
		if t.at.Step%logEvery == 0 || t.at.Step%t.perEpoch == 0 {
			seconds := time.Since(since).Seconds()
			metrics = append(metrics,
				mmibx.Metric{Name: mmibx.Epoch, Value: float64(t.at.Step) / float64(t.perEpoch)},
				mmibx.Metric{Name: mmibx.StepsPerSecond, Value: float64(t.at.Step-sinceStep) / seconds})
			if err := t.o.Sink.Log(t.at.Step, metrics...); err != nil {
				return err
			}
			since, sinceStep = time.Now(), t.at.Step
		}
	}
	if err := t.evaluateEpoch(epoch + 1); err != nil {
		return err
	}
	if time.Since(t.saved) >= t.o.Every {
		return t.save()
	}
	return nil
}

// logEvery is the number of steps between two points of the train metrics.
const logEvery = 10

// pass is a training pass at the step of the moment.
func (t *training) pass(s *torch.Scope) *pass {
	return &pass{
		Scope: s, training: true, dropout: t.spec.Model.Dropout,
		sample: t.spec.IB.TrainLatent == "sample", heldBack: heldBack(t.at.Step, t.betaWarmup),
	}
}

// step does one optimiser step and counts it.
func (t *training) step(b *batch) ([]mmibx.Metric, error) {
	s := torch.NewScope()
	defer s.Free()
	torch.Seed(hash(uint64(t.spec.Seed), forStep, uint64(t.at.Step)))
	p := t.pass(s)
	var l losses
	torch.Autocast(t.spec.Train.Precision == "bfloat16", func() { l = t.loss(p, b) })
	metrics := l.metrics()
	for _, m := range metrics {
		if !mmibx.Finite(m.Value) {
			return nil, errors.Join(&Divergence{t.at.Step + 1, m.Name, m.Value}, t.o.Sink.Log(t.at.Step+1, metrics...))
		}
	}
	l.total.Backward()
	norm := t.optim.ClipGradNorm(t.spec.Train.Clip)
	if !mmibx.Finite(norm) {
		return nil, &Divergence{t.at.Step + 1, mmibx.GradNorm, norm}
	}
	t.optim.Step(factor(t.at.Step, t.warmup, t.total))
	t.at.Step++
	return append(metrics, mmibx.Metric{Name: mmibx.GradNorm, Value: norm}), nil
}

// evaluateEpoch logs the dev scores and keeps the parameters if they are the best
// yet by the split that chooses.
func (t *training) evaluateEpoch(epoch int) error {
	dev := t.data.Samples[mmibx.Dev]
	e := t.evaluate(dev, t.at.Step)
	metrics, err := t.metrics(dev, e)
	if err != nil {
		return err
	}
	metrics = append(append(metrics, t.plane(dev, t.at.Step)...), t.pressure(e)...)
	if err := t.o.Sink.Log(t.at.Step, append(metrics, mmibx.Metric{Name: mmibx.Epoch, Value: float64(epoch)})...); err != nil {
		return err
	}
	score := metrics[0].Value
	if t.spec.Train.SelectOn == "test" { // kept to itself: the score is not logged
		test := t.data.Samples[mmibx.Test]
		scores, err := t.score(test, t.evaluate(test, t.at.Step).predictions)
		if err != nil {
			return err
		}
		score = scores[0].Value
	}
	t.at.SinceBest++
	if score > t.at.BestScore {
		t.at.BestScore, t.at.BestEpoch, t.at.SinceBest = score, epoch, 0
		t.at.Best = t.values()
	}
	return nil
}

// values copies the parameters out.
func (t *training) values() map[string][]float32 {
	values := map[string][]float32{}
	for _, name := range t.params.Names() {
		p, _ := t.params.Tensor(name)
		values[name] = p.Floats()
	}
	return values
}

// result predicts with the chosen parameters.
func (t *training) result() (Result, error) {
	for name, values := range t.at.Best {
		p, _ := t.params.Tensor(name)
		p.Write(values)
	}
	if err := t.saveBest(); err != nil {
		return Result{}, err
	}
	r := Result{
		Params: t.params.Count(), Steps: t.at.Step, BestEpoch: t.at.BestEpoch, BestScore: t.at.BestScore,
		Predictions: map[mmibx.Split][]mmibx.Prediction{}, Start: t.start,
	}
	for _, split := range []mmibx.Split{mmibx.Dev, mmibx.Test} {
		e := t.evaluate(t.data.Samples[split], t.at.Step)
		r.Predictions[split] = e.predictions
		if split == mmibx.Dev {
			r.Best = e.pooled.codes()
		}
	}
	return r, nil
}
