package reports

import (
	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// CompareRecord is a comparison for programs; what there is none of is null.
type CompareRecord struct {
	Benchmark string          `json:"benchmark"`
	Split     mmibx.Split     `json:"split"`
	Unit      string          `json:"unit"` // sentences or pictures
	Units     int             `json:"units"`
	Seeds     []int           `json:"seeds"`
	A         SideRecord      `json:"a"`
	B         SideRecord      `json:"b"`
	Delta     *EstimateRecord `json:"difference"` // A less B, in points
	Tests     []TestRecord    `json:"tests"`      // the first is the default one
	Order     *float64        `json:"aso_epsilon_min"`
	Cliff     *EstimateRecord `json:"cliffs_delta"`
	Cohen     *EstimateRecord `json:"cohens_d"`
	Corr      *float64        `json:"correlation"`
	Power     PowerRecord     `json:"power"`
	Verdict   stats.Verdict   `json:"verdict"` // of A
	Refused   []string        `json:"left_out"`
	Warnings  []stats.Warning `json:"warnings"`
}

// SideRecord is one of the two systems.
type SideRecord struct {
	Title  string    `json:"title"`
	Runs   []string  `json:"runs"` // by seed, as Scores
	Scores []float64 `json:"scores"`
	Mean   *float64  `json:"mean"`
	SD     *float64  `json:"sd"`
}

// EstimateRecord is a number with its interval.
type EstimateRecord struct {
	Value  *float64 `json:"value"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	Level  float64  `json:"level"`
	N      int      `json:"n"`
	Method string   `json:"method"`
}

// TestRecord is the outcome of a test.
type TestRecord struct {
	Method    string  `json:"method"`
	Statistic float64 `json:"statistic"`
	DF        float64 `json:"df,omitempty"`
	P         float64 `json:"p"`
	N         int     `json:"n"`
	Draws     int     `json:"draws,omitempty"`
}

// PowerRecord is what these runs could have shown and what it would take.
type PowerRecord struct {
	Difference float64 `json:"difference"` // in points
	Power      float64 `json:"power"`      // with these seeds and units
	Wanted     float64 `json:"wanted"`
	Seeds      *int    `json:"seeds_needed"` // null: no number is enough
	Units      *int    `json:"units_needed"`
}

// Record is the comparison as JSON has it.
func (c *Compared) Record() CompareRecord {
	r := CompareRecord{
		Benchmark: c.Benchmark.Name, Split: c.Split, Unit: c.unit(), Units: c.Units, Seeds: c.Seeds,
		A: c.side(c.A, c.ScoresA, c.Comparison.A), B: c.side(c.B, c.ScoresB, c.Comparison.B),
		Delta: recordOf(&c.Difference), Cliff: recordOf(c.Cliff), Cohen: recordOf(c.D), Corr: finite(c.Correlation),
		Power:   PowerRecord{Difference: c.Target.Difference, Power: c.Power, Wanted: c.Target.Power, Seeds: some(c.SeedsNeeded), Units: some(c.UnitsNeeded)},
		Verdict: c.Verdict, Refused: append([]string{}, c.Refused...), Warnings: append([]stats.Warning{}, c.Warnings...),
	}
	for _, t := range []*stats.Test{&c.Randomisation, c.Crossed, c.T, c.Wilcoxon, c.Permutation} {
		if t != nil {
			r.Tests = append(r.Tests, TestRecord{t.Method, t.Statistic, t.DF, t.P, t.N, t.Draws})
		}
	}
	if c.Order != nil {
		r.Order = finite(c.Order.EpsilonMin)
	}
	return r
}

func (c *Compared) side(s Side, scores []float64, sum stats.Summary) SideRecord {
	r := SideRecord{Title: s.Title, Scores: scores, Mean: finite(sum.Mean), SD: finite(sum.SD)}
	for _, seed := range c.Seeds {
		r.Runs = append(r.Runs, s.Seeds[seed].Run)
	}
	return r
}

func recordOf(e *stats.Estimate) *EstimateRecord {
	if e == nil {
		return nil
	}
	return &EstimateRecord{finite(e.Value), finite(e.Low), finite(e.High), e.Level, e.N, e.Method}
}

// some is nil for none.
func some(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
