package reports

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/mmibx/mmibx"
)

// Stored is what a store has of a run now.
type Stored struct {
	State  mmibx.State
	Seed   int
	Binned bool
	Version
	Values map[string]float64 // of dev, by the metric as declarations name it
}

// Now is a table as the store would have it now, without a look at test.
type Now struct {
	Runs map[string]Stored // those of the record that are there, and those of Layout
	// Layout has the runs that stand in the rows; nil where Fault says why it
	// cannot be laid out.
	Layout *Layout
	Fault  string
	// Changed says that the file of the declaration is not what it was.
	Changed bool
}

// Fault is why a number or a figure of a paper is not what the store says.
type Fault struct {
	File  string    `json:"file,omitempty"`
	Line  int       `json:"line,omitempty"`
	Kind  FaultKind `json:"kind"`
	Key   string    `json:"key"`
	Cause string    `json:"cause"`
}

// FaultKind is the short word for a fault.
type FaultKind string

// A number is missing where no table has its cell, changed where the paper prints
// something else than the table, and stale where the store has moved on.
const (
	Missing FaultKind = "missing"
	Changed FaultKind = "changed"
	Stale   FaultKind = "stale"
)

// Staleness lists why a cell of a record is not what the store would show now: runs
// that are gone or were done again, and seeds that finished since. Test is not
// scored for it: predictions that are the same score the same.
func (rec *Record) Staleness(key string, now *Now) []string {
	c := rec.Cells[key]
	budget := budgets[c.Metric] != ""
	counts := func(s mmibx.State) bool { return s == mmibx.Done || budget && s.Final() }
	var causes []string
	add := func(format string, args ...any) { causes = append(causes, fmt.Sprintf(format, args...)) }
	for i, id := range c.Runs {
		was := rec.Runs[id]
		is, ok := now.Runs[id]
		switch {
		case !ok:
			add("run %s is not in the store", id)
		case is.Binned:
			add("run %s is in the bin", id)
		case !counts(is.State):
			add("run %s is %s", id, is.State)
		case is.Attempt != was.Attempt:
			add("run %s was done again: attempt %d, then %d", id, is.Attempt, was.Attempt)
		case is.Predictions != was.Predictions:
			add("run %s predicts something else", id)
		case is.Data != was.Data:
			add("run %s read other files of the benchmark: %s, then %s", id, orNothing(is.Data), orNothing(was.Data))
		case rec.Split == mmibx.Dev && len(c.Values) == len(c.Runs):
			if v, ok := is.Values[c.Metric]; c.Values[i] != nil && (!ok || math.Abs(v-*c.Values[i]) > 1e-9) {
				add("the score of run %s is %.2f, and was %.2f", id, v, *c.Values[i])
			}
		}
	}
	if now.Layout == nil {
		return causes
	}
	stand, ok := now.Layout.Done(c.RowKey, c.Benchmark)
	if budget {
		stand, ok = now.Layout.Tried(c.RowKey)
	}
	if !ok && len(c.Runs) > 0 { // else a bound
		add("the declaration has no such row any more")
	}
	for _, id := range stand {
		if !slices.Contains(c.Runs, id) && rec.scores(&c, now.Runs[id]) {
			add("run %s (seed %d) has finished since", id, now.Runs[id].Seed)
		}
	}
	for _, id := range c.Runs {
		if is, there := now.Runs[id]; ok && there && !is.Binned && counts(is.State) && !slices.Contains(stand, id) {
			add("run %s stands in another row now", id)
		}
	}
	return causes
}

// scores says that a finished run would have a value in a cell.
func (rec *Record) scores(c *CellRecord, is Stored) bool {
	_, logged := is.Values[c.Metric]
	switch {
	case c.Benchmark == "": // of all benchmarks: where one is missing there is none
		return len(c.Runs) > 0
	case rec.Split == mmibx.Dev || costs[c.Metric].title != "":
		return logged
	}
	return is.Predictions != "" && (len(c.Runs) > 0 || !typeMetric.MatchString(c.Metric))
}

func orNothing(s string) string { return cmp.Or(s, "nothing that is known") }

// CheckUse holds a number of a paper against its table, and the table against the
// store.
func (rec *Record) CheckUse(u Use, now *Now) []Fault {
	fault := func(kind FaultKind, format string, args ...any) Fault {
		return Fault{File: u.File, Line: u.Line, Kind: kind, Key: u.Key, Cause: fmt.Sprintf(format, args...)}
	}
	c, ok := rec.Cells[u.Key]
	if !ok {
		cause := "the table " + rec.Table + " has no such cell"
		if near := mmibx.Nearest(u.Key, slices.Sorted(maps.Keys(rec.Cells))); near != "" {
			cause += "; the nearest is " + near
		}
		return []Fault{fault(Missing, "%s", cause)}
	}
	var faults []Fault
	want := map[UseKind]string{UseCell: c.LaTeX, UseDefinition: c.Value}
	if printed, compared := want[u.Kind]; compared && u.Text != printed {
		faults = append(faults, fault(Changed, "the paper prints %s, the table has %s", u.Text, printed))
	}
	if u.Kind == UseDefinition { // where it is printed the rest is said
		return faults
	}
	for _, cause := range rec.Staleness(u.Key, now) {
		faults = append(faults, fault(Stale, "%s", cause))
	}
	return faults
}

// CheckTable says what is wrong with a table as a whole.
func (rec *Record) CheckTable(now *Now) []Fault {
	var faults []Fault
	add := func(format string, args ...any) {
		faults = append(faults, Fault{Kind: Stale, Key: rec.Table, Cause: fmt.Sprintf(format, args...)})
	}
	if now.Fault != "" {
		add("it cannot be laid out any more: %s", now.Fault)
	}
	if now.Changed {
		add("%s is not what it was when the table was written", rec.Declaration.File)
	}
	return faults
}
