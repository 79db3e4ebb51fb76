package experiments

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

func TestGoalErrors(t *testing.T) {
	const sobol = "name = \"a\"\nsampler = \"sobol\"\n[budget]\npoints = 4\n"
	for _, c := range []struct{ text, want string }{
		{"name = \"a\"\nobjective = \"test.f1\"", `x.toml:2: objective: found "test.f1", expected a metric of dev, such as dev.f1; test is sealed`},
		{"name = \"a\"\nobjective = \"dev.recal\"", `x.toml:2: objective: found "dev.recal", expected a metric of dev that runs log (docs/reference/metrics.md), or dev.f1.TYPE; did you mean dev.recall?`},
		{"name = \"a\"\nobjective = \"dev.rate_image\"", `x.toml:2: objective: found dev.rate_image, of which neither more nor less is better, expected a direction; write objective = {metric = "dev.rate_image", direction = "minimize"}`},
		{"name = \"a\"\nobjective = {metric = \"dev.f1\", direction = \"up\"}", `x.toml:2: objective: found direction "up", expected "maximize" or "minimize"`},
		{"name = \"a\"\n[objective]\nmetrik = \"dev.f1\"", `x.toml:3: objective.metrik: found an unknown key, expected one of metric, direction; did you mean metric?`},
		{"name = \"a\"\ndevice = \"gpu\"", `x.toml:2: device: found "gpu", expected "cpu" or "cuda"`},
		{"name = \"a\"\n[budget]\nruns = 0", `x.toml:3: budget.runs: found 0, expected a count from 1 to 1000000`},
		{"name = \"a\"\n[budget]\nrun = 7", `x.toml:3: budget.run: found an unknown key, expected one of points, runs, hours; did you mean runs?`},
		{"name = \"a\"\n[budget]\npoints = 7", `x.toml:3: budget.points: found 7, expected nothing: a grid has the points that it lists`},
		{"name = \"a\"\nsampler = \"soboll\"", `x.toml:2: sampler: found "soboll", expected one of grid, random, sobol`},
		{"name = \"a\"\nsampler = {name = \"sobol\", seed = -1}", `x.toml:2: sampler.seed: found -1, expected a whole number from 0`},
		{"name = \"a\"\nsampler = \"sobol\"\n[space]\n\"ib.size\" = [4, 8]", `x.toml:2: sampler: found no number of points, expected [budget] with points`},
		{sobol, `x.toml:2: sampler: found "sobol", expected a [space] of keys`},
		{"name = \"a\"\n[space]\n\"ib.size\" = [4, 8]", `x.toml:3: ib.size: found a space without a sampler`},
		{sobol + "[space]\n\"ib.size\" = [4]", `x.toml:6: space.ib.size: found [4], expected two choices or more`},
		{sobol + "[space]\n\"ib.size\" = [4, 4]", `x.toml:6: space.ib.size: found 4 twice`},
		{sobol + "[space]\n\"ib.sise\" = [4, 8]", `x.toml:6: ib.sise: found an unknown key, expected a field of the spec; did you mean ib.size?`},
		{sobol + "[space]\n\"ib.size\" = 4", `x.toml:6: space.ib.size: found 4, expected a range or a list of choices`},
		{sobol + "[space]\n\"ib.size\" = {from = 4, to = 999}", `x.toml:6: ib.size: found 999, expected a number from 0 to 768`},
		{sobol + "[space]\n\"ib.size\" = {from = 4, to = 8.5}", `x.toml:6: ib.size: found 8.5, expected a whole number`},
		{sobol + "[space]\n\"ib.size\" = {from = 8, to = 4}", `x.toml:6: space.ib.size: found a range from 8 to 4, expected a range that goes up`},
		{sobol + "[space]\n\"ib.size\" = {from = 4, to = 8, n = 3}", `x.toml:6: space.ib.size: found a count n, expected from, to and scale`},
		{sobol + "[space]\n\"align.tau\" = {from = 0, to = 1, scale = \"log\"}", `x.toml:6: space.align.tau: found a log range from 0 to 1, expected numbers above 0`},
		{sobol + "[space]\n\"align.tau\" = {to = 1}", `x.toml:6: space.align.tau: found an incomplete range`},
		{sobol + "[grid]\n\"ib.size\" = [1, 2]\n[space]\n\"ib.size\" = [4, 8]", `x.toml:8: ib.size: found a key that varies twice here (x.toml:6)`},
	} {
		if _, err := Parse("x.toml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngave  %v\nwant  %s", c.text, err, c.want)
		}
	}
	head := "benchmarks = [\"mini-mnre\"]\n" + sobol
	for _, c := range []struct{ text, want string }{
		{head + "runs = 3\n[base]\nmodel = \"mmib\"\n[space]\n\"ib.size\" = {from = 4, to = 8}", `test.toml:4: budget.runs: found 3, and a plan of 4 runs`},
		{head + "[base]\nmodel = \"mmib\"\n[space]\n\"ib.size\" = [4, 8, 16]", `test.toml:4: budget.points: found 4 points of a space that has 3 (test.toml:9)`},
		{head + "[base]\nmodel = \"text\"\n[space]\n\"train.batch\" = {from = 8, to = 64}\n\"ib.size\" = {from = 4, to = 8}", `test.toml:10: ib.size: found a key that no cell reads`},
		{head + "[base]\nmodel = \"mmib\"\n[derive]\n\"ib.size\" = \"train.batch\"\n[space]\n\"ib.size\" = {from = 4, to = 8}", `test.toml:11: ib.size: found an axis of a key that [derive] sets (test.toml:9)`},
	} {
		s := mustParse(t, c.text)
		if _, err := s.Plan(noInputs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngave  %v\nwant  %s", c.text, err, c.want)
		}
	}
}

