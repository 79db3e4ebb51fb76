package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx/reports/stats"
)

// marks are the signs behind a number. The same ones stand in every format.
const (
	markFailed = "†" // runs failed or diverged
	markFewer  = "‡" // seeds that were planned are not finished
	markOnTest = "§" // the checkpoint was chosen on test
	markOthers = "¶" // another program's predictions, scored here
	markSlip   = "∗" // a published F1 that its precision and recall contradict
	markHeard  = "?" // published somewhere that nobody here has seen
	markUnsure = "°" // bold for want of data
	markAbove  = "↑" // better than the baseline
	markBelow  = "↓" // worse than the baseline
	dash       = "–" // no score
)

// remarks collects what the cells of a table have to be explained for.
type remarks struct {
	spread, otherN, single, errors            bool
	failed, fewer, onTest, others, gaps, rank bool
	slip, hearsay, untested                   bool
	tested, unsure, arrows                    bool
	weak                                      int // rows that were compared with the baseline, with too little data
	against                                   int // rows that were
	short                                     bool
	usual                                     int
}

func (t *Table) remarks() remarks {
	r := remarks{usual: t.usualN(), rank: len(t.standings()) > 0}
	for _, row := range t.rows() {
		for j := range row.Cells {
			c := &row.Cells[j]
			s := c.summary()
			own := len(c.Runs) > 0
			r.spread = r.spread || own && s.HasSpread()
			r.otherN = r.otherN || own && s.N != r.usual && s.N > 0
			r.single = r.single || own && s.N == 1
			r.errors = r.errors || !own && c.Error > 0
			marks := c.marks()
			r.failed = r.failed || strings.Contains(marks, markFailed)
			r.fewer = r.fewer || strings.Contains(marks, markFewer)
			r.onTest = r.onTest || strings.Contains(marks, markOnTest)
			r.others = r.others || c.Imported
			r.slip, r.hearsay = r.slip || c.Slip, r.hearsay || c.Hearsay
			r.untested = r.untested || t.Columns[j].Untested && c.summary().HasMean()
			r.gaps = r.gaps || c.missing()
			r.tested = r.tested || c.VsBest != nil
			r.unsure = r.unsure || c.unsure()
			r.arrows = r.arrows || c.arrow() != ""
			for _, tested := range []*Tested{c.VsBest, c.VsBaseline} {
				r.short = r.short || tested != nil && len(tested.Seeds) < stats.FewSeeds
			}
			if c.VsBaseline != nil {
				r.against++
				if c.VsBaseline.weak() {
					r.weak++
				}
			}
		}
	}
	return r
}

// marks lists the signs that a cell carries.
func (c *Cell) marks() string {
	if c.Text != "" {
		return "" // a total counts every run
	}
	var m string
	if c.failures() > 0 {
		m += markFailed
	}
	if c.summary().N+c.failures()+c.Unscored < c.Planned {
		m += markFewer
	}
	if c.OnTest {
		m += markOnTest
	}
	if c.Imported {
		m += markOthers
	}
	if c.Slip {
		m += markSlip
	}
	if c.Hearsay {
		m += markHeard
	}
	if c.unsure() {
		m += markUnsure
	}
	m += c.arrow()
	return m
}

// caption is the table's caption with an explanation of all that occurs in it,
// and of nothing else. bold and underlined say how a format shows the best and
// the second.
func (t *Table) caption(bold, underlined string) string {
	r := t.remarks()
	parts := []string{}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if t.Caption != "" {
		add("%s", strings.TrimSuffix(t.Caption, ".")+".")
	}
	switch {
	case r.spread && r.otherN:
		add("Mean ± sample standard deviation over n = %d seeds; n stands beside a score where it differs.", r.usual)
	case r.spread:
		add("Mean ± sample standard deviation over n = %d seeds.", r.usual)
	case r.otherN:
		add("Means over n = %d seeds; n stands beside a score where it differs.", r.usual)
	case r.usual > 0:
		add("Each score is of one seed, and has no deviation.")
	}
	if r.single && r.usual > 1 {
		add("A score of one seed has no deviation.")
	}
	if r.errors {
		add("Scores without runs are ± one standard error.")
	}
	switch {
	case r.tested && r.rank:
		add("%s: the best mean of the column and all that are not told apart from it; %s: the second best.", bold, underlined)
		corrected := "Holm-corrected within the column"
		if t.Correction == NoCorrection {
			corrected = "not corrected for the number of comparisons"
		}
		add("Told apart means p ≤ %g by approximate randomisation on predictions (%s) and a hierarchical bootstrap interval that excludes zero.", stats.DefaultTarget.Alpha, corrected)
		if r.untested {
			add("Only micro F1 is tested; in other columns %s marks the best mean.", strings.ToLower(bold))
		}
	case r.rank:
		add("%s: the best mean of the column; %s: the second best.", bold, underlined)
	}
	if r.unsure {
		add("%s Too little data to tell it from the best: no evidence that it is as good.", markUnsure)
	}
	switch {
	case t.Baseline == "":
	case r.against == 0:
		add("Nothing was compared with %s.", t.Baseline)
	case r.arrows:
		add("%s, %s: better, worse than %s by the same test.", markAbove, markBelow, t.Baseline)
	case r.weak < r.against:
		add("No other score is told apart from that of %s.", t.Baseline)
	}
	if r.weak > 0 {
		add("%d of %s with %s had too little data: they would find a difference of %g F1 less than half of the time.", r.weak, counted(r.against, "comparison"), t.Baseline, stats.DefaultTarget.Difference)
	}
	if r.short {
		add("Fewer than %d seeds: intervals over seeds are rough.", stats.FewSeeds)
	}
	if r.failed {
		add("%s Some runs failed or diverged and are left out of the mean.", markFailed)
	}
	if r.fewer {
		add("%s Fewer seeds are finished than were planned.", markFewer)
	}
	if r.onTest {
		add("%s The checkpoint was chosen on test, as in the released code.", markOnTest)
	}
	if r.others {
		add("%s Predictions of another program, scored here.", markOthers)
	}
	if r.slip {
		add("%s Does not follow from the precision and recall published with it.", markSlip)
	}
	if r.hearsay {
		add("%s Reported at second hand: nobody here has seen the source.", markHeard)
	}
	if r.gaps {
		add("%s No score.", dash)
	}
	for _, n := range slices.Concat(t.Notes, t.mixed()) {
		add("%s", strings.TrimSuffix(n, ".")+".")
	}
	return strings.Join(parts, " ")
}

// parts are the printed pieces of a cell, before a format dresses them.
type parts struct {
	mean, spread string // "" where there is none
	number       bool   // and no dash or total
	n            int    // where it is not the table's usual number, else 0
	marks        string
}

func (t *Table) parts(c *Cell, column, usual int) parts {
	s, digits := c.summary(), t.digits(column)
	p := parts{mean: dash, marks: c.marks()}
	if c.Text != "" {
		p.mean = c.Text
	}
	if !s.HasMean() {
		return p
	}
	p.mean, p.number = number(s.Mean, digits), true
	switch own := len(c.Runs) > 0; {
	case own && s.HasSpread():
		p.spread = number(s.SD, digits)
	case !own && c.Error > 0:
		p.spread = number(c.Error, digits)
	}
	if len(c.Runs) > 0 && s.N != usual {
		p.n = s.N
	}
	return p
}

// raised are the signs behind a number, with how many seeds it is of where that has to
// be said.
func (p *parts) raised() string {
	if p.n > 0 {
		return fmt.Sprintf("n=%d", p.n) + p.marks
	}
	return p.marks
}
