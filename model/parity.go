//go:build torch

package model

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
	"github.com/mmibx/mmibx/weights"
)

// ParityInput is what a check of the port reads.
type ParityInput struct {
	Spec mmibx.Spec // sizes are those of Weights
	// Types are the entity types in the order in which the tags of model.tags bio
	// number them.
	Types   []string
	Weights *weights.MMIB
	Batch   weights.Source
	Name    string // of the batch, for faults
	// Vision opens a ResNet-50 where the batch holds pictures and the weights hold
	// none; the string says where it came from.
	Vision func() (encoder *PretrainedVision, from string, err error)
}

// Parity writes a safetensors file of what MMIB computes of one batch with given
// weights, dropout off: scores, latents, the fused states, each term of the loss,
// and the gradient of the loss by every parameter. Latents are means, plus noise
// where the batch brings it. Without labels there is no loss and no gradient.
//
// Pictures go through a frozen ResNet-50 in evaluation mode. The released code
// leaves its BatchNorm in training mode, which makes a picture's vectors depend on
// the others of the batch.
func Parity(ctx context.Context, in ParityInput, out string) (mmibx.ParityReport, error) {
	c := parity{ParityInput: in, file: &batchFile{path: in.Name, source: in.Batch, read: map[string]bool{}}, batch: &batch{}}
	c.Weights.Fit(&c.Spec)
	match := c.Weights.Match(&c.Spec)
	err := match.Err(c.Weights.Path)
	if err == nil {
		err = c.file.words(c.batch, &c.Weights.Config)
	}
	if err == nil {
		err = c.evidence(ctx)
	}
	if err != nil {
		return mmibx.ParityReport{}, err
	}
	var failure error
	err = torch.Do(func() { failure = c.compute(out) })
	if err = errors.Join(failure, err); err != nil {
		return mmibx.ParityReport{}, err
	}
	c.report.Out, c.report.LeftOver, c.report.Unread = out, match.LeftOver, c.file.unread()
	return c.report, nil
}

// parity is a check under way.
type parity struct {
	ParityInput
	file     *batchFile
	batch    *batch
	labelled bool
	report   mmibx.ParityReport
}

// evidence fills in the vectors of pictures: those of the batch, or ResNet-50's.
func (c *parity) evidence(ctx context.Context) error {
	b, width := c.batch, int64(c.Weights.Evidence)
	given, pictures := c.file.has("image_features"), c.file.has("images")
	if given == pictures {
		found := map[bool]string{true: "both", false: "neither"}[given]
		return c.file.fault("image_features", found, "image_features "+batchKeys["image_features"]+" or images "+batchKeys["images"], "give one of the two")
	}
	var shape []int64
	var err error
	if given {
		shape, b.evidence, err = c.file.floats("image_features", int64(b.b), -1, width)
	} else {
		shape, err = c.encodePictures(ctx)
	}
	if err != nil {
		return err
	}
	b.m = int(shape[1])
	for range b.b * b.m {
		b.evidenceBM = append(b.evidenceBM, true)
	}
	for i := range b.b {
		b.pictureB = append(b.pictureB, int32(i))
	}
	return nil
}

// encodePictures puts each picture's pooled vector into the batch.
func (c *parity) encodePictures(ctx context.Context) ([]int64, error) {
	const values = 3 * pictureSide * pictureSide
	t, err := c.file.tensor("images", int64(c.batch.b), -1, 3, pictureSide, pictureSide)
	if err != nil {
		return nil, err
	}
	encoder, from := &PretrainedVision{Name: "resnet50", Tensor: c.Weights.ResNet()}, c.Weights.Path
	if encoder.Tensor == nil {
		if encoder, from, err = c.Vision(); err != nil {
			return nil, err
		}
	}
	one := func(i int) ([]float32, error) {
		size := int64(values * t.DType.Size())
		picture := weights.Tensor{DType: t.DType, Bytes: t.Bytes[int64(i)*size : int64(i+1)*size]}
		pixels, err := picture.Floats()
		if err != nil {
			err = c.file.fault("images", "numbers of type "+string(t.DType), "floating-point numbers", "standardise the pictures as torchvision does for ImageNet")
		}
		return pixels, err
	}
	table, err := Pictures(ctx, encoder, one, c.batch.b*int(t.Shape[1]), nil)
	if err != nil {
		return nil, err
	}
	if table.Width != c.Weights.Evidence {
		return nil, &mmibx.InputError{File: c.Weights.Path, Key: "linear.weight", Found: fmt.Sprintf("a map from %d", c.Weights.Evidence), Expected: fmt.Sprintf("%d, as ResNet-50 gives", table.Width), Cure: "give image_features of that width instead of images"}
	}
	for at := 0; at < len(table.Values); at += PictureRows * table.Width { // the first row is the whole picture
		c.batch.evidence = append(c.batch.evidence, table.Values[at:at+table.Width]...)
	}
	c.report.Pictures = from
	return t.Shape, nil
}

