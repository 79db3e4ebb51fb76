package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mmibx/mmibx"
)

// Values are the metrics of runs, by the id of the run and the metric as
// declarations name it: "f1", "f1.PER", "hours".
type Values map[string]map[string]float64

// Table fills the cells.
func (l *Layout) Table(values Values) *Table {
	t := l.rows()
	t.Corner, t.Digits, t.Wide, t.Venue, t.Split, t.Correction, t.Declaration = l.Corner, l.Digits, l.Wide, l.Venue, l.Split, l.Correction, l.Declaration
	t.SIunitx = l.SIunitx
	t.Columns = l.tableColumns(values)
	for g := range l.groups {
		for r := range l.groups[g].rows {
			row := &l.groups[g].rows[r]
			for i := range t.Columns {
				t.Groups[g].Rows[r].Cells = append(t.Groups[g].Rows[r].Cells, row.cell(&t.Columns[i], values))
			}
		}
	}
	if l.Average {
		t.average()
	}
	l.words(t)
	return t
}

// tableColumns are the columns that the declared ones stand for.
func (l *Layout) tableColumns(values Values) []Column {
	var columns []Column
	several := len(l.metrics()) > 1 || slices.Contains(l.metrics(), "f1.*")
	for _, d := range l.columns() {
		for _, m := range d.Metrics {
			if title, ok := budgets[m]; ok {
				columns = append(columns, Column{Key: Key(m), Title: cmp.Or(d.Title, title), Metric: m, Digits: d.Digits, Untested: true})
			}
		}
		for _, b := range d.benchmarks(l.runs) {
			for _, m := range l.expand(d.Metrics, b.Name, values) {
				c := Column{Key: Key(b.Name), Title: headOf(b.Title), Benchmark: b.Name, Metric: m, Digits: d.Digits, Untested: m != "f1"}
				if m != "f1" {
					c.Key += "." + Key(m)
				}
				if several {
					c.Over, c.Title = b.Title, metricTitle(m)
				}
				c.Title = cmp.Or(d.Title, c.Title)
				if cost, ok := costs[m]; ok {
					c.LowerIsBetter = cost.lower
					if c.Digits == nil {
						c.Digits = &cost.digits
					}
				}
				columns = append(columns, c)
			}
		}
	}
	return columns
}

func metricTitle(m string) string {
	if c, ok := costs[m]; ok {
		return c.title
	}
	if title, ok := scores[m]; ok {
		return title
	}
	return strings.TrimPrefix(m, "f1.")
}

// expand puts the types that a benchmark has for f1.*, and leaves out budgets.
func (l *Layout) expand(metrics []string, benchmark string, values Values) []string {
	var list []string
	for _, m := range metrics {
		switch {
		case budgets[m] != "":
		case m != "f1.*":
			list = append(list, m)
		default:
			types := map[string]bool{}
			for i := range l.runs {
				if l.runs[i].Spec.Benchmark != benchmark {
					continue
				}
				for name := range values[l.runs[i].ID] {
					if strings.HasPrefix(name, "f1.") {
						types[name] = true
					}
				}
			}
			list = append(list, slices.Sorted(maps.Keys(types))...)
		}
	}
	return list
}

// cell is the cell of a row in a column.
func (r *layoutRow) cell(c *Column, values Values) Cell {
	var cell Cell
	if budgets[c.Metric] != "" {
		cell.Text = r.budget(c.Metric, values)
		for _, run := range r.tried() {
			cell.add(&run, 0, false)
			if run.State.Final() {
				cell.Runs = append(cell.Runs, run.ID)
			}
		}
		return cell
	}
	for _, s := range r.published {
		if v := s.value(c.Metric); s.Benchmark == c.Benchmark && v != nil {
			all, err := PublishedScores()
			if err != nil {
				panic(err) // it was read before
			}
			cell.Values, cell.Slip, cell.Hearsay = []float64{*v}, c.Metric == "f1" && !s.Consistent(), all.Hearsay(s)
		}
	}
	if r.pooled {
		return cell // a mean over arms is a score of none
	}
	for i := range r.runs {
		if run := &r.runs[i]; run.Spec.Benchmark == c.Benchmark {
			v, ok := values[run.ID][c.Metric]
			cell.add(run, v, ok)
		}
	}
	for i := range r.pruned {
		if r.pruned[i].Spec.Benchmark == c.Benchmark {
			cell.Planned++
		}
	}
	return cell
}

// value is what was published of a metric, nil where nothing was.
func (s *PublishedScore) value(metric string) *float64 {
	switch metric {
	case "f1":
		return &s.F1
	case "precision":
		return s.Precision
	case "recall":
		return s.Recall
	}
	return nil
}

// tried are the runs of a row that a budget counts: a pruned run was tried too, and
// took its time.
func (r *layoutRow) tried() []Run { return slices.Concat(r.runs, r.pruned) }

