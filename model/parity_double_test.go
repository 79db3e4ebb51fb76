//go:build torch

package model

import (
	"reflect"
	"testing"
	"unsafe"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// roundedTolerance holds numbers that were computed in float64 on both sides and
// rounded to float32.
const roundedTolerance = 2e-7

// holdDoubles holds the whole model again, computing in float64: what float32 would
// hide in its rounding shows here. Gradients end in the parameters, rounded.
func (f *fixture) holdDoubles(t *testing.T, spec mmibx.Spec) {
	t.Helper()
	m := f.system(spec)
	defer m.params.Free()
	s := torch.NewScope()
	defer s.Free()
	double(s, reflect.ValueOf(m.network))
	double(s, reflect.ValueOf(m.head))
	b, p := f.batch(m), f.pass(s)
	p.epsText, p.epsImage = s.To(p.epsText, torch.Float64), s.To(p.epsImage, torch.Float64)
	in := m.inputs(p, b)
	in.evidenceBME = s.To(in.evidenceBME, torch.Float64)

	st := m.network.forward(p, in)
	l := m.terms(p, st, b)
	name := "emissions"
	if spec.TaskOf() == mmibx.MRE {
		name = "logits"
	}
	for name, got := range map[string]torch.Tensor{
		"mean_text": st.latents.text.meanBTZ, "logvar_text": st.latents.text.logVarBTZ, "z_text": st.latents.zTextBLZ,
		"mean_image": st.latents.image.meanBTZ, "logvar_image": st.latents.image.logVarBTZ, "z_image": st.latents.zImageBMZ,
		"fused": st.hBLD, name: m.head.scores(p, st, b),
		"loss_task": l.task, "loss_align": l.align, "kl_text": l.klText, "kl_image": l.klImage, "loss": l.total,
	} {
		f.compareTo(t, "double."+name, got.Doubles(), f.doubles("double."+name), 0, doubleTolerance)
	}
	l.total.Backward()
	f.compareGradients(t, s, m, "rounded", 1e-4, roundedTolerance)
}

// double puts float64 copies in the place of all tensors that a layer holds.
func double(s *torch.Scope, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() && v.Type() != reflect.TypeFor[*mmibx.Spec]() {
			double(s, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			double(s, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[torch.Tensor]() {
			for i := range v.NumField() {
				double(s, v.Field(i))
			}
			return
		}
		t := (*torch.Tensor)(unsafe.Pointer(v.UnsafeAddr()))
		if *t != torch.None {
			*t = s.To(*t, torch.Float64)
		}
	}
}
