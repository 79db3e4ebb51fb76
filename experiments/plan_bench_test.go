package experiments

import (
	"fmt"
	"testing"

	"github.com/mmibx/mmibx"
)

func noInputs(mmibx.Spec) (mmibx.Inputs, error) { return mmibx.Inputs{}, nil }

// The worst case for 10,000 cells is one seed: every cell is resolved anew. With
// the estimate from as many runs, and the difference from a plan that has no run
// in common.
func BenchmarkPlan(b *testing.B) {
	for _, seeds := range []int{1, 5} {
		text := fmt.Sprintf(`
name = "big"
benchmarks = ["mini-twitter2015", "mini-mnre"]
seeds = %d
[base]
model = "mmib"
[grid]
"ib.beta_image" = {from = 0.001, to = 10, n = 50, scale = "log"}
"align.tau" = {from = 0.01, to = 5, n = %d, scale = "log"}
`, seeds, 100/seeds)
		known, old := make([]Measured, 10_000), Plan{Cells: make([]Cell, 10_000)}
		for i := range known {
			known[i] = Measured{Arm: fmt.Sprint(i), Benchmark: []string{"mini-twitter2015", "mini-mnre"}[i%2], Encoder: "small", Epochs: 5, Took: 1e9}
			old.Cells[i].Run = fmt.Sprint(i)
		}
		b.Run(fmt.Sprintf("seeds=%d", seeds), func(b *testing.B) {
			for b.Loop() {
				s, err := Parse("big.toml", []byte(text))
				if err != nil {
					b.Fatal(err)
				}
				plan, err := s.Plan(noInputs)
				if err != nil {
					b.Fatal(err)
				}
				if len(plan.Cells) != 10_000 {
					b.Fatal(len(plan.Cells))
				}
				if e := plan.Estimate(known, func(string) bool { return false }, 2); e.Runs[Rough] != 10_000 {
					b.Fatal(e.Runs)
				}
				if d := plan.Diff(&old); len(d.Added) != 10_000 {
					b.Fatal(d.Counts())
				}
			}
		})
	}
}
