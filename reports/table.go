package reports

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// Table is a table of results: methods by benchmarks.
type Table struct {
	Name    string // names the file, the label and the cells: lower-case letters, digits, - and .
	Caption string // what the table shows; the explanation of marks is written after it
	Corner  string // heads the column of names
	Wide    bool   // spans both columns of the page, in LaTeX
	Digits  int    // decimals of means and deviations
	Columns []Column
	Groups  []Group
	Notes   []string // sentences that end the caption
	// Baseline is the title of the row that Test compared the others with.
	Baseline   string
	Correction Correction // of p-values within a column; "" is Holm
	Venue      string     // a name of Venues, for LaTeX; "": a column of some article
	SIunitx    bool       // columns of siunitx, for LaTeX
	Split      mmibx.Split
	// Of what and by what the table is, for its sidecar; nil where it was made by
	// hand.
	Declaration *Declaration
	Command     string
	Versions    map[string]Version // by run
}

// Column is one benchmark or metric.
type Column struct {
	Key       string // as Table.Name
	Title     string // a line break splits the head over two lines
	Over      string // stands above neighbours that share it
	Benchmark string // "" for one that is of whole rows
	Metric    string // as declarations name it
	Digits    *int   // nil: the table's
	// LowerIsBetter turns the order of best and second around.
	LowerIsBetter bool
	// Untested says that Test leaves it out: the comparison is of micro F1.
	Untested bool
}

// Group holds rows between two rules. Only rows of groups that are not Apart
// are compared with each other.
type Group struct {
	Title string // "" for none
	Apart bool   // bounds, published scores: never bold, never underlined
	Rows  []Row
}

// Row is one method.
type Row struct {
	Key   string // as Table.Name
	Title string
	Cells []Cell // one per column
}

// Cell is the result of one method on one benchmark.
type Cell struct {
	Values []float64 // one per finished run, in the order of Runs
	Runs   []string  // ids of the finished runs; none behind a bound or a published score
	Seeds  []int     // of Values
	Text   string    // of a budget: printed as it is, and never ranked
	// Planned counts the seeds that should be there, 0 where nothing was
	// planned; Failed those of them that failed or diverged.
	Planned, Failed int
	failed          []int // their seeds
	Unscored        int   // runs that finished without logging the metric
	// OnTest says that a checkpoint was chosen on test, as the released code does.
	OnTest bool
	// Imported says that the predictions are another program's, scored here.
	Imported bool
	// Slip says that a published F1 does not follow from the precision and recall
	// printed beside it; Hearsay that nobody here has seen its source.
	Slip, Hearsay bool
	// Error is one standard error of a value without runs; 0 for none.
	Error float64
	// VsBest and VsBaseline are set by Table.Test; nil where nothing was tested.
	VsBest, VsBaseline *Tested
}

// summary describes the cell's finite values.
func (c *Cell) summary() stats.Summary { return stats.Summarize95(c.Values...) }

// missing says that the cell has no score at all.
func (c *Cell) missing() bool { return !c.summary().HasMean() && c.Text == "" }

// failures counts runs that gave no score: failed, diverged, or finished with a
// score that is not finite.
func (c *Cell) failures() int { return c.Failed + stats.NewSample(c.Values...).Dropped }

// Cell finds a cell by its key, TABLE:ROW:COLUMN.
func (t *Table) Cell(key string) (*Cell, bool) {
	for _, row := range t.rows() {
		for j := range row.Cells {
			if t.cellKey(row, j) == key {
				return &row.Cells[j], true
			}
		}
	}
	return nil, false
}

func (t *Table) cellKey(row *Row, column int) string {
	return t.Name + ":" + row.Key + ":" + t.Columns[column].Key
}

// rows lists the rows of all groups.
func (t *Table) rows() []*Row {
	var rows []*Row
	for g := range t.Groups {
		for r := range t.Groups[g].Rows {
			rows = append(rows, &t.Groups[g].Rows[r])
		}
	}
	return rows
}

// check refuses tables whose cells could not be told from each other.
func (t *Table) check() error {
	if len(t.Columns) == 0 || len(t.rows()) == 0 {
		return fmt.Errorf("table %q: %d columns and %d rows", t.Name, len(t.Columns), len(t.rows()))
	}
	if t.Digits < 0 || t.Digits > 9 {
		return fmt.Errorf("table %q: %d digits", t.Name, t.Digits)
	}
	keys := []string{t.Name}
	seen := map[string]bool{}
	for _, c := range t.Columns {
		keys = append(keys, c.Key)
	}
	for _, r := range t.rows() {
		if len(r.Cells) != len(t.Columns) {
			return fmt.Errorf("table %q: row %q has %d cells for %d columns", t.Name, r.Title, len(r.Cells), len(t.Columns))
		}
		keys = append(keys, r.Key)
		for j := range r.Cells {
			if k := t.cellKey(r, j); seen[k] {
				return fmt.Errorf("table %q: two cells have the key %q", t.Name, k)
			} else {
				seen[k] = true
			}
		}
	}
	for _, k := range keys {
		if k == "" || k != Key(k) {
			return fmt.Errorf("table %q: the key %q is not of lower-case letters, digits, - and .", t.Name, k)
		}
	}
	return nil
}

// Key makes a key of any name: what is not a lower-case letter, a digit or a dot
// becomes a dash.
func Key(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '.':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return strings.TrimRight(b.String(), "-")
}

// usualN is the number of seeds that most cells with runs have, which the
// caption says; cells with another number carry it.
func (t *Table) usualN() int {
	count := map[int]int{}
	usual := 0
	for _, row := range t.rows() {
		for j := range row.Cells {
			if n := row.Cells[j].summary().N; n > 0 && len(row.Cells[j].Runs) > 0 {
				count[n]++
				if count[n] > count[usual] || count[n] == count[usual] && n > usual {
					usual = n
				}
			}
		}
	}
	return usual
}