// system builds the model with the weights of the file.
func (c *parity) system() (*system, error) {
	from := c.Weights
	labels := c.Types
	if c.Spec.TaskOf() == mmibx.MRE {
		labels = make([]string, from.Classes)
		for i := range labels {
			labels[i] = strconv.Itoa(i)
		}
	}
	c.Spec.Train.MaxLength, c.Spec.Train.PadTo = c.batch.l, 0
	m, err := newSystem(c.Spec, Data{
		Labels: labels, Vocab: from.Config.Vocab, Evidence: &mmibx.EvidenceTable{Rows: c.batch.m, Width: from.Evidence},
		Encoder: &Pretrained{
			Config: BertConfigOf(from.Config),
			Tensor: func(name string) ([]int64, []float32, error) { return from.Tensor("bert." + name) },
		},
	})
	if err != nil {
		return nil, err
	}
	for _, name := range m.params.Names() {
		if strings.HasPrefix(name, "bert.") {
			continue // is there already
		}
		shape, values, err := from.Tensor(name)
		if err == nil {
			err = m.params.Load(name, shape, values)
		}
		if err != nil {
			m.params.Free()
			return nil, err
		}
	}
	return m, nil
}

func (c *parity) compute(out string) (err error) {
	m, err := c.system()
	if err != nil {
		return err
	}
	defer m.params.Free()
	b := c.batch
	if c.labelled, err = c.file.labels(b, m, int64(c.Weights.Classes)); err != nil {
		return err
	}
	s := torch.NewScope()
	defer s.Free()
	p := &pass{Scope: s}
	z := m.spec.IB.Size
	if z == 0 {
		z = c.Weights.Config.Width
	}
	for _, side := range []struct {
		key string
		n   int
		eps *torch.Tensor
	}{{"eps_text", b.l, &p.epsText}, {"eps_image", b.m, &p.epsImage}} {
		shape := []int64{int64(b.b), int64(side.n), int64(z)}
		values, err := c.file.noise(side.key, shape...)
		if err != nil {
			return err
		}
		if values != nil {
			*side.eps = s.Float32s(values, shape...)
		}
	}
	tensors := c.outputs(p, m)
	c.report.Tensors = len(tensors)
	return weights.WritePending(out, tensors, nil)
}

// outputs computes everything and lists it. Numbers are copied out of libtorch
// when they are written.
func (c *parity) outputs(p *pass, m *system) []weights.Pending {
	st := m.forward(p, c.batch)
	var tensors []weights.Pending
	add := func(name string, t torch.Tensor) {
		if t == torch.None {
			return
		}
		shape := t.Shape()
		tensors = append(tensors, weights.Pending{Name: name, DType: weights.F32, Shape: shape, Bytes: func() ([]byte, error) {
			return weights.FromFloats(shape, t.Floats()).Bytes, nil
		}})
	}
	if h, ok := m.head.(*tagger); ok {
		add("emissions", h.fc.of(p.Scope, st.hBLD))
	} else {
		add("logits", m.head.scores(p, st, c.batch))
	}
	lat := st.latents
	add("mean_text", lat.text.meanBTZ)
	add("logvar_text", lat.text.logVarBTZ)
	add("mean_image", lat.image.meanBTZ)
	add("logvar_image", lat.image.logVarBTZ)
	add("fused", st.hBLD)
	var l losses
	if c.labelled {
		l = m.terms(p, st, c.batch)
		l.total.Backward()
	} else {
		l.align, l.klText, l.klImage = m.network.(bottlenecked).regularizers(p.Scope, lat, c.batch)
	}
	add("loss_task", l.task)
	add("loss_align", l.align)
	add("kl_text", l.klText)
	add("kl_image", l.klImage)
	add("loss", l.total)
	if c.labelled {
		c.report.Gradients = len(m.params.Names())
		for _, name := range m.params.Names() {
			t, _ := m.params.Tensor(name)
			g, ok := p.Grad(t)
			if !ok {
				g = p.Full(0, torch.Float32, t.Shape()...)
			}
			add("grad."+c.Weights.Stored(name), g)
		}
	}
	return tensors
}