// Numbers are rounded, so that a range may have fewer values than it seems.
func TestSpaceThatIsUsedUp(t *testing.T) {
	for _, sampler := range []string{"random", "sobol"} {
		text := "name = \"a\"\nbenchmarks = [\"mini-mnre\"]\nsampler = \"" + sampler + "\"\n[budget]\npoints = %d\n[base]\nmodel = \"mmib\"\n[space]\n\"align.tau\" = {from = 0.1, to = 0.1004}\n"
		if plan := mustPlan(t, fmt.Sprintf(text, 5)); len(plan.Cells) != 5 {
			t.Errorf("%s: %d cells of 5 values", sampler, len(plan.Cells))
		}
		_, err := mustParse(t, fmt.Sprintf(text, 6)).Plan(noInputs)
		if err == nil || !strings.Contains(err.Error(), "budget.points: found 6 points, of which the sampler finds 5") {
			t.Errorf("%s: %v", sampler, err)
		}
	}
}

func TestObjectiveAndDeviceReachThePlan(t *testing.T) {
	plan := mustPlan(t, "name = \"a\"\nbenchmarks = [\"mini-mnre\"]\ndevice = \"cuda\"\nobjective = {metric = \"dev.rate_image\", direction = \"minimize\"}\n[base]\nmodel = \"mmib\"\n")
	if plan.Objective != mmibx.RateImage || !plan.Minimize || plan.Device != "cuda" {
		t.Errorf("%s, minimized: %v, on %q", plan.Objective, plan.Minimize, plan.Device)
	}
	for metric, minimize := range map[string]bool{mmibx.DevF1: false, mmibx.Alignment: true, "dev.f1.PER": false} {
		if s := mustParse(t, fmt.Sprintf("name = \"a\"\nobjective = %q\n", metric)); s.Objective != metric || s.Minimize != minimize {
			t.Errorf("%s: %s, minimized: %v", metric, s.Objective, s.Minimize)
		}
	}
}

