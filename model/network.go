//go:build torch

package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// network is one system between the encoder and the head.
type network interface {
	forward(p *pass, in *tensors) state
}

// bottlenecked is a network that draws a code of each modality: encode gives their
// distributions, decode draws and goes on, and forward is both. Regularizers are
// its loss terms beside the task's, and its aligner compares the codes.
type bottlenecked interface {
	encode(p *pass, in *tensors) *latents
	decode(p *pass, in *tensors, q *latents) state
	regularizers(s *torch.Scope, lat *latents, b *batch) (align, klText, klImage torch.Tensor)
	aligner() *aligner
}

// sized is a network that hands the head something else than the encoder's
// states. headWidth is how wide the head's input is: at each word (MNER), or of
// the whole sample (MRE).
type sized interface {
	headWidth() int64
}

// headed is a network with a tagger of its own.
type headed interface {
	newTagger(p *torch.Params, scheme *tagScheme, width int64) head
}

// state is what a network hands on.
type state struct {
	hBLD    torch.Tensor
	pairBF  torch.Tensor // in place of the two markers' states (MRE), or torch.None
	spanBLD torch.Tensor // what a tagger of spans reads, or torch.None
	latents *latents     // nil for networks without a bottleneck
}

// latents are the two codes of a batch.
type latents struct {
	text, image         gaussian
	zTextBLZ, zImageBMZ torch.Tensor
	realBL, realBM      torch.Tensor
}

