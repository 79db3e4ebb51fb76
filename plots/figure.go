package plots

import (
	"fmt"
	"math"
	"slices"
)

// Figure is a grid of panels that share one x axis and one legend: a column per
// benchmark, a row per metric.
type Figure struct {
	Meta
	Look Look
	X    Axis
	Rows []Row
	// Spread is what bands and bars show.
	Spread Spread
	// Says replaces what the caption says of lines, where they are no plain means.
	Says string
}

// Look chooses how series are drawn.
type Look int

const (
	// Sensitivity shows a score against a setting: means with markers, a dot
	// per seed, values that do not belong on the axis (0 on a logarithmic one,
	// names such as "official") apart from it.
	Sensitivity Look = iota
	// Training shows a metric against epochs or steps: lines and bands alone.
	Training
	// Path shows two measured numbers against each other: the points of a series
	// are joined in the order in which they come, with a bar each way.
	Path
)

// Spread is what a band or an error bar stands for.
type Spread int

const (
	// Deviation is the sample deviation over seeds, to both sides of the mean.
	Deviation Spread = iota
	// Interval95 is Student's 95 % interval of the mean.
	Interval95
)

// Axis describes the x axis.
type Axis struct {
	Label  string
	Log    bool   // 0 then stands apart, left of a break
	Limits Limits // Path: of its values
}

// Row is one metric.
type Row struct {
	Label  string // of the y axis, with its unit
	Limits Limits // of its values
	Panels []Panel
}

// Panel is one coordinate system. Panels of one column belong to one benchmark;
// the title of the first row's is printed.
type Panel struct {
	Title  string
	Series []Series
	Lines  []Line
}

func (p *Panel) hasPoints() bool {
	return slices.ContainsFunc(p.Series, func(s Series) bool { return len(s.Points) > 0 })
}

// Series is one arm along the axis. Equal names look equal in every panel.
type Series struct {
	Name   string
	Points []Point
}

// Point holds the values of all seeds at one place. Values that are not finite
// are left out of the mean, and the figure says so.
type Point struct {
	X      float64
	Xs     []float64 // Path: of the same seeds as Values; X is their mean
	Name   string    // Path: printed beside the point
	Label  string    // where X is no number: the point stands apart under this name
	Values []float64
	Best   bool // chosen on dev: ringed
}

// Line is a level to compare with.
type Line struct {
	Name   string
	Values []float64 // one, or one per seed: then with a band
	// Ceiling marks a bound that is known, drawn dashed; other lines are baselines.
	Ceiling bool
}

// maxBands is how many bands of levels can lie over each other and be told apart.
const maxBands = 3

// bareLevels says that the figure has more levels with a spread than that, and draws
// them without.
func (f *Figure) bareLevels() bool {
	names := map[string]bool{}
	for _, row := range f.Rows {
		for _, panel := range row.Panels {
			for _, l := range panel.Lines {
				if len(l.Values) > 1 {
					names[l.Name] = true
				}
			}
		}
	}
	return len(names) > maxBands
}

// check refuses what cannot be drawn. An empty panel can: it says "no data".
func (f *Figure) check() error {
	if len(f.Rows) == 0 {
		return fmt.Errorf("a figure without rows")
	}
	columns := len(f.Rows[0].Panels)
	if columns == 0 {
		return fmt.Errorf("a figure without panels")
	}
	for _, row := range f.Rows {
		if len(row.Panels) != columns {
			return fmt.Errorf("row %q has %d panels, the first has %d", row.Label, len(row.Panels), columns)
		}
	}
	for s, p := range f.points() {
		switch {
		case p.Label != "":
		case math.IsNaN(p.X) || math.IsInf(p.X, 0):
			return fmt.Errorf("series %q: a point at x = %v", s.Name, p.X)
		case f.X.Log && p.X < 0:
			return fmt.Errorf("series %q: a point at x = %v on a logarithmic axis", s.Name, p.X)
		case math.Abs(p.X) > largest:
			return fmt.Errorf("series %q: a point at x = %v", s.Name, p.X)
		}
		for _, v := range p.Values {
			if math.Abs(v) > largest && !math.IsInf(v, 0) {
				return fmt.Errorf("series %q: a value of %v", s.Name, v)
			}
		}
	}
	return nil
}

// largest keeps sums and differences of what is drawn from overflowing.
const largest = 1e300

// points goes through every point with its series.
func (f *Figure) points() func(yield func(*Series, *Point) bool) {
	return func(yield func(*Series, *Point) bool) {
		for r := range f.Rows {
			for p := range f.Rows[r].Panels {
				for s := range f.Rows[r].Panels[p].Series {
					series := &f.Rows[r].Panels[p].Series[s]
					for i := range series.Points {
						if !yield(series, &series.Points[i]) {
							return
						}
					}
				}
			}
		}
	}
}
