package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mmibx/mmibx"
	"github.com/mmibx/mmibx/reports/stats"
)

// Report is everything that is known of a sweep, to be written as one HTML file
// or as LaTeX. It holds values; what follows from them is worked out here.
type Report struct {
	Plan     Planned
	Runs     []Ran // of the plan first, in its order, then what else the store has of the sweep
	Data     []Benchmarked
	Tables   []*Table
	Tests    []Tests
	Untested string // why nothing was tested
	Figures  []Picture
	Looks    []LookLine
	Commands []string // that make all this again, in order
}

// Planned is what the plan of the sweep says.
type Planned struct {
	Sweep, Title, Question string
	Objective              string  // the metric of dev that choices go by
	Hash                   string  // of the set of runs
	Source                 string  // text of the sweep file
	Collapsed, LeftOut     int     // cells that are a run already, or did not meet a condition
	Hours                  float64 // the budget of run time, 0 for none
}

// Ran is a run with what a report says of it besides its score.
type Ran struct {
	Run
	Score    *float64 // best F1 of dev, nil where it has none
	Unasked  bool     // of the sweep, but not in its plan
	Removed  bool     // put into the bin
	Class    string   // of failure
	Error    string
	Attempts int
	Seconds  float64 // of all attempts that have ended
	Data     string  // digest of the benchmark's files
	Origin   []Fact  // what it ran on: commit, PyTorch, device; the same names for every run
}

func (x *Ran) spec() *mmibx.Spec { return &x.Spec }

// Fact is a name with its value.
type Fact struct{ Name, Value string }

// Benchmarked is a benchmark of the report.
type Benchmarked struct {
	mmibx.Benchmark
	Sizes map[mmibx.Split]int // examples; nil where the files are not at hand
}

// Picture is a figure in both formats.
type Picture struct {
	Name, Title, Caption string
	Inches               float64 // wide
	SVG, PDF             []byte
}

// LookLine is a line of the ledger of looks at test.
type LookLine struct {
	When, Who, Split, What string
	Runs                   int // of this sweep
}

// Tests are the comparisons of a column of a table with the baseline.
type Tests struct {
	Table, Column, Baseline string
	Split                   mmibx.Split
	Rows                    []TestRow
}

// TestRow is one of them.
type TestRow struct {
	Title    string
	Seeds    int
	Delta    stats.Estimate // of the row less the baseline
	P, Holm  float64
	Power    float64
	At       float64 // the difference that the power is for
	Verdict  stats.Verdict
	Warnings []stats.Warning
}

// section is a part of a report as both formats print it.
type section struct {
	ID, Title string
	Text      []string
	Grids     []grid
	Tables    []*Table
	Pictures  []Picture
	Code      []string
}

// grid is a plain table of texts.
type grid struct {
	Title string
	Head  []string
	Rows  [][]string
	Foot  string
}

// sections lays the report out.
func (r *Report) sections() []section {
	return []section{
		r.question(), r.method(), r.data(), r.plan(), r.results(), r.tests(), r.figures(), r.failures(), r.budgets(), r.versions(), r.looks(), r.provenance(), r.redo(),
	}
}

// OneSeed says that the plan has no second seed, so that no difference in its tables
// is one of systems.
func (r *Report) OneSeed() bool {
	seeds := map[int]bool{}
	for _, x := range r.planned() {
		seeds[x.Spec.Seed] = true
	}
	return len(seeds) < 2
}

func (r *Report) title() string { return cmp.Or(r.Plan.Title, r.Plan.Sweep) }

// planned are the runs of the plan that nobody removed.
func (r *Report) planned() []Ran {
	return slices.DeleteFunc(slices.Clone(r.Runs), func(x Ran) bool { return x.Unasked || x.Removed })
}

func (r *Report) question() section {
	s := section{ID: "question", Title: "Question", Text: paragraphs(r.Plan.Question)}
	if len(s.Text) == 0 {
		s.Text = []string{"The sweep file asks none."}
	}
	return s
}

// paragraphs joins the lines of a text, but for empty ones.
func paragraphs(text string) []string {
	var list []string
	for part := range strings.SplitSeq(text, "\n\n") {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			list = append(list, part)
		}
	}
	return list
}

func (r *Report) method() section {
	g := grid{Head: []string{"Method", "What it is", "Revision", "What varies"}}
	for _, m := range r.models() {
		doc := m.Doc
		if m.Instead != "" {
			doc += ". In this style, not the published system: " + m.Instead
		}
		g.Rows = append(g.Rows, []string{m.Title, doc, fmt.Sprint(m.Revision), varied(r.ofModel(m))})
	}
	return section{ID: "method", Title: "Method", Grids: []grid{g}, Text: []string{
		"Every run is trained as its specification says; the checkpoint is chosen on dev unless a row is marked otherwise. What varies lists the settings in which the runs of a method differ on a benchmark, seeds apart.",
	}}
}

