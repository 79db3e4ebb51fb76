//go:build torch

package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/weights"
)

// batchKeys are the tensors that a batch of a parity check may hold, with their
// shapes. B = batch, L = pieces, R = vectors of a picture, E = their width, Z = d_z.
var batchKeys = map[string]string{
	"input_ids": "[B, L]", "attention_mask": "[B, L]", "token_type_ids": "[B, L]",
	"labels": "[B, L] for mner, [B] for mre", "head_pos": "[B]", "tail_pos": "[B]",
	"image_features": "[B, R, E]", "images": "[B, R, 3, 224, 224]",
	"eps_text": "[B, L, Z]", "eps_image": "[B, R, Z]",
}

// batchFile reads the tensors of a batch and holds them against the weights.
type batchFile struct {
	path   string
	source weights.Source
	read   map[string]bool
}

func (f *batchFile) has(key string) bool { _, _, ok := f.source.Shape(key); return ok }

func (f *batchFile) fault(key, found, expected, cure string) error {
	return &mmibx.InputError{File: f.path, Key: key, Found: found, Expected: expected, Cure: cure}
}

// unread lists what the file holds besides.
func (f *batchFile) unread() []string {
	return slices.DeleteFunc(f.source.Names(), func(name string) bool { return f.read[name] })
}

// tensor reads a tensor of a shape, in which -1 is any number from 1.
func (f *batchFile) tensor(key string, shape ...int64) (weights.Tensor, error) {
	got, _, ok := f.source.Shape(key)
	if !ok {
		return weights.Tensor{}, f.fault(key, "no such tensor", batchKeys[key], "add it to the batch")
	}
	fits := len(got) == len(shape)
	for i := range min(len(got), len(shape)) {
		fits = fits && got[i] >= 1 && (shape[i] < 0 || got[i] == shape[i])
	}
	if !fits {
		expected := strings.ReplaceAll(fmt.Sprint(shape), "-1", "any")
		return weights.Tensor{}, f.fault(key, fmt.Sprintf("shape %v", got), expected, key+" is "+batchKeys[key])
	}
	f.read[key] = true
	return f.source.Tensor(key)
}

// ints reads whole numbers from 0 to below a bound.
func (f *batchFile) ints(key string, below int64, what string, shape ...int64) ([]int64, []int64, error) {
	t, err := f.tensor(key, shape...)
	if err != nil {
		return nil, nil, err
	}
	values, err := t.Ints()
	if err != nil {
		return nil, nil, f.fault(key, "numbers of type "+string(t.DType), "whole numbers", "store it as int64")
	}
	for i, v := range values {
		if v < 0 || v >= below {
			return nil, nil, f.fault(key, fmt.Sprintf("%d as number %d", v, i), fmt.Sprintf("0 to %d", below-1), what)
		}
	}
	return t.Shape, values, nil
}

func (f *batchFile) floats(key string, shape ...int64) ([]int64, []float32, error) {
	t, err := f.tensor(key, shape...)
	if err != nil {
		return nil, nil, err
	}
	values, err := t.Floats()
	if err != nil {
		return nil, nil, f.fault(key, "numbers of type "+string(t.DType), "floating-point numbers", "store it as float32")
	}
	return t.Shape, values, nil
}

// words fills in what the encoder reads.
func (f *batchFile) words(b *batch, c *weights.Config) error {
	shape, ids, err := f.ints("input_ids", int64(c.Vocab), "the weights have that many word-pieces", -1, -1)
	if err != nil {
		return err
	}
	if shape[1] > int64(c.Positions) {
		return f.fault("input_ids", fmt.Sprintf("%d pieces", shape[1]), fmt.Sprintf("at most %d", c.Positions), "the weights have no more positions: cut the batch")
	}
	b.b, b.l, b.idsBL = int(shape[0]), int(shape[1]), ids
	b.realBL = slices.Repeat([]bool{true}, len(ids))
	if f.has("attention_mask") {
		_, mask, err := f.ints("attention_mask", 2, "1 is a piece, 0 is padding", shape...)
		if err != nil {
			return err
		}
		if err := f.mask(b, mask); err != nil {
			return err
		}
	}
	if f.has("token_type_ids") {
		_, b.kindsBL, err = f.ints("token_type_ids", int64(c.Types), "the weights have that many types", shape...)
	}
	return err
}

// mask wants padding behind the pieces, of which there is at least one.
func (f *batchFile) mask(b *batch, mask []int64) error {
	for i, v := range mask {
		b.realBL[i] = v == 1
		if first := i%b.l == 0; first && v == 0 || !first && v > mask[i-1] {
			return f.fault("attention_mask", fmt.Sprintf("a 0 before a piece in row %d", i/b.l), "each row's pieces first, then its padding", "pad on the right")
		}
	}
	return nil
}

// labels fills in the gold; false where the batch has none.
func (f *batchFile) labels(b *batch, m *system, classes int64) (bool, error) {
	h, tagged := m.head.(*tagger)
	if !tagged {
		return f.relations(b, classes)
	}
	if !f.has("labels") {
		return false, nil
	}
	_, ids, err := f.ints("labels", int64(len(officialTags)), "labels are numbers of the released code's 13 tags", int64(b.b), int64(b.l))
	if err != nil {
		return false, err
	}
	h.scheme.place(b, ids)
	return true, nil
}

// place puts official tags [B, L] at the positions that carry tags of the scheme:
// every piece, or the first pieces of words, which are those with O or a tag of an
// entity.
func (t *tagScheme) place(b *batch, officialBL []int64) {
	positions, tags := make([][]int64, b.b), make([][]int64, b.b)
	for i := range b.b {
		for j := range b.l {
			name := officialTags[officialBL[i*b.l+j]]
			id, ok := t.ids[name]
			if t.everyPiece || ok && b.realBL[i*b.l+j] {
				positions[i], tags[i] = append(positions[i], int64(j)), append(tags[i], id)
			}
		}
		if len(positions[i]) == 0 { // as positions and gold have it
			positions[i], tags[i] = []int64{0}, []int64{t.ids["O"]}
		}
		b.w = max(b.w, len(positions[i]))
	}
	b.positionBW, b.tagBW, b.taggedBW = make([]int64, b.b*b.w), make([]int64, b.b*b.w), make([]bool, b.b*b.w)
	for i := range b.b {
		copy(b.positionBW[i*b.w:], positions[i])
		copy(b.tagBW[i*b.w:], tags[i])
		for j, p := range positions[i] {
			b.taggedBW[i*b.w+j] = !t.everyPiece || b.realBL[i*b.l+int(p)]
		}
	}
}

func (f *batchFile) relations(b *batch, classes int64) (bool, error) {
	marks := [2][]int64{}
	for i, key := range []string{"head_pos", "tail_pos"} {
		var err error
		if _, marks[i], err = f.ints(key, int64(b.l), "a marker stands at a piece of input_ids", int64(b.b)); err != nil {
			return false, err
		}
	}
	for i := range b.b {
		b.markB2 = append(b.markB2, marks[0][i], marks[1][i])
	}
	if !f.has("labels") {
		return false, nil
	}
	var err error
	_, b.relationB, err = f.ints("labels", classes, "the weights have that many relations", int64(b.b))
	return true, err
}

// noise reads eps of a batch, nil where it has none: latents are means then.
func (f *batchFile) noise(key string, shape ...int64) ([]float32, error) {
	if !f.has(key) {
		return nil, nil
	}
	_, values, err := f.floats(key, shape...)
	return values, err
}
