//go:build torch

package model

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/model/torch"
)

var update = flag.Bool("update", false, "write the golden files of this package")

const goldenLosses = "testdata/golden_losses.json"

// Ten losses of each model and task at the revision that is registered. When a
// change moves them, either it is a fault, or the revision in mmibx.Models must
// be raised (so that old runs keep their ids) and `make golden` run. Float32,
// dropout off, noise given.
func TestGoldenLosses(t *testing.T) {
	golden := map[string][]float64{}
	if blob, err := os.ReadFile(goldenLosses); err == nil {
		if err := json.Unmarshal(blob, &golden); err != nil {
			t.Fatal(err)
		}
	} else if !*update {
		t.Fatal(err)
	}
	kept := map[string][]float64{}
	for _, m := range mmibx.Models {
		for _, benchmark := range benchmarksOf(m) {
			spec := defaultSpec(t, benchmark, append(goldenSettings, "model", m.Name)...)
			key := fmt.Sprintf("%s %s revision %d", m.Name, spec.TaskOf(), m.Revision)
			got := tenLosses(t, spec)
			want, ok := golden[key]
			switch {
			case *update:
				kept[key] = got
				if ok && !moved(got, want) { // another machine's last digits are no news
					kept[key] = want
				}
			case !ok:
				t.Errorf("no losses of %s: run `make golden`", key)
			case moved(got, want):
				t.Errorf("%s: the losses are %g, were %g: raise the model's Revision in models.go if that is meant", key, got, want)
			}
		}
	}
	if *update {
		blob, err := json.MarshalIndent(kept, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(goldenLosses, append(blob, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// moved says whether losses differ by more than another machine explains.
func moved(got, want []float64) bool {
	for i := range want {
		if math.Abs(got[i]-want[i]) > fixtureTolerance*math.Abs(want[i]) {
			return true
		}
	}
	return false
}

// goldenSettings are all that presets decide of these losses: presets may move.
var goldenSettings = []any{
	"model.dropout", 0.0, "umgf.dropout", 0.0, "encoder.width", 32, "encoder.layers", 1,
	"ib.size", 8, "ib.beta", 1e-3, "align.weight", 0.1, "align.tau", 0.1, "align.pooling", "first",
	"mega.dropout", 0.0,
	"train.lr", 5e-3, "train.head_lr", 5e-3, "train.clip", 1.0, "train.weight_decay", 0.01,
}

// tenLosses are those of ten steps on an invented benchmark.
func tenLosses(t *testing.T, spec mmibx.Spec) []float64 {
	data := invented(spec.TaskOf(), 32)
	r := rand.New(rand.NewPCG(11, 12))
	var losses []float64
	withSystem(t, spec, data, func(m *system) {
		optim := torch.NewAdamW(m.params, m.groups(false)...)
		defer optim.Free()
		for step := range int64(10) {
			s := torch.NewScope()
			b := m.batcher.make(pick(data.Samples[mmibx.Train], epochBatches(lengths(data.Samples[mmibx.Train]), 8, 0, int(step))[0]))
			z := spec.IB.Size
			p := &pass{
				Scope: s, training: true, sample: true,
				epsText:  s.Float32s(randomFloats(r, b.b*b.l*z), int64(b.b), int64(b.l), int64(z)),
				epsImage: s.Float32s(randomFloats(r, b.b*b.m*z), int64(b.b), int64(b.m), int64(z)),
			}
			l := m.loss(p, b)
			losses = append(losses, l.total.Number())
			l.total.Backward()
			optim.ClipGradNorm(spec.Train.Clip)
			optim.Step(factor(step, 2, 20))
			s.Free()
		}
	})
	return losses
}