// varied says what differs among runs. The preset official differs in so much that its
// name says more.
func varied(runs []Ran) string {
	rest := slices.DeleteFunc(slices.Clone(runs), func(x Ran) bool { return x.Spec.Official() })
	text := ranges(rest, (*Ran).spec)
	if len(rest) < len(runs) {
		text += "; the preset official"
	}
	return text
}

func (r *Report) models() []mmibx.Model {
	return slices.DeleteFunc(slices.Clone(mmibx.Models), func(m mmibx.Model) bool { return len(r.ofModel(m)) == 0 })
}

func (r *Report) ofModel(m mmibx.Model) []Ran {
	return slices.DeleteFunc(r.planned(), func(x Ran) bool { return x.Spec.Model.Name != m.Name || x.System != "" })
}

func (r *Report) data() section {
	g := grid{Head: []string{"Benchmark", "Task", "Train", "Dev", "Test", "Version that runs read"}}
	for _, b := range r.Data {
		row := []string{b.Title, strings.ToUpper(string(b.Task))}
		for _, split := range mmibx.Splits {
			size := dash
			if b.Sizes != nil {
				size = fmt.Sprint(b.Sizes[split])
			}
			row = append(row, size)
		}
		var versions []string
		for _, x := range r.Runs {
			if v := fmt.Sprintf("%.12s", x.Data); x.Spec.Benchmark == b.Name && v != "" && !slices.Contains(versions, v) {
				versions = append(versions, v)
			}
		}
		g.Rows = append(g.Rows, append(row, strings.Join(versions, ", ")))
	}
	g.Foot = "Examples per split. A version is the beginning of a SHA-256 over the files that were read; two of them in one row are two versions of the data."
	return section{ID: "data", Title: "Data", Grids: []grid{g}}
}

func (r *Report) plan() section {
	planned, arms := r.planned(), r.arms()
	benchmarks := mmibx.BenchmarksOf(planned, func(x Ran) string { return x.Spec.Benchmark })
	g := grid{Head: []string{"Setting"}, Foot: "Seeds that are done; where not all of them are, how many, of how many, and what became of the others."}
	for _, b := range benchmarks {
		g.Head = append(g.Head, b.Title)
	}
	for _, setting := range chunks(arms, func(arm []Ran) string { return armLabel(arm[0].Spec) }) {
		row := []string{ArmTitle(setting[0][0].Spec)}
		for _, b := range benchmarks {
			at := slices.IndexFunc(setting, func(arm []Ran) bool { return arm[0].Spec.Benchmark == b.Name })
			if at < 0 {
				row = append(row, dash)
			} else {
				row = append(row, howMany(setting[at]))
			}
		}
		g.Rows = append(g.Rows, row)
	}
	p := &r.Plan
	text := fmt.Sprintf("Sweep %s, frozen as plan %.12s: %s of %s, an arm being a setting on a benchmark. Choices go by %s.", p.Sweep, p.Hash, counted(len(planned), "run"), counted(len(arms), "arm"), cmp.Or(p.Objective, mmibx.DevF1))
	if p.Collapsed > 0 {
		text += fmt.Sprintf(" %d further cells are one of these runs, since they differ only in what their method does not read.", p.Collapsed)
	}
	if p.LeftOut > 0 {
		text += fmt.Sprintf(" %d cells were left out by a condition or the task.", p.LeftOut)
	}
	return section{ID: "plan", Title: "Plan, and deviations from it", Text: append([]string{text}, r.deviations()...), Grids: []grid{g}}
}

// howMany counts the seeds of an arm.
func howMany(arm []Ran) string {
	count := map[mmibx.State]int{}
	for _, x := range arm {
		count[x.State]++
	}
	if count[mmibx.Done] == len(arm) {
		return fmt.Sprint(len(arm))
	}
	text := fmt.Sprintf("%d of %d", count[mmibx.Done], len(arm))
	for _, s := range mmibx.States {
		if n := count[s]; n > 0 && s != mmibx.Done {
			text += fmt.Sprintf(", %d %s", n, s)
		}
	}
	return text
}

// arms are the planned runs of each arm, in the order of tables.
func (r *Report) arms() [][]Ran {
	runs := slices.DeleteFunc(r.planned(), func(x Ran) bool { return x.System != "" })
	slices.SortStableFunc(runs, func(a, b Ran) int {
		return cmp.Or(
			cmp.Compare(modelOrder(a.Spec), modelOrder(b.Spec)), naturalCompare(armLabel(a.Spec), armLabel(b.Spec)),
			cmp.Compare(benchmarkOrder(a.Spec.Benchmark), benchmarkOrder(b.Spec.Benchmark)), cmp.Compare(a.Spec.Seed, b.Spec.Seed),
		)
	})
	return chunks(runs, func(x Ran) string { return armLabel(x.Spec) + " on " + x.Spec.Benchmark })
}

func benchmarkOrder(name string) int {
	return slices.IndexFunc(mmibx.Benchmarks(), func(b mmibx.Benchmark) bool { return b.Name == name })
}