// budget is a total of a row, as it is printed.
func (r *layoutRow) budget(metric string, values Values) string {
	runs := r.tried()
	switch metric {
	case "runs":
		return fmt.Sprint(len(runs))
	case "total_hours":
		sum := 0.0
		for i := range runs {
			sum += values[runs[i].ID]["hours"]
		}
		if sum < 0.1 { // of small runs two digits that say something
			return strconv.FormatFloat(sum, 'g', 2, 64)
		}
		return number(sum, 2)
	case "trials":
		arms := map[string]map[string]bool{}
		for i := range runs {
			b := runs[i].Spec.Benchmark
			if arms[b] == nil {
				arms[b] = map[string]bool{}
			}
			arms[b][runs[i].method] = true
		}
		var counts []int
		for _, of := range arms {
			counts = append(counts, len(of))
		}
		if len(counts) == 0 {
			return ""
		}
		slices.Sort(counts)
		if low, high := counts[0], counts[len(counts)-1]; low != high {
			return fmt.Sprintf("%d–%d", low, high)
		}
		return fmt.Sprint(counts[0])
	}
	return ranges(runs, func(x *Run) *mmibx.Spec { return &x.Spec })
}

// average adds to each score of several benchmarks a column of its mean over
// these, seed by seed. A row that lacks a benchmark has none.
func (t *Table) average() {
	for _, m := range t.scoreMetrics() {
		var of []int
		for j := range t.Columns {
			if t.Columns[j].Metric == m && t.Columns[j].Benchmark != "" {
				of = append(of, j)
			}
		}
		if len(of) < 2 {
			continue
		}
		c := Column{Key: "average", Title: "Average", Metric: m, Digits: t.Columns[of[0]].Digits, Untested: true}
		if m != "f1" {
			c.Key += "." + Key(m)
		}
		if t.Columns[of[0]].Over != "" {
			c.Over, c.Title = "Average", metricTitle(m)
		}
		t.Columns = append(t.Columns, c)
		for _, row := range t.rows() {
			row.Cells = append(row.Cells, averageOf(row.Cells, of))
		}
	}
}

// scoreMetrics are those of the columns that are scores, in their order.
func (t *Table) scoreMetrics() []string {
	var list []string
	for i := range t.Columns {
		m := t.Columns[i].Metric
		if (scores[m] != "" || typeMetric.MatchString(m)) && !slices.Contains(list, m) {
			list = append(list, m)
		}
	}
	return list
}

func averageOf(cells []Cell, of []int) Cell {
	var mean Cell
	bySeed := map[int][]float64{}
	published := 0.0
	for _, j := range of {
		c := &cells[j]
		if c.missing() {
			return Cell{} // the cell that is missing says why
		}
		for i, seed := range c.Seeds {
			bySeed[seed] = append(bySeed[seed], c.Values[i])
		}
		mean.Runs = append(mean.Runs, c.Runs...)
		mean.Planned = max(mean.Planned, c.Planned)
		for _, seed := range c.failed { // one that failed on any benchmark is in no average
			if !slices.Contains(mean.failed, seed) {
				mean.failed = append(mean.failed, seed)
			}
		}
		mean.Failed = len(mean.failed)
		mean.OnTest, mean.Imported = mean.OnTest || c.OnTest, mean.Imported || c.Imported
		mean.Slip, mean.Hearsay = mean.Slip || c.Slip, mean.Hearsay || c.Hearsay
		published += c.summary().Mean / float64(len(of))
	}
	if len(mean.Runs) == 0 {
		mean.Values = []float64{published}
		return mean
	}
	for _, seed := range slices.Sorted(maps.Keys(bySeed)) {
		if len(bySeed[seed]) == len(of) {
			sum := 0.0
			for _, v := range bySeed[seed] {
				sum += v
			}
			mean.Values, mean.Seeds = append(mean.Values, sum/float64(len(of))), append(mean.Seeds, seed)
		}
	}
	return mean
}

// words writes the caption and its notes.
func (l *Layout) words(t *Table) {
	note := func(format string, args ...any) { t.Notes = append(t.Notes, fmt.Sprintf(format, args...)) }
	hasScores := len(t.scoreMetrics()) > 0 && len(l.runs) > 0
	switch t.Caption = l.Caption; {
	case t.Caption == "" && hasScores && slices.Equal(l.metrics(), []string{"f1"}):
		t.Caption = fmt.Sprintf("Micro F1 (%%) on %s", l.Split)
	case hasScores:
		t.Caption = strings.TrimSuffix(cmp.Or(t.Caption, "Scores (%)"), ".") + fmt.Sprintf(", on %s", l.Split)
	}
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Key == "average" || strings.HasPrefix(c.Key, "average.") }) {
		note("Average: over the benchmarks, of the seeds that all of them have")
	}
	for _, m := range []string{"hours", "minutes"} {
		if slices.Contains(l.metrics(), m) {
			note("%s: wall-clock time of a run, all of its attempts", m)
		}
	}
	if slices.Contains(l.metrics(), "trials") {
		note("trials: settings tried on a benchmark; hours: of all runs together")
	}
	var keys []string
	for _, g := range l.groups {
		for _, r := range g.rows {
			for _, k := range sourcesOf(r.published) {
				if !slices.Contains(keys, k) {
					keys = append(keys, k)
				}
			}
		}
	}
	if all, err := PublishedScores(); err == nil && len(keys) > 0 {
		note("Published scores are of test, as they were printed")
		for _, k := range keys {
			if s, ok := all.Source(k); ok {
				note("[%s] %s", k, s.Title)
			}
		}
	}
	if p := planNote(slices.Concat(l.runs, l.pruned)); p != "" {
		note("%s", p)
	}
}
