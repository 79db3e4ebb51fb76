package experiments

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mmibx/mmibx"
)

const twoModels = `
name = "a"
benchmarks = ["mini-mnre"]
seeds = 2
[base]
train.epochs = 4
[[arm]]
name = "text"
model = "text"
[[arm]]
name = "mmib"
model = "mmib"
`

// measuredAs is a run like the plan's first of an arm, with changes.
func measuredAs(plan *Plan, arm string, took time.Duration, change func(*Measured)) Measured {
	for _, c := range plan.Cells {
		if c.ArmName != arm {
			continue
		}
		m := Measured{Arm: c.Arm, Benchmark: c.Spec.Benchmark, Model: c.Spec.Model.Name, Encoder: c.Spec.Encoder.Name,
			Precision: c.Spec.Train.Precision, Threads: threads(1), Epochs: c.Spec.Train.Epochs, Took: took}
		if c.Spec.Model.Name != "text" {
			m.Evidence = c.Spec.Evidence.Kind
		}
		if change != nil {
			change(&m)
		}
		return m
	}
	panic("no arm " + arm)
}

// The surest basis counts, and of it the median; all but the first are per epoch.
func TestEstimateTakesTheSurestBasis(t *testing.T) {
	plan := mustPlan(t, twoModels)
	other := func(epochs int) func(*Measured) { return func(m *Measured) { m.Arm, m.Epochs = "other", epochs } }
	var known []Measured
	for _, step := range []struct {
		add  []Measured
		took time.Duration // of one run of mmib, 4 epochs
		by   Basis
	}{
		{nil, 0, NoBasis},
		{[]Measured{measuredAs(plan, "mmib", time.Hour, func(m *Measured) { m.Arm, m.Benchmark = "other", "mini-twitter2015" })}, 0, NoBasis},
		{[]Measured{measuredAs(plan, "text", 10*time.Second, other(2))}, 20 * time.Second, Rough},
		{[]Measured{measuredAs(plan, "mmib", 10*time.Second, func(m *Measured) { other(1)(m); m.Threads += 7 })}, 40 * time.Second, Similar},
		{[]Measured{measuredAs(plan, "mmib", 12*time.Second, other(1)), measuredAs(plan, "mmib", 14*time.Second, other(1)), measuredAs(plan, "mmib", 900*time.Second, other(1))}, 56 * time.Second, SameSetting},
		{[]Measured{measuredAs(plan, "mmib", 30*time.Second, nil), measuredAs(plan, "mmib", 32*time.Second, nil)}, 31 * time.Second, SameArm},
	} {
		known = append(known, step.add...)
		e := plan.Estimate(known, func(string) bool { return false }, 1)
		var got Guess
		for _, c := range plan.Cells {
			if c.ArmName == "mmib" {
				got = e.Arms[c.Arm]
			}
		}
		if got != (Guess{step.took, step.by}) {
			t.Errorf("%v, want %v by %s", got, step.took, step.by)
		}
		if n := e.Runs[step.by]; n < 2 || e.Left != 4 {
			t.Errorf("%s: %d runs of %d: %v", step.by, n, e.Left, e.Runs)
		}
	}
}

// With n at once the wall time lies between an n-th of the work and that plus one
// run, and what is done takes no time.
func TestEstimateOfSeveralAtOnce(t *testing.T) {
	plan := mustPlan(t, "name = \"a\"\nbenchmarks = [\"mini-mnre\"]\nseeds = 6\n[grid]\nmodel = [\"text\", \"mmib\", \"concat\"]\n")
	rapid.Check(t, func(rt *rapid.T) {
		jobs := rapid.IntRange(1, 8).Draw(rt, "jobs")
		longest := time.Duration(0)
		var known []Measured
		for _, arm := range []string{"text", "mmib", "concat"} {
			took := time.Duration(rapid.IntRange(1, 1000).Draw(rt, arm)) * time.Second
			longest = max(longest, took)
			known = append(known, measuredAs(plan, arm, took, func(m *Measured) { m.Threads = threads(jobs) }))
		}
		done := map[string]bool{}
		for _, run := range plan.IDs() {
			done[run] = rapid.Bool().Draw(rt, run)
		}
		e := plan.Estimate(known, func(run string) bool { return done[run] }, jobs)
		work, left := time.Duration(0), 0
		for _, c := range plan.Cells {
			if !done[c.Run] {
				left++
				work += e.Arms[c.Arm].Took
			}
		}
		if e.Work != work || e.Left != left || e.Runs[SameArm] != left {
			rt.Fatalf("%+v, want %v for %d runs", e, work, left)
		}
		if e.Wall < work/time.Duration(jobs) || e.Wall > work/time.Duration(jobs)+longest {
			rt.Fatalf("%v with %d at once for %v of work, the longest %v", e.Wall, jobs, work, longest)
		}
	})
}

