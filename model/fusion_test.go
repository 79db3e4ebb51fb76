//go:build torch

package model

import (
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

// smallUMGF builds UMGF with a smaller graph than the published one until the test
// ends.
func smallUMGF(t *testing.T, sizes umgfSizes) {
	published := builders["umgf"]
	t.Cleanup(func() { builders["umgf"] = published })
	builders["umgf"] = func(p *torch.Params, spec *mmibx.Spec, encoder *bert, evidenceWidth int64) network {
		return newUMGFSized(p, spec, encoder, evidenceWidth, sizes)
	}
}
