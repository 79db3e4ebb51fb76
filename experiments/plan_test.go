package experiments

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

func mustParse(t testing.TB, text string) *Sweep {
	t.Helper()
	s, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustPlan(t testing.TB, text string) *Plan {
	t.Helper()
	plan, err := mustParse(t, text).Plan(noInputs)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

const threeArms = `
name = "arms"
benchmarks = ["mini-twitter2017", "mini-mnre"]
seeds = 2

[base]
"train.epochs" = 2

[[arm]]
name = "text"
model = "text"

[[arm]]
name = "mmib"
model = "mmib"

[[arm]]
name = "beta"
model = "mmib"
[arm.grid]
"ib.beta_image" = [0, 0.001, 0.1]

[[arm]]
name = "tied"
model = "mmib"
ib.beta = 0.5
ib.size = 4
`

func TestPlanOfArms(t *testing.T) {
	plan := mustPlan(t, threeArms)
	// Of 6 points per benchmark and seed, beta_image = 0.001 is mmib's default.
	if len(plan.Cells) != 2*2*5 || plan.Collapsed != 4 {
		t.Fatalf("%d cells, %d collapsed", len(plan.Cells), plan.Collapsed)
	}
	first := plan.Cells[0]
	if first.ArmName != "text" || first.Spec.Benchmark != "mini-twitter2017" || first.Spec.Train.Epochs != 2 || first.Label != "text train.epochs=2" {
		t.Errorf("first cell %+v", first)
	}
	for i, c := range plan.Cells {
		if want := i / 10; c.Spec.Seed != want {
			t.Errorf("cell %d has seed %d: seeds vary slowest", i, c.Spec.Seed)
		}
		if c.Run != c.Spec.ID(plan.Inputs[c.Input]) {
			t.Errorf("cell %d is not named by its spec", i)
		}
	}
	shared := plan.Cells[1]
	if shared.ArmName != "mmib" || len(shared.Also) != 1 || shared.Also[0].ArmName != "beta" || shared.Also[0].Axes["ib.beta_image"] != 0.001 {
		t.Errorf("the default cell should stand on the curve too: %+v", shared)
	}
	tied := plan.Cells[4]
	if tied.Spec.IB.BetaText != 0.5 || tied.Spec.IB.BetaImage != 0.5 || tied.Spec.IB.Size != 4 {
		t.Errorf("tied %+v", tied.Spec.IB)
	}
	if got := plan.Axes()["ib.beta_image"]; !slices.Equal(got, []any{0.001, 0.0, 0.1}) {
		t.Errorf("axes %v", got)
	}
	if got := plan.Arms(); !slices.Equal(got, []string{"text", "mmib", "beta", "tied"}) {
		t.Errorf("arms %v", got)
	}
}

func TestGridOverSeveralModelsCollapses(t *testing.T) {
	plan := mustPlan(t, `
name = "grid"
benchmarks = ["mini-mnre"]
grid.model = ["text", "mmib"]
grid.ib.beta_image = [0, 0.1, 1]
`)
	if len(plan.Cells) != 4 || plan.Collapsed != 2 {
		t.Errorf("%d cells, %d collapsed; text reads no beta", len(plan.Cells), plan.Collapsed)
	}
	plan = mustPlan(t, `
name = "grid"
benchmarks = ["mini-mnre"]
base.model = "mmib"
[grid]
align.estimator = ["infonce", "bce-concat"]
align.tau = [0.1, 0.5]
`)
	if len(plan.Cells) != 3 || plan.Collapsed != 1 {
		t.Errorf("%d cells, %d collapsed; bce has no temperature", len(plan.Cells), plan.Collapsed)
	}
}

// Coupled values go together, rows say what they say and leave the rest, what is
// derived follows each cell, and cells that do not meet a condition are left out.
func TestZipRowsDeriveAndWhen(t *testing.T) {
	plan := mustPlan(t, `
name = "coupled"
benchmarks = ["mini-mnre"]
seeds = 2
when = "model.name == 'text' || ib.size * align.tau < 4"
[base]
model = "mmib"
"ib.size" = 3
[derive]
"train.lr" = "1e-3 * sqrt(train.batch / 8)"
[[arm]]
name = "zip"
[arm.zip]
"ib.size" = [4, 8, 16]
"align.tau" = [0.1, 0.2, 0.4]
[[arm]]
name = "rows"
rows = [
  { "train.batch" = 16 },
  { "ib.size" = 5, "align.tau" = 0.5 },
]
derive = { "train.head_lr" = "1 / train.max_length" }
when = "train.batch > 1"
`)
	type place struct {
		size, batch int
		tau         float64
	}
	var got []place
	for _, c := range plan.Cells[:4] {
		s := c.Spec
		got = append(got, place{s.IB.Size, s.Train.Batch, s.Align.Tau})
		if want := 1e-3 * math.Sqrt(float64(s.Train.Batch)/8); math.Abs(s.Train.LR/want-1) > 1e-5 {
			t.Errorf("lr %g of batch %d, want %g", s.Train.LR, s.Train.Batch, want)
		}
	}
	want := []place{{4, 32, 0.1}, {8, 32, 0.2}, {3, 16, 0.1}, {5, 32, 0.5}}
	if !slices.Equal(got, want) || len(plan.Cells) != 8 || plan.LeftOut != 2 {
		t.Errorf("cells %v of %d, %d left out, want %v", got, len(plan.Cells), plan.LeftOut, want)
	}
	if a := plan.Cells[2].Axes; fmt.Sprint(a) != "map[train.batch:16]" {
		t.Errorf("a row's place %v", a)
	}
	if s := plan.Cells[2].Spec.Train; s.HeadLR != 1./64 { // of the preset, which is no frozen default
		t.Errorf("head_lr %g", s.HeadLR)
	}
	// What the command line says wins over one of two coupled keys.
	s, err := Parse("x.toml", []byte("name = \"x\"\nbenchmarks = [\"mini-mnre\"]\n[base]\nmodel = \"mmib\"\n[zip]\n\"ib.size\" = [4, 8]\n\"align.tau\" = [0.1, 0.2]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Override("align.tau=0.3"); err != nil {
		t.Fatal(err)
	}
	over, err := s.Plan(goldenInputs)
	if err != nil || len(over.Cells) != 2 || over.Cells[0].Spec.IB.Size != 4 || over.Cells[1].Spec.Align.Tau != 0.3 {
		t.Errorf("%v, %+v", err, over)
	}
}

// A model of one task has cells on the benchmarks of that task only, and is a
// fault where there are none.
func TestModelsOfOneTask(t *testing.T) {
	plan := mustPlan(t, `
name = "rivals"
benchmarks = ["mini-twitter2015", "mini-mnre"]
seeds = 2
grid.model = ["text", "umt", "mega"]
`)
	var got []string
	for _, c := range plan.Cells[:4] {
		got = append(got, c.Spec.Benchmark+" "+c.Spec.Model.Name)
	}
	want := []string{"mini-twitter2015 text", "mini-twitter2015 umt", "mini-mnre text", "mini-mnre mega"}
	if !slices.Equal(got, want) || plan.LeftOut != 4 {
		t.Errorf("cells %v, %d left out", got, plan.LeftOut)
	}
	s, err := Parse("x.toml", []byte("name = \"x\"\nbenchmarks = [\"mini-mnre\"]\n[base]\nmodel = \"umt\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Plan(goldenInputs); err == nil || !strings.Contains(err.Error(), `x.toml:4: model.name: found umt, expected a model for mre`) {
		t.Errorf("a model for no benchmark: %v", err)
	}
	s, err = Parse("rivals.toml", []byte("name = \"rivals\"\nbenchmarks = [\"mini-twitter2015\", \"mini-mnre\"]\ngrid.model = [\"text\", \"umt\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.OverrideBenchmarks([]string{"mini-mnre"}); err != nil {
		t.Fatal(err)
	}
	if plan, err := s.Plan(goldenInputs); err != nil || len(plan.Cells) != 1 || plan.Cells[0].Spec.Model.Name != "text" || plan.LeftOut != 1 {
		t.Errorf("one benchmark of a sweep over both tasks: %v, %+v", err, plan)
	}
}

func TestRanges(t *testing.T) {
	plan := mustPlan(t, `
name = "ranges"
benchmarks = ["mini-mnre"]
base.model = "mmib"
[grid]
"ib.beta_image" = [0, {from = 0.001, to = 10, n = 5, scale = "log"}]
"ib.size" = {from = 1, to = 8, n = 3}
"align.tau" = {from = 0.02, to = 3.14159, n = 3, scale = "log"}
`)
	axes := plan.Axes()
	if got := fmt.Sprint(axes["ib.beta_image"]); got != "[0 0.001 0.01 0.1 1 10]" {
		t.Errorf("log range %s", got)
	}
	if got := fmt.Sprint(axes["align.tau"]); got != "[0.02 0.2507 3.14159]" { // the ends as written
		t.Errorf("log range %s", got)
	}
	if got := fmt.Sprint(axes["ib.size"]); got != "[1 5 8]" { // 4.5 rounds to whole
		t.Errorf("linear range of a whole number %s", got)
	}
}

func TestOverrides(t *testing.T) {
	s := mustParse(t, threeArms)
	for _, set := range []string{"ib.size=2", "train.epochs = 1", `align.tau=[0.1, 0.5]`, "encoder=small"} {
		if err := s.Override(set); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.OverrideBenchmarks([]string{"mini-mnre"}), s.OverrideSeeds("7,9"), s.Keep([]string{"tied"})); err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(noInputs)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Cells) != 4 {
		t.Fatalf("%d cells", len(plan.Cells))
	}
	for i, c := range plan.Cells {
		if c.Spec.IB.Size != 2 || c.Spec.Train.Epochs != 1 || c.Spec.Seed != []int{7, 7, 9, 9}[i] || c.Axes["align.tau"] != []any{0.1, 0.5}[i%2] {
			t.Errorf("cell %d: %+v, axes %v", i, c.Spec, c.Axes)
		}
	}
	for set, want := range map[string]string{
		"ib.siz=2":           "did you mean ib.size?",
		"ib.bta=2":           "did you mean ib.beta?",
		"nothing.near=2":     "`mmibx fields` lists the keys",
		"ib.size":            "expected KEY=VALUE",
		"ib.size=-1":         "expected a number from 0 to 768",
		"ib.size=3":          "a second value",
		"benchmark=mini-mre": "did you mean mini-mnre?",
		"seeds=0":            "a count from 1 to 1000",
	} {
		if err := s.Override(set); err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("--set %s: %v, want %q", set, err, want)
		}
	}
}

// A formula replaces a plain setting; a key that it sets may not come from the
// command line, which would be ignored.
func TestDerivedKeysAreNotOverridden(t *testing.T) {
	text := "name = \"x\"\nbenchmarks = [\"mini-mnre\"]\n[base]\nmodel = \"mmib\"\nib.size = 4\n[derive]\n\"ib.size\" = \"train.batch / 2\"\n"
	if plan := mustPlan(t, text); len(plan.Cells) != 1 || plan.Cells[0].Spec.IB.Size != 16 {
		t.Errorf("%+v", plan.Cells)
	}
	for _, set := range []string{"ib.size=8", "ib.size=[8, 9]"} {
		s := mustParse(t, text)
		if err := s.Override(set); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Plan(noInputs); err == nil || !strings.Contains(err.Error(), "--set: ib.size: found") || !strings.Contains(err.Error(), "that [derive] sets (test.toml:7)") {
			t.Errorf("--set %s: %v", set, err)
		}
	}
}

// A formula that several arms share is refused only where none of them reads its key.
func TestSharedFormulaOfAKeyThatOneArmReads(t *testing.T) {
	plan := mustPlan(t, `
name = "x"
benchmarks = ["mini-mnre"]
[derive]
"ib.size" = "train.batch / 2"
[[arm]]
name = "text"
model = "text"
[[arm]]
name = "mmib"
model = "mmib"
`)
	if len(plan.Cells) != 2 || plan.Cells[1].Spec.IB.Size != 16 {
		t.Errorf("%+v", plan.Cells)
	}
}

// small draws a sweep of a few arms and axes.
func small(t *rapid.T) map[string][]any {
	axes := map[string][]any{"model": {"mmib"}}
	values := map[string][]any{
		"model":          {"text", "concat", "mmib"},
		"ib.beta_image":  {0, 0.001, 0.1, 1},
		"ib.size":        {1, 4, 8},
		"align.tau":      {0.1, 0.5},
		"align.weight":   {0, 0.1},
		"train.epochs":   {1, 8},
		"evidence.kind":  {"grid", "pixels"},
		"ib.eval_latent": {"mean", "sample"},
	}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		if rapid.Bool().Draw(t, "vary "+k) {
			n := rapid.IntRange(1, len(values[k])).Draw(t, "values of "+k)
			axes[k] = rapid.Permutation(values[k]).Draw(t, k)[:n]
		}
	}
	if !slices.Contains(axes["model"], any("mmib")) {
		axes["model"] = append(axes["model"], "mmib") // so that every key is read
	}
	if w, ok := axes["align.weight"]; ok && !slices.Contains(w, any(0.1)) {
		axes["align.weight"] = append(w, 0.1)
	}
	return axes
}

func write(axes map[string][]any, keys []string, seeds int, benchmarks ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "name = \"drawn\"\nseeds = %d\nbenchmarks = %s\n[grid]\n", seeds, strings.ReplaceAll(fmt.Sprintf("%q", benchmarks), " ", ", "))
	for _, k := range keys {
		parts := make([]string, len(axes[k]))
		for i, v := range axes[k] {
			parts[i] = quoted(v)
		}
		fmt.Fprintf(&b, "%q = [%s]\n", k, strings.Join(parts, ", "))
	}
	return b.String()
}

func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		axes := small(rt)
		keys := slices.Sorted(maps.Keys(axes))
		text := write(axes, keys, 2, "mini-mnre", "mini-twitter2015")
		plan := mustPlan(t, text)

		points := 2 * 2
		for _, values := range axes {
			points *= len(values)
		}
		also := 0
		seen := map[string]bool{}
		for _, c := range plan.Cells {
			if seen[c.Run] {
				rt.Fatalf("run %s is planned twice", c.Run)
			}
			seen[c.Run] = true
			also += len(c.Also)
			if again, err := mmibx.SpecOf(c.Spec.Values()); err != nil || again != c.Spec {
				rt.Fatalf("a planned spec does not resolve to itself: %v", err)
			}
		}
		if len(plan.Cells)+plan.Collapsed != points || also != plan.Collapsed {
			rt.Fatalf("%d cells and %d collapsed (%d noted) of %d", len(plan.Cells), plan.Collapsed, also, points)
		}

		again := mustPlan(t, text)
		if !slices.Equal(again.IDs(), plan.IDs()) {
			rt.Fatal("the same file gave another order")
		}
		shuffled := map[string][]any{}
		for k, v := range axes {
			shuffled[k] = rapid.Permutation(v).Draw(rt, "order of "+k)
		}
		other := mustPlan(t, write(shuffled, rapid.Permutation(keys).Draw(rt, "keys"), 2, "mini-twitter2015", "mini-mnre"))
		if other.Hash != plan.Hash {
			rt.Fatal("the order of the file reached the plan's hash")
		}
		larger := mustPlan(t, write(axes, keys, 3, "mini-mnre", "mini-twitter2015", "mini-twitter2017"))
		for _, c := range larger.Cells {
			delete(seen, c.Run)
		}
		if len(seen) > 0 {
			rt.Fatalf("a larger sweep lost the runs %v", slices.Sorted(maps.Keys(seen)))
		}
	})
}