// builders makes each registered network; mmibx.Models names them.
var builders = map[string]func(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network{
	"text":        newTextOnly,
	"concat":      newConcat,
	"coattention": newCoAttention,
	"umt":         newUMT,
	"umgf":        newUMGF,
	"hvpnet":      newHVPNeT,
	"mega":        newMEGA,
	"mmib":        newMMIB,
}

// Pretrained is an encoder with weights. Tensor returns a parameter by its name
// in Hugging Face's BertModel, without a leading "bert.".
type Pretrained struct {
	Config BertConfig
	Tensor func(name string) (shape []int64, values []float32, err error)
}

// Data is what a run reads.
type Data struct {
	// Labels are the entity types, or the relations with None first.
	Labels   []string
	Samples  map[mmibx.Split][]mmibx.Sample
	Evidence *mmibx.EvidenceTable // nil without evidence
	Vocab    int                  // piece ids, entity markers included
	Encoder  *Pretrained          // nil: the small encoder from scratch
}

// system is a network with its head, parameters and batches.
type system struct {
	spec    mmibx.Spec
	params  *torch.Params
	encoder BertConfig
	network network
	small   *smallVision // nil: evidence is what the batch holds
	head    head
	batcher *batcher
}

// newSystem builds a model with its starting values. The caller frees its params.
func newSystem(spec mmibx.Spec, data Data) (*system, error) {
	build, ok := builders[spec.Model.Name]
	if !ok {
		return nil, fmt.Errorf("%w: no network named %q", mmibx.ErrBadSpec, spec.Model.Name)
	}
	m := &system{spec: spec, params: torch.NewParams()}
	whole := false
	defer func() {
		if !whole { // an error, or a panic where memory ran out
			m.params.Free()
		}
	}()
	m.batcher = &batcher{task: spec.TaskOf(), evidence: data.Evidence, padTo: spec.Train.PadTo}
	torch.Seed(hash(uint64(spec.Seed), forStart))

	longest := max(spec.Train.MaxLength, spec.Train.PadTo)
	config := smallBert(spec.Encoder.Width, spec.Encoder.Layers, data.Vocab, longest)
	if data.Encoder != nil {
		config = data.Encoder.Config
		config.Vocab = int64(data.Vocab)
	}
	if int64(longest) > config.Positions {
		key := "train.max_length"
		if longest > spec.Train.MaxLength {
			key = "train.pad_to"
		}
		return nil, fmt.Errorf("%w: %s %d is more than the encoder's %d positions", mmibx.ErrBadSpec, key, longest, config.Positions)
	}
	if heads := int64(spec.CoAttention.Heads); config.Width%heads != 0 {
		return nil, fmt.Errorf("%w: coattention.heads %d does not divide the encoder's width %d", mmibx.ErrBadSpec, heads, config.Width)
	}
	m.encoder = config
	encoder := newBert(m.params, config)
	if data.Encoder != nil {
		if err := loadEncoder(m.params, data.Encoder); err != nil {
			return nil, err
		}
	}
	var evidenceWidth int64
	if data.Evidence != nil {
		evidenceWidth = int64(data.Evidence.Width)
	}
	if spec.Evidence.Encoder == mmibx.SmallPictureEncoder {
		var err error
		if m.small, err = newSmallVision(m.params, data.Evidence); err != nil {
			return nil, err
		}
		evidenceWidth = m.small.width()
	}
	m.network = build(m.params, &m.spec, encoder, evidenceWidth)
	if err := m.addHead(data.Labels, m.headWidth(config.Width)); err != nil {
		return nil, err
	}
	whole = true
	return m, nil
}

// headWidth is the width of the head's input, where the encoder is d wide.
func (m *system) headWidth(d int64) int64 {
	if n, ok := m.network.(sized); ok {
		return n.headWidth()
	}
	if m.spec.TaskOf() == mmibx.MRE {
		return 2 * d // the states of both markers
	}
	return d
}

// addHead makes the task's head, or the network's own, on inputs of a width.
func (m *system) addHead(labels []string, width int64) error {
	if m.spec.TaskOf() == mmibx.MRE {
		m.batcher.relations = map[string]int64{}
		for i, r := range labels {
			m.batcher.relations[r] = int64(i)
		}
		m.head = newRelator(m.params, labels, width)
		return nil
	}
	scheme, err := newTagScheme(m.spec.Model.Tags, labels)
	if err != nil {
		return err
	}
	m.batcher.scheme = scheme
	if n, ok := m.network.(headed); ok {
		m.head = n.newTagger(m.params, scheme, width)
	} else {
		m.head = newTagger(m.params, scheme, width)
	}
	return nil
}

// loadEncoder copies pretrained weights. The table of word-pieces may be longer
// than theirs: entity markers are appended to it and keep their random start.
func loadEncoder(p *torch.Params, from *Pretrained) error {
	for _, name := range p.Names() {
		bare, ok := strings.CutPrefix(name, "bert.")
		if !ok {
			continue
		}
		shape, values, err := from.Tensor(bare)
		if err != nil {
			return fmt.Errorf("pretrained encoder: %w", err)
		}
		t, _ := p.Tensor(name)
		if want := t.Shape(); bare == "embeddings.word_embeddings.weight" && len(shape) == 2 && shape[0] < want[0] {
			values = slices.Concat(values, t.Floats()[len(values):])
			shape = want
		}
		if err := p.Load(name, shape, values); err != nil {
			return fmt.Errorf("pretrained encoder: %w", err)
		}
	}
	return nil
}

// forward runs the network on a batch.
func (m *system) forward(p *pass, b *batch) state { return m.network.forward(p, m.inputs(p, b)) }

// inputs are what the network reads of a batch.
func (m *system) inputs(p *pass, b *batch) *tensors {
	in := b.tensors(p.Scope)
	if m.small != nil {
		m.small.see(p.Scope, in, b.pictureB)
	}
	return in
}

// tensors are a batch's rectangles in libtorch.
type tensors struct {
	idsBL, realBL torch.Tensor
	kindsBL       torch.Tensor // None: all pieces are of the first kind
	evidenceBME   torch.Tensor
	realBM        torch.Tensor
	markB2        torch.Tensor // places of the entity markers (MRE)
}

func (b *batch) tensors(s *torch.Scope) *tensors {
	n, l, m := int64(b.b), int64(b.l), int64(b.m)
	t := &tensors{idsBL: s.Int64s(b.idsBL, n, l), realBL: s.Bools(b.realBL, n, l)}
	if b.kindsBL != nil {
		t.kindsBL = s.Int64s(b.kindsBL, n, l)
	}
	if b.m > 0 {
		t.evidenceBME = s.Float32s(b.evidence, n, m, int64(len(b.evidence))/(n*m))
		t.realBM = s.Bools(b.evidenceBM, n, m)
	}
	if len(b.markB2) > 0 {
		t.markB2 = s.Int64s(b.markB2, n, 2)
	}
	return t
}

// losses are the terms of a step's loss; terms that the model lacks are None.
type losses struct {
	total, task, align, klText, klImage torch.Tensor
}

// loss computes L_task + w L_ar + beta_text KL_text + beta_image KL_image.
func (m *system) loss(p *pass, b *batch) losses { return m.terms(p, m.forward(p, b), b) }

// terms computes the loss of what the network computed.
func (m *system) terms(p *pass, st state, b *batch) losses {
	eachB := m.head.loss(p, st, b)
	var l losses
	if m.spec.Train.TaskReduction == "sum" {
		l.task = p.Sum(eachB)
	} else {
		l.task = p.Mean(eachB)
	}
	l.total = l.task
	r, ok := m.network.(bottlenecked)
	if !ok {
		return l
	}
	l.align, l.klText, l.klImage = r.regularizers(p.Scope, st.latents, b)
	if l.align != torch.None {
		l.total = p.Add(l.total, p.Scale(l.align, m.spec.Align.Weight))
	}
	l.total = p.Add(l.total, p.Scale(l.klText, m.spec.IB.BetaText*(1-p.heldBack)))
	l.total = p.Add(l.total, p.Scale(l.klImage, m.spec.IB.BetaImage*(1-p.heldBack)))
	return l
}

// metrics reads the terms out, in the order in which they are checked for being
// finite: the first broken one is named.
func (l losses) metrics() []mmibx.Metric {
	var out []mmibx.Metric
	for _, term := range []struct {
		name string
		t    torch.Tensor
	}{
		{mmibx.LossTask, l.task}, {mmibx.LossAlign, l.align}, {mmibx.KLText, l.klText}, {mmibx.KLImage, l.klImage}, {mmibx.Loss, l.total},
	} {
		if term.t != torch.None {
			out = append(out, mmibx.Metric{Name: term.name, Value: term.t.Number()})
		}
	}
	return out
}
