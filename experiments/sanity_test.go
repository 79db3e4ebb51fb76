package experiments

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sanityOf lists the cells of a plan as "model pictures share", sorted, once each.
func sanityOf(p *Plan) []string {
	var list []string
	for _, c := range p.Cells {
		if s := fmt.Sprintf("%s %s %v beta=%v", c.Spec.Model.Name, c.Spec.Evidence.Pictures, c.Spec.Evidence.ShuffleShare, c.Spec.IB.BetaImage); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	slices.Sort(list)
	return list
}

const sanitySweep = `
name = "s"
benchmarks = ["mini-mnre"]
sanity = true
[[arm]]
name = "mmib"
model = "mmib"
[arm.grid]
ib.beta_image = [0.5, 1]
`

func TestSanityAddsOwnShuffledBlankAndNone(t *testing.T) {
	with := mustPlan(t, sanitySweep)
	without := mustPlan(t, strings.Replace(sanitySweep, "sanity = true", "sanity = false", 1))
	if got := len(with.Cells) - len(without.Cells); got != 4 || len(without.Cells) != 2 {
		t.Errorf("%d cells without sanity and %d with it, want 2 and 6", len(without.Cells), len(with.Cells))
	}
	usual := with.Cells[2].Spec.IB.BetaImage // of the preset, on no point of the grid
	want := []string{
		"mmib blank 1 beta=" + fmt.Sprint(usual), "mmib own 1 beta=" + fmt.Sprint(usual), "mmib own 1 beta=0.5", "mmib own 1 beta=1",
		"mmib shuffled 1 beta=" + fmt.Sprint(usual), "text own 1 beta=" + fmt.Sprint(usual),
	}
	slices.Sort(want)
	if got := sanityOf(with); !slices.Equal(got, want) || usual == 0.5 || usual == 1 {
		t.Errorf("cells\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := with.Arms(); !slices.Equal(got, []string{"mmib", "mmib, sanity", "text only, sanity"}) {
		t.Errorf("arms %q", got)
	}
}

// What is there already is not run twice: the usual arms are the own pictures,
// text is text.
func TestSanityCollapses(t *testing.T) {
	p := mustPlan(t, `
name = "s"
benchmarks = ["mini-mnre"]
sanity = true
seeds = 2
[[arm]]
name = "text"
model = "text"
[[arm]]
name = "noisy"
model = "concat"
evidence.pictures = "shuffled"
[arm.grid]
evidence.shuffle_share = [0.5, 1]
`)
	// text, concat shuffled at two shares, and by sanity concat with own and blank.
	if len(p.Cells) != 2*5 || p.Collapsed != 2*2 {
		t.Errorf("%d cells, %d collapsed:\n%s", len(p.Cells), p.Collapsed, strings.Join(sanityOf(p), "\n"))
	}
}

func TestSanityOfModelsInAGrid(t *testing.T) {
	p := mustPlan(t, `
name = "s"
benchmarks = ["mini-mnre"]
sanity = true
[grid]
model = ["text", "concat", "mmib"]
`)
	if len(p.Cells) != 1+2*3 {
		t.Errorf("%d cells:\n%s", len(p.Cells), strings.Join(sanityOf(p), "\n"))
	}
}

func TestSanityIsTrueOrFalse(t *testing.T) {
	_, err := Parse("s.toml", []byte(strings.Replace(sanitySweep, "sanity = true", `sanity = "yes"`, 1)))
	if err == nil || !strings.Contains(err.Error(), `s.toml:4: sanity: found "yes", expected true or false`) {
		t.Error(err)
	}
}
