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
	if got := with.Arms(); !slices.Equal(got, []string{"mmib", "mmib (sanity)", "text only (sanity)"}) {
		t.Errorf("arms %q", got)
	}
}

// A sanity arm is in the setting that its arm has without its axes: what an axis
// covers in [base] or in the arm counts there, and a shared formula is read by whom it
// concerns. Text only shares settings that it does not read.
func TestSanityKeepsWhatAxesCover(t *testing.T) {
	based := strings.Replace(sanitySweep, "[[arm]]", "[base]\nib.beta_image = 0.7\ntrain.epochs = 2\n[derive]\n\"align.tau\" = \"train.epochs / 10\"\n[[arm]]", 1)
	s := mustParse(t, strings.Replace(based, "ib.beta_image = [0.5, 1]", "ib.beta_image = [0.5, 1]\n\"ib.beta_text\" = [0.2, 0.3]", 1))
	if err := s.Override("ib.size=[4, 16]"); err != nil { // an axis too: not in the sanity arms
		t.Fatal(err)
	}
	p, err := s.Plan(noInputs)
	if err != nil {
		t.Fatal(err)
	}
	sane := 0
	for _, c := range p.Cells {
		if !strings.Contains(c.ArmName, "(sanity)") {
			continue
		}
		sane++
		if s := c.Spec; s.Train.Epochs != 2 || s.Model.Name == "mmib" && (s.IB.BetaImage != 0.7 || s.Align.Tau != 0.2 || s.IB.Size != 8) {
			t.Errorf("%s: %+v %+v", c.ArmName, s.IB, s.Align)
		}
	}
	if sane != 4 || len(p.Cells) != 2*2*2+4 {
		t.Errorf("%d of %d cells are sanity's", sane, len(p.Cells))
	}
	// What all of the sweep's own arms leave unread is still a fault.
	wrong := mustParse(t, strings.Replace(sanitySweep, "[[arm]]", "[base]\numt.aux_weight = 0.7\n[[arm]]", 1))
	if _, err := wrong.Plan(noInputs); err == nil || !strings.Contains(err.Error(), "umt.aux_weight: found a key that no cell reads") {
		t.Error(err)
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