func benchmarkTitle(name string) string {
	if b, ok := mmibx.LookupBenchmark(name); ok {
		return b.Title
	}
	return name
}

// deviations says in which ways what was done is not what was planned.
func (r *Report) deviations() []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, "Deviation: "+fmt.Sprintf(format, args...)) }
	ids := func(keep func(*Ran) bool) (found []string) {
		for i := range r.Runs {
			if keep(&r.Runs[i]) {
				found = append(found, r.Runs[i].ID)
			}
		}
		return found
	}
	if open := ids(func(x *Ran) bool { return !x.Unasked && !x.Removed && x.State != mmibx.Done }); len(open) > 0 {
		add("%s of %d have no score (%s).", counted(len(open), "planned run"), len(r.planned()), some3(open))
	}
	if gone := ids(func(x *Ran) bool { return x.Removed }); len(gone) > 0 {
		add("%s in the bin, where somebody put what no table shall count (%s).", counted(len(gone), "run"), some3(gone))
	}
	if extra := ids(func(x *Ran) bool { return x.Unasked && !x.Removed }); len(extra) > 0 {
		add("%s of this sweep that its plan does not have, or has no more; no table counts them (%s).", counted(len(extra), "run"), some3(extra))
	}
	if again := ids(func(x *Ran) bool { return x.Attempts > 1 }); len(again) > 0 {
		add("%s took more than one attempt (%s).", counted(len(again), "run"), some3(again))
	}
	if onTest := ids(func(x *Ran) bool { return x.State == mmibx.Done && x.Spec.Train.SelectOn == string(mmibx.Test) }); len(onTest) > 0 {
		add("%s chose the checkpoint on test, as the released code does (%s).", counted(len(onTest), "run"), some3(onTest))
	}
	if len(list) == 0 {
		list = []string{"No deviation: every planned run is done, at the first attempt, and nothing was removed."}
	}
	return list
}

// some3 names a few of many.
func some3(ids []string) string {
	if len(ids) > 3 {
		return strings.Join(ids[:3], ", ") + " and others"
	}
	return strings.Join(ids, ", ")
}

func (r *Report) results() section {
	return section{ID: "results", Title: "Results", Tables: r.Tables}
}

func (r *Report) figures() section {
	s := section{ID: "figures", Title: "Figures", Pictures: r.Figures}
	if len(r.Figures) == 0 {
		s.Text = []string{"The runs that are done vary nothing that a figure could show."}
	}
	return s
}

func (r *Report) tests() section {
	s := section{ID: "tests", Title: "Tests"}
	for _, t := range r.Tests {
		g := grid{
			Title: fmt.Sprintf("%s, %s: against %s", strings.ReplaceAll(t.Column, "\n", " "), t.Split, t.Baseline),
			Head:  []string{"Method", "Seeds", "Difference", "95 % interval", "p", "p, Holm", "Power", "Verdict"},
		}
		if len(r.Tables) > len(r.splits()) {
			g.Title = "Table " + t.Table + ", " + g.Title
		}
		for _, row := range t.Rows {
			interval := dash
			if row.Delta.HasInterval() {
				interval = fmt.Sprintf("%s to %s", signed(row.Delta.Low), signed(row.Delta.High))
			}
			g.Rows = append(g.Rows, []string{
				row.Title, fmt.Sprint(row.Seeds), signed(row.Delta.Value), interval, pText(row.P), pText(row.Holm), fmt.Sprintf("%.2f", row.Power), string(row.Verdict),
			})
		}
		s.Grids = append(s.Grids, g)
	}
	if len(s.Grids) == 0 {
		s.Text = []string{"Nothing was tested: " + cmp.Or(r.Untested, "no two rows have predictions of a common seed") + "."}
		return s
	}
	s.Text = []string{fmt.Sprintf("p by approximate randomisation on predictions; intervals by a hierarchical bootstrap over seeds and sentences or pictures. Holm is within a table's column. Power is that to find a difference of %g with these seeds and sentences.", r.Tests[0].Rows[0].At)}
	return s
}

// splits are those of the tables.
func (r *Report) splits() []mmibx.Split {
	var list []mmibx.Split
	for _, t := range r.Tables {
		if !slices.Contains(list, t.Split) {
			list = append(list, t.Split)
		}
	}
	return list
}

// signed is a difference with its sign.
func signed(v float64) string {
	text := fmt.Sprintf("%+.2f", v)
	if text == "-0.00" {
		text = "+0.00"
	}
	return strings.Replace(text, "-", "−", 1)
}

func pText(p float64) string {
	switch {
	case p < 0.0001:
		return "<0.0001"
	case p == 1:
		return "1"
	}
	return fmt.Sprintf("%.4f", p)
}

func (r *Report) redo() section {
	s := section{ID: "redo", Title: "How to make it again", Code: []string{strings.Join(r.Commands, "\n")}}
	if r.Plan.Source != "" {
		s.Text = []string{"The commands, then the sweep file."}
		s.Code = append(s.Code, strings.TrimSpace(r.Plan.Source))
	}
	return s
}