// A sampled plan holds exactly its budget of distinct points, in their ranges, for
// each arm on each benchmark with each seed; more points add to it.
func TestSampledPlansAreExact(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sampler := rapid.SampledFrom([]string{"random", "sobol"}).Draw(rt, "sampler")
		seed, points := rapid.IntRange(0, 1000).Draw(rt, "seed"), rapid.IntRange(1, 40).Draw(rt, "points")
		text := func(points int) string {
			return fmt.Sprintf(`
name = "a"
benchmarks = ["mini-mnre", "mini-twitter2015"]
seeds = 2
sampler = {name = %q, seed = %d}
[budget]
points = %d
[space]
"align.tau" = {from = 0.05, to = 1}
"ib.size" = {from = 2, to = 40, scale = "log"}
[[arm]]
name = "log"
model = "mmib"
[arm.space]
"ib.beta_image" = {from = 1e-4, to = 1, scale = "log"}
[[arm]]
name = "one size"
model = "mmib"
"ib.size" = 8
"ib.beta_image" = 0.5
`, sampler, seed, points)
		}
		plan := mustPlan(t, text(points))
		if want := 2 * 2 * 2 * points; len(plan.Cells) != want || plan.Collapsed != 0 {
			rt.Fatalf("%d runs, %d collapsed, want %d", len(plan.Cells), plan.Collapsed, want)
		}
		for _, c := range plan.Cells {
			tau, size, beta := c.Axes["align.tau"].(float64), c.Spec.IB.Size, c.Spec.IB.BetaImage
			if tau < 0.05 || tau > 1 || size < 2 || size > 40 || beta < 1e-4 || beta > 1 || (c.ArmName == "one size") != (size == 8 && beta == 0.5) && c.ArmName == "one size" {
				rt.Fatalf("%s: tau %v, size %d, beta %v", c.ArmName, tau, size, beta)
			}
		}
		more := mustPlan(t, text(points+3))
		if d := more.Diff(plan); len(d.Gone)+len(d.Changed) != 0 || len(d.Added) != 3*2*2*2 {
			rt.Fatalf("from %d points to %d: %s", points, points+3, d.Counts())
		}
		if again := mustPlan(t, text(points)); again.Hash != plan.Hash {
			rt.Fatal("the same file gives another plan")
		}
	})
}

// Each value of a dimension is reached, with about its share of the coordinates.
func TestDimensionsCoverTheirValues(t *testing.T) {
	const n = 10_000
	count := func(d Dimension) map[any]int {
		seen := map[any]int{}
		for i := range n {
			seen[d.at((float64(i)+0.5)/n)]++
		}
		return seen
	}
	for _, c := range []struct {
		d    Dimension
		want map[any]float64
	}{
		{Dimension{Values: []any{"a", "b"}}, map[any]float64{"a": 0.5, "b": 0.5}},
		{Dimension{From: 1, To: 4, Whole: true}, map[any]float64{1: 0.25, 2: 0.25, 3: 0.25, 4: 0.25}},
		{Dimension{From: 1, To: 2, Whole: true, Log: true}, map[any]float64{1: math.Log(3) / math.Log(5), 2: math.Log(5.0/3) / math.Log(5)}},
	} {
		seen := count(c.d)
		if len(seen) != len(c.want) {
			t.Errorf("%+v: values %v", c.d, seen)
		}
		for v, share := range c.want {
			if got := float64(seen[v]) / n; math.Abs(got-share) > 1e-3 {
				t.Errorf("%+v: %v has a share of %v, want %v", c.d, v, got, share)
			}
		}
	}
	d := Dimension{From: 1e-4, To: 1, Log: true}
	if low, middle, high := d.at(0), d.at(0.5), d.at(math.Nextafter(1, 0)); low != 1e-4 || middle != 0.01 || high != 1.0 {
		t.Errorf("%v, %v, %v", low, middle, high)
	}
}

// The form of a sweep file does not edit what a sampler chooses.
func TestSaysLocksASpace(t *testing.T) {
	s := mustParse(t, "name = \"a\"\nsampler = \"random\"\n[budget]\npoints = 2\n[space]\n\"align.tau\" = {from = 0.05, to = 1}\n[[arm]]\nname = \"x\"\n[arm.space]\n\"ib.size\" = [2, 4]\n")
	for key, locked := range map[string]bool{"align.tau": true, "ib.size": true, "train.batch": false} {
		if said := s.Says(key); (said.Locked != "") != locked {
			t.Errorf("%s: %+v", key, said)
		}
	}
}

// --set of a key takes it out of the space; the budget stays exact.
func TestSetTakesAKeyOutOfTheSpace(t *testing.T) {
	s := mustParse(t, "name = \"a\"\nbenchmarks = [\"mini-mnre\"]\nsampler = \"random\"\n[budget]\npoints = 5\n[base]\nmodel = \"mmib\"\n[space]\n\"align.tau\" = {from = 0.05, to = 1}\n\"ib.size\" = [2, 4]\n")
	if err := s.Override("ib.size=16"); err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan(noInputs)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Cells) != 5 || slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Spec.IB.Size != 16 || len(c.Axes) != 1 }) {
		t.Errorf("%d cells, %+v", len(plan.Cells), plan.Cells[0].Axes)
	}
}