// Runs that a sampler has not chosen yet take time like its first point.
func TestEstimateOfAnAdaptiveSweep(t *testing.T) {
	plan := mustPlan(t, adaptiveText(14, ""))
	known := []Measured{measuredAs(plan, "both", 14*time.Second, func(m *Measured) { m.Arm = "other" })}
	e := plan.Estimate(known, func(string) bool { return false }, 1)
	if want := 2 * 2 * 14; e.Left != want || e.Runs[SameSetting] != want || e.Work != time.Duration(want)*14*time.Second || plan.Open() != 2*2*4 {
		t.Errorf("%+v of %d runs, %d of them open", e, want, plan.Open())
	}
}

func TestDiffTellsChangedFromAdded(t *testing.T) {
	old := mustPlan(t, twoModels+"[arm.grid]\n\"ib.size\" = [4, 8]\n")
	for _, c := range []struct {
		name, text          string
		added, gone, change int
		why                 string
	}{
		{"the same", twoModels + "[arm.grid]\n\"ib.size\" = [4, 8]\n", 0, 0, 0, ""},
		{"another value, and one less", twoModels + "[arm.grid]\n\"ib.size\" = [4, 16]\n", 2, 2, 0, ""},
		{"a setting of one arm", twoModels + "train.lr = 0.002\n[arm.grid]\n\"ib.size\" = [4, 8]\n", 0, 0, 4, "train.lr 0.005 -> 0.002"},
		{"an arm gone", twoModels[:len(twoModels)-len("[[arm]]\nname = \"mmib\"\nmodel = \"mmib\"\n")], 0, 4, 0, ""},
	} {
		d := mustPlan(t, c.text).Diff(old)
		if len(d.Added) != c.added || len(d.Gone) != c.gone || len(d.Changed) != c.change {
			t.Errorf("%s: %s", c.name, d.Counts())
		}
		for _, change := range d.Changed {
			if change.Why() != c.why || change.Was.Axes["ib.size"] != change.Is.Axes["ib.size"] {
				t.Errorf("%s: %s at %v, was %v", c.name, change.Why(), change.Is.Axes, change.Was.Axes)
			}
		}
	}
}

// Other data at the same spec is a change that no key says, and a plan that was
// read from the store compares as the one that was saved.
func TestDiffOfPlansFromTheStore(t *testing.T) {
	store := mmibx.Store(t.TempDir())
	s := mustParse(t, twoModels+"[arm.grid]\n\"ib.size\" = [4, 8]\n\"ib.beta\" = [1e-5, 1]\n")
	planned := func(digest string) *Plan {
		plan, err := s.Plan(func(mmibx.Spec) (mmibx.Inputs, error) {
			return mmibx.Inputs{Data: map[string]string{"train.txt": digest}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	if err := planned("aa").Save(store); err != nil {
		t.Fatal(err)
	}
	old, err := ReadPlan(store, "a")
	if err != nil {
		t.Fatal(err)
	}
	if d := planned("aa").Diff(old); !reflect.DeepEqual(d, Difference{}) {
		t.Errorf("the same plan differs: %s", d.Counts())
	}
	d := planned("bb").Diff(old)
	if len(d.Changed) != len(old.Cells) || len(d.Added)+len(d.Gone) != 0 {
		t.Fatalf("other data: %s", d.Counts())
	}
	if why := d.Changed[0].Why(); why != "other data or weights" {
		t.Errorf("other data: %s", why)
	}
}

// No run is forgotten or told twice, whatever two plans are.
func TestDiffAccountsForEveryRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) *Plan {
			sizes := rapid.SliceOfNDistinct(rapid.SampledFrom([]int{2, 4, 8}), 1, 3, rapid.ID[int]).Draw(rt, name+" sizes")
			text := fmt.Sprintf("name = \"a\"\nbenchmarks = [\"mini-mnre\"]\nseeds = %d\n[base]\nmodel = \"mmib\"\ntrain.epochs = %d\n[grid]\n\"ib.size\" = [%d", rapid.IntRange(1, 3).Draw(rt, name+" seeds"), rapid.IntRange(1, 2).Draw(rt, name+" epochs"), sizes[0])
			for _, size := range sizes[1:] {
				text += fmt.Sprintf(", %d", size)
			}
			return mustPlan(t, text+"]\n")
		}
		old, now := draw("old"), draw("new")
		d := now.Diff(old)
		kept := map[string]bool{}
		for _, run := range old.IDs() {
			kept[run] = true
		}
		both := 0
		for _, run := range now.IDs() {
			if kept[run] {
				both++
			}
		}
		if both+len(d.Added)+len(d.Changed) != len(now.Cells) || both+len(d.Gone)+len(d.Changed) != len(old.Cells) {
			rt.Fatalf("%d kept, %s, of %d old and %d new", both, d.Counts(), len(old.Cells), len(now.Cells))
		}
	})
}
