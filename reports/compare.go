package reports

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// Compared is the comparison of two systems on a split of a benchmark, which
// Compare makes.
type Compared struct {
	Benchmark mmibx.Benchmark
	Split     mmibx.Split
	A, B      Side
	*stats.Comparison
}

// Compare makes the default comparison of its two sides.
func (c *Compared) Compare(o stats.Options) error {
	pairs, warnings, err := Pair(c.A, c.B)
	if err != nil {
		return err
	}
	if c.Comparison, err = pairs.Compare(o); err != nil {
		return err
	}
	c.Warnings = append(warnings, c.Warnings...)
	return nil
}

// unit names what is swapped and drawn.
func (c *Compared) unit() string {
	if c.Benchmark.Task == mmibx.MRE {
		return "pictures"
	}
	return "sentences"
}

// Text writes the comparison for people.
func (c *Compared) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: micro F1 (%%) of %s on %d %s\n\n", c.Benchmark.Title, c.Split, counted(len(c.Seeds), "seed"), c.Units, c.unit())
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")) }
	line("A", printable(c.A.Title), meanText(c.Comparison.A), seedsText(c.ScoresA))
	line("B", printable(c.B.Title), meanText(c.Comparison.B), seedsText(c.ScoresB))
	line("A - B", "", estimateText(c.Difference), c.Difference.Method)
	if err := t.Flush(); err != nil {
		return err
	}
	b.WriteByte('\n')
	for _, test := range []*stats.Test{&c.Randomisation, c.Crossed, c.T, c.Wilcoxon, c.Permutation} {
		if test != nil {
			line(testText(*test)...)
		}
	}
	if c.Order != nil {
		line("Almost Stochastic Order", fmt.Sprintf("ε min = %.3f", c.Order.EpsilonMin), "below 0.5: A is almost stochastically above B")
	}
	if c.Cliff != nil {
		line("Cliff's delta", estimateText(*c.Cliff))
	}
	if c.D != nil {
		line("Cohen's d", estimateText(*c.D))
	}
	if !math.IsNaN(c.Correlation) {
		line("correlation over seeds", fmt.Sprintf("%.2f", c.Correlation))
	}
	line(c.powerText()...)
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(&b, "\n%s\n", c.verdictText())
	for _, note := range c.Refused {
		fmt.Fprintf(&b, "left out: %s\n", note)
	}
	for _, warning := range c.Warnings {
		fmt.Fprintf(&b, "note: %s\n", warning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Compared) verdictText() string {
	switch c.Verdict {
	case stats.Better:
		return "A is better than B."
	case stats.Worse:
		return "B is better than A."
	case stats.OneSeed:
		return "One seed each: no verdict on the systems; p and the interval are about these two runs."
	case stats.CouldNotSay:
		return "A and B are not told apart, and these runs could hardly have told them apart: this is no evidence that they are equal."
	}
	return "A and B are not told apart."
}

// powerText says what the runs could have found, and what it would take; one
// seed says nothing of how seeds vary, so nothing is planned by it.
func (c *Compared) powerText() []string {
	if len(c.Seeds) == 1 {
		return []string{"power", "unknown", "one seed does not say how much seeds vary"}
	}
	needed := func(n int, what string) string {
		if n == 0 {
			return "no number of " + what + " within reach"
		}
		return fmt.Sprintf("%d %s", n, what)
	}
	return []string{
		fmt.Sprintf("power at %g F1", c.Target.Difference), fmt.Sprintf("%.2f", c.Power),
		fmt.Sprintf("for %g: %s with these %s, or %s with these seeds", c.Target.Power, needed(c.SeedsNeeded, "seeds"), c.unit(), needed(c.UnitsNeeded, c.unit())),
	}
}

func meanText(s stats.Summary) string {
	if !s.HasSpread() {
		return fmt.Sprintf("%.2f", s.Mean)
	}
	return fmt.Sprintf("%.2f ± %.2f", s.Mean, s.SD)
}

func seedsText(scores []float64) string { return strings.Join(each(scores, twoDigits), " ") }

func twoDigits(v float64) string { return fmt.Sprintf("%.2f", v) }

func estimateText(e stats.Estimate) string {
	if !e.HasInterval() {
		return fmt.Sprintf("%+.2f", e.Value)
	}
	return fmt.Sprintf("%+.2f [%+.2f, %+.2f]", e.Value, e.Low, e.High)
}

func testText(t stats.Test) []string {
	p := fmt.Sprintf("p = %.4f", t.P)
	if t.P < 0.0001 {
		p = "p < 0.0001"
	}
	switch {
	case t.Draws > 0:
		return []string{t.Method, p, fmt.Sprintf("%d draws", t.Draws)}
	case t.DF > 0:
		return []string{t.Method, p, fmt.Sprintf("t = %.2f, df = %.1f", t.Statistic, t.DF)}
	}
	return []string{t.Method, p}
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
