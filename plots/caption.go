package plots

import (
	"fmt"
	"strings"

	"github.com/mmibx/mmibx/reports/stats"
)

// Caption explains in plain sentences what the figure draws: what a line, a
// band, a dot and each mark mean, how many seeds stand behind them, and what
// was left out.
func (f *Figure) Caption() string {
	c := f.census()
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }

	mean := "Lines are means"
	if f.Look == Path {
		mean = "Markers are means"
	}
	if f.Look == Sensitivity {
		mean = "Lines and markers are means"
	}
	switch {
	case f.Says != "":
		add("%s.", f.Says)
	case c.maxN == 0:
		add("No finite value was found.")
	case c.maxN == 1:
		add("Lines are single runs (one seed, no spread).")
	case c.minN == c.maxN:
		add("%s over %d seeds; %s.", mean, c.maxN, f.spreadText())
	default:
		add("%s over %d to %d seeds; %s, where there are two seeds or more.", mean, c.minN, c.maxN, f.spreadText())
	}
	if f.Look != Training && c.maxN > 1 && f.Says == "" {
		add("Small dots are single seeds.")
	}
	if text := f.cutText(); text != "" {
		add("%s", text)
	}
	if f.reachesZero() {
		add("A bar that reaches 0 ends at the left edge of the logarithmic axis.")
	}
	if f.bareLevels() {
		add("Levels of methods that do not read the setting have no bands.")
	}
	if c.zero {
		add("%s = 0 stands apart, left of the axis break.", f.X.Label)
	}
	if len(c.labels) > 0 {
		add("Right of the axis: %s.", strings.Join(c.labels, ", "))
	}
	if c.best {
		add("A ring marks the setting with the best mean on dev.")
	}
	if len(c.ceilings) > 0 {
		add("Grey dashed lines: %s.", strings.Join(c.ceilings, "; "))
	}
	if c.dropped > 0 {
		add("%d of %s missing or not finite and left out%s.", c.dropped, counted(c.values, "value is", "values are"), crossText(c.crosses))
	}
	if f.Note != "" {
		add("%s", strings.TrimSuffix(f.Note, ".")+".")
	}
	return strings.Join(parts, " ")
}

func crossText(crosses int) string {
	if crosses == 0 {
		return ""
	}
	return "; a cross at the bottom marks a place where none is"
}

func (f *Figure) spreadText() string {
	what := "bands and bars are"
	switch f.Look {
	case Training:
		what = "bands are"
	case Path:
		what = "bars both ways are"
	}
	if f.Spread == Interval95 {
		return what + " Student's 95 % intervals of the mean"
	}
	return what + " one sample standard deviation to both sides"
}

// cutText says at which ends of their scales bands and bars are cut.
func (f *Figure) cutText() string {
	if f.Says != "" {
		return ""
	}
	var c cut
	take := func(values []float64, limits Limits) {
		if lo, _, hi, ok := spread(f.Spread, values, Limits{}); ok {
			c.add(limits, lo, hi)
		}
	}
	for _, row := range f.Rows {
		for _, panel := range row.Panels {
			for _, s := range panel.Series {
				for _, pt := range s.Points {
					take(pt.Values, row.Limits)
					if !f.X.Log { // there 0 is beyond the axis, as reachesZero says
						take(pt.Xs, f.X.Limits)
					}
				}
			}
			for _, l := range panel.Lines {
				if !f.bareLevels() {
					take(l.Values, row.Limits)
				}
			}
		}
	}
	return c.text(map[Look]string{Sensitivity: "Bands and bars", Training: "Bands", Path: "Bars"}[f.Look])
}

// reachesZero says that a bar goes beyond what a logarithmic axis has.
func (f *Figure) reachesZero() bool {
	if f.Look != Path || !f.X.Log {
		return false
	}
	for _, pt := range f.points() {
		if lo, _, _, ok := spread(f.Spread, pt.Xs, f.X.Limits); ok && lo <= 0 {
			return true
		}
	}
	return false
}

// counted is a number with what it counts, one or several.
func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// census counts what a caption must mention.
type census struct {
	minN, maxN      int // finite values per point, of points that have any
	values, dropped int
	crosses         int
	zero, best      bool
	labels          []string // of points that stand apart, in order of appearance
	ceilings        []string
}

func (f *Figure) census() census {
	var c census
	seen := map[string]bool{}
	once := func(list *[]string, name string) {
		if !seen[name] {
			seen[name] = true
			*list = append(*list, name)
		}
	}
	for _, p := range f.points() {
		s := stats.NewSample(p.Values...)
		c.values += len(p.Values)
		c.dropped += s.Dropped
		if n := len(s.Values); n > 0 {
			if c.maxN == 0 || n < c.minN {
				c.minN = n
			}
			c.maxN = max(c.maxN, n)
		} else if s.Dropped > 0 {
			c.crosses++
		}
		c.best = c.best || p.Best
		switch {
		case p.Label != "":
			once(&c.labels, p.Label)
		case f.X.Log && p.X == 0:
			c.zero = true
		}
	}
	for _, row := range f.Rows {
		for _, panel := range row.Panels {
			for _, line := range panel.Lines {
				if line.Ceiling {
					once(&c.ceilings, line.Name)
				}
			}
		}
	}
	return c
}
