package tui

import (
	"context"
	"math"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports"
	"github.com/mmibx/mmibx/reports/stats"
)

// Against implements Judge: concat is the baseline, and one arm cannot be compared.
func (f *fake) Against(_ context.Context, _, benchmark, baseline string) (Marks, error) {
	m := Marks{Of: map[string]Mark{}}
	var base Arm
	for _, a := range f.board.Arms {
		if a.Benchmark == benchmark && (baseline == "" && a.Label == "concat" || a.ID == baseline) {
			base = a
		}
	}
	m.Baseline, m.Label = base.ID, base.Label
	for i, a := range f.board.Arms {
		d := a.Mean - base.Mean
		mark := Mark{Difference: d, Verdict: stats.NotApart}
		switch {
		case a.Benchmark != benchmark || a.N == 0 || a.ID == base.ID:
			continue
		case i%7 == 3:
			mark = Mark{Difference: math.NaN(), Why: "run 0a1b2c: predictions.dev: not found"}
		case math.Abs(d) > 0.4:
			mark.Verdict = map[bool]stats.Verdict{true: stats.Better, false: stats.Worse}[d > 0]
		case math.Abs(d) > 0.2:
			mark.Verdict = stats.CouldNotSay
		}
		m.Of[a.ID] = mark
	}
	return m, f.err
}

// Compare implements Judge: what is compared is better by a little more than a
// point, with p = 0.03.
func (f *fake) Compare(_ context.Context, runs, with []string) ([]Versus, error) {
	f.judged = append(f.judged, runs[0]+" with "+with[0])
	return []Versus{{Benchmark: "twitter2017", Comparison: &stats.Comparison{
		Seeds: []int{0, 1, 2, 3, 4}, Units: 723, Difference: stats.Estimate{Value: 1.12, Low: 0.31, High: 1.93, Level: 0.95},
		Randomisation: stats.Test{P: 0.03}, Power: 0.71, Target: stats.DefaultTarget,
		Warnings: []stats.Warning{"the scores of equal seeds hardly go together: the t test is Welch's, not paired"},
	}}}, f.err
}

// Disagree implements Judge.
func (f *fake) Disagree(_ context.Context, systems [][]string, _ int) ([]Disagreement, error) {
	tweets := []mmibx.Example{
		{ID: "dev:17", Tokens: []string{"Kevin", "Durant", "enters", "Oracle", "Arena", "文字", "\x1b[2J"}},
		{ID: "dev:4", Tokens: []string{"RT", "@user", ":", "in", "Oakland", "tonight"}},
	}
	var list []Disagreement
	for i := range tweets {
		d := reports.Disagreement{Example: &tweets[i], Gold: []string{"PER Kevin Durant", "LOC Oracle Arena"}}
		for s := range systems {
			d.Sides = append(d.Sides, reports.SideAnswer{Runs: 5, Right: 5 - 2*s, Found: []reports.Finding{
				{What: "PER Kevin Durant", Runs: 5, Right: true}, {What: []string{"LOC Oracle Arena", "ORG Oracle Arena"}[min(s, 1)], Runs: 5 - s, Right: s == 0},
			}})
		}
		list = append(list, Disagreement{"twitter2017", d})
	}
	return list, f.err
}

// fakeMarks are arms of five finished runs of the fake board each.
func fakeMarks(f *fake, n int) []mark {
	var marks []mark
	for i := range n {
		marks = append(marks, markOfArm(f.board.Arms[i]))
	}
	return marks
}
