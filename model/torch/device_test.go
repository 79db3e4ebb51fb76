//go:build torch

package torch

import (
	"strings"
	"testing"

	"github.com/sugarme/gotch/libtch"
)

// AdamW refuses what lies on another device than its parameter, as CUDA's kernel
// would, also on lazy tensors, where it computes with copies.
func TestAdamWOfOneDevice(t *testing.T) {
	if _, err := Init(1, "lazy"); err != nil {
		t.Fatal(err)
	}
	step := func(stray func(*Group) []Tensor) error {
		return Do(func() {
			s, p := NewScope(), NewParams()
			defer s.Free()
			defer p.Free()
			w := p.New("w", Constant(1), 2)
			g := &Group{Names: []string{"w"}, LR: 1}
			o := NewAdamW(p, g)
			defer o.Free()
			s.Sum(w).Backward()
			if stray != nil {
				var c libtch.Ctensor
				libtch.AtgTo(&c, stray(g)[0].c, onProcessor)
				stray(g)[0] = s.own("to the processor", c)
			}
			o.Step(1)
		})
	}
	if err := step(nil); err != nil {
		t.Error(err)
	}
	for name, stray := range map[string]func(*Group) []Tensor{
		"first moment":  func(g *Group) []Tensor { return g.m },
		"second moment": func(g *Group) []Tensor { return g.v },
		"step":          func(g *Group) []Tensor { return g.steps },
	} {
		if err := step(stray); err == nil || !strings.Contains(err.Error(), "on lazy:0") || !strings.Contains(err.Error(), "on cpu") {
			t.Errorf("with the %s on the processor: %v", name, err)
		}
	}
}
