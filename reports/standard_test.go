package reports

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// bench is a store of made-up runs for the tables that ship.
type bench struct {
	*testing.T
	runs     []Run
	values   Values
	versions map[string]Version
}

// add makes the seeds of an arm on every benchmark that its model has; the states are
// those of seeds 0, 1 and so on, the last of them for all that follow.
func (b *bench) add(arm string, seeds int, f1 float64, settings map[string]any, states ...mmibx.State) {
	for i, name := range []string{"twitter2015", "twitter2017", "mnre"} {
		for seed := range seeds {
			all := map[string]any{"benchmark": name, "seed": seed}
			maps.Copy(all, settings)
			spec, err := mmibx.Resolve(all)
			if err != nil {
				continue // a model of the other task
			}
			r := Run{ID: fmt.Sprintf("%012x", 1+len(b.runs)), Arm: spec.Arm(mmibx.Inputs{}), Names: []string{arm}, Spec: spec, State: states[min(seed, len(states)-1)]}
			v := f1 - 2*float64(i) + 0.3*float64(seed%3)
			b.versions[r.ID] = Version{Attempt: 1, PyTorch: "2.11.0", Data: "data-of-" + name}
			b.values[r.ID] = map[string]float64{"f1": v, "hours": 0.5, "minutes": 30, "steps_per_second": 400 / f1}
			for k, kind := range []string{"LOC", "MISC", "ORG", "PER"} {
				if name != "mnre" {
					b.values[r.ID]["f1."+kind] = v + 4*float64(k) - 6
				}
			}
			b.runs = append(b.runs, r)
		}
	}
}

// standardBench has runs of every arm that the tables name, and all that can be wrong
// with one.
func standardBench(t *testing.T) *bench {
	b := &bench{T: t, values: Values{}, versions: map[string]Version{}}
	done := mmibx.Done
	b.add("text", 5, 74, map[string]any{"model": "text"}, done)
	b.add("concat", 5, 78, map[string]any{"model": "concat"}, done, done, mmibx.Diverged, done)
	b.add("umt", 5, 79.2, map[string]any{"model": "umt"}, done, done, mmibx.Queued)
	b.add("hvpnet", 1, 79, map[string]any{"model": "hvpnet"}, done)
	b.add("mmib", 5, 79.4, map[string]any{"model": "mmib"}, done)
	b.add("official", 5, 75, map[string]any{"model": "mmib", "preset": "official"}, done)
	b.add("estimator", 5, 77, map[string]any{"model": "mmib", "align.estimator": "bce-concat"}, mmibx.Failed)
	b.add("size", 5, 70, map[string]any{"model": "mmib", "ib.size": 2}, done, done, mmibx.Pruned)
	b.add("shuffled", 5, 73, map[string]any{"model": "concat", "evidence.pictures": "shuffled"}, done)
	for i, arm := range []string{"refinement of text", "refinement of pictures", "refinement", "alignment", "both"} {
		b.add("without "+arm, 5, 76+float64(i)/4, map[string]any{"model": "mmib", "train.warmup": 0.11 + 0.01*float64(i)}, done)
	}
	b.add("mean instead of sample", 5, 78, map[string]any{"model": "mmib", "train.warmup": 0.2}, done)
	b.add("concatenation instead of fusion", 5, 78, map[string]any{"model": "mmib", "train.warmup": 0.3}, done)
	last := b.runs[len(b.runs)-1].ID
	b.versions[last] = Version{Attempt: 2, PyTorch: "2.9.1", Data: "another"}
	b.values[b.runs[0].ID]["f1"] = math.NaN()
	for seed := range 5 {
		r := Run{ID: fmt.Sprintf("fffffffffff%d", seed), Arm: "theirs", System: "Theirs", State: done, Spec: mmibx.Spec{Benchmark: "mnre", Seed: seed, Model: mmibx.ModelSpec{Name: "Theirs"}}}
		b.runs, b.values[r.ID] = append(b.runs, r), map[string]float64{"f1": 76.2 + 0.1*float64(seed)}
	}
	return b
}

// compare tells cells apart that differ by more than a point; where one has a single
// seed nothing could be.
func (b *bench) compare(x, y *Cell) (*stats.Comparison, error) {
	seeds := []int{}
	for _, s := range x.Seeds {
		if slices.Contains(y.Seeds, s) {
			seeds = append(seeds, s)
		}
	}
	if len(seeds) == 0 {
		return nil, ErrNoCommonSeed
	}
	d := x.summary().Mean - y.summary().Mean
	c := &stats.Comparison{Seeds: seeds, Power: 0.9, Target: stats.DefaultTarget, Difference: stats.Estimate{Value: d, Low: d - 0.9, High: d + 0.9}, Randomisation: stats.Test{P: 0.3}}
	if math.Abs(d) > 1 {
		c.Randomisation.P = 0.0001
	}
	if len(seeds) < 3 {
		c.Power = 0.2
	}
	return c, nil
}

func standard(t *testing.T, name string) *Table {
	t.Helper()
	text, err := StandardTable(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ParseDeclaration(name+".toml", text)
	if err != nil {
		t.Fatal(err)
	}
	b := standardBench(t)
	if name == "main" {
		d.Groups[0].Rows = append(d.Groups[0].Rows, RowDeclaration{System: "Theirs"})
	}
	table := laid(t, d, b.runs, b.values)
	table.Versions = b.versions
	if d.Baseline != "" {
		if err := table.Test(d.Baseline, b.compare); err != nil {
			t.Fatal(err)
		}
	}
	return table
}

// The tables that ship, of made-up runs with all that can be wrong with them, as LaTeX
// and as text, to be read.
func TestGoldenStandardTables(t *testing.T) {
	for _, name := range StandardTables() {
		for _, format := range []string{"tex", "txt"} {
			sameAsGolden(t, "standard-"+name+"."+format, write(t, standard(t, name), format))
		}
	}
}

// A table in which everything is wrong at once says so, each by its own sentence.
func TestCaptionSaysAllOfIt(t *testing.T) {
	got := standard(t, "main").caption("Bold", "underlined")
	for _, want := range []string{
		"† Some runs failed or diverged and are left out of the mean.", "‡ Fewer seeds are finished than were planned.", "§ The checkpoint was chosen on test, as in the released code.",
		"¶ Predictions of another program, scored here.", "∗ Does not follow from the precision and recall published with it.", "– No score.",
		"↑, ↓: better, worse than Text only by the same test.", "° Too little data to tell it from the best: no evidence that it is as good.",
		"A score of one seed has no deviation.", "Fewer than 5 seeds: intervals over seeds are rough.", "Runs on mnre read different versions of its files: another (1 run), data-of-mnre (",
		"Runs were made with different versions of PyTorch: 2.11.0 (", "2.9.1 (1 run).", "Published scores are of test, as they were printed.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the caption lacks %q:\n%s", want, got)
		}
	}
}

func TestStandardTablesCompile(t *testing.T) {
	for _, name := range StandardTables() {
		t.Run(name, func(t *testing.T) {
			table := standard(t, name)
			if warning := table.Overflow(); warning != "" {
				t.Log(warning)
			}
			if log := compile(t, "standard-"+name, venuePages["acl"], write(t, table, "tex")); strings.Contains(log, "Overfull") && table.Overflow() == "" {
				t.Errorf("it does not fit, and nothing warns:\n%s", log)
			}
		})
	}
}