// The ids of a plan whose every field is set come from the spec alone: no
// change of a preset may move them. (mmibx's own golden file fixes the rule.)
func TestGoldenPlanIDs(t *testing.T) {
	var b strings.Builder
	b.WriteString("name = \"golden\"\nbenchmarks = [\"mini-mnre\"]\nseeds = [0, 3]\n[base]\n")
	// The revision is the test's own, so that raising the model's moves nothing here.
	at := slices.IndexFunc(mmibx.Models, func(m mmibx.Model) bool { return m.Name == "mmib" })
	revision := mmibx.Models[at].Revision
	mmibx.Models[at].Revision = 1
	t.Cleanup(func() { mmibx.Models[at].Revision = revision })
	frozen := map[string]any{"model.name": "mmib", "evidence.kind": "grid"}
	for _, f := range mmibx.Fields {
		if f.Key == "benchmark" || f.Key == "seed" {
			continue
		}
		v := f.Frozen
		if set, ok := frozen[f.Key]; ok {
			v = set
		}
		if s, ok := v.(string); ok {
			v = fmt.Sprintf("%q", s)
		}
		fmt.Fprintf(&b, "%q = %v\n", f.Key, v)
	}
	s := mustParse(t, b.String())
	// Every field is in force, also those that this spec does not read.
	arms, err := s.layers()
	if err != nil {
		t.Fatal(err)
	}
	x := expansion{sweep: s, inputs: goldenInputs, plan: &Plan{}, read: map[*layered]bool{}, cell: map[string]int{}, inputIndex: map[string]int{}}
	points, err := x.resolve("mini-mnre", arms[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range s.Seeds {
		x.add(&points[0], seed)
	}
	got := strings.Join(append(x.plan.IDs(), x.plan.Cells[0].Arm, hashOf(x.plan.IDs())), " ")
	if want := goldenIDs; got != want {
		t.Errorf("ids %s, want %s", got, want)
	}
}

func goldenInputs(mmibx.Spec) (mmibx.Inputs, error) {
	return mmibx.Inputs{Data: map[string]string{"train.txt": "00ff"}}, nil
}

func TestPlanErrors(t *testing.T) {
	head := "name = \"x\"\nbenchmarks = [\"mini-mnre\"]\n"
	models := strings.Join(mmibx.ModelNames(), ", ")
	for _, c := range []struct{ text, want string }{
		{head + "when = \"ib.size > 700\"\n[base]\nmodel = \"mmib\"\n", `x.toml:3: when: found conditions that no cell meets`},
		{head + "[base]\nmodel = \"text\"\n[derive]\n\"ib.size\" = \"train.batch\"\n", `x.toml:6: ib.size: found a key that no cell reads`},
		{head + "[base]\nmodel = \"mmib\"\n[derive]\n\"ib.size\" = \"train.batch * 100\"\n", `x.toml:6: ib.size: found 3200, expected a number from 0 to 768`},
		{head + "[base]\nmodel = \"mmib\"\n[derive]\n\"ib.size\" = \"train.batch\"\n[grid]\n\"ib.size\" = [4, 8]\n", `x.toml:8: ib.size: found an axis of a key that [derive] sets (x.toml:6), expected keys that no formula sets`},
		{head + "[base]\nmodel = \"mmib\"\n[zip]\n\"ib.size\" = [4, 8]\n\"align.tau\" = [0.1, 0.2]\n[[arm]]\nname = \"a\"\n[arm.derive]\n\"align.tau\" = \"ib.size / 10\"\n", `x.toml:5: align.tau: found an axis of a key that [derive] sets (x.toml:11)`},
		{head + "[base]\nmodel = \"mmbi\"\n", `x.toml:4: model.name: found "mmbi", expected one of ` + models + `; did you mean mmib?`},
		{head + "[base]\nmodel = \"text\"\n[grid]\n\"ib.beta_image\" = [0, 1]\n", "x.toml:6: ib.beta_image: found a key that no cell reads"},
		{head + "[[arm]]\nname = \"a\"\nmodel = \"mmib\"\n\n[[arm]]\nname = \"b\"\nmodel = \"mmib\"\nalign.estimator = \"bce-concat\"\nalign.tau = 1\n", "x.toml:11: align.tau: found a key that no cell reads"},
		{head + "[[arm]]\nname = \"a\"\n\"train.lr\" = 1e-3\n", `x.toml: arm "a": model.name: found "", expected one of ` + models},
		{head + "[base]\nmodel = \"mmib\"\npreset = \"best\"\n", "x.toml:5: preset: found \"best\""},
		{"name = \"x\"\n[base]\nmodel = \"text\"\n", "x.toml: benchmarks: found nothing"},
		{head + "[base]\nmodel = \"mmib\"\n[grid]\n\"align.tau\" = {from = 0.1, to = 1, n = 1000}\n\"ib.beta_text\" = {from = 0.1, to = 1, n = 1000}\n\"ib.beta_image\" = [0, 1]\n", "at most 1000000 cells"},
	} {
		s, err := Parse("x.toml", []byte(c.text))
		if err == nil {
			_, err = s.Plan(noInputs)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, mmibx.ErrUsage) {
			t.Errorf("%s\ngave  %v\nwant  %s", c.text, err, c.want)
		}
	}
}

// goldenIDs are the two runs, their arm and the plan's hash. They were computed
// in Python from the words of the identity rule: SHA-256 over {"spec": {...}, "inputs":
// {...}, "revision": [1, 1]} with sorted keys and no spaces, 12 hex digits; the
// hash over the sorted ids, a line each.
const goldenIDs = "a8a76d27ca81 809a4330ce27 a8a76d27ca81 b2edb8596102"
